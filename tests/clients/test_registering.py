"""openid-client 6 as an app that registers itself, and as a service that exchanges the tokens it is called with."""

from typing import Any

import pytest
from tests.browser import CALLBACK, App, claims, oauth_app
from tests.clients.drivers import Node, public_url
from tests.conftest import PoolFactory
from tests.exchanges import exchange

PROGRAM = "registering.js"
SCOPE = "aws.cognito/dcr/register"


@pytest.fixture(scope="module")
def node() -> Node:
    return Node.found()


@pytest.fixture(scope="module")
def registrar(make: PoolFactory) -> App:
    """A pool where apps register with a token, and the client that gets it."""
    pool = make.pool(DcrConfiguration={"AllowedScopes": ["api/read"]})
    scopes = [{"ScopeName": "read", "ScopeDescription": "Reads"}]
    make.server.idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="api", Scopes=scopes)
    settings: dict[str, Any] = {
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": [SCOPE],
    }
    return oauth_app(make, pool=pool, secret=True, **settings)


def given(app: App, **more: Any) -> dict[str, Any]:
    token = app.token(grant_type="client_credentials", redirect_uri=None).document["access_token"]
    return {"url": public_url(app.server), "userPoolId": app.pool, "initialAccessToken": token, **more}


def test_openid_client_registers_and_signs_a_user_in(node: Node, make: PoolFactory, registrar: App) -> None:
    other = oauth_app(make, pool=registrar.pool, with_user=False)
    browser = App(registrar.server, registrar.pool, other.client, registrar.user, registrar.sub).signed_in()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    done = node.run(PROGRAM, "signIn", **given(registrar, callback=CALLBACK, cookie=cookie))
    assert done["claims"]["sub"] == registrar.sub
    assert done["client"]["client_name"] == "Agent"
    assert done["refreshed"] is True
    asked = {"UserPoolId": registrar.pool, "ClientId": done["client"]["client_id"]}
    described = registrar.server.idp.describe_user_pool_client(**asked)["UserPoolClient"]
    assert (described["ClientType"], described["CallbackURLs"]) == ("DCR", [CALLBACK])


def test_openid_client_registers_and_gets_a_token_for_itself(node: Node, registrar: App) -> None:
    done = node.run(PROGRAM, "machine", **given(registrar, scope="api/read"))
    assert claims(done["token"])["scope"] == "api/read"
    assert claims(done["token"])["client_id"] == done["client"]["client_id"]
    assert done["wrong"] == "invalid_redirect_uri"
    assert done["strange"] == "WWWAuthenticateChallengeError"


def test_openid_client_exchanges_a_token(node: Node, make: PoolFactory) -> None:
    one = exchange(make)
    parameters = {
        "url": public_url(make.server),
        "userPoolId": one.app.pool,
        "clientId": one.service.id,
        "clientSecret": one.service.secret,
        "subject": one.subject()["access_token"],
    }
    done = node.run(PROGRAM, "exchange", **parameters)
    token = claims(done["tokens"]["access_token"])
    assert (token["sub"], token["aud"], token["scope"]) == (one.app.sub, "billing", "files/read")
    assert token["act"]["sub"] == one.service.id
    assert done["tokens"]["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert done["wider"] == "invalid_scope"
