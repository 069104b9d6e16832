"""DPoP proofs (RFC 9449): that who sends a request holds a key, shown by signing what the request is.

A proof brings its own public key, so the signature tells nothing but possession; the key's thumbprint is what tokens
are bound to. Only asymmetric algorithms of known strength are read, and the key has to be of the kind that its
algorithm means (SECURITY.md cases 27 to 29, 33).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from cenote.domain import base64url

TYPE: Final = "dpop+jwt"
# A proof with an RSA key of 4096 bits has about 1,700 characters.
LONGEST: Final = 4096
LONGEST_ID: Final = 256
# How long ago a proof may have been made, and how far its maker's clock may be ahead.
LIFETIME: Final = 5 * 60_000
AHEAD: Final = 60_000
RSA_BITS: Final = range(2048, 4097)
LONGEST_EXPONENT: Final = 32
PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
PORTS: Final = {"http": 80, "https": 443}
COORDINATE: Final = 32

_HASH: Final = SHA256()
_object: Final = msgspec.json.Decoder(dict[str, Any]).decode


class InvalidProof(Exception):
    """What is wrong with a proof, in words for who made it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: the thumbprint of its key, its id, and the server's nonce in it. `issued_at` in epoch ms."""

    key: str
    jti: str
    issued_at: int
    nonce: str


def checked(text: str, *, method: str, url: str, now: int, token: str | None = None) -> Proof:
    """The proof that `text` is for this request, and this access token where one comes with it; else InvalidProof.

    In the order of RFC 9449 4.3. That it is used once, and whose nonce it has, is the caller's to see to.
    """
    if len(text) > LONGEST:
        raise InvalidProof("the proof is too long")
    segments = text.split(".", 3)
    if len(segments) != 3:
        raise InvalidProof("the proof is no JWT")
    header, claims, signature = _read(*segments)
    if header.get("typ") != TYPE:
        raise InvalidProof(f"typ must be {TYPE}")
    if "crit" in header:
        raise InvalidProof("crit is not supported")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise InvalidProof(f"alg must be one of {', '.join(ALGORITHMS)}")
    key = thumbprint_of(header.get("jwk"), algorithm, f"{segments[0]}.{segments[1]}".encode(), signature)
    jti, issued = claims.get("jti"), claims.get("iat")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_ID:
        raise InvalidProof(f"jti must be a text of 1 to {LONGEST_ID} characters")
    if claims.get("htm") != method:
        raise InvalidProof("htm is not the method of the request")
    target = claims.get("htu")
    if not isinstance(target, str) or normalised(target) != normalised(url):
        raise InvalidProof("htu is not the address of the request")
    # A time may have a fraction (RFC 7519 2).
    if not isinstance(issued, int | float):
        raise InvalidProof("iat must be a time")
    if not now - LIFETIME <= issued * 1000 <= now + AHEAD:
        raise InvalidProof("iat is not about now")
    if token is not None and claims.get("ath") != digest(token):
        raise InvalidProof("ath is not the hash of the access token")
    nonce = claims.get("nonce", "")
    if not isinstance(nonce, str):
        raise InvalidProof("nonce must be a text")
    return Proof(key, jti, int(issued * 1000), nonce)


def _read(*segments: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    try:
        header, claims, signature = (base64url.decode(segment) for segment in segments)
        return _object(header), _object(claims), signature
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise InvalidProof("the proof cannot be read") from None


def thumbprint_of(jwk: Any, algorithm: str, signed: bytes, signature: bytes) -> str:
    """The RFC 7638 thumbprint of the public key that made the signature; InvalidProof if it did not."""
    if not isinstance(jwk, dict) or not PRIVATE.isdisjoint(jwk):
        raise InvalidProof("jwk must be a public key")
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
        raise InvalidProof("jwk is a key for something else")
    try:
        members = ALGORITHMS[algorithm](jwk, signed, signature)
    except (InvalidSignature, ValueError):
        raise InvalidProof("the proof is not signed with the key in its header") from None
    return base64url.encode(hashlib.sha256(msgspec.json.encode(members)).digest())


def _es256(jwk: Mapping[str, Any], signed: bytes, signature: bytes) -> dict[str, str]:
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise InvalidProof("ES256 needs a key of the curve P-256")
    x, y = _member(jwk, "x"), _member(jwk, "y")
    if len(x) != COORDINATE or len(y) != COORDINATE or len(signature) != 2 * COORDINATE:
        raise InvalidProof("the key or the signature has the wrong length")
    # Refuses a point that is not on the curve.
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
    )
    public = numbers.public_key()
    r, s = (int.from_bytes(half, "big") for half in (signature[:COORDINATE], signature[COORDINATE:]))
    public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(_HASH))
    return {"crv": "P-256", "kty": "EC", "x": jwk["x"], "y": jwk["y"]}


def _rsa(scheme: Any) -> Callable[[Mapping[str, Any], bytes, bytes], dict[str, str]]:
    def verified(jwk: Mapping[str, Any], signed: bytes, signature: bytes) -> dict[str, str]:
        if jwk.get("kty") != "RSA":
            raise InvalidProof("RS256 and PS256 need an RSA key")
        raw_n, raw_e = _member(jwk, "n"), _member(jwk, "e")
        n, e = (int.from_bytes(part, "big") for part in (raw_n, raw_e))
        if n.bit_length() not in RSA_BITS or not 3 <= e < 1 << LONGEST_EXPONENT:
            raise InvalidProof("an RSA key has 2048 to 4096 bits and a small exponent")
        if 0 in {raw_n[0], raw_e[0]}:
            # Leading zeros would give one key many thumbprints.
            raise InvalidProof("jwk cannot be read")
        rsa.RSAPublicNumbers(e, n).public_key().verify(signature, signed, scheme, _HASH)
        return {"e": jwk["e"], "kty": "RSA", "n": jwk["n"]}

    return verified


def _member(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    try:
        decoded = base64url.decode(value) if isinstance(value, str) else b""
    except ValueError:
        decoded = b""
    if not decoded:
        raise InvalidProof("jwk cannot be read")
    return decoded


# What discovery lists, in the order in which it does.
ALGORITHMS: Final[Mapping[str, Callable[[Mapping[str, Any], bytes, bytes], dict[str, str]]]] = {
    "ES256": _es256,
    "RS256": _rsa(padding.PKCS1v15()),
    "PS256": _rsa(padding.PSS(padding.MGF1(_HASH), _HASH.digest_size)),
}


def digest(token: str) -> str:
    """`ath`: what a proof says of the access token that it goes with (RFC 9449 4.2)."""
    return base64url.encode(hashlib.sha256(token.encode()).digest())


def normalised(url: str) -> str:
    """An address without query and fragment, written as every other spelling of it (RFC 3986 6.2.2 and 6.2.3).

    Empty for what is none: equal to no address of ours.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    at = "" if port in {None, PORTS[scheme]} else f":{port}"
    return f"{scheme}://{host.lower()}{at}{parts.path or '/'}"
