"""Which factors a user may sign in with, in this pool and now."""

from cenote.domain.sign_in import SecondFactors
from cenote.flows.attempt import Attempt


async def first(attempt: Attempt) -> tuple[str, ...]:
    """The first factors that choice-based sign-in offers; the same for a name that nobody has."""
    policy = attempt.pool.document.get("Policies", {}).get("SignInPolicy", {})
    allowed = policy.get("AllowedFirstAuthFactors", ["PASSWORD"])
    return ("PASSWORD", "PASSWORD_SRP") if "PASSWORD" in allowed else ()


async def second(attempt: Attempt) -> SecondFactors:
    """The user's second factors; no look-up where the pool asks for none."""
    if attempt.pool.document.get("MfaConfiguration", "OFF") == "OFF":
        return SecondFactors()
    raise NotImplementedError
