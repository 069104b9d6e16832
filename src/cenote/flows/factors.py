"""Which factors a user may sign in with, in this pool and now."""

from cenote.domain import first_factors, mfa, passkeys
from cenote.domain.first_factors import Held
from cenote.domain.passkeys import Passkey
from cenote.domain.sign_in import SecondFactors
from cenote.domain.users import User
from cenote.flows.attempt import Attempt
from cenote.flows.context import Context
from cenote.flows.passwords import uses_argon2id
from cenote.store.pools import Pool


async def first(attempt: Attempt) -> tuple[str, ...]:
    """The first factors that choice-based sign-in offers; the same for a name that nobody has."""
    if attempt.user is not None:
        return await offered_to(attempt.ctx, attempt.pool, attempt.user)
    document, srp = attempt.pool.document, not uses_argon2id(attempt.pool)
    # Somebody whom nobody knows is looked up as well, so that it takes the same time.
    await attempt.ctx.store.users.password(attempt.pool, attempt.subject)
    await held_passkeys(attempt.ctx, attempt.pool, attempt.subject)
    if mfa.is_on(document):
        await attempt.ctx.store.factors.find(attempt.pool.pool_id, attempt.subject)
    held = first_factors.decoy(document, attempt.decoy_key(), attempt.decoy_name, srp=srp)
    return first_factors.offered(document, held, srp=srp)


async def offered_to(ctx: Context, pool: Pool, user: User) -> tuple[str, ...]:
    """The first factors of a user who is there."""
    needs_mfa = passkey_is_mfa = False
    if mfa.is_on(pool.document):
        factors = await ctx.store.factors.find(pool.pool_id, user.sub)
        needs_mfa = mfa.second_factors(pool.document, user.attributes, factors).wanted
        passkey_is_mfa = mfa.passkey_is_mfa(pool.document, factors)
    held = Held(
        user.attributes,
        password=await ctx.store.users.password(pool, user.sub) is not None,
        passkey=bool(await held_passkeys(ctx, pool, user.sub)),
        needs_mfa=needs_mfa,
        passkey_is_mfa=passkey_is_mfa,
    )
    return first_factors.offered(pool.document, held, srp=not uses_argon2id(pool))


async def held_passkeys(ctx: Context, pool: Pool, sub: str) -> list[Passkey]:
    """The user's passkeys for the pool's relying party; no look-up where nobody signs in with one."""
    name = passkeys.relying_party(pool.document)
    if name is None or "WEB_AUTHN" not in first_factors.allowed(pool.document):
        return []
    return [
        passkey for passkey in await ctx.store.passkeys.of_user(pool, sub) if passkey.relying_party == name
    ]


async def passkey_is_mfa(attempt: Attempt) -> bool:
    """Whether a passkey of this user counts as both factors."""
    pool = attempt.pool
    if not (mfa.is_on(pool.document) and first_factors.passkey_counts_twice(pool.document)):
        return False
    held = await attempt.ctx.store.factors.find(pool.pool_id, attempt.subject)
    if attempt.user is None:  # who is offered a passkey where two factors are required turned this on
        return bool(pool.document["MfaConfiguration"] == "ON")
    return mfa.passkey_is_mfa(pool.document, held)


async def second(attempt: Attempt) -> SecondFactors:
    """The user's second factors; no look-up where the pool asks for none."""
    document, user = attempt.pool.document, attempt.user
    if user is None or not mfa.is_on(document):
        return SecondFactors()
    held = await attempt.ctx.store.factors.find(user.pool_id, user.sub)
    return mfa.second_factors(document, attempt.attributes, held)
