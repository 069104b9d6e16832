"""Authenticator apps, from their set-up to the sign-in."""

from typing import Any

import pyotp
import pytest
from tests.calls import PASSWORD, at_once, attempt, outcome, refusal, sign_in
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, FIRST, ON, SMS, TOTP, Person, new_person

MISMATCH = ("CodeMismatch", "Invalid code received for user")
USED = ("ExpiredCode", "Your software token has already been used once.")
INVALID = ("NotAuthorized", "Invalid session for the user.")
SET_UP_MISMATCH = ("EnableSoftwareTokenMFA", "Code mismatch and fail enable Software Token MFA")
NOT_OFFERED = (
    "SoftwareTokenMFANotFound",
    "Software Token MFA has not been enabled by the userPool.",
)


@pytest.fixture
def person(own: PoolFactory) -> Person:
    own.server.clock.freeze()
    return new_person(own)


@pytest.fixture
def enrolled(person: Person) -> Person:
    """With an app that every sign-in asks for."""
    person.enrol(token_of(person))
    person.prefer(SoftwareTokenMfaSettings=FIRST)
    person.server.clock.advance(seconds=30)
    return person


def token_of(person: Person) -> str:
    return str(sign_in(person.idp, person.client_id, person.name)["AccessToken"])


def test_a_user_sets_an_app_up_and_signs_in_with_it(person: Person) -> None:
    """Parameters recorded."""
    person.enrol(token_of(person), FriendlyDeviceName="Phone")
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
    person.enrol(token_of(person))
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
    person.enrol(token_of(person))
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


# Setting up


def test_a_wrong_code_verifies_no_app(person: Person) -> None:
    """Recorded text."""
    token = token_of(person)
    person.app = pyotp.TOTP(person.idp.associate_software_token(AccessToken=token)["SecretCode"])
    verify = person.idp.verify_software_token
    assert refusal(verify, AccessToken=token, UserCode=person.wrong()) == SET_UP_MISMATCH
    assert verify(AccessToken=token, UserCode=person.code())["Status"] == "SUCCESS"


def test_codes_are_not_tried_out_on_a_waiting_app_forever(person: Person) -> None:
    token = token_of(person)
    person.app = pyotp.TOTP(person.idp.associate_software_token(AccessToken=token)["SecretCode"])
    verify, wrong = person.idp.verify_software_token, person.wrong()
    results = at_once(lambda _: outcome(verify, AccessToken=token, UserCode=wrong), 50)
    assert results.count(SET_UP_MISMATCH[1]) <= 5
    assert results.count("Password attempts exceeded") >= 45


def test_nothing_is_verified_that_was_not_set_up(person: Person) -> None:
    assert refusal(person.idp.verify_software_token, AccessToken=token_of(person), UserCode="123456") == (
        "SoftwareTokenMFANotFound",
        "Software Token MFA does not exist for the user.",
    )


def test_a_pool_without_apps_sets_none_up(own: PoolFactory) -> None:
    """Documented text."""
    person = new_person(own, factors=SMS)
    token = token_of(person)
    assert refusal(person.idp.associate_software_token, AccessToken=token) == NOT_OFFERED
    assert refusal(person.idp.verify_software_token, AccessToken=token, UserCode="123456") == NOT_OFFERED


def test_one_of_access_token_and_session_is_needed(person: Person) -> None:
    """Documented at VerifySoftwareToken; text assumed."""
    token = token_of(person)
    for given in ({}, {"AccessToken": token, "Session": "s" * 20}):
        code, _ = refusal(person.idp.associate_software_token, **given)
        assert code == "InvalidParameter"
        code, _ = refusal(person.idp.verify_software_token, UserCode="123456", **given)
        assert code == "InvalidParameter"


def test_a_forged_token_or_session_sets_nothing_up(person: Person) -> None:
    for given in ({"AccessToken": "a.b.c"}, {"Session": "s" * 20}, {"Session": "s" * 20 + ".AAAA"}):
        assert refusal(person.idp.associate_software_token, **given)[0] == "NotAuthorized"
        assert refusal(person.idp.verify_software_token, UserCode="123456", **given)[0] == "NotAuthorized"


def test_a_deleted_users_token_sets_nothing_up(person: Person) -> None:
    token = token_of(person)
    person.idp.admin_delete_user(UserPoolId=person.pool_id, Username="ada")
    assert refusal(person.idp.associate_software_token, AccessToken=token)[0] == "NotAuthorized"


def test_an_administrator_deletes_an_app_and_the_next_sign_in_sets_up_another(person: Person) -> None:
    """Documented at AdminDeleteSoftwareToken."""
    person.require("ON", **TOTP)
    person.finish_set_up(person.set_up(person.begin()["Session"]))
    delete = person.idp.admin_delete_software_token
    session = person.begin()["Session"]
    delete(UserPoolId=person.pool_id, Username="ada")
    assert person.shown() == {}
    assert refusal(person.answer, session, person.next_code()) == (
        "SoftwareTokenMFANotFound",
        "Software Token MFA does not exist for the user.",
    )
    assert person.begin()["ChallengeName"] == "MFA_SETUP"
    delete(UserPoolId=person.pool_id, Username="ada")
    assert refusal(delete, UserPoolId=person.pool_id, Username="nobody")[0] == "UserNotFound"
    assert refusal(delete, UserPoolId="eu-central-1_nonenone", Username="ada")[0] == "ResourceNotFound"


# Case 45: no way around


def test_case_45_a_set_up_is_not_answered_before_an_app_is_verified(person: Person) -> None:
    """Zitadel CVE-2025-64103."""
    person.require("ON", **TOTP)
    session = person.begin()["Session"]
    missing = ("InvalidParameter", "User has not set up software token mfa")
    assert refusal(person.finish_set_up, session) == missing
    offered = person.idp.associate_software_token(Session=session)
    assert refusal(person.finish_set_up, offered["Session"]) == missing
    assert refusal(person.finish_set_up, offered["Session"].partition(".")[0]) == INVALID


def test_case_45_a_password_alone_replaces_no_app(person: Person) -> None:
    """Sessions of MFA_SETUP from before the user had an app, and from another's sign-in, set no second one up."""
    person.require("ON", **TOTP)
    early = [person.begin()["Session"] for _ in range(3)]
    offered = person.idp.associate_software_token(Session=early[0])
    person.finish_set_up(person.set_up(early[1]))
    assert refusal(person.idp.associate_software_token, Session=early[2]) == INVALID
    thief = pyotp.TOTP(offered["SecretCode"]).at(person.server.clock() // 1000)
    assert refusal(person.idp.verify_software_token, Session=offered["Session"], UserCode=thief) == INVALID
    assert person.answer(person.begin()["Session"], person.next_code())["AuthenticationResult"]


def test_case_45_of_50_set_ups_at_once_one_gives_the_user_an_app(person: Person) -> None:
    person.require("ON", **TOTP)
    offers = [person.idp.associate_software_token(Session=person.begin()["Session"]) for _ in range(50)]
    now = person.server.clock() // 1000
    codes = [pyotp.TOTP(offer["SecretCode"]).at(now) for offer in offers]

    def verify(number: int) -> str:
        call = person.idp.verify_software_token
        return outcome(call, Session=offers[number]["Session"], UserCode=codes[number])

    assert at_once(verify, 50).count("ok") == 1


def test_case_45_a_session_that_set_an_app_up_ends_when_the_app_goes(person: Person) -> None:
    person.require("ON", **TOTP)
    session = person.set_up(person.begin()["Session"])
    person.idp.admin_delete_software_token(UserPoolId=person.pool_id, Username="ada")
    assert refusal(person.finish_set_up, session) == INVALID


def test_case_45_no_session_of_another_step_or_user_sets_an_app_up(
    own: PoolFactory, enrolled: Person
) -> None:
    session = enrolled.begin()["Session"]
    assert refusal(enrolled.idp.associate_software_token, Session=session)[0] == "NotAuthorized"
    enrolled.require("ON", **TOTP)
    eve = enrolled.beside("eve", own)
    done = eve.set_up(eve.begin()["Session"])
    assert refusal(enrolled.finish_set_up, done) == INVALID


def test_a_set_up_takes_five_wrong_codes(person: Person) -> None:
    person.require("ON", **TOTP)
    offered = person.idp.associate_software_token(Session=person.begin()["Session"])
    person.app = pyotp.TOTP(offered["SecretCode"])
    wrong, verify = person.wrong(), person.idp.verify_software_token
    results = at_once(lambda _: outcome(verify, Session=offered["Session"], UserCode=wrong), 50)
    assert results.count(SET_UP_MISMATCH[1]) == 5
    assert refusal(verify, Session=offered["Session"], UserCode=person.code()) == INVALID


def test_a_disabled_user_sets_nothing_up(person: Person) -> None:
    person.require("ON", **TOTP)
    session = person.begin()["Session"]
    person.idp.admin_disable_user(UserPoolId=person.pool_id, Username="ada")
    assert refusal(person.idp.associate_software_token, Session=session) == INVALID


def test_case_48_who_knew_the_old_password_only_sets_no_app_up_once_it_is_changed(person: Person) -> None:
    """A6.4.3: a sign-in that rests on the old password ends with it, at every step."""
    person.require("ON", **TOTP)
    early = person.begin()["Session"]
    offered = person.idp.associate_software_token(Session=person.begin()["Session"])
    person.server.clock.advance(ms=1)
    change_password(person)
    code = pyotp.TOTP(offered["SecretCode"]).at(person.server.clock() // 1000)
    assert refusal(person.idp.associate_software_token, Session=early) == INVALID
    assert refusal(person.idp.verify_software_token, Session=offered["Session"], UserCode=code) == INVALID


def test_case_48_a_set_up_that_was_finished_answers_nothing_once_the_password_is_changed(
    person: Person,
) -> None:
    person.require("ON", **TOTP)
    session = person.set_up(person.begin()["Session"])
    person.server.clock.advance(ms=1)
    change_password(person)
    assert refusal(person.finish_set_up, session) == INVALID


def test_case_48_a_code_does_not_complete_a_password_that_was_changed_meanwhile(enrolled: Person) -> None:
    session = enrolled.begin()["Session"]
    enrolled.server.clock.advance(ms=1)
    change_password(enrolled)
    assert refusal(enrolled.answer, session, enrolled.code()) == INVALID
    assert enrolled.answer(enrolled.begin()["Session"], enrolled.code())["AuthenticationResult"]


def change_password(person: Person) -> None:
    person.idp.admin_set_user_password(
        UserPoolId=person.pool_id, Username=person.name, Password=PASSWORD, Permanent=True
    )


# Several factors


def test_of_several_factors_the_user_picks_one(own: PoolFactory) -> None:
    """Parameters recorded."""
    person = new_person(
        own, factors={**TOTP, **SMS, **EMAIL}, phone_number="+15550100", email="ada@example.com"
    )
    person.enrol(token_of(person))
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
