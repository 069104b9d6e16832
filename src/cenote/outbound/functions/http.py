"""A function behind a URL: the event is POSTed, the answer is the response's body.

Calls are signed as the Standard Webhooks specification has it, so that a receiver can use its libraries or five
lines of its own (docs/triggers.md): `webhook-signature` is `v1,` and the base64 HMAC-SHA256, under the function's
secret, of `webhook-id.webhook-timestamp.body`. The id is the idempotency key.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.functions.connections import Connections

PREFIX = "whsec_"


class Refusal(msgspec.Struct):
    """How a function says no: the shape of a Lambda function's error."""

    errorMessage: str  # noqa: N815 (Lambda's name)


_refusal = msgspec.json.Decoder(Refusal).decode


def key_of(secret: str) -> bytes:
    """A secret's bytes: base64 after `whsec_`, as the specification writes it, or the text itself.

    ValueError for one that is shorter than 16 bytes.
    """
    try:
        key = (
            binascii.a2b_base64(secret.removeprefix(PREFIX), strict_mode=True)
            if secret.startswith(PREFIX)
            else secret.encode()
        )
    except ValueError:
        raise ValueError("what follows whsec_ in a secret is base64") from None
    if len(key) < 16:
        raise ValueError("a secret has at least 16 bytes")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`; `timestamp` is in epoch seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()


@dataclass(frozen=True, slots=True)
class HttpFunction:
    """`clock` gives epoch milliseconds."""

    url: str
    key: bytes
    connections: Connections
    clock: Callable[[], int]

    async def invoke(self, payload: bytes, *, key: str) -> bytes:
        timestamp = self.clock() // 1000
        reply = await self.connections.post(
            self.url,
            payload,
            {
                "content-type": "application/json",
                "user-agent": "cenote",
                "webhook-id": key,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signature(self.key, key, timestamp, payload),
            },
        )
        if 200 <= reply.status < 300:
            return reply.body
        if 400 <= reply.status < 500:
            try:
                raise FunctionFailed(_refusal(reply.body).errorMessage)
            except (msgspec.MsgspecError, RecursionError):
                pass
        raise Unreachable(f"status {reply.status}")
