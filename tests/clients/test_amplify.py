"""aws-amplify 6 with `userPoolEndpoint`: what a web app of today does, and what it is told when it may not.

Error names and texts are recorded from Cognito unless a line says otherwise.
"""

import dataclasses
from typing import Any

import pytest
from tests.clients.drivers import App, Node, Person
from tests.conftest import PoolFactory

PROGRAM = "amplify.js"
WRONG_CREDENTIALS = {"name": "NotAuthorizedException", "message": "Incorrect username or password."}
REVOKED = {"name": "NotAuthorizedException", "message": "Refresh Token has been revoked"}
DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}


@pytest.fixture(scope="module")
def life(node: Node, app: App) -> tuple[Person, Any]:
    """Somebody's whole life with the app, from sign-up to signing out everywhere."""
    person = Person()
    return person, node.run(PROGRAM, "life", app, person)


def test_somebody_signs_up_and_confirms_with_the_code_that_was_sent(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["signUp"]["nextStep"] == {
        "signUpStep": "CONFIRM_SIGN_UP",
        "codeDeliveryDetails": {
            "deliveryMedium": "EMAIL",
            "destination": "a***@e***",
            "attributeName": "email",
        },
    }
    assert result["resent"] == "email"
    assert result["wrongCode"] == {
        "name": "CodeMismatchException",
        "message": "Invalid verification code provided, please try again.",
    }
    assert result["confirmed"]["isSignUpComplete"] is True


def test_an_unconfirmed_user_is_sent_to_confirm_first(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["unconfirmed"]["isSignedIn"] is False
    assert result["unconfirmed"]["nextStep"]["signInStep"] == "CONFIRM_SIGN_UP"


def test_srp_refuses_a_wrong_password_and_signs_in_with_the_right_one(
    life: tuple[Person, Any], app: App
) -> None:
    person, result = life
    assert result["wrongPassword"] == WRONG_CREDENTIALS
    assert result["signIn"] == DONE
    assert result["currentUser"]["username"] == person.username
    assert result["currentUser"]["userId"] == result["signUp"]["userId"]
    assert result["idClaims"]["email"] == person.email
    assert result["accessClaims"]["client_id"] == app.client_id


def test_the_signed_in_user_reads_their_own_attributes(life: tuple[Person, Any]) -> None:
    person, result = life
    assert result["attributes"] == {
        "sub": result["signUp"]["userId"],
        "email": person.email,
        "email_verified": "true",
    }


def test_a_forced_refresh_gives_new_tokens(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["refreshed"] is True


def test_a_password_changes_only_for_who_knows_the_old_one(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["wrongOldPassword"] == WRONG_CREDENTIALS
    assert result["oldPassword"] == WRONG_CREDENTIALS
    assert result["newPassword"] == DONE


def test_signing_out_everywhere_ends_tokens_that_somebody_copied(life: tuple[Person, Any]) -> None:
    _, result = life
    assert result["signedOut"]["name"] == "UserUnAuthenticatedException"
    assert result["revokedAccess"] == {
        "name": "NotAuthorizedException",
        "message": "Access Token has been revoked",
    }
    assert result["revokedRefresh"] == REVOKED


def test_signing_out_here_revokes_the_refresh_token(node: Node, app: App, member: Person) -> None:
    assert node.run(PROGRAM, "localSignOut", app, member) == {"revokedRefresh": REVOKED}


def test_refresh_tokens_rotate_where_the_client_says_so_and_an_old_one_ends_there(
    node: Node, app: App, make: PoolFactory, member: Person
) -> None:
    rotating = make.client(
        app.pool_id,
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )
    result = node.run(PROGRAM, "rotation", dataclasses.replace(app, client_id=rotating["ClientId"]), member)
    assert result["rotated"] is True
    assert result["goesOn"] is True
    assert result["reused"]["name"] == "RefreshTokenReuseException"  # documented name


def test_a_new_user_is_signed_in_by_confirming_where_the_app_asks_for_it(
    node: Node, app: App, person: Person
) -> None:
    result = node.run(PROGRAM, "automaticSignIn", app, person)
    assert result["confirmed"]["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
    assert result["signedIn"] == DONE
    assert result["user"]["username"] == person.username


def test_a_user_who_signs_in_with_their_address_has_the_sub_as_name(
    node: Node, by_email: App, person: Person
) -> None:
    result = node.run(PROGRAM, "automaticSignIn", by_email, person, username=person.email)
    assert result["signedIn"] == DONE
    assert result["user"]["username"] == result["user"]["userId"] == result["signedUp"]["userId"]
    assert result["user"]["signInDetails"]["loginId"] == person.email


def test_a_forgotten_password_is_set_anew_with_the_code_that_was_sent(
    node: Node, app: App, member: Person
) -> None:
    result = node.run(PROGRAM, "forgottenPassword", app, member)
    assert result["asked"]["nextStep"]["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    assert result["asked"]["nextStep"]["codeDeliveryDetails"]["destination"] == "a***@e***"
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["oldPassword"] == WRONG_CREDENTIALS
    assert result["newPassword"] == DONE


def test_an_invited_user_replaces_the_temporary_password(node: Node, app: App, invited: Person) -> None:
    result = node.run(PROGRAM, "firstPassword", app, invited)
    assert result["asked"]["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    assert result["weakPassword"]["name"] == "InvalidPasswordException"
    assert result["completed"] == DONE
    assert result["user"]["username"] == invited.username


def test_a_changed_address_is_verified_with_the_code_that_was_sent_to_it(
    node: Node, app: App, member: Person
) -> None:
    result = node.run(PROGRAM, "attributes", app, member)
    assert result["updated"]["isUpdated"] is False
    assert result["updated"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
    assert result["plain"] == {"isUpdated": True, "nextStep": {"updateAttributeStep": "DONE"}}
    assert result["before"]["email_verified"] == "false"
    assert result["wrongCode"]["name"] == "CodeMismatchException"
    assert result["after"]["email"] == member.new_email
    assert result["after"]["email_verified"] == "true"
    assert "nickname" not in result["deleted"]


def test_a_deleted_user_is_gone(node: Node, app: App, member: Person) -> None:
    result = node.run(PROGRAM, "deletion", app, member)
    assert result["gone"]["name"] == "UserNotFoundException"
