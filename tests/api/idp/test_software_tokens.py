"""Authenticator apps set up and deleted, and no way around the one that a user has. Texts are recorded."""

import pyotp
import pytest
from tests.calls import at_once, outcome, refusal
from tests.conftest import PoolFactory
from tests.mfa import FIRST, SMS, TOTP, Person, new_person

INVALID = ("NotAuthorized", "Invalid session for the user.")
SET_UP_MISMATCH = ("EnableSoftwareTokenMFA", "Code mismatch and fail enable Software Token MFA")
NOT_OFFERED = ("SoftwareTokenMFANotFound", "Software Token MFA has not been enabled by the userPool.")


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


def test_a_wrong_code_verifies_no_app(person: Person) -> None:
    """Recorded text."""
    token = person.token()
    person.app = pyotp.TOTP(person.idp.associate_software_token(AccessToken=token)["SecretCode"])
    verify = person.idp.verify_software_token
    assert refusal(verify, AccessToken=token, UserCode=person.wrong()) == SET_UP_MISMATCH
    assert verify(AccessToken=token, UserCode=person.code())["Status"] == "SUCCESS"


def test_case_47_of_50_right_codes_at_once_one_verifies_the_app(person: Person) -> None:
    token = person.token()
    person.app = pyotp.TOTP(person.idp.associate_software_token(AccessToken=token)["SecretCode"])
    verify, code = person.idp.verify_software_token, person.code()
    results = at_once(lambda _: outcome(verify, AccessToken=token, UserCode=code), 50)
    assert results.count("ok") == 1
    assert outcome(verify, AccessToken=token, UserCode=code) != "ok"


def test_codes_are_not_tried_out_on_a_waiting_app_forever(person: Person) -> None:
    token = person.token()
    person.app = pyotp.TOTP(person.idp.associate_software_token(AccessToken=token)["SecretCode"])
    verify, wrong = person.idp.verify_software_token, person.wrong()
    results = at_once(lambda _: outcome(verify, AccessToken=token, UserCode=wrong), 50)
    assert results.count(SET_UP_MISMATCH[1]) <= 5
    assert results.count("Password attempts exceeded") >= 45


def test_nothing_is_verified_that_was_not_set_up(person: Person) -> None:
    assert refusal(person.idp.verify_software_token, AccessToken=person.token(), UserCode="123456") == (
        "SoftwareTokenMFANotFound",
        "Software Token MFA does not exist for the user.",
    )


def test_a_pool_without_apps_sets_none_up(own: PoolFactory) -> None:
    """Documented text."""
    person = new_person(own, factors=SMS)
    token = person.token()
    assert refusal(person.idp.associate_software_token, AccessToken=token) == NOT_OFFERED
    assert refusal(person.idp.verify_software_token, AccessToken=token, UserCode="123456") == NOT_OFFERED


def test_one_of_access_token_and_session_is_needed(person: Person) -> None:
    """Documented at VerifySoftwareToken; text assumed."""
    token = person.token()
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
    token = person.token()
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
    person.change_password()
    code = pyotp.TOTP(offered["SecretCode"]).at(person.server.clock() // 1000)
    assert refusal(person.idp.associate_software_token, Session=early) == INVALID
    assert refusal(person.idp.verify_software_token, Session=offered["Session"], UserCode=code) == INVALID


def test_case_48_a_set_up_that_was_finished_answers_nothing_once_the_password_is_changed(
    person: Person,
) -> None:
    person.require("ON", **TOTP)
    session = person.set_up(person.begin()["Session"])
    person.server.clock.advance(ms=1)
    person.change_password()
    assert refusal(person.finish_set_up, session) == INVALID
