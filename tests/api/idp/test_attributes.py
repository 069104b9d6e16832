"""Attributes changed and deleted, by administrators and by users. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import PASSWORD, attributes_of, outcome, pairs, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer

NOBODY = ("UserNotFound", "User does not exist.")
ABSENT = "eu-central-1_Absent000"
UNAUTHORIZED = ("NotAuthorized", "A client attempted to write unauthorized attribute")
TAKEN = ("AliasExists", "An account with the given email already exists.")
SCHEMA = [
    {"Name": "given_name", "Required": True, "Mutable": True},
    {"Name": "locale", "Mutable": False},
    {
        "Name": "tier",
        "AttributeDataType": "String",
        "Mutable": True,
        "StringAttributeConstraints": {"MaxLength": "4"},
    },
    {"Name": "badge", "AttributeDataType": "String"},
]


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(Schema=SCHEMA)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def messages(server: RunningServer, to: str) -> list[Any]:
    return list(server.run(server.app.store.messages.list_(to=to, limit=50)))


def seen(idp: Any, pool: str, name: str) -> dict[str, str]:
    return attributes_of(idp.admin_get_user(UserPoolId=pool, Username=name))


def set_by_admin(idp: Any, pool: str, name: str, **attributes: str) -> None:
    idp.admin_update_user_attributes(UserPoolId=pool, Username=name, UserAttributes=pairs(attributes))


def set_by_user(idp: Any, token: str, **attributes: str) -> list[Any]:
    answer = idp.update_user_attributes(AccessToken=token, UserAttributes=pairs(attributes))
    return list(answer["CodeDeliveryDetailsList"])


def test_an_administrator_changes_adds_and_blanks_attributes(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "ada", given_name="Ada", family_name="King")
    set_by_admin(idp, pool, "ada", given_name="Augusta", family_name="", **{"custom:tier": "gold"})
    after = seen(idp, pool, "ada")
    assert (after["given_name"], after["custom:tier"]) == ("Augusta", "gold")
    assert "family_name" not in after


def test_users_change_add_and_blank_their_attributes(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "grace", given_name="Grace", family_name="Hopper")
    token = sign_in(idp, app, "grace")["AccessToken"]
    assert set_by_user(idp, token, given_name="Amazing", family_name="", nickname="Bug") == []
    after = seen(idp, pool, "grace")
    assert (after["given_name"], after["nickname"]) == ("Amazing", "Bug")
    assert "family_name" not in after


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"custom:none": "x"}, "user.custom:none: Attribute does not exist in the schema.\n"),
        ({"sub": "x"}, "user.sub: Attribute cannot be updated.\n"),
        ({"locale": "de"}, "user.locale: Attribute cannot be updated.\n"),
        ({"custom:badge": "x"}, "user.custom:badge: Attribute cannot be updated.\n"),
        ({"given_name": ""}, "Invalid user attributes: given_name: Required attribute cannot be deleted.\n"),
        (
            {"custom:tier": "platinum"},
            "Invalid user attributes: custom:tier: String must be no longer than 4 characters\n",
        ),
        ({"email": "nonsense"}, "Invalid email address format."),
        ({"phone_number": "123"}, "Invalid phone number format."),
    ],
)
def test_a_change_fits_the_schema_whoever_makes_it(
    idp: Any, make: PoolFactory, pool: str, app: str, attributes: dict[str, str], text: str
) -> None:
    name = f"fit-{abs(hash(str(attributes)))}"
    make.user(pool, name, given_name="Ada")
    before = seen(idp, pool, name)
    assert refusal(set_by_admin, idp, pool, name, **attributes) == ("InvalidParameter", text)
    token = sign_in(idp, app, name)["AccessToken"]
    assert refusal(set_by_user, idp, token, **attributes) == ("InvalidParameter", text)
    assert seen(idp, pool, name) == before


@pytest.mark.parametrize(
    "attributes", [{"email_verified": "true"}, {"phone_number_verified": "false"}, {"dev:custom:level": "1"}]
)
def test_case_55_users_never_set_what_only_administrators_may(
    idp: Any, make: PoolFactory, pool: str, app: str, attributes: dict[str, str]
) -> None:
    name = f"own-{abs(hash(str(attributes)))}"
    make.user(pool, name, given_name="Ada", email="a@example.com", phone_number="+15550100")
    before = seen(idp, pool, name)
    token = sign_in(idp, app, name)["AccessToken"]
    assert refusal(set_by_user, idp, token, given_name="x", **attributes) == UNAUTHORIZED
    names = list(attributes)
    assert refusal(idp.delete_user_attributes, AccessToken=token, UserAttributeNames=names) == UNAUTHORIZED
    assert seen(idp, pool, name) == before


def test_case_55_a_client_writes_only_what_it_may(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "limited", given_name="Ada", nickname="A")
    app = make.client(pool, WriteAttributes=["given_name", "nickname"])["ClientId"]
    token = sign_in(idp, app, "limited")["AccessToken"]
    set_by_user(idp, token, nickname="B")
    assert refusal(set_by_user, idp, token, nickname="C", family_name="x") == UNAUTHORIZED
    assert refusal(set_by_user, idp, token, **{"cognito:groups": "admins"}) == UNAUTHORIZED
    assert (
        refusal(idp.delete_user_attributes, AccessToken=token, UserAttributeNames=["profile"]) == UNAUTHORIZED
    )
    assert seen(idp, pool, "limited")["nickname"] == "B"


def test_case_55_a_claim_of_the_server_is_no_attribute(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "claimant", given_name="Ada")
    token = sign_in(idp, app, "claimant")["AccessToken"]
    for name in ("cognito:groups", "cognito:username", "iss", "token_use"):
        assert refusal(set_by_user, idp, token, **{name: "x"})[0] == "InvalidParameter"


def test_an_administrator_sets_verified_flags(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "flagged", given_name="Ada", email="flag@example.com")
    assert "email_verified" not in seen(idp, pool, "flagged")
    set_by_admin(idp, pool, "flagged", email_verified="True")
    assert seen(idp, pool, "flagged")["email_verified"] == "true"
    set_by_admin(idp, pool, "flagged", email="other@example.com")
    assert seen(idp, pool, "flagged")["email_verified"] == "false"


NO_EMAIL = ("InvalidParameter", "Email is required to verify/un-verify an email")
NO_NUMBER = ("InvalidParameter", "Phone Number is required to verify/un-verify a phone number")


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"email_verified": "true"}, NO_EMAIL),
        ({"email_verified": "false", "phone_number": "+15550100"}, NO_EMAIL),
        ({"email_verified": "true", "email": ""}, NO_EMAIL),
        ({"phone_number_verified": "true", "email": "none@example.com"}, NO_NUMBER),
    ],
)
def test_what_is_called_verified_is_there(
    idp: Any, make: PoolFactory, pool: str, attributes: dict[str, str], error: tuple[str, str]
) -> None:
    request = {"UserPoolId": pool, "Username": "flagless", "MessageAction": "SUPPRESS"}
    assert refusal(idp.admin_create_user, **request, UserAttributes=pairs(attributes)) == error
    assert refusal(seen, idp, pool, "flagless")[0] == "UserNotFound"
    make.user(pool, "flagless")
    assert refusal(set_by_admin, idp, pool, "flagless", **attributes) == error
    assert set(seen(idp, pool, "flagless")) == {"sub"}
    idp.admin_delete_user(UserPoolId=pool, Username="flagless")


def test_what_is_taken_away_is_not_called_verified(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "leaver", email="leaver@example.com", email_verified="true")
    assert refusal(set_by_admin, idp, pool, "leaver", email="", email_verified="true") == NO_EMAIL
    assert seen(idp, pool, "leaver")["email_verified"] == "true"
    set_by_admin(idp, pool, "leaver", email="")
    assert "email_verified" not in seen(idp, pool, "leaver")


def test_attributes_are_deleted(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "bare", given_name="Ada", email="bare@example.com", nickname="N", profile="P")
    idp.admin_delete_user_attributes(
        UserPoolId=pool, Username="bare", UserAttributeNames=["email", "nickname"]
    )
    after = seen(idp, pool, "bare")
    assert set(after) == {"sub", "given_name", "profile"}
    token = sign_in(idp, app, "bare")["AccessToken"]
    idp.delete_user_attributes(AccessToken=token, UserAttributeNames=["profile"])
    assert set(seen(idp, pool, "bare")) == {"sub", "given_name"}
    # what is not there is deleted without an error (assumed)
    idp.delete_user_attributes(AccessToken=token, UserAttributeNames=["profile"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("given_name", "Invalid user attributes: given_name: Required attribute cannot be deleted.\n"),
        ("sub", "user.sub: Attribute cannot be updated.\n"),
        ("locale", "user.locale: Attribute cannot be updated.\n"),
        ("custom:none", "user.custom:none: Attribute does not exist in the schema.\n"),
    ],
)
def test_what_must_stay_is_not_deleted(
    idp: Any, make: PoolFactory, pool: str, app: str, name: str, text: str
) -> None:
    user = f"keep-{name.replace(':', '-')}"
    make.user(pool, user, given_name="Ada", locale="en")
    before = seen(idp, pool, user)
    refused = ("InvalidParameter", text)
    assert (
        refusal(idp.admin_delete_user_attributes, UserPoolId=pool, Username=user, UserAttributeNames=[name])
        == refused
    )
    token = sign_in(idp, app, user)["AccessToken"]
    assert refusal(idp.delete_user_attributes, AccessToken=token, UserAttributeNames=[name]) == refused
    assert seen(idp, pool, user) == before


def test_nobodys_attributes_are_changed(idp: Any, pool: str) -> None:
    given = pairs({"given_name": "x"})
    for call, rest in (
        (idp.admin_update_user_attributes, {"UserAttributes": given}),
        (idp.admin_delete_user_attributes, {"UserAttributeNames": ["nickname"]}),
    ):
        assert refusal(call, UserPoolId=pool, Username="nobody", **rest) == NOBODY
        assert refusal(call, UserPoolId=ABSENT, Username="ada", **rest)[0] == "ResourceNotFound"
    bad = ("NotAuthorized", "Invalid Access Token")
    assert refusal(idp.update_user_attributes, AccessToken="x", UserAttributes=given) == bad
    assert refusal(idp.delete_user_attributes, AccessToken="x", UserAttributeNames=["nickname"]) == bad


# Addresses: aliases, sign-in attributes, verification


def test_a_changed_alias_signs_in_no_more_until_verified(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "mover", email="old@example.com", email_verified="true")
    token = sign_in(idp, app, "old@example.com")["AccessToken"]
    set_by_user(idp, token, email="new@example.com")
    assert seen(idp, pool, "mover")["email_verified"] == "false"
    for alias in ("old@example.com", "new@example.com"):
        assert outcome(sign_in, idp, app, alias) == "User does not exist."
    set_by_admin(idp, pool, "mover", email_verified="true")
    assert sign_in(idp, app, "NEW@example.com")


def test_an_alias_of_somebody_else_is_refused(idp: Any, make: PoolFactory) -> None:
    # documented; recorded in boto/boto3#3213 is that it moves
    pool = make.pool(AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "owner", email="mine@example.com", email_verified="true")
    make.user(pool, "thief")
    stolen = {"email": "Mine@example.com", "email_verified": "true"}
    assert refusal(set_by_admin, idp, pool, "thief", **stolen) == TAKEN
    assert "email" not in seen(idp, pool, "thief")
    token = sign_in(idp, app, "thief")["AccessToken"]
    set_by_user(idp, token, email="mine@example.com")  # unverified, it is no alias
    assert sign_in(idp, app, "mine@example.com")
    assert refusal(set_by_admin, idp, pool, "thief", email_verified="true") == TAKEN


def test_a_preferred_user_name_is_an_alias_at_once(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["preferred_username"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "u-1")
    make.user(pool, "u-2")
    set_by_admin(idp, pool, "u-1", preferred_username="lovelace")
    assert sign_in(idp, app, "Lovelace")
    token = sign_in(idp, app, "u-2")["AccessToken"]
    for name in ("lovelace", "u-1"):
        assert refusal(set_by_user, idp, token, preferred_username=name)[0] == "AliasExists"


def test_a_sign_in_attribute_is_kept_and_is_one_users(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UsernameAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "a@example.com")
    make.user(pool, "b@example.com")
    assert refusal(set_by_admin, idp, pool, "b@example.com", email="A@example.com") == TAKEN
    token = sign_in(idp, app, "b@example.com")["AccessToken"]
    assert refusal(set_by_user, idp, token, email="a@example.com") == TAKEN
    assert refusal(set_by_user, idp, token, email="") == (
        "InvalidParameter",
        "Invalid user attributes: email: Required attribute cannot be deleted.\n",
    )
    set_by_user(idp, token, email="c@example.com")
    assert sign_in(idp, app, "c@example.com")
    assert outcome(sign_in, idp, app, "b@example.com") == "User does not exist."


def test_a_new_address_is_sent_a_code_where_the_pool_verifies_it(
    idp: Any, make: PoolFactory, server: RunningServer
) -> None:
    pool = make.pool(AutoVerifiedAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "auto", email="auto-old@example.com", email_verified="true")
    token = sign_in(idp, app, "auto")["AccessToken"]
    sent = set_by_user(idp, token, email="auto-new@example.com", nickname="x")
    assert sent == [{"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}]
    after = seen(idp, pool, "auto")
    assert (after["email"], after["email_verified"]) == ("auto-new@example.com", "false")
    (message,) = messages(server, "auto-new@example.com")
    idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=message.code)
    assert seen(idp, pool, "auto")["email_verified"] == "true"
    assert set_by_user(idp, token, email="auto-new@example.com") == []  # nothing new
    set_by_admin(idp, pool, "auto", email="auto-3@example.com")
    assert len(messages(server, "auto-3@example.com")) == 1
    set_by_admin(idp, pool, "auto", email="auto-4@example.com", email_verified="true")
    assert messages(server, "auto-4@example.com") == []


@pytest.fixture(scope="module")
def careful(make: PoolFactory) -> tuple[str, str]:
    """A pool whose users keep their address until they have verified the new one, and its client."""
    pool = make.pool(
        AliasAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    return pool, make.client(pool)["ClientId"]


def test_case_55_the_old_address_stays_until_the_new_one_is_verified(
    idp: Any, make: PoolFactory, server: RunningServer, careful: tuple[str, str]
) -> None:
    pool, app = careful
    make.user(pool, "steady", email="steady@example.com", email_verified="true")
    token = sign_in(idp, app, "steady@example.com")["AccessToken"]
    sent = set_by_user(idp, token, email="steady-2@example.com", nickname="x")
    assert [entry["AttributeName"] for entry in sent] == ["email"]
    before = seen(idp, pool, "steady")
    assert (before["email"], before["email_verified"]) == ("steady@example.com", "true")
    assert before["nickname"] == "x"
    assert sign_in(idp, app, "steady@example.com")
    assert outcome(sign_in, idp, app, "steady-2@example.com") == "User does not exist."
    (message,) = messages(server, "steady-2@example.com")
    idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=message.code)
    after = seen(idp, pool, "steady")
    assert (after["email"], after["email_verified"]) == ("steady-2@example.com", "true")
    assert sign_in(idp, app, "steady-2@example.com")
    assert outcome(sign_in, idp, app, "steady@example.com") == "User does not exist."


def test_an_administrator_may_vouch_for_the_new_address(
    idp: Any, make: PoolFactory, server: RunningServer, careful: tuple[str, str]
) -> None:
    pool, _ = careful
    make.user(pool, "vouched", email="vouched@example.com", email_verified="true")
    set_by_admin(idp, pool, "vouched", email="vouched-2@example.com", email_verified="false")
    assert seen(idp, pool, "vouched")["email"] == "vouched@example.com"
    assert seen(idp, pool, "vouched")["email_verified"] == "true"
    set_by_admin(idp, pool, "vouched", email="vouched-3@example.com", email_verified="true")
    assert seen(idp, pool, "vouched")["email"] == "vouched-3@example.com"
    assert messages(server, "vouched-3@example.com") == []


def test_the_code_for_an_address_that_was_changed_again_is_good_no_more(
    idp: Any, make: PoolFactory, server: RunningServer, careful: tuple[str, str]
) -> None:
    pool, app = careful
    make.user(pool, "fickle", email="fickle@example.com", email_verified="true")
    token = sign_in(idp, app, "fickle")["AccessToken"]
    set_by_user(idp, token, email="fickle-2@example.com")
    (message,) = messages(server, "fickle-2@example.com")
    set_by_admin(idp, pool, "fickle", email="fickle-3@example.com", email_verified="true")
    refused = refusal(idp.verify_user_attribute, AccessToken=token, AttributeName="email", Code=message.code)
    assert refused[0] == "ExpiredCode"
    assert seen(idp, pool, "fickle")["email"] == "fickle-3@example.com"


def test_a_reset_code_to_the_old_address_ends_with_it(
    idp: Any, make: PoolFactory, server: RunningServer, careful: tuple[str, str]
) -> None:
    pool, app = careful
    make.user(pool, "leaky", email="leaky@example.com", email_verified="true")
    idp.forgot_password(ClientId=app, Username="leaky")
    (message,) = messages(server, "leaky@example.com")
    set_by_admin(idp, pool, "leaky", email="safe@example.com", email_verified="true")
    request = {
        "ClientId": app,
        "Username": "leaky",
        "ConfirmationCode": message.code,
        "Password": PASSWORD + "2",
    }
    assert refusal(idp.confirm_forgot_password, **request)[0] == "ExpiredCode"
    assert sign_in(idp, app, "leaky")


def test_codes_are_not_sent_without_end(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AutoVerifiedAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "spammer")
    token = sign_in(idp, app, "spammer")["AccessToken"]
    results = [outcome(set_by_user, idp, token, email=f"victim-{n}@example.com") for n in range(7)]
    assert results == ["ok"] * 5 + ["Attempt limit exceeded, please try after some time."] * 2
    assert seen(idp, pool, "spammer")["email"] == "victim-4@example.com"
