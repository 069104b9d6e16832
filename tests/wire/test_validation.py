"""AWS's words for bad requests. Where a text was seen at AWS the test says where; the rest is AWS's documentation
of the constraint in the same words, or an assumption.
"""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.errors import InvalidParameter
from cenote.wire.errors import Serialization, Validation
from cenote.wire.model import Model, Operation
from cenote.wire.validation import Validator

from .requests import IDENTITY, IDP, POOL, VALIDATORS, VISIBLE, one, reader, refusal


def test_a_good_request_comes_back_as_its_known_members() -> None:
    request = {
        "ClientId": "abc",
        "Username": "zoë",
        "Password": "pass-wörd",
        "UserAttributes": [{"Name": "email", "Value": "zoe@example.com"}],
        "ClientMetadata": {"a": "b"},
    }
    assert reader("SignUp")(request) == request


def test_unknown_members_are_dropped_at_every_depth() -> None:
    request = {"ClientId": "abc", "Username": "u", "Nonsense": {"a": [1]}, "UserContextData": {"More": 1}}
    assert reader("ForgotPassword")(request) == {"ClientId": "abc", "Username": "u", "UserContextData": {}}


def test_null_members_elements_and_values_count_as_absent() -> None:
    # Members: recorded from Athena 2026-09, same framework. Elements and values: likewise for elements.
    request = {
        "ClientId": "abc",
        "Username": "u",
        "Password": None,
        "UserAttributes": [None, {"Name": "email", "Value": None}],
        "ClientMetadata": {"a": None, "b": "c"},
    }
    assert reader("SignUp")(request) == {
        "ClientId": "abc",
        "Username": "u",
        "UserAttributes": [{"Name": "email"}],
        "ClientMetadata": {"b": "c"},
    }


# Recorded


def test_a_broken_pattern() -> None:
    # recorded: boto/boto3#3581; ClientId is echoed although the model marks it sensitive
    request = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "ap-northeast-1_xxxxxxxxx"}
    assert refusal("InitiateAuth", request) == one(
        "Value 'ap-northeast-1_xxxxxxxxx' at 'clientId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+]+"
    )


def test_a_broken_pattern_of_a_pool_id() -> None:
    # recorded: anomalyco/guide#127
    request = {"UserPoolId": "YOUR_USER_POOL_ID", "Username": "admin@example.com"}
    request["UserPoolId"] = "YOUR-POOL"
    assert refusal("AdminConfirmSignUp", request) == one(
        "Value 'YOUR-POOL' at 'userPoolId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+"
    )


def test_a_missing_member() -> None:
    # recorded: aws-cloudformation/cfn-lint#237 for the form, aws-amplify/amplify-js#6460 for this member
    assert refusal("ConfirmSignUp", {"ClientId": "abc", "Username": "u"}) == one(
        "Value null at 'confirmationCode' failed to satisfy constraint: Member must not be null"
    )


def test_a_missing_member_of_a_nested_structure() -> None:
    # recorded: aws-cloudformation/cfn-lint#237 has the path with a dot
    request = {"PoolName": "p", "LambdaConfig": {"CustomSMSSender": {"LambdaVersion": "V1_0"}}}
    assert refusal("CreateUserPool", request) == one(
        "Value null at 'lambdaConfig.customSMSSender.lambdaArn' failed to satisfy constraint: Member must not be null"
    )


def test_a_missing_sensitive_member_is_not_called_null() -> None:
    # recorded in clients that match on it: "Value at 'username' failed to satisfy constraint: Member must not be null"
    assert refusal("ForgotPassword", {"ClientId": "abc"}) == one(
        "Value at 'username' failed to satisfy constraint: Member must not be null"
    )


def test_sensitive_values_are_not_echoed() -> None:
    # recorded: amazon-archives/amazon-cognito-identity-js#388, aws-amplify/amplify-js#4177
    message = refusal("SignUp", {"ClientId": "abc", "Username": "u", "Password": "my secret"})
    assert message == one(
        "Value at 'password' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\S]+"
    )


def test_all_violations_come_in_one_message_the_last_member_first() -> None:
    # recorded: amazon-archives/amazon-cognito-identity-js#388 (password before username), and with the pattern
    # before the length in later recordings of the same form
    assert refusal("SignUp", {"ClientId": "abc", "Username": "", "Password": ""}) == (
        "3 validation errors detected: "
        "Value at 'password' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\S]+; "
        "Value at 'username' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {VISIBLE}; "
        "Value at 'username' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_a_value_outside_an_enum() -> None:
    # recorded: rosberglinhares/CloudFormationCognitoCustomResources#1, where the set stands in a Java hash order
    # that no longer can be known; ours is the model's
    assert refusal("CreateUserPool", {"PoolName": "p", "MfaConfiguration": "false"}) == one(
        "Value 'false' at 'mfaConfiguration' failed to satisfy constraint: "
        "Member must satisfy enum value set: [OFF, ON, OPTIONAL]"
    )


def test_a_list_of_plain_values_is_named_once_with_all_constraints_of_its_elements() -> None:
    # recorded: aws/aws-sdk-java-v2#5528, word for word, the order of the two members included
    request = {"UserPoolId": POOL, "ClientId": "abc", "CallbackURLs": [""], "LogoutURLs": [""]}
    elements = (
        "Member must satisfy constraint: [Member must have length less than or equal to 1024, "
        "Member must have length greater than or equal to 1, "
        f"Member must satisfy regular expression pattern: {VISIBLE}]"
    )
    assert refusal("UpdateUserPoolClient", request) == (
        "2 validation errors detected: "
        f"Value '[]' at 'logoutURLs' failed to satisfy constraint: {elements}; "
        f"Value '[]' at 'callbackURLs' failed to satisfy constraint: {elements}"
    )


def test_a_list_of_enums() -> None:
    # recorded: aws-solutions/media-insights-on-aws#199
    request = {"UserPoolId": POOL, "ClientName": "c", "AllowedOAuthFlows": ["code", "password"]}
    assert refusal("CreateUserPoolClient", request) == one(
        "Value '[code, password]' at 'allowedOAuthFlows' failed to satisfy constraint: Member must satisfy "
        "constraint: [Member must satisfy enum value set: [code, implicit, client_credentials]]"
    )


def test_a_map_of_plain_values_is_named_once() -> None:
    # recorded: aws/aws-cdk#31795
    request = {
        "IdentityPoolName": "p",
        "AllowUnauthenticatedIdentities": True,
        "SupportedLoginProviders": {"accounts.google.com": "1.apps", "graph.facebook.com": "2 "},
    }
    assert refusal("CreateIdentityPool", request) == one(
        "Value '{accounts.google.com=1.apps, graph.facebook.com=2 }' at 'supportedLoginProviders' failed to "
        "satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to "
        "128, Member must have length greater than or equal to 1, "
        r"Member must satisfy regular expression pattern: [\w.;_/-]+]"
    )


def test_map_keys() -> None:
    # recorded from Kinesis, same framework (mhart/kinesalite): "Map keys", but "Map value"
    request = {"PoolName": "p", "UserPoolTags": {"k" * 129: "v"}}
    assert refusal("CreateUserPool", request) == one(
        f"Value '{{{'k' * 129}=v}}' at 'userPoolTags' failed to satisfy constraint: Map keys must satisfy "
        "constraint: [Member must have length less than or equal to 128, "
        "Member must have length greater than or equal to 1]"
    )


def test_a_member_of_a_structure_in_a_list_has_a_numbered_path() -> None:
    # recorded: aws/aws-cdk#14175
    request = {"PoolName": "p", "Schema": [{"Name": "phone_number_verified"}]}
    assert refusal("CreateUserPool", request) == one(
        "Value 'phone_number_verified' at 'schema.1.member.name' failed to satisfy constraint: "
        "Member must have length less than or equal to 20"
    )


def test_elements_of_a_list_come_in_their_order() -> None:
    # recorded: aws-amplify/amplify-flutter#3125, the order of pattern and length included
    long = "a\x00b" * 11
    request = {"AccessToken": "t", "UserAttributes": [{"Name": long}, {"Name": long}]}
    pattern = r"Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+"
    length = "Member must have length less than or equal to 32"
    assert refusal("UpdateUserAttributes", request) == "4 validation errors detected: " + "; ".join(
        f"Value '{long}' at 'userAttributes.{number}.member.name' failed to satisfy constraint: {text}"
        for number in (1, 2)
        for text in (pattern, length)
    )


def test_a_message_without_its_mark() -> None:
    # recorded: aws-amplify/amplify-studio#876
    message = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*"
    request = {"PoolName": "p", "EmailVerificationMessage": "{##check##}"}
    assert refusal("CreateUserPool", request) == one(
        "Value '{##check##}' at 'emailVerificationMessage' failed to satisfy constraint: "
        rf"Member must satisfy regular expression pattern: {message}\{{####\}}{message}"
    )


def test_at_most_ten_violations_are_told() -> None:
    # recorded from Kinesis, same framework (mhart/kinesalite)
    request = {"AccessToken": "t", "UserAttributes": [{}] * 50_000}
    message = refusal("UpdateUserAttributes", request)
    assert message.startswith("10 validation errors detected: ")
    assert message.count("must not be null") == 10


def test_a_blob_is_shown_as_java_shows_it() -> None:
    # recorded from Kinesis, same framework (mhart/kinesalite)
    blob = base64.b64encode(b"x" * 131_073).decode()
    request = {"UserPoolId": POOL, "ImageFile": blob}
    assert refusal("SetUICustomization", request) == one(
        "Value 'java.nio.HeapByteBuffer[pos=0 lim=131073 cap=131073]' at 'imageFile' failed to satisfy "
        "constraint: Member must have length less than or equal to 131072"
    )


# Documented


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "Member must have value greater than or equal to 6"),
        (100, "Member must have value less than or equal to 99"),
    ],
)
def test_a_number_out_of_range(value: int, text: str) -> None:
    request = {"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": value}}}
    assert refusal("CreateUserPool", request) == one(
        f"Value '{value}' at 'policies.passwordPolicy.minimumLength' failed to satisfy constraint: {text}"
    )


def test_a_list_of_the_wrong_length() -> None:
    request = {"UserPoolId": POOL, "CustomAttributes": []}
    assert refusal("AddCustomAttributes", request) == one(
        "Value '[]' at 'customAttributes' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_a_map_of_structures_names_the_entry() -> None:
    request = {
        "IdentityPoolId": "eu-central-1:1",
        "Roles": {},
        "RoleMappings": {"provider.example": {"Type": "Nope"}},
    }
    assert refusal("SetIdentityPoolRoles", request) == one(
        "Value 'Nope' at 'roleMappings.provider.example.member.type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Token, Rules]"
    )


# Assumed


def test_an_echoed_value_is_cut() -> None:
    message = refusal("DescribeUserPool", {"UserPoolId": "é" * 1_000_000})
    assert len(message) < 10_000


def test_a_sensitive_value_in_a_list_or_map_is_not_echoed() -> None:
    request = {"ClientId": "a", "AuthFlow": "CUSTOM_AUTH", "AuthParameters": {"PASSWORD": "s" * 131_073}}
    message = refusal("InitiateAuth", request)
    assert message.startswith("1 validation error detected: Value at 'authParameters' failed")
    assert "sss" not in message


def test_where_an_operation_does_not_list_invalid_parameter_it_is_a_validation_error() -> None:
    operation = Operation(input="GetUserRequest", errors=frozenset(), signed=False)
    validate = Validator(IDP).compile(operation)
    with pytest.raises(Validation) as caught:
        validate({})
    assert caught.value.code == "ValidationException"


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


def shaped(model: Model, name: str) -> st.SearchStrategy[Any]:
    """Values that mostly have the types of a shape, whatever its constraints, and sometimes do not."""
    shape = model.shapes[name]
    if shape.type == "structure":
        members = {member: shaped(model, target) for member, target in shape.members.items()}
        return st.one_of(st.fixed_dictionaries({}, optional=members), json_values)
    if shape.type == "list" and shape.member:
        return st.lists(shaped(model, shape.member), max_size=3)
    if shape.type == "map" and shape.value:
        return st.dictionaries(st.text(max_size=5), shaped(model, shape.value), max_size=3)
    if shape.enum:
        return st.one_of(st.sampled_from(shape.enum), st.text())
    plain: dict[str, st.SearchStrategy[Any]] = {
        "string": st.text(),
        "integer": st.integers(),
        "boolean": st.booleans(),
    }
    return st.one_of(plain.get(shape.type, json_values), plain.get(shape.type, json_values), json_values)


@given(st.data())
def test_any_json_is_read_or_refused_in_the_error_family(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from([IDP, IDENTITY]))
    operation = model.operations[data.draw(st.sampled_from(sorted(model.operations)))]
    value = data.draw(st.one_of(json_values, shaped(model, operation.input)))
    try:
        request = VALIDATORS[id(model)].compile(operation)(value)
    except (Serialization, InvalidParameter) as error:
        msgspec.json.encode(error.message)
    else:
        assert isinstance(request, dict)


@given(st.data())
def test_a_request_is_let_through_exactly_when_there_is_nothing_to_say_about_it(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from([IDP, IDENTITY]))
    validator = VALIDATORS[id(model)]
    operation = model.operations[data.draw(st.sampled_from(sorted(model.operations)))]
    try:
        request = validator._readers.of(operation.input)(data.draw(shaped(model, operation.input)))
    except Serialization:
        return
    fits = validator._fits_of(operation.input)
    quiet = not list(validator._violations(operation.input, request, ""))
    assert quiet == (fits is None or fits(request))
