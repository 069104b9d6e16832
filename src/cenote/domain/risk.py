"""Threat protection: what is thought of a sign-in, and what a pool does about it.

The documents are AWS's RiskConfigurationType less the ids, a pool's or a client's own. AWS keeps to itself how it
judges; here it is plain: a device that the user has not signed in from, an address they have not, or both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

import msgspec

from cenote.domain import origins
from cenote.domain.errors import FeatureUnavailableInTier, InvalidParameter, UserPoolAddOnNotEnabled

Document: TypeAlias = Mapping[str, Any]

# The member of the pool's and of the client's document that these settings are kept in.
MEMBER: Final = "RiskConfiguration"
PARTS: Final = (
    "CompromisedCredentialsRiskConfiguration",
    "AccountTakeoverRiskConfiguration",
    "RiskExceptionConfiguration",
)
EVENTS: Final = ("SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP")
WITH_MFA: Final = frozenset({"MFA_IF_CONFIGURED", "MFA_REQUIRED"})
EMAILS: Final[Mapping[str, str]] = {
    "BLOCK": "BlockEmail",
    "NO_ACTION": "NoActionEmail",
    "MFA_IF_CONFIGURED": "MfaEmail",
    "MFA_REQUIRED": "MfaEmail",
}
# What a reader may say of the sign-in that a mail tells of, by the placeholder of the link that says it.
ONE_CLICK: Final[Mapping[str, str]] = {"one-click-link-valid": "Valid", "one-click-link-invalid": "Invalid"}


class Level(StrEnum):
    """How likely it is somebody else."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


@dataclass(frozen=True, slots=True)
class Known:
    """What a user's sign-ins so far tell: whether there are any, from this device, from this network."""

    any: bool
    device: bool
    network: bool


class Watch(msgspec.Struct, frozen=True, array_like=True):
    """What threat protection holds of a sign-in on its way: its event, what was thought of it and is done about it.

    `level` and `action` are empty where there is no risk, and nothing is done; `challenges` are those answered so far,
    each with its outcome.
    """

    event_id: str
    assessed: bool = False
    level: str = ""
    action: str = ""
    compromised: bool = False
    challenges: tuple[tuple[str, str], ...] = ()


def mode(pool: Document, *, custom: bool = False) -> str:
    """OFF, AUDIT or ENFORCED. Custom authentication has a mode of its own (documented at UserPoolAddOnsType)."""
    add_ons = pool.get("UserPoolAddOns", {})
    if custom:
        return str(add_ons.get("AdvancedSecurityAdditionalFlows", {}).get("CustomAuthMode", "OFF"))
    return str(add_ons.get("AdvancedSecurityMode", "OFF"))


def check_tier(pool: Document) -> None:
    """FeatureUnavailableInTier for threat protection below PLUS (documented; the text is assumed)."""
    if (mode(pool) != "OFF" or mode(pool, custom=True) != "OFF") and pool["UserPoolTier"] != "PLUS":
        raise FeatureUnavailableInTier(
            f"Threat protection is not available in the {pool['UserPoolTier']} tier: UserPoolTier has to be PLUS."
        )


def require_add_ons(pool: Document) -> None:
    if mode(pool) == "OFF" and mode(pool, custom=True) == "OFF":
        raise UserPoolAddOnNotEnabled("User pool add-ons are not enabled for this user pool.")  # assumed


def configured(request: Document) -> dict[str, Any]:
    """The settings that a SetRiskConfiguration makes, with their defaults; InvalidParameter for impossible ones."""
    document = {name: request[name] for name in PARTS if name in request}
    credentials = document.get("CompromisedCredentialsRiskConfiguration")
    if credentials is not None and not credentials.get("EventFilter"):
        document["CompromisedCredentialsRiskConfiguration"] = {**credentials, "EventFilter": list(EVENTS)}
    takeover = document.get("AccountTakeoverRiskConfiguration")
    if takeover is not None:
        check_notices(takeover)
    exceptions = document.get("RiskExceptionConfiguration", {})
    for name in ("BlockedIPRangeList", "SkippedIPRangeList"):
        for text in exceptions.get(name, ()):
            origins.check_range(text)
    return document


def check_notices(takeover: Document) -> None:
    """Who is to be told something must be told what. Texts assumed."""
    notify = takeover.get("NotifyConfiguration", {})
    for action in takeover["Actions"].values():
        name = EMAILS[action["EventAction"]]
        if action["Notify"] and name not in notify:
            raise InvalidParameter(f"NotifyConfiguration: {name} is required by an action that notifies.")
    for name in set(EMAILS.values()) & set(notify):
        if not {"HtmlBody", "TextBody"} & set(notify[name]):
            raise InvalidParameter(f"{name} needs an HtmlBody or a TextBody.")


def of(pool: Document, client: Document) -> Document:
    """The settings that count for a client: its own, or its pool's."""
    own: Document = client.get(MEMBER) or pool.get(MEMBER) or {}
    return own


def blocks_compromised(settings: Document, event: str) -> bool:
    """Whether a compromised password is refused in this event."""
    credentials = settings.get("CompromisedCredentialsRiskConfiguration", {})
    return (
        credentials.get("Actions", {}).get("EventAction") == "BLOCK" and event in credentials["EventFilter"]
    )


def blocks_address(settings: Document, address: str) -> bool:
    return origins.is_within(
        address, settings.get("RiskExceptionConfiguration", {}).get("BlockedIPRangeList", ())
    )


def skips_address(settings: Document, address: str) -> bool:
    return origins.is_within(
        address, settings.get("RiskExceptionConfiguration", {}).get("SkippedIPRangeList", ())
    )


def judged(known: Known) -> Level | None:
    """What a sign-in looks like beside those before it. The first of all has nothing to be compared with."""
    if not known.any or (known.device and known.network):
        return None
    if known.device:
        return Level.LOW
    return Level.MEDIUM if known.network else Level.HIGH


def response(settings: Document, level: Level) -> tuple[str, bool]:
    """What is done at a level, and whether the user is told; nothing where the settings do not say."""
    actions = settings.get("AccountTakeoverRiskConfiguration", {}).get("Actions", {})
    action = actions.get(f"{level}Action", {})
    return action.get("EventAction", ""), bool(action.get("Notify"))
