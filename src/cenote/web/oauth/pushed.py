"""Pushed authorization requests (RFC 9126): an authorize request that its client has sent here itself, before its user.

What is handed out as `request_uri` is the request, sealed, so that nothing is kept for it (decision 23). It opens the
authorize endpoint once, within a minute. What the pages then carry on is the same sealed for them: good as long as
their forms are, and at the pages alone, so that nobody gets past a client's wish to have every request pushed.
"""

import hashlib
from typing import Final

import msgspec

from cenote.domain import sealed_tokens, tags
from cenote.domain.oauth import OAuthError
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Parameters
from cenote.web.problems import Problem

URN: Final = "urn:ietf:params:oauth:request_uri:"
LIFETIME: Final = 60_000
# As long as a form of the pages.
ENTERED_LIFETIME: Final = 3600 * 1000
PUSHED: Final = "pushed request"
ENTERED: Final = "entered request"
# What pages read in their own address, to be seen there: the language of what is shown.
SHOWN: Final = ("lang", "ui_locales")


class Pushed(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed in a `request_uri`."""

    client_id: str
    parameters: dict[str, str]
    expires_at: int


_decode = msgspec.msgpack.Decoder(Pushed).decode


def is_on(pool: Pool, client: Client) -> bool:
    return tags.PAR in tags.client_options(pool.document, client.client_id)


def is_required(pool: Pool, client: Client) -> bool:
    return tags.PAR_REQUIRED in tags.client_options(pool.document, client.client_id)


def sealed(ctx: Context, pool: Pool, client: Client, parameters: Parameters, purpose: str) -> str:
    """The request as a `request_uri`; invalid_request for one that is too long to travel so."""
    lifetime = LIFETIME if purpose == PUSHED else ENTERED_LIFETIME
    payload = msgspec.msgpack.encode(Pushed(client.client_id, dict(parameters), ctx.clock() + lifetime))
    key, nonce = pool.sealer.derive("pushed"), ctx.entropy(sealed_tokens.NONCE_SIZE)
    try:
        return URN + sealed_tokens.seal(key, nonce, purpose, payload)
    except ValueError:
        raise OAuthError("invalid_request", "the request is too long") from None


async def entered(ctx: Context, pool: Pool, client: Client, uri: str, used: set[str]) -> Parameters:
    """The request of a `request_uri` at the authorize endpoint, where it is used up; Problem for one that is over.

    `used` is what this very request has used up already: it may be run again after a conflict in the database.
    """
    found = _opened(ctx, pool, client, uri, PUSHED)
    use_id = hashlib.sha256(uri.encode()).hexdigest()
    if use_id not in used:
        async with ctx.store.transaction():
            first = await ctx.store.attempts.use_once(
                pool.pool_id, f"pushed {use_id}", expires_at=found.expires_at
            )
        if not first:
            raise Problem("invalid_request_uri")
        used.add(use_id)
    return Parameters([*found.parameters.items()])


def carried(ctx: Context, pool: Pool, client: Client, uri: str) -> Parameters:
    """The request that a page carries on."""
    return Parameters([*_opened(ctx, pool, client, uri, ENTERED).parameters.items()])


def _opened(ctx: Context, pool: Pool, client: Client, uri: str, purpose: str) -> Pushed:
    text = uri.removeprefix(URN) if uri.startswith(URN) else ""
    payload = sealed_tokens.open_(pool.sealer.derive("pushed"), purpose, text)
    found = None if payload is None else _decode(payload)
    if found is None or found.client_id != client.client_id or found.expires_at <= ctx.clock():
        raise Problem("invalid_request_uri")
    return found
