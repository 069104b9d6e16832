"""How wrong passwords lock a user out.

Documented in the developer guide, "Lockout behavior for failed sign-in attempts": the n-th failure in a row
locks for 2^(n-5) seconds, from the fifth on and up to about 15 minutes; attempts while locked neither count
nor prolong it; a right password after it ends, or 15 minutes without an attempt, start again from none.
"""

from typing import Final

MESSAGE: Final = "Password attempts exceeded"

# The failures that are forgiven before the first lock of one second.
_FREE: Final = 4
_LONGEST: Final = 15 * 60 * 1000
_IDLE: Final = 15 * 60 * 1000


def locked_until(failures: int, now: int) -> int | None:
    """When the lock ends that the latest of so many failures in a row, at `now`, begins; None for no lock."""
    if failures <= _FREE:
        return None
    # The exponent is bounded, too: a count of millions would make a number of megabytes.
    return now + min(1000 << min(failures - _FREE - 1, 20), _LONGEST)


def forgotten_at(failures: int, now: int) -> int:
    """When so many failures, the latest at `now`, count for nothing if no further one follows.

    The fifteen idle minutes are counted from the end of the lock. Counted from the failure, the longest lock
    would end with a clean slate, and guessing would be fast again.
    """
    return (locked_until(failures, now) or now) + _IDLE
