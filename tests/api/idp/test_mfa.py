"""What pools offer and users prefer, as boto3 sees it. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import refusal, sign_in
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, FIRST, OFF, ON, SENDER, SMS, TOTP, Person, new_person

NUMBER, ADDRESS = "+15550101234", "ada@example.com"
UNDELIVERABLE = "User does not have delivery config set to turn on "
OPTION = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


def told(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# The pool's


def test_a_pools_mfa_is_off_until_it_is_configured_and_shown_as_it_was(idp: Any, make: PoolFactory) -> None:
    pool_id = make.pool()
    assert told(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == {"MfaConfiguration": "OFF"}
    wanted = {"MfaConfiguration": "OPTIONAL", **SMS, **TOTP, "EmailMfaConfiguration": {"Subject": "In"}}
    assert told(idp.set_user_pool_mfa_config(UserPoolId=pool_id, **wanted)) == wanted
    assert told(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == wanted
    pool = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert (pool["MfaConfiguration"], pool["SmsConfiguration"]) == ("OPTIONAL", SENDER)


def test_a_pools_mfa_is_turned_off_again(idp: Any, make: PoolFactory) -> None:
    pool_id = make.pool()
    idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="ON", **TOTP)
    assert told(idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OFF")) == {
        "MfaConfiguration": "OFF"
    }


def test_a_configuration_that_contradicts_itself_is_refused(idp: Any, make: PoolFactory) -> None:
    pool_id = make.pool()
    assert refusal(idp.set_user_pool_mfa_config, UserPoolId=pool_id, MfaConfiguration="OPTIONAL") == (
        "InvalidParameter",
        "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled.",
    )
    assert refusal(idp.set_user_pool_mfa_config, UserPoolId=pool_id, **TOTP) == (
        "InvalidParameter",
        "Invalid MFA configuration given, can't turn off MFA and configure an MFA together.",
    )


def test_email_codes_need_the_essentials_tier(idp: Any, make: PoolFactory) -> None:
    """Documented; text assumed."""
    pool_id = make.pool(UserPoolTier="LITE")
    refused = refusal(idp.set_user_pool_mfa_config, UserPoolId=pool_id, MfaConfiguration="ON", **EMAIL)
    assert refused[0] == "FeatureUnavailableInTier"


def test_the_mfa_of_an_unknown_pool_is_neither_told_nor_set(idp: Any) -> None:
    for call in (idp.get_user_pool_mfa_config, idp.set_user_pool_mfa_config):
        assert refusal(call, UserPoolId="eu-central-1_nonenone") == (
            "ResourceNotFound",
            "User pool eu-central-1_nonenone does not exist.",
        )


def test_a_pool_is_made_and_updated_with_mfa_by_sms(idp: Any, make: PoolFactory) -> None:
    """Documented at CreateUserPool."""
    pool_id = make.pool(MfaConfiguration="ON", SmsConfiguration=SENDER)
    assert told(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == {"MfaConfiguration": "ON", **SMS}
    idp.update_user_pool(UserPoolId=pool_id, MfaConfiguration="OPTIONAL", SmsConfiguration=SENDER)
    assert told(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == {"MfaConfiguration": "OPTIONAL", **SMS}
    without = (
        "InvalidParameter",
        "SMS configuration and Auto verification for phone_number are required when MFA is required/optional",
    )
    assert refusal(idp.create_user_pool, PoolName="p", MfaConfiguration="ON") == without
    assert refusal(idp.update_user_pool, UserPoolId=pool_id, MfaConfiguration="ON") == without


# The users'


@pytest.fixture
def person(make: PoolFactory) -> Person:
    return new_person(make, factors={**SMS, **TOTP, **EMAIL}, phone_number=NUMBER, email=ADDRESS)


def test_preferences_are_shown_to_administrators_and_the_user(person: Person) -> None:
    token = sign_in(person.idp, person.client_id, "ada")["AccessToken"]
    assert person.shown() == {}
    person.idp.set_user_mfa_preference(AccessToken=token, SMSMfaSettings=FIRST, EmailMfaSettings=ON)
    expected = {
        "MFAOptions": [OPTION],
        "PreferredMfaSetting": "SMS_MFA",
        "UserMFASettingList": ["SMS_MFA", "EMAIL_OTP"],
    }
    assert person.shown() == expected
    user = person.idp.get_user(AccessToken=token)
    assert {name: user[name] for name in expected} == expected
    person.prefer(SMSMfaSettings=OFF, EmailMfaSettings=FIRST)
    assert person.shown() == {"PreferredMfaSetting": "EMAIL_OTP", "UserMFASettingList": ["EMAIL_OTP"]}


def test_who_turned_everything_off_signs_in_by_password_alone(person: Person) -> None:
    person.prefer(SMSMfaSettings=FIRST)
    assert person.begin()["ChallengeName"] == "SMS_MFA"
    person.prefer(SMSMfaSettings=OFF)
    assert "AuthenticationResult" in person.begin()


def test_a_factor_that_the_user_has_not_is_not_turned_on(make: PoolFactory, person: Person) -> None:
    """Recorded (aws/aws-sdk-js-v3#4645) for an app; for SMS and e-mail by analogy."""
    token = sign_in(person.idp, person.client_id, "ada")["AccessToken"]
    assert refusal(person.idp.set_user_mfa_preference, AccessToken=token, SoftwareTokenMfaSettings=FIRST) == (
        "InvalidParameter",
        UNDELIVERABLE + "SOFTWARE_TOKEN_MFA",
    )
    bare = person.beside("bare", make)
    assert refusal(bare.prefer, SMSMfaSettings=ON) == ("InvalidParameter", UNDELIVERABLE + "SMS_MFA")
    assert refusal(bare.prefer, EmailMfaSettings=ON) == ("InvalidParameter", UNDELIVERABLE + "EMAIL_OTP")


def test_two_preferences_are_refused(person: Person) -> None:
    """Documented; text assumed."""
    assert refusal(person.prefer, SMSMfaSettings=FIRST, EmailMfaSettings=FIRST) == (
        "InvalidParameter",
        "Only one MFA factor can be set as preferred.",
    )
    assert person.shown() == {}


def test_where_mfa_is_required_the_last_factor_stays(person: Person) -> None:
    """Documented; text assumed."""
    person.prefer(SMSMfaSettings=FIRST)
    person.require("ON", **SMS)
    assert refusal(person.prefer, SMSMfaSettings=OFF)[0] == "InvalidParameter"
    assert person.begin()["ChallengeName"] == "SMS_MFA"


def test_the_older_settings_turn_sms_on_and_off(person: Person) -> None:
    token = sign_in(person.idp, person.client_id, "ada")["AccessToken"]
    person.idp.set_user_settings(AccessToken=token, MFAOptions=[OPTION])
    assert person.shown() == {"MFAOptions": [OPTION], "UserMFASettingList": ["SMS_MFA"]}
    person.idp.admin_set_user_settings(UserPoolId=person.pool_id, Username="ada", MFAOptions=[])
    assert person.shown() == {}
    wrong = [{"DeliveryMedium": "EMAIL", "AttributeName": "email"}]
    assert refusal(person.idp.set_user_settings, AccessToken=token, MFAOptions=wrong)[0] == "InvalidParameter"


def test_an_unknown_user_or_pool_has_no_preferences(person: Person) -> None:
    idp = person.idp
    calls: list[tuple[Any, dict[str, Any]]] = [
        (idp.admin_set_user_mfa_preference, {}),
        (idp.admin_set_user_settings, {"MFAOptions": []}),
    ]
    for call, more in calls:
        assert refusal(call, UserPoolId=person.pool_id, Username="nobody", **more) == (
            "UserNotFound",
            "User does not exist.",
        )
        code, _ = refusal(call, UserPoolId="eu-central-1_nonenone", Username="ada", **more)
        assert code == "ResourceNotFound"


def test_nobody_sets_preferences_with_a_token_that_is_none(person: Person) -> None:
    idp = person.idp
    tokens = sign_in(idp, person.client_id, "ada")
    calls: list[tuple[Any, dict[str, Any]]] = [
        (idp.set_user_mfa_preference, {}),
        (idp.set_user_settings, {"MFAOptions": []}),
    ]
    for wrong in ("a.b.c", tokens["IdToken"]):
        for call, more in calls:
            assert refusal(call, AccessToken=wrong, **more) == ("NotAuthorized", "Invalid Access Token")


def test_case_77_administrators_reach_the_users_of_the_pool_they_name(
    make: PoolFactory, person: Person
) -> None:
    other = make.pool()
    refused = refusal(
        person.idp.admin_set_user_mfa_preference, UserPoolId=other, Username="ada", SMSMfaSettings=ON
    )
    assert refused[0] == "UserNotFound"
    assert person.shown() == {}


def test_a_pool_without_mfa_looks_no_factor_up(own: PoolFactory) -> None:
    """Signing in without a second factor costs what it cost before there were any: not even the table is needed."""
    store = own.server.app.store

    async def drop() -> None:
        async with store.transaction():
            await store.engine.run("DROP TABLE factors")

    pool_id = own.pool()
    own.user(pool_id, "ada", email=ADDRESS, email_verified="true")
    client_id = own.client(pool_id)["ClientId"]
    own.server.run(drop())
    token = sign_in(own.server.idp, client_id, "ada")["AccessToken"]
    assert own.server.idp.get_user(AccessToken=token)["Username"] == "ada"
    assert own.server.idp.admin_get_user(UserPoolId=pool_id, Username="ada")["UserStatus"] == "CONFIRMED"
    assert own.server.idp.forgot_password(ClientId=client_id, Username="ada")["CodeDeliveryDetails"]
