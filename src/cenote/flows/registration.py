"""Dynamic client registration: who may register an app client, and the client that comes of it."""

from collections.abc import Mapping
from typing import Any

from cenote.domain import clients as client_rules
from cenote.domain import identifiers, origins, resource_servers
from cenote.domain import registration as rules
from cenote.domain.errors import CognitoError
from cenote.domain.oauth import OAuthError
from cenote.flows import bearers
from cenote.flows.context import Context
from cenote.store.clients import ClientSecret
from cenote.store.pools import Pool


async def register(
    ctx: Context, pool: Pool, metadata: Mapping[str, Any], token: str | None
) -> dict[str, Any]:
    """The client information response (RFC 7591 3.2.1) for metadata, and the initial access token if one was sent.

    OAuthError: access_denied where the pool does not let it, invalid_token and insufficient_scope for the token,
    invalid_client_metadata and invalid_redirect_uri for the metadata.
    """
    if not rules.is_on(pool.document):
        raise OAuthError("access_denied", "clients cannot be registered in this user pool", status=403)
    if token is not None:
        await require_registrar(ctx, pool, token)
    elif not pool.document["DcrConfiguration"]["OpenDcrEnabled"]:
        raise OAuthError("invalid_token", "an initial access token is required", status=401)
    wanted = rules.registered(
        pool.document,
        metadata,
        authenticated=token is not None,
        custom=await ctx.store.resource_servers.scopes(pool.pool_id),
    )
    return await added(ctx, pool, wanted, is_open=token is None)


async def require_registrar(ctx: Context, pool: Pool, token: str) -> None:
    """An access token with the scope for registering, whose client still holds it; no registered client does."""
    try:
        bearer = await bearers.of_token(ctx, pool, token, "access")
    except CognitoError as error:
        raise OAuthError("invalid_token", error.message, status=401) from None
    held = set(str(bearer.claims.get("scope", "")).split()) & set(
        bearer.client.document.get("AllowedOAuthScopes", ())
    )
    if resource_servers.REGISTER not in held:
        raise OAuthError("insufficient_scope", f"{resource_servers.REGISTER} is required", status=403)


async def spend(ctx: Context, pool: Pool) -> None:
    """What anybody may do is limited by address, in the caller's transaction: the row is the gate."""
    within = await ctx.store.attempts.spend(
        pool.pool_id,
        origins.network(ctx.request.address),
        "register",
        limit=rules.MOST_OPEN,
        now=ctx.clock(),
        window=rules.WINDOW,
    )
    if not within:
        raise OAuthError("temporarily_unavailable", "too many clients were registered from here", status=429)


async def added(ctx: Context, pool: Pool, wanted: rules.Registration, *, is_open: bool) -> dict[str, Any]:
    client_id, now = identifiers.new_client_id(ctx.entropy(32)), ctx.clock()
    value = identifiers.new_client_secret(ctx.entropy(64))
    async with ctx.store.transaction():
        if is_open:
            await spend(ctx, pool)
        document = client_rules.created(
            pool.document,
            wanted.settings,
            pool_id=pool.pool_id,
            confidential=wanted.confidential,
            scopes=await ctx.store.resource_servers.scopes(pool.pool_id),
        )
        document["Registration"] = client_rules.OPEN if is_open else client_rules.AUTHENTICATED
        if not await ctx.store.clients.has_room(pool.pool_id, rules.MOST_CLIENTS):
            raise OAuthError("access_denied", "the user pool has no room for another client", status=403)
        await ctx.store.clients.add(pool, client_id, document, now=now)
        if wanted.confidential:
            secret = ClientSecret(f"{client_id}--{now}", value, now)
            await ctx.store.clients.add_secret(pool, client_id, secret)
    answer = {"client_id": client_id, "client_id_issued_at": now // 1000, **wanted.metadata}
    if wanted.confidential:
        answer |= {"client_secret": value, "client_secret_expires_at": 0}  # never
    return answer
