"""Device authorization (RFC 8628): codes made, typed in, decided on by a user, and asked about by their device."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import structs

from cenote.domain import base64url, origins
from cenote.domain import device_codes as rules
from cenote.domain.device_codes import DeviceCode, State
from cenote.domain.errors import LimitExceeded
from cenote.domain.oauth import Grant, OAuthError
from cenote.flows import grants, tokens
from cenote.flows.browser_sessions import Live
from cenote.flows.context import Context
from cenote.flows.triggers.firing import Occasion
from cenote.store.clients import Client
from cenote.store.pools import Pool

# How often a code that is taken is made anew: with a million of them waiting, three times is once in 10**13.
TRIES: Final = 3
ASKED, TYPED = "device code asked", "device code typed"
TOO_MANY: Final = "Attempt limit exceeded, please try after some time."


async def begin(ctx: Context, pool: Pool, client: Client, grant: Grant) -> tuple[str, str]:
    """A device code and the user code that goes with it; nothing but hashes of them is kept."""
    now = ctx.clock()
    async with ctx.store.transaction():
        if not await spent(ctx, pool, ASKED, rules.MOST_ASKED):
            raise OAuthError("slow_down", "too many device codes were asked for")
        for _ in range(TRIES):
            random = ctx.entropy(rules.DEVICE_CODE_SIZE)
            device_code = base64url.encode(random)
            user_code = rules.user_code(ctx.entropy(rules.RANDOM_SIZE))
            code = DeviceCode(
                pool.pool_id,
                digest(pool, device_code),
                digest(pool, user_code),
                client.client_id,
                grant,
                now + rules.LIFETIME,
            )
            if await ctx.store.device_codes.add(code, interval=rules.INTERVAL):
                return device_code, user_code
    raise OAuthError("temporarily_unavailable")


async def spent(ctx: Context, pool: Pool, action: str, limit: int) -> bool:
    """Whether this may be done from the request's address once more."""
    return await ctx.store.attempts.spend(
        pool.pool_id,
        origins.network(ctx.request.address),
        action,
        limit=limit,
        now=ctx.clock(),
        window=rules.WINDOW,
    )


async def entered(ctx: Context, pool: Pool, text: str) -> tuple[DeviceCode, str] | None:
    """What a typed code is of, and how it is spelt; None for one that no device waits with.

    LimitExceeded after too many from one address, right or wrong: there is no user yet to count them by.
    """
    async with ctx.store.transaction():
        allowed = await spent(ctx, pool, TYPED, rules.MOST_TYPED)
    if not allowed:
        raise LimitExceeded(TOO_MANY)
    user_code = rules.typed(text)
    if user_code is None:
        return None
    found = await ctx.store.device_codes.find_by_user_code(pool.pool_id, digest(pool, user_code))
    if found is None or found.state is not State.PENDING or found.expires_at <= ctx.clock():
        return None
    return found, user_code


async def approve(ctx: Context, pool: Pool, device_hash: str, live: Live, grant: Grant) -> bool:
    """Whether it was still to be decided."""
    async with ctx.store.transaction():
        return await ctx.store.device_codes.approve(
            pool.pool_id,
            device_hash,
            sub=live.user.sub,
            auth_time=live.session.auth_time,
            grant=grant,
            now=ctx.clock(),
        )


async def deny(ctx: Context, pool: Pool, device_hash: str) -> bool:
    async with ctx.store.transaction():
        return await ctx.store.device_codes.deny(pool.pool_id, device_hash, now=ctx.clock())


async def redeem(
    ctx: Context, pool: Pool, client: Client, text: str, *, key: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """An AuthenticationResultType for a device code whose user has agreed; else OAuthError with what is so far.

    The session is the device's own: neither the browser's remembered device nor its key is in it.
    """
    code = await ctx.store.device_codes.find(pool.pool_id, digest(pool, text))
    if code is None or code.client_id != client.client_id:
        raise OAuthError("invalid_grant")
    if code.expires_at <= ctx.clock():
        raise OAuthError("expired_token")
    if code.state is State.DENIED:
        raise OAuthError("access_denied")
    if code.state is State.PENDING:
        async with ctx.store.transaction():
            patient = await ctx.store.device_codes.poll(pool.pool_id, code.device_hash, now=ctx.clock())
        raise OAuthError("authorization_pending" if patient else "slow_down")
    grant = structs.replace(code.grant, key=key)
    # Before the code is used up: if the function fails, the device may ask again.
    changes = await grants.changed(Occasion(ctx, pool, client, metadata), code.sub, grant)
    async with ctx.store.transaction():
        if not await ctx.store.device_codes.take(pool.pool_id, code.device_hash):
            raise OAuthError("invalid_grant")
        user, session = await grants.begun(ctx, pool, client, code.sub, grant, auth_time=code.auth_time)
    return await tokens.issue(ctx, pool, client, user, session, refresh=True, changes=changes)


def digest(pool: Pool, code: str) -> str:
    return rules.digest(pool.sealer.derive("device codes"), code)
