"""Second factors by SMS and e-mail, and e-mail codes as a first factor."""

from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, attributes_of, outcome, refusal, sign_in
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, FIRST, ON, SENDER, SMS, TOTP, Person, new_person
from tests.outbox import code_to, messages_to, newest_to, wrong

NUMBER, ADDRESS = "+15550101234", "ada@example.com"
MISMATCH = ("CodeMismatch", "Invalid code received for user")
INVALID = ("NotAuthorized", "Invalid session for the user.")


@pytest.fixture
def person(own: PoolFactory) -> Person:
    """With a number and an address, of a pool that insists on SMS."""
    own.server.clock.freeze()
    return new_person(own, "ON", factors=SMS, phone_number=NUMBER, email=ADDRESS)


def attributes_now(person: Person) -> dict[str, str]:
    return attributes_of(person.idp.admin_get_user(UserPoolId=person.pool_id, Username=person.name))


def test_a_code_by_sms_signs_in_and_verifies_the_number(person: Person) -> None:
    """Parameters recorded; that the number is verified is documented in "Adding MFA to a user pool"."""
    asked = person.begin()
    assert asked["ChallengeName"] == "SMS_MFA"
    assert asked["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
        "CODE_DELIVERY_DESTINATION": "+*******1234",
        "USER_ID_FOR_SRP": "ada",
    }
    message = newest_to(person.server.url, NUMBER)
    assert message["body"] == f"Your authentication code is {message['code']}."
    assert "phone_number_verified" not in attributes_now(person)
    assert person.answer(asked["Session"], message["code"], "SMS_MFA")["AuthenticationResult"]
    assert attributes_now(person)["phone_number_verified"] == "true"


def test_a_code_by_email_signs_in_and_verifies_the_address(person: Person) -> None:
    """Parameters as documented for EMAIL_OTP, with the name as recorded for SMS_MFA."""
    person.require("ON", EmailMfaConfiguration={"Subject": "In", "Message": "<p>{####}</p>"})
    asked = person.begin()
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert asked["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
        "CODE_DELIVERY_DESTINATION": "a***@e***",
        "USER_ID_FOR_SRP": "ada",
    }
    message = newest_to(person.server.url, ADDRESS)
    assert (message["subject"], message["body"]) == ("In", f"<p>{message['code']}</p>")
    assert person.answer(asked["Session"], message["code"], "EMAIL_OTP")["AuthenticationResult"]
    assert attributes_now(person)["email_verified"] == "true"


def test_the_pools_own_sms_is_sent(person: Person) -> None:
    settings = {"SmsConfiguration": SENDER, "SmsAuthenticationMessage": "{####} it is"}
    person.require("ON", SmsMfaConfiguration=settings)
    person.begin()
    message = newest_to(person.server.url, NUMBER)
    assert message["body"] == f"{message['code']} it is"


def test_an_address_that_another_user_is_found_by_stays_unverified(own: PoolFactory) -> None:
    """The sign-in is theirs all the same; the alias stays whose it is."""
    pool_id = own.pool(AliasAttributes=["phone_number"])
    own.user(pool_id, "first", phone_number=NUMBER, phone_number_verified="true")
    own.user(pool_id, "ada", phone_number=NUMBER)
    ada = Person(own.server, pool_id, own.client(pool_id)["ClientId"])
    ada.require("ON", **SMS)
    session = ada.begin()["Session"]
    assert ada.answer(session, code_to(own.server.url, NUMBER), "SMS_MFA")["AuthenticationResult"]
    assert attributes_now(ada).get("phone_number_verified") != "true"


def test_a_wrong_code_may_be_corrected(person: Person) -> None:
    """Recorded text."""
    session, code = person.begin()["Session"], code_to(person.server.url, NUMBER)
    assert refusal(person.answer, session, wrong(code), "SMS_MFA") == MISMATCH
    assert refusal(person.answer, session, "٣" * 6, "SMS_MFA") == MISMATCH
    assert person.answer(session, code, "SMS_MFA")["AuthenticationResult"]
    assert refusal(person.answer, session, code, "SMS_MFA") == INVALID


def test_case_41_one_challenge_takes_five_codes_of_50_at_once(person: Person) -> None:
    """A6.6.3."""
    session, code = person.begin()["Session"], code_to(person.server.url, NUMBER)
    results = at_once(lambda _: outcome(person.answer, session, wrong(code), "SMS_MFA"), 50)
    assert results.count(MISMATCH[1]) <= 5
    person.server.clock.advance(minutes=2)
    assert refusal(person.answer, session, code, "SMS_MFA") == INVALID


def test_case_41_new_codes_bring_no_new_guesses(person: Person) -> None:
    """Zitadel CVE-2025-64102: guesses are counted by user as well."""
    sessions = [person.begin()["Session"] for _ in range(6)]
    code = code_to(person.server.url, NUMBER)
    results = [outcome(person.answer, session, wrong(code), "SMS_MFA") for session in sessions]
    assert results == [MISMATCH[1]] * 5 + ["Password attempts exceeded"]
    assert refusal(person.answer, sessions[-1], code, "SMS_MFA")[1] == "Password attempts exceeded"


def test_case_44_of_50_right_answers_one_signs_in(person: Person) -> None:
    session, code = person.begin()["Session"], code_to(person.server.url, NUMBER)
    results = at_once(lambda _: outcome(person.answer, session, code, "SMS_MFA"), 50)
    assert results.count("ok") == 1


def test_case_44_a_code_is_good_in_its_own_session_only(own: PoolFactory, person: Person) -> None:
    """A6.6.2: neither in a later challenge, nor for another user, nor under another challenge's name."""
    first, code = person.begin()["Session"], code_to(person.server.url, NUMBER)
    second = person.begin()["Session"]
    if code_to(person.server.url, NUMBER) != code:
        assert refusal(person.answer, second, code, "SMS_MFA") == MISMATCH
    eve = person.beside("eve", own)
    assert refusal(eve.answer, first, code, "SMS_MFA") == INVALID
    for name in ("SMS_OTP", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"):
        assert refusal(person.answer, first, code, name) == INVALID
    assert person.answer(first, code, "SMS_MFA")["AuthenticationResult"]


def test_a_code_sent_to_an_old_number_is_good_no_more(person: Person) -> None:
    session, code = person.begin()["Session"], code_to(person.server.url, NUMBER)
    person.idp.admin_update_user_attributes(
        UserPoolId=person.pool_id,
        Username="ada",
        UserAttributes=[{"Name": "phone_number", "Value": "+15550109999"}],
    )
    assert refusal(person.answer, session, code, "SMS_MFA") == MISMATCH


def test_case_48_a_code_does_not_complete_a_password_that_was_changed_meanwhile(person: Person) -> None:
    session, code = person.begin()["Session"], code_to(person.server.url, NUMBER)
    person.server.clock.advance(ms=1)
    person.idp.admin_set_user_password(
        UserPoolId=person.pool_id, Username="ada", Password=PASSWORD, Permanent=True
    )
    assert refusal(person.answer, session, code, "SMS_MFA") == INVALID


def test_a_code_ends_with_its_session(person: Person) -> None:
    """Documented: an MFA code is good for AuthSessionValidity; recorded text."""
    session, code = person.begin()["Session"], code_to(person.server.url, NUMBER)
    person.server.clock.advance(minutes=3)
    assert refusal(person.answer, session, code, "SMS_MFA") == (
        "NotAuthorized",
        "Invalid session for the user, session is expired.",
    )


def test_case_81_nobody_is_flooded_with_codes(person: Person) -> None:
    """The text is that of other limits."""
    results = at_once(lambda _: outcome(person.begin), 50)
    assert results.count("ok") == 20
    assert set(results) == {"ok", "Attempt limit exceeded, please try after some time."}
    assert len(messages_to(person.server.url, NUMBER)) == 20
    person.server.clock.advance(hours=1)
    assert person.begin()["ChallengeName"] == "SMS_MFA"


def test_where_both_are_offered_the_user_picks_one(person: Person) -> None:
    """Documented: with self-service recovery off either can be used, and neither is preferred."""
    person.require("ON", **SMS, **EMAIL)
    asked = person.begin()
    assert asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"] == '["SMS_MFA","EMAIL_OTP"]'
    then = person.idp.respond_to_auth_challenge(
        ClientId=person.client_id,
        ChallengeName="SELECT_MFA_TYPE",
        Session=asked["Session"],
        # RespondToAuthChallenge's documentation has this name, too.
        ChallengeResponses={"USERNAME": "ada", "ANSWER": "EMAIL_MFA"},
    )
    assert then["ChallengeName"] == "EMAIL_OTP"
    assert person.answer(then["Session"], code_to(person.server.url, ADDRESS), "EMAIL_OTP")[
        "AuthenticationResult"
    ]


def test_who_has_no_way_to_a_factor_does_not_sign_in(own: PoolFactory) -> None:
    """Documented as an error, step 6; its text is Cenote's own."""
    person = new_person(own, "ON", factors=SMS)
    asked = person.begin()
    assert asked["ChallengeParameters"]["MFAS_CAN_SETUP"] == '["SMS_MFA"]'
    assert refusal(person.finish_set_up, asked["Session"])[0] == "InvalidParameter"


# What removes a factor, and what does not


@pytest.mark.parametrize("by", ["administrator", "user"])
def test_removing_the_number_turns_its_factor_off(own: PoolFactory, by: str) -> None:
    person = new_person(own, factors={**SMS, **EMAIL}, phone_number=NUMBER, email=ADDRESS)
    token = sign_in(person.idp, person.client_id, "ada")["AccessToken"]
    person.prefer(SMSMfaSettings=FIRST, EmailMfaSettings=ON)
    if by == "user":
        person.idp.delete_user_attributes(AccessToken=token, UserAttributeNames=["phone_number"])
    else:
        person.idp.admin_delete_user_attributes(
            UserPoolId=person.pool_id, Username="ada", UserAttributeNames=["phone_number"]
        )
    assert person.shown() == {"UserMFASettingList": ["EMAIL_OTP"]}
    assert person.begin()["ChallengeName"] == "EMAIL_OTP"


def test_case_57_a_user_made_again_has_no_factor_of_the_old_one(own: PoolFactory) -> None:
    person = new_person(own, factors=SMS, phone_number=NUMBER)
    person.prefer(SMSMfaSettings=FIRST)
    person.idp.admin_delete_user(UserPoolId=person.pool_id, Username="ada")
    own.user(person.pool_id, "ada", phone_number=NUMBER)
    assert person.shown() == {}
    assert "AuthenticationResult" in person.begin()


def test_case_48_a_reset_password_keeps_the_second_factor(own: PoolFactory) -> None:
    """A6.4.3, Keycloak CVE-2026-18963: by code and by an administrator alike."""
    person = new_person(own, factors={**TOTP}, email=ADDRESS, email_verified="true")
    person.enrol(sign_in(person.idp, person.client_id, "ada")["AccessToken"])
    person.prefer(SoftwareTokenMfaSettings=FIRST)
    idp = person.idp
    idp.forgot_password(ClientId=person.client_id, Username="ada")
    idp.confirm_forgot_password(
        ClientId=person.client_id,
        Username="ada",
        ConfirmationCode=code_to(own.server.url, ADDRESS),
        Password=PASSWORD,
    )
    asked = person.begin()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert person.answer(asked["Session"], person.next_code())["AuthenticationResult"]
    idp.admin_set_user_password(UserPoolId=person.pool_id, Username="ada", Password=PASSWORD, Permanent=True)
    assert person.begin()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_case_48_a_reset_code_does_not_come_the_way_of_the_second_factor(own: PoolFactory) -> None:
    """Documented: with AccountRecoverySetting, SMS is no way back for who has it as second factor."""
    ways = [{"Priority": 1, "Name": "verified_phone_number"}, {"Priority": 2, "Name": "verified_email"}]
    pool_id = own.pool(AccountRecoverySetting={"RecoveryMechanisms": ways})
    verified = {"phone_number_verified": "true", "email_verified": "true"}
    own.user(pool_id, "ada", phone_number=NUMBER, email=ADDRESS, **verified)
    person = Person(own.server, pool_id, own.client(pool_id)["ClientId"])
    person.require("OPTIONAL", **SMS)

    def medium() -> Any:
        answer = person.idp.forgot_password(ClientId=person.client_id, Username="ada")
        return answer["CodeDeliveryDetails"]["DeliveryMedium"]

    assert medium() == "SMS"
    person.prefer(SMSMfaSettings=FIRST)
    assert medium() == "EMAIL"
    person.idp.admin_reset_user_password(UserPoolId=pool_id, Username="ada")
    assert newest_to(own.server.url, ADDRESS)["code"]


# As a first factor


def chosen(person: Person, name: str) -> Any:
    return person.idp.initiate_auth(
        ClientId=person.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )


@pytest.fixture
def choosing(own: PoolFactory) -> Person:
    """Of a pool where a code by e-mail is enough."""
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool_id = own.pool(Policies=factors, AutoVerifiedAttributes=["email"])
    own.user(pool_id, "ada", email=ADDRESS, email_verified="true")
    flows = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client_id = own.client(pool_id, ExplicitAuthFlows=flows, PreventUserExistenceErrors="ENABLED")["ClientId"]
    own.server.clock.freeze()
    return Person(own.server, pool_id, client_id)


def test_a_code_by_email_is_a_first_factor_of_its_own(choosing: Person) -> None:
    """Parameters as in AWS's example of InitiateAuth with EMAIL_OTP (documented)."""
    asked = chosen(choosing, "ada")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert asked["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
        "CODE_DELIVERY_DESTINATION": "a***@e***",
    }
    code = code_to(choosing.server.url, ADDRESS)
    assert refusal(choosing.answer, asked["Session"], wrong(code), "EMAIL_OTP") == MISMATCH
    assert choosing.answer(asked["Session"], code, "EMAIL_OTP")["AuthenticationResult"]


def test_case_37_a_name_that_nobody_has_is_asked_for_a_code_all_the_same(choosing: Person) -> None:
    """A6.3.8: the same answers in the same order, to the lock, and no message to anybody."""
    asked = {name: chosen(choosing, name) for name in ("ada", "nobody")}
    shown = {name: answer["ChallengeParameters"] for name, answer in asked.items()}
    assert shown["ada"].keys() == shown["nobody"].keys()
    assert shown["nobody"] == chosen(choosing, "nobody")["ChallengeParameters"]
    results = {}
    for name, answer in asked.items():
        person = Person(choosing.server, choosing.pool_id, choosing.client_id, name)
        session = answer["Session"]
        results[name] = [refusal(person.answer, session, "x12345", "EMAIL_OTP") for _ in range(7)]
    assert results["ada"] == results["nobody"]
    assert results["ada"][0] == MISMATCH
    assert results["ada"][-1] == INVALID
    assert len(messages_to(choosing.server.url, ADDRESS)) == 1
