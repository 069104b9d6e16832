"""Custom attributes over the wire. Texts are recorded unless a test says otherwise."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

TIER = {"Name": "tier", "AttributeDataType": "String", "Mutable": True}


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_added_attribute_shows_in_the_schema_after_the_others(idp: Any, make: Any) -> None:
    pool_id = make.pool()
    before = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["SchemaAttributes"]
    idp.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=[TIER])
    after = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["SchemaAttributes"]
    assert after == [
        *before,
        {
            "Name": "custom:tier",
            "AttributeDataType": "String",
            "DeveloperOnlyAttribute": False,
            "Mutable": True,
            "Required": False,
            "StringAttributeConstraints": {},
        },
    ]


def test_an_attribute_is_added_once(idp: Any, make: Any) -> None:
    pool_id = make.pool(Schema=[TIER])
    assert refusal(idp.add_custom_attributes, UserPoolId=pool_id, CustomAttributes=[TIER]) == (
        "InvalidParameterException",
        "custom:tier: Existing attribute already has name custom:tier.",
    )


def test_attributes_are_added_together_or_not_at_all(idp: Any, make: Any) -> None:
    pool_id = make.pool()
    bad = {"Name": "other", "AttributeDataType": "String", "Required": True}
    code, _ = refusal(idp.add_custom_attributes, UserPoolId=pool_id, CustomAttributes=[TIER, bad])
    assert code == "InvalidParameterException"
    assert len(idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["SchemaAttributes"]) == 20


def test_an_unknown_pool_gets_no_attributes(idp: Any) -> None:
    assert refusal(idp.add_custom_attributes, UserPoolId="eu-central-1_none", CustomAttributes=[TIER]) == (
        "ResourceNotFoundException",
        "User pool eu-central-1_none does not exist.",
    )
