"""Which first factors a user may choose from. Documented in "Authentication flows" unless a test says otherwise."""

from typing import Any

import pytest

from cenote.domain import first_factors, pools
from cenote.domain.errors import CognitoError
from cenote.domain.first_factors import MULTI_FACTOR, ORDER, Held

ALL = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]
REACHABLE = {
    "email": "a@b.c",
    "email_verified": "true",
    "phone_number": "+1555",
    "phone_number_verified": "true",
}
EVERYTHING = Held(REACHABLE, password=True, passkey=True)
ONCE = {"WebAuthnConfiguration": {"RelyingPartyId": "auth.example.com"}}
TWICE = {"WebAuthnConfiguration": {"RelyingPartyId": "auth.example.com", "FactorConfiguration": MULTI_FACTOR}}
SECRET = b"s" * 32


def pool(*factors: str, **document: Any) -> dict[str, Any]:
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors)}}, **document}


def offered(held: Held = EVERYTHING, *factors: str, srp: bool = True) -> tuple[str, ...]:
    return first_factors.offered(pool(*(factors or ALL)), held, srp=srp)


def test_who_has_everything_is_offered_everything() -> None:
    """Recorded (http4k/http4k#1595) in this order; the place of SMS_OTP is assumed."""
    assert offered() == ("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ("PASSWORD", ("PASSWORD_SRP", "PASSWORD")),
        ("EMAIL_OTP", ("EMAIL_OTP",)),
        ("SMS_OTP", ("SMS_OTP",)),
        ("WEB_AUTHN", ("WEB_AUTHN",)),
    ],
)
def test_only_what_the_pool_allows_is_offered(allowed: str, expected: tuple[str, ...]) -> None:
    assert offered(EVERYTHING, allowed) == expected


def test_a_pool_without_a_policy_allows_passwords() -> None:
    assert first_factors.offered({"Policies": {}}, EVERYTHING, srp=True) == ("PASSWORD_SRP", "PASSWORD")


def test_hashes_that_cannot_serve_srp_are_not_offered_for_it() -> None:
    assert offered(EVERYTHING, "PASSWORD", srp=False) == ("PASSWORD",)


def test_only_what_the_user_has_is_offered() -> None:
    assert offered(Held({}, password=True)) == ("PASSWORD_SRP", "PASSWORD")
    assert offered(Held(REACHABLE, password=False)) == ("EMAIL_OTP", "SMS_OTP")
    assert offered(Held({}, password=False, passkey=True)) == ("WEB_AUTHN",)
    assert offered(Held({}, password=False)) == ()


@pytest.mark.parametrize("flag", ["false", "", None])
def test_codes_go_to_verified_addresses_only(flag: str | None) -> None:
    attributes = {"email": "a@b.c", "phone_number": "+1555"}
    if flag is not None:
        attributes |= {"email_verified": flag, "phone_number_verified": flag}
    assert offered(Held(attributes, password=True)) == ("PASSWORD_SRP", "PASSWORD")


def test_who_needs_a_second_factor_begins_with_the_password() -> None:
    held = Held(REACHABLE, password=True, passkey=True, needs_mfa=True)
    assert offered(held) == ("PASSWORD_SRP", "PASSWORD")


def test_a_passkey_that_counts_as_both_factors_serves_who_needs_two() -> None:
    held = Held(REACHABLE, password=True, passkey=True, needs_mfa=True, passkey_is_mfa=True)
    assert offered(held) == ("PASSWORD_SRP", "PASSWORD", "WEB_AUTHN")
    assert offered(Held({}, password=True, needs_mfa=True, passkey_is_mfa=True)) == (
        "PASSWORD_SRP",
        "PASSWORD",
    )


# Names that nobody has


def pretended(document: dict[str, Any], name: str) -> tuple[str, ...]:
    held = first_factors.decoy(document, SECRET, name, srp=True)
    return first_factors.offered(document, held, srp=True)


def test_case_37_a_name_that_nobody_has_is_offered_the_same_at_every_try() -> None:
    document = pool(*ALL, AutoVerifiedAttributes=["email"])
    names = [f"user-{index}" for index in range(200)]
    assert [pretended(document, name) for name in names] == [pretended(document, name) for name in names]


def test_case_37_names_that_nobody_has_differ_as_users_do() -> None:
    document = pool(*ALL, AutoVerifiedAttributes=["email"], **ONCE)
    lists = [pretended(document, f"user-{index}") for index in range(400)]
    for factor in ("PASSWORD", "SMS_OTP", "WEB_AUTHN"):
        assert 0 < sum(factor in offers for offers in lists) < 400
    assert all("EMAIL_OTP" in offers for offers in lists)
    assert all(offers == tuple(factor for factor in ORDER if factor in offers) for offers in lists)


def test_case_37_another_pools_secret_gives_other_lists() -> None:
    document = pool(*ALL)
    names = [f"user-{index}" for index in range(200)]
    others = [first_factors.decoy(document, b"t" * 32, name, srp=True) for name in names]
    assert others != [first_factors.decoy(document, SECRET, name, srp=True) for name in names]


def test_case_37_a_pool_of_passwords_offers_everybody_the_same() -> None:
    assert {pretended(pool("PASSWORD"), f"user-{index}") for index in range(200)} == {
        ("PASSWORD_SRP", "PASSWORD")
    }


def test_case_37_nobody_is_ever_offered_nothing() -> None:
    documents = (
        pool(*ALL),
        pool("PASSWORD", "EMAIL_OTP"),
        pool("PASSWORD", "WEB_AUTHN", MfaConfiguration="ON"),
    )
    for document in documents:
        assert all(pretended(document, f"user-{index}") for index in range(200))


def test_case_37_nobody_gets_round_a_second_factor_that_the_pool_insists_on() -> None:
    insisting = pool("PASSWORD", "WEB_AUTHN", MfaConfiguration="ON")
    names = [f"user-{index}" for index in range(200)]
    assert {pretended(insisting | ONCE, name) for name in names} == {("PASSWORD_SRP", "PASSWORD")}
    passkeys = {pretended(insisting | TWICE, name) for name in names}
    assert ("PASSWORD_SRP", "PASSWORD", "WEB_AUTHN") in passkeys


# The policy


def created(*factors: str, **request: Any) -> dict[str, Any]:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors)}}
    return pools.created({"PoolName": "p", "Policies": policies, **request})


def refusal(document: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(CognitoError) as refused:
        first_factors.check_policy(document)
    return type(refused.value).__name__, refused.value.message


def test_a_policy_is_kept_as_given() -> None:
    assert created(*ALL)["Policies"]["SignInPolicy"] == {"AllowedFirstAuthFactors": ALL}


def test_an_update_that_does_not_speak_of_first_factors_keeps_them() -> None:
    """Recorded (go-to-k/cdkd#2051)."""
    requests: list[dict[str, Any]] = [
        {},
        {"Policies": {"PasswordPolicy": {"MinimumLength": 9}}},
        {"Policies": {"SignInPolicy": {}}},
    ]
    for request in requests:
        after = pools.updated(created("PASSWORD", "EMAIL_OTP"), request)
        assert first_factors.listed(after) == ["PASSWORD", "EMAIL_OTP"]
    shorter = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}}
    assert first_factors.listed(pools.updated(created(*ALL), shorter)) == ["PASSWORD"]


@pytest.mark.parametrize("factor", ["EMAIL_OTP", "SMS_OTP"])
def test_codes_cannot_begin_a_sign_in_where_a_second_factor_is_required(factor: str) -> None:
    """Recorded (go-to-k/cdkd#1975)."""
    assert refusal(pool("PASSWORD", factor, MfaConfiguration="ON")) == (
        "InvalidParameter",
        "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled",
    )
    first_factors.check_policy(pool("PASSWORD", factor, MfaConfiguration="OPTIONAL"))


def test_passkeys_cannot_either_unless_they_count_twice() -> None:
    """Recorded (go-to-k/cdkd#2064)."""
    document = pool("PASSWORD", "WEB_AUTHN", MfaConfiguration="ON")
    assert refusal(document) == (
        "InvalidParameter",
        "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA",
    )
    first_factors.check_policy(document | TWICE)


def test_an_app_is_no_first_factor() -> None:
    """Documented at SignInPolicyType; the text is assumed."""
    assert refusal(pool("PASSWORD", "SOFTWARE_TOKEN")) == (
        "InvalidParameter",
        "SOFTWARE_TOKEN is not supported as a first auth factor.",
    )


def test_the_lite_tier_has_passwords_only() -> None:
    """Documented at SignInPolicyType; the text is assumed."""
    assert refusal(pool("PASSWORD", "WEB_AUTHN", UserPoolTier="LITE"))[0] == "FeatureUnavailableInTier"
    first_factors.check_policy(pool("PASSWORD", UserPoolTier="LITE"))
