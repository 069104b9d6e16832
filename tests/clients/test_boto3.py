"""boto3: an administrator's pages, and a server whose client has a secret.

Error names and texts are recorded from Cognito unless a line says otherwise.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.clients.drivers import App, Outbox, Person, named, other_code, unique
from tests.conftest import PoolFactory, RunningServer

REVOKED = ("NotAuthorizedException", "Refresh Token has been revoked")


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def secret_hash(app: App, username: str) -> str:
    """Documented at 'Computing secret hash values'."""
    assert app.client_secret is not None
    digest = hmac.digest(app.client_secret.encode(), (username + app.client_id).encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


@pytest.fixture(scope="module")
def unsigned(app: App) -> Any:
    """A client as an app's users have one: no credentials, no signature."""
    config = Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client("cognito-idp", endpoint_url=app.url, region_name=app.region, config=config)


@pytest.fixture
def signed_up(unsigned: Any, confidential: App, outbox: Outbox, person: Person) -> Person:
    """Somebody who has signed up through the client with a secret, and confirmed."""
    named_so = {
        "ClientId": confidential.client_id,
        "Username": person.username,
        "SecretHash": secret_hash(confidential, person.username),
    }
    unsigned.sign_up(
        **named_so, Password=person.password, UserAttributes=[{"Name": "email", "Value": person.email}]
    )
    code = outbox.code(person.email)
    wrong = refusal(unsigned.confirm_sign_up, **named_so, ConfirmationCode=other_code(code))
    assert wrong == ("CodeMismatchException", "Invalid verification code provided, please try again.")
    unsigned.confirm_sign_up(**named_so, ConfirmationCode=code)
    return person


def initiate(client: Any, app: App, flow: str, username: str, **parameters: str) -> Any:
    return client.initiate_auth(
        ClientId=app.client_id,
        AuthFlow=flow,
        AuthParameters={**parameters, "SECRET_HASH": secret_hash(app, username)},
    )["AuthenticationResult"]


def test_a_client_with_a_secret_signs_in_refreshes_and_signs_out(
    unsigned: Any, confidential: App, signed_up: Person
) -> None:
    app, name = confidential, signed_up.username

    def sign_in(password: str) -> Any:
        return initiate(unsigned, app, "USER_PASSWORD_AUTH", name, USERNAME=name, PASSWORD=password)

    assert refusal(sign_in, password="Wrong-Horse-9") == (
        "NotAuthorizedException",
        "Incorrect username or password.",
    )
    tokens = sign_in(signed_up.password)
    user = unsigned.get_user(AccessToken=tokens["AccessToken"])
    assert user["Username"] == name
    assert named(user["UserAttributes"])["email_verified"] == "true"

    def refresh() -> Any:
        return initiate(unsigned, app, "REFRESH_TOKEN_AUTH", name, REFRESH_TOKEN=tokens["RefreshToken"])

    assert "RefreshToken" not in refresh()
    unsigned.global_sign_out(AccessToken=tokens["AccessToken"])
    assert refusal(refresh) == REVOKED


def test_a_call_without_the_secret_hash_is_refused(
    unsigned: Any, confidential: App, signed_up: Person
) -> None:
    code, text = refusal(
        unsigned.initiate_auth,
        ClientId=confidential.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": signed_up.username, "PASSWORD": signed_up.password},
    )
    assert code == "NotAuthorizedException"
    assert text == (
        f"Client {confidential.client_id} is configured with secret but SECRET_HASH was not received"
    )


def test_a_forgotten_password_is_set_anew(
    unsigned: Any, confidential: App, outbox: Outbox, signed_up: Person
) -> None:
    app, name = confidential, signed_up.username
    named_so = {"ClientId": app.client_id, "Username": name, "SecretHash": secret_hash(app, name)}
    delivery = unsigned.forgot_password(**named_so)["CodeDeliveryDetails"]
    assert delivery == {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    unsigned.confirm_forgot_password(
        **named_so, ConfirmationCode=outbox.code(signed_up.email), Password=signed_up.new_password
    )
    tokens = initiate(
        unsigned, app, "USER_PASSWORD_AUTH", name, USERNAME=name, PASSWORD=signed_up.new_password
    )
    assert tokens["TokenType"] == "Bearer"


def pages_of(client: Any, operation: str, size: int, **request: Any) -> list[Any]:
    """The pages that boto3's own paginator of the operation walks."""
    config = {"PageSize": size}
    return list(client.get_paginator(operation).paginate(**request, PaginationConfig=config))


@pytest.fixture(scope="module")
def populated(make: PoolFactory) -> str:
    """A pool of seven users, five clients and five groups; every user is in the group `group-0`."""
    idp, pool_id = make.server.idp, make.pool()
    for number in range(5):
        idp.create_group(UserPoolId=pool_id, GroupName=f"group-{number}")
        make.client(pool_id, ClientName=f"client-{number}")
    for number in range(7):
        make.user(pool_id, f"user-{number}")
        idp.admin_add_user_to_group(UserPoolId=pool_id, GroupName="group-0", Username=f"user-{number}")
    return pool_id


def test_all_users_are_paged_through_once(idp: Any, populated: str) -> None:
    pages = pages_of(idp, "list_users", 3, UserPoolId=populated)
    assert [len(page["Users"]) for page in pages] == [3, 3, 1]
    names = [user["Username"] for page in pages for user in page["Users"]]
    assert sorted(names) == [f"user-{number}" for number in range(7)]


def test_a_filtered_list_is_paged_through_as_well(idp: Any, populated: str) -> None:
    pages = pages_of(idp, "list_users", 2, UserPoolId=populated, Filter='username ^= "user-"')
    assert sum(len(page["Users"]) for page in pages) == 7


def test_all_clients_and_groups_are_paged_through_once(idp: Any, populated: str) -> None:
    clients = pages_of(idp, "list_user_pool_clients", 2, UserPoolId=populated)
    names = [client["ClientName"] for page in clients for client in page["UserPoolClients"]]
    assert sorted(names) == [f"client-{number}" for number in range(5)]
    groups = pages_of(idp, "list_groups", 2, UserPoolId=populated)
    names = [group["GroupName"] for page in groups for group in page["Groups"]]
    assert sorted(names) == [f"group-{number}" for number in range(5)]


def test_a_groups_members_and_a_members_groups_are_paged_through(idp: Any, populated: str) -> None:
    members = pages_of(idp, "list_users_in_group", 4, UserPoolId=populated, GroupName="group-0")
    assert [len(page["Users"]) for page in members] == [4, 3]
    groups = pages_of(idp, "admin_list_groups_for_user", 4, UserPoolId=populated, Username="user-1")
    assert [group["GroupName"] for page in groups for group in page["Groups"]] == ["group-0"]


@pytest.fixture(scope="module")
def few(server: RunningServer) -> Iterator[Any]:
    """A client in a region of its own, with three pools in it."""
    there = boto3.client(
        "cognito-idp",
        endpoint_url=server.url,
        region_name="sa-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    family = unique()
    made = [there.create_user_pool(PoolName=f"{family}-{number}")["UserPool"]["Id"] for number in range(3)]
    yield there
    for pool_id in made:
        there.delete_user_pool(UserPoolId=pool_id)


def test_all_pools_of_a_region_are_paged_through_once(few: Any) -> None:
    pages = pages_of(few, "list_user_pools", 2)
    assert [len(page["UserPools"]) for page in pages] == [2, 1]
    assert len({pool["Id"] for page in pages for pool in page["UserPools"]}) == 3
    assert all(pool["Id"].startswith("sa-east-1_") for page in pages for pool in page["UserPools"])


def test_a_page_token_of_another_list_is_refused(idp: Any, populated: str) -> None:
    page = idp.list_groups(UserPoolId=populated, Limit=2)
    code, _ = refusal(idp.list_users, UserPoolId=populated, Limit=2, PaginationToken=page["NextToken"])
    assert code == "InvalidParameterException"
