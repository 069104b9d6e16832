"""Confirmation codes: what is stored of them, how long they are good, how often one may guess.

Only an HMAC is kept (SECURITY.md case 49): six digits hashed without a key are found by trying them all. It
is bound to the pool, the user and the purpose, so a code for one thing is nothing for another.
"""

import hmac
from enum import StrEnum
from typing import Final

_HOUR: Final = 60 * 60 * 1000

# One in 200,000 guesses right, a code; how many codes may be asked for in an hour is limited elsewhere.
TRIES: Final = 5


class Purpose(StrEnum):
    """What a code confirms. One user has at most one good code of each kind: the newest."""

    SIGN_UP = "sign_up"
    EMAIL = "email"
    PHONE_NUMBER = "phone_number"
    RESET_PASSWORD = "reset_password"
    SIGN_IN = "sign_in"
    """A code for one challenge: its hash travels with the challenge, and it is good for as long as that."""


def lifetime(purpose: Purpose) -> int:
    """How long a code is good, in ms: an hour for a password reset, a day for all else (COGNITO.md)."""
    return _HOUR if purpose is Purpose.RESET_PASSWORD else 24 * _HOUR


def hashed(key: bytes, code: str, *, pool_id: str, sub: str, purpose: Purpose) -> bytes:
    """What is stored of a code, under 32 bytes of key."""
    # The code stands last, for it alone may hold a NUL: it may be a guess.
    bound = f"{pool_id}\0{sub}\0{purpose}\0{code}"
    return hmac.new(key, bound.encode("utf-8", "surrogatepass"), "sha256").digest()


def matches(stored: bytes, key: bytes, guess: str, *, pool_id: str, sub: str, purpose: Purpose) -> bool:
    """Tell, in constant time, whether a guess is the code that was stored."""
    return hmac.compare_digest(stored, hashed(key, guess, pool_id=pool_id, sub=sub, purpose=purpose))
