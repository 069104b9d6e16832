"""The user pool document. Texts and defaults are recorded unless a test says otherwise."""

from typing import Any

import pytest

from cenote.domain import pools, schema
from cenote.domain.errors import InvalidParameter

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}


def created(**request: Any) -> dict[str, Any]:
    return pools.created({"PoolName": "p", **request})


def refusal(**request: Any) -> str:
    """The text that a new pool is refused with, and an update to the same as well."""
    with pytest.raises(InvalidParameter) as refused:
        created(**request)
    with pytest.raises(InvalidParameter) as again:
        pools.updated(created(), request)
    assert again.value.message == refused.value.message
    return refused.value.message


def test_a_pool_of_a_name_alone_shows_every_default() -> None:
    """As DescribeUserPool answers; what AWS leaves out is left out, or Terraform would plan to remove it."""
    assert created() == {
        "Name": "p",
        "SchemaAttributes": schema.created([]),
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "DeletionProtection": "INACTIVE",
        "LambdaConfig": {},
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
        "MfaConfiguration": "OFF",
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
        "UserPoolTags": {},
        "UserPoolTier": "ESSENTIALS",
    }


def test_what_was_asked_for_is_shown() -> None:
    asked = {
        "AliasAttributes": ["email"],
        "AutoVerifiedAttributes": ["email", "phone_number"],
        "SmsConfiguration": SMS,
        "UsernameConfiguration": {"CaseSensitive": True},
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
        "DeletionProtection": "ACTIVE",
        "UserPoolTags": {"a": "b"},
        "UserPoolTier": "PLUS",
        "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
        "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
        "IssuerConfiguration": {"Type": "ORIGINAL"},
        "SmsAuthenticationMessage": "Code {####}",
    }
    document = created(**asked)
    assert {name: document[name] for name in asked} == asked


def test_a_lite_pool_has_no_sign_in_policy() -> None:
    """Assumed: the policy needs a higher tier."""
    assert "SignInPolicy" not in created(UserPoolTier="LITE")["Policies"]


def test_lists_that_are_empty_are_none() -> None:
    document = created(
        AliasAttributes=[], UsernameAttributes=[], AutoVerifiedAttributes=[], AccountRecoverySetting={}
    )
    assert document == created()


def test_aliases_and_username_attributes_exclude_each_other() -> None:
    with pytest.raises(InvalidParameter) as refused:
        created(AliasAttributes=["email"], UsernameAttributes=["email"])
    assert refused.value.message == (
        "Only one of the aliasAttributes or usernameAttributes can be set in a User pool."
    )


# Password policy


def test_a_policy_requires_only_what_it_names() -> None:
    """Recorded: the wire's booleans are false where they are left out."""
    policy = created(Policies={"PasswordPolicy": {"MinimumLength": 6, "RequireNumbers": True}})["Policies"]
    assert policy["PasswordPolicy"] == {
        "MinimumLength": 6,
        "RequireUppercase": False,
        "RequireLowercase": False,
        "RequireNumbers": True,
        "RequireSymbols": False,
        "TemporaryPasswordValidityDays": 7,
    }


def test_a_policy_without_a_minimum_length_is_refused() -> None:
    """Recorded by the AWS CDK's team that it is; assumed text."""
    assert "'policies.passwordPolicy.minimumLength'" in refusal(
        Policies={"PasswordPolicy": {"RequireNumbers": True}}
    )


def test_the_password_history_is_shown() -> None:
    policy = {"MinimumLength": 8, "PasswordHistorySize": 24}
    assert (
        created(Policies={"PasswordPolicy": policy})["Policies"]["PasswordPolicy"]["PasswordHistorySize"]
        == 24
    )


@pytest.mark.parametrize(
    ("request_", "days"),
    [
        ({"Policies": {"PasswordPolicy": {"MinimumLength": 8, "TemporaryPasswordValidityDays": 3}}}, 3),
        ({"Policies": {"PasswordPolicy": {"MinimumLength": 8, "TemporaryPasswordValidityDays": 0}}}, 7),
        ({"AdminCreateUserConfig": {"UnusedAccountValidityDays": 4}}, 4),
        ({"AdminCreateUserConfig": {"UnusedAccountValidityDays": 0}}, 7),
    ],
)
def test_both_names_of_the_temporary_passwords_life_show_the_same(
    request_: dict[str, Any], days: int
) -> None:
    """Documented: 0 is no value."""
    document = created(**request_)
    assert document["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == days
    assert document["AdminCreateUserConfig"]["UnusedAccountValidityDays"] == days


def test_only_one_name_of_the_temporary_passwords_life_may_be_given() -> None:
    assert (
        refusal(
            Policies={"PasswordPolicy": {"MinimumLength": 8, "TemporaryPasswordValidityDays": 7}},
            AdminCreateUserConfig={"UnusedAccountValidityDays": 7},
        )
        == "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
    )


# Messages


@pytest.mark.parametrize(
    "request_",
    [
        {
            "EmailVerificationMessage": "Code {####}",
            "EmailVerificationSubject": "Hello",
            "SmsVerificationMessage": "SMS {####}",
        },
        {
            "VerificationMessageTemplate": {
                "EmailMessage": "Code {####}",
                "EmailSubject": "Hello",
                "SmsMessage": "SMS {####}",
            }
        },
    ],
)
def test_verification_messages_show_in_both_places(request_: dict[str, Any]) -> None:
    document = created(**request_)
    assert document["VerificationMessageTemplate"] == {
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
        "EmailMessage": "Code {####}",
        "EmailSubject": "Hello",
        "SmsMessage": "SMS {####}",
    }
    assert document["EmailVerificationMessage"] == "Code {####}"
    assert document["EmailVerificationSubject"] == "Hello"
    assert document["SmsVerificationMessage"] == "SMS {####}"


def test_the_template_goes_before_the_older_member() -> None:
    """Assumed."""
    document = created(
        EmailVerificationMessage="old {####}", VerificationMessageTemplate={"EmailMessage": "new {####}"}
    )
    assert document["EmailVerificationMessage"] == "new {####}"


def test_a_pool_may_verify_by_link() -> None:
    template = {"DefaultEmailOption": "CONFIRM_WITH_LINK", "EmailMessageByLink": "Click {##here##}"}
    assert created(VerificationMessageTemplate=template)["VerificationMessageTemplate"] == template


# Members that must agree


def test_verifying_phone_numbers_needs_sms() -> None:
    assert refusal(AutoVerifiedAttributes=["phone_number"]) == (
        "SMS configuration is required when phone_number is selected for auto verification"
    )


def test_only_verified_attributes_are_verified_before_update() -> None:
    assert (
        refusal(
            AutoVerifiedAttributes=["email"],
            SmsConfiguration=SMS,
            UserAttributeUpdateSettings={
                "AttributesRequireVerificationBeforeUpdate": ["email", "phone_number"]
            },
        )
        == "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"
    )


@pytest.mark.parametrize(
    ("ways", "text"),
    [
        (
            [(1, "verified_email"), (1, "verified_phone_number")],
            "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
        ),
        (
            [(1, "verified_email"), (2, "verified_email")],
            "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
        ),
        (
            [(1, "verified_email"), (2, "admin_only")],
            "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
        ),
    ],
)
def test_recovery_mechanisms_that_contradict_each_other_are_refused(
    ways: list[tuple[int, str]], text: str
) -> None:
    mechanisms = [{"Priority": priority, "Name": name} for priority, name in ways]
    assert refusal(AccountRecoverySetting={"RecoveryMechanisms": mechanisms}) == text


@pytest.mark.parametrize(
    ("email", "text"),
    [
        ({"EmailSendingAccount": "DEVELOPER"}, "Source ARN is required to use DEVELOPER email sending owner"),
        ({"From": "nobody"}, "Provided From email address is invalid"),
        ({"From": "Ada <ada@example.com"}, "Provided From email address is invalid"),
        ({"From": "Ada\r\nBcc: x@example.com <ada@example.com>"}, "Provided From email address is invalid"),
        ({"ReplyToEmailAddress": "a@b"}, "Provided ReplyTo email address is invalid"),  # assumed
    ],
)
def test_email_settings_that_cannot_work_are_refused(email: dict[str, str], text: str) -> None:
    assert refusal(EmailConfiguration=email) == text


def test_a_sender_may_have_a_name() -> None:
    email = {"From": "Ada Lovelace <ada@example.com>", "ReplyToEmailAddress": "reply@example.com"}
    assert created(EmailConfiguration=email)["EmailConfiguration"] == {
        "EmailSendingAccount": "COGNITO_DEFAULT",
        **email,
    }


def test_the_password_stays_among_the_first_factors() -> None:
    assert refusal(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["EMAIL_OTP"]}}) == (
        "Password should be configured as one of the allowed first auth factors."
    )


@pytest.mark.parametrize("kind", ["CustomEmailSender", "CustomSMSSender"])
def test_a_function_that_sends_codes_needs_a_key(kind: str) -> None:
    """The need is documented at LambdaConfigType, the text assumed."""
    config: dict[str, Any] = {kind: {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}}
    assert "KMSKeyID" in refusal(LambdaConfig=config)
    config["KMSKeyID"] = "arn:aws:kms:eu-central-1:123456789012:key/1"
    assert created(LambdaConfig=config)["LambdaConfig"] == config


# What Cenote cannot do yet


@pytest.mark.parametrize(
    ("member", "request_"),
    [
        (
            "LambdaConfig",
            {"LambdaConfig": {"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}}},
        ),
        ("KeyConfiguration", {"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}}),
        ("IssuerConfiguration", {"IssuerConfiguration": {"Type": "UPDATED"}}),
    ],
)
def test_what_cenote_cannot_act_on_is_refused_by_name(member: str, request_: dict[str, Any]) -> None:
    """Cenote's own texts: nothing is kept that nothing reads."""
    text = refusal(**request_)
    assert text.startswith(f"{member}: ")
    assert "Cenote" in text or "server" in text


# Updates


def test_what_an_update_leaves_out_goes_back_to_its_default() -> None:
    before = created(
        AutoVerifiedAttributes=["email"],
        DeletionProtection="ACTIVE",
        Policies={"PasswordPolicy": {"MinimumLength": 20}},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        EmailVerificationMessage="Code {####}",
    )
    assert pools.updated(before, {}) == created()


def test_an_update_leaves_schema_names_and_tags_alone() -> None:
    """Recorded for the tags: Terraform's updates never name them."""
    before = created(
        Schema=[{"Name": "tier", "AttributeDataType": "String"}],
        AliasAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": True},
        UserPoolTags={"a": "b"},
    )
    assert pools.updated(before, {}) == before


def test_an_update_keeps_what_is_verified_before_update() -> None:
    """Recorded: so an update that forgets AutoVerifiedAttributes fails at AWS."""
    update = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    before = created(AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=update)
    kept = pools.updated(before, {"AutoVerifiedAttributes": ["email"]})
    assert kept["UserAttributeUpdateSettings"] == update
    with pytest.raises(InvalidParameter, match="must exist in AutoVerifiedAttributes"):
        pools.updated(before, {})


def test_an_update_may_rename_and_retag() -> None:
    after = pools.updated(created(UserPoolTags={"a": "b"}), {"PoolName": "q", "UserPoolTags": {"c": "d"}})
    assert after["Name"] == "q"
    assert after["UserPoolTags"] == {"c": "d"}


def test_an_update_may_stop_verifying_before_update() -> None:
    update: dict[str, Any] = {"AttributesRequireVerificationBeforeUpdate": []}
    before = created(
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    assert (
        pools.updated(before, {"UserAttributeUpdateSettings": update})["UserAttributeUpdateSettings"]
        == update
    )


# Deleting


def test_a_protected_pool_is_not_deleted() -> None:
    pools.require_deletable(created())
    with pytest.raises(InvalidParameter) as refused:
        pools.require_deletable(created(DeletionProtection="ACTIVE"))
    assert refused.value.message == (
        "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be"
        " inactivated first."
    )
