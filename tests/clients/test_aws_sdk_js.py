"""@aws-sdk/client-cognito-identity-provider: a server's client with a secret, and an administrator.

Error names and texts are recorded from Cognito unless a line says otherwise.
"""

from typing import Any

import pytest
from tests.clients.drivers import App, Node, Person, named, unique
from tests.conftest import PoolFactory

PROGRAM = "aws_sdk.js"
NOT_AUTHORIZED = "NotAuthorizedException"


@pytest.fixture(scope="module")
def life(node: Node, confidential: App) -> tuple[Person, Any]:
    """Somebody's whole life with the app, from sign-up to deletion; no call is signed."""
    person = Person()
    return person, node.run(PROGRAM, "life", confidential, person)


def test_a_sign_up_is_refused_without_the_right_secret_hash(
    life: tuple[Person, Any], confidential: App
) -> None:
    _, result = life
    assert result["noHash"] == {
        "name": NOT_AUTHORIZED,
        "message": f"Client {confidential.client_id} is configured with secret but SECRET_HASH was not received",
    }
    assert result["wrongHash"] == {
        "name": NOT_AUTHORIZED,
        "message": f"Unable to verify secret hash for client {confidential.client_id}",
    }


def test_a_sign_up_answers_the_sub_and_a_request_id_and_happens_once(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["status"] == 200
    assert result["requestId"]
    assert result["sub"] == named(result["user"]["UserAttributes"])["sub"]
    assert result["twice"] == {"name": "UsernameExistsException", "message": "User already exists"}


def test_a_weak_password_is_refused_with_the_rule_it_breaks(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["weakPassword"] == {
        "name": "InvalidPasswordException",
        "message": "Password did not conform with policy: Password not long enough",
    }


def test_a_wrong_code_and_a_wrong_password_are_refused_as_typed_errors(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["wrongPassword"] == {"name": NOT_AUTHORIZED, "message": "Incorrect username or password."}
    assert result["isTyped"] is True


def test_a_sign_in_answers_three_tokens(life: tuple[Person, Any]) -> None:
    person, result = life
    assert set(result["tokens"]) == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert result["tokens"]["ExpiresIn"] == 3600
    assert result["tokens"]["TokenType"] == "Bearer"
    assert result["user"]["Username"] == person.username


def test_a_refresh_by_either_operation_wants_the_secret(life: tuple[Person, Any], confidential: App) -> None:
    _, result = life
    for refreshed in (result["refreshed"], result["exchanged"]):
        assert set(refreshed) == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
    assert result["refreshWrongHash"] == {
        "name": NOT_AUTHORIZED,
        "message": f"Unable to verify secret hash for client {confidential.client_id}",
    }
    assert result["exchangeWrongSecret"]["name"] == NOT_AUTHORIZED


def test_a_revoked_token_ends_the_tokens_that_came_of_it(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["revokedRefresh"] == {"name": NOT_AUTHORIZED, "message": "Refresh Token has been revoked"}
    assert result["revokedAccess"] == {"name": NOT_AUTHORIZED, "message": "Access Token has been revoked"}


def test_signing_out_everywhere_ends_the_refresh_token(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["signedOut"] == {"name": NOT_AUTHORIZED, "message": "Refresh Token has been revoked"}


def test_a_deleted_user_is_gone(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["gone"]["name"] == "UserNotFoundException"


def test_a_forgotten_password_is_set_anew_by_a_client_with_a_secret(
    node: Node, confidential: App, member: Person
) -> None:
    result = node.run(PROGRAM, "forgottenPassword", confidential, member)
    assert result["delivery"]["Destination"] == "a***@e***"
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["status"] == 200


@pytest.fixture(scope="module")
def administration(node: Node, confidential: App, make: PoolFactory) -> tuple[Person, list[str], Any]:
    """An administrator creates a user, signs them in and out, and lists five others page by page."""
    person, family = Person(), f"given-{unique()}"
    members = [f"{family}-{number}" for number in range(5)]
    for name in members:
        make.user(confidential.pool_id, name, given_name=family)
    result = node.run(PROGRAM, "administration", confidential, person, names=family)
    return person, members, result


def test_an_administrator_creates_a_user_who_has_to_change_the_password(
    administration: tuple[Person, list[str], Any],
) -> None:
    person, _, result = administration
    assert result["created"]["Username"] == person.username
    assert result["created"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert result["isDate"] is True
    assert result["challenge"] == "NEW_PASSWORD_REQUIRED"
    assert result["status"] == "CONFIRMED"


def test_a_session_is_good_once_and_only_as_it_was_given(
    administration: tuple[Person, list[str], Any],
) -> None:
    _, _, result = administration
    assert result["forgedSession"]["name"] == NOT_AUTHORIZED
    assert result["usedSession"]["name"] == NOT_AUTHORIZED


def test_an_administrator_signs_a_user_out_everywhere(
    administration: tuple[Person, list[str], Any],
) -> None:
    _, _, result = administration
    assert result["signedOut"] == {"name": NOT_AUTHORIZED, "message": "Access Token has been revoked"}


def test_a_filtered_list_comes_page_by_page(administration: tuple[Person, list[str], Any]) -> None:
    _, members, result = administration
    assert [len(page) for page in result["pages"]] == [2, 2, 1]
    assert sorted(name for page in result["pages"] for name in page) == members


def test_unknown_users_and_pools_are_told_apart(administration: tuple[Person, list[str], Any]) -> None:
    _, _, result = administration
    assert result["nobody"] == {"name": "UserNotFoundException", "message": "User does not exist."}
    assert result["noPool"]["name"] == "ResourceNotFoundException"
