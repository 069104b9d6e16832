"""The codes of devices: what people are given to type, and what they type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import device_codes as rules


@given(st.binary(min_size=16, max_size=16))
def test_a_user_code_is_eight_consonants_that_are_understood_however_they_are_typed(random: bytes) -> None:
    code = rules.user_code(random)
    assert len(code) == 9
    assert set(code.replace("-", "")) <= set("BCDFGHJKLMNPQRSTVWXZ")
    for text in (
        code,
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f" {code[0]} {code[1:]}.\n",
    ):
        assert rules.typed(text) == code


def test_every_letter_comes_up_and_two_codes_are_not_alike() -> None:
    codes = {rules.user_code(bytes([first, second]) + bytes(13) + bytes([first ^ second])) for first in range(64)
             for second in range(4)}  # fmt: skip
    assert len(codes) == 256
    assert set("".join(codes)) - {"-"} == set(rules.ALPHABET)


@pytest.mark.parametrize("size", [0, 8, 15, 17])
def test_another_number_of_bytes_is_a_mistake(size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        rules.user_code(bytes(size))


@pytest.mark.parametrize(
    "text",
    ["", "BCDF", "BCDF-GHJ", "BCDF-GHJKL", "ABCD-FGHJ", "1BCD-FGHJ", "БCDF-GHJK", "BCDF-GHJK" + " " * 60],
)
def test_what_no_device_shows_is_no_code(text: str) -> None:
    assert rules.typed(text) is None


@given(st.text(max_size=80))
def test_any_text_is_a_code_of_ours_or_none(text: str) -> None:
    found = rules.typed(text)
    assert found is None or rules.typed(found) == found


def test_a_digest_needs_its_key() -> None:
    assert rules.digest(b"k" * 32, "BCDF-GHJK") != rules.digest(b"l" * 32, "BCDF-GHJK")
    assert rules.digest(b"k" * 32, "BCDF-GHJK") == rules.digest(b"k" * 32, "BCDF-GHJK")
