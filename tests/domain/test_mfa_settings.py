"""MFA in the pool document. Texts are recorded where a line does not say assumed."""

from typing import Any

import pytest

from cenote.domain import mfa, mfa_settings, pools
from cenote.domain.errors import CognitoError, InvalidParameter

SENDER = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": SENDER, "SmsAuthenticationMessage": "Code {####}"}}
APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
MAIL = {"EmailMfaConfiguration": {"Message": "<b>{####}</b>", "Subject": "Code"}}
TOGETHER = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
NO_FACTOR = "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
NO_SMS = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"


def created(**request: Any) -> dict[str, Any]:
    return pools.created({"PoolName": "p", **request})


def configured(document: dict[str, Any], **request: Any) -> dict[str, Any]:
    return mfa_settings.configured(document, {"UserPoolId": "eu-central-1_p", **request})


def text_of(error: type[CognitoError], document: dict[str, Any], **request: Any) -> str:
    with pytest.raises(error) as refused:
        configured(document, **request)
    return str(refused.value.message)


def test_what_is_configured_is_shown_and_the_description_does_not_show_it() -> None:
    document = configured(created(), MfaConfiguration="OPTIONAL", **SMS, **APP, **MAIL)
    assert mfa_settings.shown(document) == {"MfaConfiguration": "OPTIONAL", **SMS, **APP, **MAIL}
    assert mfa.allowed(document) == ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
    assert not {"EmailMfaConfiguration", "SoftwareTokenMfaConfiguration"} - set(mfa.HIDDEN)
    assert document["SmsConfiguration"] == SENDER


def test_a_configuration_replaces_the_one_before() -> None:
    document = configured(created(), MfaConfiguration="ON", **SMS, **APP)
    after = configured(document, MfaConfiguration="OPTIONAL", **APP)
    assert mfa_settings.shown(after) == {"MfaConfiguration": "OPTIONAL", **APP}
    assert after["SmsConfiguration"] == SENDER  # which verifications go on using


@pytest.mark.parametrize("request_", [{}, {"MfaConfiguration": "OFF"}])
def test_leaving_it_out_is_turning_it_off(request_: dict[str, Any]) -> None:
    document = configured(created(), MfaConfiguration="ON", **APP, **MAIL)
    assert mfa_settings.shown(configured(document, **request_)) == {"MfaConfiguration": "OFF"}


@pytest.mark.parametrize(
    "factor",
    [SMS, APP, MAIL, {"SoftwareTokenMfaConfiguration": {"Enabled": False}}, {"EmailMfaConfiguration": {}}],
)
def test_no_factor_is_configured_while_mfa_is_off(factor: dict[str, Any]) -> None:
    """Recorded (go-to-k/cdkd#1923): for any member, whatever it says, and where MfaConfiguration is left out."""
    for mode in ({}, {"MfaConfiguration": "OFF"}):
        assert text_of(InvalidParameter, created(), **mode, **factor) == TOGETHER


@pytest.mark.parametrize("factor", [{}, {"SoftwareTokenMfaConfiguration": {"Enabled": False}}])
@pytest.mark.parametrize("mode", ["ON", "OPTIONAL"])
def test_mfa_needs_a_factor(mode: str, factor: dict[str, Any]) -> None:
    assert text_of(InvalidParameter, created(), MfaConfiguration=mode, **factor) == NO_FACTOR


def test_sms_needs_a_configuration_of_the_request_or_the_pool() -> None:
    """Text assumed."""
    bare = {"SmsMfaConfiguration": {"SmsAuthenticationMessage": "{####}"}}
    assert "SMS configuration" in text_of(InvalidParameter, created(), MfaConfiguration="ON", **bare)
    after = configured(created(SmsConfiguration=SENDER), MfaConfiguration="ON", **bare)
    assert mfa_settings.shown(after)["SmsMfaConfiguration"]["SmsConfiguration"] == SENDER


def test_email_needs_the_essentials_tier_and_another_way_to_recover() -> None:
    """Documented; texts assumed."""
    assert text_of_tier(created(UserPoolTier="LITE")) == "Email MFA is not available in the LITE tier."
    only = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    assert "recover" in text_of(
        InvalidParameter, created(AccountRecoverySetting=only), MfaConfiguration="ON", **MAIL
    )
    both = {
        "RecoveryMechanisms": [*only["RecoveryMechanisms"], {"Name": "verified_phone_number", "Priority": 2}]
    }
    assert configured(created(AccountRecoverySetting=both), MfaConfiguration="ON", **MAIL)


def text_of_tier(document: dict[str, Any]) -> str:
    with pytest.raises(CognitoError) as refused:
        configured(document, MfaConfiguration="ON", **MAIL)
    assert refused.value.code == "FeatureUnavailableInTierException"
    return str(refused.value.message)


# CreateUserPool and UpdateUserPool


def test_a_new_pool_with_mfa_has_sms() -> None:
    document = created(MfaConfiguration="ON", SmsConfiguration=SENDER)
    assert mfa_settings.shown(document) == {
        "MfaConfiguration": "ON",
        "SmsMfaConfiguration": {"SmsConfiguration": SENDER},
    }


@pytest.mark.parametrize("mode", ["ON", "OPTIONAL"])
def test_a_new_pool_cannot_have_mfa_without_sms(mode: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        created(MfaConfiguration=mode)
    assert refused.value.message == NO_SMS


def test_an_update_keeps_the_factors_while_mfa_stays_on() -> None:
    """As Terraform needs it, which sends MfaConfiguration again with every update."""
    document = configured(created(), MfaConfiguration="ON", **APP, **MAIL)
    after = pools.updated(document, {"MfaConfiguration": "OPTIONAL"})
    assert mfa_settings.shown(after) == {"MfaConfiguration": "OPTIONAL", **APP, **MAIL}


def test_an_update_that_takes_the_last_factor_is_refused() -> None:
    document = created(MfaConfiguration="ON", SmsConfiguration=SENDER)
    with pytest.raises(InvalidParameter) as refused:
        pools.updated(document, {"MfaConfiguration": "ON"})
    assert refused.value.message == NO_SMS


def test_an_update_without_mfa_turns_it_off() -> None:
    """Documented at UpdateUserPool: what is left out goes back to its default."""
    document = configured(created(), MfaConfiguration="ON", **APP)
    assert mfa_settings.shown(pools.updated(document, {})) == {"MfaConfiguration": "OFF"}


def test_an_update_cannot_leave_email_codes_as_the_only_way_back() -> None:
    document = configured(created(), MfaConfiguration="ON", **MAIL)
    only = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    with pytest.raises(InvalidParameter, match="recover"):
        pools.updated(document, {"MfaConfiguration": "ON", "AccountRecoverySetting": only})
