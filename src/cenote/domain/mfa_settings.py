"""MFA as a pool has it: the documents of SetUserPoolMfaConfig, CreateUserPool and UpdateUserPool.

CreateUserPool and UpdateUserPool know SMS only (documented at MfaConfiguration); what SetUserPoolMfaConfig sets
besides is part of the pool document but never shown by DescribeUserPool (`mfa.HIDDEN`). Texts are recorded unless a
line says assumed.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from cenote.domain import mfa, passkeys
from cenote.domain.errors import FeatureUnavailableInTier, InvalidParameter

Document: TypeAlias = Mapping[str, Any]

# Passkeys are first factors: a pool has them with MFA or without.
PASSKEYS: Final = "WebAuthnConfiguration"
# What DescribeUserPool does not show.
UNSHOWN: Final = (*mfa.HIDDEN, PASSKEYS)
FACTORS: Final = ("SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration")


def carried(before: Document, after: dict[str, Any]) -> None:
    """Completes the document of a pool that is made or updated: `before` is what it was, empty for a new one.

    A pool without MFA forgets its factors, as with SetUserPoolMfaConfig (recorded for that). One that turns MFA on and
    has no factor yet has SMS, if it can send any.
    """
    if not mfa.is_on(after):
        return
    after.update({name: before[name] for name in mfa.HIDDEN if name in before})
    if "SmsConfiguration" not in after:
        after.pop("SmsMfaEnabled", None)
    elif not mfa.allowed(after):
        after["SmsMfaEnabled"] = True
    if not mfa.allowed(after):
        raise InvalidParameter(
            "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
        )
    check(after)


def configured(document: Document, request: Document) -> dict[str, Any]:
    """The document after SetUserPoolMfaConfig, which replaces: what is left out is off."""
    after = {name: value for name, value in document.items() if name not in UNSHOWN}
    after["MfaConfiguration"] = request.get("MfaConfiguration", "OFF")
    if PASSKEYS in request:
        after[PASSKEYS] = passkeys.configured(request[PASSKEYS])
    passkeys.check_policy(after)
    if not mfa.is_on(after):
        if any(name in request for name in FACTORS):
            raise InvalidParameter(
                "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
            )
        return after
    for name in ("SoftwareTokenMfaConfiguration", "EmailMfaConfiguration"):
        if name in request:
            after[name] = request[name]
    if "SmsMfaConfiguration" in request:
        sms = request["SmsMfaConfiguration"]
        after |= {name: sms[name] for name in ("SmsConfiguration", "SmsAuthenticationMessage") if name in sms}
        if "SmsConfiguration" not in after:
            raise InvalidParameter("SMS configuration is required to turn on SMS MFA.")  # assumed
        after["SmsMfaEnabled"] = True
    if not mfa.allowed(after):
        raise InvalidParameter(
            "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
        )
    check(after)
    return after


def check(document: Document) -> None:
    """Refuses what the rest of the pool rules out for second factors by e-mail."""
    if mfa.EMAIL not in mfa.allowed(document):
        return
    if document.get("UserPoolTier") == "LITE":
        # Documented at EmailMfaConfiguration; the text is assumed.
        raise FeatureUnavailableInTier("Email MFA is not available in the LITE tier.")
    ways = document.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", ())
    if [way["Name"] for way in ways] == ["verified_email"]:
        # Documented in "Adding MFA to a user pool"; the text is assumed.
        raise InvalidParameter(
            "Email MFA cannot be enabled while email is the only way to recover an account."
        )


def shown(document: Document) -> dict[str, Any]:
    """What GetUserPoolMfaConfig and SetUserPoolMfaConfig answer."""
    answer: dict[str, Any] = {"MfaConfiguration": document["MfaConfiguration"]}
    if document.get("SmsMfaEnabled"):
        names = ("SmsAuthenticationMessage", "SmsConfiguration")
        answer["SmsMfaConfiguration"] = {name: document[name] for name in names if name in document}
    for name in ("SoftwareTokenMfaConfiguration", "EmailMfaConfiguration", PASSKEYS):
        if name in document:
            answer[name] = document[name]
    return answer
