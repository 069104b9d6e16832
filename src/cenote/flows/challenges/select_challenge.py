"""SELECT_CHALLENGE: the user picks the first factor to sign in with.

The answer names it (`ANSWER`) and may carry what that factor needs: PASSWORD, SRP_A (documented at
RespondToAuthChallenge). It proves nothing by itself.
"""

from collections.abc import Mapping

from cenote.domain.errors import InvalidParameter
from cenote.flows import factors
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    """What there is to choose from is in AvailableChallenges; no parameter beside it (recorded)."""
    return Asked({})


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:  # noqa: ARG001 - the Protocol's
    """An answer that cannot be is refused before the ticket is used up: its bearer may choose again."""
    picked = required(responses, "ANSWER")
    if picked not in await factors.first(attempt):
        raise InvalidParameter("Selected challenge is not available.")  # assumed
    return Verdict(counts=False, chosen=picked)
