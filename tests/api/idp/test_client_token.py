"""GetClientToken: a token for a client itself, by the API."""

from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from tests.browser import App, claims, oauth_app
from tests.conftest import PoolFactory


@pytest.fixture(scope="module")
def machine(make: PoolFactory) -> App:
    pool = make.pool()
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")]
    make.server.idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="api", Scopes=scopes)
    return oauth_app(
        make,
        pool=pool,
        secret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read", "api/write"],
    )


def ask(app: App, **changes: Any) -> Any:
    return app.server.idp.get_client_token(**{"ClientId": app.id, "Secret": app.secret, **changes})


def test_a_client_gets_the_token_that_the_token_endpoint_gives(machine: App) -> None:
    result = ask(machine, Scopes=["api/read"])["ClientAuthenticationResult"]
    token = claims(result["AccessToken"])
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
    assert (token["sub"], token["scope"], token["token_use"]) == (machine.id, "api/read", "access")
    everything = ask(machine)["ClientAuthenticationResult"]
    assert claims(everything["AccessToken"])["scope"] == "api/read api/write"


def test_nobody_has_to_sign_the_call(machine: App) -> None:
    unsigned = boto3.client(
        "cognito-idp",
        endpoint_url=machine.server.url,
        region_name=machine.server.region,
        config=Config(signature_version=UNSIGNED),
    )
    answer = unsigned.get_client_token(ClientId=machine.id, Secret=machine.secret)
    assert answer["ClientAuthenticationResult"]["AccessToken"]


def test_a_wrong_secret_is_refused(machine: App) -> None:
    with pytest.raises(machine.server.idp.exceptions.NotAuthorizedException):
        ask(machine, Secret="wrongsecretofsomelength000000")


def test_a_scope_that_the_client_may_not_have_is_refused(machine: App) -> None:
    for scope in ("api/admin", "openid"):
        with pytest.raises(machine.server.idp.exceptions.InvalidParameterException):
            ask(machine, Scopes=[scope])


def test_a_client_for_users_and_one_that_does_not_exist_are_refused(machine: App, make: PoolFactory) -> None:
    app, idp = oauth_app(make, secret=True), machine.server.idp
    with pytest.raises(idp.exceptions.NotAuthorizedException):
        ask(app)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        ask(machine, ClientId="0" * 26)
