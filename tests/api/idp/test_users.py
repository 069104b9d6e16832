"""Users shown, switched off and on, and deleted. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import PASSWORD, attributes_of, outcome, pairs, refresh, refusal, sign_in
from tests.conftest import PoolFactory

NOBODY = ("UserNotFound", "User does not exist.")
ABSENT = "eu-central-1_Absent000"
NO_POOL = ("ResourceNotFound", f"User pool {ABSENT} does not exist.")


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def test_an_administrator_sees_all_of_a_user(idp: Any, make: PoolFactory, pool: str) -> None:
    sub = make.user(pool, "ada", email="ada@example.com", email_verified="true")
    seen = idp.admin_get_user(UserPoolId=pool, Username="ada")
    assert seen["Username"] == "ada"
    assert attributes_of(seen) == {"sub": sub, "email": "ada@example.com", "email_verified": "true"}
    assert (seen["UserStatus"], seen["Enabled"]) == ("CONFIRMED", True)
    assert seen["UserCreateDate"] <= seen["UserLastModifiedDate"]


def test_a_user_is_found_by_the_sub_too(idp: Any, make: PoolFactory, pool: str) -> None:
    sub = make.user(pool, "by-sub")
    assert idp.admin_get_user(UserPoolId=pool, Username=sub)["Username"] == "by-sub"


def test_a_user_name_is_found_in_any_case_by_default(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    make.user(pool, "Grace")
    assert idp.admin_get_user(UserPoolId=pool, Username="gRACE")["Username"] == "Grace"
    strict = make.pool(UsernameConfiguration={"CaseSensitive": True})
    make.user(strict, "Grace")
    assert refusal(idp.admin_get_user, UserPoolId=strict, Username="grace") == NOBODY


def test_nobody_is_shown_for_a_name_that_nobody_has(idp: Any, pool: str) -> None:
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="nobody") == NOBODY
    assert refusal(idp.admin_get_user, UserPoolId=ABSENT, Username="ada") == NO_POOL


def test_users_see_of_themselves_what_their_client_may_read(idp: Any, make: PoolFactory, pool: str) -> None:
    sub = make.user(pool, "reader", email="reader@example.com", given_name="Rea")
    everything = make.client(pool)["ClientId"]
    token = sign_in(idp, everything, "reader")["AccessToken"]
    assert attributes_of(idp.get_user(AccessToken=token)) == {
        "sub": sub, "email": "reader@example.com", "given_name": "Rea",
    }  # fmt: skip
    only_name = make.client(pool, ReadAttributes=["given_name"])["ClientId"]
    token = sign_in(idp, only_name, "reader")["AccessToken"]
    seen = idp.get_user(AccessToken=token)
    assert seen["Username"] == "reader"
    assert attributes_of(seen) == {"sub": sub, "given_name": "Rea"}


@pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.e30", "A" * 6000])
def test_what_is_no_access_token_shows_nobody(idp: Any, token: str) -> None:
    assert refusal(idp.get_user, AccessToken=token) == ("NotAuthorized", "Invalid Access Token")


def test_a_disabled_user_cannot_sign_in_until_enabled(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "off")
    idp.admin_disable_user(UserPoolId=pool, Username="off")
    assert idp.admin_get_user(UserPoolId=pool, Username="off")["Enabled"] is False
    assert refusal(sign_in, idp, app, "off") == ("NotAuthorized", "User is disabled.")
    # Whoever does not know the password learns nothing of it.
    assert outcome(sign_in, idp, app, "off", "wrong-Password-1") == "Incorrect username or password."
    idp.admin_enable_user(UserPoolId=pool, Username="off")
    assert idp.admin_get_user(UserPoolId=pool, Username="off")["Enabled"] is True
    assert sign_in(idp, app, "off")["AccessToken"]


def test_disabling_ends_sessions_for_good(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "banned")
    tokens = sign_in(idp, app, "banned")
    idp.admin_disable_user(UserPoolId=pool, Username="banned")
    idp.admin_enable_user(UserPoolId=pool, Username="banned")
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "Access Token has been revoked"
    assert outcome(refresh, idp, app, tokens["RefreshToken"]) == "Refresh Token has been revoked"


def test_disabling_and_enabling_twice_changes_nothing_more(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "twice")
    for call in (idp.admin_disable_user, idp.admin_enable_user):
        call(UserPoolId=pool, Username="twice")
        before = idp.admin_get_user(UserPoolId=pool, Username="twice")
        call(UserPoolId=pool, Username="twice")
        after = idp.admin_get_user(UserPoolId=pool, Username="twice")
        assert before["UserLastModifiedDate"] == after["UserLastModifiedDate"]


@pytest.mark.parametrize("operation", ["admin_enable_user", "admin_disable_user", "admin_delete_user"])
def test_nobody_is_administered_who_does_not_exist(idp: Any, pool: str, operation: str) -> None:
    call = getattr(idp, operation)
    assert refusal(call, UserPoolId=pool, Username="nobody") == NOBODY
    assert refusal(call, UserPoolId=ABSENT, Username="ada") == NO_POOL


def test_a_deleted_user_is_gone_with_all_tokens(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "gone")
    tokens = sign_in(idp, app, "gone")
    idp.admin_delete_user(UserPoolId=pool, Username="gone")
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="gone") == NOBODY
    assert refusal(idp.get_user, AccessToken=tokens["AccessToken"]) == NOBODY
    assert outcome(refresh, idp, app, tokens["RefreshToken"]) == "Invalid Refresh Token"


def test_users_delete_themselves(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "leaver")
    token = sign_in(idp, app, "leaver")["AccessToken"]
    idp.delete_user(AccessToken=token)
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="leaver") == NOBODY
    assert refusal(idp.delete_user, AccessToken=token) == NOBODY
    assert refusal(idp.delete_user, AccessToken="x") == ("NotAuthorized", "Invalid Access Token")


@pytest.mark.parametrize("changed", [False, True])
def test_all_that_a_deleted_user_was_found_by_is_free(idp: Any, make: PoolFactory, changed: bool) -> None:
    pool = make.pool(AliasAttributes=["email", "phone_number", "preferred_username"])
    flags = {"email_verified": "true", "phone_number_verified": "true"}
    names = {"email": "Ada@example.com", "phone_number": "+15550100", "preferred_username": "Countess"}
    make.user(pool, "Ada", **names, **flags)
    if changed:
        before, names = (
            names,
            {"email": "b@example.com", "phone_number": "+15550101", "preferred_username": "b"},
        )
        idp.admin_update_user_attributes(
            UserPoolId=pool, Username="ada", UserAttributes=pairs({**names, **flags})
        )
        make.user(pool, "heir", **before, **flags)
    idp.admin_delete_user(UserPoolId=pool, Username=names["email"])
    second = make.user(pool, "ADA", **names, **flags)
    for name in ("ada", *names.values()):
        assert attributes_of(idp.admin_get_user(UserPoolId=pool, Username=name.lower()))["sub"] == second


def test_case_57_a_user_made_again_has_a_new_sub_and_no_old_rights(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    first = make.user(pool, "phoenix")
    idp.create_group(UserPoolId=pool, GroupName="admins")
    idp.admin_add_user_to_group(UserPoolId=pool, Username="phoenix", GroupName="admins")
    tokens = sign_in(idp, app, "phoenix")
    idp.admin_delete_user(UserPoolId=pool, Username="phoenix")
    second = make.user(pool, "phoenix", PASSWORD + "!")
    assert second != first
    assert idp.admin_list_groups_for_user(UserPoolId=pool, Username="phoenix")["Groups"] == []
    assert idp.list_users_in_group(UserPoolId=pool, GroupName="admins")["Users"] == []
    assert refusal(idp.get_user, AccessToken=tokens["AccessToken"]) == NOBODY
    assert outcome(refresh, idp, app, tokens["RefreshToken"]) == "Invalid Refresh Token"
    assert outcome(sign_in, idp, app, "phoenix") == "Incorrect username or password."


def test_case_77_users_of_one_pool_are_nobody_in_another(idp: Any, make: PoolFactory, pool: str) -> None:
    other = make.pool()
    sub = make.user(pool, "foreigner", email="f@example.com")
    for name in ("foreigner", sub):
        for operation in ("admin_get_user", "admin_disable_user", "admin_enable_user", "admin_delete_user"):
            assert refusal(getattr(idp, operation), UserPoolId=other, Username=name) == NOBODY
        request = {"UserPoolId": other, "Username": name}
        assert refusal(idp.admin_user_global_sign_out, **request) == NOBODY
        assert refusal(idp.admin_set_user_password, **request, Password=PASSWORD) == NOBODY
        changes = pairs({"nickname": "x"})
        assert refusal(idp.admin_update_user_attributes, **request, UserAttributes=changes) == NOBODY
    assert idp.admin_get_user(UserPoolId=pool, Username="foreigner")["Enabled"] is True
