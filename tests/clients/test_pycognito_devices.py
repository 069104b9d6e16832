"""pycognito's device flow: it answers DEVICE_SRP_AUTH without a `Session`, and sends its device calls to AWS's own host
with `Authorization: Bearer`, so that host is this server here.
"""

from typing import Any

import boto3
import pytest
import requests
from pycognito.aws_srp import AWSSRP
from tests.calls import claims_of, refusal
from tests.clients.drivers import App, Person, public_url
from tests.conftest import PoolFactory, RunningServer
from tests.devices import OPT_IN, TRACKED

# The library asks the time in a way that newer Pythons deprecate.


@pytest.fixture(autouse=True)
def here(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the library's own HTTP calls arrive at this server, as they are."""
    post = requests.post

    def sent(url: str, **request: Any) -> requests.Response:
        assert url == f"https://cognito-idp.{server.region}.amazonaws.com/"
        return post(f"{server.url}/", timeout=request.pop("timeout"), **request)

    monkeypatch.setattr("pycognito.aws_srp.requests.post", sent)


def app_of(server: RunningServer, make: PoolFactory, pool: dict[str, Any]) -> App:
    pool_id = make.pool(**pool)
    return App(public_url(server), server.region, pool_id, make.client(pool_id)["ClientId"])


def user_of(server: RunningServer, app: App, person: Person, **device: str) -> AWSSRP:
    # Without credentials and unsigned, as the library's users have it.
    client = boto3.client(
        "cognito-idp", endpoint_url=server.url, region_name=server.region,
        aws_access_key_id="any", aws_secret_access_key="any",
    )  # fmt: skip
    return AWSSRP(person.username, person.password, app.pool_id, app.client_id, client=client, **device)


def test_a_device_is_confirmed_proved_and_forgotten(
    server: RunningServer, make: PoolFactory, person: Person
) -> None:
    app = app_of(server, make, TRACKED)
    make.user(app.pool_id, person.username, person.password)
    user = user_of(server, app, person)
    tokens = user.authenticate_user()
    response, secret = user.confirm_device(tokens, "laptop")
    assert (response.status_code, response.json()) == (200, {"UserConfirmationNecessary": False})
    device = {
        "device_key": user.device_key,
        "device_group_key": user.device_group_key,
        "device_password": secret,
    }
    # The same object knows its device's keys, but not the secret; a new one is told all three.
    again = user_of(server, app, person, **device)
    result = again.authenticate_user()["AuthenticationResult"]
    assert claims_of(result["AccessToken"])["device_key"] == user.device_key
    assert "NewDeviceMetadata" not in result
    # An object that signs in twice uses the same number for both.
    assert again.authenticate_user()["AuthenticationResult"]["AccessToken"]

    wrong = user_of(server, app, person, **{**device, "device_password": "wrong"})
    assert refusal(wrong.authenticate_user) == ("NotAuthorized", "Incorrect username or password.")
    assert again.forget_device(result["AccessToken"], user.device_key).startswith("<Response [200]>")
    assert refusal(again.authenticate_user) == ("ResourceNotFound", "Device does not exist.")


def test_a_device_is_remembered_when_its_user_says_so(
    server: RunningServer, make: PoolFactory, person: Person
) -> None:
    app = app_of(server, make, OPT_IN)
    make.user(app.pool_id, person.username, person.password)
    user = user_of(server, app, person)
    tokens = user.authenticate_user()
    response, secret = user.confirm_device(tokens, "laptop")
    assert response.json() == {"UserConfirmationNecessary": True}
    access = tokens["AuthenticationResult"]["AccessToken"]
    assert user.update_device_status(True, access, user.device_key).startswith("<Response [200]>")
    again = user_of(
        server,
        app,
        person,
        device_key=user.device_key,
        device_group_key=user.device_group_key,
        device_password=secret,
    )
    result = again.authenticate_user()["AuthenticationResult"]
    assert claims_of(result["AccessToken"])["device_key"] == user.device_key
