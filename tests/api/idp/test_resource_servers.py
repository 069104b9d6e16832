"""Resource servers: APIs whose scopes clients may ask for."""

from typing import Any

import pytest
from tests.conftest import PoolFactory

from cenote.domain import resource_servers as rules

IDENTIFIER = "https://api.example.com"
SCOPES = [
    {"ScopeName": "read", "ScopeDescription": "Reads"},
    {"ScopeName": "write", "ScopeDescription": "Writes"},
]


@pytest.fixture
def pool(make: PoolFactory) -> str:
    return make.pool()


def server(pool: str, **changes: Any) -> dict[str, Any]:
    return {"UserPoolId": pool, "Identifier": IDENTIFIER, "Name": "api", "Scopes": SCOPES, **changes}


def test_a_resource_server_is_shown_as_it_was_made(idp: Any, pool: str) -> None:
    made = idp.create_resource_server(**server(pool))["ResourceServer"]
    assert made == server(pool)
    shown = idp.describe_resource_server(UserPoolId=pool, Identifier=IDENTIFIER)["ResourceServer"]
    assert shown == made
    assert idp.list_resource_servers(UserPoolId=pool)["ResourceServers"] == [made]


def test_an_identifier_is_taken_once(idp: Any, pool: str) -> None:
    idp.create_resource_server(**server(pool))
    with pytest.raises(idp.exceptions.InvalidParameterException, match=f"already exists in user pool {pool}"):
        idp.create_resource_server(**server(pool))


def test_an_update_replaces_all(idp: Any, pool: str) -> None:
    idp.create_resource_server(**server(pool))
    idp.update_resource_server(UserPoolId=pool, Identifier=IDENTIFIER, Name="other")
    shown = idp.describe_resource_server(UserPoolId=pool, Identifier=IDENTIFIER)["ResourceServer"]
    assert (shown["Name"], shown["Scopes"]) == ("other", [])


def test_one_that_does_not_exist_is_not_found(idp: Any, pool: str) -> None:
    missing = idp.exceptions.ResourceNotFoundException
    with pytest.raises(missing):
        idp.describe_resource_server(UserPoolId=pool, Identifier="no")
    with pytest.raises(missing):
        idp.update_resource_server(UserPoolId=pool, Identifier="no", Name="x")
    with pytest.raises(missing):
        idp.delete_resource_server(UserPoolId=pool, Identifier="no")
    with pytest.raises(missing):
        idp.create_resource_server(**server("eu-central-1_nobodys00"))


def test_a_scope_named_twice_and_cognitos_own_names_are_refused(idp: Any, pool: str) -> None:
    for wrong in ({"Scopes": [*SCOPES, SCOPES[0]]}, {"Identifier": "aws.cognito.signin"}):
        with pytest.raises(idp.exceptions.InvalidParameterException):
            idp.create_resource_server(**server(pool, **wrong))


def test_a_pool_has_25_at_most_and_lists_them_in_pages(idp: Any, pool: str) -> None:
    for number in range(rules.MOST):
        idp.create_resource_server(**server(pool, Identifier=f"api-{number:02}"))
    with pytest.raises(idp.exceptions.LimitExceededException):
        idp.create_resource_server(**server(pool, Identifier="one-more"))
    first = idp.list_resource_servers(UserPoolId=pool, MaxResults=20)
    rest = idp.list_resource_servers(UserPoolId=pool, MaxResults=20, NextToken=first["NextToken"])
    names = [entry["Identifier"] for page in (first, rest) for entry in page["ResourceServers"]]
    assert names == [f"api-{number:02}" for number in range(rules.MOST)]
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.list_resource_servers(UserPoolId=pool, NextToken="forged")


def test_a_client_may_be_given_the_scopes_of_its_pool_and_no_others(
    idp: Any, make: PoolFactory, pool: str
) -> None:
    idp.create_resource_server(**server(pool))
    oauth = {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "GenerateSecret": True,
    }
    client = make.client(pool, **oauth, AllowedOAuthScopes=[f"{IDENTIFIER}/read"])
    assert client["AllowedOAuthScopes"] == [f"{IDENTIFIER}/read"]
    with pytest.raises(idp.exceptions.ScopeDoesNotExistException):
        make.client(pool, **oauth, AllowedOAuthScopes=[f"{IDENTIFIER}/admin"])
    with pytest.raises(idp.exceptions.InvalidOAuthFlowException, match="openid is not supported"):
        make.client(pool, **oauth, AllowedOAuthScopes=["openid"])
    with pytest.raises(idp.exceptions.ScopeDoesNotExistException):
        make.client(make.pool(), **oauth, AllowedOAuthScopes=[f"{IDENTIFIER}/read"])
