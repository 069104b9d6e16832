"""What the pages carry on while a user decides about a device: the typed code, sealed, in the place of a request.

It is bound to the browser in which the code was typed: a link to the middle of it, sent to somebody else, is of no use.
"""

import hashlib
import hmac
from typing import Final

import msgspec

from cenote.domain import sealed_tokens, tags
from cenote.domain.device_codes import DeviceCode
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.problems import Problem

PARAMETER: Final = "device_ticket"
PURPOSE: Final = "device ticket"


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed. `user_code` is shown to its user once more; `browser` is a digest of the browser's id."""

    client_id: str
    device_hash: str
    user_code: str
    scope: str
    resource: str
    browser: bytes
    expires_at: int


_decode = msgspec.msgpack.Decoder(Ticket).decode


def is_on(pool: Pool, client: Client) -> bool:
    """Whether the client may have devices: it is one for OAuth, and has turned it on."""
    enabled = bool(client.document.get("AllowedOAuthFlowsUserPoolClient"))
    return enabled and tags.DEVICE in tags.client_options(pool.document, client.client_id)


def sealed(ctx: Context, pool: Pool, code: DeviceCode, user_code: str, browser: str) -> str:
    ticket = Ticket(
        code.client_id,
        code.device_hash,
        user_code,
        code.grant.scope,
        code.grant.resource,
        digest(browser),
        code.expires_at,
    )
    key, nonce = pool.sealer.derive("device"), ctx.entropy(sealed_tokens.NONCE_SIZE)
    return sealed_tokens.seal(key, nonce, PURPOSE, msgspec.msgpack.encode(ticket))


def opened(ctx: Context, pool: Pool, client: Client, text: str) -> Ticket:
    """Problem for a ticket that is not this client's, or whose code is over."""
    payload = sealed_tokens.open_(pool.sealer.derive("device"), PURPOSE, text)
    ticket = None if payload is None else _decode(payload)
    if ticket is None or ticket.client_id != client.client_id or ticket.expires_at <= ctx.clock():
        raise Problem("expired_token")
    return ticket


def is_of(ticket: Ticket, browser: str | None) -> bool:
    """Whether it is this browser's."""
    return browser is not None and hmac.compare_digest(ticket.browser, digest(browser))


def digest(browser: str) -> bytes:
    return hashlib.sha256(browser.encode()).digest()
