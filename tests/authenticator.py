"""An authenticator in software, with the browser around it: real P-256 keys, attestations and assertions.

What a test wants to be wrong is named in the call; everything else is as a browser and a security key do it.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
AAGUID = bytes.fromhex("7ba8f0c4d1e249a6b0c35d8e9f012345")


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def data(encoded: str) -> bytes:
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


@dataclass
class Authenticator:
    """One passkey's device: its key pair, its signature counter and the user handle it was given."""

    algorithm: int = -7
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    count: int = 0
    handle: str | None = None
    key: Any = None

    def __post_init__(self) -> None:
        if self.key is None and self.algorithm == -257:
            self.key = rsa.generate_private_key(65537, 2048)
        elif self.key is None:
            self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def id(self) -> str:
        return text(self.credential_id)

    @property
    def cose_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        if self.algorithm == -257:
            return cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"})
        x, y = (value.to_bytes(32, "big") for value in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: self.algorithm, -1: 1, -2: x, -3: y})

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == -257:
            return bytes(self.key.sign(message, PKCS1v15(), SHA256()))
        return bytes(self.key.sign(message, ec.ECDSA(SHA256())))

    def make(
        self,
        options: dict[str, Any],
        origin: str,
        *,
        attestation: str = "none",
        rp_id: str | None = None,
        flags: int = PRESENT | VERIFIED,
        attested_id: bytes | None = None,
        signature: bytes | None = None,
        **client_data: Any,
    ) -> dict[str, Any]:
        """A RegistrationResponseJSON: what navigator.credentials.create() gives, as toJSON() shows it."""
        self.handle = options["user"]["id"]
        collected = self._collected("webauthn.create", options["challenge"], origin, client_data)
        attested_id = attested_id or self.credential_id
        authenticator_data = self._data(rp_id or options["rp"]["id"], flags | ATTESTED) + (
            AAGUID + len(attested_id).to_bytes(2, "big") + attested_id + self.cose_key
        )
        statement: dict[str, Any] = {}
        if attestation == "packed":  # self attestation: by the very key that is attested
            signed = self.sign(authenticator_data + hashlib.sha256(collected).digest())
            statement = {"alg": self.algorithm, "sig": signature or signed}
        attested = {"fmt": attestation, "attStmt": statement, "authData": authenticator_data}
        return {
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(collected),
                "attestationObject": text(cbor2.dumps(attested)),
                "transports": ["internal", "hybrid"],
            },
        }

    def get(
        self,
        options: dict[str, Any],
        origin: str,
        *,
        rp_id: str | None = None,
        flags: int = PRESENT | VERIFIED,
        signature: bytes | None = None,
        handle: str | None = None,
        **client_data: Any,
    ) -> str:
        """An AuthenticationResponseJSON as text: what navigator.credentials.get() gives."""
        self.count += 1
        collected = self._collected("webauthn.get", options["challenge"], origin, client_data)
        authenticator_data = self._data(rp_id or options["rpId"], flags)
        signed = self.sign(authenticator_data + hashlib.sha256(collected).digest())
        return json.dumps(
            {
                "id": self.id,
                "rawId": self.id,
                "type": "public-key",
                "authenticatorAttachment": "platform",
                "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": text(collected),
                    "authenticatorData": text(authenticator_data),
                    "signature": text(signature or signed),
                    "userHandle": handle or self.handle,
                },
            }
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _collected(self, kind: str, challenge: str, origin: str, changes: dict[str, Any]) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False, **changes}
        ).encode()
