"""Authenticator apps, from their set-up to the sign-in."""

from typing import Any

import pyotp
import pytest
from tests.calls import PASSWORD, at_once, attempt, outcome, refusal
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, FIRST, ON, SMS, TOTP, Person, new_person

MISMATCH = ("CodeMismatch", "Invalid code received for user")
USED = ("ExpiredCode", "Your software token has already been used once.")
INVALID = ("NotAuthorized", "Invalid session for the user.")


@pytest.fixture
def person(own: PoolFactory) -> Person:
    own.server.clock.freeze()
    return new_person(own)


@pytest.fixture
def enrolled(person: Person) -> Person:
    """With an app that every sign-in asks for."""
    person.enrol(person.token())
    person.prefer(SoftwareTokenMfaSettings=FIRST)
    person.server.clock.advance(seconds=30)
    return person


def test_a_user_sets_an_app_up_and_signs_in_with_it(person: Person) -> None:
    """Parameters recorded."""
    person.enrol(person.token(), FriendlyDeviceName="Phone")
    person.prefer(SoftwareTokenMfaSettings=FIRST)
    asked = person.begin()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert asked["ChallengeParameters"] == {"FRIENDLY_DEVICE_NAME": "Phone", "USER_ID_FOR_SRP": "ada"}
    tokens = person.answer(asked["Session"], person.next_code())["AuthenticationResult"]
    user = person.idp.get_user(AccessToken=tokens["AccessToken"])
    assert user["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"


def test_where_mfa_is_required_the_app_is_set_up_while_signing_in(person: Person) -> None:
    """Parameters recorded (aws-amplify/amplify-js#6461)."""
    person.require("ON", **TOTP)
    asked = person.begin()
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert asked["ChallengeParameters"] == {
        "MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]',
        "USER_ID_FOR_SRP": "ada",
    }
    assert person.finish_set_up(person.set_up(asked["Session"]))["AuthenticationResult"]["IdToken"]
    again = person.begin()
    assert again["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert person.answer(again["Session"], person.next_code())["AuthenticationResult"]["IdToken"]


def test_a_temporary_password_is_replaced_before_the_app_is_set_up(own: PoolFactory) -> None:
    """Documented in "TOTP software token MFA", considerations."""
    person = new_person(own, "ON")
    person.idp.admin_create_user(
        UserPoolId=person.pool_id, Username="eve", MessageAction="SUPPRESS", TemporaryPassword="Temp-Horse-8"
    )
    eve = Person(own.server, person.pool_id, person.client_id, "eve")
    asked = attempt(eve.idp, eve.client_id, "eve", "Temp-Horse-8")
    asked = eve.idp.respond_to_auth_challenge(
        ClientId=eve.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "eve", "NEW_PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert eve.finish_set_up(eve.set_up(asked["Session"]))["AuthenticationResult"]["AccessToken"]


def test_an_app_that_is_verified_but_not_turned_on_is_not_asked_for_where_mfa_is_optional(
    person: Person,
) -> None:
    """Documented in "User MFA preferences", and as moto and Amplify have it."""
    person.enrol(person.token())
    assert person.shown() == {}
    assert "AuthenticationResult" in person.begin()


def test_a_new_app_takes_the_place_of_the_old_when_it_is_verified(enrolled: Person) -> None:
    """Documented in "Remove the TOTP token"."""
    token = enrolled.answer(enrolled.begin()["Session"], enrolled.code())["AuthenticationResult"][
        "AccessToken"
    ]
    old = enrolled.app
    new = pyotp.TOTP(enrolled.idp.associate_software_token(AccessToken=token)["SecretCode"])
    assert enrolled.answer(enrolled.begin()["Session"], enrolled.next_code())["AuthenticationResult"]
    now = enrolled.server.clock() // 1000
    enrolled.idp.verify_software_token(AccessToken=token, UserCode=new.at(now))
    enrolled.server.clock.advance(seconds=30)
    session = enrolled.begin()["Session"]
    assert refusal(enrolled.answer, session, old.at(now + 30)) == MISMATCH
    assert enrolled.answer(session, new.at(now + 30))["AuthenticationResult"]


@pytest.mark.parametrize("steps", [-2, 2])
def test_case_43_a_code_of_another_time_is_refused(enrolled: Person, steps: int) -> None:
    """A6.5.5: the server's time, one step to either side; recorded text."""
    enrolled.server.clock.advance(minutes=5)
    assert refusal(enrolled.answer, enrolled.begin()["Session"], enrolled.code(steps=steps)) == MISMATCH


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_case_43_a_code_of_a_neighbouring_step_is_good(enrolled: Person, steps: int) -> None:
    enrolled.server.clock.advance(minutes=5)
    assert enrolled.answer(enrolled.begin()["Session"], enrolled.code(steps=steps))["AuthenticationResult"]


def test_case_42_a_code_is_good_once_also_in_another_session(enrolled: Person) -> None:
    """Recorded text."""
    first, second = enrolled.begin(), enrolled.begin()
    assert enrolled.answer(first["Session"], enrolled.code())["AuthenticationResult"]
    assert refusal(enrolled.answer, second["Session"], enrolled.code()) == USED
    assert refusal(enrolled.answer, second["Session"], enrolled.code(steps=-1)) == USED
    assert enrolled.answer(second["Session"], enrolled.next_code())["AuthenticationResult"]


def test_case_42_the_code_that_verified_the_app_signs_nobody_in(person: Person) -> None:
    person.enrol(person.token())
    person.prefer(SoftwareTokenMfaSettings=FIRST)
    assert refusal(person.answer, person.begin()["Session"], person.code()) == USED


def test_case_42_of_50_uses_of_one_code_in_as_many_sessions_one_signs_in(enrolled: Person) -> None:
    """RFC 6238 5.2, A6.5.1."""
    sessions = [enrolled.begin()["Session"] for _ in range(50)]
    code = enrolled.code()
    results = at_once(lambda number: outcome(enrolled.answer, sessions[number], code), 50)
    assert results.count("ok") == 1
    assert set(results) <= {"ok", USED[1], "Password attempts exceeded"}


def test_case_44_of_50_right_answers_in_one_session_one_signs_in(enrolled: Person) -> None:
    """A6.6.2: a `Session` is used once."""
    session, code = enrolled.begin()["Session"], enrolled.code()
    results = at_once(lambda _: outcome(enrolled.answer, session, code), 50)
    assert results.count("ok") == 1


def test_case_41_one_session_takes_five_codes_of_50_at_once(enrolled: Person) -> None:
    """A6.6.3, Zitadel CVE-2024-32868: five tries a challenge, and the user's lock besides."""
    session, wrong = enrolled.begin()["Session"], enrolled.wrong()
    results = at_once(lambda _: outcome(enrolled.answer, session, wrong), 50)
    assert results.count(MISMATCH[1]) <= 5
    assert "ok" not in results
    enrolled.server.clock.advance(minutes=1)
    assert refusal(enrolled.answer, session, enrolled.code()) == INVALID


def test_case_41_wrong_codes_lock_across_sessions_and_a_right_password_changes_nothing(
    enrolled: Person,
) -> None:
    """Zitadel CVE-2025-64102; documented: five failures, then the lock of failed passwords."""
    sessions, wrong = [enrolled.begin()["Session"] for _ in range(50)], enrolled.wrong()
    results = at_once(lambda number: outcome(enrolled.answer, sessions[number], wrong), 50)
    assert results.count(MISMATCH[1]) <= 5
    later = enrolled.begin()["Session"]
    assert refusal(enrolled.answer, later, enrolled.code()) == ("NotAuthorized", "Password attempts exceeded")
    enrolled.server.clock.advance(seconds=30)
    assert enrolled.answer(enrolled.begin()["Session"], enrolled.code())["AuthenticationResult"]


def test_case_44_a_session_is_good_for_its_user_client_pool_and_challenge(
    own: PoolFactory, enrolled: Person
) -> None:
    """authentik ATH-01-014."""
    session, code = enrolled.begin()["Session"], enrolled.code()
    eve = enrolled.beside("eve", own)
    assert refusal(eve.answer, session, code) == INVALID
    other_client = own.client(enrolled.pool_id)["ClientId"]
    other_pool = new_person(own)
    for client_id in (other_client, other_pool.client_id):
        stranger = Person(enrolled.server, "", client_id, "ada", enrolled.app)
        assert refusal(stranger.answer, session, code) == INVALID
    for challenge in ("SMS_MFA", "EMAIL_OTP"):
        assert refusal(enrolled.answer, session, code, challenge) == INVALID
    assert refusal(enrolled.finish_set_up, session) == INVALID
    assert enrolled.answer(session, code)["AuthenticationResult"]


def test_a_session_ends_with_its_time(enrolled: Person) -> None:
    """Recorded text; AuthSessionValidity is three minutes by default."""
    session = enrolled.begin()["Session"]
    enrolled.server.clock.advance(minutes=3)
    assert refusal(enrolled.answer, session, enrolled.code()) == (
        "NotAuthorized",
        "Invalid session for the user, session is expired.",
    )


def test_an_answer_without_a_code_uses_nothing_up(enrolled: Person) -> None:
    session = enrolled.begin()["Session"]
    assert refusal(enrolled.answer, session, "") == (
        "InvalidParameter",
        "Missing required parameter SOFTWARE_TOKEN_MFA_CODE",
    )
    assert enrolled.answer(session, enrolled.code())["AuthenticationResult"]


def test_case_48_a_code_does_not_complete_a_password_that_was_changed_meanwhile(enrolled: Person) -> None:
    session = enrolled.begin()["Session"]
    enrolled.server.clock.advance(ms=1)
    enrolled.change_password()
    assert refusal(enrolled.answer, session, enrolled.code()) == INVALID
    assert enrolled.answer(enrolled.begin()["Session"], enrolled.code())["AuthenticationResult"]


# Several factors


def test_of_several_factors_the_user_picks_one(own: PoolFactory) -> None:
    """Parameters recorded."""
    person = new_person(
        own, factors={**TOTP, **SMS, **EMAIL}, phone_number="+15550100", email="ada@example.com"
    )
    person.enrol(person.token())
    person.prefer(SoftwareTokenMfaSettings=ON, SMSMfaSettings=ON)
    asked = person.begin()
    assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
    assert asked["ChallengeParameters"] == {
        "MFAS_CAN_CHOOSE": '["SMS_MFA","SOFTWARE_TOKEN_MFA"]',
        "USER_ID_FOR_SRP": "ada",
    }
    for wrong in ("EMAIL_OTP", "EMAIL_MFA", "MFA_SETUP", "PASSWORD"):
        assert refusal(pick, person, asked["Session"], wrong)[0] == "InvalidParameter"
    then = pick(person, asked["Session"], "SOFTWARE_TOKEN_MFA")
    assert then["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert refusal(pick, person, asked["Session"], "SMS_MFA") == INVALID
    assert person.answer(then["Session"], person.next_code())["AuthenticationResult"]


def pick(person: Person, session: str, name: str) -> Any:
    return person.idp.respond_to_auth_challenge(
        ClientId=person.client_id,
        ChallengeName="SELECT_MFA_TYPE",
        Session=session,
        ChallengeResponses={"USERNAME": person.name, "ANSWER": name},
    )
