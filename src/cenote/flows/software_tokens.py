"""Setting up an authenticator app: by who is signed in, and by who has to before they may.

While signing in, the new secret travels sealed in the `Session` until a code proves that the user has it, and only
then is it written: an abandoned attempt leaves nothing. What is set up there answers the challenge that asked for it,
and only of a user who has no second factor: a password alone replaces nobody's (SECURITY.md cases 45 and 47).
"""

from typing import Final

from cenote.domain import lockout, mfa, sign_in, totp
from cenote.domain.errors import EnableSoftwareTokenMFA, NotAuthorized, SoftwareTokenMFANotFound
from cenote.domain.sign_in import Challenge
from cenote.flows import passwords
from cenote.flows import sign_in as engine
from cenote.flows.accounts import Access
from cenote.flows.attempt import (
    ADDRESSED,
    INVALID_SESSION,
    Asked,
    Attempt,
    Ticket,
    addressed_pool,
    lifetime,
    sealed,
    ticket_for,
    unsealed,
)
from cenote.flows.challenges import mfa_setup
from cenote.flows.challenges.earlier_proofs import require_current
from cenote.flows.context import Context
from cenote.store.pools import Pool
from cenote.store.transactions import Keep

# recorded; the first is documented in "TOTP software token MFA", too
NOT_OFFERED: Final = "Software Token MFA has not been enabled by the userPool."
NOT_FOUND: Final = "Software Token MFA does not exist for the user."
MISMATCH: Final = "Code mismatch and fail enable Software Token MFA"


def require_offered(pool: Pool) -> None:
    if mfa.TOTP not in mfa.allowed(pool.document):
        raise SoftwareTokenMFANotFound(NOT_OFFERED)


async def associate(ctx: Context, access: Access) -> str:
    """A new secret, as text, that waits for its first code. The app before it stays good until then."""
    require_offered(access.pool)
    secret = ctx.entropy(totp.SECRET_SIZE)
    async with ctx.store.transaction():
        await ctx.store.users.get(access.pool.pool_id, access.user.sub)
        await ctx.store.factors.set_pending_token(access.pool, access.user.sub, secret)
    return totp.secret_text(secret)


async def verify(ctx: Context, access: Access, code: str, name: str) -> None:
    """Makes the secret that waits the user's app, if the code is one of its; of many at once, one does."""
    require_offered(access.pool)
    pool, sub, now = access.pool, access.user.sub, ctx.clock()
    async with ctx.store.transaction():
        await ctx.store.users.get(pool.pool_id, sub)
        pending = await ctx.store.factors.pending_token(pool, sub)
        if pending is None:
            raise SoftwareTokenMFANotFound(NOT_FOUND)
        step = totp.matching_step(pending.secret, code, now)
        # A count of its own: somebody trying out their new app is no reason to keep them from signing in.
        if not await passwords.count(ctx, pool, f"{sub}/set-up", right=step is not None):
            raise Keep(NotAuthorized(lockout.MESSAGE))
        if step is None:
            raise Keep(EnableSoftwareTokenMFA(MISMATCH))
        if not await ctx.store.factors.verify_token(
            pool.pool_id, sub, pending, name=name, step=step, now=now
        ):
            raise EnableSoftwareTokenMFA(MISMATCH)


async def associate_in_session(ctx: Context, session: str) -> tuple[str, str]:
    """A new secret, as text, for who was asked to set a factor up, and the `Session` to verify it with."""
    attempt, ticket = await resumed(ctx, session)
    await require_current(attempt, ticket)
    await require_asked(attempt)
    secret = ctx.entropy(totp.SECRET_SIZE)
    return totp.secret_text(secret), next_session(attempt, mfa_setup.offered(secret))


async def verify_in_session(ctx: Context, session: str, code: str, name: str) -> str:
    """Gives the app to the user if the code is one of its; the `Session` that answers MFA_SETUP."""
    attempt, ticket = await resumed(ctx, session)
    secret = mfa_setup.secret_in(ticket)
    if secret is None:
        raise SoftwareTokenMFANotFound(NOT_FOUND)
    pool, now, attempts = attempt.pool, ctx.clock(), ctx.store.attempts
    async with ctx.store.transaction():
        if not await attempts.spend(
            pool.pool_id,
            ticket.use_id,
            "tries",
            limit=engine.TRIES,
            now=now,
            window=lifetime(attempt.client),
        ):
            raise Keep(NotAuthorized(INVALID_SESSION))
        step = totp.matching_step(secret, code, now)
        if step is None:
            raise Keep(EnableSoftwareTokenMFA(MISMATCH))
        attempt.user = await ctx.store.users.get(pool.pool_id, ticket.sub)
        await require_current(attempt, ticket)
        await require_asked(attempt)
        added = await ctx.store.factors.add_token(
            pool, ticket.sub, secret, name=name, step=step, now=now
        ) and await attempts.use_once(pool.pool_id, ticket.use_id, expires_at=ticket.expires_at)
        if not added:
            raise NotAuthorized(INVALID_SESSION)
    return next_session(attempt, mfa_setup.verified(secret))


async def resumed(ctx: Context, session: str) -> tuple[Attempt, Ticket]:
    """The sign-in that a `Session` of MFA_SETUP belongs to."""
    pool = await addressed_pool(ctx, session)
    ticket = unsealed(ctx, pool, session, block=False)
    if ticket.challenge != ADDRESSED:
        raise NotAuthorized(INVALID_SESSION)
    require_offered(pool)
    client = await ctx.store.clients.get(pool, ticket.client_id)
    return await engine.resumed(ctx, pool, client, ticket, {}), ticket


async def require_asked(attempt: Attempt) -> None:
    """NotAuthorized unless the user would be asked to set a factor up, were they to sign in now."""
    if sign_in.next_step(await engine.state_of(attempt)) != Challenge(ADDRESSED):
        raise NotAuthorized(INVALID_SESSION)


def next_session(attempt: Attempt, data: bytes) -> str:
    return sealed(attempt, ticket_for(attempt, ADDRESSED, Asked({}, data)), block=False)
