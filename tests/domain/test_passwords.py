"""Password policy, what is stored of passwords, and their history."""

import string
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from cenote.domain import passwords, srp
from cenote.domain.errors import InvalidPassword, PasswordHistoryPolicyViolation
from cenote.domain.passwords import Argon2Password, PasswordRecord, SrpPassword, Wording

STRICT = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
}
LAX = {"MinimumLength": 6}
POOL, USER = "a1B2c3D4e", "ada"
SALT = bytes(range(1, 17))
SECRET = bytes(range(32))
NOW = 1_793_620_800_000
DAY = 86_400_000


def refusal(password: str, policy: dict[str, Any], wording: Wording = Wording.SET) -> str:
    with pytest.raises(InvalidPassword) as refused:
        passwords.check(password, policy, wording)
    return refused.value.message


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Ab1!567", "Password not long enough"),
        ("AB1!5678", "Password must have lowercase characters"),
        ("ab1!5678", "Password must have uppercase characters"),
        ("Abc!efgh", "Password must have numeric characters"),
        ("Abc45678", "Password must have symbol characters"),
    ],
)
def test_each_rule_of_the_policy_refuses_in_its_own_words(password: str, reason: str) -> None:
    # recorded, in many public clients' tests
    assert refusal(password, STRICT) == f"Password did not conform with policy: {reason}"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("1234567", "Password not long enough"),
        # recorded: 12341234 lacks lower and upper case, asdfasilguhasulf! upper case and digits, TestTest
        # digits and symbols
        ("12341234", "Password must have lowercase characters"),
        ("asdfasilguhasulf!", "Password must have uppercase characters"),
        ("TestTest", "Password must have numeric characters"),
    ],
)
def test_the_first_broken_rule_is_the_one_named(password: str, reason: str) -> None:
    assert refusal(password, STRICT).endswith(f": {reason}")


@pytest.mark.parametrize(
    ("wording", "beginning"),
    [
        (Wording.SET, "Password did not conform with policy: "),
        (Wording.INVITE, "Password did not conform with password policy: "),
        (Wording.REPLACE, "Password does not conform to policy: "),
    ],
)
def test_operations_begin_the_sentence_differently(wording: Wording, beginning: str) -> None:
    # recorded at SignUp, AdminCreateUser and ConfirmForgotPassword in turn
    assert refusal("x", STRICT, wording) == f"{beginning}Password not long enough"


def test_a_conforming_password_is_taken() -> None:
    passwords.check("Abc!5678", STRICT)
    passwords.check("abcdef", LAX)


@pytest.mark.parametrize("symbol", "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")
def test_every_documented_symbol_counts_the_space_between_others_included(symbol: str) -> None:
    passwords.check(f"Abc{symbol}5678", STRICT)


@pytest.mark.parametrize("other", ["§", "é", "Ä", "٣", "日", "\u00a0", "\t"])
def test_only_basic_latin_letters_digits_and_the_documented_symbols_count(other: str) -> None:
    # documented: "uppercase Basic Latin letter" and so on
    assert refusal(f"Abc{other}5678", STRICT).endswith("must have symbol characters")
    for rule in ("RequireLowercase", "RequireUppercase", "RequireNumbers"):
        assert "must have" in refusal(other * 8 if other != "\t" else "!\t!!!!!!", {**LAX, rule: True})


@pytest.mark.parametrize("password", [" abcdefgh", "abcdefgh ", "\tabcdefgh", "abcdefgh\n", "        "])
def test_white_space_at_either_end_is_refused_not_trimmed(password: str) -> None:
    # recorded text
    assert (
        refusal(password, LAX, Wording.REPLACE)
        == r"Password does not conform to policy: Password must satisfy regular expression pattern: ^\S.*\S$"
    )


def test_case_53_a_password_of_256_characters_is_taken_and_one_of_257_is_refused() -> None:
    passwords.check("é" * 256, LAX)
    assert "256" in refusal("é" * 257, LAX)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(6, 99))
def test_checking_never_fails_otherwise_than_by_refusing(password: str, minimum: int) -> None:
    policy = {**STRICT, "MinimumLength": minimum}
    try:
        passwords.check(password, policy)
    except InvalidPassword:
        return
    assert minimum <= len(password) <= 256
    for characters in (string.ascii_lowercase, string.ascii_uppercase, string.digits, passwords.SYMBOLS):
        assert set(password) & set(characters)


@given(st.binary(min_size=192, max_size=192), st.integers(6, 99))
def test_a_temporary_password_conforms_to_every_policy(random: bytes, minimum: int) -> None:
    policy = {**STRICT, "MinimumLength": minimum}
    password = passwords.new_temporary(random, policy)
    passwords.check(password, policy)
    assert len(password) == max(12, minimum)
    # nothing that HTML, a shell's word or the AWS CLI's shorthand would change
    assert not set(password) & set("&<>\"'=,-$\\ ")


def test_temporary_passwords_differ_with_every_bit_and_need_enough_of_them() -> None:
    made = {passwords.new_temporary((1 << bit).to_bytes(192, "big"), STRICT) for bit in range(60)}
    assert len(made) == 60
    with pytest.raises(ValueError, match="192"):
        passwords.new_temporary(bytes(191), STRICT)


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ({"TemporaryPasswordValidityDays": 1}, 1),
        ({"TemporaryPasswordValidityDays": 365}, 365),
        ({"TemporaryPasswordValidityDays": 0}, 7),
        ({}, 7),
    ],
)
def test_case_58_a_temporary_password_ends_after_its_days_to_the_millisecond(
    policy: dict[str, Any], days: int
) -> None:
    # documented at PasswordPolicyType: 0 means the default, 7
    assert passwords.temporary_expires_at(NOW, policy) == NOW + days * DAY


@pytest.fixture(scope="module", params=["srp", "argon2id"])
def record(request: pytest.FixtureRequest) -> PasswordRecord:
    if request.param == "srp":
        return passwords.new_srp(POOL, USER, "right", SALT)
    return passwords.new_argon2id("right", SALT)


def test_only_the_right_password_matches(record: PasswordRecord) -> None:
    assert passwords.matches(record, POOL, USER, "right")
    for wrong in ("Right", "right ", " right", "righ", "", "right\0", "r\u0131ght"):
        assert not passwords.matches(record, POOL, USER, wrong)


def test_a_record_survives_being_stored(record: PasswordRecord) -> None:
    assert passwords.decode(passwords.encode(record)) == record


@pytest.mark.parametrize("stored", [b"", b"x", b"s", b"s" + bytes(399), b"s" + bytes(401), b"a\xff"])
def test_what_is_no_record_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a stored password|ascii"):
        passwords.decode(stored)


@pytest.mark.parametrize("scheme", ["srp", "argon2id"])
@pytest.mark.parametrize(
    ("one", "other"), [("a" * 72 + "b", "a" * 72 + "c"), ("é", "e\u0301"), ("x" * 255, "x" * 256)]
)
def test_case_53_passwords_are_neither_cut_nor_normalised(scheme: str, one: str, other: str) -> None:
    made: PasswordRecord = (
        passwords.new_srp(POOL, USER, one, SALT) if scheme == "srp" else passwords.new_argon2id(one, SALT)
    )
    assert passwords.matches(made, POOL, USER, one)
    assert not passwords.matches(made, POOL, USER, other)


def test_case_54_an_overlong_password_is_refused_without_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    records: list[PasswordRecord] = [
        passwords.new_srp(POOL, USER, "right", SALT),
        passwords.new_argon2id("right", SALT),
    ]
    monkeypatch.delattr("argon2.low_level.verify_secret")
    monkeypatch.delattr("cenote.domain.srp.check_password")
    for made in records:
        assert not passwords.matches(made, POOL, USER, "x" * 257)


@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_argon2_cffi_itself_verifies_the_hash(password: str) -> None:
    made = passwords.new_argon2id(password, SALT)
    assert PasswordHasher().verify(made.phc, password)


def test_argon2id_has_owasps_parameters() -> None:
    parameters = extract_parameters(passwords.new_argon2id("x", SALT).phc)
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19456, 2, 1)
    assert (parameters.type.name, parameters.hash_len, parameters.salt_len) == ("ID", 32, 16)


def test_case_38_a_decoy_costs_what_a_record_costs() -> None:
    made_up = passwords.decoy_argon2id(SECRET, "pool/nobody")
    assert extract_parameters(made_up.phc) == extract_parameters(passwords.new_argon2id("x", SALT).phc)
    assert passwords.decoy_srp(SECRET, "pool/nobody") == SrpPassword(*srp.decoy(SECRET, "pool/nobody"))


def test_a_decoy_matches_no_password_and_is_the_same_at_every_try() -> None:
    for decoy in (passwords.decoy_srp, passwords.decoy_argon2id):
        made_up = decoy(SECRET, "pool/nobody")
        assert made_up == decoy(SECRET, "pool/nobody")
        assert made_up != decoy(SECRET, "pool/somebody")
        assert made_up != decoy(bytes(32), "pool/nobody")
        for guess in ("", "nobody", "password"):
            assert not passwords.matches(made_up, POOL, "nobody", guess)


def test_an_argon2id_record_is_bound_to_no_name() -> None:
    made = Argon2Password(passwords.new_argon2id("right", SALT).phc)
    assert passwords.matches(made, "other", "name", "right")


def history(*texts: str) -> list[PasswordRecord]:
    return [passwords.new_srp(POOL, USER, text, SALT) for text in texts]


@pytest.mark.parametrize(
    ("size", "refused"), [(1, ["now"]), (2, ["now", "before"]), (24, ["now", "before", "long ago"])]
)
def test_the_present_password_and_those_before_it_are_refused_up_to_the_history_size(
    size: int, refused: list[str]
) -> None:
    # documented: the current password counts among the 24
    previous = history("now", "before", "long ago")
    for text in ("now", "before", "long ago"):
        policy = {"PasswordHistorySize": size}
        if text in refused:
            with pytest.raises(PasswordHistoryPolicyViolation):
                passwords.check_history(text, previous, policy, POOL, USER)
        else:
            passwords.check_history(text, previous, policy, POOL, USER)


def test_a_password_never_used_is_taken() -> None:
    passwords.check_history("new", history("now", "before"), {"PasswordHistorySize": 24}, POOL, USER)


@pytest.mark.parametrize("policy", [{}, {"PasswordHistorySize": 0}])
def test_without_a_history_size_even_the_present_password_is_taken(policy: dict[str, Any]) -> None:
    passwords.check_history("now", history("now"), policy, POOL, USER)


def test_history_is_kept_across_schemes() -> None:
    previous: list[PasswordRecord] = [passwords.new_argon2id("before", SALT), *history("now")]
    with pytest.raises(PasswordHistoryPolicyViolation):
        passwords.check_history("before", previous, {"PasswordHistorySize": 2}, POOL, USER)


@pytest.mark.parametrize(("size", "kept"), [(0, []), (1, []), (2, [1]), (4, [1, 2, 3]), (24, [1, 2, 3, 4])])
def test_behind_a_new_password_one_less_than_the_history_size_is_kept(size: int, kept: list[int]) -> None:
    assert passwords.kept_history([1, 2, 3, 4], {"PasswordHistorySize": size}) == kept
