"""A message to a user: what is sent, and what a developer reads in the outbox."""

from typing import Any, Final

import msgspec

ROUTES_OF_MAIL: Final = ("COGNITO_DEFAULT", "DEVELOPER")


class Message(msgspec.Struct, frozen=True):
    """`medium` is EMAIL or SMS; `subject` is empty for SMS; `code` and `link` are what the body carries.

    `html` tells whether the body is HTML, as Cognito's e-mail bodies are. `route` is whose way out it takes: the
    server's own mail (COGNITO_DEFAULT), the pool's own (DEVELOPER), SMS, or the pool's function (FUNCTION), which
    `handed` has: its name, the key it reads codes by, and its event. `configuration_set` and `identity` (an ARN) are
    SES's, `sms` is the pool's SmsConfiguration. What became of a message is `state` (see `store.messages`),
    and what was wrong at its last try `error`.
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
    route: str = "COGNITO_DEFAULT"
    configuration_set: str | None = None
    identity: str | None = None
    sms: dict[str, Any] | None = None
    handed: dict[str, Any] | None = None
    state: str = "due"
    error: str | None = None
