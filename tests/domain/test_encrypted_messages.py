"""Messages that the real AWS Encryption SDK opens, under each of its commitment policies."""

import os

import aws_encryption_sdk
import pytest
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError, SerializationError
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from cryptography.exceptions import InvalidTag

from cenote.domain import encrypted_messages
from cenote.domain.encrypted_messages import DATA_KEY_SIZE, MESSAGE_ID_SIZE, NONCE_SIZE

WRAPPING_KEY = bytes(range(32))
# How the library says no; the first that it meets is sometimes followed by another.
REFUSALS = (AWSEncryptionSDKClientError, SerializationError, InvalidTag, ValueError)
CONTEXT = {"userpool-id": "eu-west-1_abcdefghi", "b": "2", "a": "ü"}


class Keyring(RawMasterKeyProvider):  # type: ignore[misc] # the library has no types
    """The raw AES keyring that a function has, with the key that the server's settings hold."""

    provider_id = "cenote"
    key = WRAPPING_KEY

    def _get_raw_key(self, key_id: str) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=self.key,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


class OtherKeyring(Keyring):
    key = bytes(32)


def keyring(kind: type[Keyring] = Keyring) -> Keyring:
    made = kind()
    made.add_master_key("custom-sender")
    return made


def message(secret: bytes, context: dict[str, str] | None = None) -> bytes:
    bound = CONTEXT if context is None else context
    data_key = os.urandom(DATA_KEY_SIZE)
    key = encrypted_messages.wrapped(
        WRAPPING_KEY, "cenote", "custom-sender", data_key, os.urandom(NONCE_SIZE), bound
    )
    return encrypted_messages.written(secret, data_key, os.urandom(MESSAGE_ID_SIZE), key, bound)


def decrypted(
    data: bytes, policy: CommitmentPolicy, kind: type[Keyring] = Keyring
) -> tuple[bytes, dict[str, str]]:
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)
    plaintext, header = client.decrypt(source=data, key_provider=keyring(kind))
    return plaintext, header.encryption_context


@pytest.mark.parametrize("policy", list(CommitmentPolicy))
@pytest.mark.parametrize("secret", [b"123456", "Pässwörd-9".encode(), b"", bytes(4096)])
def test_the_sdk_opens_it_under_every_commitment_policy(policy: CommitmentPolicy, secret: bytes) -> None:
    assert decrypted(message(secret), policy) == (secret, CONTEXT)


def test_the_sdk_opens_one_that_is_bound_to_nothing() -> None:
    assert decrypted(message(b"1", {}), CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT) == (b"1", {})


@pytest.mark.parametrize("at", [5, 60, -60, -20, -1])
def test_the_sdk_refuses_one_that_was_changed(at: int) -> None:
    data = bytearray(message(b"123456"))
    data[at] ^= 1
    with pytest.raises(REFUSALS):
        decrypted(bytes(data), CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)


def test_the_sdk_refuses_another_key() -> None:
    with pytest.raises(REFUSALS):
        decrypted(message(b"123456"), CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, OtherKeyring)


def test_the_secret_is_nowhere_in_it() -> None:
    assert b"123456" not in message(b"123456")


def test_a_secret_that_fills_no_single_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="one frame"):
        message(bytes(4097))
