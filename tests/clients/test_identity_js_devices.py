"""amazon-cognito-identity-js with devices: confirmed, remembered, used to sign in, forgotten.

What the library sends is recorded by its own code; it confirms every new device without being told to.
"""

from typing import Any

import pyotp
import pytest
from tests.calls import sign_in
from tests.clients.drivers import App, Node, Person, public_url
from tests.conftest import PoolFactory, RunningServer
from tests.devices import OPT_IN, TRACKED

PROGRAM = "identity_js_devices.js"
PROOF = ["PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"]


def app_of(server: RunningServer, make: PoolFactory, pool: dict[str, Any]) -> App:
    pool_id = make.pool(**pool)
    return App(public_url(server), server.region, pool_id, make.client(pool_id)["ClientId"])


@pytest.fixture(scope="module")
def tracking(server: RunningServer, make: PoolFactory) -> App:
    return app_of(server, make, TRACKED)


@pytest.fixture
def user(tracking: App, make: PoolFactory, person: Person) -> Person:
    make.user(tracking.pool_id, person.username, person.password)
    return person


def test_a_device_is_confirmed_by_itself_and_proved_at_the_next_sign_in(
    node: Node, tracking: App, user: Person
) -> None:
    result = node.run(PROGRAM, "remembered", tracking, user)
    assert result["confirmation"] is False
    assert result["firstSent"][:3] == ["InitiateAuth", "PASSWORD_VERIFIER", "ConfirmDevice"]
    key = result["claimed"]
    assert result["listed"] == [key]
    assert result["second"] == "success"
    assert result["secondSent"][1:4] == PROOF
    assert "ConfirmDevice" not in result["secondSent"]
    assert result["secondClaimed"] == result["refreshed"] == result["device"]["DeviceKey"] == key
    assert result["elsewhereSent"][:3] == ["InitiateAuth", "PASSWORD_VERIFIER", "ConfirmDevice"]
    assert len(result["both"]) == 2


def test_a_device_is_remembered_on_demand_and_no_longer_on_demand(
    server: RunningServer, make: PoolFactory, node: Node, person: Person
) -> None:
    app = app_of(server, make, OPT_IN)
    make.user(app.pool_id, person.username, person.password)
    result = node.run(PROGRAM, "optIn", app, person)
    assert result["necessary"] is True
    assert result["before"] == []
    plain = ["InitiateAuth", "PASSWORD_VERIFIER"]
    assert result["notYetSent"][:2] == plain
    assert "DEVICE_SRP_AUTH" not in result["notYetSent"]
    assert result["remembered"] == result["notRemembered"] == "SUCCESS"
    assert len(result["after"]) == 1
    assert result["thenSent"][1:4] == PROOF
    assert result["noMoreSent"][:2] == plain
    assert "DEVICE_SRP_AUTH" not in result["noMoreSent"]


def test_a_device_that_was_forgotten_begins_anew(node: Node, tracking: App, user: Person) -> None:
    result = node.run(PROGRAM, "forgotten", tracking, user)
    assert result["forgotten"] == "SUCCESS"
    assert result["refresh"]["name"] == "NotAuthorizedException"
    assert result["again"] == result["next"] == "success"
    assert result["renewed"] is True


def test_a_remembered_device_needs_no_code(
    server: RunningServer, make: PoolFactory, node: Node, person: Person
) -> None:
    app = app_of(server, make, TRACKED)
    make.user(app.pool_id, person.username, person.password)
    idp = server.idp
    idp.set_user_pool_mfa_config(
        UserPoolId=app.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    token = sign_in(idp, app.client_id, person.username, person.password)["AccessToken"]
    totp = pyotp.TOTP(idp.associate_software_token(AccessToken=token)["SecretCode"])
    now = server.clock() // 1000
    idp.verify_software_token(AccessToken=token, UserCode=totp.at(now - 30))
    idp.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id,
        Username=person.username,
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    result = node.run(PROGRAM, "secondFactor", app, person, code=totp.at(now))
    assert result["asked"] == "totpRequired"
    assert result["then"] == "success"
    assert result["sent"][1:4] == PROOF
    assert result["elsewhere"] == "totpRequired"
