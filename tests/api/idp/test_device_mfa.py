"""A device in the place of a second factor, where the pool says so, and never one that is not remembered now.

pycognito computes the proofs; expectations are documented in "Working with user devices in your user pool" unless a
test says otherwise.
"""

import pyotp
import pytest
from tests.calls import claims_of, refusal
from tests.conftest import PoolFactory
from tests.devices import OPT_IN, TRACKED, Phone, unconfirmed

# The library asks the time in a way that newer Pythons deprecate.

WRONG = "Incorrect username or password."
NO_DEVICE = ("ResourceNotFound", "Device does not exist.")


def with_totp(make: PoolFactory, pool: str, phone: Phone) -> pyotp.TOTP:
    """Lets the pool know of apps, and the user have one turned on."""
    idp = make.server.idp
    idp.set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    tokens = phone.sign_in() if phone.key else phone.prove_password()["AuthenticationResult"]
    secret = idp.associate_software_token(AccessToken=tokens["AccessToken"])["SecretCode"]
    app = pyotp.TOTP(secret)
    moment = make.server.clock() // 1000 - 30
    idp.verify_software_token(AccessToken=tokens["AccessToken"], UserCode=app.at(moment))
    idp.admin_set_user_mfa_preference(
        UserPoolId=pool, Username=phone.name, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    return app


def test_a_remembered_device_replaces_the_second_factor_where_the_pool_says_so(make: PoolFactory) -> None:
    pool = make.pool(**TRACKED)
    phone = unconfirmed(make, pool, str(make.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    with_totp(make, pool, phone)
    assert phone.sign_in()["AccessToken"]
    # without naming it, and from another device, the code is asked for
    stranger = Phone(phone.idp, pool, phone.client_id, "ada")
    assert stranger.prove_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    phone.secret = "wrong"
    asked = phone.begin(phone.prove_password()["Session"])
    assert refusal(phone.prove, asked) == ("NotAuthorized", WRONG)


def test_where_it_does_not_the_second_factor_follows_the_device(make: PoolFactory) -> None:
    pool = make.pool(DeviceConfiguration={})
    phone = unconfirmed(make, pool, str(make.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    app = with_totp(make, pool, phone)
    asked = phone.prove(phone.begin(phone.prove_password()["Session"]))
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    code = app.at(make.server.clock() // 1000)
    responses = {"SOFTWARE_TOKEN_MFA_CODE": code, "DEVICE_KEY": phone.key}
    tokens = phone.respond("SOFTWARE_TOKEN_MFA", responses, Session=asked["Session"])["AuthenticationResult"]
    assert claims_of(tokens["AccessToken"])["device_key"] == phone.key
    assert "NewDeviceMetadata" not in tokens


@pytest.mark.parametrize(
    "how", ["not remembered", "forgotten", "not remembered meanwhile", "forgotten meanwhile"]
)
def test_case_45_a_device_that_is_no_longer_remembered_replaces_nothing(make: PoolFactory, how: str) -> None:
    pool = make.pool(**TRACKED)
    phone = unconfirmed(make, pool, str(make.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    with_totp(make, pool, phone)
    idp, named = phone.idp, {"UserPoolId": pool, "Username": "ada", "DeviceKey": phone.key}
    waiting = phone.begin(phone.prove_password()["Session"])
    proving = phone.exchange
    if how.startswith("forgotten"):
        idp.admin_forget_device(**named)
    else:
        idp.admin_update_device_status(**named, DeviceRememberedStatus="not_remembered")
    if how.endswith("meanwhile"):
        phone.exchange = proving
        assert refusal(phone.prove, waiting) == NO_DEVICE
    elif how == "forgotten":
        assert refusal(phone.prove_password) == NO_DEVICE
    else:
        assert phone.prove_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_case_45_a_device_that_was_never_confirmed_replaces_nothing(make: PoolFactory) -> None:
    pool = make.pool(**TRACKED)
    phone = unconfirmed(make, pool, str(make.client(pool)["ClientId"]), "ada")
    new = phone.prove_password()["AuthenticationResult"]["NewDeviceMetadata"]
    with_totp(make, pool, phone)
    phone.key, phone.group, phone.secret = new["DeviceKey"], new["DeviceGroupKey"], "any"
    assert refusal(phone.prove_password) == NO_DEVICE
    # named with the code instead, it is none either
    phone.key = ""
    asked = phone.prove_password()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_remembered_device_named_only_with_the_code_is_not_taken_at_its_word(make: PoolFactory) -> None:
    """assumed: the tokens tell of a device that did not prove itself as of a new one."""
    pool = make.pool(**TRACKED)
    phone = unconfirmed(make, pool, str(make.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    app = with_totp(make, pool, phone)
    stranger = Phone(phone.idp, pool, phone.client_id, "ada")
    asked = stranger.prove_password()
    responses = {"SOFTWARE_TOKEN_MFA_CODE": app.at(make.server.clock() // 1000), "DEVICE_KEY": phone.key}
    tokens = stranger.respond("SOFTWARE_TOKEN_MFA", responses, Session=asked["Session"])[
        "AuthenticationResult"
    ]
    assert tokens["NewDeviceMetadata"]["DeviceKey"] != phone.key
    assert claims_of(tokens["AccessToken"])["device_key"] == tokens["NewDeviceMetadata"]["DeviceKey"]


def test_a_device_that_the_user_did_not_want_remembered_stays_the_same_and_is_never_asked(
    make: PoolFactory,
) -> None:
    """assumed: such a device is tracked, but takes no part in the sign-in (documented by Amplify)."""
    pool = make.pool(**OPT_IN)
    phone = unconfirmed(make, pool, str(make.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    tokens = phone.prove_password()["AuthenticationResult"]
    assert "NewDeviceMetadata" not in tokens
    assert claims_of(tokens["AccessToken"])["device_key"] == phone.key
    assert len(phone.idp.admin_list_devices(UserPoolId=pool, Username="ada")["Devices"]) == 1
