"""DEVICE_SRP_AUTH: the device that the client named sends its half of an SRP exchange.

Proves nothing by itself: DEVICE_PASSWORD_VERIFIER follows. It is asked only of who has proved the password, and is
answered for the device that was named then.
"""

from collections.abc import Mapping

from cenote.domain.sign_in import DEVICE_STEPS
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required
from cenote.flows.challenges import exchanges


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    return Asked({})


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    """What cannot be is refused before the ticket is used up."""
    if ticket is None or attempt.user is None:
        raise TypeError("a device proves itself in a sign-in of a known user")
    required(responses, "DEVICE_KEY")
    exchanges.public_of(responses)
    await attempt.ctx.store.devices.secret(attempt.pool, attempt.user.sub, attempt.device_key)
    return Verdict(counts=False, chosen=DEVICE_STEPS[1])
