"""The engine under answers of any kind: nobody signs in without every factor."""

from dataclasses import dataclass, field
from typing import Any

import pyotp
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.calls import attempt
from tests.conftest import PoolFactory
from tests.mfa import TOTP, Person, new_person

CHALLENGES = (
    "SOFTWARE_TOKEN_MFA",
    "MFA_SETUP",
    "SELECT_MFA_TYPE",
    "SMS_MFA",
    "EMAIL_OTP",
    "NEW_PASSWORD_REQUIRED",
)
NAMES = ("ada", "bob", "new")
WHO = st.integers(0, len(NAMES) - 1)
WHICH = st.integers(0, 12)
STEPS = st.one_of(
    st.tuples(st.just("begin"), WHO),
    st.tuples(
        st.just("answer"), WHICH, st.sampled_from(CHALLENGES), WHO, st.sampled_from(["ada", "thief", "none"])
    ),
    # What an impatient user does, so that sign-ins come about at all.
    st.tuples(st.just("answer"), WHICH, st.just("SOFTWARE_TOKEN_MFA"), st.just(0), st.just("ada")),
    st.tuples(st.just("associate"), WHICH),
    st.tuples(st.just("verify"), WHICH),
    st.tuples(st.just("wait"), st.sampled_from([30, 60, 240])),
)


@dataclass
class Attacker:
    """Knows every password and ada's app, but not bob's; `new` has no app yet, so a password sets one up."""

    ada: Person
    sessions: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    signed_in: set[str] = field(default_factory=set)

    def session(self, which: int) -> str:
        return self.sessions[which % len(self.sessions)] if self.sessions else "s" * 20

    def code(self, whose: str) -> str:
        now = self.ada.server.clock() // 1000
        if whose == "ada":
            return self.ada.code()
        if whose == "thief" and self.secrets:
            return str(pyotp.TOTP(self.secrets[-1]).at(now))
        return "000000"

    def took(self, answer: dict[str, Any], name: str) -> None:
        if "Session" in answer:
            self.sessions.append(answer["Session"])
        if "SecretCode" in answer:
            self.secrets.append(answer["SecretCode"])
        if "AuthenticationResult" in answer:
            token = answer["AuthenticationResult"]["AccessToken"]
            self.signed_in.add(self.ada.idp.get_user(AccessToken=token)["Username"])

    def act(self, step: tuple[Any, ...]) -> None:
        idp, client_id = self.ada.idp, self.ada.client_id
        match step:
            case ("begin", who):
                self.took(attempt(idp, client_id, NAMES[who]), NAMES[who])
            case ("answer", which, challenge, who, whose):
                code = self.code(whose)
                responses = {"USERNAME": NAMES[who], f"{challenge}_CODE": code, "ANSWER": "SMS_MFA"}
                answer = idp.respond_to_auth_challenge(
                    ClientId=client_id,
                    ChallengeName=challenge,
                    Session=self.session(which),
                    ChallengeResponses=responses,
                )
                self.took(answer, NAMES[who])
            case ("associate", which):
                self.took(idp.associate_software_token(Session=self.session(which)), "")
            case ("verify", which):
                code = self.code("thief")
                self.took(idp.verify_software_token(Session=self.session(which), UserCode=code), "")
            case ("wait", seconds):
                self.ada.server.clock.advance(seconds=seconds)


@pytest.fixture
def ada(own: PoolFactory) -> Person:
    """Who has an app in a pool that insists, beside bob, who has another."""
    own.server.clock.freeze()
    ada = new_person(own, "ON", factors=TOTP)
    bob, _ = ada.beside("bob", own), ada.beside("new", own)
    for person in (ada, bob):
        person.finish_set_up(person.set_up(person.begin()["Session"]))
    return ada


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=25))
def test_case_45_no_sequence_of_calls_signs_in_without_every_factor(
    ada: Person, steps: list[tuple[Any, ...]]
) -> None:
    """Any order, replayed, for another user, with another's codes. Zitadel CVE-2025-64103, Kratos CVE-2024-45042."""
    ada.server.clock.advance(minutes=30)  # past whatever lock the last example earned
    attacker = Attacker(ada)
    for step in steps:
        try:
            attacker.act(step)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            assert code not in {"InternalErrorException", "InternalError"}, (step, error)
    assert "bob" not in attacker.signed_in


def test_the_same_calls_in_the_right_order_sign_in(ada: Person) -> None:
    """What the test above must not pass by refusing everything."""
    attacker = Attacker(ada)
    ada.server.clock.advance(seconds=30)
    for step in (
        ("begin", 0),
        ("answer", 0, "SOFTWARE_TOKEN_MFA", 0, "ada"),
        ("begin", 2),
        ("associate", 1),
        ("verify", 2),
        ("answer", 3, "MFA_SETUP", 2, "none"),
    ):
        attacker.act(step)
    assert attacker.signed_in == {"ada", "new"}
