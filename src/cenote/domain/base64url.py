"""Base64url without padding, as JOSE writes it (RFC 7515 2), in its one canonical spelling."""

import base64
import binascii
from typing import Final

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def encode(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def encode_number(number: int, size: int = 0) -> str:
    """A whole number, big-endian: as short as it can be, or in so many bytes."""
    return encode(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def decode(segment: str) -> bytes:
    """What `encode` wrote; ValueError for any other spelling of the same bytes."""
    data = base64.urlsafe_b64decode(segment + "==")
    if encode(data) != segment:
        raise ValueError("not canonical base64url")
    return data
