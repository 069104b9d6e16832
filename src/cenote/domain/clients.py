"""The app client document: AWS's UserPoolClientType less its ids, dates and secrets.

`created` and `updated` merge every default that DescribeUserPoolClient echoes and refuse what contradicts
itself, in AWS's words. Texts are recorded unless a line says assumed. Members that AWS leaves out of its
answers while they are at their default are left out here too; `auth_flows` and `lifetimes` tell what that
means.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from cenote.domain import resource_servers, token_exchange
from cenote.domain.attributes import VERIFIED_FLAGS, by_name
from cenote.domain.errors import (
    FeatureUnavailableInTier,
    InvalidOAuthFlow,
    InvalidParameter,
    ScopeDoesNotExist,
)

Document: TypeAlias = Mapping[str, Any]

# Kept as they are given, and left out where they are empty: to AWS an empty list is none (recorded).
PLAIN: Final = (
    "AccessTokenValidity",
    "IdTokenValidity",
    "ReadAttributes",
    "WriteAttributes",
    "ExplicitAuthFlows",
    "SupportedIdentityProviders",
    "CallbackURLs",
    "LogoutURLs",
    "DefaultRedirectURI",
    "AllowedOAuthFlows",
    "AllowedOAuthScopes",
    "PreventUserExistenceErrors",
)
# Set and shown by operations of their own.
APART: Final = ("SessionConfiguration", "RiskConfiguration", "Registration")
# How a client that registered itself did so; one that was made for it has no such member.
OPEN: Final = "open"
AUTHENTICATED: Final = "authenticated"
# AWS's quota of app clients in a pool, raised as far as it goes (documented in "Quotas in Amazon Cognito").
MOST: Final = 10_000
DEFAULTS: Final = {
    "RefreshTokenValidity": 30,
    "TokenValidityUnits": {},
    "AllowedOAuthFlowsUserPoolClient": False,
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AuthSessionValidity": 3,
}
# Documented at CreateUserPoolClient.
DEFAULT_AUTH_FLOWS: Final = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
STANDARD_SCOPES: Final = frozenset({"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"})
PROVIDERS: Final = frozenset({"COGNITO"})

SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
HOUR: Final = 3600
SHORT_LIVED: Final = range(5 * 60, 86400 + 1)  # access and ID tokens
LONG_LIVED: Final = range(HOUR, 10 * 365 * 86400 + 1)  # refresh tokens

SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*", re.ASCII)
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Schemes that run or read something where a browser is sent to them (SECURITY.md case 4).
DANGEROUS_SCHEMES: Final = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "jar"}
)
MAX_SECRETS: Final = 2


class Lifetimes(NamedTuple):
    """How long each token of a client lives, in seconds."""

    access: int
    id: int
    refresh: int


def created(
    pool: Document,
    request: Document,
    *,
    pool_id: str,
    confidential: bool,
    scopes: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The document of a new client of this pool; `confidential` if it gets a secret.

    `scopes` are those of the pool's resource servers.
    """
    return checked(
        pool, settings(request), pool_id=pool_id, confidential=confidential, deed="creating", scopes=scopes
    )


def updated(
    pool: Document,
    document: Document,
    request: Document,
    *,
    pool_id: str,
    confidential: bool,
    scopes: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The document after UpdateUserPoolClient: all but the name goes back to its default if left out."""
    after = settings({"ClientName": document["ClientName"], **request})
    after |= {name: document[name] for name in APART if name in document}
    return checked(pool, after, pool_id=pool_id, confidential=confidential, deed="updating", scopes=scopes)


def settings(request: Document) -> dict[str, Any]:
    document = {"ClientName": request["ClientName"]}
    document |= {name: request[name] for name in PLAIN if request.get(name)}
    document |= {name: request.get(name, default) for name, default in DEFAULTS.items()}
    document["RefreshTokenValidity"] = document["RefreshTokenValidity"] or 30  # 0 is no value (documented)
    if "RefreshTokenRotation" in request:
        document["RefreshTokenRotation"] = {"RetryGracePeriodSeconds": 0, **request["RefreshTokenRotation"]}
    if request.get("AnalyticsConfiguration"):
        raise InvalidParameter("AnalyticsConfiguration: Cenote sends nothing to Pinpoint; leave it out.")
    return document


def checked(
    pool: Document,
    document: dict[str, Any],
    *,
    pool_id: str,
    confidential: bool,
    deed: str,
    scopes: frozenset[str],
) -> dict[str, Any]:
    check_lifetimes(lifetimes(document))
    check_auth_flows(document.get("ExplicitAuthFlows", ()))
    check_tier(pool, document)
    check_attributes(pool, document, deed)
    for provider in document.get("SupportedIdentityProviders", ()):
        if provider not in PROVIDERS:
            raise InvalidParameter(f"The provider {provider} does not exist for User Pool {pool_id}.")
    if document["EnablePropagateAdditionalUserContextData"] and not confidential:
        raise InvalidParameter(
            "Client Secret is required to set EnablePropagateAdditionalUserContextData as true"
        )
    check_urls(document)
    if is_registered(document) and resource_servers.REGISTER in document.get("AllowedOAuthScopes", ()):
        raise InvalidParameter(f"A registered client cannot hold {resource_servers.REGISTER}.")  # assumed
    check_oauth(document, confidential=confidential, custom=scopes | {resource_servers.REGISTER})
    return document


def is_registered(document: Document) -> bool:
    """Whether the client registered itself (RFC 7591)."""
    return "Registration" in document


def needs_consent(document: Document) -> bool:
    """Whether users are asked before it gets anything: anybody may have registered it, under any name."""
    return document.get("Registration") == OPEN


def lifetimes(document: Document) -> Lifetimes:
    """How long the client's tokens live. An access or ID token without a setting lives an hour."""
    units = document.get("TokenValidityUnits") or {}

    def of(token: str, default_unit: str) -> int:
        value = document.get(f"{token}Validity")
        return HOUR if value is None else int(value) * SECONDS[units.get(token, default_unit)]

    return Lifetimes(of("AccessToken", "hours"), of("IdToken", "hours"), of("RefreshToken", "days"))


def check_lifetimes(lives: Lifetimes) -> None:
    if lives.access not in SHORT_LIVED or lives.id not in SHORT_LIVED or lives.refresh not in LONG_LIVED:
        raise InvalidParameter("Invalid range for token validity.")
    if max(lives.access, lives.id) > lives.refresh:
        raise InvalidParameter(
            "Access and Id Token expiration times must be less than or equal to refresh token expiration"
            " times."
        )


def auth_flows(document: Document) -> tuple[str, ...]:
    """The client's ExplicitAuthFlows, or those that a client without any has."""
    return tuple(document.get("ExplicitAuthFlows") or DEFAULT_AUTH_FLOWS)


def check_auth_flows(flows: Iterable[str]) -> None:
    if len({flow.startswith("ALLOW_") for flow in flows}) > 1:
        raise InvalidParameter(
            "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."
        )


def check_tier(pool: Document, document: Document) -> None:
    exchanges = token_exchange.FLOWS & set(document.get("ExplicitAuthFlows", ()))
    if exchanges and pool["UserPoolTier"] == "LITE":  # documented in "Exchanging tokens", text assumed
        raise FeatureUnavailableInTier("Token exchange is not available in the LITE tier.")


def check_attributes(pool: Document, document: Document, deed: str) -> None:
    """Permissions name attributes of the pool; nobody is let write what only the server sets."""
    known = set(by_name(pool["SchemaAttributes"]))
    writable = known - {"sub", *VERIFIED_FLAGS}
    for kind, allowed in (("read", known), ("write", writable)):
        if not allowed.issuperset(document.get(f"{kind.title()}Attributes", ())):
            raise InvalidParameter(f"Invalid {kind} attributes specified while {deed} a client")


def check_urls(document: Document) -> None:
    callbacks = document.get("CallbackURLs", [])
    for url in (*callbacks, *document.get("LogoutURLs", ())):
        check_url(url)
    default = document.get("DefaultRedirectURI")
    if default is not None and default not in callbacks:
        raise InvalidParameter(f"The default redirect URI {default} is not in the callback URIs list.")


def check_url(url: str) -> None:
    """A URL that a browser may be sent to: absolute, https unless it is this machine or an app's own scheme.

    What a browser and a server could read differently is refused (SECURITY.md cases 2, 4, 86).
    """
    scheme, colon, rest = url.partition(":")
    # urlsplit drops tabs and line ends and keeps the rest, where browsers read a backslash as a slash.
    if not colon or not SCHEME.fullmatch(scheme) or any(c <= " " or c in "\\\x7f" for c in url):
        raise InvalidParameter(f"{url} is not a valid URL.")  # assumed
    if "#" in url:
        raise InvalidParameter(f"{url} cannot use fragment")
    scheme = scheme.lower()
    if scheme in DANGEROUS_SCHEMES:
        raise InvalidParameter(f"{url} cannot use the {scheme} scheme.")  # assumed
    if scheme not in ("http", "https"):
        return
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not rest.startswith("//") or not host or "@" in parts.netloc:
        raise InvalidParameter(f"{url} is not a valid URL.")  # assumed
    if scheme == "http" and host not in LOOPBACK:
        raise InvalidParameter(f"{url} cannot use the HTTP protocol.")


def check_oauth(document: Document, *, confidential: bool, custom: frozenset[str]) -> None:
    """`custom` are the scopes of resource servers, and the one for registering: what a client may have for itself."""
    flows = set(document.get("AllowedOAuthFlows", ()))
    scopes = document.get("AllowedOAuthScopes", ())
    for scope in scopes:
        if scope not in STANDARD_SCOPES and scope not in custom:
            raise ScopeDoesNotExist(f"Invalid scope requested: {scope}")
    if "client_credentials" in flows:
        if len(flows) > 1:
            raise InvalidOAuthFlow(
                "client_credentials flow can not be selected along with code flow or implicit flow."
            )
        if not confidential:
            raise InvalidOAuthFlow(
                "client_credentials flow can not be selected if client does not have a client secret."
            )
        for scope in scopes:
            if scope not in custom:
                raise InvalidOAuthFlow(f"{scope} is not supported with client_credentials flow")
    if not document["AllowedOAuthFlowsUserPoolClient"]:
        return
    if not flows or not scopes:
        raise InvalidParameter(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use"
            " OAuth flows."
        )
    if flows & {"code", "implicit"} and not document.get("CallbackURLs"):
        raise InvalidOAuthFlow("CallbackUrls can not be empty when code flow or implicit flow is selected")
