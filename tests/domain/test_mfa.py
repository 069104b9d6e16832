"""Which second factors a user has, by the decision list of "Adding MFA to a user pool" (documented), and what they may
turn on. Texts are recorded where a line does not say assumed."""

from typing import Any

import pytest

from cenote.domain import mfa
from cenote.domain.errors import InvalidParameter
from cenote.domain.mfa import EMAIL, PASSKEY, SMS, TOTP, Factors
from cenote.domain.sign_in import SecondFactors

SENDER = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
PHONE = {"phone_number": "+15550100", "phone_number_verified": "true"}
MAIL = {"email": "ada@example.com", "email_verified": "true"}
BOTH = PHONE | MAIL
NOTHING = Factors()
APP = Factors(has_totp=True)
RECOVERY = {"SMS": "verified_phone_number", "EMAIL": "verified_email", "ADMIN": "admin_only"}


def pool(mode: str, *factors: str, recovery: str = "", **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"MfaConfiguration": mode, **more}
    if SMS in factors:
        document |= {"SmsMfaEnabled": True, "SmsConfiguration": SENDER}
    if TOTP in factors:
        document["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
    if EMAIL in factors:
        document["EmailMfaConfiguration"] = {}
    if recovery:
        way = {"Priority": 1, "Name": RECOVERY[recovery]}
        document["AccountRecoverySetting"] = {"RecoveryMechanisms": [way]}
    return document


def on(*names: str, preferred: str = "", app: bool = False) -> Factors:
    return Factors(has_totp=app, enabled=frozenset(names), preferred=preferred)


ALL = (SMS, TOTP, EMAIL)
FREE = SecondFactors()


@pytest.mark.parametrize(
    ("case", "document", "attributes", "factors", "expected"),
    [
        ("off, whatever there is", pool("OFF", *ALL), BOTH, on(*ALL, app=True, preferred=SMS), None),
        ("optional, nothing on", pool("OPTIONAL", *ALL), BOTH, NOTHING, FREE),
        ("optional, an app verified but not turned on", pool("OPTIONAL", *ALL), BOTH, APP, FREE),
        ("optional, SMS on", pool("OPTIONAL", *ALL), BOTH, on(SMS), ((SMS,), "", ())),
        ("optional, SMS on, number gone", pool("OPTIONAL", *ALL), MAIL, on(SMS), FREE),
        ("optional, SMS on, pool without", pool("OPTIONAL", TOTP), BOTH, on(SMS), FREE),
        ("optional, two on", pool("OPTIONAL", *ALL), BOTH, on(SMS, TOTP, app=True), ((SMS, TOTP), "", ())),
        (
            "optional, app on, pool without apps: documented to go on",
            pool("OPTIONAL", SMS),
            {},
            on(TOTP, app=True),
            ((TOTP,), "", ()),
        ),
        (
            "optional, two on, one preferred",
            pool("OPTIONAL", *ALL),
            BOTH,
            on(EMAIL, TOTP, app=True, preferred=TOTP),
            ((TOTP, EMAIL), TOTP, ()),
        ),
        ("3: a preference decides", pool("ON", *ALL), BOTH, on(SMS, preferred=SMS), ((SMS,), SMS, (TOTP,))),
        ("4.3: an app and nothing else", pool("ON", TOTP), BOTH, APP, ((TOTP,), "", ())),
        ("4.5: an app and a number", pool("ON", SMS, TOTP), BOTH, APP, ((SMS, TOTP), "", ())),
        (
            "4.4: not by the way that passwords are reset",
            pool("ON", SMS, TOTP, recovery="SMS"),
            BOTH,
            APP,
            ((TOTP,), "", ()),
        ),
        ("4.1, 6.4: an app that the pool has no use for", pool("ON", SMS), {}, APP, ((), "", ())),
        ("6.2: an address", pool("ON", EMAIL), MAIL, NOTHING, ((EMAIL,), "", ())),
        ("6.3: a number, verified", pool("ON", SMS), PHONE, NOTHING, ((SMS,), "", ())),
        (
            "6.3: a number, unverified",
            pool("ON", SMS),
            {"phone_number": "+15550100"},
            NOTHING,
            ((SMS,), "", ()),
        ),
        ("6: only what resets the password", pool("ON", SMS, recovery="SMS"), PHONE, NOTHING, ((), "", ())),
        (
            "6.5: an app can be set up",
            pool("ON", TOTP, EMAIL, recovery="EMAIL"),
            MAIL,
            NOTHING,
            ((), "", (TOTP,)),
        ),
        (
            "7.2: both, administrators reset",
            pool("ON", SMS, EMAIL, recovery="ADMIN"),
            BOTH,
            NOTHING,
            ((SMS, EMAIL), "", ()),
        ),
        (
            "7.4: both, e-mail resets",
            pool("ON", SMS, EMAIL, recovery="EMAIL"),
            BOTH,
            NOTHING,
            ((SMS,), "", ()),
        ),
        ("8: neither", pool("ON", *ALL), {}, NOTHING, ((), "", ALL)),
        (
            "8: neither, and one resets",
            pool("ON", *ALL, recovery="SMS"),
            {},
            NOTHING,
            ((), "", (TOTP, EMAIL)),
        ),
        (
            "a preference for what is gone",
            pool("ON", *ALL),
            MAIL,
            on(SMS, preferred=SMS),
            ((EMAIL,), "", (SMS, TOTP)),
        ),
    ],
)
def test_the_factors_of_a_user(
    case: str,
    document: dict[str, Any],
    attributes: dict[str, str],
    factors: Factors,
    expected: SecondFactors | tuple[tuple[str, ...], str, tuple[str, ...]] | None,
) -> None:
    found = mfa.second_factors(document, attributes, factors)
    if expected is None:
        expected = FREE
    elif not isinstance(expected, SecondFactors):
        expected = SecondFactors(True, *expected)
    assert found == expected, case


def test_a_pool_that_insists_is_never_content_with_nothing() -> None:
    for factors in (NOTHING, APP, on(SMS, EMAIL, PASSKEY)):
        for attributes in ({}, PHONE, MAIL, BOTH):
            assert mfa.second_factors(pool("ON", TOTP), attributes, factors).wanted


# Preferences


def prefer(
    document: dict[str, Any], factors: Factors, attributes: dict[str, str] = BOTH, **request: Any
) -> Factors:
    return mfa.preferring(document, attributes, factors, request)


ON = {"Enabled": True, "PreferredMfa": False}
FIRST = {"Enabled": True, "PreferredMfa": True}
OFF = {"Enabled": False, "PreferredMfa": False}


def test_what_is_turned_on_is_on_and_one_is_preferred() -> None:
    after = prefer(pool("OPTIONAL", *ALL), APP, SMSMfaSettings=ON, SoftwareTokenMfaSettings=FIRST)
    assert after == on(SMS, TOTP, app=True, preferred=TOTP)


def test_what_is_not_spoken_of_stays() -> None:
    before = on(SMS, TOTP, app=True, preferred=SMS)
    assert prefer(pool("OPTIONAL", *ALL), before, EmailMfaSettings=ON) == on(
        SMS, TOTP, EMAIL, app=True, preferred=SMS
    )


def test_turning_a_factor_off_takes_its_preference() -> None:
    before = on(SMS, TOTP, app=True, preferred=SMS)
    assert prefer(pool("OPTIONAL", *ALL), before, SMSMfaSettings=OFF) == on(TOTP, app=True)


def test_another_preference_takes_the_place_of_the_first() -> None:
    before = on(SMS, TOTP, app=True, preferred=SMS)
    assert prefer(pool("OPTIONAL", *ALL), before, SoftwareTokenMfaSettings=FIRST).preferred == TOTP


@pytest.mark.parametrize(
    ("document", "factors", "attributes", "request_", "name"),
    [
        (pool("OPTIONAL", *ALL), NOTHING, BOTH, {"SoftwareTokenMfaSettings": ON}, TOTP),
        (pool("OPTIONAL", *ALL), NOTHING, MAIL, {"SMSMfaSettings": ON}, SMS),
        (pool("OPTIONAL", *ALL), NOTHING, PHONE, {"EmailMfaSettings": ON}, EMAIL),
        (pool("OPTIONAL", TOTP), NOTHING, BOTH, {"SMSMfaSettings": ON}, SMS),
        (pool("OPTIONAL", TOTP), NOTHING, BOTH, {"EmailMfaSettings": FIRST}, EMAIL),
        (pool("OFF", *ALL), APP, BOTH, {"SoftwareTokenMfaSettings": FIRST}, TOTP),
        (pool("OPTIONAL", *ALL), NOTHING, BOTH, {"WebAuthnMfaSettings": {"Enabled": True}}, PASSKEY),
    ],
)
def test_what_cannot_be_delivered_is_not_turned_on(
    document: dict[str, Any],
    factors: Factors,
    attributes: dict[str, str],
    request_: dict[str, Any],
    name: str,
) -> None:
    """Recorded (aws/aws-sdk-js-v3#4645), for an app; for the others by analogy."""
    with pytest.raises(InvalidParameter) as refused:
        prefer(document, factors, attributes, **request_)
    assert refused.value.message == f"User does not have delivery config set to turn on {name}"


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (
            {"SMSMfaSettings": FIRST, "EmailMfaSettings": FIRST},
            "Only one MFA factor can be set as preferred.",
        ),
        (
            {"SMSMfaSettings": {"Enabled": False, "PreferredMfa": True}},
            "An MFA factor has to be enabled to be preferred.",
        ),
    ],
)
def test_preferences_that_contradict_themselves_are_refused(request_: dict[str, Any], text: str) -> None:
    """Texts assumed."""
    with pytest.raises(InvalidParameter) as refused:
        prefer(pool("OPTIONAL", *ALL), NOTHING, **request_)
    assert refused.value.message == text


def test_a_passkey_needs_another_factor_beside_it() -> None:
    """Documented at WebAuthnMfaSettingsType; text assumed."""
    document = pool(
        "OPTIONAL",
        *ALL,
        WebAuthnConfiguration={"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"},
    )
    with pytest.raises(InvalidParameter, match="Another MFA factor"):
        prefer(document, NOTHING, WebAuthnMfaSettings={"Enabled": True})
    after = prefer(document, NOTHING, WebAuthnMfaSettings={"Enabled": True}, SMSMfaSettings=ON)
    assert after == on(SMS, PASSKEY)
    assert after.listed == [SMS]


def test_where_mfa_is_required_nobody_turns_their_last_factor_off() -> None:
    """Documented at SMSMfaSettingsType; text assumed."""
    document = pool("ON", *ALL)
    with pytest.raises(InvalidParameter, match="cannot be turned off"):
        prefer(document, on(SMS), SMSMfaSettings=OFF)
    assert prefer(document, on(SMS, EMAIL), SMSMfaSettings=OFF) == on(EMAIL)
    assert prefer(document, NOTHING, SMSMfaSettings=OFF, SoftwareTokenMfaSettings=OFF) == NOTHING


def test_user_settings_know_sms_alone() -> None:
    document = pool("OPTIONAL", *ALL)
    option = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}
    assert mfa.with_sms_only(document, PHONE, NOTHING, [option]) == on(SMS)
    assert mfa.with_sms_only(document, PHONE, on(SMS, EMAIL), []) == on(EMAIL)
    for wrong in ({"DeliveryMedium": "EMAIL", "AttributeName": "email"}, {"AttributeName": "phone_number"}):
        with pytest.raises(InvalidParameter, match="Only SMS"):
            mfa.with_sms_only(document, BOTH, NOTHING, [wrong])
