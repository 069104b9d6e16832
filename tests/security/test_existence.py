"""Whole answers to who does not exist and to who does, byte by byte, where the client hides the difference (case 37).

Some answers tell of a user all the same, and are no part of this: SignUp of a name that is taken (documented), and
ConfirmSignUp of a user who is confirmed or disabled (recorded), or who signed up and asked for no other code (assumed).
"""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.calls import PASSWORD
from tests.conftest import PoolFactory
from tests.security.raw import Answer, call
from tests.security.requests import BUILT, MODEL, members

from cenote.domain.aws_dates import format_date

# Names are equally long, so that lengths can be compared.
STATES: dict[str, str] = {
    "confirmed": "ada----",
    "unconfirmed": "bob----",
    "disabled": "cy-----",
    "with a temporary password": "dee----",
    "to reset the password": "eve----",
    "with nothing verified": "fay----",
}
NUMBERS = itertools.count()
Ask = Callable[["Place", str], Answer]


def nobody() -> str:
    """A name that nobody has and nothing was asked of."""
    return f"no-{next(NUMBERS):04}"


class Place:
    """A pool with a user in each state, and a client that hides who exists."""

    def __init__(self, make: PoolFactory, **pool: Any) -> None:
        self.url, idp = make.server.url, make.server.idp
        self.server = make.server
        self.pool = make.pool(AutoVerifiedAttributes=["email"], **pool)
        self.client = str(make.client(self.pool, PreventUserExistenceErrors="ENABLED")["ClientId"])
        at = {"UserPoolId": self.pool}
        for state, name in STATES.items():
            if state == "unconfirmed":
                mail = [{"Name": "email", "Value": f"{name}@example.com"}]
                idp.sign_up(ClientId=self.client, Username=name, Password=PASSWORD, UserAttributes=mail)
                continue
            verified = {"email_verified": "true"} if state != "with nothing verified" else {}
            make.user(self.pool, name, email=f"{name}@example.com", **verified)
        idp.admin_disable_user(**at, Username=STATES["disabled"])
        temporary = STATES["with a temporary password"]
        idp.admin_set_user_password(**at, Username=temporary, Password="Temporary-1", Permanent=False)
        idp.admin_reset_user_password(**at, Username=STATES["to reset the password"])

    def call(self, operation: str, **request: Any) -> Answer:
        return call(self.url, operation, {"ClientId": self.client, **request})

    def initiate(self, flow: str, name: str) -> Answer:
        parameters = {"USERNAME": name, "PASSWORD": "Wrong-Horse-9", "SRP_A": "abcdef"}
        return self.call("InitiateAuth", AuthFlow=flow, AuthParameters=parameters)

    def wrong_proof(self, name: str) -> dict[str, Any]:
        """The answer of who was asked by SRP and does not know the password."""
        asked = self.initiate("USER_SRP_AUTH", name).document["ChallengeParameters"]
        responses = {
            "USERNAME": asked["USERNAME"],
            "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": "A" * 43 + "=",
            "TIMESTAMP": format_date(self.server.clock()),
        }
        return {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}


def by(operation: str, **request: Any) -> Ask:
    return lambda place, name: place.call(operation, Username=name, **request)


def wrong_proof(place: Place, name: str) -> Answer:
    return place.call("RespondToAuthChallenge", **place.wrong_proof(name))


def confirm_sign_up(place: Place, name: str) -> Answer:
    place.call("ResendConfirmationCode", Username=name)
    return place.call("ConfirmSignUp", Username=name, ConfirmationCode="000000")


def confirm_forgot_password(place: Place, name: str) -> Answer:
    place.call("ForgotPassword", Username=name)
    return guess_reset(place, name)


def guess_reset(place: Place, name: str) -> Answer:
    request = {"ConfirmationCode": "000000", "Password": PASSWORD}
    return place.call("ConfirmForgotPassword", Username=name, **request)


def feedback(place: Place, name: str) -> Answer:
    request = {"UserPoolId": place.pool, "EventId": "x", "FeedbackToken": "x", "FeedbackValue": "Valid"}
    return place.call("UpdateAuthEventFeedback", Username=name, **request)


# For each public operation that takes a user name: ways to ask, none of which knows a secret.
QUESTIONS: dict[str, dict[str, Ask]] = {
    "InitiateAuth": {
        "password": lambda place, name: place.initiate("USER_PASSWORD_AUTH", name),
        "srp": lambda place, name: place.initiate("USER_SRP_AUTH", name),
    },
    "RespondToAuthChallenge": {"proof": wrong_proof},
    "ForgotPassword": {"": by("ForgotPassword")},
    "ConfirmForgotPassword": {"": confirm_forgot_password},
    "ResendConfirmationCode": {"": by("ResendConfirmationCode")},
    "ConfirmSignUp": {"": confirm_sign_up},
    "SignUp": {"weak": by("SignUp", Password="weak")},
    "UpdateAuthEventFeedback": {"": feedback},
}
ALL = [
    pytest.param(ask, operation, id=f"{operation} {way}".strip())
    for operation, ways in QUESTIONS.items()
    for way, ask in ways.items()
]
STATES_THAT_SHOW = {"ConfirmSignUp": set(STATES) - {"unconfirmed"}}


def comparable(answer: Answer, name: str) -> tuple[int, dict[str, str], Any]:
    """The answer without what is random, and with one name and one destination for all.

    A number is written without leading zeros, so its length, and that of the whole, may vary.
    """
    status, headers, body = answer.lasting
    document = json.loads(body)
    parameters = document.get("ChallengeParameters")
    if parameters:
        headers.pop("content-length")
        for part in ("SALT", "SRP_B"):
            parameters[part] = re.fullmatch("[0-9a-f]+", parameters[part]) is not None
        parameters["SECRET_BLOCK"] = len(parameters["SECRET_BLOCK"])
    text = json.dumps(document).replace(name, "somebody")
    return status, headers, json.loads(re.sub(r'"[a-z]\*\*\*@[a-z]\*\*\*"', '"masked"', text))


@pytest.fixture(scope="module")
def place(make: PoolFactory) -> Place:
    return Place(make)


def test_case_37_every_public_operation_that_takes_a_user_name_is_asked() -> None:
    naming = {
        operation
        for operation in BUILT
        if not MODEL.operations[operation].signed
        and members(operation) & {"Username", "AuthParameters", "ChallengeResponses"}
    }
    assert naming == set(QUESTIONS)


@pytest.mark.parametrize(
    ("ask", "state"),
    [
        pytest.param(ask, state, id=f"{operation} {way} {state}".replace("  ", " "))
        for operation, ways in QUESTIONS.items()
        for way, ask in ways.items()
        for state in STATES
        if state not in STATES_THAT_SHOW.get(operation, ())
    ],
)
def test_case_37_whoever_is_asked_for_the_answer_is_nobodys(place: Place, ask: Ask, state: str) -> None:
    name, stranger = STATES[state], nobody()
    for _ in range(2):
        known, unknown = ask(place, name), ask(place, stranger)
        assert comparable(known, name) == comparable(unknown, stranger)
        assert unknown.status != 500


def test_case_37_the_salt_is_as_long_and_as_lasting_for_who_does_not_exist(place: Place) -> None:
    def salts(name: str) -> set[str]:
        asked = [place.initiate("USER_SRP_AUTH", name).document for _ in range(3)]
        return {str(answer["ChallengeParameters"]["SALT"]) for answer in asked}

    for name in (nobody(), *STATES.values()):
        assert len(salts(name)) == 1
    of_many = [place.initiate("USER_SRP_AUTH", nobody()).document for _ in range(40)]
    lengths = [len(answer["ChallengeParameters"]["SALT"]) for answer in of_many]
    # Sixteen random bytes, as everybody's, less the zeros that they may begin with.
    assert max(lengths) <= 32
    assert sorted(lengths)[len(lengths) // 2] >= 31
    assert len({answer["ChallengeParameters"]["SALT"] for answer in of_many}) == 40


@pytest.mark.parametrize(("ask", "operation"), ALL)
def test_case_37_the_limits_are_the_same(own: PoolFactory, ask: Ask, operation: str) -> None:
    """Asked until nothing more is answered, and once more after a while: locked and limited alike."""
    own.server.clock.freeze()
    place, stranger = Place(own), nobody()
    name = STATES["unconfirmed" if operation == "ConfirmSignUp" else "confirmed"]
    for times in (25, 5):
        known = [comparable(ask(place, name), name) for _ in range(times)]
        unknown = [comparable(ask(place, stranger), stranger) for _ in range(times)]
        assert known == unknown
        own.server.clock.advance(minutes=30)


def test_case_37_a_code_asked_for_makes_no_difference_to_guesses_at_it(own: PoolFactory) -> None:
    place, name, stranger = Place(own), STATES["confirmed"], nobody()
    for who in (name, stranger):
        place.call("ForgotPassword", Username=who)
    known, unknown = (
        [comparable(guess_reset(place, who), who) for _ in range(12)] for who in (name, stranger)
    )
    assert known == unknown
    assert known[0][2]["__type"] == "CodeMismatchException"  # documented
    assert known[-1][2]["__type"] == "LimitExceededException"


@pytest.fixture(scope="module")
def hashing(make: PoolFactory) -> Place:
    """The same where SRP is refused."""
    return Place(make, UserPoolTags={"cenote:password-hash": "argon2id"})


@pytest.mark.parametrize("state", STATES)
def test_case_37_holds_where_passwords_are_hashed_by_argon2id(hashing: Place, state: str) -> None:
    name, stranger = STATES[state], nobody()
    for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH"):
        known, unknown = (comparable(hashing.initiate(flow, who), who) for who in (name, stranger))
        assert known == unknown


def test_case_37_who_must_reset_hears_so_with_the_old_password_only(place: Place) -> None:
    """A password that was reset proves who asks, so that clients can lead them on to the reset."""
    parameters = {"USERNAME": STATES["to reset the password"], "PASSWORD": PASSWORD}
    answer = place.call("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    assert answer.error == ("PasswordResetRequired", "Password reset required for the user")
