"""What users may make of themselves, and what is left of them when they are gone (cases 48, 49, 55, 57, 58)."""

from itertools import pairwise
from typing import Any

import pytest
from tests.calls import PASSWORD, attempt, attributes_of, claims_of, outcome, pairs, refresh, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import code_to, messages_to
from tests.security.raw import call

SCHEMA = [
    {"Name": "badge", "AttributeDataType": "String", "Mutable": False},
    {"Name": "level", "AttributeDataType": "Number", "Mutable": True},
    {"Name": "note", "AttributeDataType": "String", "Mutable": True},
    {"Name": "secret", "AttributeDataType": "String", "Mutable": True, "DeveloperOnlyAttribute": True},
]
WRITABLE = ["email", "nickname", "custom:note"]
# What no user sets for themselves, and what one could gain by it.
FORBIDDEN = {
    "email_verified": "true",
    "phone_number_verified": "true",
    "sub": "00000000-0000-4000-8000-000000000001",
    "custom:level": "9",
    "custom:badge": "9",
    "dev:custom:secret": "9",
    "custom:secret": "9",
    "custom:unheard-of": "9",
    "cognito:groups": "admins",
    "cognito:username": "root",
    "cognito:roles": "arn:aws:iam::000000000000:role/root",
    "cognito:user_status": "CONFIRMED",
    "cognito:mfa_enabled": "false",
    "identities": "[]",
    "username": "root",
    "status": "Enabled",
    "aud": "x",
    "iss": "x",
    "token_use": "access",
    "client_id": "x",
    "scope": "aws.cognito.signin.user.admin",
    "Email_Verified": "true",
    "email_verified\u200b": "true",
}
# What a client that lists nothing lets its users write; the badge once, at sign-up.
WRITABLE_BY_DEFAULT = {"custom:level", "custom:badge"}


class Place:
    """A pool with attributes of its own, and a client that may write some."""

    def __init__(self, make: PoolFactory, **pool: Any) -> None:
        self.make, self.idp, self.url = make, make.server.idp, make.server.url
        self.pool = make.pool(Schema=SCHEMA, AutoVerifiedAttributes=["email"], **pool)
        self.app = str(make.client(self.pool, WriteAttributes=WRITABLE)["ClientId"])

    def seen(self, name: str) -> dict[str, str]:
        return attributes_of(self.idp.admin_get_user(UserPoolId=self.pool, Username=name))

    def call(self, operation: str, **request: Any) -> str:
        answer = call(self.url, operation, request)
        return "ok" if answer.status == 200 else answer.error[0]


@pytest.fixture(scope="module")
def place(make: PoolFactory) -> Place:
    place = Place(make)
    make.user(place.pool, "ada", email="ada@users.example", email_verified="false")
    return place


REFUSALS = {"NotAuthorized", "InvalidParameter"}


@pytest.mark.parametrize("attribute", FORBIDDEN)
def test_case_55_no_door_lets_a_user_set_what_is_not_theirs(place: Place, attribute: str) -> None:
    change = pairs({attribute: FORBIDDEN[attribute]})
    name = f"new-{sorted(FORBIDDEN).index(attribute)}"
    sign_up = {"ClientId": place.app, "Username": name, "Password": PASSWORD, "UserAttributes": change}
    assert place.call("SignUp", **sign_up) in REFUSALS
    token = sign_in(place.idp, place.app, "ada")["AccessToken"]
    before = place.seen("ada")
    assert place.call("UpdateUserAttributes", AccessToken=token, UserAttributes=change) in REFUSALS
    mixed = [*pairs({"nickname": attribute}), *change]
    assert place.call("UpdateUserAttributes", AccessToken=token, UserAttributes=mixed) in REFUSALS
    request = {"AccessToken": token, "UserAttributeNames": [attribute]}
    assert place.call("DeleteUserAttributes", **request) in REFUSALS
    assert place.seen("ada") == before
    shown = claims_of(sign_in(place.idp, place.app, "ada")["IdToken"])
    assert shown.get("email_verified") is False
    assert "cognito:groups" not in shown


@pytest.mark.parametrize("attribute", FORBIDDEN)
def test_case_55_a_new_password_brings_along_nothing_that_is_not_the_users(
    place: Place, attribute: str
) -> None:
    name = f"temporary-{sorted(FORBIDDEN).index(attribute)}"
    place.idp.admin_create_user(
        UserPoolId=place.pool, Username=name, MessageAction="SUPPRESS", TemporaryPassword="Temporary-1"
    )
    session = attempt(place.idp, place.app, name, "Temporary-1")["Session"]
    before = place.seen(name)
    responses = {
        "USERNAME": name,
        "NEW_PASSWORD": PASSWORD,
        f"userAttributes.{attribute}": FORBIDDEN[attribute],
    }
    request = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session, "ChallengeResponses": responses}
    assert place.call("RespondToAuthChallenge", ClientId=place.app, **request) in REFUSALS
    assert place.seen(name) == before
    assert outcome(sign_in, place.idp, place.app, name) == "Incorrect username or password."


@pytest.mark.parametrize("attribute", [name for name in FORBIDDEN if name not in WRITABLE_BY_DEFAULT])
def test_case_55_a_client_without_a_list_may_not_do_it_either(place: Place, attribute: str) -> None:
    app = place.make.client(place.pool)["ClientId"]
    change = pairs({attribute: FORBIDDEN[attribute]})
    name = f"open-{sorted(FORBIDDEN).index(attribute)}"
    sign_up = {"ClientId": app, "Username": name, "Password": PASSWORD, "UserAttributes": change}
    assert place.call("SignUp", **sign_up) in REFUSALS
    token = sign_in(place.idp, app, "ada")["AccessToken"]
    before = place.seen("ada")
    assert place.call("UpdateUserAttributes", AccessToken=token, UserAttributes=change) in REFUSALS
    assert place.seen("ada") == before


def test_case_55_an_address_changes_hands_only_when_its_new_holder_has_read_it(make: PoolFactory) -> None:
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    at = Place(make, AliasAttributes=["email"], UserAttributeUpdateSettings=settings)
    old, new = f"old@{at.pool}.example", f"new@{at.pool}.example"
    make.user(at.pool, "ada", email=old, email_verified="true")
    token = sign_in(at.idp, at.app, "ada")["AccessToken"]
    at.idp.update_user_attributes(AccessToken=token, UserAttributes=pairs({"email": new}))
    assert at.seen("ada")["email"] == old
    assert outcome(sign_in, at.idp, at.app, new) == "User does not exist."
    # Until then a reset goes to the old address.
    at.idp.forgot_password(ClientId=at.app, Username="ada")
    assert len(messages_to(at.url, old)) == 1
    verify = {"AccessToken": token, "AttributeName": "email"}
    stranger = make.user(at.pool, "eve", email=new, email_verified="true")
    code = code_to(at.url, new)
    assert outcome(at.idp.verify_user_attribute, **verify, Code=code).startswith(
        "An account with the given email"
    )
    assert at.seen("ada")["email"] == old
    assert claims_of(sign_in(at.idp, at.app, new)["IdToken"])["sub"] == stranger


def test_case_55_a_code_for_an_address_that_was_given_up_verifies_nothing(
    place: Place, make: PoolFactory
) -> None:
    make.user(place.pool, "fay", email="first@users.example")
    token = sign_in(place.idp, place.app, "fay")["AccessToken"]
    verify = {"AccessToken": token, "AttributeName": "email"}
    place.idp.get_user_attribute_verification_code(**verify)
    code = code_to(place.url, "first@users.example")
    place.idp.update_user_attributes(
        AccessToken=token, UserAttributes=pairs({"email": "victim@users.example"})
    )
    assert outcome(place.idp.verify_user_attribute, **verify, Code=code) != "ok"
    assert place.seen("fay")["email_verified"] == "false"


# Gone


def test_case_57_a_name_used_again_is_another_user_without_any_right_of_the_first(make: PoolFactory) -> None:
    at = Place(make, AliasAttributes=["email"])
    idp, pool, address = at.idp, at.pool, f"ada@{at.pool}.example"

    def ada() -> str:
        return make.user(pool, "ada", email=address, email_verified="true", nickname="first")

    first = ada()
    idp.create_group(UserPoolId=pool, GroupName="admins")
    idp.admin_add_user_to_group(UserPoolId=pool, Username="ada", GroupName="admins")
    tokens = sign_in(idp, at.app, "ada")
    idp.forgot_password(ClientId=at.app, Username="ada")
    reset = code_to(at.url, address)
    idp.get_user_attribute_verification_code(AccessToken=tokens["AccessToken"], AttributeName="email")
    verification = code_to(at.url, address)
    temporary = {"Password": "Temporary-1", "Permanent": False}
    idp.admin_set_user_password(UserPoolId=pool, Username="ada", **temporary)
    session = attempt(idp, at.app, "ada", "Temporary-1")["Session"]
    idp.admin_delete_user(UserPoolId=pool, Username="ada")
    second = ada()
    assert second != first
    new = sign_in(idp, at.app, "ada")
    assert "cognito:groups" not in claims_of(new["AccessToken"])
    assert idp.admin_list_groups_for_user(UserPoolId=pool, Username="ada")["Groups"] == []
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "User does not exist."
    assert outcome(refresh, idp, at.app, tokens["RefreshToken"]) == "Invalid Refresh Token"
    confirm = {"ClientId": at.app, "Username": "ada", "Password": "Taken-Over-1"}
    assert outcome(idp.confirm_forgot_password, **confirm, ConfirmationCode=reset) != "ok"
    verify = {"AccessToken": new["AccessToken"], "AttributeName": "email"}
    assert outcome(idp.verify_user_attribute, **verify, Code=verification) != "ok"
    responses = {"USERNAME": "ada", "NEW_PASSWORD": "Taken-Over-1"}
    request = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session, "ChallengeResponses": responses}
    assert (
        outcome(idp.respond_to_auth_challenge, ClientId=at.app, **request) == "Invalid session for the user."
    )
    assert sign_in(idp, at.app, "ada")


def test_case_57_a_group_made_again_has_no_members_and_a_client_none_of_the_old_tokens(
    make: PoolFactory,
) -> None:
    at = Place(make)
    make.user(at.pool, "ada")
    group = {"UserPoolId": at.pool, "GroupName": "admins"}
    at.idp.create_group(**group)
    at.idp.admin_add_user_to_group(**group, Username="ada")
    at.idp.delete_group(**group)
    at.idp.create_group(**group)
    assert at.idp.list_users_in_group(**group)["Users"] == []
    assert "cognito:groups" not in claims_of(sign_in(at.idp, at.app, "ada")["AccessToken"])


def test_case_57_nothing_of_a_deleted_user_stays_in_the_database(own: PoolFactory) -> None:
    at = Place(own)
    sub = own.user(at.pool, "ada", email="ada@gone.example", email_verified="true")
    at.idp.create_group(UserPoolId=at.pool, GroupName="g")
    at.idp.admin_add_user_to_group(UserPoolId=at.pool, Username="ada", GroupName="g")
    sign_in(at.idp, at.app, "ada")
    at.idp.admin_delete_user(UserPoolId=at.pool, Username="ada")
    engine, run = own.server.app.store.engine, own.server.run
    for (table,) in run(engine.all("SELECT name FROM sqlite_master WHERE type = 'table'")):
        columns = {name for (name,) in run(engine.all(f"SELECT name FROM pragma_table_info('{table}')"))}
        for column in columns & {"sub", "subject"}:
            left = run(engine.all(f"SELECT * FROM {table} WHERE {column} = ?", sub))
            # Counts of what was asked of somebody hold no more than a number, and end by themselves.
            assert left == [] or table in {"attempts", "quotas"}


# Temporary


@pytest.mark.parametrize("days", [1, 7, 365])
def test_case_58_a_temporary_password_ends_to_the_millisecond_by_every_way(
    own: PoolFactory, days: int
) -> None:
    clock = own.server.clock
    clock.freeze()
    policy = {"PasswordPolicy": {"MinimumLength": 8, "TemporaryPasswordValidityDays": days}}
    at = Place(own, Policies=policy)
    create = {"UserPoolId": at.pool, "MessageAction": "SUPPRESS", "TemporaryPassword": "Temporary-1"}
    at.idp.admin_create_user(**create, Username="made")
    own.user(at.pool, "reset")
    at.idp.admin_set_user_password(
        UserPoolId=at.pool, Username="reset", Password="Temporary-1", Permanent=False
    )

    def ways(name: str) -> set[str]:
        parameters = {"USERNAME": name, "PASSWORD": "Temporary-1"}
        admin = {"UserPoolId": at.pool, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters}
        return {
            outcome(attempt, at.idp, at.app, name, "Temporary-1"),
            outcome(at.idp.admin_initiate_auth, ClientId=at.app, **admin),
        }

    clock.advance(days=days, ms=-1)
    assert ways("made") == ways("reset") == {"ok"}
    late = attempt(at.idp, at.app, "made", "Temporary-1")["Session"]
    clock.advance(ms=1)
    over = {"Temporary password has expired and must be reset by an administrator."}
    assert ways("made") == ways("reset") == over
    responses = {"USERNAME": "made", "NEW_PASSWORD": "Chosen-Horse-9"}
    request = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": late, "ChallengeResponses": responses}
    assert {outcome(at.idp.respond_to_auth_challenge, ClientId=at.app, **request)} == over
    # Given anew, with its time anew; the old one does not come back with it.
    anew = {"UserPoolId": at.pool, "Password": "Temporary-2", "Permanent": False}
    at.idp.admin_set_user_password(**anew, Username="made")
    assert outcome(attempt, at.idp, at.app, "made", "Temporary-1") == "Incorrect username or password."
    assert attempt(at.idp, at.app, "made", "Temporary-2")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


# Codes


def test_case_49_a_reset_code_is_the_newest_for_an_hour_and_for_one_use(own: PoolFactory) -> None:
    clock = own.server.clock
    clock.freeze()
    at = Place(own)
    address = f"ada@{at.pool}.example"
    own.user(at.pool, "ada", email=address, email_verified="true")

    def asked() -> str:
        clock.advance(ms=1)
        at.idp.forgot_password(ClientId=at.app, Username="ada")
        return code_to(at.url, address)

    def said(code: str, password: str) -> str:
        request = {"Username": "ada", "ConfirmationCode": code, "Password": password}
        return outcome(at.idp.confirm_forgot_password, ClientId=at.app, **request)

    old, new = asked(), asked()
    assert old == new or said(old, "Old-Code-1") == "Invalid verification code provided, please try again."
    clock.advance(hours=1, ms=-1)
    assert said(new, "Newest-Code-1") == "ok"
    assert said(new, "Used-Twice-1") == "Invalid code provided, please request a code again."
    late = asked()
    clock.advance(hours=1)
    assert said(late, "Too-Late-1") == "Invalid code provided, please request a code again."
    assert sign_in(at.idp, at.app, "ada", "Newest-Code-1")


def test_case_49_codes_are_not_in_the_database_and_not_to_be_counted_up(own: PoolFactory) -> None:
    at, codes = Place(own), []
    for number in range(30):
        mail = pairs({"email": f"user{number}@codes.example"})
        at.idp.sign_up(ClientId=at.app, Username=f"user{number}", Password=PASSWORD, UserAttributes=mail)
        codes.append(code_to(at.url, f"user{number}@codes.example"))
    assert len(set(codes)) > 25
    steps = {abs(int(a) - int(b)) for a, b in pairwise(codes)}
    assert len(steps) > 25
    rows = own.server.run(own.server.app.store.engine.all("SELECT * FROM codes"))
    assert len(rows) == 30
    assert not any(code in repr(row) for row, code in zip(rows, codes, strict=True))


def test_case_48_a_reset_ends_what_was_open_and_keeps_the_rest(
    make: PoolFactory, server: RunningServer
) -> None:
    at = Place(make)
    address = f"ada@{at.pool}.example"
    make.user(at.pool, "ada", email=address, email_verified="true", nickname="kept")
    tokens = sign_in(at.idp, at.app, "ada")
    at.idp.forgot_password(ClientId=at.app, Username="ada")
    # Asking ends nothing: anybody can ask.
    assert refresh(at.idp, at.app, tokens["RefreshToken"])
    request = {"Username": "ada", "ConfirmationCode": code_to(at.url, address), "Password": "Reset-Horse-1"}
    at.idp.confirm_forgot_password(ClientId=at.app, **request)
    assert outcome(refresh, at.idp, at.app, tokens["RefreshToken"]) == "Refresh Token has been revoked"
    assert outcome(at.idp.get_user, AccessToken=tokens["AccessToken"]) == "Access Token has been revoked"
    assert outcome(sign_in, at.idp, at.app, "ada") == "Incorrect username or password."
    assert at.seen("ada")["nickname"] == "kept"
    assert sign_in(at.idp, at.app, "ada", "Reset-Horse-1")
