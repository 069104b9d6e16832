"""Custom authentication: the pool's functions say which challenge comes next, and when it is enough.

DefineAuthChallenge is asked before the transaction that settles an answer; what it says is a fact for the
transition table. A sign-in may begin with SRP (CHALLENGE_NAME SRP_A, documented in "Define Auth challenge").
"""

from collections.abc import Mapping

from msgspec.structs import replace

from cenote.domain.errors import InvalidLambdaResponse
from cenote.domain.sign_in import Flow, Proof
from cenote.flows.attempt import Attempt, Verdict
from cenote.flows.triggers import custom_auth
from cenote.flows.triggers.custom_auth import Passed, Subject
from cenote.flows.triggers.firing import UNRECOGNIZABLE, Occasion

SRP = "SRP_A"
VERIFIER = "PASSWORD_VERIFIER"
CHALLENGE = "CUSTOM_CHALLENGE"


async def begun(attempt: Attempt, parameters: Mapping[str, str]) -> Verdict | None:
    """Asks what comes first; a verdict if that is tokens."""
    if parameters.get("CHALLENGE_NAME") == SRP:
        attempt.passed = (Passed(SRP, right=True),)
    return await defined(attempt, Verdict(counts=False))


def is_open(attempt: Attempt) -> bool:
    """Whether the functions still have to say that it is enough."""
    return attempt.flow is Flow.CUSTOM_AUTH and Proof.CUSTOM not in attempt.proved


async def answered(attempt: Attempt, challenge: str, verdict: Verdict) -> Verdict:
    """The verdict on an answer, once the functions have said what follows from it. Errors stay what they are."""
    if verdict.error is not None:
        return verdict
    if challenge == VERIFIER:
        if attempt.user is None:
            return verdict
        attempt.passed = (*attempt.passed, Passed(VERIFIER, right=True))
    enough = await defined(attempt, verdict)
    return verdict if enough is None else enough


async def defined(attempt: Attempt, verdict: Verdict) -> Verdict | None:
    """Asks what comes next and remembers it; a verdict that proves the user if nothing does."""
    occasion = Occasion(attempt.ctx, attempt.pool, attempt.client, attempt.metadata)
    wanted = await custom_auth.define(occasion, Subject(attempt.user, attempt.typed), attempt.passed)
    attempt.custom_next = ""
    if wanted.fail_authentication:
        return None
    if wanted.issue_tokens:
        attempt.proved |= {verdict.proof} if verdict.proof else frozenset()
        return replace(verdict, proof=Proof.CUSTOM)
    begins = [passed.name for passed in attempt.passed] == [SRP]
    if wanted.challenge_name != CHALLENGE and not (wanted.challenge_name == VERIFIER and begins):
        raise InvalidLambdaResponse(UNRECOGNIZABLE)
    attempt.custom_next = wanted.challenge_name
    return None
