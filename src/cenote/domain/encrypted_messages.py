"""Messages in the format of the AWS Encryption SDK, which functions that send codes decrypt.

Only what is needed to write one short secret: message format 2, algorithm suite 0x0478 (AES-256-GCM, HKDF-SHA512,
key commitment, no signature), one frame. Documented in "AWS Encryption SDK message format reference" and "AWS
Encryption SDK algorithms reference". Random bytes are arguments, each of them to be used once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DATA_KEY_SIZE: Final = 32
MESSAGE_ID_SIZE: Final = 32
NONCE_SIZE: Final = 12
# The provider that KMS keyrings look for.
KMS: Final = "aws-kms"

_VERSION: Final = b"\x02"
_SUITE: Final = b"\x04\x78"
_FRAMED: Final = b"\x02"
_FRAME_LENGTH: Final = 4096
_FINAL: Final = b"\xff\xff\xff\xff"
_FINAL_FRAME: Final = b"AWSKMSEncryptionClient Final Frame"
_TAG_BITS: Final = 128


@dataclass(frozen=True, slots=True)
class EncryptedDataKey:
    """The data key as one keyring can open it: by which provider, and by which of its keys."""

    provider: str
    info: bytes
    ciphertext: bytes


def wrapped(
    wrapping_key: bytes,
    namespace: str,
    name: str,
    data_key: bytes,
    nonce: bytes,
    context: Mapping[str, str],
) -> EncryptedDataKey:
    """The data key under a raw AES wrapping key of 32 bytes, for a raw AES keyring of that namespace and name."""
    info = name.encode() + _number(_TAG_BITS, 4) + _number(NONCE_SIZE, 4) + nonce
    return EncryptedDataKey(namespace, info, AESGCM(wrapping_key).encrypt(nonce, data_key, _pairs(context)))


def written(
    plaintext: bytes,
    data_key: bytes,
    message_id: bytes,
    key: EncryptedDataKey,
    context: Mapping[str, str],
) -> bytes:
    """The message that holds `plaintext`, of 4096 bytes at most (ValueError).

    `context` is bound to it, and readable by anybody.
    """
    if len(plaintext) > _FRAME_LENGTH:
        raise ValueError("a secret fits into one frame")
    header = b"".join(
        (
            _VERSION,
            _SUITE,
            message_id,
            _field(_pairs(context)),
            _number(1, 2),
            _field(key.provider.encode()),
            _field(key.info),
            _field(key.ciphertext),
            _FRAMED,
            _number(_FRAME_LENGTH, 4),
            _derived(data_key, message_id, b"COMMITKEY"),
        )
    )
    cipher = AESGCM(_derived(data_key, message_id, _SUITE + b"DERIVEKEY"))
    sequence, length = _number(1, 4), len(plaintext)
    nonce = _number(1, NONCE_SIZE)
    about = message_id + _FINAL_FRAME + sequence + _number(length, 8)
    return b"".join(
        (
            header,
            # The nonce of the header is all zeros; the frames' begin at 1.
            cipher.encrypt(bytes(NONCE_SIZE), b"", header),
            _FINAL,
            sequence,
            nonce,
            _number(length, 4),
            cipher.encrypt(nonce, plaintext, about),
        )
    )


def _derived(data_key: bytes, message_id: bytes, label: bytes) -> bytes:
    return HKDF(SHA512(), 32, salt=message_id, info=label).derive(data_key)


def _pairs(context: Mapping[str, str]) -> bytes:
    if not context:
        return b""
    fields = (_field(name.encode()) + _field(context[name].encode()) for name in sorted(context))
    return _number(len(context), 2) + b"".join(fields)


def _field(data: bytes) -> bytes:
    return _number(len(data), 2) + data


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")
