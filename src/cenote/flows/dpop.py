"""Proof of possession (DPoP, RFC 9449): which key a request holds, each proof counting once.

A proof carries a nonce of ours: sealed time, so that nobody makes proofs beforehand and no row is kept for it. What is
kept is that a proof was used.
"""

import hashlib
from typing import Final

from cenote.domain import dpop as rules
from cenote.domain import sealed_tokens, tags
from cenote.domain.dpop import InvalidProof
from cenote.domain.errors import NotAuthorized
from cenote.domain.oauth import OAuthError
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool

NONCE_LIFETIME: Final = 5 * 60_000
PURPOSE: Final = "dpop nonce"
UNBOUND: Final = "The client takes only tokens that are bound to a key (DPoP)."
INVALID: Final = "invalid_dpop_proof"


async def proved(
    ctx: Context, pool: Pool, text: str, *, method: str, url: str, used: set[str], token: str | None = None
) -> str:
    """The thumbprint of the key that a proof shows; OAuthError for a proof that does not hold, or was used before.

    `token` is the access token that comes with it. `used` is what this very request has used up already: it may be
    run again after a conflict in the database.
    """
    now = ctx.clock()
    try:
        proof = rules.checked(text, method=method, url=url, now=now, token=token)
    except InvalidProof as error:
        raise OAuthError(INVALID, str(error)) from None
    if not is_fresh(ctx, pool, proof.nonce):
        raise OAuthError("use_dpop_nonce", "the proof needs the nonce of this answer", nonce=nonce(ctx, pool))
    use_id = hashlib.sha256(f"{proof.key} {proof.jti}".encode("utf-8", "surrogatepass")).hexdigest()
    if use_id not in used:
        expires_at = proof.issued_at + rules.LIFETIME
        async with ctx.store.transaction():
            if not await ctx.store.attempts.use_once(pool.pool_id, f"dpop {use_id}", expires_at=expires_at):
                raise OAuthError(INVALID, "the proof was used before")
        used.add(use_id)
    return proof.key


def nonce(ctx: Context, pool: Pool) -> str:
    """What the next proofs are to have in them."""
    key, random = pool.sealer.derive("dpop"), ctx.entropy(sealed_tokens.NONCE_SIZE)
    return sealed_tokens.seal(key, random, PURPOSE, ctx.clock().to_bytes(8, "big"))


def is_fresh(ctx: Context, pool: Pool, text: str) -> bool:
    given = sealed_tokens.open_(pool.sealer.derive("dpop"), PURPOSE, text)
    if given is None:
        return False
    # Another node's clock may be ahead of this one's.
    return abs(ctx.clock() - int.from_bytes(given, "big")) <= NONCE_LIFETIME


def require(pool: Pool, client: Client, key: str = "") -> None:
    """NotAuthorized where the client takes bound tokens alone, and this door binds none."""
    if not key and tags.DPOP_REQUIRED in tags.client_options(pool.document, client.client_id):
        raise NotAuthorized(UNBOUND)
