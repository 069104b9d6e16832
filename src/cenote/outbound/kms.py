"""Where the keys that encrypt codes for functions come from: KMS, or one key that the settings hold.

Either gives a fresh data key, and the same key wrapped so that the function can get at it (SECURITY.md case 84: no
error quotes any of it).
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from cenote.domain.encrypted_messages import DATA_KEY_SIZE, KMS, NONCE_SIZE, EncryptedDataKey, wrapped
from cenote.outbound.aws import Service
from cenote.outbound.functions import Unreachable

# What a function's raw AES keyring names the settings' key by (docs/triggers.md).
NAMESPACE: Final = "cenote"
NAME: Final = "custom-sender"


class DataKeys(Protocol):
    async def new(self, key_id: str, context: Mapping[str, str]) -> tuple[bytes, EncryptedDataKey]:
        """A data key of 32 bytes, and it wrapped. `key_id` is what the pool names its key by; Unreachable."""
        ...


def parsed(text: str) -> bytes:
    """A wrapping key from base64; ValueError unless it is 32 bytes."""
    try:
        key = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        key = b""
    if len(key) != DATA_KEY_SIZE:
        raise ValueError("sender_key is 32 random bytes in base64: openssl rand -base64 32")
    return key


@dataclass(frozen=True, slots=True)
class LocalKey:
    """One key for all pools, whatever they name theirs: for functions with a raw AES keyring."""

    key: bytes
    entropy: Callable[[int], bytes]

    async def new(self, key_id: str, context: Mapping[str, str]) -> tuple[bytes, EncryptedDataKey]:  # noqa: ARG002 - the Protocol's
        data_key, nonce = self.entropy(DATA_KEY_SIZE), self.entropy(NONCE_SIZE)
        return data_key, wrapped(self.key, NAMESPACE, NAME, data_key, nonce, context)


class Generated(msgspec.Struct, rename="pascal"):
    """GenerateDataKey's answer."""

    plaintext: str
    ciphertext_blob: str
    key_id: str


_generated = msgspec.json.Decoder(Generated).decode


@dataclass(frozen=True, slots=True)
class Kms:
    """Data keys by KMS's GenerateDataKey, under the pool's own KMS key, in that key's region."""

    service: Service

    async def new(self, key_id: str, context: Mapping[str, str]) -> tuple[bytes, EncryptedDataKey]:
        request = {"KeyId": key_id, "NumberOfBytes": DATA_KEY_SIZE, "EncryptionContext": context}
        reply = await self.service.call(
            msgspec.json.encode(request),
            {"content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.GenerateDataKey"},
            region=region_of(key_id),
        )
        if reply.status != 200:
            raise Unreachable(f"KMS: status {reply.status}")
        try:
            answer = _generated(reply.body)
            data_key = base64.b64decode(answer.plaintext, validate=True)
            blob = base64.b64decode(answer.ciphertext_blob, validate=True)
        except (msgspec.MsgspecError, binascii.Error, UnicodeDecodeError):
            raise Unreachable("KMS: the answer cannot be read") from None
        if len(data_key) != DATA_KEY_SIZE:
            raise Unreachable("KMS: the data key has another length")
        return data_key, EncryptedDataKey(KMS, answer.key_id.encode(), blob)


def region_of(arn: str) -> str:
    """The region that an ARN names; empty for anything else."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 5 and parts[0] == "arn" else ""
