"""Tokens in use: refreshing, revoking, signing out everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cenote.api.registry import operation
from cenote.domain import oauth, token_exchange
from cenote.domain.clients import auth_flows
from cenote.domain.errors import (
    InvalidLambdaResponse,
    InvalidParameter,
    NotAuthorized,
    ResourceNotFound,
    Unauthorized,
    UnexpectedLambda,
    UserLambdaValidation,
)
from cenote.domain.oauth import OAuthError
from cenote.domain.sign_in import require_flow
from cenote.flows import accounts, client_tokens, derived_tokens, devices, tokens
from cenote.flows.attempt import required

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.clients import Client
    from cenote.store.pools import Pool

REFRESH_FLOW = "REFRESH_TOKEN_AUTH"
# The errors of an exchange in the API's words; any other is an InvalidParameter.
DERIVING = {"unauthorized_client": NotAuthorized, "invalid_target": ResourceNotFound}


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


@operation
async def get_client_token(ctx: Context, req: shapes.GetClientTokenRequest) -> shapes.GetClientTokenResponse:
    """A token for the client itself, as the token endpoint gives for client_credentials (documented).

    The client is one for that grant: the model has no name for the flow that the documentation asks of it. The model
    lists no error of a function's for this call; one is an InvalidParameter with its text (assumed).
    """
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    accounts.check_client_secret(client, req["Secret"])
    if not client.secrets or not oauth.allows(client.document, "client_credentials"):
        raise NotAuthorized("Client is not enabled for client_credentials flow.")  # assumed
    asked = " ".join(req["Scopes"]) if req.get("Scopes") else None
    try:
        scopes = oauth.granted_scopes(asked, client.document.get("AllowedOAuthScopes", ()))
    except OAuthError:
        raise InvalidParameter(f"Invalid scope requested: {asked}") from None  # assumed
    metadata = req.get("ClientMetadata", {})
    try:
        result: Any = await client_tokens.issue_machine_token(ctx, pool, client, scopes, metadata=metadata)
    except (UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse) as error:
        raise InvalidParameter(error.message) from None
    return {"ClientAuthenticationResult": result}


@operation
async def get_derived_token(
    ctx: Context, req: shapes.GetDerivedTokenRequest
) -> shapes.GetDerivedTokenResponse:
    """Documented: a client with a secret has to show it. IAM credentials are not taken instead.

    What is not in the request's own words is assumed: which error it is, and that an access token is issued where no
    type is asked for.
    """
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    accounts.check_client_secret(client, req.get("ClientSecret"))
    wanted = derived_tokens.Wanted(
        subject=derived_tokens.Presented(
            req["SubjectToken"], req["SubjectTokenType"], req.get("SubjectTokenProviderName")
        ),
        actor=actor_of(req),
        scopes=req.get("Scopes") or None,
        audience=next(iter(req.get("Audiences", ())), None),
        resource=next(iter(req.get("Resources", ())), None),
        kind=req.get("RequestedTokenType", token_exchange.ACCESS_TOKEN),
    )
    try:
        derived = await derived_tokens.derive(ctx, pool, client, wanted, metadata={})
    except OAuthError as error:
        raise DERIVING.get(error.code, InvalidParameter)(error.description) from None
    answer: Any = {
        "IssuedToken": derived.token,
        "IssuedTokenType": derived.kind,
        "TokenType": derived.token_type,
        "ExpiresIn": derived.expires_in,
    }
    if derived.scopes:
        answer["Scopes"] = list(derived.scopes)
    return answer


def actor_of(req: shapes.GetDerivedTokenRequest) -> derived_tokens.Presented | None:
    token, kind = req.get("ActorToken"), req.get("ActorTokenType")
    if (token is None) is not (kind is None):
        raise InvalidParameter(
            "ActorToken and ActorTokenType must be given together."
        )  # documented, text assumed
    if token is None or kind is None:
        return None
    return derived_tokens.Presented(token, kind, req.get("ActorTokenProviderName"))


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
