"""Dynamic client registration (RFC 7591): what a pool lets apps register, and what a registered app client is.

DcrConfiguration is AWS's own shape; that its defaults are echoed is assumed. A registered client is never more than one
that CreateUserPoolClient makes: the same URLs, scopes and flows are refused (SECURITY.md cases 4 and 86).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cenote.domain import clients
from cenote.domain.claims import SELF_SERVICE_SCOPE
from cenote.domain.errors import CognitoError, FeatureUnavailableInTier, InvalidParameter
from cenote.domain.oauth import OAuthError

Document: TypeAlias = Mapping[str, Any]

DEFAULTS: Final[Mapping[str, Any]] = {
    "EnableStatus": "Enabled",
    "OpenDcrEnabled": False,
    "AuthenticatedGrantTypes": ["code", "client_credentials"],
    "OpenDcrGrantTypes": ["code"],
}
# Registered clients may ask for these without a word in AllowedScopes (documented).
OIDC_SCOPES: Final = ("openid", "email", "phone", "profile")
# AWS's quota of app clients in a pool, of which an operator may have more raised (documented in "Quotas").
MOST_CLIENTS: Final = 1000
# Registrations from one address without a token, and the time in which they are counted.
MOST_OPEN: Final = 20
WINDOW: Final = 3_600_000

FLOWS: Final[Mapping[str, str]] = {"authorization_code": "code", "client_credentials": "client_credentials"}
REFRESH: Final = "refresh_token"
NO_SECRET: Final = "none"
AUTHENTICATION: Final = ("client_secret_basic", "client_secret_post", NO_SECRET)
NAMELESS: Final = "Registered client"
LONGEST_NAME: Final = 128
MOST_URIS: Final = 100
LONGEST_URI: Final = 1024
# What ClientNameType of the model has no place for.
_UNNAMABLE: Final = re.compile(r"[^\w\s+=,.@-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Registration:
    """`settings` are members of CreateUserPoolClient; `metadata` is what the answer tells of them."""

    settings: Document
    confidential: bool
    metadata: Document


def configured(given: Document) -> dict[str, Any]:
    """The configuration of a request: what it leaves out is at its default, EnableStatus too (documented)."""
    return {**DEFAULTS, **given}


def is_on(pool: Document) -> bool:
    return bool(pool.get("DcrConfiguration", {}).get("EnableStatus") == "Enabled")


def check_tier(pool: Document) -> None:
    """Documented: of the Essentials tier or higher, and off before a pool goes down to LITE. The text is assumed."""
    if is_on(pool) and pool["UserPoolTier"] == "LITE":
        raise FeatureUnavailableInTier("Dynamic client registration is not available in the LITE tier.")


def require_regular(client: Document) -> None:
    """Documented: registered app clients don't support client secret operations. The text is assumed."""
    if clients.is_registered(client):
        raise InvalidParameter("Client secrets of dynamically registered clients cannot be managed.")


def permitted_flows(pool: Document, *, authenticated: bool) -> frozenset[str]:
    """The flows that can be registered; access_denied where a list is empty (documented). `implicit` is ignored."""
    configuration = pool["DcrConfiguration"]
    flows = configuration["AuthenticatedGrantTypes" if authenticated else "OpenDcrGrantTypes"]
    if not flows:
        raise OAuthError("access_denied", "no grant type can be registered this way", status=403)
    return frozenset(flows) - {"implicit"}


def registered(
    pool: Document, metadata: Document, *, authenticated: bool, custom: frozenset[str]
) -> Registration:
    """What a request's metadata comes to; invalid_client_metadata or invalid_redirect_uri (RFC 7591 3.2.2).

    `custom` are the scopes of the pool's resource servers. Members that are not known are ignored (RFC 7591 2).
    """
    flow = flow_of(metadata, permitted_flows(pool, authenticated=authenticated))
    method = method_of(metadata, flow)
    scopes = scopes_of(metadata, flow, pool["DcrConfiguration"].get("AllowedScopes", ()), custom)
    uris = redirect_uris(metadata) if flow == "code" else ()
    name = name_of(metadata)
    settings: dict[str, Any] = {
        "ClientName": name,
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": [flow],
        "AllowedOAuthScopes": list(scopes),
        "CallbackURLs": list(uris),
        "SupportedIdentityProviders": ["COGNITO"],
        # A sign-in by the API would give scopes that nobody allowed, and show passwords to strangers.
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        "PreventUserExistenceErrors": "ENABLED",
    }
    told = {
        "client_name": name,
        "redirect_uris": list(uris),
        "grant_types": ["authorization_code", REFRESH] if flow == "code" else ["client_credentials"],
        "response_types": ["code"] if flow == "code" else [],
        "token_endpoint_auth_method": method,
        "scope": " ".join(scopes),
    }
    return Registration(settings, method != NO_SECRET, told)


def flow_of(metadata: Document, permitted: frozenset[str]) -> str:
    """The one flow of the grant types asked for; a client has either users or itself (as at CreateUserPoolClient)."""
    grants = set(texts(metadata, "grant_types") or ("authorization_code",))
    if "authorization_code" in grants:
        grants.discard(REFRESH)
    flow = FLOWS.get(grants.pop()) if len(grants) == 1 else None
    if flow is None or flow not in permitted:
        raise invalid("grant_types cannot be registered")
    responses = texts(metadata, "response_types")
    if responses is not None and responses != (("code",) if flow == "code" else ()):
        raise invalid("response_types do not fit grant_types")
    return flow


def method_of(metadata: Document, flow: str) -> str:
    method = text(metadata, "token_endpoint_auth_method") or AUTHENTICATION[0]
    if method not in AUTHENTICATION or (method == NO_SECRET and flow == "client_credentials"):
        raise invalid("token_endpoint_auth_method cannot be registered")
    return method


def scopes_of(
    metadata: Document, flow: str, allowed: Sequence[str], custom: frozenset[str]
) -> tuple[str, ...]:
    """The scopes asked for, or all that can be registered but the one that opens the user's account.

    A configuration may name scopes that do not exist, and the one for registering; neither is ever given.
    """
    known = custom if flow == "client_credentials" else custom | clients.STANDARD_SCOPES
    standard = () if flow == "client_credentials" else OIDC_SCOPES
    permitted = [scope for scope in dict.fromkeys((*standard, *allowed)) if scope in known]
    asked = text(metadata, "scope")
    if asked is None:
        scopes = tuple(scope for scope in permitted if scope != SELF_SERVICE_SCOPE)
    else:
        scopes = tuple(dict.fromkeys(asked.split()))
    if not scopes or not set(scopes) <= set(permitted):
        raise invalid("scope cannot be registered")
    return scopes


def redirect_uris(metadata: Document) -> tuple[str, ...]:
    """As CreateUserPoolClient takes them; invalid_redirect_uri otherwise."""
    try:
        uris = texts(metadata, "redirect_uris")
    except OAuthError:
        uris = None
    if not uris or len(uris) > MOST_URIS:
        raise OAuthError("invalid_redirect_uri", f"redirect_uris must be a list of 1 to {MOST_URIS} URLs")
    for number, uri in enumerate(uris):
        try:
            clients.check_url(uri)
            good = len(uri) <= LONGEST_URI and uri.isprintable() and not any(map(str.isspace, uri))
        except CognitoError:
            good = False
        if not good:
            raise OAuthError(
                "invalid_redirect_uri",
                f"redirect_uris[{number}] must be a https URL, one of this machine or of an app's own scheme",
            )
    return tuple(dict.fromkeys(uris))


def name_of(metadata: Document) -> str:
    """The name as AWS's ClientName can hold it: other characters become hyphens, and the answer says so."""
    name = " ".join(_UNNAMABLE.sub("-", text(metadata, "client_name") or NAMELESS).split())
    if not name or len(name) > LONGEST_NAME:
        raise invalid(f"client_name must have 1 to {LONGEST_NAME} characters")
    return name


def texts(metadata: Document, name: str) -> tuple[str, ...] | None:
    values = metadata.get(name)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise invalid(f"{name} must be a list of strings")
    return tuple(values)


def text(metadata: Document, name: str) -> str | None:
    value = metadata.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    return value


def invalid(description: str) -> OAuthError:
    return OAuthError("invalid_client_metadata", description)
