"""The user pool document: AWS's UserPoolType less what is counted, dated or named per pool.

`created` and `updated` merge every default that DescribeUserPool echoes and refuse what contradicts itself,
in AWS's words. Texts are recorded unless a line says assumed. What Cognito only keeps and shows is kept and
shown; what it would act on and Cenote cannot yet is refused (`NOT_BUILT`).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from cenote.domain import attributes, first_factors, mfa_settings, registration, risk, schema, tags
from cenote.domain.errors import InvalidParameter

Document: TypeAlias = Mapping[str, Any]

# Set when a pool is made and never again.
FIXED: Final = ("SchemaAttributes", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
# Left as they are by an update that doesn't speak of them, against the rule that an update replaces. Recorded:
# Terraform relies on the first two. DcrConfiguration: documented.
KEPT: Final = ("UserPoolTags", "UserAttributeUpdateSettings", "WebAuthnConfiguration", "DcrConfiguration")
# Set and shown by operations of their own.
APART: Final = ("SessionConfiguration", "RiskConfiguration", "LogDeliveryConfiguration")
# Kept and shown just as they are given.
PLAIN: Final = (
    "AutoVerifiedAttributes",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "UserPoolAddOns",
    "KeyConfiguration",
    "IssuerConfiguration",
)

DEFAULT_MINIMUM_LENGTH: Final = 8
DEFAULT_TEMPORARY_DAYS: Final = 7
CHARACTER_RULES: Final = ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols")
# The members of older requests that VerificationMessageTemplate replaced; answers show both.
LEGACY_MESSAGES: Final = {
    "SmsVerificationMessage": "SmsMessage",
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
}


# What LambdaConfig may name, and what it may not yet.
TRIGGERS: Final = frozenset(
    {
        "PreSignUp",
        "PostConfirmation",
        "PreAuthentication",
        "PostAuthentication",
        "PreTokenGeneration",
        "PreTokenGenerationConfig",
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "UserMigration",
        "CustomMessage",
        "CustomEmailSender",
        "CustomSMSSender",
        "KMSKeyID",
    }
)
# Nobody signs in by another provider yet, so there would be nothing to call it for.
NO_TRIGGERS: Final = ("InboundFederation",)
CUSTOM_SENDERS: Final = frozenset({"CustomEmailSender", "CustomSMSSender"})


# What Cognito would act on and Cenote cannot yet: whether a document asks for it, and what the caller hears.
NOT_BUILT: Final[tuple[tuple[Callable[[Document], Any], str], ...]] = (
    (
        lambda document: set(document["LambdaConfig"]) - TRIGGERS,
        "LambdaConfig: Cenote does not call " + ", ".join(NO_TRIGGERS) + " yet; leave them out.",
    ),
    (
        lambda document: document.get("KeyConfiguration", {}).get("KeyType") == "CUSTOMER_MANAGED_KEY",
        "KeyConfiguration: Cenote seals data under its own master key; only AWS_OWNED_KEY is accepted.",
    ),
    (
        lambda document: document.get("IssuerConfiguration", {}).get("Type") == "UPDATED",
        "IssuerConfiguration: the issuer is a setting of the server; only ORIGINAL is accepted.",
    ),
)


def created(request: Document) -> dict[str, Any]:
    """The document of a new pool; InvalidParameter for a request that contradicts itself."""
    if request.get("AliasAttributes") and request.get("UsernameAttributes"):
        raise InvalidParameter(
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool."
        )
    document = {
        **dcr_configuration(request),
        "SchemaAttributes": schema.created(request.get("Schema", ())),
        "UserPoolTags": tags.checked(request.get("UserPoolTags", {})),
        **settings(request),
        "Name": request["PoolName"],
    }
    for name in (*FIXED, *KEPT):
        if request.get(name):
            document.setdefault(name, request[name])
    mfa_settings.carried({}, document)
    return checked(document)


def updated(document: Document, request: Document) -> dict[str, Any]:
    """The document after UpdateUserPool: what the request leaves out goes back to its default.

    All but what cannot change (`FIXED`) and what AWS keeps (`KEPT`, the name, and the first factors of a sign-in:
    recorded in go-to-k/cdkd#2051).
    """
    after = {name: document[name] for name in (*FIXED, *KEPT, *APART) if name in document}
    after |= settings(request)
    policies = request.get("Policies", {})
    if (
        "AllowedFirstAuthFactors" not in policies.get("SignInPolicy", {})
        and "SignInPolicy" in after["Policies"]
    ):
        after["Policies"]["SignInPolicy"] = {
            "AllowedFirstAuthFactors": first_factors.listed(document),
        }
    after["Name"] = request.get("PoolName", document["Name"])
    if "UserPoolTags" in request:
        after["UserPoolTags"] = tags.checked(request["UserPoolTags"])
    if "UserAttributeUpdateSettings" in request:
        after["UserAttributeUpdateSettings"] = request["UserAttributeUpdateSettings"]
    after |= dcr_configuration(request)
    mfa_settings.carried(document, after)
    return checked(after)


def settings(request: Document) -> dict[str, Any]:
    """What an update replaces as well: everything of a request that is no schema, name or tag."""
    admin, password = request.get("AdminCreateUserConfig", {}), password_policy(request)
    document: dict[str, Any] = {
        "Policies": {"PasswordPolicy": password},
        "DeletionProtection": request.get("DeletionProtection", "INACTIVE"),
        "LambdaConfig": lambda_config(request.get("LambdaConfig", {})),
        "MfaConfiguration": request.get("MfaConfiguration", "OFF"),
        "EmailConfiguration": {
            "EmailSendingAccount": "COGNITO_DEFAULT",
            **request.get("EmailConfiguration", {}),
        },
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": False,
            **admin,
            "UnusedAccountValidityDays": password["TemporaryPasswordValidityDays"],
        },
        "UserPoolTier": request.get("UserPoolTier", "ESSENTIALS"),
        **messages(request),
    }
    if document["UserPoolTier"] != "LITE" or "SignInPolicy" in request.get("Policies", {}):
        document["Policies"]["SignInPolicy"] = {
            "AllowedFirstAuthFactors": ["PASSWORD"],
            **request.get("Policies", {}).get("SignInPolicy", {}),
        }
    for name in PLAIN:
        if request.get(name):
            document[name] = request[name]
    if "DeviceConfiguration" in request:  # even an empty one turns the feature on (documented)
        document["DeviceConfiguration"] = {
            "ChallengeRequiredOnNewDevice": False,
            "DeviceOnlyRememberedOnUserPrompt": False,
            **request["DeviceConfiguration"],
        }
    if request.get("AccountRecoverySetting", {}).get("RecoveryMechanisms"):
        document["AccountRecoverySetting"] = request["AccountRecoverySetting"]
    return document


def dcr_configuration(request: Document) -> dict[str, Any]:
    """The configuration that a request brings, even an empty one (documented: it turns registration on)."""
    given = request.get("DcrConfiguration")
    return {} if given is None else {"DcrConfiguration": registration.configured(given)}


def lambda_config(given: Document) -> dict[str, Any]:
    """The functions that are named. The function before tokens has two members, of which the older one is shown with
    the newer (documented: they have the same value). A function that sends codes needs a key to read them by
    (documented at LambdaConfigType).
    """
    config = {name: value for name, value in given.items() if value}
    if not CUSTOM_SENDERS.isdisjoint(config) and "KMSKeyID" not in config:
        raise InvalidParameter("KMSKeyID is required to use CustomEmailSender or CustomSMSSender.")  # assumed
    newer, older = config.get("PreTokenGenerationConfig"), config.get("PreTokenGeneration")
    if newer and older and newer["LambdaArn"] != older:
        raise InvalidParameter(  # assumed
            "PreTokenGeneration and PreTokenGenerationConfig must have the same Lambda function."
        )
    if newer or older:
        config["PreTokenGeneration"] = newer["LambdaArn"] if newer else older
        config["PreTokenGenerationConfig"] = newer or {"LambdaVersion": "V1_0", "LambdaArn": older}
    return config


def password_policy(request: Document) -> dict[str, Any]:
    """The password policy with its defaults.

    No policy at all is the strict default; in one that is given, a rule left out is off: the wire's booleans
    are false where they are absent, and its numbers 0 (so AWS's CDK has to name its minimum length).
    """
    given = request.get("Policies", {}).get("PasswordPolicy")
    unused_days = request.get("AdminCreateUserConfig", {}).get("UnusedAccountValidityDays") or 0
    days = (given or {}).get("TemporaryPasswordValidityDays") or 0
    if unused_days and days:
        raise InvalidParameter(
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        )
    if given is None:
        policy = {"MinimumLength": DEFAULT_MINIMUM_LENGTH, **dict.fromkeys(CHARACTER_RULES, True)}
    elif "MinimumLength" not in given:
        raise InvalidParameter(  # assumed
            "1 validation error detected: Value '0' at 'policies.passwordPolicy.minimumLength' failed to"
            " satisfy constraint: Member must have value greater than or equal to 6"
        )
    else:
        policy = {**dict.fromkeys(CHARACTER_RULES, False), **given}
    policy["TemporaryPasswordValidityDays"] = days or unused_days or DEFAULT_TEMPORARY_DAYS
    return policy


def messages(request: Document) -> dict[str, Any]:
    """The templates of verification messages, in their place and, where there are any, in the older one."""
    template = {"DefaultEmailOption": "CONFIRM_WITH_CODE", **request.get("VerificationMessageTemplate", {})}
    shown: dict[str, Any] = {"VerificationMessageTemplate": template}
    for legacy, member in LEGACY_MESSAGES.items():
        text = template.get(member) or request.get(legacy)
        if text:
            shown[legacy] = template[member] = text
    return shown


def checked(document: dict[str, Any]) -> dict[str, Any]:
    """The document, if its members agree with each other and Cenote can do what they say."""
    first_factors.check_policy(document)
    for asked, sentence in NOT_BUILT:
        if asked(document):
            raise InvalidParameter(sentence)
    risk.check_tier(document)
    registration.check_tier(document)
    check_verification(document)
    check_recovery(document)
    check_email(document)
    return document


def check_verification(document: Document) -> None:
    verified = set(document.get("AutoVerifiedAttributes", ()))
    if "phone_number" in verified and "SmsConfiguration" not in document:
        raise InvalidParameter(
            "SMS configuration is required when phone_number is selected for auto verification"
        )
    update = document.get("UserAttributeUpdateSettings", {})
    if not verified.issuperset(update.get("AttributesRequireVerificationBeforeUpdate", ())):
        raise InvalidParameter(
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"
        )


def check_recovery(document: Document) -> None:
    ways = document.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", ())
    if any(len({way[member] for way in ways}) < len(ways) for member in ("Priority", "Name")):
        raise InvalidParameter(
            "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms."
        )
    if len(ways) > 1 and any(way["Name"] == "admin_only" for way in ways):
        raise InvalidParameter(
            "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms."
        )


def check_email(document: Document) -> None:
    email = document["EmailConfiguration"]
    if email["EmailSendingAccount"] == "DEVELOPER" and not email.get("SourceArn"):
        raise InvalidParameter("Source ARN is required to use DEVELOPER email sending owner")
    sender = email.get("From")
    if sender and not is_mailbox(sender):
        raise InvalidParameter("Provided From email address is invalid")
    reply_to = email.get("ReplyToEmailAddress")
    if reply_to and not attributes.is_email(reply_to):
        raise InvalidParameter("Provided ReplyTo email address is invalid")  # assumed


def is_mailbox(text: str) -> bool:
    """`ada@example.com` or `Ada <ada@example.com>`; nothing that could end a mail header."""
    name, bracket, address = text.rpartition("<")
    if not bracket:
        return attributes.is_email(text)
    return name.isprintable() and address.endswith(">") and attributes.is_email(address[:-1])


def require_deletable(document: Document) -> None:
    if document["DeletionProtection"] == "ACTIVE":
        raise InvalidParameter(
            "The user pool cannot be deleted because deletion protection is activated. Deletion protection"
            " must be inactivated first."
        )
