"""Tags of user pools over the wire. Texts are assumed."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refusal(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


@pytest.fixture
def arn(idp: Any, make: Any) -> str:
    pool_id = make.pool(UserPoolTags={"a": "1", "b": "2"})
    return str(idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"])


def test_tags_are_added_removed_and_listed(idp: Any, arn: str) -> None:
    idp.tag_resource(ResourceArn=arn, Tags={"b": "new", "c": ""})
    assert idp.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1", "b": "new", "c": ""}
    idp.untag_resource(ResourceArn=arn, TagKeys=["a", "not there"])
    assert idp.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "new", "c": ""}
    pool_id = arn.rpartition("/")[2]
    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["UserPoolTags"] == {"b": "new", "c": ""}


def test_a_pool_without_tags_lists_none(idp: Any, make: Any) -> None:
    arn = idp.describe_user_pool(UserPoolId=make.pool())["UserPool"]["Arn"]
    assert idp.list_tags_for_resource(ResourceArn=arn)["Tags"] == {}


@pytest.mark.parametrize(
    "tags", [{"aws:x": "1"}, {f"k{i}": "" for i in range(50)}, {"cenote:id": "eu-central-1_x"}]
)
def test_a_tag_against_the_rules_is_refused(idp: Any, arn: str, tags: dict[str, str]) -> None:
    assert refusal(idp.tag_resource, ResourceArn=arn, Tags=tags) == "InvalidParameterException"
    assert idp.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1", "b": "2"}


def calls(idp: Any, arn: str) -> list[tuple[Callable[..., Any], dict[str, Any]]]:
    return [
        (idp.tag_resource, {"ResourceArn": arn, "Tags": {"a": "b"}}),
        (idp.untag_resource, {"ResourceArn": arn, "TagKeys": ["a"]}),
        (idp.list_tags_for_resource, {"ResourceArn": arn}),
    ]


def test_a_pool_that_is_not_there_has_no_tags(idp: Any, arn: str) -> None:
    missing = arn.rpartition("_")[0] + "_none"
    for call, request in calls(idp, missing):
        assert refusal(call, **request) == "ResourceNotFoundException"


def test_case_77_an_arn_of_something_else_is_refused(idp: Any, arn: str) -> None:
    account = arn.split(":")[4]
    for other in (
        arn.replace(account, "999999999999"),
        arn.replace("cognito-idp", "cognito-identity"),
        arn.replace(":userpool/", ":identitypool/"),
        arn.replace("eu-central-1:", "us-east-1:"),
    ):
        for call, request in calls(idp, other):
            assert refusal(call, **request) == "InvalidParameterException"
