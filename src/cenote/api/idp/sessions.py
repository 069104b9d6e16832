"""Sessions that a pool tracks: what is tracked and how many a user may have, listing them, ending one.

A token session is a sign-in through one client; an SSO session is a browser in which the user signed in on the pool's
pages, and the token sessions that came through it are linked to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cenote.api import paging, render
from cenote.api.registry import operation
from cenote.domain import session_tracking as rules
from cenote.domain.errors import InvalidParameter, ResourceNotFound
from cenote.flows import accounts

if TYPE_CHECKING:
    from cenote.domain.session_tracking import TrackedSession
    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool

NO_SESSION: Final = "Session does not exist."  # assumed


@operation
async def get_user_pool_session_configuration(
    ctx: Context, req: shapes.GetUserPoolSessionConfigurationRequest
) -> shapes.GetUserPoolSessionConfigurationResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    return {"UserPoolId": pool.pool_id, **rules.of_pool(pool.document)}  # type: ignore[typeddict-item]


@operation
async def set_user_pool_session_configuration(
    ctx: Context, req: shapes.SetUserPoolSessionConfigurationRequest
) -> shapes.SetUserPoolSessionConfigurationResponse:
    """A lower limit ends nothing by itself: the next sign-in does (documented)."""
    configured = {
        "UserSessionTracking": req["UserSessionTracking"],
        "TokenSession": req["TokenSession"],
    }
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        rules.require_tier(pool.document)
        document = {**pool.document, rules.MEMBER: configured}
        await ctx.store.pools.set_document(pool.pool_id, document, now=ctx.clock())
    return {"UserPoolId": pool.pool_id, **configured}  # type: ignore[typeddict-item]


@operation
async def get_user_pool_client_session_configuration(
    ctx: Context, req: shapes.GetUserPoolClientSessionConfigurationRequest
) -> shapes.GetUserPoolClientSessionConfigurationResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    client = await ctx.store.clients.get(pool, req["ClientId"])
    configured = rules.of_client(client.document)
    return {"UserPoolId": pool.pool_id, "ClientId": client.client_id, **configured}  # type: ignore[typeddict-item]


@operation
async def set_user_pool_client_session_configuration(
    ctx: Context, req: shapes.SetUserPoolClientSessionConfigurationRequest
) -> shapes.SetUserPoolClientSessionConfigurationResponse:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"])
        rules.require_tier(pool.document)
        rules.require_tracking(pool.document)
        document = {**client.document, rules.MEMBER: {"SSOSession": req["SSOSession"]}}
        await ctx.store.clients.set_document(pool.pool_id, client.client_id, document, now=ctx.clock())
    return {"UserPoolId": pool.pool_id, "ClientId": client.client_id, "SSOSession": req["SSOSession"]}


@operation
async def list_user_sessions(
    ctx: Context, req: shapes.ListUserSessionsRequest
) -> shapes.ListUserSessionsResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    rules.require_tracking(access.pool.document)
    sessions, token = await _page(ctx, access.pool, access.user, req.get("NextToken"))
    answer: shapes.ListUserSessionsResponse = {
        "Sessions": [
            described(session, current=session.session_id == access.session.session_id)
            for session in sessions
        ]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
async def admin_list_user_sessions(
    ctx: Context, req: shapes.AdminListUserSessionsRequest
) -> shapes.AdminListUserSessionsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    rules.require_tracking(pool.document)
    user = await accounts.get(ctx, pool, req["Username"])
    sessions, token = await _page(ctx, pool, user, req.get("NextToken"))
    answer: shapes.AdminListUserSessionsResponse = {
        "Sessions": [described(session, current=False) for session in sessions]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


async def _page(
    ctx: Context, pool: Pool, user: User, token: str | None
) -> tuple[list[TrackedSession], str | None]:
    """The user's newest sessions first, and the token of what follows them."""
    before = paging.begin(ctx, token, pool.pool_id, user.sub)
    found: list[TrackedSession] = []
    for kind in (ctx.store.sessions, ctx.store.browser_sessions):
        found += await kind.list_active(
            pool.pool_id, user.sub, now=ctx.clock(), before=before, limit=rules.PAGE + 1
        )
    # Both kinds in one order: an id begins with its time.
    found = sorted(found, key=lambda session: session.session_id, reverse=True)[: rules.PAGE + 1]
    page, following = paging.cut(
        ctx, found, rules.PAGE, lambda session: session.session_id, pool.pool_id, user.sub
    )
    return list(page), following


@operation
async def revoke_user_session(
    ctx: Context, req: shapes.RevokeUserSessionRequest
) -> shapes.RevokeUserSessionResponse:
    """Any session of the user's but the one that asks (documented; the text is assumed)."""
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    rules.require_tracking(access.pool.document)
    if rules.named(req["SessionId"]) == (rules.Kind.TOKEN, access.session.session_id):
        raise InvalidParameter("The current session cannot be revoked.")
    await _revoke(ctx, access.pool, access.user, req)
    return {}


@operation
async def admin_revoke_user_session(
    ctx: Context, req: shapes.AdminRevokeUserSessionRequest
) -> shapes.AdminRevokeUserSessionResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    rules.require_tracking(pool.document)
    user = await accounts.get(ctx, pool, req["Username"])
    await _revoke(ctx, pool, user, req)
    return {}


async def _revoke(
    ctx: Context,
    pool: Pool,
    user: User,
    req: shapes.RevokeUserSessionRequest | shapes.AdminRevokeUserSessionRequest,
) -> None:
    """ResourceNotFound unless it is an active session of this very user."""
    named, now = rules.named(req["SessionId"]), ctx.clock()
    linked = req.get("RevokeAssociatedSessions") == "LINKED"
    tokens, browsers = ctx.store.sessions, ctx.store.browser_sessions
    async with ctx.store.transaction():
        if named is None:
            raise ResourceNotFound(NO_SESSION)
        # Nobody begins a session through the browser's while both end.
        await ctx.store.users.get(pool.pool_id, user.sub)
        kind, session_id = named
        if kind is rules.Kind.TOKEN:
            ended = await tokens.revoke_active(pool.pool_id, user.sub, session_id, now=now)
            origin = await tokens.origin(pool.pool_id, user.sub, session_id) if ended and linked else None
            if origin is not None:
                await browsers.revoke(pool.pool_id, user.sub, origin, now=now)
        else:
            ended = await browsers.revoke(pool.pool_id, user.sub, session_id, now=now)
            if ended and linked:
                await tokens.revoke_through(pool.pool_id, user.sub, session_id, now=now)
        if not ended:
            raise ResourceNotFound(NO_SESSION)


def described(session: TrackedSession, *, current: bool) -> shapes.SessionDescriptionType:
    """Nobody is told where an address is: what the country is then is documented."""
    described: shapes.SessionDescriptionType = {
        "SessionId": rules.wire_id(session.session_id, session.kind),
        "SessionType": "SSO" if session.kind is rules.Kind.SSO else "TOKEN",
        "ClientId": session.client_id,
        "CreateDate": render.seconds(session.created_at),
        "LastActiveDate": render.seconds(session.last.at),
        "DeviceType": session.last.device,
        "LastIPAddress": session.last.address,
        "LastLocation": {"Country": "unknown"},
        "IsCurrentSession": current,
    }
    if session.origin is not None:
        described["OriginSessionId"] = rules.wire_id(session.origin, rules.Kind.SSO)
    return described
