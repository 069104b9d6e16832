"""Tokens signed with ES256, with PyJWT and `cryptography` as witnesses; neither kind passes for the other."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import jwt

CLAIMS = {"sub": "429574a4-a081-4006-893f-94b7d6ede76b", "token_use": "access", "exp": 1_793_624_400}
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = PRIVATE.public_key()
KEY = jwt.CurveKey(jwt.thumbprint(PUBLIC), PRIVATE)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_KEY = jwt.SigningKey(jwt.thumbprint(RSA.public_key()), RSA)
VERIFIER = jwt.Verifier({KEY.kid: PUBLIC, RSA_KEY.kid: RSA.public_key()})
TOKEN = jwt.sign(CLAIMS, KEY)


def test_a_signed_token_verifies_to_its_claims() -> None:
    assert VERIFIER.verify(TOKEN) == CLAIMS
    assert VERIFIER.verify(jwt.sign(CLAIMS, RSA_KEY)) == CLAIMS


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.integers(0, 2**53)))
def test_any_claims_survive_and_pyjwt_reads_the_same(claims: dict[str, Any]) -> None:
    token = jwt.sign(claims, KEY)
    assert VERIFIER.verify(token) == claims
    assert json.loads(pyjwt.api_jws.decode(token, key=PUBLIC, algorithms=["ES256"])) == claims


def test_the_header_has_the_members_of_the_other_kind() -> None:
    header = base64.urlsafe_b64decode(TOKEN.split(".")[0] + "==")
    assert header == b'{"kid":"%b","alg":"ES256"}' % KEY.kid.encode()


def test_cryptography_verifies_the_signature() -> None:
    signed, _, signature = TOKEN.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    assert len(raw) == 64
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    PUBLIC.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))


def test_pyjwt_verifies_with_the_published_key() -> None:
    published = json.loads(jwt.jwks([jwt.public_jwk(PUBLIC, KEY.kid), jwt.public_jwk(RSA.public_key(), "r")]))
    keys = pyjwt.PyJWKSet.from_dict(published)
    assert pyjwt.decode(TOKEN, keys[KEY.kid], algorithms=["ES256"], options={"verify_exp": False}) == CLAIMS


def test_the_published_key_is_public_and_can_be_read_again() -> None:
    text = jwt.public_jwk(PUBLIC, "a kid")
    assert list(json.loads(text)) == ["alg", "crv", "kid", "kty", "use", "x", "y"]
    again = jwt.load_public_jwk(text)
    assert again == PUBLIC


def test_the_kid_is_the_keys_thumbprint() -> None:
    jwk = pyjwt.algorithms.ECAlgorithm.to_jwk(PUBLIC, as_dict=True)
    members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    assert KEY.kid == base64.b64encode(hashlib.sha256(members.encode()).digest()).decode()


def test_a_private_key_survives_being_written_and_read() -> None:
    loaded = jwt.loaded(KEY.kid, jwt.private_key_der(PRIVATE))
    assert isinstance(loaded, jwt.CurveKey)
    assert VERIFIER.verify(jwt.sign(CLAIMS, loaded)) == CLAIMS
    assert isinstance(jwt.loaded(RSA_KEY.kid, jwt.private_key_der(RSA)), jwt.SigningKey)


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def made(header: Mapping[str, Any], private: Any, algorithm: str) -> str:
    """A token with this header, signed by that algorithm whatever the header says."""
    text = f"{encoded(header)}.{TOKEN.split('.')[1]}"
    signature = pyjwt.get_algorithm_by_name(algorithm).sign(text.encode(), private)
    return f"{text}.{encoded(signature)}"


def test_what_is_bent_below_is_good_before_it_is_bent() -> None:
    header = {"kid": KEY.kid, "alg": "ES256"}
    verified = [VERIFIER.verify(made(header, PRIVATE, "ES256")) for _ in range(20)]
    # PyJWT signs with either half; about one in two is the one that is ours.
    assert CLAIMS in verified


@pytest.mark.parametrize(
    ("key", "alg", "private", "algorithm"),
    [
        (KEY, "RS256", RSA, "RS256"),
        (KEY, "RS256", PRIVATE, "ES256"),
        (KEY, "ES256", RSA, "RS256"),
        (RSA_KEY, "ES256", PRIVATE, "ES256"),
        (RSA_KEY, "ES256", RSA, "RS256"),
        (RSA_KEY, "RS256", PRIVATE, "ES256"),
        (RSA_KEY, "PS256", RSA, "PS256"),
        (KEY, "ES384", ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (KEY, "ES256", ec.generate_private_key(ec.SECP256R1()), "ES256"),
    ],
)
def test_case_27_no_kind_of_key_passes_for_the_other(
    key: jwt.AnyKey, alg: str, private: Any, algorithm: str
) -> None:
    for _ in range(4):
        assert VERIFIER.verify(made({"kid": key.kid, "alg": alg}, private, algorithm)) is None


def test_case_27_no_hmac_with_the_public_key() -> None:
    forms = (serialization.Encoding.PEM, serialization.Encoding.DER)
    keys = [PUBLIC.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo) for form in forms]
    keys.append(
        PUBLIC.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    for alg in ("HS256", "ES256"):
        text = f"{encoded({'kid': KEY.kid, 'alg': alg})}.{TOKEN.split('.')[1]}"
        for key in keys:
            assert VERIFIER.verify(f"{text}.{encoded(hmac.digest(key, text.encode(), 'sha256'))}") is None


@pytest.mark.parametrize(
    "signature", [b"", b"\0" * 64, b"\0" * 63 + b"\1", b"\xff" * 64, b"\0" * 32, b"\0" * 65]
)
def test_case_27_no_signature_of_nothing(signature: bytes) -> None:
    """All zeros: what CVE-2022-21449 let through."""
    assert VERIFIER.verify(f"{TOKEN.rpartition('.')[0]}.{encoded(signature)}") is None


def test_case_32_a_signature_has_one_spelling() -> None:
    text, _, signature = TOKEN.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    other = raw[:32] + (jwt.ORDER - s).to_bytes(32, "big")
    pyjwt.api_jws.decode(f"{text}.{encoded(other)}", key=PUBLIC, algorithms=["ES256"])
    assert VERIFIER.verify(f"{text}.{encoded(other)}") is None
    assert VERIFIER.verify(f"{text}.{encoded(encode_dss_signature(r, s))}") is None, "DER is another spelling"
    assert VERIFIER.verify(f"{text}.{signature}=") is None
    assert VERIFIER.verify(f"{text}.{encoded(raw[:32] + bytes(1) + raw[32:])}") is None


@given(st.data())
def test_another_letter_anywhere_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOKEN) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_."))
    if letter != TOKEN[at]:
        assert VERIFIER.verify(TOKEN[:at] + letter + TOKEN[at + 1 :]) is None


def test_signatures_of_many_tokens_are_all_of_the_lower_half() -> None:
    for number in range(50):
        token = jwt.sign({"n": number}, KEY)
        raw = base64.urlsafe_b64decode(token.rpartition(".")[2] + "==")
        assert int.from_bytes(raw[32:], "big") <= jwt.ORDER // 2
        assert VERIFIER.verify(token) == {"n": number}
