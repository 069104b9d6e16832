"""Passwords that everybody tries first, dressed up or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.common_passwords import WORDS, is_common


@pytest.mark.parametrize(
    "password",
    [
        "password", "Password1!", "P@ssw0rd", "P@$$w0rd123", "pa55word", "Welcome2026!", "Qwerty123$", "Summer2026!",
        "$ummer1!", "adm1n", "Aaaaaaa1!", "Trustno1!", "123456", "12345678!", "987654321", "1q2w3e4r!", "aaaaaaaa",
        "ababab", "!Letmein1", "",
    ],
)  # fmt: skip
def test_a_common_password_is_known_in_any_dress(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "Correct-Horse-9", "Another-Horse-1", "Third-Horse-3", "Cenote-2026!", "Test#4815162342", "tR7#kf9!aaQz",
        "correct horse battery staple", "my summer in rome 1987", "Pässwörd-über-1",
    ],
)  # fmt: skip
def test_another_one_is_let_be(password: str) -> None:
    assert not is_common(password)


@given(st.sampled_from(sorted(WORDS)), st.from_regex(r"[0-9!#$%]{0,4}", fullmatch=True))
def test_a_word_with_a_capital_and_a_tail_stays_common(word: str, tail: str) -> None:
    assert is_common(word.capitalize() + tail)


@given(st.text(max_size=300))
def test_anything_at_all_can_be_looked_at(password: str) -> None:
    assert is_common(password) in {True, False}
