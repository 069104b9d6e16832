"""How wrong passwords lock a user out: documented under "Lockout behavior for failed sign-in attempts"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.lockout import forgotten_at, locked_until

NOW = 1_793_620_800_000
MINUTE = 60_000


@pytest.mark.parametrize("failures", range(5))
def test_four_wrong_passwords_lock_nothing(failures: int) -> None:
    assert locked_until(failures, NOW) is None


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 64), (12, 128), (13, 256), (14, 512)],
)
def test_from_the_fifth_on_each_doubles_the_lock(failures: int, seconds: int) -> None:
    assert locked_until(failures, NOW) == NOW + seconds * 1000


@pytest.mark.parametrize("failures", [15, 16, 100, 10**9])
def test_no_lock_is_longer_than_fifteen_minutes(failures: int) -> None:
    assert locked_until(failures, NOW) == NOW + 15 * MINUTE


@given(st.integers(0, 10**6))
def test_more_failures_never_lock_for_less(failures: int) -> None:
    assert (locked_until(failures, NOW) or NOW) <= (locked_until(failures + 1, NOW) or NOW)


def test_fifteen_idle_minutes_after_the_lock_start_again_from_none() -> None:
    assert forgotten_at(1, NOW) == NOW + 15 * MINUTE
    assert forgotten_at(5, NOW) == NOW + 1000 + 15 * MINUTE
    assert forgotten_at(100, NOW) == NOW + 30 * MINUTE


def test_case_39_waiting_for_the_longest_lock_to_end_does_not_clear_the_count() -> None:
    ends = locked_until(15, NOW)
    assert ends is not None
    assert forgotten_at(15, NOW) > ends


def test_case_39_the_best_strategy_gets_fewer_than_a_thousand_guesses_a_day() -> None:
    # so many guesses as soon as each lock allows, then idle until they are forgotten, and again
    def guesses_a_day(in_a_row: int) -> float:
        now = 0
        for failures in range(1, in_a_row):
            now = locked_until(failures, now) or now
        return in_a_row * 24 * 60 * MINUTE / forgotten_at(in_a_row, now)

    assert max(guesses_a_day(in_a_row) for in_a_row in range(1, 200)) < 1000
