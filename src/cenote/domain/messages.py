"""A message to a user: what is sent, and what a developer reads in the outbox."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """`medium` is EMAIL or SMS; `subject` is empty for SMS; `code` and `link` are what the body carries.

    `html` tells whether the body is HTML, as Cognito's e-mail bodies are.
    """

    pool_id: str
    message_id: str
    medium: str
    to: str
    subject: str
    body: str
    code: str | None
    link: str | None
    created_at: int
    source: str = ""
    reply_to: str | None = None
    html: bool = True
