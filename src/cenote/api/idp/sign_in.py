"""Signing in: InitiateAuth, RespondToAuthChallenge, and their admin twins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api import origins
from cenote.api.idp.tokens import refresh_by_auth_flow
from cenote.api.registry import operation
from cenote.domain.clients import auth_flows
from cenote.domain.errors import InvalidParameter
from cenote.domain.sign_in import Flow, require_flow
from cenote.flows import sign_in

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.clients import Client
    from cenote.store.pools import Pool

REFRESH_FLOWS = frozenset({"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"})
# Which flows a door opens, by AWS's name; ADMIN_NO_SRP_AUTH is the older name of ADMIN_USER_PASSWORD_AUTH.
# USER_PASSWORD_AUTH is not for administrators, nor theirs for users.
USER_FLOWS = {
    "USER_SRP_AUTH": Flow.USER_SRP_AUTH,
    "USER_PASSWORD_AUTH": Flow.USER_PASSWORD_AUTH,
    "USER_AUTH": Flow.USER_AUTH,
    "CUSTOM_AUTH": Flow.CUSTOM_AUTH,
}
ADMIN_FLOWS = {
    "USER_SRP_AUTH": Flow.USER_SRP_AUTH,
    "USER_AUTH": Flow.USER_AUTH,
    "CUSTOM_AUTH": Flow.CUSTOM_AUTH,
    "ADMIN_USER_PASSWORD_AUTH": Flow.ADMIN_USER_PASSWORD_AUTH,
    "ADMIN_NO_SRP_AUTH": Flow.ADMIN_USER_PASSWORD_AUTH,
}


@operation
async def initiate_auth(ctx: Context, req: shapes.InitiateAuthRequest) -> shapes.InitiateAuthResponse:
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    return await _initiate(ctx, pool, client, USER_FLOWS, req)


@operation
async def admin_initiate_auth(
    ctx: Context, req: shapes.AdminInitiateAuthRequest
) -> shapes.AdminInitiateAuthResponse:
    pool, client = await _named(ctx, req["UserPoolId"], req["ClientId"])
    return await _initiate(ctx, pool, client, ADMIN_FLOWS, req)


@operation
async def respond_to_auth_challenge(
    ctx: Context, req: shapes.RespondToAuthChallengeRequest
) -> shapes.RespondToAuthChallengeResponse:
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    return await _respond(ctx, pool, client, req)


@operation
async def admin_respond_to_auth_challenge(
    ctx: Context, req: shapes.AdminRespondToAuthChallengeRequest
) -> shapes.AdminRespondToAuthChallengeResponse:
    pool, client = await _named(ctx, req["UserPoolId"], req["ClientId"])
    return await _respond(ctx, pool, client, req)


async def _named(ctx: Context, pool_id: str, client_id: str) -> tuple[Pool, Client]:
    """A pool and its client; another pool's client does not exist here."""
    pool = await ctx.store.pools.get(pool_id)
    return pool, await ctx.store.clients.get(pool, client_id)


async def _initiate(ctx: Context, pool: Pool, client: Client, flows: dict[str, Flow], req: Any) -> Any:
    ctx = origins.seen(ctx, client, req)
    name = req["AuthFlow"]
    parameters = req.get("AuthParameters", {})
    if name in REFRESH_FLOWS:
        return await refresh_by_auth_flow(ctx, pool, client, parameters)
    flow = flows.get(name)
    if flow is None:
        raise InvalidParameter("Initiate Auth method not supported.")
    require_flow(auth_flows(client.document), flow)
    outcome = await sign_in.initiate(
        ctx, pool, client, flow, parameters, req.get("ClientMetadata", {}), req.get("Session")
    )
    return _rendered(outcome)


async def _respond(ctx: Context, pool: Pool, client: Client, req: Any) -> Any:
    ctx = origins.seen(ctx, client, req)
    outcome = await sign_in.respond(
        ctx,
        pool,
        client,
        req["ChallengeName"],
        req.get("Session"),
        req.get("ChallengeResponses", {}),
        req.get("ClientMetadata", {}),
    )
    return _rendered(outcome)


def _rendered(outcome: sign_in.Outcome) -> dict[str, Any]:
    if isinstance(outcome, sign_in.SignedIn):
        return {"ChallengeParameters": {}, "AuthenticationResult": outcome.result}
    if isinstance(outcome, sign_in.Recognised):
        raise TypeError("a sign-in by the API ends with tokens")
    answer: dict[str, Any] = {
        "ChallengeName": outcome.challenge,
        "ChallengeParameters": outcome.parameters,
    }
    if outcome.available:
        answer["AvailableChallenges"] = list(outcome.available)
    if outcome.session is not None:
        answer["Session"] = outcome.session
    return answer
