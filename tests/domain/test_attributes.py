"""What may be written into a user's attributes. Texts are recorded unless a test says otherwise."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import attributes, schema
from cenote.domain.errors import InvalidParameter, NotAuthorized

SCHEMA = schema.created(
    [
        {"Name": "name", "Required": True, "Mutable": True},
        {"Name": "family_name", "Required": True, "Mutable": True},
        {"Name": "locale", "Mutable": False},
        {"Name": "tier", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "4"}},
        {"Name": "level", "AttributeDataType": "Number", "Mutable": True,
         "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"}},
        {"Name": "vip", "AttributeDataType": "Boolean", "Mutable": True},
        {"Name": "seen", "AttributeDataType": "DateTime", "Mutable": True},
        {"Name": "risk", "AttributeDataType": "String", "Mutable": True, "DeveloperOnlyAttribute": True},
    ]
)  # fmt: skip
NAMED = {"name": "Ada", "family_name": "Lovelace"}


def refusal(check: Callable[[], Any]) -> str:
    with pytest.raises(InvalidParameter) as refused:
        check()
    return refused.value.message


def refused_new(given: dict[str, str], *, require: bool = False) -> str:
    return refusal(lambda: attributes.check_new(SCHEMA, given, require=require))


def refused_change(changes: dict[str, str], **more: Any) -> str:
    return refusal(lambda: attributes.check_change(SCHEMA, changes, **more))


# Who may write and read


@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "dev:custom:risk"])
@pytest.mark.parametrize("client", [{}, {"WriteAttributes": ["email_verified", "name", "dev:custom:risk"]}])
def test_case_55_no_client_writes_verified_flags_or_developer_attributes(
    name: str, client: dict[str, Any]
) -> None:
    with pytest.raises(NotAuthorized, match=r"^A client attempted to write unauthorized attribute$"):
        attributes.authorize_write(SCHEMA, client, ["name", name])


def test_case_55_a_client_writes_only_what_it_lists() -> None:
    client = {"WriteAttributes": ["email"]}
    attributes.authorize_write(SCHEMA, client, ["email"])
    with pytest.raises(NotAuthorized, match=r"^A client attempted to write unauthorized attribute$"):
        attributes.authorize_write(SCHEMA, client, ["custom:tier"])


def test_every_client_writes_required_attributes() -> None:
    """Documented under "Attribute permissions and scopes"."""
    attributes.authorize_write(SCHEMA, {"WriteAttributes": ["email"]}, ["name", "family_name"])


def test_a_client_that_lists_nothing_writes_standard_and_custom_attributes() -> None:
    """Recorded in the console: "All attributes are readable and writable by default because none are
    selected." The API reference speaks of the standard ones only."""
    attributes.authorize_write(SCHEMA, {}, ["email", "custom:tier"])
    attributes.authorize_write(SCHEMA, {"WriteAttributes": []}, ["email", "custom:tier"])


def test_a_client_reads_only_what_it_lists_and_the_sub() -> None:
    held = {"sub": "s", "email": "a@example.com", "email_verified": "true", "custom:tier": "gold"}
    assert attributes.readable({}, held) == held
    assert attributes.readable({"ReadAttributes": ["email"]}, held) == {"sub": "s", "email": "a@example.com"}


# A new user


def test_sign_up_names_every_missing_required_attribute() -> None:
    assert refused_new({}, require=True) == (
        "Attributes did not conform to the schema: name: The attribute is required\n"
        "family_name: The attribute is required\n"
    )


def test_an_empty_value_does_not_satisfy_a_required_attribute() -> None:
    assert "name: The attribute is required" in refused_new({**NAMED, "name": ""}, require=True)


def test_an_administrator_may_leave_required_attributes_out() -> None:
    attributes.check_new(SCHEMA, {}, require=False)


def test_an_unknown_attribute_is_refused() -> None:
    assert refused_new({**NAMED, "custom:nope": "1"}) == (
        "Attributes did not conform to the schema: custom:nope: Attribute does not exist in the schema.\n"
    )
    assert "custom:nope" in refused_new({"custom:nope": ""})


def test_a_new_user_may_have_immutable_attributes() -> None:
    attributes.check_new(SCHEMA, {**NAMED, "locale": "en", "custom:tier": "gold"}, require=True)


def test_nobody_chooses_a_sub() -> None:
    assert refused_new({"sub": "mine"}) == "Cannot modify the non-mutable attribute sub"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"birthdate": "1815-12-1"}, "birthdate: String must be no shorter than 10 characters"),
        ({"birthdate": "1815-12-100"}, "birthdate: String must be no longer than 10 characters"),
        ({"custom:tier": "golden"}, "custom:tier: String must be no longer than 4 characters"),
        ({"website": "x" * 2049}, "website: String must be no longer than 2048 characters"),
        # assumed from here on
        ({"custom:level": "ten"}, "custom:level: Must be a number"),
        ({"custom:level": "1e9"}, "custom:level: Must be a number"),
        ({"custom:level": "10"}, "custom:level: Number must be no greater than 9"),
        ({"custom:level": "0"}, "custom:level: Number must be no less than 1"),
        ({"updated_at": "-1"}, "updated_at: Number must be no less than 0"),
        ({"custom:vip": "yes"}, "custom:vip: Must be a boolean"),
        ({"email_verified": "1"}, "email_verified: Must be a boolean"),
        ({"custom:seen": "yesterday"}, "custom:seen: Must be a date and time"),
    ],
)
def test_a_value_against_its_constraints_is_refused(given: dict[str, str], line: str) -> None:
    assert refused_new(given) == f"Attributes did not conform to the schema: {line}\n"
    if set(given).isdisjoint({"custom:tier"}):
        assert refused_change(given) == f"Invalid user attributes: {line}\n"


@pytest.mark.parametrize("value", ["2026-11-22T10:00:00Z", "2026-11-22", "1795341600000"])
def test_a_time_is_iso_8601_or_epoch_milliseconds(value: str) -> None:
    """Assumed."""
    attributes.check_new(SCHEMA, {"custom:seen": value}, require=False)


@pytest.mark.parametrize(
    "address",
    ["ada", "@example.com", "ada@", "ada@example", "a da@example.com", "ada@example.com\nBcc: x@y.com",
     "a@b@example.com", "<ada@example.com>", "ada@example.com,x@example.com", "ada@-x.com", "ada@1.2.3.4"],
)  # fmt: skip
def test_case_81_what_is_no_single_plain_address_is_no_email(address: str) -> None:
    assert refused_new({"email": address}) == "Invalid email address format."
    assert refused_change({"email": address}) == "Invalid email address format."


@pytest.mark.parametrize(
    "address", ["ada@example.com", "a+b.c@x.co.uk", "josé@exämple.de", "a@xn--e1afmkfd.xn--p1ai"]
)
def test_ordinary_addresses_are_emails(address: str) -> None:
    attributes.check_new(SCHEMA, {"email": address}, require=False)


@pytest.mark.parametrize("number", ["02079460000", "+44 20 7946", "+0123", "+1234567890123456", "+", "+٤٤٢"])
def test_what_is_not_e164_is_no_phone_number(number: str) -> None:
    assert refused_new({"phone_number": number}) == "Invalid phone number format."


@given(st.text(max_size=300))
def test_an_email_never_has_room_for_a_header_or_a_second_recipient(text: str) -> None:
    if attributes.is_email(text):
        assert not set(text) & set(" \r\n\t\0,;<>")
        assert text.count("@") == 1


# Changes


def test_an_unknown_attribute_cannot_be_changed() -> None:
    assert (
        refused_change({"custom:nope": "1"}) == "user.custom:nope: Attribute does not exist in the schema.\n"
    )


@pytest.mark.parametrize("name", ["sub", "locale", "custom:tier"])
def test_an_immutable_attribute_cannot_be_changed_or_deleted(name: str) -> None:
    text = f"user.{name}: Attribute cannot be updated.\n"
    assert refused_change({name: "x"}) == text
    assert refusal(lambda: attributes.check_deletion(SCHEMA, [name])) == text


def test_a_required_attribute_cannot_be_deleted() -> None:
    text = "Invalid user attributes: name: Required attribute cannot be deleted.\n"
    assert refused_change({"name": ""}) == text
    assert refusal(lambda: attributes.check_deletion(SCHEMA, ["name"])) == text


def test_the_attribute_a_user_signs_in_with_cannot_be_deleted() -> None:
    """Assumed text."""
    assert refused_change({"email": ""}, pinned=["email"]) == (
        "Invalid user attributes: email: Required attribute cannot be deleted.\n"
    )
    attributes.check_change(SCHEMA, {"email": ""})


def test_a_new_email_is_unverified() -> None:
    held = {"email": "a@example.com", "email_verified": "true"}
    assert attributes.changed(held, {"email": "b@example.com"}) == {
        "email": "b@example.com",
        "email_verified": "false",
    }


def test_the_same_email_stays_verified() -> None:
    held = {"email": "a@example.com", "email_verified": "true"}
    assert attributes.changed(held, {"email": "a@example.com", "name": "Ada"}) == {**held, "name": "Ada"}


def test_an_administrator_may_say_that_a_new_email_is_verified() -> None:
    held = {"email": "a@example.com"}
    after = {"email": "b@example.com", "email_verified": "true"}
    assert attributes.changed(held, after) == after


def test_an_empty_value_deletes_and_takes_the_verified_flag_along() -> None:
    """Documented at AdminUpdateUserAttributes: a blank value deletes."""
    held = {"phone_number": "+442079460000", "phone_number_verified": "true", "name": "Ada"}
    assert attributes.changed(held, {"phone_number": ""}) == {"name": "Ada"}


# The wire


def test_a_null_value_is_refused() -> None:
    assert refusal(lambda: attributes.from_wire([{"Name": "picture"}])) == (
        "Attribute value for picture must not be null"
    )


def test_flags_are_kept_in_lower_case_and_the_last_of_a_name_wins() -> None:
    pairs = [
        {"Name": "email_verified", "Value": "True"},
        {"Name": "name", "Value": "A"},
        {"Name": "name", "Value": "B"},
    ]
    assert attributes.from_wire(pairs) == {"email_verified": "true", "name": "B"}


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_attributes_survive_the_wire(held: dict[str, str]) -> None:
    held = {name: value for name, value in held.items() if name not in attributes.VERIFIED_FLAGS}
    assert attributes.from_wire(attributes.to_wire(held)) == held


VERIFYING = {
    "AutoVerifiedAttributes": ["email", "phone_number"],
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
}


@pytest.mark.parametrize(
    ("changes", "waiting"),
    [
        ({"email": "new@example.com"}, {"email": "new@example.com"}),
        ({"email": "new@example.com", "email_verified": "false"}, {"email": "new@example.com"}),
        ({"email": "new@example.com", "email_verified": "true"}, {}),
        ({"email": "old@example.com"}, {}),
        ({"email": ""}, {}),
        ({"phone_number": "+15550100"}, {}),
        ({"name": "Ada"}, {}),
    ],
)
def test_a_new_address_waits_where_the_pool_says_so(changes: dict[str, str], waiting: dict[str, str]) -> None:
    current = {"email": "old@example.com", "email_verified": "true"}
    assert attributes.awaiting_verification(VERIFYING, current, changes) == waiting
    assert attributes.awaiting_verification({}, current, changes) == {}


@pytest.mark.parametrize(
    ("after", "verified"),
    [
        ({"email": "new@example.com", "email_verified": "false"}, {"email": "new@example.com"}),
        ({"email": "new@example.com", "email_verified": "true"}, {}),
        ({"email": "old@example.com", "email_verified": "false"}, {}),
        ({}, {}),
    ],
)
def test_the_pool_verifies_what_is_new_and_unverified(
    after: dict[str, str], verified: dict[str, str]
) -> None:
    before = {"email": "old@example.com", "email_verified": "true"}
    assert attributes.to_be_verified(VERIFYING, before, after) == verified
    assert attributes.to_be_verified({}, before, after) == {}
