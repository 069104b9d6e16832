"""DefineAuthChallenge, CreateAuthChallenge and VerifyAuthChallengeResponse: a pool's own way to sign in.

All three hear who signs in and, of what was asked so far, what came of it. Events are documented, with nulls where
Cognito's recorded ones have them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cenote.domain.errors import InvalidParameter
from cenote.domain.users import User
from cenote.flows.triggers.firing import Occasion, fire, user_attributes, with_metadata

DEFINE = "DefineAuthChallenge"
CREATE = "CreateAuthChallenge"
VERIFY = "VerifyAuthChallengeResponse"


class Passed(msgspec.Struct, frozen=True, array_like=True):
    """One challenge so far, and whether it was answered rightly; `metadata` is what its creator called it."""

    name: str
    right: bool
    metadata: str | None = None

    @property
    def told(self) -> dict[str, Any]:
        return {
            "challengeName": self.name,
            "challengeResult": self.right,
            "challengeMetadata": self.metadata,
        }


class Defined(msgspec.Struct, rename="camel"):
    """What comes next: a challenge, tokens, or the end."""

    challenge_name: str | None = None
    issue_tokens: bool | None = None
    fail_authentication: bool | None = None


class Created(msgspec.Struct, rename="camel"):
    """A challenge: what the client sees of it, and what the answer will be compared with."""

    public_challenge_parameters: dict[str, str] | None = None
    private_challenge_parameters: dict[str, str] | None = None
    challenge_metadata: str | None = None


class Verified(msgspec.Struct, rename="camel"):
    answer_correct: bool | None = None


class Subject(msgspec.Struct, frozen=True):
    """Who signs in, and the name they typed: nobody may have it."""

    user: User | None
    typed: str

    @property
    def username(self) -> str:
        return self.typed if self.user is None else self.user.username

    def request(self, occasion: Occasion, **parts: Any) -> dict[str, Any]:
        """The event's request; `userNotFound` is there with PreventUserExistenceErrors (documented)."""
        attributes = {} if self.user is None else user_attributes(self.user)
        request = with_metadata(occasion, {"userAttributes": attributes, **parts})
        return {**request, "userNotFound": self.user is None} if occasion.hides_users else request


def function_of(occasion: Occasion, kind: str) -> str:
    """The ARN of a function without which there is no signing in so (recorded text)."""
    arn = occasion.function_of(kind)
    if arn is None:
        raise InvalidParameter("Custom auth lambda trigger is not configured for the user pool.")
    return arn


async def define(occasion: Occasion, subject: Subject, session: Sequence[Passed]) -> Defined:
    return await fire(
        occasion,
        DEFINE,
        "DefineAuthChallenge_Authentication",
        subject.username,
        subject.request(occasion, session=[passed.told for passed in session]),
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
        Defined,
        arn=function_of(occasion, DEFINE),
    )


async def create(occasion: Occasion, subject: Subject, name: str, session: Sequence[Passed]) -> Created:
    return await fire(
        occasion,
        CREATE,
        "CreateAuthChallenge_Authentication",
        subject.username,
        subject.request(occasion, challengeName=name, session=[passed.told for passed in session]),
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
        Created,
        arn=function_of(occasion, CREATE),
    )


async def verify(occasion: Occasion, subject: Subject, private: Mapping[str, str], answer: str) -> Verified:
    return await fire(
        occasion,
        VERIFY,
        "VerifyAuthChallengeResponse_Authentication",
        subject.username,
        subject.request(occasion, privateChallengeParameters=private, challengeAnswer=answer),
        {"answerCorrect": None},
        Verified,
        arn=function_of(occasion, VERIFY),
    )
