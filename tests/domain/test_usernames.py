"""The names users are found by. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest

from cenote.domain import usernames
from cenote.domain.errors import AliasExists, InvalidParameter, UsernameExists

SUB = "0f8b4c8e-7d0a-4b6e-9a51-3a1f6c1d2e3f"
PLAIN: dict[str, Any] = {}
SENSITIVE: dict[str, Any] = {"UsernameConfiguration": {"CaseSensitive": True}}
BY_EMAIL: dict[str, Any] = {"UsernameAttributes": ["email"]}
BY_PHONE: dict[str, Any] = {"UsernameAttributes": ["phone_number"]}
BY_BOTH: dict[str, Any] = {"UsernameAttributes": ["email", "phone_number"]}
PHONE_TEXT = (
    "Username cannot be of phone number format, since user pool is configured for phone number alias."
)
ALIASES: dict[str, Any] = {"AliasAttributes": ["email", "phone_number", "preferred_username"]}


def test_names_differ_in_case_only_where_the_pool_says_so() -> None:
    assert usernames.key(PLAIN, "Ada") == usernames.key(PLAIN, "aDA")
    assert usernames.key(SENSITIVE, "Ada") != usernames.key(SENSITIVE, "ada")


def test_letters_that_only_full_folding_makes_equal_stay_two_names() -> None:
    assert usernames.key(PLAIN, "straße") != usernames.key(PLAIN, "strasse")


@pytest.mark.parametrize(
    ("pool", "typed", "text"),
    [
        (BY_EMAIL, "ada", "Username should be an email."),
        (BY_EMAIL, "+442079460000", "Username should be an email."),
        (BY_PHONE, "ada@example.com", "Username should be a phone number."),
        (BY_BOTH, "ada", "Username should be either an email or a phone number."),
        (
            ALIASES,
            "ada@example.com",
            "Username cannot be of email format, since user pool is configured for email alias.",
        ),
        (  # assumed but for its beginning
            ALIASES,
            "+442079460000",
            PHONE_TEXT,
        ),
    ],
)
def test_a_new_name_of_the_wrong_form_is_refused(pool: dict[str, Any], typed: str, text: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        usernames.check_new(pool, typed)
    assert refused.value.message == text


@pytest.mark.parametrize(
    ("pool", "typed"),
    [
        (PLAIN, "ada@example.com"),
        (PLAIN, "+442079460000"),
        (ALIASES, "ada"),
        (BY_EMAIL, "ada@example.com"),
        (BY_PHONE, "+442079460000"),
        (BY_BOTH, "+442079460000"),
    ],
)
def test_a_new_name_of_the_right_form_is_taken(pool: dict[str, Any], typed: str) -> None:
    usernames.check_new(pool, typed)


def test_an_alias_counts_only_once_verified() -> None:
    attributes = {"email": "Ada@Example.com", "email_verified": "false", "phone_number": "+442079460000"}
    assert usernames.owned(ALIASES, "Ada", attributes) == {("username", "ada")}
    verified = {**attributes, "email_verified": "true"}
    assert usernames.owned(ALIASES, "Ada", verified) == {("username", "ada"), ("email", "ada@example.com")}


def test_an_attribute_that_is_no_alias_is_no_name() -> None:
    assert usernames.owned(PLAIN, "ada", {"email": "a@example.com", "email_verified": "true"}) == {
        ("username", "ada")
    }


def test_a_preferred_username_shares_its_namespace_with_user_names() -> None:
    assert usernames.owned(ALIASES, "ada", {"preferred_username": "Countess"}) == {
        ("username", "ada"),
        ("username", "countess"),
    }
    assert usernames.owned(PLAIN, "ada", {"preferred_username": "Countess"}) == {("username", "ada")}


def test_sign_in_attributes_are_names_before_they_are_verified() -> None:
    attributes = {"email": "Ada@Example.com", "phone_number": "+442079460000"}
    assert usernames.owned(BY_EMAIL, SUB, attributes) == {("email", "ada@example.com")}
    assert usernames.owned(BY_BOTH, SUB, attributes) == {
        ("email", "ada@example.com"),
        ("phone_number", "+442079460000"),
    }


@pytest.mark.parametrize("pool", [PLAIN, SENSITIVE, ALIASES])
def test_a_user_is_found_by_every_name_it_owns(pool: dict[str, Any]) -> None:
    attributes = {
        "email": "Ada@Example.com",
        "email_verified": "true",
        "phone_number": "+442079460000",
        "phone_number_verified": "true",
        "preferred_username": "Countess",
    }
    owned = usernames.owned(pool, "Ada", attributes)
    found: set[usernames.Name] = set()
    for typed in ("Ada", "Ada@Example.com", "+442079460000", "Countess"):
        found |= owned & set(usernames.candidates(pool, typed))
    assert found == owned


def test_a_name_of_the_form_of_a_sub_is_a_sub_first() -> None:
    """So nobody passes for another user by signing up under that user's sub."""
    assert usernames.candidates(PLAIN, SUB.upper())[0] == ("sub", SUB)
    assert usernames.candidates(BY_EMAIL, SUB) == (("sub", SUB),)


def test_a_name_that_no_user_of_the_pool_can_have_finds_nothing() -> None:
    assert usernames.candidates(BY_EMAIL, "ada") == ()


@pytest.mark.parametrize(
    ("pool", "typed", "contact"),
    [
        (BY_EMAIL, "ada@example.com", True),
        (ALIASES, "+442079460000", True),
        (ALIASES, "ada", False),
        (BY_EMAIL, "+442079460000", False),
        (PLAIN, "ada@example.com", False),
    ],
)
def test_a_name_is_a_contact_where_contacts_may_sign_in(
    pool: dict[str, Any], typed: str, contact: bool
) -> None:
    assert usernames.is_contact(pool, typed) is contact


def test_the_typed_user_name_becomes_the_sign_in_attribute() -> None:
    assert usernames.with_sign_in_attribute(BY_EMAIL, "a@example.com", {"name": "Ada"}) == {
        "name": "Ada",
        "email": "a@example.com",
    }
    assert usernames.with_sign_in_attribute(PLAIN, "a@example.com", {}) == {}


def test_a_sign_in_attribute_that_contradicts_the_user_name_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        usernames.with_sign_in_attribute(BY_EMAIL, "a@example.com", {"email": "b@example.com"})
    same = usernames.with_sign_in_attribute(BY_EMAIL, "A@example.com", {"email": "a@example.com"})
    assert same["email"] == "A@example.com"


@pytest.mark.parametrize(
    ("kind", "creating", "error", "text"),
    [
        ("username", True, UsernameExists, "User already exists"),
        ("username", False, AliasExists, "An account with the given username already exists."),
        ("email", True, UsernameExists, "An account with the given email already exists."),
        ("email", False, AliasExists, "An account with the given email already exists."),
        ("phone_number", True, UsernameExists, "An account with the given phone_number already exists."),
    ],
)
def test_a_taken_name_says_what_it_is_taken_as(kind: str, creating: bool, error: type, text: str) -> None:
    taken = usernames.already_taken(kind, creating=creating)
    assert type(taken) is error
    assert taken.message == text
