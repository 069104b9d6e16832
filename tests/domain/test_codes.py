"""Confirmation codes at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import codes
from cenote.domain.codes import Purpose

KEY = bytes(range(32))
BOUND = {"pool_id": "eu-west-1_test", "sub": "429574a4-a081-4006-893f-94b7d6ede76b"}
STORED = codes.hashed(KEY, "123456", purpose=Purpose.SIGN_UP, **BOUND)


def test_the_right_code_matches() -> None:
    assert codes.matches(STORED, KEY, "123456", purpose=Purpose.SIGN_UP, **BOUND)


@given(st.text(max_size=20))
def test_any_other_code_is_refused_without_an_error(guess: str) -> None:
    assert codes.matches(STORED, KEY, guess, purpose=Purpose.SIGN_UP, **BOUND) == (guess == "123456")


@pytest.mark.parametrize(
    "guess", ["", "12345", "1234567", " 123456", "123456 ", "0123456", "١٢٣٤٥٦", "\ud800"]
)
def test_a_code_spelled_otherwise_is_refused(guess: str) -> None:
    assert not codes.matches(STORED, KEY, guess, purpose=Purpose.SIGN_UP, **BOUND)


def test_case_44_a_code_is_nothing_for_another_purpose_user_or_pool() -> None:
    for purpose in set(Purpose) - {Purpose.SIGN_UP}:
        assert not codes.matches(STORED, KEY, "123456", purpose=purpose, **BOUND)
    for other in ({"pool_id": "eu-west-1_other"}, {"sub": "another"}):
        assert not codes.matches(STORED, KEY, "123456", purpose=Purpose.SIGN_UP, **{**BOUND, **other})


def test_case_49_what_is_stored_depends_on_a_key() -> None:
    assert codes.hashed(bytes(32), "123456", purpose=Purpose.SIGN_UP, **BOUND) != STORED
    assert b"123456" not in STORED
    assert not codes.matches(STORED, bytes(32), "123456", purpose=Purpose.SIGN_UP, **BOUND)


def test_a_guess_cannot_move_into_the_fields_before_it() -> None:
    one = codes.hashed(KEY, "x\0y", pool_id="p", sub="s", purpose=Purpose.EMAIL)
    other = codes.hashed(KEY, "y", pool_id="p", sub="s\0email\0x", purpose=Purpose.EMAIL)
    assert one != other


def test_a_reset_code_is_good_for_an_hour_and_the_others_for_a_day() -> None:
    # documented: "Resetting a user's password", "Verifying contact information at sign-up"
    assert codes.lifetime(Purpose.RESET_PASSWORD) == 3_600_000
    for purpose in set(Purpose) - {Purpose.RESET_PASSWORD}:
        assert codes.lifetime(purpose) == 86_400_000
