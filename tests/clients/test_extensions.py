"""What goes beyond Cognito, with openid-client 6, which knows all of it, and others that know a part."""

from urllib.parse import urlsplit

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from tests.browser import App, claims, oauth_app, turned_on
from tests.clients.drivers import Node, public_url
from tests.clients.test_relying_parties import given
from tests.conftest import PoolFactory

PROGRAM = "extensions.js"


@pytest.fixture(scope="module")
def node() -> Node:
    return Node.found()


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256"])
def test_openid_client_proves_its_key(node: Node, make: PoolFactory, algorithm: str) -> None:
    app = turned_on(oauth_app(make), "dpop-required")
    done = node.run(PROGRAM, "dpop", **given(app, algorithm=algorithm))
    assert done["info"]["sub"] == app.sub
    # The library writes it in small letters.
    assert (done["type"], done["refreshedType"]) == ("dpop", "dpop")
    assert claims(done["accessToken"])["cnf"] == {"jkt": done["thumbprint"]}
    assert done["algorithms"] == ["ES256", "RS256", "PS256"]
    assert done["stolen"]
    assert done["bearer"]


def test_openid_client_jose_and_aws_jwt_verify_take_es256(node: Node, make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "es256")
    done = node.run(PROGRAM, "es256", **given(app))
    assert done["sub"] == done["access"]["sub"] == app.sub
    assert done["header"]["alg"] == "ES256"
    assert done["algorithms"] == ["RS256", "ES256"]
    assert done["asRSA"] == "JOSEAlgNotAllowed"
    issuer = f"{public_url(app.server)}/{app.pool}"
    verified = node.run(
        PROGRAM,
        "awsVerifier",
        issuer=issuer,
        jwksUri=f"{issuer}/.well-known/jwks.json",
        clientId=app.id,
        accessToken=done["accessToken"],
        idToken=done["idToken"],
    )
    assert (verified["id"], verified["access"]) == (app.sub, app.sub)
    assert verified["altered"] == "JwtInvalidSignatureError"


@pytest.mark.parametrize("secret", [False, True])
def test_openid_client_pushes_its_requests(node: Node, make: PoolFactory, *, secret: bool) -> None:
    app = turned_on(oauth_app(make, secret=secret), "par-required dpop")
    done = node.run(PROGRAM, "par", **given(app))
    assert sorted(done["parameters"]) == ["client_id", "request_uri"]
    assert done["sub"] == app.sub
    # The key that the pushing proved is the only one that the code is good with.
    assert done["unproved"] == "ResponseBodyError"
    assert done["wrong"] == "ResponseBodyError"
    assert done["plain"] == "invalid_request"


@pytest.mark.parametrize("secret", [False, True])
def test_openid_client_is_a_device(node: Node, make: PoolFactory, *, secret: bool) -> None:
    app = turned_on(oauth_app(make, secret=secret), "device dpop")
    begun = node.run(PROGRAM, "deviceBegins", **given(app))
    assert begun["answers"] == ["authorization_pending", "slow_down"]
    agree(app, begun["codes"]["verification_uri_complete"])
    done = node.run(PROGRAM, "devicePolls", **given(app, codes=begun["codes"]))
    assert done["info"]["sub"] == app.sub
    assert (done["type"], done["again"]) == ("dpop", "invalid_grant")


def test_authlibs_client_is_a_device(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    session = OAuth2Session(app.id, token_endpoint_auth_method="none")
    endpoint = document["device_authorization_endpoint"]
    codes = session.request("POST", endpoint, data={"client_id": app.id}, withhold_token=True).json()
    grant = {"grant_type": document["grant_types_supported"][-1], "device_code": codes["device_code"]}
    with pytest.raises(OAuthError, match="authorization_pending"):
        session.fetch_token(document["token_endpoint"], **grant)
    agree(app, codes["verification_uri_complete"])
    assert session.fetch_token(document["token_endpoint"], **grant)["access_token"]
    assert session.get(document["userinfo_endpoint"]).json()["sub"] == app.sub


def agree(app: App, address: str) -> None:
    """What the device's user does in a browser."""
    parts, browser = urlsplit(address), app.signed_in()
    browser.host = parts.netloc
    led = browser.fill(browser.get(f"{parts.path}?{parts.query}"))
    assert "connected" in browser.fill(browser.get(led.location), choice="allow").text
