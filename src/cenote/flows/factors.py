"""Which factors a user may sign in with, in this pool and now."""

from cenote.domain import first_factors, mfa
from cenote.domain.first_factors import Held
from cenote.domain.sign_in import SecondFactors
from cenote.flows.attempt import Attempt
from cenote.flows.passwords import uses_argon2id


async def first(attempt: Attempt) -> tuple[str, ...]:
    """The first factors that choice-based sign-in offers; the same for a name that nobody has."""
    document, srp = attempt.pool.document, not uses_argon2id(attempt.pool)
    # Somebody whom nobody knows is looked up as well, so that it takes the same time.
    has_password = await attempt.ctx.store.users.password(attempt.pool, attempt.subject) is not None
    if attempt.user is None:
        held = first_factors.decoy(document, attempt.decoy_key(), attempt.decoy_name, srp=srp)
    else:
        held = Held(
            attempt.user.attributes,
            password=has_password,
            needs_mfa=(await second(attempt)).wanted,
        )
    return first_factors.offered(document, held, srp=srp)


async def second(attempt: Attempt) -> SecondFactors:
    """The user's second factors; no look-up where the pool asks for none."""
    document, user = attempt.pool.document, attempt.user
    if user is None or not mfa.is_on(document):
        return SecondFactors()
    held = await attempt.ctx.store.factors.find(user.pool_id, user.sub)
    return mfa.second_factors(document, user.attributes, held)
