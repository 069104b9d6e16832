"""Who gets tokens from the OAuth endpoints: codes made and redeemed, the implicit grant, refreshing.

A code is its whole authorization, sealed, so that showing a user the way back writes nothing; redeeming it is the one
write, and of many at once one wins (SECURITY.md cases 15 to 20).
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from cenote.domain import identifiers, oauth, sealed_tokens, usernames
from cenote.domain.errors import CognitoError, NotAuthorized, RefreshTokenReuse, UserNotFound
from cenote.domain.oauth import Grant, OAuthError
from cenote.domain.sessions import Session
from cenote.domain.token_changes import TokenChanges
from cenote.domain.users import User
from cenote.flows import dpop, tokens
from cenote.flows.browser_sessions import Live
from cenote.flows.context import Context
from cenote.flows.triggers import pre_token_generation
from cenote.flows.triggers.firing import Occasion
from cenote.flows.triggers.pre_token_generation import Source
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.store.transactions import Keep

# Documented in "Token endpoint": a code is good for five minutes.
CODE_LIFETIME: Final = 5 * 60_000
PURPOSE: Final = "code"


class Authorization(msgspec.Struct, frozen=True):
    """What an authorize request asks for, as far as tokens have to do with it."""

    redirect_uri: str
    grant: Grant
    nonce: str = ""
    code_challenge: str = ""


class Code(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed in a code. `session_id` is the session that redeeming it begins, once; a second use ends it."""

    client_id: str
    redirect: bytes
    sub: str
    session_id: str
    auth_time: int
    expires_at: int
    grant: Grant
    nonce: str
    code_challenge: str
    device_key: str | None


_decode = msgspec.msgpack.Decoder(Code).decode


def granted_through(authorization: Authorization, live: Live) -> Grant:
    """The grant of a user who is known by a browser session."""
    return replace(authorization.grant, browser_session_id=live.session.session_id)


def code_for(ctx: Context, pool: Pool, client: Client, live: Live, authorization: Authorization) -> str:
    """A code for the user of a live browser session; invalid_request where the request was too long for one."""
    now, random = ctx.clock(), ctx.entropy(16 + sealed_tokens.NONCE_SIZE)
    code = Code(
        client_id=client.client_id,
        redirect=digest(authorization.redirect_uri),
        sub=live.user.sub,
        session_id=identifiers.new_ordered_uuid(now, random[:16]),
        auth_time=live.session.auth_time,
        expires_at=now + CODE_LIFETIME,
        grant=granted_through(authorization, live),
        nonce=authorization.nonce,
        code_challenge=authorization.code_challenge,
        device_key=live.session.device_key,
    )
    payload = msgspec.msgpack.encode(code)
    try:
        return sealed_tokens.seal(pool.sealer.derive("oauth"), random[16:], PURPOSE, payload)
    except ValueError:
        raise OAuthError("invalid_request", "the request is too long") from None


async def redeem(
    ctx: Context,
    pool: Pool,
    client: Client,
    text: str,
    *,
    redirect_uri: str,
    verifier: str | None,
    key: str = "",
    metadata: Mapping[str, str],
) -> dict[str, Any]:
    """An AuthenticationResultType for a code; invalid_grant for one that is not this request's to redeem.

    A code is bound to its client, its redirect URI and its challenge, to each of them (case 16). `key` is the
    thumbprint of the key that the request proved to hold.
    """
    payload = sealed_tokens.open_(pool.sealer.derive("oauth"), PURPOSE, text)
    code = None if payload is None else _decode(payload)
    if code is None or code.client_id != client.client_id or code.redirect != digest(redirect_uri):
        raise OAuthError("invalid_grant")
    oauth.check_verifier(code.code_challenge, verifier)
    grant = code.grant
    if grant.key not in {"", key}:
        raise OAuthError("invalid_grant", "the code is bound to another key")
    grant = replace(grant, key=key)
    if code.expires_at <= ctx.clock():
        await end(ctx, pool, code.session_id)
        raise OAuthError("invalid_grant")
    # Before the code is used up: if the function fails, the client may try again.
    changes = await changed(Occasion(ctx, pool, client, metadata), code.sub, grant)
    async with ctx.store.transaction():
        user, session = await begun(
            ctx,
            pool,
            client,
            code.sub,
            grant,
            auth_time=code.auth_time,
            session_id=code.session_id,
            device_key=code.device_key,
        )
    return await tokens.issue(
        ctx, pool, client, user, session, refresh=True, changes=changes, nonce=code.nonce
    )


async def changed(occasion: Occasion, sub: str, grant: Grant) -> TokenChanges | None:
    """What the pool's function changes in the tokens of a user; nobody is looked for where there is none."""
    if pre_token_generation.function_of(occasion) is None:
        return None
    user = await occasion.ctx.store.users.find(occasion.pool.pool_id, [(usernames.SUB, sub)])
    if user is None:
        raise OAuthError("invalid_grant")
    return await tokens.changed(occasion, user, Source.HOSTED_AUTH, grant)


async def implicit(
    ctx: Context, pool: Pool, client: Client, live: Live, authorization: Authorization
) -> dict[str, Any]:
    """An AuthenticationResultType without a refresh token, for the user of a live browser session."""
    grant = granted_through(authorization, live)
    occasion = Occasion(ctx, pool, client, {})
    changes = await tokens.changed(occasion, live.user, Source.HOSTED_AUTH, grant)
    async with ctx.store.transaction():
        user, session = await begun(
            ctx,
            pool,
            client,
            live.user.sub,
            grant,
            auth_time=live.session.auth_time,
            device_key=live.session.device_key,
        )
    return await tokens.issue(
        ctx, pool, client, user, session, refresh=False, changes=changes, nonce=authorization.nonce
    )


async def begun(
    ctx: Context,
    pool: Pool,
    client: Client,
    sub: str,
    grant: Grant,
    *,
    auth_time: int,
    session_id: str | None = None,
    device_key: str | None = None,
) -> tuple[User, Session]:
    """The session of a user who may still sign in and whose browser session is not over; invalid_grant otherwise.

    In the caller's transaction, in which nobody else changes the user. A session of this `session_id` that has begun
    before ends: its code was used twice.
    """
    try:
        user = await ctx.store.users.get(pool.pool_id, sub)
    except UserNotFound:
        raise OAuthError("invalid_grant") from None
    if user.disabled_at is not None:
        raise OAuthError("invalid_grant")
    try:
        session = await tokens.begin_session(
            ctx,
            pool,
            client,
            user,
            auth_time=auth_time,
            device_key=device_key,
            session_id=session_id,
            grant=grant,
        )
    except tokens.NotBegun:
        if session_id is not None:
            await ctx.store.sessions.revoke(pool.pool_id, session_id, now=ctx.clock())
        raise Keep(OAuthError("invalid_grant")) from None
    return user, session


async def refresh(
    ctx: Context,
    pool: Pool,
    client: Client,
    token: str,
    *,
    scope: str | None,
    key: str = "",
    metadata: Mapping[str, str],
) -> dict[str, Any]:
    """New tokens for a refresh token of this client; `scope` may ask for less than was granted (RFC 6749 6)."""
    try:
        refreshing = await tokens.open_refresh_token(ctx, pool, client, token, key=key)
        session = refreshing.session
        # What the API began is bound to nothing.
        dpop.require(pool, client, key if session.grant is not None else "")
        if session.grant is not None:
            scopes = oauth.granted_scopes(scope, session.grant.scopes)
            narrowed = replace(session.grant, scopes=scopes, key=key)
            refreshing = replace(refreshing, session=replace(session, grant=narrowed))
        return await tokens.refreshed(
            ctx, pool, client, refreshing, rotation=tokens.rotation_of(pool, client), metadata=metadata
        )
    except (NotAuthorized, RefreshTokenReuse) as error:
        raise OAuthError("invalid_grant", error.message) from None


async def end(ctx: Context, pool: Pool, session_id: str) -> None:
    async with ctx.store.transaction():
        await ctx.store.sessions.revoke(pool.pool_id, session_id, now=ctx.clock())


def as_oauth_error(error: CognitoError) -> OAuthError:
    """What a client of the OAuth endpoints hears of an error of the API's family."""
    code = "invalid_grant" if isinstance(error, NotAuthorized) else "invalid_request"
    return OAuthError(code, error.message)


def digest(redirect_uri: str) -> bytes:
    return hashlib.sha256(redirect_uri.encode()).digest()
