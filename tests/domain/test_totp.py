"""TOTP against RFC 6238's own vectors and against pyotp."""

import hmac

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import totp

RFC_SECRET = b"12345678901234567890"
SECRETS = st.binary(min_size=14, max_size=64)
MOMENTS = st.integers(min_value=300_000, max_value=4_102_444_800_000)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_rfc_hold(second: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1: the last six of its eight digits."""
    assert totp.code_at(RFC_SECRET, totp.step_at(second * 1000)) == code


@given(SECRETS, MOMENTS)
def test_codes_are_those_of_pyotp(secret: bytes, now: int) -> None:
    app = pyotp.TOTP(totp.secret_text(secret))
    assert totp.code_at(secret, totp.step_at(now)) == app.at(now // 1000)


@given(SECRETS, MOMENTS, st.integers(min_value=-4, max_value=4))
def test_case_43_a_code_is_good_one_step_to_either_side_by_the_servers_time(
    secret: bytes, now: int, steps: int
) -> None:
    """A6.5.5, A6.5.8. Codes of different steps may be alike, once in a million."""
    step = totp.step_at(now) + steps
    found = totp.matching_step(secret, totp.code_at(secret, step), now)
    window = range(totp.step_at(now) - 1, totp.step_at(now) + 2)
    if abs(steps) <= 1:
        assert found is not None
        assert found >= step
    else:
        assert found is None or totp.code_at(secret, found) == totp.code_at(secret, step)
    assert found is None or found in window


def test_case_82_every_step_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    genuine = hmac.compare_digest

    def noting(first: bytes, second: bytes) -> bool:
        compared.append(first)
        return genuine(first, second)

    secret, now = b"x" * 32, 1_000_000_000_000
    step = totp.step_at(now)
    window = [totp.code_at(secret, step + offset).encode() for offset in (-1, 0, 1)]
    monkeypatch.setattr(hmac, "compare_digest", noting)
    for code in (window[0].decode(), "000000"):
        compared.clear()
        totp.matching_step(secret, code, now)
        assert compared == window


def test_a_secret_is_read_as_it_was_written() -> None:
    secret = bytes(range(32))
    assert totp.secret_of(totp.secret_text(secret)) == secret


def test_a_step_lasts_thirty_seconds_to_the_millisecond() -> None:
    assert (totp.step_at(29_999), totp.step_at(30_000), totp.step_at(59_999)) == (0, 1, 1)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\u0660" * 6, "\ud800", " 12345"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert totp.matching_step(RFC_SECRET, code, 59_000) is None


def test_of_two_steps_with_one_code_the_newer_counts() -> None:
    """So that such a code cannot be used twice."""
    step = 910_737  # the first one, found by trying
    code = totp.code_at(RFC_SECRET, step)
    assert code == totp.code_at(RFC_SECRET, step + 1)
    assert totp.matching_step(RFC_SECRET, code, step * totp.STEP) == step + 1


def test_a_secret_is_typed_as_52_letters_and_digits() -> None:
    """Recorded, and the model's pattern for SecretCode."""
    text = totp.secret_text(bytes(range(32)))
    assert len(text) == 52
    assert text.isalnum()


@given(SECRETS, st.text(min_size=1), st.text(min_size=1))
def test_an_app_reads_the_address_as_it_was_meant(secret: bytes, account: str, issuer: str) -> None:
    for text in (account, issuer):
        if any(0xD800 <= ord(letter) < 0xE000 for letter in text):
            return
    read = pyotp.parse_uri(totp.uri(secret, account, issuer))
    assert isinstance(read, pyotp.TOTP)
    assert (read.byte_secret(), read.digits, read.interval) == (secret, 6, 30)
    assert read.issuer == issuer
    assert read.name == account


def test_an_address_is_spelled_as_apps_expect_it() -> None:
    """Google Authenticator's "Key Uri Format": issuer, colon, account; spaces as %20."""
    assert totp.uri(RFC_SECRET, "ada@example.com", "Big Co") == (
        "otpauth://totp/Big%20Co:ada@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Big%20Co"
    )
