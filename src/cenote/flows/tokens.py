"""Tokens: beginning a session, issuing and refreshing what belongs to it, ending it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from cenote.domain import (
    attributes,
    claims,
    identifiers,
    jwt,
    oauth,
    sealed_tokens,
    session_tracking,
    tags,
    user_agents,
)
from cenote.domain.errors import (
    NotAuthorized,
    RefreshTokenReuse,
    Unauthorized,
    UnsupportedOperation,
    UnsupportedTokenType,
)
from cenote.domain.groups import Group
from cenote.domain.oauth import Grant
from cenote.domain.session_tracking import Activity
from cenote.domain.sessions import Session
from cenote.domain.token_changes import TokenChanges
from cenote.domain.users import User
from cenote.flows import dpop
from cenote.flows.context import Context
from cenote.flows.signing import KeyPair
from cenote.flows.triggers import pre_token_generation
from cenote.flows.triggers.firing import Occasion
from cenote.flows.triggers.pre_token_generation import Source
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.store.transactions import Keep

INVALID_REFRESH_TOKEN = "Invalid Refresh Token"
REVOKED_REFRESH_TOKEN = "Refresh Token has been revoked"


class RefreshTicket(msgspec.Struct, frozen=True, array_like=True):
    """What a refresh token holds, sealed: its session, and which rotation of it this is."""

    client_id: str
    session_id: str
    generation: int


_decode = msgspec.msgpack.Decoder(RefreshTicket).decode


class NotBegun(Exception):
    """A session of this id has begun before, or the browser session that it was to come through is over."""


class Refreshing(msgspec.Struct, frozen=True):
    """A refresh token that is good now: its session and user."""

    session: Session
    user: User
    generation: int


async def begin_session(
    ctx: Context,
    pool: Pool,
    client: Client,
    user: User,
    *,
    auth_time: int,
    device_key: str | None = None,
    session_id: str | None = None,
    grant: Grant | None = None,
) -> Session:
    """Adds a session in the caller's transaction. Its id, new by default, is the origin_jti of all its tokens.

    `grant` is what an OAuth authorization gave. NotBegun for an id that was given before (of many at once, one
    begins), and for a browser session that is over.
    """
    now = ctx.clock()
    wanted = Session(
        pool_id=pool.pool_id,
        session_id=session_id or identifiers.new_ordered_uuid(now, ctx.entropy(16)),
        sub=user.sub,
        client_id=client.client_id,
        auth_time=auth_time,
        expires_at=now + client.lifetimes.refresh * 1000,
        device_key=device_key,
        grant=grant,
    )
    session = await ctx.store.sessions.add(wanted, now=now)
    if session is None:
        raise NotBegun
    allowed = session_tracking.limit(pool.document)
    if allowed is not None:
        # The one that was used longest ago makes room (documented at MaxPerUser); this one has not been used yet.
        await ctx.store.sessions.evict(pool.pool_id, user.sub, keep=allowed - 1, now=now)
    await track(ctx, pool, session)
    return session


async def track(ctx: Context, pool: Pool, session: Session) -> None:
    """Notes in the caller's transaction who uses the session, where its pool wants to know.

    That is a use of the browser session it came through as well (documented at LastActiveDate). NotAuthorized for a
    session that another request has just ended.
    """
    if session_tracking.limit(pool.document) is None:
        return
    request = ctx.request
    activity = Activity(ctx.clock(), user_agents.described(request.user_agent), request.address)
    if not await ctx.store.sessions.track(pool.pool_id, session.session_id, activity):
        raise NotAuthorized(REVOKED_REFRESH_TOKEN)
    if session.grant is not None and session.grant.browser_session_id:
        await ctx.store.browser_sessions.track(pool.pool_id, session.grant.browser_session_id, activity)


async def issue(
    ctx: Context,
    pool: Pool,
    client: Client,
    user: User,
    session: Session,
    *,
    refresh: bool,
    changes: TokenChanges | None = None,
    nonce: str = "",
) -> dict[str, Any]:
    """An AuthenticationResultType: ID and access token, and a refresh token where the caller wants one.

    `changes` are what the pool's function makes of the claims. An OAuth grant without `openid` gets no ID token; one
    with it, the `nonce` of its request and a hash of the access token.
    """
    groups = await ctx.store.groups.of_user(pool.pool_id, user.sub) if session.grouped else []
    keys = await ctx.signing.pair_for(pool, client.client_id, now=ctx.clock())
    id_claims, access_claims = both_claims(ctx, client, user, session, groups)
    if changes is not None:
        id_claims, access_claims = changes.of_id_token(id_claims), changes.of_access_token(access_claims)
    granted = session.grant
    if granted is None:
        id_token, access_token = await ctx.work.run(signed, keys, id_claims, access_claims)
    elif oauth.OPENID in granted.scopes:
        if nonce:
            id_claims["nonce"] = nonce
        id_token, access_token = await ctx.work.run(signed_together, keys, id_claims, access_claims)
    else:
        id_token, access_token = "", await ctx.work.run(jwt.sign, access_claims, keys.access_key)
    result = {
        "AccessToken": access_token,
        "ExpiresIn": client.lifetimes.access,
        "TokenType": "DPoP" if granted is not None and granted.key else "Bearer",
    }
    if id_token:
        result["IdToken"] = id_token
    if refresh:
        result["RefreshToken"] = refresh_token(ctx, pool, session)
    return result


def signed(keys: KeyPair, id_claims: dict[str, Any], access_claims: dict[str, Any]) -> tuple[str, str]:
    """The ID and the access token, in one turn."""
    return jwt.sign(id_claims, keys.id_key), jwt.sign(access_claims, keys.access_key)


def signed_together(
    keys: KeyPair, id_claims: dict[str, Any], access_claims: dict[str, Any]
) -> tuple[str, str]:
    """The same, with the access token's hash in the ID token: no third party can swap one of them."""
    access_token = jwt.sign(access_claims, keys.access_key)
    id_claims["at_hash"] = oauth.half_hash(access_token)
    return jwt.sign(id_claims, keys.id_key), access_token


def both_claims(
    ctx: Context,
    client: Client,
    user: User,
    session: Session,
    groups: list[Group],
) -> tuple[dict[str, Any], dict[str, Any]]:
    grant = claims.Grant(
        issuer=ctx.deployment.issuer(session.pool_id),
        client_id=client.client_id,
        session_id=session.session_id,
        revocable=bool(client.document.get("EnableTokenRevocation", True)),
        auth_time=session.auth_time // 1000,
        issued_at=ctx.clock() // 1000,
        device_key=session.device_key,
    )
    readable = attributes.readable(client.document, user.attributes)
    if session.grant is not None:
        readable = oauth.disclosed(session.grant.scopes, readable)
    random, lives = ctx.entropy(32), client.lifetimes
    jti = identifiers.new_uuid(random[:16])
    id_claims = claims.id_token(grant, user, groups, readable, jti=jti, lifetime=lives.id)
    jti = identifiers.new_uuid(random[16:])
    return id_claims, claims.access_token(
        grant, user, groups, jti=jti, lifetime=lives.access, granted=session.grant
    )


def refresh_token(ctx: Context, pool: Pool, session: Session) -> str:
    ticket = RefreshTicket(session.client_id, session.session_id, session.generation)
    key = pool.sealer.derive("refresh")
    return sealed_tokens.seal_refresh(
        key, ctx.entropy(sealed_tokens.NONCE_SIZE), msgspec.msgpack.encode(ticket)
    )


async def open_refresh_token(
    ctx: Context, pool: Pool, client: Client, token: str, *, key: str = ""
) -> Refreshing:
    """The session of a refresh token that may still be used; NotAuthorized with AWS's text otherwise.

    `key` is the thumbprint of the key that was proved, as a session that is bound to one asks for.
    """
    dpop.require(pool, client, key)
    payload = sealed_tokens.open_refresh(pool.sealer.derive("refresh"), token)
    if payload is None:
        raise NotAuthorized(INVALID_REFRESH_TOKEN)
    ticket = _decode(payload)
    if ticket.client_id != client.client_id:
        raise NotAuthorized(INVALID_REFRESH_TOKEN)
    found = await ctx.store.sessions.find(pool.pool_id, ticket.session_id)
    if found is None:
        raise NotAuthorized(INVALID_REFRESH_TOKEN)
    session, user = found
    if session.revoked_at is not None:
        raise NotAuthorized(REVOKED_REFRESH_TOKEN)
    if session.expires_at <= ctx.clock():
        raise NotAuthorized("Refresh Token has expired")
    if user.disabled_at is not None:
        raise NotAuthorized("User is disabled.")
    require_key(client, session, key)
    return Refreshing(session, user, ticket.generation)


def require_key(client: Client, session: Session, key: str) -> None:
    """NotAuthorized without the key of a bound session; a client with a secret may come with a new key.

    Its refresh tokens are bound to it by the secret (RFC 9449 5).
    """
    bound = "" if session.grant is None else session.grant.key
    if bound and (not key or (key != bound and not client.secrets)):
        raise NotAuthorized("Refresh Token is bound to a key")


async def changed(
    occasion: Occasion, user: User, source: Source, granted: Grant | None = None
) -> TokenChanges | None:
    """What the pool's function changes in the tokens; None where there is no such function."""
    scopes = [claims.SELF_SERVICE_SCOPE] if granted is None else granted.scopes
    return await pre_token_generation.changes(occasion, user, source, scopes)


async def refreshed(
    ctx: Context,
    pool: Pool,
    client: Client,
    refreshing: Refreshing,
    *,
    rotation: Mapping[str, Any] | None,
    metadata: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """New tokens for a session; with `rotation` (the client's RefreshTokenRotation) a new refresh token too."""
    session = refreshing.session
    # Asked before the refresh token is used up: if the function fails, the client may try again.
    occasion = Occasion(ctx, pool, client, metadata or {})
    changes = await changed(occasion, refreshing.user, Source.REFRESH, session.grant)
    if rotation is None:
        if refreshing.generation != session.generation:
            await end_family(ctx, session)
        if session_tracking.limit(pool.document) is not None:
            async with ctx.store.transaction():
                await track(ctx, pool, session)
        return await issue(ctx, pool, client, refreshing.user, session, refresh=False, changes=changes)
    session = await rotated(
        ctx, pool, refreshing, grace=int(rotation.get("RetryGracePeriodSeconds", 0)) * 1000
    )
    return await issue(ctx, pool, client, refreshing.user, session, refresh=True, changes=changes)


def rotation_of(pool: Pool, client: Client) -> Mapping[str, Any] | None:
    """The client's RefreshTokenRotation while it is on, as it always is in a strict pool."""
    if tags.is_strict(pool.document):
        return {"RetryGracePeriodSeconds": 0, **client.document.get("RefreshTokenRotation", {})}
    rotation = client.document.get("RefreshTokenRotation")
    return rotation if rotation and rotation.get("Feature") == "ENABLED" else None


async def rotated(ctx: Context, pool: Pool, refreshing: Refreshing, *, grace: int) -> Session:
    """The session with the next generation of its refresh token.

    The update is the gate: of many uses of one generation one rotates it, and the others count as retries while
    the grace period lasts. A use after that ends the whole family (RFC 9700 4.14).
    """
    session, now = refreshing.session, ctx.clock()
    store = ctx.store
    async with store.transaction():
        if await store.sessions.rotate(
            session.pool_id, session.session_id, generation=refreshing.generation, now=now
        ):
            await track(ctx, pool, session)
            return replace(session, generation=refreshing.generation + 1)
        found = await store.sessions.find(session.pool_id, session.session_id)
        current = found[0] if found else None
        if current is None or current.revoked_at is not None:
            raise NotAuthorized(REVOKED_REFRESH_TOKEN)
        retry = grace > 0 and refreshing.generation == current.generation - 1
        # Without a grace period not even a use at the same moment is one, nor one by a clock that is behind.
        if retry and current.rotated_at is not None and now - current.rotated_at < grace:
            await track(ctx, pool, current)
            return replace(current, grant=session.grant)
        if not await store.sessions.revoke(session.pool_id, session.session_id, now=now):
            # Another use at the same moment has just ended the family.
            raise NotAuthorized(REVOKED_REFRESH_TOKEN)
        raise Keep(RefreshTokenReuse("Refresh token has been reused"))


async def end_family(ctx: Context, session: Session) -> None:
    """A refresh token that was rotated away came back after rotation was turned off: nobody may go on with it."""
    async with ctx.store.transaction():
        await ctx.store.sessions.revoke(session.pool_id, session.session_id, now=ctx.clock())
    raise NotAuthorized(REVOKED_REFRESH_TOKEN)


async def revoke(ctx: Context, pool: Pool, client: Client, token: str) -> None:
    """Ends the session of a refresh token of this client; a token that is none of ours changes nothing."""
    if not client.document.get("EnableTokenRevocation", True):
        raise UnsupportedOperation("Token revocation is not enabled for this client.")
    payload = sealed_tokens.open_refresh(pool.sealer.derive("refresh"), token)
    if payload is None:
        if token.count(".") == 2:
            raise UnsupportedTokenType("Only a refresh token can be revoked.")
        return
    ticket = _decode(payload)
    if ticket.client_id != client.client_id:
        raise Unauthorized("The token was not issued to this client.")
    async with ctx.store.transaction():
        await ctx.store.sessions.revoke(pool.pool_id, ticket.session_id, now=ctx.clock())
