"""The one date format of SRP: `Sun Nov 2 12:00:00 UTC 2026`, English names, the day not padded.

A client signs the text itself, so only the canonical spelling is taken. Cognito answers a padded day or a
wrong weekday like a wrong password (recorded: warrant pull request 12, ministack pull request 1758).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

# Spelled out because strftime follows the process's locale.
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST: Final = len("Wed Nov 30 12:00:00 UTC 2026")

# Recorded: clients fail once their clock is more than five minutes off (amazon-cognito-auth-js issue 199).
WINDOW: Final = 5 * 60 * 1000


def format_date(moment: int) -> str:
    """Write `moment` (epoch ms, cut to the second) as clients do."""
    at = _EPOCH + timedelta(milliseconds=moment)
    return (
        f"{_WEEKDAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day} "
        f"{at.hour:02}:{at.minute:02}:{at.second:02} UTC {at.year:04}"
    )


def parse_date(text: str) -> int | None:
    """Read a date as epoch ms; None unless `text` is, letter for letter, what `format_date` writes."""
    if len(text) > _LONGEST:
        return None
    try:
        _, month, day, clock, _, year = text.split(" ")
        hour, minute, second = clock.split(":")
        at = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None
    moment = (at - _EPOCH) // timedelta(milliseconds=1)
    return moment if format_date(moment) == text else None


def is_timely(moment: int, now: int) -> bool:
    """Tell whether a client's date is close enough to `now`, in either direction (both epoch ms)."""
    return abs(now - moment) <= WINDOW
