"""The first factors that choice-based sign-in (USER_AUTH) offers, under the names of its challenges.

Documented in the developer guide, "Authentication flows" and "Manage authentication methods in AWS SDKs": what the
pool's sign-in policy allows and the user has. Whoever has to prove a second factor begins with the password, as
nothing is asked after a code or a passkey; only a passkey that counts as both factors serves them, too.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from cenote.domain.errors import FeatureUnavailableInTier, InvalidParameter

Document: TypeAlias = Mapping[str, Any]

# Recorded (http4k/http4k#1595), and so at AWS's examples of InitiateAuth; SMS_OTP's place is assumed.
ORDER: Final = ("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")
# The attribute that a one-time code goes to.
CODES: Final[Mapping[str, str]] = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}
MULTI_FACTOR: Final = "MULTI_FACTOR_WITH_USER_VERIFICATION"


@dataclass(frozen=True, slots=True)
class Held:
    """What a user could sign in with. `needs_mfa`: a second factor is asked of them after a first one."""

    attributes: Mapping[str, str]
    password: bool
    passkey: bool = False
    needs_mfa: bool = False
    passkey_is_mfa: bool = False


def listed(pool: Document) -> list[str]:
    """AllowedFirstAuthFactors as given; pools of the LITE tier have no policy that says so."""
    policy = pool.get("Policies", {}).get("SignInPolicy", {})
    return list(policy.get("AllowedFirstAuthFactors", ("PASSWORD",)))


def allowed(pool: Document) -> frozenset[str]:
    return frozenset(listed(pool))


def passkey_counts_twice(pool: Document) -> bool:
    """Whether a passkey with user verification can stand for both factors."""
    return bool(pool.get("WebAuthnConfiguration", {}).get("FactorConfiguration") == MULTI_FACTOR)


def check_policy(pool: Document) -> None:
    """InvalidParameter for first factors that the rest of the pool rules out.

    The texts are recorded (the two on MFA in go-to-k/cdkd) but for those on tier and SOFTWARE_TOKEN.
    """
    wanted = allowed(pool)
    if "PASSWORD" not in wanted:
        raise InvalidParameter("Password should be configured as one of the allowed first auth factors.")
    if "SOFTWARE_TOKEN" in wanted:  # documented at SignInPolicyType
        raise InvalidParameter("SOFTWARE_TOKEN is not supported as a first auth factor.")
    if wanted > {"PASSWORD"} and pool.get("UserPoolTier") == "LITE":
        raise FeatureUnavailableInTier("Passwordless sign-in is not available in the LITE tier.")
    if pool.get("MfaConfiguration") != "ON":
        return
    if has_codes(pool):
        raise InvalidParameter(
            "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"
        )
    if "WEB_AUTHN" in wanted and not passkey_counts_twice(pool):
        raise InvalidParameter(
            "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA"
        )


def has_codes(pool: Document) -> bool:
    """Whether some users need no password here: they get one-time codes."""
    return not allowed(pool).isdisjoint(CODES)


def does_without_password(pool: Document, attributes: Mapping[str, str]) -> bool:
    """Whether one-time codes are enough for who has these attributes to sign in by."""
    held = Held(attributes, password=False, needs_mfa=pool.get("MfaConfiguration") == "ON")
    return bool(offered(pool, held, srp=False))


def offered(pool: Document, held: Held, *, srp: bool) -> tuple[str, ...]:
    """What a user may choose from; `srp` tells that the pool's passwords can serve SRP."""
    wanted = allowed(pool)
    usable = set()
    if "PASSWORD" in wanted and held.password:
        usable |= {"PASSWORD", "PASSWORD_SRP"} if srp else {"PASSWORD"}
    if not held.needs_mfa:
        usable |= {code for code, name in CODES.items() if code in wanted and _verified(held, name)}
    if "WEB_AUTHN" in wanted and held.passkey and (held.passkey_is_mfa or not held.needs_mfa):
        usable.add("WEB_AUTHN")
    return tuple(factor for factor in ORDER if factor in usable)


def _verified(held: Held, attribute: str) -> bool:
    return bool(held.attributes.get(attribute)) and held.attributes.get(f"{attribute}_verified") == "true"


def decoy(pool: Document, secret: bytes, name: str, *, srp: bool) -> Held:
    """What somebody with a name that nobody has could well hold: the same at every try (SECURITY.md case 37).

    They can be reached as most users of the pool can. One in four has a passkey, and one in four of those who
    could do without has no password, so that neither gives an account away.
    """
    digest = hmac.new(secret, b"factors\0" + name.encode("utf-8", "surrogatepass"), "sha256").digest()
    usual = {*pool.get("AutoVerifiedAttributes", ()), *pool.get("UsernameAttributes", ())}
    attributes: dict[str, str] = {}
    for index, attribute in enumerate(CODES.values()):
        if attribute in usual or digest[index] < 64:
            attributes |= {attribute: "?", f"{attribute}_verified": "true"}
    needs_mfa = pool.get("MfaConfiguration") == "ON"
    has_passkey = digest[2] < 64 and "RelyingPartyId" in pool.get("WebAuthnConfiguration", {})
    held = Held(attributes, False, has_passkey, needs_mfa, passkey_counts_twice(pool))
    passwordless = digest[3] < 64 and bool(offered(pool, held, srp=srp))
    return replace(held, password=not passwordless)
