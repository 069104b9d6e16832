"""A user's second factors: which they have, which they turned on, which one a sign-in asks for.

Factors go by the names of their challenges. The rules are those of "Details of MFA logic at user runtime" in
"Adding MFA to a user pool" (documented); texts are recorded unless a line says assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from cenote.domain.errors import InvalidParameter
from cenote.domain.first_factors import passkey_counts_twice
from cenote.domain.sign_in import SecondFactors

Document: TypeAlias = Mapping[str, Any]

SMS: Final[str] = "SMS_MFA"
TOTP: Final[str] = "SOFTWARE_TOKEN_MFA"
EMAIL: Final[str] = "EMAIL_OTP"
PASSKEY: Final[str] = "WEB_AUTHN"

# The attribute that a factor's codes are sent to.
ATTRIBUTES: Final[Mapping[str, str]] = {SMS: "phone_number", EMAIL: "email"}
MEDIA: Final[Mapping[str, Literal["EMAIL", "SMS"]]] = {SMS: "SMS", EMAIL: "EMAIL"}
RECOVERY: Final[Mapping[str, str]] = {SMS: "verified_phone_number", EMAIL: "verified_email"}
# Members of the pool document that SetUserPoolMfaConfig sets and DescribeUserPool doesn't show.
HIDDEN: Final = ("SoftwareTokenMfaConfiguration", "EmailMfaConfiguration", "SmsMfaEnabled")
# The members of a preference, and the factor each is for.
SETTINGS: Final[Mapping[str, str]] = {
    "SMSMfaSettings": SMS,
    "SoftwareTokenMfaSettings": TOTP,
    "EmailMfaSettings": EMAIL,
    "WebAuthnMfaSettings": PASSKEY,
}


@dataclass(frozen=True, slots=True)
class Factors:
    """What is kept of a user: whether an authenticator app is verified, what they turned on, what they prefer."""

    has_totp: bool = False
    totp_name: str = ""
    enabled: frozenset[str] = frozenset()
    preferred: str = ""

    @property
    def listed(self) -> list[str]:
        """UserMFASettingList; a passkey is none of its possible values (documented)."""
        return [name for name in (SMS, TOTP, EMAIL) if name in self.enabled]


def is_on(pool: Document) -> bool:
    """Whether the pool has MFA at all, optional or required."""
    return pool.get("MfaConfiguration", "OFF") != "OFF"


def allowed(pool: Document) -> tuple[str, ...]:
    """The factors that the pool offers now."""
    if not is_on(pool):
        return ()
    offers = {
        SMS: bool(pool.get("SmsMfaEnabled")),
        TOTP: bool(pool.get("SoftwareTokenMfaConfiguration", {}).get("Enabled")),
        EMAIL: "EmailMfaConfiguration" in pool,
    }
    return tuple(name for name, offered in offers.items() if offered)


def passkey_is_mfa(pool: Document, factors: Factors) -> bool:
    """Whether a passkey counts as both factors: the pool lets it, and the user turned it on (WebAuthnMfaSettings)."""
    return is_on(pool) and passkey_counts_twice(pool) and PASSKEY in factors.enabled


def recovers_first(pool: Document) -> str:
    """The factor whose medium reset codes go out by; empty where administrators reset, or nothing is said.

    Without AccountRecoverySetting older rules hold, under which SMS served for both.
    """
    ways = pool.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", ())
    if not ways:
        return ""
    name = min(ways, key=lambda way: int(way["Priority"]))["Name"]
    return next((factor for factor, way in RECOVERY.items() if way == name), "")


def second_factors(pool: Document, attributes: Mapping[str, str], factors: Factors) -> SecondFactors:
    """What a sign-in of this user asks for beyond the first factor.

    A factor that the user turned on counts as long as they have what it needs; an authenticator app even where the
    pool has stopped offering apps, so that this is no way around it. Where the pool insists, whatever the user has
    counts, but for the medium that resets their password: who holds that alone could do both.
    """
    if not is_on(pool):
        return SecondFactors()
    offered = allowed(pool)
    insists = pool.get("MfaConfiguration") == "ON"
    reachable = [name for name in (SMS, EMAIL) if name in offered and attributes.get(ATTRIBUTES[name])]
    usable: set[str] = {name for name in reachable if name in factors.enabled}
    if factors.has_totp and TOTP in factors.enabled:
        usable.add(TOTP)
    # Documented as steps 3 and 4: a preference decides alone, other factors are looked for only without one.
    if insists and factors.preferred not in usable:
        usable |= {name for name in reachable if name != recovers_first(pool)}
        if factors.has_totp and TOTP in offered:
            usable.add(TOTP)
    setups = [
        name
        for name in offered
        if name == TOTP or (name != recovers_first(pool) and not attributes.get(ATTRIBUTES[name]))
    ]
    return SecondFactors(
        wanted=insists or bool(usable),
        usable=tuple(name for name in (SMS, TOTP, EMAIL) if name in usable),
        preferred=factors.preferred if factors.preferred in usable else "",
        can_set_up=tuple(setups) if insists and not factors.has_totp else (),
    )


def preferring(pool: Document, attributes: Mapping[str, str], factors: Factors, request: Document) -> Factors:
    """The factors after SetUserMFAPreference; InvalidParameter for what the user cannot have.

    A factor that is not spoken of stays as it is, and so does the preference unless the request touches it.
    """
    given = {name: request[member] for member, name in SETTINGS.items() if member in request}
    # The wire's booleans are false where they are absent.
    enabled = {name for name, settings in given.items() if settings.get("Enabled")}
    preferred = [name for name, settings in given.items() if settings.get("PreferredMfa")]
    if len(preferred) > 1:
        raise InvalidParameter("Only one MFA factor can be set as preferred.")  # assumed
    if preferred and preferred[0] not in enabled:
        raise InvalidParameter("An MFA factor has to be enabled to be preferred.")  # assumed
    for name in enabled:
        require_deliverable(pool, attributes, factors, name)
    after = (factors.enabled - given.keys()) | enabled
    if PASSKEY in after and after == {PASSKEY}:
        # Documented: at least one other factor, so that nobody locks themselves out. The text is assumed.
        raise InvalidParameter("Another MFA factor has to be enabled beside WEB_AUTHN.")
    if pool.get("MfaConfiguration") == "ON" and factors.enabled and not after:
        # Documented at SMSMfaSettings: not while MFA is required. The text is assumed.
        raise InvalidParameter("MFA cannot be turned off for a user while the user pool requires it.")
    kept = "" if factors.preferred in given else factors.preferred
    return replace(factors, enabled=frozenset(after), preferred=preferred[0] if preferred else kept)


def require_deliverable(pool: Document, attributes: Mapping[str, str], factors: Factors, name: str) -> None:
    """InvalidParameter unless the pool offers the factor and the user has what it needs.

    A number or address need not be verified (documented): the first code that comes back verifies it.
    """
    if name == PASSKEY:
        configured = pool.get("WebAuthnConfiguration", {}).get("FactorConfiguration")
        able = is_on(pool) and configured == "MULTI_FACTOR_WITH_USER_VERIFICATION"
    elif name == TOTP:
        # Who set an app up may go on using it after the pool has stopped offering them (documented).
        able = is_on(pool) and factors.has_totp
    else:
        able = name in allowed(pool) and bool(attributes.get(ATTRIBUTES[name]))
    if not able:
        raise InvalidParameter(f"User does not have delivery config set to turn on {name}")


def with_sms_only(
    pool: Document, attributes: Mapping[str, str], factors: Factors, options: list[Document]
) -> Factors:
    """The factors after SetUserSettings, which knows SMS only and turns it off where it is left out."""
    for option in options:
        if option.get("DeliveryMedium") != "SMS" or option.get("AttributeName") != "phone_number":
            raise InvalidParameter("Only SMS to the phone_number can be set as MFA option.")  # assumed
    settings = {"Enabled": bool(options), "PreferredMfa": False}
    return preferring(pool, attributes, factors, {"SMSMfaSettings": settings})
