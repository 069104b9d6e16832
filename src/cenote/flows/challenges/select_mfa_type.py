"""SELECT_MFA_TYPE: a user with several second factors, and no preference, picks one."""

from collections.abc import Mapping

from cenote.domain.errors import InvalidParameter
from cenote.flows import factors
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required
from cenote.flows.challenges.parameters import listed, second_factor

# RespondToAuthChallenge's documentation calls the factor by both names.
SPELLINGS: Mapping[str, str] = {"EMAIL_MFA": "EMAIL_OTP"}


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    usable = (await factors.second(attempt)).usable
    return Asked(second_factor(attempt, MFAS_CAN_CHOOSE=listed(usable)))


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:  # noqa: ARG001 - the Protocol's
    """Proves nothing: the factor that was picked is asked for next. What cannot be picked uses nothing up."""
    picked = required(responses, "ANSWER")
    name = SPELLINGS.get(picked, picked)
    if name not in (await factors.second(attempt)).usable:
        raise InvalidParameter(f"{picked} is not an MFA type that the user can choose.")  # assumed
    return Verdict(counts=False, chosen=name)
