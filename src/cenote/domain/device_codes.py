"""Device authorization (RFC 8628): the two codes of a device that waits for its user to decide elsewhere."""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cenote.domain.oauth import Grant

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
# Consonants alone: no two look alike, no word comes of them (RFC 8628 6.1). Eight of them are 2.5 * 10**10.
ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 8
LONGEST_TYPED: Final = 64
DEVICE_CODE_SIZE: Final = 32
RANDOM_SIZE: Final = 16
LIFETIME: Final = 15 * 60_000
# How long a device waits between two questions; each that comes too early makes it longer, up to a minute.
INTERVAL: Final = 5_000
SLOWER_BY: Final = 5_000
LONGEST_INTERVAL: Final = 60_000
# How much too early the network may bring a question.
PATIENCE: Final = 500
# How many codes one address may ask for, and how many its users may type in, in so many ms.
MOST_ASKED: Final = 100
MOST_TYPED: Final = 40
WINDOW: Final = 10 * 60_000
# How long it is remembered that a code is over.
REMEMBERED: Final = 3600 * 1000


class State(StrEnum):
    """What a device's user has decided."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a device waits for. `sub` and `auth_time` (epoch ms) are of the user who approved it."""

    pool_id: str
    device_hash: str
    user_hash: str
    client_id: str
    grant: Grant
    expires_at: int
    state: State = State.PENDING
    sub: str = ""
    auth_time: int = 0


def user_code(random: bytes) -> str:
    """A code for people out of 16 random bytes, as a device shows it: `BCDF-GHJK`."""
    if len(random) != RANDOM_SIZE:
        raise ValueError(f"a user code is made of {RANDOM_SIZE} bytes")
    number, letters = int.from_bytes(random, "big"), ""
    for _ in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        letters += ALPHABET[digit]
    return shown(letters)


def shown(letters: str) -> str:
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def typed(text: str) -> str | None:
    """The code that somebody typed, in whatever case and with whatever between the letters; None for what is none."""
    if len(text) > LONGEST_TYPED:
        return None
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    return shown(letters) if len(letters) == LENGTH and set(letters) <= set(ALPHABET) else None


def digest(key: bytes, code: str) -> str:
    """What of a code is kept, to find it by."""
    return hmac.new(key, code.encode("utf-8", "surrogatepass"), "sha256").digest().hex()
