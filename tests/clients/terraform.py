"""The calls that Terraform's AWS provider makes, and when it would plan a change.

The provider itself is in none of the registries that tests install from; 5.32, built from its source, was run by hand
against Cenote. What it sends, which members of an answer it keeps in its state, and what it does where a configuration
leaves one out, is read from its source (hashicorp/terraform-provider-aws, internal/service/cognitoidp). Configurations
and states are in AWS's shape here; the provider translates names one to one.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

Config = Mapping[str, Any]

# What a configuration may leave out of a pool: there must then be nothing …
POOL_OPTIONAL: Final = (
    "AliasAttributes",
    "AutoVerifiedAttributes",
    "DeviceConfiguration",
    "LambdaConfig",
    "Schema",
    "SmsAuthenticationMessage",
    "SoftwareTokenMfaConfiguration",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UsernameAttributes",
    "UsernameConfiguration",
    "WebAuthnConfiguration",
)
# … or this …
POOL_DEFAULTS: Final = {"DeletionProtection": "INACTIVE", "MfaConfiguration": "OFF"}
# … or whatever AWS fills in.
POOL_COMPUTED: Final = (
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "PasswordPolicy",
    "SignInPolicy",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
# Members of blocks that AWS fills in where the configuration has the block without them.
FILLED_IN: Final[Mapping[str, Collection[str]]] = {
    "AdminCreateUserConfig": {"UnusedAccountValidityDays"},
    "EmailConfiguration": {"EmailSendingAccount"},
    "PasswordPolicy": {"TemporaryPasswordValidityDays"},
    "SmsConfiguration": {"SnsRegion"},
    "VerificationMessageTemplate": {
        "DefaultEmailOption", "EmailMessage", "EmailMessageByLink", "EmailSubject", "EmailSubjectByLink",
        "SmsMessage",
    },
}  # fmt: skip
POLICIES: Final = ("PasswordPolicy", "SignInPolicy")
BY_MFA_CALL: Final = ("MfaConfiguration", "SoftwareTokenMfaConfiguration", "WebAuthnConfiguration")
FIXED: Final = {"AliasAttributes", "Schema", "UsernameAttributes", "UsernameConfiguration"}

# Every member of a client that the provider keeps; all but the name are filled in where they are left out.
CLIENT: Final = (
    "AccessTokenValidity", "AllowedOAuthFlows", "AllowedOAuthFlowsUserPoolClient", "AllowedOAuthScopes",
    "AuthSessionValidity", "CallbackURLs", "ClientName", "DefaultRedirectURI",
    "EnablePropagateAdditionalUserContextData", "EnableTokenRevocation", "ExplicitAuthFlows", "IdTokenValidity",
    "LogoutURLs", "PreventUserExistenceErrors", "ReadAttributes", "RefreshTokenRotation", "RefreshTokenValidity",
    "SupportedIdentityProviders", "TokenValidityUnits", "WriteAttributes",
)  # fmt: skip
# The ones that the provider sends back as empty lists where the state has none.
CLIENT_LISTS: Final = (
    "AllowedOAuthFlows", "AllowedOAuthScopes", "CallbackURLs", "ExplicitAuthFlows", "LogoutURLs", "ReadAttributes",
    "SupportedIdentityProviders", "WriteAttributes",
)  # fmt: skip

STANDARD_STRINGS: Final = (
    "address", "email", "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname",
    "phone_number", "picture", "preferred_username", "profile", "website", "zoneinfo",
)  # fmt: skip


def attribute(name: str, data_type: str = "String", **more: Any) -> dict[str, Any]:
    """An attribute of a schema as a configuration has it."""
    plain = {"DeveloperOnlyAttribute": False, "Mutable": True, "Required": False}
    return {"Name": name, "AttributeDataType": data_type, **plain, **more}


def length(shortest: int, longest: int) -> dict[str, Any]:
    return {"StringAttributeConstraints": {"MinLength": str(shortest), "MaxLength": str(longest)}}


# Standard attributes that the provider leaves out of its state if they are exactly so, unless configured.
UNTOUCHED: Final = (
    *(attribute(name, **length(0, 2048)) for name in STANDARD_STRINGS),
    attribute("birthdate", **length(10, 10)),
    attribute("sub", Mutable=False, Required=True, **length(1, 2048)),
    attribute("email_verified", "Boolean"),
    attribute("phone_number_verified", "Boolean"),
    attribute("updated_at", "Number", NumberAttributeConstraints={"MinValue": "0"}),
)


def creation(config: Config) -> dict[str, Any]:
    """CreateUserPool's request. The Go SDK leaves false and 0 out of it where the member is no pointer."""
    request = {name: value for name, value in config.items() if name not in (*POLICIES, *BY_MFA_CALL)}
    policies = {name: config[name] for name in POLICIES if name in config}
    return {**request, **({"Policies": policies} if policies else {})}


def update(config: Config) -> dict[str, Any]:
    """UpdateUserPool's request: all that is configured but tags, which have calls of their own."""
    request = creation(config)
    for name in (*FIXED, "PoolName", "UserPoolTags"):
        request.pop(name, None)
    return {**request, "MfaConfiguration": config.get("MfaConfiguration", "OFF")}


def read_pool(idp: Any, pool_id: str, config: Config) -> dict[str, Any]:
    """The state after a read: DescribeUserPool and GetUserPoolMfaConfig."""
    pool = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    mfa = idp.get_user_pool_mfa_config(UserPoolId=pool_id)
    kept = (*POOL_OPTIONAL, *POOL_DEFAULTS, *POOL_COMPUTED)
    state = {name: pool[name] for name in kept if name in pool}
    state |= {name: mfa[name] for name in BY_MFA_CALL if name in mfa}
    state |= pool["Policies"]
    state["PoolName"] = pool["Name"]
    state["Schema"] = configured(pool["SchemaAttributes"], config.get("Schema", ()))
    # Switched on and off again it stays, empty; and an empty LambdaConfig is none.
    if not state.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate"):
        state.pop("UserAttributeUpdateSettings", None)
    return {name: value for name, value in state.items() if value not in ({}, [], None)}


def configured(
    described: Iterable[Mapping[str, Any]], wished: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The schema less the standard attributes that nobody touched."""
    schema = []
    for found in described:
        plain = {**found, "Name": found["Name"].removeprefix("dev:").removeprefix("custom:")}
        if found in UNTOUCHED and not any(found == wish for wish in wished):
            continue
        # Where the configuration has no limits of a string, those that AWS fills in are let be.
        bare = {name: value for name, value in plain.items() if name != "StringAttributeConstraints"}
        schema.append(bare if bare in wished else plain)
    return schema


def drift(config: Config, state: Config) -> list[str]:
    """What a plan would change about a pool."""
    found = [name for name in POOL_OPTIONAL if name not in config and state.get(name)]
    found += [name for name, default in POOL_DEFAULTS.items() if state.get(name) != config.get(name, default)]
    for name, wish in config.items():
        if not same(wish, state.get(name), FILLED_IN.get(name, ())):
            found.append(f"{name}: {state.get(name)} instead of {wish}")
    return found


def same(wish: Any, found: Any, filled_in: Collection[str] = ()) -> bool:
    """Whether Terraform sees no difference: sets have no order, and what is absent is zero."""
    if isinstance(wish, Mapping):
        found = found or {}
        return all(
            same(wish.get(name), found.get(name))
            for name in {*wish, *found}
            if name in wish or name not in filled_in
        )
    if isinstance(wish, list):
        rest = list(found or ())
        for entry in wish:
            match = next((other for other in rest if same(entry, other)), None)
            if match is None:
                return False
            rest.remove(match)
        return not rest
    return (wish or None) == (found or None)


def read_client(idp: Any, pool_id: str, client_id: str) -> dict[str, Any]:
    client = idp.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]
    return kept_of(client)


def kept_of(client: Mapping[str, Any]) -> dict[str, Any]:
    return {name: client[name] for name in CLIENT if name in client}


def client_update(config: Config, state: Config) -> dict[str, Any]:
    """UpdateUserPoolClient's request: the state where the configuration leaves a member out, lists even if empty."""
    return {**{name: [] for name in CLIENT_LISTS}, **state, **config}


def client_drift(config: Config, state: Config) -> list[str]:
    """What a plan would change about a client."""
    return [
        f"{name}: {state.get(name)} instead of {wish}"
        for name, wish in config.items()
        if not same(wish, state.get(name))
    ]
