"""The first factors that choice-based sign-in (USER_AUTH) offers, under the names of its challenges.

Documented in the developer guide, "Authentication flows" and "Manage authentication methods in AWS SDKs": what the
pool's sign-in policy allows and the user has. Whoever has to prove a second factor begins with the password, as
nothing is asked after a code or a passkey; only a passkey that counts as both factors serves them, too.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

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


def allowed(pool: Document) -> frozenset[str]:
    """AllowedFirstAuthFactors; pools of the LITE tier have no policy that says so."""
    policy = pool.get("Policies", {}).get("SignInPolicy", {})
    return frozenset(policy.get("AllowedFirstAuthFactors", ("PASSWORD",)))


def has_codes(pool: Document) -> bool:
    """Whether some users need no password here: they get one-time codes."""
    return not allowed(pool).isdisjoint(CODES)


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
    digest = hmac.digest(secret, b"factors\0" + name.encode("utf-8", "surrogatepass"), "sha256")
    usual = {*pool.get("AutoVerifiedAttributes", ()), *pool.get("UsernameAttributes", ())}
    attributes: dict[str, str] = {}
    for index, attribute in enumerate(CODES.values()):
        if attribute in usual or digest[index] < 64:
            attributes |= {attribute: "?", f"{attribute}_verified": "true"}
    required = pool.get("MfaConfiguration", "OFF") == "ON"
    held = Held(attributes, password=False, passkey=digest[2] < 64, needs_mfa=required, passkey_is_mfa=True)
    passwordless = digest[3] < 64 and bool(offered(pool, held, srp=srp))
    return Held(attributes, not passwordless, held.passkey, required, passkey_is_mfa=True)
