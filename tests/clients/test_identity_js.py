"""amazon-cognito-identity-js: what a web app of the older library does, and what it is told when it may not.

Error names and texts are recorded from Cognito unless a line says otherwise.
"""

from typing import Any

import pytest
from tests.clients.drivers import App, Node, Person

PROGRAM = "identity_js.js"
WRONG_CREDENTIALS = {"name": "NotAuthorizedException", "message": "Incorrect username or password."}


@pytest.fixture(scope="module")
def life(node: Node, app: App) -> tuple[Person, Any]:
    """Somebody's whole life with the app, from sign-up to signing out everywhere."""
    person = Person()
    return person, node.run(PROGRAM, "life", app, person)


def test_somebody_signs_up_and_is_told_where_the_code_went(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["confirmedAtOnce"] is False
    assert result["delivery"] == {
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": "a***@e***",
    }


def test_nobody_signs_in_before_their_address_is_confirmed(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["unconfirmed"] == {
        "name": "UserNotConfirmedException",
        "message": "User is not confirmed.",
    }


def test_a_wrong_code_is_refused_and_the_right_one_confirms(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["wrongCode"] == {
        "name": "CodeMismatchException",
        "message": "Invalid verification code provided, please try again.",
    }
    assert result["confirmed"] == "SUCCESS"


def test_srp_refuses_a_wrong_password_and_signs_in_with_the_right_one(
    life: tuple[Person, Any], app: App
) -> None:
    person, result = life
    assert result["wrongPassword"] == WRONG_CREDENTIALS
    identity = result["idClaims"]
    assert identity["sub"] == result["sub"]
    assert identity["aud"] == app.client_id
    assert identity["cognito:username"] == person.username
    assert identity["email"] == person.email
    assert identity["email_verified"] is True
    access = result["accessClaims"]
    assert access["client_id"] == app.client_id
    assert access["username"] == person.username
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert access["iss"] == identity["iss"] == f"{app.url}/{app.pool_id}"


def test_the_signed_in_user_reads_their_own_data(life: tuple[Person, Any]) -> None:
    person, result = life
    assert result["userData"]["Username"] == person.username
    attributes = {entry["Name"]: entry["Value"] for entry in result["userData"]["UserAttributes"]}
    assert attributes == {"sub": result["sub"], "email": person.email, "email_verified": "true"}


def test_a_password_changes_only_for_who_knows_the_old_one(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["wrongOldPassword"] == WRONG_CREDENTIALS
    assert result["changed"] == "SUCCESS"
    assert result["oldPassword"] == WRONG_CREDENTIALS
    assert result["newPassword"] == "success"


def test_a_refresh_gives_new_tokens_until_signing_out_everywhere(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["refreshed"] is True
    assert result["signedOut"] == "SUCCESS"
    assert result["revoked"] == {
        "name": "NotAuthorizedException",
        "message": "Refresh Token has been revoked",
    }


def test_a_user_who_signs_in_with_their_address_has_the_sub_as_name(
    node: Node, by_email: App, person: Person
) -> None:
    result = node.run(PROGRAM, "life", by_email, person, username=person.email)
    assert result["wrongPassword"] == WRONG_CREDENTIALS
    names = (
        result["userData"]["Username"],
        result["idClaims"]["cognito:username"],
        result["accessClaims"]["username"],
    )
    assert set(names) == {result["sub"]}
    assert result["refreshed"] is True
    assert result["newPassword"] == "success"


def test_a_forgotten_password_is_set_anew_with_the_code_that_was_sent(
    node: Node, app: App, member: Person
) -> None:
    result = node.run(PROGRAM, "forgottenPassword", app, member)
    assert result["asked"] == "inputVerificationCode"
    assert result["delivery"]["Destination"] == "a***@e***"
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["usedCode"]["name"] == "ExpiredCodeException"
    assert result["oldPassword"] == WRONG_CREDENTIALS
    assert result["newPassword"] == "success"


def test_an_invited_user_replaces_the_temporary_password(node: Node, app: App, invited: Person) -> None:
    result = node.run(PROGRAM, "firstPassword", app, invited)
    assert result["asked"] == "newPasswordRequired"
    assert result["attributes"]["email"] == invited.email
    assert result["required"] == []
    assert result["weakPassword"] == {
        "name": "InvalidPasswordException",
        "message": "Password does not conform to policy: Password not long enough",
    }
    assert result["completed"] == "success"
    assert result["attributesAfter"]["given_name"] == "Ada"


def test_a_changed_address_is_verified_with_the_code_that_was_sent_to_it(
    node: Node, app: App, member: Person
) -> None:
    result = node.run(PROGRAM, "attributes", app, member)
    assert result["before"]["email"] == member.new_email
    assert result["before"]["email_verified"] == "false"
    assert result["before"]["nickname"] == "Ada"
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["verified"] == "SUCCESS"
    assert result["after"]["email_verified"] == "true"
    assert "nickname" not in result["deleted"]


def test_nobody_sets_an_unknown_attribute_or_calls_their_own_address_verified(
    node: Node, app: App, member: Person
) -> None:
    result = node.run(PROGRAM, "forbiddenAttributes", app, member)
    assert result["unknown"]["name"] == "InvalidParameterException"
    assert result["verifiedFlag"]["name"] == "NotAuthorizedException"


def test_a_password_may_be_sent_as_it_is_where_the_client_allows_it(
    node: Node, app: App, member: Person
) -> None:
    result = node.run(PROGRAM, "plainPassword", app, member)
    assert result == {"wrongPassword": WRONG_CREDENTIALS, "signedIn": "success"}


def test_a_deleted_user_is_gone(node: Node, app: App, member: Person) -> None:
    result = node.run(PROGRAM, "deletion", app, member)
    assert result["deleted"] == "SUCCESS"
    # The client reveals whether a user exists (the default of PreventUserExistenceErrors, documented).
    assert result["gone"]["name"] == "UserNotFoundException"
