"""User pools over the wire. Texts are recorded unless a test says otherwise."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cenote.domain.users import User

FORGED = "Zm9yZ2Vk"


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def no_pool(pool_id: str) -> tuple[str, str]:
    return "ResourceNotFoundException", f"User pool {pool_id} does not exist."


def bad_id(value: str) -> tuple[str, str]:
    return "InvalidParameterException", (
        f"1 validation error detected: Value '{value}' at 'userPoolId' failed to satisfy constraint: Member must"
        r" satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+"
    )


def elsewhere(server: Any, region: str) -> Any:
    return boto3.client(
        "cognito-idp",
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )


# CreateUserPool and DescribeUserPool


def test_a_new_pool_is_described_as_it_was_answered(idp: Any) -> None:
    pool = idp.create_user_pool(PoolName="my pool")["UserPool"]
    assert re.fullmatch(r"eu-central-1_[0-9A-Za-z]{9}", pool["Id"])
    assert pool["Name"] == "my pool"
    assert pool["Arn"].endswith(f":userpool/{pool['Id']}")
    assert pool["Arn"].startswith("arn:aws:cognito-idp:eu-central-1:")
    assert pool["EstimatedNumberOfUsers"] == 0
    assert pool["CreationDate"] == pool["LastModifiedDate"]
    assert pool["MfaConfiguration"] == "OFF"
    assert len(pool["SchemaAttributes"]) == 20
    assert "Schema" not in pool
    assert idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"] == pool


def test_a_pool_is_made_in_the_region_of_the_signature(server: Any) -> None:
    pool = elsewhere(server, "us-west-2").create_user_pool(PoolName="p")["UserPool"]
    assert pool["Id"].startswith("us-west-2_")
    assert ":us-west-2:" in pool["Arn"]


@pytest.mark.parametrize("region", ["EU-WEST-1", "a" * 46])
def test_a_region_that_cannot_be_in_an_id_is_refused(server: Any, region: str) -> None:
    """Cenote's own: a signature that nobody checks may claim any region."""
    code, _ = refusal(elsewhere(server, region).create_user_pool, PoolName="p")
    assert code == "InvalidParameterException"


def test_a_pool_gets_the_id_that_its_tag_asks_for(idp: Any) -> None:
    """Cenote's own."""
    wanted = {"cenote:id": "eu-central-1_MyOwnId"}
    assert idp.create_user_pool(PoolName="p", UserPoolTags=wanted)["UserPool"]["Id"] == "eu-central-1_MyOwnId"
    code, text = refusal(idp.create_user_pool, PoolName="q", UserPoolTags=wanted)
    assert code == "InvalidParameterException"
    assert "eu-central-1_MyOwnId" in text


def test_a_pool_cannot_ask_for_an_id_of_another_region(idp: Any) -> None:
    """Cenote's own."""
    code, _ = refusal(idp.create_user_pool, PoolName="p", UserPoolTags={"cenote:id": "us-east-1_MyOwnId"})
    assert code == "InvalidParameterException"


def test_a_pool_that_contradicts_itself_is_not_made(idp: Any) -> None:
    assert refusal(
        idp.create_user_pool, PoolName="p", AliasAttributes=["email"], UsernameAttributes=["email"]
    ) == (
        "InvalidParameterException",
        "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.",
    )


def test_what_cenote_cannot_do_yet_is_refused(idp: Any) -> None:
    """Cenote's own."""
    code, text = refusal(idp.create_user_pool, PoolName="p", IssuerConfiguration={"Type": "UPDATED"})
    assert code == "InvalidParameterException"
    assert text.startswith("IssuerConfiguration: the issuer is a setting")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, (False, False)),
        ({"ChallengeRequiredOnNewDevice": True}, (True, False)),
        ({"DeviceOnlyRememberedOnUserPrompt": True}, (False, True)),
    ],
)
def test_any_device_configuration_turns_devices_on_and_its_absence_off(
    idp: Any, make: Any, given: dict[str, bool], shown: tuple[bool, bool]
) -> None:
    """documented at DeviceConfigurationType; that both members are shown is assumed, as absent booleans are false."""
    pool_id = make.pool(DeviceConfiguration=given)
    described = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["DeviceConfiguration"]
    names = ("ChallengeRequiredOnNewDevice", "DeviceOnlyRememberedOnUserPrompt")
    assert described == dict(zip(names, shown, strict=True))
    idp.update_user_pool(UserPoolId=pool_id)
    assert "DeviceConfiguration" not in idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]


def test_a_description_counts_the_users(server: Any, idp: Any, make: Any) -> None:
    pool_id = make.pool()
    store = server.app.store

    async def add_two() -> None:
        pool = await store.pools.get(pool_id)
        async with store.transaction():
            for sub in ("a", "b"):
                await store.users.add(
                    pool, User(pool_id, sub, sub, "CONFIRMED", {}, 1, 1), [("username", sub)]
                )

    server.run(add_two())
    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["EstimatedNumberOfUsers"] == 2


def test_describing_an_unknown_pool_fails(idp: Any) -> None:
    assert refusal(idp.describe_user_pool, UserPoolId="eu-central-1_none") == no_pool("eu-central-1_none")
    assert refusal(idp.describe_user_pool, UserPoolId="none") == bad_id("none")


# UpdateUserPool


def test_an_update_replaces_what_it_does_not_name(own: Any) -> None:
    idp = own.server.idp
    pool_id = own.pool(
        DeletionProtection="ACTIVE",
        AutoVerifiedAttributes=["email"],
        UserPoolTags={"a": "b"},
        AliasAttributes=["email"],
    )
    before = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    own.server.clock.advance(minutes=5)
    idp.update_user_pool(UserPoolId=pool_id, Policies={"PasswordPolicy": {"MinimumLength": 12}})
    after = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert after["DeletionProtection"] == "INACTIVE"
    assert "AutoVerifiedAttributes" not in after
    assert after["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    kept = ("Name", "SchemaAttributes", "AliasAttributes", "UserPoolTags", "CreationDate", "Arn")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["LastModifiedDate"] - before["LastModifiedDate"] >= timedelta(minutes=5)


def test_an_update_that_fails_changes_nothing(idp: Any, make: Any) -> None:
    pool_id = make.pool(AutoVerifiedAttributes=["email"])
    assert refusal(idp.update_user_pool, UserPoolId=pool_id, AutoVerifiedAttributes=["phone_number"]) == (
        "InvalidParameterException",
        "SMS configuration is required when phone_number is selected for auto verification",
    )
    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["AutoVerifiedAttributes"] == ["email"]


def test_updating_an_unknown_pool_fails(idp: Any) -> None:
    assert refusal(idp.update_user_pool, UserPoolId="eu-central-1_none") == no_pool("eu-central-1_none")


def test_no_update_changes_the_id(idp: Any, make: Any) -> None:
    """Cenote's own."""
    code, _ = refusal(
        idp.update_user_pool, UserPoolId=make.pool(), UserPoolTags={"cenote:id": "eu-central-1_x"}
    )
    assert code == "InvalidParameterException"


# DeleteUserPool


def test_a_deleted_pool_is_gone(idp: Any, make: Any) -> None:
    pool_id = make.pool()
    client_id = make.client(pool_id)["ClientId"]
    idp.delete_user_pool(UserPoolId=pool_id)
    assert refusal(idp.describe_user_pool, UserPoolId=pool_id) == no_pool(pool_id)
    assert refusal(idp.describe_user_pool_client, UserPoolId=pool_id, ClientId=client_id) == no_pool(pool_id)
    assert refusal(idp.delete_user_pool, UserPoolId=pool_id) == no_pool(pool_id)


def test_a_protected_pool_is_deleted_only_once_it_is_unprotected(idp: Any, make: Any) -> None:
    pool_id = make.pool(DeletionProtection="ACTIVE")
    code, text = refusal(idp.delete_user_pool, UserPoolId=pool_id)
    assert code == "InvalidParameterException"
    assert text == (
        "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be"
        " inactivated first."
    )
    idp.update_user_pool(UserPoolId=pool_id, DeletionProtection="INACTIVE")
    idp.delete_user_pool(UserPoolId=pool_id)


def test_case_57_a_pool_made_again_under_its_old_id_has_other_keys(server: Any, idp: Any) -> None:
    tags = {"cenote:id": "eu-central-1_Phoenix"}

    def keys() -> set[str]:
        pool = server.run(server.app.store.pools.get(tags["cenote:id"]))
        return {key.kid for key in server.run(server.app.store.pools.signing_keys(pool))}

    idp.create_user_pool(PoolName="p", UserPoolTags=tags)
    old = keys()
    idp.delete_user_pool(UserPoolId=tags["cenote:id"])
    idp.create_user_pool(PoolName="p", UserPoolTags=tags)
    assert len(old) == 2
    assert old.isdisjoint(keys())


# ListUserPools


def test_pools_are_listed_in_pages_by_region(own: Any) -> None:
    server = own.server
    made = {own.pool(PoolName=f"p{i}") for i in range(5)}
    other = elsewhere(server, "us-west-2").create_user_pool(PoolName="other")["UserPool"]["Id"]
    seen: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = server.idp.list_user_pools(MaxResults=2, **token)
        assert len(page["UserPools"]) <= 2
        seen += page["UserPools"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert [pool["Id"] for pool in seen] == sorted(made)
    assert {pool["Name"] for pool in seen} == {f"p{i}" for i in range(5)}
    assert set(seen[0]) == {"Id", "Name", "LambdaConfig", "LastModifiedDate", "CreationDate"}
    found = elsewhere(server, "us-west-2").list_user_pools(MaxResults=60)["UserPools"]
    assert [pool["Id"] for pool in found] == [other]


def test_case_76_a_forged_page_token_of_pools_is_refused(own: Any) -> None:
    idp = own.server.idp
    pools = [own.pool(), own.pool()]
    token = idp.list_user_pools(MaxResults=1)["NextToken"]
    for forged in (
        FORGED,
        token[:-2],
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "' OR 1=1 --".replace(" ", ""),
    ):
        code, _ = refusal(idp.list_user_pools, MaxResults=1, NextToken=forged)
        assert code == "InvalidParameterException"
    other_region = elsewhere(own.server, "us-west-2")
    assert (
        refusal(other_region.list_user_pools, MaxResults=1, NextToken=token)[0] == "InvalidParameterException"
    )
    code, _ = refusal(idp.list_user_pool_clients, UserPoolId=pools[0], NextToken=token)
    assert code == "InvalidParameterException"


def test_a_page_of_pools_has_a_size(idp: Any) -> None:
    code, text = refusal(idp.list_user_pools, MaxResults=61)
    assert (code, "'maxResults'" in text) == ("InvalidParameterException", True)
