"""Passkeys without a server: which pages may use them, and that no bytes of a stranger's do harm."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.authenticator import Authenticator, data, text

from cenote.domain import passkeys
from cenote.domain.errors import CognitoError
from cenote.domain.passkeys import Passkey, Registration

RP = "auth.example.com"
ORIGIN = f"https://{RP}"
POOL: dict[str, Any] = {
    "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
    "WebAuthnConfiguration": {"RelyingPartyId": RP, "UserVerification": "preferred"},
}
KEY, NONCE, NOW = b"k" * 32, b"n" * 24, 1_700_000_000_000
REGISTRATION = Registration("use", "sub-of-ada", "client", RP, NOW + 1000)
DEVICE = Authenticator()


def options() -> dict[str, Any]:
    challenge = passkeys.registration_challenge(KEY, NONCE, REGISTRATION)
    return passkeys.creation_options(POOL, RP, challenge=challenge, sub="sub-of-ada", username="ada", held=[])


MADE = DEVICE.make(options(), ORIGIN)
REGISTERED = passkeys.registered(POOL, MADE, REGISTRATION, now=NOW)
CHALLENGE = b"c" * 32
ASKED = passkeys.request_options(RP, CHALLENGE, [REGISTERED.descriptor], verify=False, timeout=1)


def count(proof: str, passkey: Passkey = REGISTERED) -> int | None:
    return passkeys.new_sign_count(POOL, RP, proof, CHALLENGE, passkey, verify=False)


def test_the_library_is_not_loaded_before_the_first_passkey() -> None:
    """A start does not pay for what few requests need."""
    program = "import sys, cenote.server.app; print('webauthn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_right_assertion_gives_its_counter() -> None:
    assert count(DEVICE.get(ASKED, ORIGIN)) == DEVICE.count


def test_nobodys_passkey_takes_no_assertion() -> None:
    assert count(DEVICE.get(ASKED, ORIGIN), passkeys.stand_in(RP)) is None


@given(st.text() | st.none() | st.integers() | st.lists(st.just(ORIGIN)))
def test_case_46_only_the_one_origin_is_allowed(origin: object) -> None:
    assert passkeys.is_origin(POOL, RP, origin) is (origin == ORIGIN)


@given(st.text(alphabet=":/@.\\?#[]%", min_size=1, max_size=3), st.sampled_from([0, 5, 8, len(ORIGIN)]))
def test_case_46_nothing_can_be_put_into_it(junk: str, place: int) -> None:
    assert not passkeys.is_origin(POOL, RP, ORIGIN[:place] + junk + ORIGIN[place:])


def damaged(encoded: str, place: int, byte: int) -> str:
    raw = bytearray(data(encoded))
    raw[place % len(raw)] ^= byte
    return text(bytes(raw))


@settings(max_examples=300)
@given(
    st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
    st.integers(0, 500),
    st.integers(1, 255),
)
def test_case_46_an_assertion_with_any_byte_changed_is_none(member: str, place: int, byte: int) -> None:
    proof = json.loads(DEVICE.get(ASKED, ORIGIN))
    proof["response"][member] = damaged(proof["response"][member], place, byte)
    assert count(json.dumps(proof)) is None


@settings(max_examples=300)
@given(st.sampled_from(["clientDataJSON", "attestationObject"]), st.integers(0, 500), st.integers(1, 255))
def test_a_damaged_registration_is_told_in_awss_words_or_is_harmless(
    member: str, place: int, byte: int
) -> None:
    """An attestation of the kind "none" proves nothing of the key; whatever it names has our challenge and origin."""
    made = {**MADE, "response": {**MADE["response"], member: damaged(MADE["response"][member], place, byte)}}
    try:
        registration = passkeys.registration_of(made, KEY, sub="sub-of-ada", client_id="client", now=NOW)
        passkey = passkeys.registered(POOL, made, registration, now=NOW)
    except CognitoError:
        return
    assert passkey.credential_id == DEVICE.id
    said = json.loads(data(made["response"]["clientDataJSON"]))
    asked = {"type": "webauthn.create", "challenge": options()["challenge"], "origin": ORIGIN}
    assert {name: said[name] for name in asked} == asked


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_no_credential_is_refused(anything: Any) -> None:
    with pytest.raises(CognitoError):
        passkeys.registration_of(anything, KEY, sub="s", client_id="c", now=NOW)
    if not (isinstance(anything, dict) and isinstance(anything.get("id"), str)):
        with pytest.raises(CognitoError):
            passkeys.asserted_id(json.dumps(anything))


def test_a_decoys_passkey_is_the_same_at_every_try_and_anothers_for_another() -> None:
    secret = b"s" * 32
    shown = [passkeys.decoy_descriptors(secret, f"user-{index}") for index in range(50)]
    assert shown == [passkeys.decoy_descriptors(secret, f"user-{index}") for index in range(50)]
    assert len({descriptor["id"] for [descriptor] in shown}) == 50
    assert {len(data(descriptor["id"])) for [descriptor] in shown} == {16, 20, 32}
