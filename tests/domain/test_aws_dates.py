"""The date that SRP clients sign."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycognito.aws_srp import AWSSRP

from cenote.domain.aws_dates import WINDOW, format_date, is_timely, parse_date

NOON = 1_793_620_800_000
# From 1970 to the last second of 9999, whole seconds.
MOMENTS = st.integers(0, 253_402_300_799).map(lambda seconds: seconds * 1000)


def test_a_date_is_written_with_an_unpadded_day() -> None:
    # documented in COGNITO.md; recorded in warrant pull request 12
    assert format_date(NOON) == "Mon Nov 2 12:00:00 UTC 2026"


@given(MOMENTS)
def test_every_second_reads_back_as_written(moment: int) -> None:
    assert parse_date(format_date(moment)) == moment


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001  hypothesis wants them naive
def test_dates_are_written_as_pycognito_writes_them(moment: datetime) -> None:
    epoch_ms = int(moment.replace(tzinfo=UTC).timestamp()) * 1000
    assert format_date(epoch_ms) == AWSSRP.get_cognito_formatted_timestamp(moment)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon Nov 02 12:00:00 UTC 2026",  # recorded: a padded day is refused
        "Sun Nov 2 12:00:00 UTC 2026",  # recorded: so is a wrong weekday
        "Mon Nov  2 12:00:00 UTC 2026",
        " Mon Nov 2 12:00:00 UTC 2026",
        "Mon Nov 2 12:00:00 UTC 2026\n",
        "mon nov 2 12:00:00 utc 2026",
        "Mon Nov 2 12:00:00 GMT 2026",
        "Mon Nov 2 1_2:00:00 UTC 2026",
        "Mon Nov +2 12:00:00 UTC 2026",
        "Mon Nov ٢ 12:00:00 UTC 2026",
        "Mon Nov 2 12:00 UTC 2026",
        "Mon Nov 2 24:00:00 UTC 2026",
        "Mon Feb 30 12:00:00 UTC 2026",
        "Mon Nov 2 12:00:00 UTC 02026",
        "Mon Nov 2 12:00:00 UTC 0",
        "lun. nov. 2 12:00:00 UTC 2026",
        "2026-11-02T12:00:00Z",
        "Mon Nov 2 12:00:00 UTC " + "9" * 5000,
    ],
)
def test_any_other_spelling_is_refused(text: str) -> None:
    assert parse_date(text) is None


@given(st.text(max_size=40))
def test_reading_never_fails_and_accepts_only_the_canonical_text(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or format_date(moment) == text


def test_a_date_within_five_minutes_is_timely_and_one_beyond_is_not() -> None:
    assert is_timely(NOON - WINDOW, NOON)
    assert is_timely(NOON + WINDOW, NOON)
    assert not is_timely(NOON - WINDOW - 1, NOON)
    assert not is_timely(NOON + WINDOW + 1, NOON)
