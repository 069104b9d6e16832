"""What a pool says of passkeys, which factors a user has, and passkeys beside second factors. Documented unless a test
says otherwise.
"""

from typing import Any

import pytest
from tests.api.idp.test_passkeys import FLOWS, PASSKEYS, RP, Person, passkey_pool, person
from tests.api.idp.test_user_auth import WRONG, begin
from tests.api.idp.test_web_authn import ask, options, sign
from tests.authenticator import PRESENT
from tests.calls import PASSWORD, pairs, refusal
from tests.conftest import PoolFactory, RunningServer

TWICE = {"RelyingPartyId": RP, "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
SMS = {
    "SmsConfiguration": {
        "SnsCallerArn": "arn:aws:iam::123456789012:role/sms",
        "ExternalId": "x",
    }
}


# The pool's configuration


@pytest.mark.parametrize("name", ["auth.example.com", "localhost", "example.com", "xn--bcher-kva.example"])
def test_a_relying_party_is_kept_and_shown(make: PoolFactory, server: RunningServer, name: str) -> None:
    pool = passkey_pool(make, {"RelyingPartyId": name})
    shown = server.idp.get_user_pool_mfa_config(UserPoolId=pool)
    assert shown["WebAuthnConfiguration"] == {"RelyingPartyId": name, "UserVerification": "preferred"}
    described = server.idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert "WebAuthnConfiguration" not in described
    server.idp.update_user_pool(UserPoolId=pool)
    assert (
        server.idp.get_user_pool_mfa_config(UserPoolId=pool)["WebAuthnConfiguration"]["RelyingPartyId"]
        == name
    )
    server.idp.set_user_pool_mfa_config(UserPoolId=pool)
    assert "WebAuthnConfiguration" not in server.idp.get_user_pool_mfa_config(UserPoolId=pool)


@pytest.mark.parametrize(
    "name", ["com", "https://auth.example.com", "auth.example.com:443", "10.0.0.1", "a b.example", "-a.example",
             "AUTH.example.com", "auth.example.com/", ".example.com", "*.example.com"]
)  # fmt: skip
def test_a_relying_party_that_no_browser_could_take_is_refused(
    make: PoolFactory, server: RunningServer, name: str
) -> None:
    """The text is assumed."""
    refused = refusal(
        server.idp.set_user_pool_mfa_config,
        UserPoolId=make.pool(),
        WebAuthnConfiguration={"RelyingPartyId": name},
    )
    assert refused == ("InvalidParameter", f"The relying party id {name} is not a domain name.")


def test_case_45_a_single_factor_passkey_cannot_begin_where_two_factors_are_required(
    make: PoolFactory, server: RunningServer
) -> None:
    """Recorded (go-to-k/cdkd#2064)."""
    pool = passkey_pool(make)
    required = {"UserPoolId": pool, "MfaConfiguration": "ON", **APP}
    text = (
        "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed"
        " first auth factor"
    )
    for configuration in ({}, {"WebAuthnConfiguration": {"RelyingPartyId": RP}}):
        assert refusal(server.idp.set_user_pool_mfa_config, **required, **configuration) == (
            "InvalidParameter",
            text,
        )
    server.idp.set_user_pool_mfa_config(**required, WebAuthnConfiguration=TWICE)


def test_case_45_users_with_a_second_factor_do_not_get_round_it_by_passkey(
    make: PoolFactory, server: RunningServer
) -> None:
    """Documented: who has turned MFA on begins with the password, unless passkeys count as both factors."""
    pool = passkey_pool(make)
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    ada.register()
    assert "WEB_AUTHN" in begin(ada.idp, ada.app, ada.name)["AvailableChallenges"]
    with_sms(server, pool, ada, {"RelyingPartyId": RP})
    asked = begin(ada.idp, ada.app, ada.name, PREFERRED_CHALLENGE="WEB_AUTHN")
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == (
        "SELECT_CHALLENGE",
        ["PASSWORD_SRP", "PASSWORD"],
    )


def test_case_45_a_challenge_from_before_the_second_factor_does_not_either(
    make: PoolFactory, server: RunningServer
) -> None:
    pool = passkey_pool(make)
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = ada.register()
    asked = ask(ada)
    with_sms(server, pool, ada, {"RelyingPartyId": RP})
    done = server.idp.respond_to_auth_challenge(
        ClientId=ada.app,
        ChallengeName="WEB_AUTHN",
        Session=asked["Session"],
        ChallengeResponses={
            "USERNAME": ada.name,
            "CREDENTIAL": device.get(options(asked), f"https://{RP}"),
        },
    )
    assert done["ChallengeName"] == "SMS_MFA"
    assert "AuthenticationResult" not in done


def test_a_passkey_with_user_verification_counts_as_both_factors(
    make: PoolFactory, server: RunningServer
) -> None:
    """Documented at WebAuthnMfaSettings; that the user has to turn it on was observed at AWS."""
    pool = passkey_pool(make, TWICE)
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = ada.register()
    with_sms(server, pool, ada, TWICE)
    assert "WEB_AUTHN" not in begin(ada.idp, ada.app, ada.name)["AvailableChallenges"]
    server.idp.admin_set_user_mfa_preference(
        UserPoolId=pool, Username=ada.name, WebAuthnMfaSettings={"Enabled": True}
    )
    assert options(ask(ada))["userVerification"] == "required"
    assert refusal(sign, ada, device, flags=PRESENT) == WRONG
    assert "AuthenticationResult" in sign(ada, device)
    asked = begin(ada.idp, ada.app, ada.name, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert asked["ChallengeName"] == "SMS_MFA"


def with_sms(server: RunningServer, pool: str, ada: Person, passkeys: dict[str, Any]) -> None:
    """Lets the pool have MFA by SMS, and the user turn it on."""
    server.idp.set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration=SMS,
        WebAuthnConfiguration=passkeys,
    )
    number = {"phone_number": "+15555550100", "phone_number_verified": "true"}
    server.idp.admin_update_user_attributes(UserPoolId=pool, Username=ada.name, UserAttributes=pairs(number))
    server.idp.admin_set_user_mfa_preference(
        UserPoolId=pool, Username=ada.name, SMSMfaSettings={"Enabled": True}
    )


# GetUserAuthFactors and its twin


def both(server: RunningServer, pool: str, ada: Person) -> dict[str, Any]:
    """What both answer, which is the same."""
    own = dict(server.idp.get_user_auth_factors(AccessToken=ada.token))
    admin = dict(server.idp.admin_get_user_auth_factors(UserPoolId=pool, Username=ada.name))
    own.pop("ResponseMetadata")
    admin.pop("ResponseMetadata")
    assert own == admin
    return own


def test_factors_are_those_of_a_choice_with_srp_counted_as_password(
    make: PoolFactory, server: RunningServer
) -> None:
    """Shown at GetUserAuthFactors, in this order."""
    factors = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]
    pool = passkey_pool(make)
    server.idp.update_user_pool(
        UserPoolId=pool, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}}
    )
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    assert both(server, pool, ada) == {"Username": ada.name, "ConfiguredUserAuthFactors": ["PASSWORD"]}
    ada.register()
    reachable = {
        "email": "ada@example.com",
        "email_verified": "true",
        "phone_number": "+15555550100",
        "phone_number_verified": "true",
    }
    server.idp.admin_update_user_attributes(
        UserPoolId=pool, Username=ada.name, UserAttributes=pairs(reachable)
    )
    assert both(server, pool, ada) == {"Username": ada.name, "ConfiguredUserAuthFactors": factors}


def test_second_factors_are_named_beside(make: PoolFactory, server: RunningServer) -> None:
    pool = passkey_pool(make)
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    with_sms(server, pool, ada, {"RelyingPartyId": RP})
    assert both(server, pool, ada) == {
        "Username": ada.name,
        "UserMFASettingList": ["SMS_MFA"],
        "ConfiguredUserAuthFactors": ["PASSWORD"],
    }


def test_factors_of_nobody_are_not_found(make: PoolFactory, server: RunningServer) -> None:
    call = server.idp.admin_get_user_auth_factors
    assert refusal(call, UserPoolId=make.pool(), Username="nobody") == (
        "UserNotFound",
        "User does not exist.",
    )
    assert refusal(call, UserPoolId="eu-central-1_Nowhere00", Username="x")[0] == "ResourceNotFound"


def test_the_policy_may_name_passkeys_before_there_is_a_relying_party(make: PoolFactory, idp: Any) -> None:
    """Then nobody is offered one, and nobody that there is none."""
    pool = make.pool(**PASSKEYS)
    app = make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")["ClientId"]
    for index in range(20):
        offered = begin(idp, app, f"nobody-{index}")["AvailableChallenges"]
        assert offered == ["PASSWORD_SRP", "PASSWORD"]
