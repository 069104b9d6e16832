"""The attribute schema of a pool. Texts are recorded unless a test says otherwise."""

import json
from typing import Any

import pytest

from cenote.domain import schema
from cenote.domain.errors import InvalidParameter


def attribute(of: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in of if item["Name"] == name)


def refusal(*wishes: dict[str, Any]) -> str:
    with pytest.raises(InvalidParameter) as refused:
        schema.created(wishes)
    return refused.value.message


def test_every_pool_has_the_standard_attributes_in_their_order() -> None:
    """Recorded: DescribeUserPool of a pool made without a schema."""
    assert [item["Name"] for item in schema.created([])] == [
        "sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
        "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale",
        "phone_number", "phone_number_verified", "address", "updated_at",
    ]  # fmt: skip


def test_standard_attributes_have_the_constraints_that_terraform_knows() -> None:
    made = schema.created([])
    assert attribute(made, "sub") == {
        "Name": "sub",
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": False,
        "Required": True,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "2048"},
    }
    assert attribute(made, "birthdate")["StringAttributeConstraints"] == {
        "MinLength": "10",
        "MaxLength": "10",
    }
    assert attribute(made, "updated_at")["NumberAttributeConstraints"] == {"MinValue": "0"}
    assert "StringAttributeConstraints" not in attribute(made, "email_verified")


def test_a_pool_may_require_a_standard_attribute() -> None:
    made = schema.created(
        [{"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True}]
    )
    email = attribute(made, "email")
    assert email["Required"]
    assert email["Mutable"]
    assert email["StringAttributeConstraints"] == {"MinLength": "0", "MaxLength": "2048"}
    assert len(made) == len(schema.STANDARD)


def test_a_standard_attribute_that_is_named_without_mutable_is_immutable() -> None:
    assert not attribute(schema.created([{"Name": "email", "Required": True}]), "email")["Mutable"]


def test_making_a_pool_leaves_the_standard_attributes_alone() -> None:
    before = json.dumps(schema.STANDARD)
    made = schema.created([{"Name": "email", "Required": True}])
    made[0]["StringAttributeConstraints"]["MinLength"] = "7"
    assert json.dumps(schema.STANDARD) == before


def test_a_custom_attribute_gets_its_prefix_and_shows_its_constraints() -> None:
    made = schema.created(
        [{"Name": "tier", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "9"}}]
    )
    assert made[-1] == {
        "Name": "custom:tier",
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": False,
        "Required": False,
        "StringAttributeConstraints": {"MaxLength": "9"},
    }


@pytest.mark.parametrize(
    ("data_type", "shown"),
    [
        ("String", {"StringAttributeConstraints": {}}),
        ("Number", {"NumberAttributeConstraints": {}}),
        ("Boolean", {}),
        ("DateTime", {}),
    ],
)
def test_a_custom_attribute_without_constraints_shows_empty_ones_where_its_type_has_any(
    data_type: str, shown: dict[str, Any]
) -> None:
    made = schema.created([{"Name": "x", "AttributeDataType": data_type}])[-1]
    assert {key: value for key, value in made.items() if key.endswith("Constraints")} == shown


def test_a_developer_attribute_has_both_prefixes() -> None:
    made = schema.created([{"Name": "x", "AttributeDataType": "String", "DeveloperOnlyAttribute": True}])
    assert made[-1]["Name"] == "dev:custom:x"


def test_a_custom_attribute_needs_a_type_and_cannot_be_required() -> None:
    assert refusal({"Name": "x"}) == (
        "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
    )
    assert refusal({"Name": "x", "AttributeDataType": "String", "Required": True}) == (
        "Required custom attributes are not supported currently."
    )


@pytest.mark.parametrize("wish", [{"AttributeDataType": "Number"}, {"DeveloperOnlyAttribute": True}])
def test_a_standard_attribute_keeps_its_type(wish: dict[str, Any]) -> None:
    assert refusal({"Name": "email", **wish}) == (
        "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute"
        " email"
    )


def test_the_sub_is_not_for_a_request_to_change() -> None:
    """Assumed text."""
    assert refusal({"Name": "sub", "Required": False}) == "Invalid schema attribute sub"


def test_a_verified_flag_cannot_be_configured() -> None:
    """Recorded: AWS takes the name for a custom attribute's (and refuses its length, for phone numbers)."""
    made = schema.created([{"Name": "email_verified", "AttributeDataType": "Boolean"}])
    assert made[-1]["Name"] == "custom:email_verified"
    assert attribute(made, "email_verified")["Mutable"]


def test_an_attribute_without_a_name_is_refused() -> None:
    """Assumed text."""
    assert refusal({"AttributeDataType": "String"}) == "Schema attribute name must not be empty."


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (
            {
                "Name": "email",
                "AttributeDataType": "String",
                "StringAttributeConstraints": {"MinLength": "-1"},
            },
            "Invalid StringAttributeConstraints for schema attribute email",
        ),
        (
            {
                "Name": "email",
                "AttributeDataType": "String",
                "StringAttributeConstraints": {"MaxLength": "ten"},
            },
            "Invalid StringAttributeConstraints for schema attribute email",
        ),
        (
            {"Name": "email", "StringAttributeConstraints": {"MaxLength": "2049"}},
            "user.email: String attributes cannot have a length of more than 2048",
        ),
        (
            {"Name": "email", "StringAttributeConstraints": {"MinLength": "9", "MaxLength": "8"}},
            "Attribute email cannot have a max length shorter than it's min length",
        ),
        (
            {"Name": "updated_at", "NumberAttributeConstraints": {"MinValue": "9", "MaxValue": "8"}},
            "Attribute updated_at cannot have a max value smaller than it's min value",
        ),
        (
            {"Name": "n", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1e9"}},
            "Invalid NumberAttributeConstraints for schema attribute custom:n",
        ),
        (
            {
                "Name": "n",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "1" * 9999},
            },
            "Invalid NumberAttributeConstraints for schema attribute custom:n",
        ),
    ],
)
def test_impossible_constraints_are_refused(wish: dict[str, Any], text: str) -> None:
    assert refusal(wish) == text


def test_a_custom_attribute_is_added_once() -> None:
    made = schema.created([{"Name": "banana", "AttributeDataType": "String", "DeveloperOnlyAttribute": True}])
    with pytest.raises(InvalidParameter) as refused:
        schema.extended(made, [{"Name": "banana", "AttributeDataType": "String"}])
    assert refused.value.message == "custom:banana: Existing attribute already has name dev:custom:banana."


def test_a_request_cannot_name_one_attribute_twice() -> None:
    twice = {"Name": "x", "AttributeDataType": "String"}
    assert refusal(twice, twice) == (
        "Duplicate custom attribute names custom:x are not allowed in a user pool schema."
    )


def test_an_addition_cannot_name_one_attribute_twice() -> None:
    twice = {"Name": "x", "AttributeDataType": "String"}
    with pytest.raises(InvalidParameter) as refused:
        schema.extended(schema.created([]), [twice, twice])
    assert refused.value.message == "custom:x: Existing attribute already has name custom:x."


def test_a_pool_has_at_most_fifty_custom_attributes() -> None:
    """Documented limit, assumed text."""
    wishes = [{"Name": f"n{i}", "AttributeDataType": "Number"} for i in range(50)]
    made = schema.created(wishes)
    with pytest.raises(InvalidParameter, match="at most 50 custom attributes"):
        schema.extended(made, [{"Name": "more", "AttributeDataType": "Number"}])
