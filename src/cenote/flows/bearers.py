"""Whose a token of a pool is, where clients' own tokens are as good as users', and ID tokens as access tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cenote.domain import claims as claim_rules
from cenote.domain import jwt, token_exchange
from cenote.domain.errors import NotAuthorized
from cenote.domain.sessions import Session
from cenote.domain.users import User
from cenote.flows import accounts
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool

KINDS: Final = {"access": "Access Token", "id": "ID Token"}


@dataclass(frozen=True, slots=True)
class Bearer:
    """A genuine token that is good now. `client` is the one it was issued to; a client's own has no user."""

    claims: Mapping[str, Any]
    client: Client
    user: User | None = None
    session: Session | None = None


async def of_token(ctx: Context, pool: Pool, token: str, use: str) -> Bearer:
    """The bearer of an access or ID token of this pool, as strictly as `accounts.by_access_token`.

    `use` is `access` or `id`. NotAuthorized or UserNotFound for any other token. One that is bound to a key is
    refused: here nobody has proved to hold it.
    """
    kind = KINDS[use]
    claims = (await ctx.signing.of(pool)).verifier.verify(token)
    issuer = ctx.deployment.issuer(pool.pool_id)
    standing = (
        jwt.Standing.WRONG
        if claims is None
        else jwt.judge(claims, issuer=issuer, token_use=use, now=ctx.clock())
    )
    if claims is None or standing is jwt.Standing.WRONG:
        raise NotAuthorized(f"Invalid {kind}")
    if standing is jwt.Standing.EXPIRED:
        raise NotAuthorized(f"{kind} has expired")
    if "cnf" in claims:
        raise NotAuthorized(f"{kind} is bound to a key and cannot be used here")
    client = await accounts.issued_to(ctx, pool, token_exchange.issued_to(claims), kind=kind)
    if claims["sub"] == client.client_id:
        return Bearer(claims, client)
    found = await ctx.store.sessions.find(pool.pool_id, claim_rules.session_of(claims))
    session, user = await accounts.holder(ctx, pool, claims, found, kind=kind)
    return Bearer(claims, client, user, session)
