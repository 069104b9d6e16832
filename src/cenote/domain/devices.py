"""Devices of a user: how they are named, what a pool does with them, the secret that they prove themselves by.

A pool tracks devices once it has a DeviceConfiguration, even an empty one (documented at DeviceConfigurationType). Each
sign-in that names no device gets the key of a new one, and ConfirmDevice makes it a device of the user.
"""

import binascii
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cenote.domain import identifiers, srp
from cenote.domain.errors import InvalidParameter

Document: TypeAlias = Mapping[str, Any]

REMEMBERED: Final = "remembered"
NOT_REMEMBERED: Final = "not_remembered"

# The model's limit of DeviceKeyType; a UUID and the `_` take 37 characters of it.
MOST_KEY: Final = 55
_REGION_ROOM: Final = MOST_KEY - 37
_GROUP_ALPHABET: Final = string.digits + string.ascii_letters
_GROUP_LENGTH: Final = 8
_MOST_SALT: Final = 64


@dataclass(frozen=True, slots=True)
class Device:
    """A device that its user confirmed. `address` is where it last signed in from, empty where that is unknown."""

    pool_id: str
    sub: str
    device_key: str
    name: str | None
    status: str
    address: str
    created_at: int
    updated_at: int
    authenticated_at: int

    @property
    def remembered(self) -> bool:
        """Whether it proves itself at sign-in, and may stand for a second factor where the pool lets it."""
        return self.status == REMEMBERED


@dataclass(frozen=True, slots=True)
class DeviceSecret:
    """A device's SRP verifier and salt, as `srp` takes them."""

    verifier: bytes
    salt: bytes


def tracks(document: Document) -> bool:
    """Whether the pool knows of devices at all."""
    return document.get("DeviceConfiguration") is not None


def replace_mfa(document: Document) -> bool:
    """Whether a remembered device stands for the second factor."""
    return bool(document.get("DeviceConfiguration", {}).get("ChallengeRequiredOnNewDevice"))


def asks_user(document: Document) -> bool:
    """Whether a confirmed device is remembered only once its user says so."""
    return bool(document.get("DeviceConfiguration", {}).get("DeviceOnlyRememberedOnUserPrompt"))


def new_key(pool_id: str, random: bytes) -> str:
    """`<region>_<uuid>`, from 16 random bytes."""
    return f"{identifiers.region_of(pool_id)[:_REGION_ROOM]}_{identifiers.new_uuid(random)}"


def group_key(secret: bytes) -> str:
    """`-` and 8 letters or digits (recorded), from 16 bytes or more of the pool's own: all its devices share it."""
    return "-" + identifiers.draw(secret, _GROUP_ALPHABET, _GROUP_LENGTH)


def secret_from_wire(config: Mapping[str, str]) -> DeviceSecret:
    """What DeviceSecretVerifierConfig brings; InvalidParameter for what is no verifier or salt (assumed text)."""
    try:
        verifier = srp.parse_verifier(_decoded(config.get("PasswordVerifier", "")))
        salt = _decoded(config.get("Salt", ""))
    except ValueError:
        raise InvalidParameter("Invalid device secret verifier given.") from None
    if not 0 < len(salt) <= _MOST_SALT:
        raise InvalidParameter("Invalid device secret verifier given.")
    return DeviceSecret(verifier, salt)


def _decoded(text: str) -> bytes:
    """Base64, whether padded or not: AWS's own example is not."""
    if len(text) > 2 * srp.NUMBER_SIZE:
        raise ValueError("longer than any number of the group")
    return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
