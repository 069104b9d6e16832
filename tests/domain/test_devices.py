"""Devices' names and the secrets that ConfirmDevice brings; how the table asks for a device's two steps."""

import base64
import re

import pytest
from msgspec.structs import replace

from cenote.domain import devices, srp
from cenote.domain.errors import InvalidParameter
from cenote.domain.sign_in import Challenge, Flow, Proof, State, next_step

KEY = re.compile(r"[\w-]+_[0-9a-f-]+")


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-east-1", "x" * 45])
def test_a_device_key_fits_the_model_whatever_the_region(region: str) -> None:
    key = devices.new_key(f"{region}_Abcdefghi", bytes(range(16)))
    assert KEY.fullmatch(key)
    assert len(key) <= devices.MOST_KEY
    assert region.startswith(key.partition("_")[0])


def test_a_pools_devices_share_a_group_key() -> None:
    assert devices.group_key(b"a" * 32) == devices.group_key(b"a" * 32) != devices.group_key(b"b" * 32)
    assert re.fullmatch(r"-[0-9A-Za-z]{8}", devices.group_key(b"a" * 32))


def test_a_secret_is_read_into_the_numbers_that_srp_takes() -> None:
    verifier = srp.verifier("-group", "key", "secret", b"\x01" * 16)
    # as clients send it: with 00 before a high bit, or without
    for sent in (verifier, b"\0" + verifier):
        config = {
            "PasswordVerifier": base64.b64encode(sent).decode(),
            "Salt": base64.b64encode(b"\x01" * 16).decode().rstrip("="),
        }
        assert devices.secret_from_wire(config) == devices.DeviceSecret(verifier, b"\x01" * 16)


@pytest.mark.parametrize("config", [{}, {"PasswordVerifier": "BQ"}, {"Salt": "BQ"}])
def test_both_parts_of_a_secret_are_needed(config: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter):
        devices.secret_from_wire(config)


def test_the_second_step_of_a_device_follows_the_first_and_nothing_else() -> None:
    known = State(
        Flow.USER_SRP_AUTH,
        frozenset({Proof.PASSWORD}),
        "CONFIRMED",
        disabled=False,
        password_expired=False,
        device_known=True,
    )
    steps = {
        chosen: next_step(replace(known, chosen=chosen))
        for chosen in ("", "DEVICE_PASSWORD_VERIFIER", "SMS_MFA")
    }
    assert steps == {
        "": Challenge("DEVICE_SRP_AUTH"),
        "DEVICE_PASSWORD_VERIFIER": Challenge("DEVICE_PASSWORD_VERIFIER"),
        "SMS_MFA": Challenge("DEVICE_SRP_AUTH"),
    }
    # Who wants to begin with it has proved nothing.
    unproved = replace(known, proved=frozenset(), chosen="DEVICE_PASSWORD_VERIFIER")
    assert next_step(unproved) == Challenge("PASSWORD_VERIFIER")
