"""pycognito: what a Python app does with SRP, which it computes with code of its own.

It answers PASSWORD_VERIFIER without a `Session`, verifies every token it gets with the pool's JWKS, and expects
the issuer at its endpoint. Its devices and its MFA come with those features.
"""

from typing import Any

import pytest
from pycognito import Cognito
from pycognito.exceptions import ForceChangePasswordException, TokenVerificationException
from tests.clients.drivers import App, Outbox, Person, other_code
from tests.conftest import PoolFactory

# The library asks the time in a way that newer Pythons deprecate.


def user_of(app: App, person: Person, **tokens: Any) -> Cognito:
    return Cognito(
        app.pool_id,
        app.client_id,
        username=person.username,
        client_secret=app.client_secret,
        access_key="any",
        secret_key="any",
        boto3_client_kwargs={"endpoint_url": app.url},
        **tokens,
    )


@pytest.fixture(params=["app", "confidential"])
def either(request: pytest.FixtureRequest) -> App:
    """The client without a secret, and the one with a secret."""
    chosen: App = request.getfixturevalue(request.param)
    return chosen


def test_a_user_registers_confirms_and_signs_in_by_srp(either: App, outbox: Outbox, person: Person) -> None:
    user = user_of(either, person)
    user.set_base_attributes(email=person.email, given_name="Ada")
    answer = user.register(person.username, person.password)
    assert answer["UserConfirmed"] is False
    with pytest.raises(user.client.exceptions.UserNotConfirmedException):
        user.authenticate(person.password)

    code = outbox.code(person.email)
    with pytest.raises(user.client.exceptions.CodeMismatchException):
        user.confirm_sign_up(other_code(code))
    user.confirm_sign_up(code)

    with pytest.raises(user.client.exceptions.NotAuthorizedException, match="Incorrect username or password"):
        user.authenticate(person.password + "!")
    user.authenticate(person.password)
    user.verify_tokens()
    assert user.id_claims["sub"] == answer["UserSub"]
    assert user.access_claims["client_id"] == either.client_id
    seen = user.get_user()
    assert (seen.sub, seen.email, seen.email_verified, seen.given_name) == (
        answer["UserSub"], person.email, True, "Ada",
    )  # fmt: skip


def test_a_user_who_signs_in_with_their_address_has_the_sub_as_name(
    confidential_by_email: App, outbox: Outbox, person: Person
) -> None:
    """The library hashes the secret with the name it typed first, and then with the one it was answered."""
    user = user_of(confidential_by_email, Person(username=person.email))
    user.set_base_attributes(email=person.email)
    sub = user.register(person.email, person.password)["UserSub"]
    user.confirm_sign_up(outbox.code(person.email))
    with pytest.raises(user.client.exceptions.NotAuthorizedException, match="Incorrect username or password"):
        user.authenticate(person.new_password)
    user.authenticate(person.password)
    assert user.access_claims["username"] == user.id_claims["cognito:username"] == sub


def test_a_user_refreshes_until_signing_out_everywhere(either: App, member: Person) -> None:
    user = user_of(either, member)
    user.authenticate(member.password)
    before = user.access_token
    user.renew_access_token()
    assert user.access_token != before
    assert user.check_token(renew=False) is False

    refresh_token = user.refresh_token
    user.logout()
    with pytest.raises(user.client.exceptions.NotAuthorizedException, match="Refresh Token has been revoked"):
        user_of(either, member, refresh_token=refresh_token).renew_access_token()


def test_a_password_changes_only_for_who_knows_the_old_one(app: App, member: Person) -> None:
    user = user_of(app, member)
    user.authenticate(member.password)
    with pytest.raises(user.client.exceptions.NotAuthorizedException):
        user.change_password("Wrong-Horse-9", member.new_password)
    user.change_password(member.password, member.new_password)
    with pytest.raises(user.client.exceptions.NotAuthorizedException):
        user_of(app, member).authenticate(member.password)
    user_of(app, member).authenticate(member.new_password)


def test_a_forgotten_password_is_set_anew(either: App, outbox: Outbox, member: Person) -> None:
    user = user_of(either, member)
    user.initiate_forgot_password()
    code = outbox.code(member.email)
    with pytest.raises(user.client.exceptions.CodeMismatchException):
        user.confirm_forgot_password(other_code(code), member.new_password)
    user.confirm_forgot_password(code, member.new_password)
    user.authenticate(member.new_password)


def test_an_invited_user_replaces_the_temporary_password(either: App, invited: Person) -> None:
    user = user_of(either, invited)
    with pytest.raises(ForceChangePasswordException):
        user.authenticate(invited.password)
    user.new_password_challenge(invited.password, invited.new_password)
    assert user.access_claims["username"] == invited.username
    user_of(either, invited).authenticate(invited.new_password)


def test_a_changed_address_is_verified_with_the_code_that_was_sent_to_it(
    app: App, outbox: Outbox, member: Person
) -> None:
    user = user_of(app, member)
    user.authenticate(member.password)
    user.update_profile({"email": member.new_email, "name": "Ada Lovelace"})
    assert user.get_user().email_verified is False
    code = outbox.code(member.new_email)
    with pytest.raises(user.client.exceptions.CodeMismatchException):
        user.validate_verification(other_code(code))
    user.validate_verification(code)
    seen = user.get_user()
    assert (seen.email, seen.email_verified, seen.name) == (member.new_email, True, "Ada Lovelace")


def test_a_verification_code_is_sent_on_demand(
    app: App, make: PoolFactory, outbox: Outbox, person: Person
) -> None:
    make.user(app.pool_id, person.username, person.password, email=person.email)
    user = user_of(app, person)
    user.authenticate(person.password)
    user.send_verification()
    user.validate_verification(outbox.code(person.email))
    assert user.get_user().email_verified is True


def test_a_user_deletes_themselves(app: App, member: Person) -> None:
    user = user_of(app, member)
    user.authenticate(member.password)
    user.delete_user()
    with pytest.raises(user.client.exceptions.UserNotFoundException):
        user_of(app, member).authenticate(member.password)


def test_an_administrator_looks_after_users_and_groups(app: App, make: PoolFactory, member: Person) -> None:
    make.server.idp.create_group(UserPoolId=app.pool_id, GroupName=member.username, Precedence=3)
    user = user_of(app, member)
    user.admin_authenticate(member.password)
    user.admin_add_user_to_group(member.username, member.username)
    assert user.admin_list_groups_for_user(member.username) == [member.username]
    assert user.get_group(member.username).precedence == 3
    user.admin_update_profile({"given_name": "Ada"})
    assert user.admin_get_user().given_name == "Ada"
    user.admin_disable_user(member.username)
    assert user.admin_get_user().enabled is False
    with pytest.raises(user.client.exceptions.NotAuthorizedException):
        user.authenticate(member.password)
    user.admin_enable_user(member.username)
    user.authenticate(member.password)
    user.admin_delete_user()


def test_a_token_of_another_client_is_not_taken(app: App, confidential: App, member: Person) -> None:
    user = user_of(app, member)
    user.authenticate(member.password)
    other = user_of(confidential, member)
    with pytest.raises(TokenVerificationException):
        other.verify_token(user.id_token, "id_token", "id")
    with pytest.raises(TokenVerificationException):
        user.verify_token(user.id_token, "access_token", "access")
