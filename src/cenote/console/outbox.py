"""The outbox: what was written to people, as a page for developers and as JSON for their tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cenote.domain.message_text import as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import jinja2

    from cenote.domain.messages import Message

# How many of the newest messages are shown.
SHOWN: Final = 200


def listed(messages: Sequence[Message]) -> bytes:
    """The messages as JSON, newest last: to, medium, subject, body, code, link, sent_at (ISO 8601), state and error."""
    return msgspec.json.encode(
        [
            {
                "to": message.to,
                "medium": message.medium,
                "subject": message.subject,
                "body": message.body,
                "code": message.code,
                "link": message.link,
                "sent_at": moment(message).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "state": message.state,
                "error": message.error,
            }
            for message in messages
        ]
    )


def page(
    templates: jinja2.Environment,
    messages: Sequence[Message],
    *,
    to: str,
    nonce: str,
    routes: Collection[str],
) -> str:
    """The same as HTML. `nonce` is what the page's style and script are known by."""
    return templates.get_template("outbox.html").render(
        messages=[shown(message) for message in messages],
        to=to,
        nonce=nonce,
        routes=routes,
        limit=SHOWN,
    )


def shown(message: Message) -> dict[str, Any]:
    at = moment(message)
    return {
        "to": message.to,
        "medium": message.medium,
        "subject": message.subject,
        "text": as_text(message.body, links=False) if message.html else message.body,
        "code": message.code,
        "link": message.link,
        "iso": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "state": message.state,
        "error": message.error,
        "at": f"{at:%d %b %H:%M:%S} UTC",
    }


def moment(message: Message) -> datetime:
    return datetime.fromtimestamp(message.created_at / 1000, UTC)
