"""Tokens for a client itself."""

import pytest
from tests.browser import App, claims, oauth_app
from tests.conftest import PoolFactory

READ, WRITE = "https://api.example.com/read", "https://api.example.com/write"


@pytest.fixture(scope="module")
def machine(make: PoolFactory) -> App:
    pool = make.pool()
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "admin")]
    make.server.idp.create_resource_server(
        UserPoolId=pool, Identifier="https://api.example.com", Name="api", Scopes=scopes
    )
    return oauth_app(
        make,
        pool=pool,
        secret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[READ, WRITE],
    )


def test_a_client_gets_a_token_of_its_own(machine: App) -> None:
    page = machine.token(grant_type="client_credentials", scope=READ, redirect_uri=None)
    assert set(page.document) == {"access_token", "expires_in", "token_type"}
    token = claims(page.document["access_token"])
    assert (token["sub"], token["client_id"], token["scope"]) == (machine.id, machine.id, READ)
    assert (token["token_use"], token["version"]) == ("access", 2)
    assert not {"username", "origin_jti", "event_id", "aud"} & set(token)


def test_without_a_scope_it_gets_all_that_it_may_have(machine: App) -> None:
    page = machine.token(grant_type="client_credentials", redirect_uri=None)
    assert claims(page.document["access_token"])["scope"] == f"{READ} {WRITE}"


@pytest.mark.parametrize("scope", ["openid", "https://api.example.com/admin", "https://api.example.com"])
def test_a_scope_that_it_may_not_have_is_refused(machine: App, scope: str) -> None:
    page = machine.token(grant_type="client_credentials", scope=scope, redirect_uri=None)
    assert (page.status, page.document["error"]) == (400, "invalid_scope")


def test_its_secret_has_to_be_right(machine: App) -> None:
    for secret in ("wrong", None):
        page = machine.token(grant_type="client_credentials", client_secret=secret, redirect_uri=None)
        assert (page.status, page.document["error"]) == (400, "invalid_client")


def test_a_client_for_users_gets_none(make: PoolFactory) -> None:
    app = oauth_app(make, secret=True)
    page = app.token(grant_type="client_credentials", redirect_uri=None)
    assert (page.status, page.document["error"]) == (400, "unauthorized_client")


def test_its_token_opens_nothing_of_a_users(machine: App) -> None:
    token = machine.token(grant_type="client_credentials", redirect_uri=None).document["access_token"]
    info = machine.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}")
    assert info.status == 401
    idp = machine.server.idp
    with pytest.raises((idp.exceptions.NotAuthorizedException, idp.exceptions.UserNotFoundException)):
        idp.get_user(AccessToken=token)
