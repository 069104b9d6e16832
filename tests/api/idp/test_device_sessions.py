"""What comes after a sign-in with a device: refreshing on it, forgetting it, and what ends its sessions."""

from typing import Any

import pytest
from tests.calls import PASSWORD, claims_of, outcome, refresh, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.devices import TRACKED, Phone, unconfirmed

# The library asks the time in a way that newer Pythons deprecate.

WRONG = "Incorrect username or password."
INVALID = ("NotAuthorized", "Invalid session for the user.")
NO_DEVICE = ("ResourceNotFound", "Device does not exist.")
NO_SESSION = ("InvalidParameter", "Missing required parameter Session")


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(**TRACKED)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture
def phone(make: PoolFactory, pool: str, app: str, request: pytest.FixtureRequest) -> Phone:
    """A remembered device of a user of the test's own."""
    phone = unconfirmed(make, pool, app, f"u{abs(hash(request.node.name)):x}")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    return phone


# A forgotten device


def test_a_forgotten_device_answers_the_same_challenge_once_more_without_its_key(phone: Phone) -> None:
    """recorded: amazon-cognito-identity-js sends the same proof again, without a key."""
    phone.idp.admin_forget_device(UserPoolId=phone.pool_id, Username=phone.name, DeviceKey=phone.key)
    srp = phone.srp()
    asked = phone.idp.initiate_auth(
        AuthFlow="USER_SRP_AUTH", ClientId=phone.client_id, AuthParameters=srp.get_auth_params()
    )
    proof = dict(srp.process_challenge(asked["ChallengeParameters"], srp.get_auth_params()))
    assert refusal(phone.respond, "PASSWORD_VERIFIER", proof) == NO_DEVICE
    del proof["DEVICE_KEY"]
    tokens = phone.respond("PASSWORD_VERIFIER", proof)["AuthenticationResult"]
    assert tokens["NewDeviceMetadata"]["DeviceKey"] != phone.key
    assert refusal(phone.respond, "PASSWORD_VERIFIER", proof) == INVALID


def test_case_37_nobody_learns_of_a_device_or_its_owner_without_the_password(
    make: PoolFactory, pool: str, phone: Phone
) -> None:
    hidden = str(make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"])
    unknown = "eu-central-1_00000000-0000-4000-8000-000000000000"
    for name in (phone.name, "nobody"):
        for key in (phone.key, unknown, "eu-central-1_0"):
            guess = Phone(phone.idp, pool, hidden, name, "wrong", key, phone.group, phone.secret)
            assert refusal(guess.prove_password) == ("NotAuthorized", WRONG)
            assert refusal(guess.begin, None) == NO_SESSION


# Refreshing


def test_a_refresh_needs_the_confirmed_devices_key(make: PoolFactory, pool: str, app: str, idp: Any) -> None:
    phone = unconfirmed(make, pool, app, "refreshing")
    tokens = phone.prove_password()["AuthenticationResult"]
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    invalid = ("NotAuthorized", "Invalid Refresh Token")
    # recorded (amplify-android issue 2506): a device has to be confirmed before its refresh token is good
    assert refusal(refresh, idp, app, tokens["RefreshToken"], DEVICE_KEY=key) == invalid
    phone.confirm(tokens)
    assert refusal(refresh, idp, app, tokens["RefreshToken"]) == invalid
    other = Phone(idp, pool, app, "refreshing")
    other.confirm(other.prove_password()["AuthenticationResult"])
    assert refusal(refresh, idp, app, tokens["RefreshToken"], DEVICE_KEY=other.key) == invalid
    new = refresh(idp, app, tokens["RefreshToken"], DEVICE_KEY=key)
    assert claims_of(new["AccessToken"])["device_key"] == key
    assert "NewDeviceMetadata" not in new


def test_so_does_a_rotating_one(make: PoolFactory, pool: str, idp: Any) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
    app = str(make.client(pool, RefreshTokenRotation=rotation, ExplicitAuthFlows=flows)["ClientId"])
    phone = unconfirmed(make, pool, app, "rotating")
    tokens = phone.prove_password()["AuthenticationResult"]
    phone.confirm(tokens)
    request = {"ClientId": app, "RefreshToken": tokens["RefreshToken"]}
    invalid = ("NotAuthorized", "Invalid Refresh Token")
    assert refusal(idp.get_tokens_from_refresh_token, **request) == invalid
    new = idp.get_tokens_from_refresh_token(**request, DeviceKey=phone.key)["AuthenticationResult"]
    assert claims_of(new["AccessToken"])["device_key"] == phone.key


def test_a_pool_that_tracks_devices_no_more_asks_for_none(make: PoolFactory, idp: Any) -> None:
    """recorded: aws-sdk-cpp issue 851."""
    pool = make.pool(**TRACKED)
    app = str(make.client(pool)["ClientId"])
    make.user(pool, "ada")
    token = sign_in(idp, app, "ada")["RefreshToken"]
    idp.update_user_pool(UserPoolId=pool)
    assert refresh(idp, app, token)["AccessToken"]


# What ends what


def test_case_48_a_reset_ends_the_devices_sessions_and_leaves_it_remembered(
    phone: Phone, idp: Any, app: str
) -> None:
    token = phone.sign_in()["RefreshToken"]
    idp.admin_set_user_password(
        UserPoolId=phone.pool_id, Username=phone.name, Password=PASSWORD + "2", Permanent=True
    )
    assert outcome(refresh, idp, app, token, DEVICE_KEY=phone.key) == "Refresh Token has been revoked"
    assert refusal(phone.prove_password) == ("NotAuthorized", WRONG)
    phone.password = PASSWORD + "2"
    assert phone.sign_in()["AccessToken"]


def test_signing_out_everywhere_leaves_devices_remembered(phone: Phone, idp: Any, app: str) -> None:
    token = phone.sign_in()["RefreshToken"]
    idp.admin_user_global_sign_out(UserPoolId=phone.pool_id, Username=phone.name)
    assert outcome(refresh, idp, app, token, DEVICE_KEY=phone.key) == "Refresh Token has been revoked"
    assert phone.sign_in()["AccessToken"]


def test_a_disabled_user_does_not_get_past_the_device(phone: Phone, idp: Any, server: RunningServer) -> None:
    asked = phone.begin(phone.prove_password()["Session"])
    idp.admin_disable_user(UserPoolId=phone.pool_id, Username=phone.name)
    assert refusal(phone.prove, asked) == ("NotAuthorized", "User is disabled.")
    assert server.app
