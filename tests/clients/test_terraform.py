"""Terraform's AWS provider, by the calls it makes: what was applied is read back so that the next plan is empty."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.clients import terraform
from tests.clients.drivers import Person, named
from tests.clients.terraform import attribute, length
from tests.conftest import PoolFactory

BARE: dict[str, Any] = {"PoolName": "users"}
FULL: dict[str, Any] = {
    "PoolName": "members",
    "AccountRecoverySetting": {
        "RecoveryMechanisms": [
            {"Name": "verified_phone_number", "Priority": 2},
            {"Name": "verified_email", "Priority": 1},
        ]
    },
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": True,
        "InviteMessageTemplate": {
            "EmailMessage": "You are {username}, and {####} lets you in.",
            "EmailSubject": "Come in",
            "SMSMessage": "You are {username}, and {####} lets you in.",
        },
    },
    "AliasAttributes": ["email", "preferred_username"],
    "AutoVerifiedAttributes": ["email"],
    "DeletionProtection": "ACTIVE",
    "EmailConfiguration": {"ReplyToEmailAddress": "help@example.com"},
    "PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True, "PasswordHistorySize": 0},
    "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    "Schema": [
        attribute("email", Required=True, **length(3, 320)),
        attribute("team", **length(1, 20)),
        attribute("age", "Number", NumberAttributeConstraints={"MinValue": "1", "MaxValue": "150"}),
        attribute("joined", "DateTime", Mutable=False),
        attribute("active", "Boolean"),
        attribute("secret", DeveloperOnlyAttribute=True, **length(0, 5)),
    ],
    "SmsAuthenticationMessage": "{####} is your code",
    "SmsConfiguration": {"ExternalId": "one", "SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "UserPoolTags": {"team": "identity"},
    "UsernameConfiguration": {"CaseSensitive": True},
    "VerificationMessageTemplate": {
        "DefaultEmailOption": "CONFIRM_WITH_LINK",
        "EmailMessageByLink": "Here: {##this way##}",
        "EmailSubjectByLink": "A link",
        "SmsMessage": "{####} it is",
    },
}
SEPARATE_MESSAGES: dict[str, Any] = {
    "PoolName": "separate",
    "UsernameAttributes": ["email"],
    "EmailVerificationMessage": "{####} it is",
    "EmailVerificationSubject": "A code",
    "SmsVerificationMessage": "{####} it is",
}


def refusal(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


def applied(idp: Any, config: terraform.Config) -> str:
    return str(idp.create_user_pool(**terraform.creation(config))["UserPool"]["Id"])


@pytest.mark.parametrize("config", [BARE, FULL, SEPARATE_MESSAGES], ids=lambda config: config["PoolName"])
def test_a_pool_as_it_was_applied_plans_no_change(idp: Any, config: terraform.Config) -> None:
    pool_id = applied(idp, config)
    assert terraform.drift(config, terraform.read_pool(idp, pool_id, config)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"PasswordPolicy": {"MinimumLength": 8, "RequireSymbols": True, "TemporaryPasswordValidityDays": 3}},
        {"DeletionProtection": "INACTIVE"},
        {"AutoVerifiedAttributes": ["email"], "EmailVerificationSubject": "Another"},
        {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_pool_plans_no_further_change(idp: Any, change: dict[str, Any]) -> None:
    before = {**BARE, "DeletionProtection": "ACTIVE"}
    pool_id, after = applied(idp, before), {**before, **change}
    idp.update_user_pool(UserPoolId=pool_id, **terraform.update(after))
    assert terraform.drift(after, terraform.read_pool(idp, pool_id, after)) == []


def test_what_a_configuration_drops_is_gone_but_what_cannot_change(idp: Any) -> None:
    pool_id = applied(idp, FULL)
    kept = {"AliasAttributes", "Schema", "UserPoolTags", "UsernameConfiguration"}
    after = {**BARE, **{name: FULL[name] for name in kept}, "PoolName": FULL["PoolName"]}
    # The provider knows that leaving these out changes nothing, and sends none of them.
    request = {
        **terraform.update(after),
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    }
    idp.update_user_pool(UserPoolId=pool_id, **request)
    assert terraform.drift(after, terraform.read_pool(idp, pool_id, after)) == []


def test_an_attribute_is_added_and_tags_change_by_calls_of_their_own(idp: Any) -> None:
    pool_id = applied(idp, FULL)
    added = attribute("desk", **length(1, 9))
    idp.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=[added])
    arn = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]
    idp.untag_resource(ResourceArn=arn, TagKeys=["team"])
    idp.tag_resource(ResourceArn=arn, Tags={"cost": "low"})
    after = {**FULL, "Schema": [*FULL["Schema"], added], "UserPoolTags": {"cost": "low"}}
    assert terraform.drift(after, terraform.read_pool(idp, pool_id, after)) == []


def test_a_drift_would_be_seen(idp: Any) -> None:
    pool_id = applied(idp, FULL)
    idp.update_user_pool(UserPoolId=pool_id, **terraform.update({**FULL, "DeletionProtection": "INACTIVE"}))
    idp.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=[attribute("desk")])
    found = terraform.drift(FULL, terraform.read_pool(idp, pool_id, FULL))
    assert {entry.partition(":")[0] for entry in found} == {"DeletionProtection", "Schema"}


CLIENTS: dict[str, dict[str, Any]] = {
    "bare": {"ClientName": "app"},
    "secret": {
        "ClientName": "server",
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "EnablePropagateAdditionalUserContextData": True,
        "EnableTokenRevocation": False,
    },
    "oauth": {
        "ClientName": "web",
        "AllowedOAuthFlows": ["implicit", "code"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": ["openid", "email"],
        "CallbackURLs": ["https://example.com/b", "https://example.com/a"],
        "DefaultRedirectURI": "https://example.com/a",
        "LogoutURLs": ["https://example.com/out"],
        "SupportedIdentityProviders": ["COGNITO"],
    },
    "lifetimes": {
        "ClientName": "short",
        "AccessTokenValidity": 10,
        "IdTokenValidity": 20,
        "RefreshTokenValidity": 2,
        "AuthSessionValidity": 5,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
    },
    "permissions": {
        "ClientName": "careful",
        "PreventUserExistenceErrors": "ENABLED",
        "ReadAttributes": ["email", "name"],
        "WriteAttributes": ["name"],
    },
    "rotation": {
        "ClientName": "rotating",
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    },
}


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"])


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_as_it_was_applied_plans_no_change(idp: Any, pool: str, kind: str) -> None:
    config = CLIENTS[kind]
    answer = idp.create_user_pool_client(UserPoolId=pool, **config, GenerateSecret=kind == "secret")
    client = answer["UserPoolClient"]
    # The provider takes its state from the answer, and compares it with the next description.
    state = terraform.read_client(idp, pool, client["ClientId"])
    assert terraform.client_drift(config, state) == []
    assert terraform.kept_of(client) == state
    assert ("ClientSecret" in client) is (kind == "secret")


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_changed_client_plans_no_further_change(idp: Any, pool: str, kind: str) -> None:
    config = CLIENTS[kind]
    client = idp.create_user_pool_client(UserPoolId=pool, **config, GenerateSecret=True)["UserPoolClient"]
    state = terraform.kept_of(client)
    after = {**config, "ClientName": "renamed"}
    request = terraform.client_update(after, state)
    answer = idp.update_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"], **request)
    read = terraform.read_client(idp, pool, client["ClientId"])
    assert terraform.client_drift({**state, **after}, read) == []
    assert terraform.kept_of(answer["UserPoolClient"]) == read


def test_a_group_is_changed_by_what_is_sent_of_it(idp: Any, pool: str) -> None:
    role = "arn:aws:iam::123456789012:role/readers"
    idp.create_group(
        UserPoolId=pool, GroupName="readers", Description="Who reads", Precedence=4, RoleArn=role
    )
    # The provider sends no member that did not change, and plans a change if one of those were reset.
    idp.update_group(UserPoolId=pool, GroupName="readers", Description="Who may read")
    group = idp.get_group(UserPoolId=pool, GroupName="readers")["Group"]
    assert (group["Description"], group["Precedence"], group["RoleArn"]) == ("Who may read", 4, role)


def test_a_bare_group_has_nothing_that_was_not_sent(idp: Any, pool: str) -> None:
    idp.create_group(UserPoolId=pool, GroupName="writers")
    group = idp.get_group(UserPoolId=pool, GroupName="writers")["Group"]
    assert not {"Description", "Precedence", "RoleArn"} & set(group)


def test_a_user_as_it_was_applied_plans_no_change(idp: Any, pool: str, person: Person) -> None:
    attributes = {"email": person.email, "email_verified": "true", "name": "Ada"}
    idp.admin_create_user(
        UserPoolId=pool,
        Username=person.username,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    idp.admin_disable_user(UserPoolId=pool, Username=person.username)
    idp.admin_set_user_password(
        UserPoolId=pool, Username=person.username, Password=person.password, Permanent=True
    )
    user = idp.admin_get_user(UserPoolId=pool, Username=person.username)
    read = named(user["UserAttributes"])
    assert {name: value for name, value in read.items() if name != "sub"} == attributes
    assert (user["Enabled"], user["UserStatus"]) == (False, "CONFIRMED")
    assert not user.get("UserMFASettingList")
    assert "PreferredMfaSetting" not in user


def test_a_changed_user_plans_no_further_change(idp: Any, pool: str, person: Person) -> None:
    named_so = {"UserPoolId": pool, "Username": person.username}
    idp.admin_create_user(
        **named_so,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "nickname", "Value": "a"}, {"Name": "name", "Value": "Ada"}],
    )
    idp.admin_update_user_attributes(**named_so, UserAttributes=[{"Name": "name", "Value": "Ada Lovelace"}])
    idp.admin_delete_user_attributes(**named_so, UserAttributeNames=["nickname"])
    read = named(idp.admin_get_user(**named_so)["UserAttributes"])
    assert {name: value for name, value in read.items() if name != "sub"} == {"name": "Ada Lovelace"}


def test_a_membership_is_read_from_the_users_groups(
    idp: Any, pool: str, make: PoolFactory, person: Person
) -> None:
    make.user(pool, person.username)
    membership = {"UserPoolId": pool, "Username": person.username, "GroupName": person.username}
    idp.create_group(UserPoolId=pool, GroupName=person.username)

    def groups() -> list[str]:
        answer = idp.admin_list_groups_for_user(UserPoolId=pool, Username=person.username)
        return [group["GroupName"] for group in answer["Groups"]]

    idp.admin_add_user_to_group(**membership)
    assert groups() == [person.username]
    idp.admin_remove_user_from_group(**membership)
    assert groups() == []


def test_what_is_destroyed_is_known_to_be_gone(idp: Any, make: PoolFactory, person: Person) -> None:
    pool_id = make.pool()
    client_id = make.client(pool_id)["ClientId"]
    make.user(pool_id, person.username)
    idp.create_group(UserPoolId=pool_id, GroupName="readers")
    # Each as the provider deletes it, and as it asks once more: these names mean to it that nothing is left.
    gone = [
        (idp.admin_delete_user, {"Username": person.username}, "UserNotFoundException"),
        (idp.delete_group, {"GroupName": "readers"}, "ResourceNotFoundException"),
        (idp.delete_user_pool_client, {"ClientId": client_id}, "ResourceNotFoundException"),
        (idp.delete_user_pool, {}, "ResourceNotFoundException"),
    ]
    for delete, request, error in gone:
        delete(UserPoolId=pool_id, **request)
        assert refusal(delete, UserPoolId=pool_id, **request) == error
    assert refusal(idp.describe_user_pool, UserPoolId=pool_id) == "ResourceNotFoundException"
