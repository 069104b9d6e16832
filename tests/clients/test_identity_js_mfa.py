"""amazon-cognito-identity-js with second factors. Error names and texts are recorded."""

import pytest
from tests.clients.drivers import App, Node, Person, public_url, unique
from tests.conftest import PoolFactory, RunningServer
from tests.mfa import SMS, TOTP

PROGRAM = "identity_js_mfa.js"
MISMATCH = {"name": "CodeMismatchException", "message": "Invalid code received for user"}


def app_with(server: RunningServer, make: PoolFactory, mode: str, **factors: object) -> App:
    pool_id = make.pool()
    server.idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration=mode, **factors)
    return App(public_url(server), server.region, pool_id, make.client(pool_id)["ClientId"])


@pytest.fixture
def phone() -> str:
    return f"+1555{int(unique(), 16) % 10**7:07}"


def test_an_app_is_set_up_while_signing_in_and_asked_for_from_then_on(
    node: Node, server: RunningServer, make: PoolFactory, person: Person
) -> None:
    app = app_with(server, make, "ON", **TOTP)
    make.user(app.pool_id, person.username, person.password)
    result = node.run(PROGRAM, "setUpAndSignIn", app, person)
    assert result["first"]["name"] == "mfaSetup"
    assert result["first"]["more"]["MFAS_CAN_SETUP"] == '["SOFTWARE_TOKEN_MFA"]'
    assert result["wrongCode"] == {
        "name": "EnableSoftwareTokenMFAException",
        "message": "Code mismatch and fail enable Software Token MFA",
    }
    assert result["setUp"] == "success"
    assert result["accessClaims"]["username"] == person.username
    assert result["second"]["name"] == "totpRequired"
    assert result["second"]["more"]["FRIENDLY_DEVICE_NAME"] == "Phone"
    assert result["usedCode"] == {
        "name": "ExpiredCodeException",
        "message": "Your software token has already been used once.",
    }
    assert result["signedIn"] == "success"


def test_a_code_by_sms_is_asked_for(
    node: Node, server: RunningServer, make: PoolFactory, person: Person, phone: str
) -> None:
    app = app_with(server, make, "ON", **SMS)
    make.user(app.pool_id, person.username, person.password, phone_number=phone)
    result = node.run(PROGRAM, "bySms", app, person, phone=phone)
    assert (result["asked"], result["challenge"]) == ("mfaRequired", "SMS_MFA")
    assert result["parameters"]["CODE_DELIVERY_DESTINATION"] == f"+*******{phone[-4:]}"
    assert result["wrongCode"] == MISMATCH
    assert result["signedIn"] == "success"


def test_of_two_factors_one_is_chosen(
    node: Node, server: RunningServer, make: PoolFactory, person: Person, phone: str
) -> None:
    app = app_with(server, make, "ON", **SMS, EmailMfaConfiguration={})
    make.user(app.pool_id, person.username, person.password, phone_number=phone, email=person.email)
    result = node.run(PROGRAM, "choosing", app, person, phone=phone)
    assert result["asked"] == "selectMFAType"
    assert result["offered"]["MFAS_CAN_CHOOSE"] == '["SMS_MFA","EMAIL_OTP"]'
    assert (result["then"], result["signedIn"]) == ("mfaRequired", "success")


def test_preferences_are_set_and_read(
    node: Node, server: RunningServer, make: PoolFactory, person: Person, phone: str
) -> None:
    app = app_with(server, make, "OPTIONAL", **SMS, **TOTP)
    make.user(app.pool_id, person.username, person.password, phone_number=phone)
    result = node.run(PROGRAM, "preferences", app, person)
    assert result["noApp"] == {
        "name": "InvalidParameterException",
        "message": "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA",
    }
    assert result["sms"] == "SUCCESS"
    assert result["data"]["PreferredMfaSetting"] == "SMS_MFA"
    assert result["data"]["UserMFASettingList"] == ["SMS_MFA"]
