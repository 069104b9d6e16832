"""CUSTOM_CHALLENGE: whatever the pool's functions ask. Whether an answer is right, and what follows, they say.

What CreateAuthChallenge keeps to itself travels sealed in `Session`. A wrong answer is no error: it is told to
DefineAuthChallenge, which asks again or ends the sign-in. So nothing is counted here, but each challenge is
answered once.
"""

import logging
from collections.abc import Mapping

import msgspec

from cenote.domain.errors import InvalidLambdaResponse
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required
from cenote.flows.triggers import custom_auth
from cenote.flows.triggers.custom_auth import Passed, Subject
from cenote.flows.triggers.firing import UNRECOGNIZABLE, Occasion

NAME = "CUSTOM_CHALLENGE"
# In bytes: a Session has 2048 characters (by the model), and names beside this.
ROOM = 1000

log = logging.getLogger("cenote.triggers")


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What the answer will be compared with, and what the challenge is called."""

    private: dict[str, str]
    metadata: str | None


_decode = msgspec.msgpack.Decoder(Kept).decode


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    occasion = Occasion(attempt.ctx, attempt.pool, attempt.client, attempt.metadata)
    subject = Subject(attempt.user, attempt.typed)
    created = await custom_auth.create(occasion, subject, NAME, attempt.passed)
    kept = Kept(created.private_challenge_parameters or {}, created.challenge_metadata)
    data = msgspec.msgpack.encode(kept)
    if len(data) + len(msgspec.msgpack.encode(attempt.passed)) > ROOM:
        log.warning("a custom challenge keeps too much", extra={"pool_id": attempt.pool.pool_id})
        raise InvalidLambdaResponse(UNRECOGNIZABLE)
    return Asked(
        parameters={"USERNAME": attempt.username, **(created.public_challenge_parameters or {})},
        data=data,
    )


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    if ticket is None:
        raise TypeError("an answer is to a challenge")
    kept = _decode(ticket.data)
    occasion = Occasion(attempt.ctx, attempt.pool, attempt.client, attempt.metadata)
    subject = Subject(attempt.user, attempt.typed)
    verified = await custom_auth.verify(occasion, subject, kept.private, required(responses, "ANSWER"))
    attempt.passed = (*attempt.passed, Passed(NAME, bool(verified.answer_correct), kept.metadata))
    return Verdict(counts=False)
