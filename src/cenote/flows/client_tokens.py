"""Tokens for a client itself, without a user (RFC 6749 4.4): the OAuth endpoint and GetClientToken."""

from collections.abc import Mapping, Sequence
from typing import Any

from cenote.domain import claims, identifiers, jwt
from cenote.flows import dpop
from cenote.flows.context import Context
from cenote.flows.triggers import pre_token_generation
from cenote.flows.triggers.firing import Occasion
from cenote.store.clients import Client
from cenote.store.pools import Pool


async def issue_machine_token(
    ctx: Context,
    pool: Pool,
    client: Client,
    scopes: Sequence[str],
    *,
    key: str = "",
    metadata: Mapping[str, str],
) -> dict[str, Any]:
    """AccessToken, ExpiresIn and TokenType; the caller has checked the client's secret and the scopes.

    `key` is the thumbprint of the key that the token is bound to.
    A pool's function of version 3 may change claims and scopes (documented in "Pre token generation Lambda trigger").
    """
    dpop.require(pool, client, key)
    lifetime = client.lifetimes.access
    content = claims.machine_token(
        issuer=ctx.deployment.issuer(pool.pool_id),
        client_id=client.client_id,
        scopes=scopes,
        jti=identifiers.new_uuid(ctx.entropy(16)),
        issued_at=ctx.clock() // 1000,
        lifetime=lifetime,
        key=key,
    )
    occasion = Occasion(ctx, pool, client, metadata)
    changes = await pre_token_generation.machine_changes(occasion, client.client_id, scopes)
    if changes is not None:
        content = changes.of_access_token(content)
    keys = await ctx.signing.pair_for(pool, client.client_id, now=ctx.clock())
    token = await ctx.work.run(jwt.sign, content, keys.access_key)
    return {"AccessToken": token, "ExpiresIn": lifetime, "TokenType": "DPoP" if key else "Bearer"}
