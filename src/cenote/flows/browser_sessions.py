"""Browser sessions: begun by a sign-in on a pool's pages, known by a cookie, reused by the pool's apps.

A sign-in always begins a new one, so that nobody can be signed in to a session that somebody else prepared
(SECURITY.md case 50).
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cenote.domain import browser_sessions as rules
from cenote.domain import identifiers, session_tracking, user_agents
from cenote.domain.browser_sessions import BrowserSession
from cenote.domain.session_tracking import Activity
from cenote.domain.users import User
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool

SECRET_SIZE: Final = 32
# What no cookie of ours is longer than.
LONGEST: Final = 128


class Live(msgspec.Struct, frozen=True):
    """A browser session that is good now, and its user."""

    session: BrowserSession
    user: User


async def begin(
    ctx: Context,
    pool: Pool,
    client: Client,
    user: User,
    *,
    auth_time: int,
    amr: Iterable[str],
    device_key: str | None = None,
) -> tuple[BrowserSession, str]:
    """A new session in the caller's transaction, and the value of its cookie."""
    secret = ctx.entropy(SECRET_SIZE).hex()
    session = BrowserSession(
        pool_id=pool.pool_id,
        session_id=identifiers.new_ordered_uuid(ctx.clock(), ctx.entropy(16)),
        sub=user.sub,
        client_id=client.client_id,
        auth_time=auth_time,
        amr=tuple(sorted(amr)),
        expires_at=auth_time + rules.LIFETIME,
        device_key=device_key,
    )
    await ctx.store.browser_sessions.add(session, digest(secret), activity(ctx))
    return session, f"{session.session_id}.{secret}"


async def live(ctx: Context, pool: Pool, cookies: Mapping[str, str], *, secure: bool) -> Live | None:
    """The session of a browser's cookies that is not over and whose user may sign in; None otherwise."""
    value = cookies.get(cookie_name(pool.pool_id, secure=secure), "")
    session_id, dot, secret = value.partition(".")
    if not dot or len(value) > LONGEST or not value.isascii():
        return None
    found = await ctx.store.browser_sessions.find(pool.pool_id, session_id)
    if found is None:
        return None
    session, secret_hash, user = found
    over = session.revoked_at is not None or session.expires_at <= ctx.clock()
    if not hmac.compare_digest(digest(secret), secret_hash) or over or user.disabled_at is not None:
        return None
    return Live(session, user)


async def end(ctx: Context, session: BrowserSession) -> None:
    async with ctx.store.transaction():
        await ctx.store.browser_sessions.revoke(
            session.pool_id, session.sub, session.session_id, now=ctx.clock()
        )


def reusable(client: Client, session: BrowserSession, *, now: int) -> bool:
    """Whether the client takes the session without asking its user again (documented at MaxValidityMinutes)."""
    minutes = int(session_tracking.of_client(client.document)["SSOSession"]["MaxValidityMinutes"])
    return now < session.auth_time + minutes * 60_000


def cookie_name(of: str, *, secure: bool) -> str:
    """A cookie's name. The session's is of its pool, for pools share the base host. `__Host-` with TLS (case 52)."""
    return f"{'__Host-' if secure else ''}cenote-{of}"


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def activity(ctx: Context) -> Activity:
    return Activity(ctx.clock(), user_agents.described(ctx.request.user_agent), ctx.request.address)
