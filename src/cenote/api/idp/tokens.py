"""Tokens in use: refreshing, revoking, signing out everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cenote.api.registry import operation
from cenote.domain.clients import auth_flows
from cenote.domain.errors import (
    InvalidParameter,
    NotAuthorized,
    ResourceNotFound,
    Unauthorized,
)
from cenote.domain.sign_in import require_flow
from cenote.flows import accounts, devices, tokens
from cenote.flows.attempt import required

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.clients import Client
    from cenote.store.pools import Pool

REFRESH_FLOW = "REFRESH_TOKEN_AUTH"


@operation
async def get_tokens_from_refresh_token(
    ctx: Context, req: shapes.GetTokensFromRefreshTokenRequest
) -> shapes.GetTokensFromRefreshTokenResponse:
    """Works with rotation and without it; with it, the answer brings the next refresh token."""
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    accounts.check_client_secret(client, req.get("ClientSecret"))
    refreshing = await tokens.open_refresh_token(ctx, pool, client, req["RefreshToken"])
    await devices.require_same_device(ctx, pool, refreshing.session, req.get("DeviceKey"))
    result: Any = await tokens.refreshed(
        ctx,
        pool,
        client,
        refreshing,
        rotation=tokens.rotation_of(pool, client),
        metadata=req.get("ClientMetadata", {}),
    )
    return {"AuthenticationResult": result}


async def refresh_by_auth_flow(
    ctx: Context, pool: Pool, client: Client, parameters: Mapping[str, str]
) -> Any:
    """InitiateAuth with REFRESH_TOKEN_AUTH: the refresh token stays the same. Refused once rotation is on."""
    require_flow(auth_flows(client.document), REFRESH_FLOW)
    if tokens.rotation_of(pool, client) is not None:
        raise InvalidParameter(
            "REFRESH_TOKEN_AUTH is not available for clients with refresh token rotation: use"
            " GetTokensFromRefreshToken."
        )
    token = required(parameters, "REFRESH_TOKEN")
    refreshing = await tokens.open_refresh_token(ctx, pool, client, token)
    check_refresh_hash(client, refreshing, parameters.get("SECRET_HASH"))
    await devices.require_same_device(ctx, pool, refreshing.session, parameters.get("DEVICE_KEY"))
    result = await tokens.refreshed(ctx, pool, client, refreshing, rotation=None)
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


@operation
async def revoke_token(ctx: Context, req: shapes.RevokeTokenRequest) -> shapes.RevokeTokenResponse:
    try:
        pool, client = await ctx.store.clients.resolve(req["ClientId"])
        accounts.check_client_secret(client, req.get("ClientSecret"))
    except (NotAuthorized, ResourceNotFound) as error:
        # The model knows neither here.
        raise Unauthorized(error.message) from None
    await tokens.revoke(ctx, pool, client, req["Token"])
    return {}


@operation
async def global_sign_out(ctx: Context, req: shapes.GlobalSignOutRequest) -> shapes.GlobalSignOutResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"], tells_deletion=False)
    async with ctx.store.transaction():
        await ctx.store.sessions.revoke_all(access.pool.pool_id, access.user.sub, now=ctx.clock())
    return {}


@operation
async def admin_user_global_sign_out(
    ctx: Context, req: shapes.AdminUserGlobalSignOutRequest
) -> shapes.AdminUserGlobalSignOutResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    async with ctx.store.transaction():
        await ctx.store.sessions.revoke_all(pool.pool_id, user.sub, now=ctx.clock())
    return {}


def check_refresh_hash(client: Client, refreshing: tokens.Refreshing, given: str | None) -> None:
    """A refresh names nobody, so its hash is of the real user name; clients that only know the sub use that."""
    try:
        accounts.check_secret_hash(client, refreshing.user.username, given)
    except NotAuthorized:
        accounts.check_secret_hash(client, refreshing.user.sub, given)
