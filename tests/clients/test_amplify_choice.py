"""aws-amplify 6 with choice-based sign-in: picked and preferred factors, codes by e-mail, sign-in after sign-up."""

from typing import Any

import pytest
from tests.clients.drivers import App, Node, Person, public_url
from tests.clients.test_identity_js_mfa import app_with
from tests.conftest import PoolFactory, RunningServer
from tests.devices import TRACKED
from tests.mfa import TOTP

PROGRAM = "amplify_choice.js"
DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
FACTORS = ["PASSWORD", "EMAIL_OTP"]
OFFERED = ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]


@pytest.fixture(scope="module")
def choice(server: RunningServer, make: PoolFactory) -> App:
    """An app whose users sign in with a password or a code by e-mail."""
    pool = make.pool(
        AutoVerifiedAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": FACTORS}},
    )
    client = make.client(pool, ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    return App(public_url(server), server.region, pool, client["ClientId"])


@pytest.fixture
def chooser(choice: App, make: PoolFactory, person: Person) -> Person:
    make.user(choice.pool_id, person.username, person.password, email=person.email, email_verified="true")
    return person


def test_somebody_signs_up_and_is_signed_in_by_the_confirmation(
    node: Node, choice: App, person: Person
) -> None:
    result = node.run(PROGRAM, "signUpAndIn", choice, person)
    assert result["signUp"]["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["confirmed"]["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
    assert result["signIn"] == DONE
    assert result["claims"]["cognito:username"] == person.username
    assert result["claims"]["email_verified"] is True


def test_somebody_without_a_password_does_too(node: Node, choice: App, person: Person) -> None:
    result = node.run(PROGRAM, "signUpWithoutPassword", choice, person)
    assert result["confirmed"]["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
    assert result["signIn"] == DONE
    assert result["claims"]["cognito:username"] == person.username


def test_somebody_picks_a_factor_at_every_sign_in(node: Node, choice: App, chooser: Person) -> None:
    result = node.run(PROGRAM, "choose", choice, chooser)
    assert result["asked"]["nextStep"] == {
        "signInStep": "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION",
        "availableChallenges": OFFERED,
    }
    sent: dict[str, Any] = result["codeSent"]["nextStep"]
    assert sent["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert sent["codeDeliveryDetails"] == {"deliveryMedium": "EMAIL", "destination": "a***@e***"}
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["byCode"] == DONE
    assert result["claims"]["cognito:username"] == chooser.username
    assert result["passwordAsked"]["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_PASSWORD"
    assert result["byPassword"] == DONE
    assert result["srpAsked"]["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_PASSWORD"
    assert result["bySrp"] == DONE


def test_an_app_prefers_a_factor(node: Node, choice: App, chooser: Person) -> None:
    result = node.run(PROGRAM, "prefer", choice, chooser)
    for preferred in ("PASSWORD", "PASSWORD_SRP"):
        assert result[preferred] == DONE
        assert result[f"{preferred} wrong"] == {
            "name": "NotAuthorizedException",
            "message": "Incorrect username or password.",
        }
    assert result["codeSent"]["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert result["byCode"] == DONE
    assert result["unavailable"]["nextStep"]["availableChallenges"] == OFFERED


def test_somebody_sets_email_up_as_second_factor(
    node: Node, server: RunningServer, make: PoolFactory, person: Person
) -> None:
    pool = make.pool()
    server.idp.set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration="ON",
        EmailMfaConfiguration={},
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    make.user(pool, person.username, person.password)
    app = App(public_url(server), server.region, pool, make.client(pool)["ClientId"])
    result = node.run(PROGRAM, "setUpEmail", app, person)
    steps = {name: result[name]["nextStep"]["signInStep"] for name in ("asked", "picked", "sent", "again")}
    assert steps == {
        "asked": "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION",
        "picked": "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP",
        "sent": "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
        "again": "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
    }
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["done"] == DONE
    assert (result["claims"]["email"], result["claims"]["email_verified"]) == (person.email, True)


def test_somebody_sets_an_app_up_while_signing_in(
    node: Node, server: RunningServer, make: PoolFactory, person: Person
) -> None:
    app = app_with(server, make, "ON", **TOTP)
    make.user(app.pool_id, person.username, person.password)
    result = node.run(PROGRAM, "setUpApp", app, person)
    assert result["asked"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    assert result["address"].startswith("otpauth://totp/Cenote:")
    assert result["wrongCode"]["name"] == "EnableSoftwareTokenMFAException"
    assert result["done"] == result["signedIn"] == DONE
    assert result["claims"]["cognito:username"] == person.username
    assert result["again"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    assert result["usedCode"]["name"] == "ExpiredCodeException"


def test_who_is_signed_in_adds_an_app(
    node: Node, server: RunningServer, make: PoolFactory, person: Person
) -> None:
    app = app_with(server, make, "OPTIONAL", **TOTP)
    make.user(app.pool_id, person.username, person.password)
    result = node.run(PROGRAM, "addApp", app, person)
    assert result["before"] == result["signedIn"] == DONE
    assert result["wrongCode"]["name"] == "EnableSoftwareTokenMFAException"
    assert result["preference"] == {"enabled": ["TOTP"], "preferred": "TOTP"}
    assert result["again"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"


def test_somebody_has_a_device_remembered_and_forgotten(
    node: Node, server: RunningServer, make: PoolFactory, person: Person
) -> None:
    pool = make.pool(**TRACKED)
    make.user(pool, person.username, person.password)
    app = App(public_url(server), server.region, pool, make.client(pool)["ClientId"])
    result = node.run(PROGRAM, "device", app, person)
    assert result["signedIn"] == result["again"] == DONE
    (device,) = result["remembered"]
    assert device["id"].startswith(server.region)
    assert result["forgotten"] == []
