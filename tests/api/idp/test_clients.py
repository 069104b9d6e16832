"""App clients over the wire. Texts are recorded unless a test says otherwise."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

NO_SUCH = "doesnotexist"
OAUTH: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "CallbackURLs": ["https://example.com/cb"],
}


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def no_client(client_id: str) -> tuple[str, str]:
    return "ResourceNotFoundException", f"User pool client {client_id} does not exist."


@pytest.fixture(scope="module")
def pool(make: Any) -> str:
    return str(make.pool())


def created(idp: Any, pool: str, **request: Any) -> dict[str, Any]:
    return dict(idp.create_user_pool_client(UserPoolId=pool, ClientName="app", **request)["UserPoolClient"])


def described(idp: Any, client: dict[str, Any]) -> dict[str, Any]:
    answer = idp.describe_user_pool_client(UserPoolId=client["UserPoolId"], ClientId=client["ClientId"])
    return dict(answer["UserPoolClient"])


# CreateUserPoolClient, DescribeUserPoolClient


def test_a_new_client_is_described_as_it_was_answered(idp: Any, pool: str) -> None:
    client = created(idp, pool)
    assert re.fullmatch("[a-z0-9]{26}", client["ClientId"])
    assert described(idp, client) == client
    assert client.pop("CreationDate") == client.pop("LastModifiedDate")
    client.pop("ClientId")
    assert client == {
        "UserPoolId": pool,
        "ClientName": "app",
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
        "ClientType": "REGULAR",  # documented
    }


def test_a_generated_secret_is_shown_ever_after(idp: Any, pool: str) -> None:
    client = created(idp, pool, GenerateSecret=True)
    assert re.fullmatch("[a-z0-9]{51}", client["ClientSecret"])
    assert described(idp, client)["ClientSecret"] == client["ClientSecret"]


def test_a_secret_may_be_chosen(idp: Any, pool: str) -> None:
    secret = "a-secret-of-my-own".replace("-", "") * 2
    assert created(idp, pool, ClientSecret=secret)["ClientSecret"] == secret


def test_a_secret_is_chosen_or_generated(idp: Any, pool: str) -> None:
    """Documented rule, assumed text."""
    code, _ = refusal(
        idp.create_user_pool_client,
        UserPoolId=pool,
        ClientName="c",
        GenerateSecret=True,
        ClientSecret="s" * 30,
    )
    assert code == "InvalidParameterException"


def test_a_client_is_made_in_a_pool_that_exists(idp: Any) -> None:
    assert refusal(idp.create_user_pool_client, UserPoolId="eu-central-1_none", ClientName="c") == (
        "ResourceNotFoundException",
        "User pool eu-central-1_none does not exist.",
    )


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (
            {"AccessTokenValidity": 2, "TokenValidityUnits": {"AccessToken": "days"}},
            ("InvalidParameterException", "Invalid range for token validity."),
        ),
        (
            {**OAUTH, "AllowedOAuthScopes": ["Cognito"]},
            ("ScopeDoesNotExistException", "Invalid scope requested: Cognito"),
        ),
        (
            {**OAUTH, "CallbackURLs": []},
            (
                "InvalidOAuthFlowException",
                "CallbackUrls can not be empty when code flow or implicit flow is selected",
            ),
        ),
        (
            {**OAUTH, "CallbackURLs": ["http://example.com/cb"]},
            ("InvalidParameterException", "http://example.com/cb cannot use the HTTP protocol."),
        ),
    ],
)
def test_a_client_that_contradicts_itself_is_neither_made_nor_updated(
    idp: Any, pool: str, request_: dict[str, Any], error: tuple[str, str]
) -> None:
    assert refusal(idp.create_user_pool_client, UserPoolId=pool, ClientName="c", **request_) == error
    client = created(idp, pool)
    update = {"UserPoolId": pool, "ClientId": client["ClientId"], **request_}
    assert refusal(idp.update_user_pool_client, **update) == error
    assert described(idp, client) == client


def test_case_77_a_client_is_found_in_its_own_pool_only(idp: Any, make: Any, pool: str) -> None:
    client_id = created(idp, pool, GenerateSecret=True)["ClientId"]
    other = make.pool()
    for call, more in (
        (idp.describe_user_pool_client, {}),
        (idp.update_user_pool_client, {}),
        (idp.delete_user_pool_client, {}),
        (idp.add_user_pool_client_secret, {}),
        (idp.list_user_pool_client_secrets, {}),
        (idp.delete_user_pool_client_secret, {"ClientSecretId": "x"}),
    ):
        assert refusal(call, UserPoolId=other, ClientId=client_id, **more) == no_client(client_id)
        assert refusal(call, UserPoolId=pool, ClientId=NO_SUCH, **more) == no_client(NO_SUCH)
        assert refusal(call, UserPoolId="eu-central-1_none", ClientId=client_id, **more) == (
            "ResourceNotFoundException",
            "User pool eu-central-1_none does not exist.",
        )
        code, text = refusal(call, UserPoolId=pool, ClientId="no-client", **more)
        assert (code, "'clientId'" in text) == ("InvalidParameterException", True)


# UpdateUserPoolClient, DeleteUserPoolClient, ListUserPoolClients


def test_an_update_replaces_all_but_the_name_and_the_secret(own: Any) -> None:
    idp, pool = own.server.idp, own.pool()
    before = created(idp, pool, GenerateSecret=True, **OAUTH)
    own.server.clock.advance(minutes=5)
    after = idp.update_user_pool_client(UserPoolId=pool, ClientId=before["ClientId"], AuthSessionValidity=9)
    after = after["UserPoolClient"]
    assert after == described(idp, before)
    assert "CallbackURLs" not in after
    assert not after["AllowedOAuthFlowsUserPoolClient"]
    assert after["AuthSessionValidity"] == 9
    kept = ("ClientName", "ClientSecret", "CreationDate")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["LastModifiedDate"] - before["LastModifiedDate"] >= timedelta(minutes=5)


def test_a_deleted_client_is_gone(idp: Any, pool: str) -> None:
    client_id = created(idp, pool)["ClientId"]
    idp.delete_user_pool_client(UserPoolId=pool, ClientId=client_id)
    assert refusal(idp.describe_user_pool_client, UserPoolId=pool, ClientId=client_id) == no_client(client_id)
    assert refusal(idp.delete_user_pool_client, UserPoolId=pool, ClientId=client_id) == no_client(client_id)


def test_clients_are_listed_in_pages(idp: Any, make: Any) -> None:
    pool = make.pool()
    made = sorted(created(idp, pool)["ClientId"] for _ in range(3))
    first = idp.list_user_pool_clients(UserPoolId=pool, MaxResults=2)
    second = idp.list_user_pool_clients(UserPoolId=pool, MaxResults=2, NextToken=first["NextToken"])
    assert "NextToken" not in second
    seen = first["UserPoolClients"] + second["UserPoolClients"]
    assert seen == [{"ClientId": made_id, "UserPoolId": pool, "ClientName": "app"} for made_id in made]
    assert idp.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"] == seen


def test_case_76_a_page_token_of_another_pool_is_refused(idp: Any, make: Any) -> None:
    pool, other = make.pool(), make.pool()
    for _ in range(2):
        created(idp, pool)
    token = idp.list_user_pool_clients(UserPoolId=pool, MaxResults=1)["NextToken"]
    for forged in (token, "forged"):
        code, _ = refusal(idp.list_user_pool_clients, UserPoolId=other, NextToken=forged)
        assert code == "InvalidParameterException"


def test_the_clients_of_an_unknown_pool_are_not_listed(idp: Any) -> None:
    code, _ = refusal(idp.list_user_pool_clients, UserPoolId="eu-central-1_none")
    assert code == "ResourceNotFoundException"


# Secrets


def test_a_second_secret_is_told_once(idp: Any, pool: str) -> None:
    client = created(idp, pool, GenerateSecret=True)
    ids = {"UserPoolId": pool, "ClientId": client["ClientId"]}
    added = idp.add_user_pool_client_secret(**ids)["ClientSecretDescriptor"]
    assert re.fullmatch("[a-z0-9]{51}", added["ClientSecretValue"])
    assert re.fullmatch(client["ClientId"] + "--[0-9]+", added["ClientSecretId"])  # documented
    listed = idp.list_user_pool_client_secrets(**ids)["ClientSecrets"]
    assert len(listed) == 2
    assert listed[1]["ClientSecretId"] == added["ClientSecretId"]
    assert all(set(secret) == {"ClientSecretId", "ClientSecretCreateDate"} for secret in listed)


def test_a_chosen_second_secret_is_not_repeated(idp: Any, pool: str) -> None:
    """Documented."""
    client = created(idp, pool, GenerateSecret=True)
    added = idp.add_user_pool_client_secret(
        UserPoolId=pool, ClientId=client["ClientId"], ClientSecret="s" * 30
    )
    assert "ClientSecretValue" not in added["ClientSecretDescriptor"]


def test_secrets_are_exchanged_one_for_the_other(idp: Any, pool: str) -> None:
    """Assumed texts; that the last secret stays is documented."""
    client = created(idp, pool, GenerateSecret=True)
    ids = {"UserPoolId": pool, "ClientId": client["ClientId"]}
    new = idp.add_user_pool_client_secret(**ids)["ClientSecretDescriptor"]
    old_id = idp.list_user_pool_client_secrets(**ids)["ClientSecrets"][0]["ClientSecretId"]
    idp.delete_user_pool_client_secret(**ids, ClientSecretId=old_id)
    assert described(idp, client)["ClientSecret"] == new["ClientSecretValue"]
    assert refusal(idp.delete_user_pool_client_secret, **ids, ClientSecretId=old_id) == (
        "ResourceNotFoundException",
        f"Client secret {old_id} does not exist.",
    )
    code, text = refusal(idp.delete_user_pool_client_secret, **ids, ClientSecretId=new["ClientSecretId"])
    assert (code, "last secret" in text) == ("InvalidParameterException", True)


def test_a_public_client_gets_no_secret(idp: Any, pool: str) -> None:
    """Assumed text."""
    client_id = created(idp, pool)["ClientId"]
    assert idp.list_user_pool_client_secrets(UserPoolId=pool, ClientId=client_id)["ClientSecrets"] == []
    code, _ = refusal(idp.add_user_pool_client_secret, UserPoolId=pool, ClientId=client_id)
    assert code == "InvalidParameterException"


def test_a_client_has_two_secrets_at_most_however_many_ask_at_once(idp: Any, pool: str) -> None:
    """Assumed text."""
    client_id = created(idp, pool, GenerateSecret=True)["ClientId"]

    def add(_: int) -> str:
        try:
            idp.add_user_pool_client_secret(UserPoolId=pool, ClientId=client_id)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "added"

    with ThreadPoolExecutor(20) as callers:
        outcomes = list(callers.map(add, range(20)))
    assert sorted(outcomes) == ["LimitExceededException"] * 19 + ["added"]
    assert len(idp.list_user_pool_client_secrets(UserPoolId=pool, ClientId=client_id)["ClientSecrets"]) == 2


def test_a_forged_page_token_of_secrets_is_refused(idp: Any, pool: str) -> None:
    client_id = created(idp, pool, GenerateSecret=True)["ClientId"]
    code, _ = refusal(
        idp.list_user_pool_client_secrets, UserPoolId=pool, ClientId=client_id, NextToken="forged"
    )
    assert code == "InvalidParameterException"
