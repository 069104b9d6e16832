"""Hands a text message to the company's own gateway, having read the code: here, to a folder."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

SENT = Path(os.environ["RECORDS"])


class Keyring(RawMasterKeyProvider):  # type: ignore[misc] # the library has no types
    provider_id = "cenote"

    def _get_raw_key(self, key_id: str) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=base64.b64decode(os.environ["SENDER_KEY"]),
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


keyring = Keyring()
keyring.add_master_key("custom-sender")
client = aws_encryption_sdk.EncryptionSDKClient()


def handler(event: dict[str, Any], context: Any) -> None:
    code, header = client.decrypt(source=base64.b64decode(event["request"]["code"]), key_provider=keyring)
    if header.encryption_context["userpool-id"] != event["userPoolId"]:
        raise ValueError("not of this pool")
    name = f"{event['triggerSource']}-{event['userName']}-{context.client_context.custom['idempotency_key']}"
    (SENT / name).write_text(json.dumps({**event, "code": code.decode()}))
