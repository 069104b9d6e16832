"""What a function may change in tokens. The rules are documented in "Pre token generation Lambda trigger"."""

from typing import Any

import pytest

from cenote.domain.token_changes import (
    NO_CHANGES,
    RESERVED_ACCESS,
    RESERVED_ID,
    ClaimChanges,
    GroupOverride,
    TokenChanges,
)

ID: dict[str, Any] = {
    "sub": "s",
    "cognito:groups": ["a"],
    "cognito:roles": ["r"],
    "cognito:preferred_role": "r",
    "email": "ada@example.com",
    "iss": "https://issuer",
    "cognito:username": "ada",
    "aud": "client",
    "token_use": "id",
    "exp": 2,
}
ACCESS: dict[str, Any] = {
    "sub": "s",
    "cognito:groups": ["a"],
    "iss": "https://issuer",
    "client_id": "client",
    "token_use": "access",
    "scope": "aws.cognito.signin.user.admin",
    "username": "ada",
    "exp": 2,
}


def changes(add: dict[str, Any] | None = None, *suppress: str) -> ClaimChanges:
    return ClaimChanges(add or {}, frozenset(suppress))


def test_no_changes_change_nothing() -> None:
    assert TokenChanges().of_id_token(ID) == ID
    assert TokenChanges().of_access_token(ACCESS) == ACCESS


def test_claims_are_added_replaced_and_left_out() -> None:
    wanted = changes({"tenant": {"id": 1}, "email": "x", "nickname": "n"}, "cognito:roles", "nickname")
    after = TokenChanges(id_token=wanted).of_id_token(ID)
    assert after["tenant"] == {"id": 1}
    assert after["email"] == "x"
    assert "cognito:roles" not in after
    assert "nickname" not in after
    assert TokenChanges(id_token=wanted).of_access_token(ACCESS) == ACCESS
    assert TokenChanges(access_token=changes({"tenant": 1})).of_access_token(ACCESS)["tenant"] == 1


@pytest.mark.parametrize("name", sorted({*RESERVED_ID, "dev:role"}))
def test_case_34_no_function_changes_what_an_id_token_stands_on(name: str) -> None:
    for wanted in (changes({name: "forged"}), changes({}, name), changes({name: "forged"}, name)):
        assert TokenChanges(id_token=wanted).of_id_token(ID) == ID


@pytest.mark.parametrize("name", sorted({*RESERVED_ACCESS, "dev:role"}))
def test_case_34_no_function_changes_what_an_access_token_stands_on(name: str) -> None:
    for wanted in (changes({name: "forged"}), changes({}, name), changes({name: "forged"}, name)):
        assert TokenChanges(access_token=wanted).of_access_token(ACCESS) == ACCESS


def test_case_34_the_reserved_claims_are_those_that_verifiers_read() -> None:
    for reserved in (RESERVED_ID, RESERVED_ACCESS):
        assert {"iss", "sub", "aud", "exp", "iat", "token_use", "auth_time", "jti", "origin_jti"} <= reserved
    assert {"client_id", "cnf"} <= RESERVED_ACCESS


def test_an_audience_may_be_the_client() -> None:
    assert TokenChanges(access_token=changes({"aud": "client"})).of_access_token(ACCESS)["aud"] == "client"


def test_scopes_are_added_and_left_out_in_access_tokens() -> None:
    wanted = TokenChanges(add_scopes=("a/read", "b", "a/read"), suppress_scopes=("b",))
    assert wanted.of_access_token(ACCESS)["scope"] == "aws.cognito.signin.user.admin a/read"
    own = TokenChanges(add_scopes=("a",), suppress_scopes=("aws.cognito.signin.user.admin",))
    assert own.of_access_token(ACCESS)["scope"] == "a"
    none = TokenChanges(suppress_scopes=("aws.cognito.signin.user.admin",))
    assert "scope" not in none.of_access_token(ACCESS)


@pytest.mark.parametrize("scope", ["", "two words", "tab\tbed", " led", "aws.cognito.signin.user.admin"])
def test_case_34_no_function_adds_the_servers_own_scopes_or_none_at_all(scope: str) -> None:
    access = {**ACCESS, "scope": "openid"}
    assert TokenChanges(add_scopes=(scope,)).of_access_token(access) == access


def test_groups_take_the_place_of_the_users_in_both_tokens() -> None:
    wanted = TokenChanges(groups=GroupOverride(["b", "c"], ["arn:r"], "arn:r"))
    after = wanted.of_id_token(ID)
    assert (after["cognito:groups"], after["cognito:roles"], after["cognito:preferred_role"]) == (
        ["b", "c"],
        ["arn:r"],
        "arn:r",
    )
    access = wanted.of_access_token(ACCESS)
    assert access["cognito:groups"] == ["b", "c"]
    assert "cognito:roles" not in access


def test_no_groups_hide_them() -> None:
    """documented: an empty or null object hides the groups"""
    after = TokenChanges(groups=GroupOverride()).of_id_token(ID)
    assert not {"cognito:groups", "cognito:roles", "cognito:preferred_role"} & set(after)
    assert NO_CHANGES.add == {}
