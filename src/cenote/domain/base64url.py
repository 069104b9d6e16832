"""Base64url without padding, as JOSE writes it (RFC 7515 2), in its one canonical spelling."""

import binascii
from typing import Final

# Of bytes: the same for text takes twenty times as long.
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def encode_number(number: int, size: int = 0) -> str:
    """A whole number, big-endian: as short as it can be, or in so many bytes."""
    return encode(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def decode(segment: str) -> bytes:
    """What `encode` wrote; ValueError for any other spelling of the same bytes."""
    data = lenient(segment)
    if encode(data) != segment:
        raise ValueError("not canonical base64url")
    return data


def lenient(segment: str) -> bytes:
    """What any spelling stands for, for who does not care which it was; ValueError for what is none."""
    return binascii.a2b_base64(segment.encode("ascii").translate(_STANDARD) + b"==")
