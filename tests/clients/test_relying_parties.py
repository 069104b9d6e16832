"""Relying parties that others wrote: openid-client 6, passport-cognito-oauth2, Authlib."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from authlib.integrations.requests_client import OAuth2Session
from tests.browser import CALLBACK, App, claims, oauth_app
from tests.clients.drivers import Node, public_url
from tests.conftest import PoolFactory, free_port

PROGRAM = "relying_parties.js"


@pytest.fixture(scope="module")
def node() -> Node:
    return Node.found()


def given(app: App, **more: Any) -> dict[str, Any]:
    """What a program is told of an app, and of the browser in which its user has signed in."""
    cookie = "; ".join(f"{name}={value}" for name, value in app.signed_in().jar.items())
    return {
        "url": public_url(app.server),
        "region": app.server.region,
        "userPoolId": app.pool,
        "clientId": app.id,
        "clientSecret": app.client.get("ClientSecret"),
        "callback": app.client["CallbackURLs"][0] if "CallbackURLs" in app.client else "",
        "bye": "https://app.example.com/bye",
        "cookie": cookie,
        **more,
    }


@pytest.mark.parametrize("secret", [False, True])
def test_openid_client_signs_in_refreshes_revokes_and_signs_out(
    node: Node, make: PoolFactory, *, secret: bool
) -> None:
    app = oauth_app(make, secret=secret)
    done = node.run(PROGRAM, "signIn", **given(app))
    assert done["claims"]["sub"] == app.sub
    assert done["info"] == {
        "sub": app.sub,
        "email": f"{app.user}@example.com",
        "email_verified": "true",
        "username": app.user,
    }
    assert done["refreshed"] is True
    assert done["issuer"] == f"{public_url(app.server)}/{app.pool}"
    assert done["logout"] == "https://app.example.com/bye?state=gone"
    # What it was refused, and what it refuses by itself: an answer of another issuer (case 10).
    assert done["revoked"]
    assert done["again"]
    assert done["mixedUp"] == "invalid response encountered"


def test_openid_client_gets_a_token_for_itself(node: Node, make: PoolFactory) -> None:
    pool = make.pool()
    scopes = [{"ScopeName": "read", "ScopeDescription": "Reads"}]
    make.server.idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="api", Scopes=scopes)
    app = oauth_app(
        make,
        pool=pool,
        secret=True,
        with_user=False,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read"],
    )
    parameters = {
        "url": public_url(app.server),
        "userPoolId": pool,
        "clientId": app.id,
        "clientSecret": app.secret,
        "scope": "api/read",
    }
    done = node.run(PROGRAM, "machine", **parameters)
    assert claims(done["token"])["scope"] == "api/read"
    assert done["expires"] == 3600
    assert done["wrong"]


def test_openid_client_exchanges_a_users_token_for_less(node: Node, make: PoolFactory) -> None:
    app = oauth_app(make)
    service = oauth_app(
        make,
        pool=app.pool,
        secret=True,
        with_user=False,
        ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_IMPERSONATION"],
    )
    parameters = {
        "url": public_url(app.server),
        "userPoolId": app.pool,
        "clientId": service.id,
        "clientSecret": service.secret,
        "token": app.tokens(scope="openid email")["access_token"],
        "scope": "openid",
    }
    done = node.run(PROGRAM, "exchange", **parameters)
    derived = claims(done["token"])
    assert (derived["sub"], derived["client_id"], derived["scope"]) == (app.sub, service.id, "openid")
    assert done["kind"] == "urn:ietf:params:oauth:token-type:access_token"
    assert done["wrong"]


def test_passport_cognito_oauth2_signs_in_and_reads_the_profile(node: Node, make: PoolFactory) -> None:
    callback = f"http://localhost:{free_port()}/callback"
    app = oauth_app(make, secret=True, CallbackURLs=[callback])
    done = node.run(PROGRAM, "passport", **given(app))
    assert done["path"] == "/oauth2/authorize"
    assert done["has"] is True
    assert done["profile"]["email"] == f"{app.user}@example.com"


def test_authlibs_client_signs_in_and_verifies_the_id_token(make: PoolFactory) -> None:
    app = oauth_app(make, secret=True)
    browser = app.browser()
    metadata = browser.get(f"/{app.pool}/.well-known/openid-configuration").document
    session = OAuth2Session(
        app.id,
        app.secret,
        scope="openid email",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
    )
    verifier = "v" * 64
    address, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
    )
    back = app.signed_in().get(f"{urlsplit(address).path}?{urlsplit(address).query}").location
    assert parse_qs(urlsplit(back).query)["state"] == [state]
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
    )
    keys = jwt.PyJWKClient(metadata["jwks_uri"])
    verified = jwt.decode(
        token["id_token"],
        keys.get_signing_key_from_jwt(token["id_token"]),
        algorithms=["RS256"],
        issuer=metadata["issuer"],
        audience=app.id,
    )
    assert verified["nonce"] == "n-1"
    info = session.get(metadata["userinfo_endpoint"]).json()
    assert info["sub"] == verified["sub"] == app.sub
    assert session.refresh_token(metadata["token_endpoint"], token["refresh_token"])["access_token"]
    assert session.revoke_token(metadata["revocation_endpoint"], token["refresh_token"]).status_code == 200
