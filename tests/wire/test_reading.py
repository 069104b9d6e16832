"""JSON types, right and wrong, and what they are read as."""

import base64
from typing import Any

import pytest

from cenote.domain.errors import InvalidParameter
from cenote.wire.errors import Serialization
from cenote.wire.model import Model, Operation, Shape
from cenote.wire.validation import Validator

from .requests import POOL, one, reader, refusal


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        # recorded from Cognito: aws-amplify/amplify-js#5165, #4738
        ("ConfirmSignUp", {"ConfirmationCode": {}}, "Start of structure or map found where not expected."),
        ("InitiateAuth", {"AuthParameters": "x"}, "Expected map or null"),
        # recorded from Athena and SES, same framework
        ("ConfirmSignUp", {"ConfirmationCode": []}, "Start of list found where not expected"),
        ("ConfirmSignUp", {"ConfirmationCode": 123456}, "NUMBER_VALUE can not be converted to a String"),
        ("ConfirmSignUp", {"ConfirmationCode": 1.5}, "NUMBER_VALUE can not be converted to a String"),
        ("ConfirmSignUp", {"ConfirmationCode": True}, "TRUE_VALUE can not be converted to a String"),
        ("ConfirmSignUp", {"ConfirmationCode": False}, "FALSE_VALUE can not be converted to a String"),
        ("ListUsers", {"Limit": "60"}, "STRING_VALUE can not be converted to an Integer"),
        ("ListUsers", {"Limit": True}, "TRUE_VALUE can not be converted to an Integer"),
        ("ListUsers", {"Limit": []}, "Start of list found where not expected"),
        ("ListUsers", {"AttributesToGet": "email"}, "Expected list or null"),
        ("ListUsers", {"AttributesToGet": {}}, "Start of structure or map found where not expected."),
        ("CreateUserPool", {"Policies": "x"}, "Expected null"),
        ("CreateUserPool", {"Policies": []}, "Start of list found where not expected"),
        ("InitiateAuth", {"AuthParameters": []}, "Start of list found where not expected"),
        ("ChangePassword", [], "Start of list found where not expected"),
        ("AdminSetUserPassword", {"Permanent": 1}, "NUMBER_VALUE can not be converted to a Boolean"),
        ("AdminSetUserPassword", {"Permanent": "maybe"}, "STRING_VALUE can not be converted to an Boolean"),
        # assumed
        ("SetUICustomization", {"ImageFile": "no base64!"}, "STRING_VALUE can not be converted to a Blob"),
        ("SetUICustomization", {"ImageFile": "é"}, "STRING_VALUE can not be converted to a Blob"),
        ("SetUICustomization", {"ImageFile": 1}, "NUMBER_VALUE can not be converted to a Blob"),
        (
            "GetOpenIdTokenForDeveloperIdentity",
            {"TokenDuration": "x"},
            "STRING_VALUE can not be converted to a Long",
        ),
    ],
)
def test_a_wrong_json_type(operation: str, request_: Any, text: str) -> None:
    assert refusal(operation, request_, Serialization) == text


def test_types_are_checked_before_constraints() -> None:
    assert refusal("SignUp", {"ClientId": "bad id", "Username": 1}, Serialization)


@pytest.mark.parametrize(
    ("value", "read"), [("true", True), ("NO", False), ("1", True), ("f", False), (False, False)]
)
def test_a_boolean_may_be_a_word(value: Any, read: bool) -> None:
    # recorded from SES 2026-06, same framework
    request = {"UserPoolId": POOL, "Username": "u", "Password": "p", "Permanent": value}
    assert reader("AdminSetUserPassword")(request)["Permanent"] is read


def test_a_decimal_is_cut_to_an_integer() -> None:
    # recorded from Athena 2026-09, same framework
    assert reader("ListUsers")({"UserPoolId": POOL, "Limit": 1.9})["Limit"] == 1


@pytest.mark.parametrize("value", [2**31, 2**63, 10**25, 1e300])
def test_a_huge_integer_stops_at_the_end_of_its_range(value: float) -> None:
    # recorded from Kinesis, same framework (mhart/kinesalite)
    assert refusal("ListUsers", {"UserPoolId": POOL, "Limit": value}) == one(
        "Value '2147483647' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60"
    )


def test_a_blob_is_decoded() -> None:
    request = {"UserPoolId": POOL, "ImageFile": base64.b64encode(b"\x00\xffpng").decode()}
    assert reader("SetUICustomization")(request)["ImageFile"] == b"\x00\xffpng"


def test_a_document_is_any_json_up_to_a_depth() -> None:
    settings: Any = {"a": [1, None, {"b": "c"}]}
    request = {"UserPoolId": POOL, "ClientId": "abc", "Settings": settings}
    assert reader("CreateManagedLoginBranding")(request)["Settings"] == settings
    for _ in range(100):
        settings = [settings]
    refusal("CreateManagedLoginBranding", request | {"Settings": settings}, Serialization)


def small_model(**shapes: Shape) -> Validator:
    return Validator(Model(service="s", signing_name="s", target_prefix="S", operations={}, shapes=shapes))


OPERATION = Operation(input="In", errors=frozenset({"InvalidParameterException"}), signed=False)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000.5, 1_700_000_000.5),
        ("2023-11-14T22:13:20Z", 1_700_000_000.0),
        ("2023-11-14T22:13:20", 1_700_000_000.0),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000.0),
    ],
)
def test_a_timestamp_is_a_number_or_an_iso_string(value: Any, read: float) -> None:
    validate = small_model(
        In=Shape(type="structure", members={"At": "When"}), When=Shape(type="timestamp")
    ).compile(OPERATION)
    assert validate({"At": value}) == {"At": read}


@pytest.mark.parametrize("value", ["tomorrow", True, [], {}, 1e300, float("inf")])
def test_no_other_timestamp_is_read(value: Any) -> None:
    validate = small_model(
        In=Shape(type="structure", members={"At": "When"}), When=Shape(type="timestamp")
    ).compile(OPERATION)
    with pytest.raises(Serialization):
        validate({"At": value})


def test_a_shape_may_contain_itself() -> None:
    validate = small_model(
        In=Shape(type="structure", members={"Name": "Name", "Children": "Many"}, required=("Name",)),
        Many=Shape(type="list", member="In"),
        Name=Shape(type="string", max=3),
    ).compile(OPERATION)
    tree = {"Name": "a", "Children": [{"Name": "b", "Children": []}]}
    assert validate(tree) == tree
    with pytest.raises(InvalidParameter) as caught:
        validate({"Name": "a", "Children": [{"Name": "b", "Children": [{"Name": "long"}]}]})
    assert "at 'children.1.member.children.1.member.name'" in caught.value.message
