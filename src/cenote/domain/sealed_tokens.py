"""Opaque strings that a client carries for us: `Session`, SECRET_BLOCK, refresh and pagination tokens.

Each is AES-256-GCM under a key that only the server knows, bound to its purpose: one purpose's token is
nothing in the place of another's. The model asks for 20 to 4096 characters of a `Session` and for
`[A-Za-z0-9-_=.]+` of a refresh token, which URL-safe base64 without padding fits; clients decode a
SECRET_BLOCK as standard base64 with padding. Only the one canonical spelling of a token opens.
"""

import base64
import hmac
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cenote.domain import base64url

KEY_SIZE: Final = 32
# Half picks a key of the message's own, half is GCM's nonce: at 96 random bits alone, a pool that issues
# billions of tokens would come near to using one twice.
NONCE_SIZE: Final = 24
TAG_SIZE: Final = 16
MAX_LENGTH: Final = 4096

_SESSION: Final = "session"
_REFRESH: Final = "refresh"
_BLOCK: Final = "secret_block"


def seal(key: bytes, nonce: bytes, purpose: str, payload: bytes) -> str:
    """Seal `payload` under 32 bytes of key and 24 fresh random bytes, as URL-safe base64.

    `purpose` is what `open_` must be asked for: a constant, or one with what the token is bound to, such as
    the call whose next page it names. ValueError for a result that could not be opened for its length.
    """
    return _fitting(base64url.encode(_sealed(key, nonce, purpose, payload)))


def open_(key: bytes, purpose: str, text: str) -> bytes | None:
    """Return the payload of what `seal` made for this purpose under this key; None for anything else."""
    return _opened(key, purpose, text, base64url.decode)


def seal_session(key: bytes, nonce: bytes, payload: bytes) -> str:
    """Seal a challenge's state as `Session`."""
    return seal(key, nonce, _SESSION, payload)


def open_session(key: bytes, text: str) -> bytes | None:
    """Open a `Session`; None for anything that `seal_session` did not make."""
    return open_(key, _SESSION, text)


def seal_refresh(key: bytes, nonce: bytes, payload: bytes) -> str:
    """Seal what a refresh token stands for."""
    return seal(key, nonce, _REFRESH, payload)


def open_refresh(key: bytes, text: str) -> bytes | None:
    """Open a refresh token; None for anything that `seal_refresh` did not make."""
    return open_(key, _REFRESH, text)


def seal_block(key: bytes, nonce: bytes, payload: bytes) -> str:
    """Seal a challenge's state as SECRET_BLOCK, which clients decode and sign."""
    return _fitting(base64.b64encode(_sealed(key, nonce, _BLOCK, payload)).decode())


def open_block(key: bytes, text: str) -> bytes | None:
    """Open a SECRET_BLOCK; None for anything that `seal_block` did not make."""
    return _opened(key, _BLOCK, text, _canonical)


def _sealed(key: bytes, nonce: bytes, purpose: str, payload: bytes) -> bytes:
    if len(nonce) != NONCE_SIZE:
        raise ValueError(f"a nonce is {NONCE_SIZE} bytes")
    return nonce + _cipher(key, nonce).encrypt(nonce[12:], payload, purpose.encode())


def _opened(key: bytes, purpose: str, text: str, decode: Callable[[str], bytes]) -> bytes | None:
    if len(text) > MAX_LENGTH:
        return None
    try:
        data = decode(text)
    except ValueError:
        return None
    nonce, ciphertext = data[:NONCE_SIZE], data[NONCE_SIZE:]
    if len(ciphertext) < TAG_SIZE:
        return None
    try:
        return _cipher(key, nonce).decrypt(nonce[12:], ciphertext, purpose.encode())
    except InvalidTag:
        return None


def _cipher(key: bytes, nonce: bytes) -> AESGCM:
    if len(key) != KEY_SIZE:
        raise ValueError(f"a key is {KEY_SIZE} bytes")
    # Not hmac.digest: it looks its algorithm up at each call, for 15 µs.
    return AESGCM(hmac.new(key, nonce[:12], "sha256").digest())


def _fitting(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a token of {len(text)} characters is longer than {MAX_LENGTH}")
    return text


def _canonical(text: str) -> bytes:
    """What standard base64 stands for; ValueError for a spelling that is not the one it is written in."""
    data = base64.b64decode(text)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data
