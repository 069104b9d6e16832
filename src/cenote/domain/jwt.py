"""The tokens that a pool signs: RS256, or ES256 for a client that asks; verified as strictly as only their issuer can.

A token is good here only if its first segment is, letter for letter, the one this module writes for a key
of the pool. So there is no algorithm, `crit`, `jwk`, `jku`, `x5u` or `zip` to be talked into, and a `kid` is
compared as a whole, never looked up: each key has the one algorithm of its kind, and a header with the other is none
of ours. Cognito's header is `{"kid":…,"alg":"RS256"}`, without `typ` (recorded).
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from cenote.domain import base64url

# Longer than any token with every attribute in it that a user can have; checked before any work.
MAX_LENGTH: Final = 1 << 18
# How many good tokens are remembered, and how long one may be for that: about 5 MB of usual ones.
REMEMBERED: Final = 2048
REMEMBERED_LENGTH: Final = 4096
# How far the clocks of two nodes may be apart: a token may be that much younger than the present.
CLOCK_SKEW: Final = 60_000

RS256: Final = "RS256"
ES256: Final = "ES256"
# The bytes of a coordinate, and of each half of a signature; the order of the group.
COORDINATE: Final = 32
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_PADDING: Final = padding.PKCS1v15()
_HASH: Final = SHA256()
_ECDSA: Final = ECDSA(_HASH)
_encode_json: Final = msgspec.json.Encoder().encode
_decode_claims: Final = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """One of a pool's private keys, with the header segment of everything it signs."""

    kid: str
    private: RSAPrivateKey
    header: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", _header(self.kid, RS256))

    def signature(self, signed: bytes) -> bytes:
        return self.private.sign(signed, _PADDING, _HASH)


@dataclass(frozen=True, slots=True, eq=False)
class CurveKey:
    """The same on the curve P-256."""

    kid: str
    private: EllipticCurvePrivateKey
    header: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", _header(self.kid, ES256))

    def signature(self, signed: bytes) -> bytes:
        """Of the two that say the same the one with the lower half, so that a token has one spelling (case 32)."""
        r, s = decode_dss_signature(self.private.sign(signed, _ECDSA))
        return r.to_bytes(COORDINATE, "big") + min(s, ORDER - s).to_bytes(COORDINATE, "big")


AnyKey = SigningKey | CurveKey
PublicKey = RSAPublicKey | EllipticCurvePublicKey


def sign(claims: Mapping[str, Any], key: AnyKey) -> str:
    """Write claims as a token, in their order."""
    signed = f"{key.header}.{base64url.encode(_encode_json(claims))}"
    return f"{signed}.{base64url.encode(key.signature(signed.encode()))}"


class Seen(dict[str, tuple["Verifier", Mapping[str, Any]]]):
    """Good tokens, each with the verifier that found it good: to another one it is a stranger. Safe to lose."""

    def keep(self, token: str, verifier: "Verifier", claims: Mapping[str, Any]) -> None:
        if len(self) >= REMEMBERED and token not in self:
            self.pop(next(iter(self)))
        self[token] = verifier, claims


class Verifier:
    """Tells a pool's own tokens from all others.

    Remembers what it has seen: that these keys signed this text stays true, and apps send one token many times.
    """

    __slots__ = ("_checks", "_seen")

    def __init__(self, keys: Mapping[str, PublicKey], seen: "Seen | None" = None) -> None:
        """Take the public keys that may have signed, by kid; those of another pool are not among them.

        `seen` is a memory that verifiers may share.
        """
        self._checks = dict(_checked_by(kid, key) for kid, key in keys.items())
        self._seen = Seen() if seen is None else seen

    def verify(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims if one of the keys signed exactly this text; None for anything else.

        Whether the claims are good now, and for what, is for `judge`.
        """
        seen = self._seen.get(token)
        if seen is not None and seen[0] is self:
            return seen[1]
        claims = self._verified(token)
        if claims is not None and len(token) <= REMEMBERED_LENGTH:
            self._seen.keep(token, self, claims)
        return claims

    def _verified(self, token: str) -> Mapping[str, Any] | None:
        if len(token) > MAX_LENGTH:
            return None
        header, *rest = token.split(".", 3)
        check = self._checks.get(header)
        if check is None or len(rest) != 2:
            return None
        payload, signature = rest
        try:
            check(base64url.decode(signature), f"{header}.{payload}".encode("ascii"))
        except (InvalidSignature, ValueError):
            return None
        # The signature covers the payload's spelling, so only its own had to be looked at.
        return MappingProxyType(_decode_claims(base64url.lenient(payload)))


def _checked_by(kid: str, key: PublicKey) -> tuple[str, Callable[[bytes, bytes], None]]:
    """The one header that goes with a key, and what checks a signature: InvalidSignature or ValueError."""
    if isinstance(key, RSAPublicKey):
        return _header(kid, RS256), lambda signature, signed: key.verify(signature, signed, _PADDING, _HASH)
    return _header(kid, ES256), lambda signature, signed: _check_curve(key, signature, signed)


def _check_curve(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> None:
    r, s = (int.from_bytes(half, "big") for half in (signature[:COORDINATE], signature[COORDINATE:]))
    if len(signature) != 2 * COORDINATE or s > ORDER // 2:
        raise ValueError("not a signature that this module wrote")
    key.verify(encode_dss_signature(r, s), signed, _ECDSA)


def unverified_claims(token: str) -> dict[str, Any] | None:
    """What a token says, to find out who should verify it. Nothing of it is to be trusted."""
    segments = token.split(".", 3) if len(token) <= MAX_LENGTH else ()
    if len(segments) != 3:
        return None
    try:
        return _decode_claims(base64url.lenient(segments[1]))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None


class Standing(Enum):
    """What a genuine token is worth."""

    GOOD = auto()
    EXPIRED = auto()
    WRONG = auto()


def judge(claims: Mapping[str, Any], *, issuer: str, token_use: str, now: int) -> Standing:
    """Weigh verified claims: of this issuer, for this use (`access` or `id`), within their time.

    `now` is epoch ms. A time that is missing or no whole number makes a token wrong, and so does one of issue
    or beginning that lies in the future. `aud` and `client_id` are the caller's to compare.
    """
    if claims.get("iss") != issuer or claims.get("token_use") != token_use:
        return Standing.WRONG
    expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    # `type`, because True is an int, too.
    if type(expires) is not int or type(issued) is not int or type(begins) is not int:
        return Standing.WRONG
    if max(issued, begins) * 1000 > now + CLOCK_SKEW:
        return Standing.WRONG
    return Standing.EXPIRED if expires * 1000 <= now else Standing.GOOD


def private_key_der(private: RSAPrivateKey | EllipticCurvePrivateKey) -> bytes:
    """Serialise a private key as PKCS8, in the clear: for sealing."""
    return private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_private_key(der: bytes) -> RSAPrivateKey | EllipticCurvePrivateKey:
    """Read what `private_key_der` wrote.

    An RSA key's primes are not tested again, which takes 40 ms: only what this server made and sealed comes here.
    """
    key = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, RSAPrivateKey) or (
        isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)
    ):
        return key
    raise TypeError("neither an RSA key nor one of the curve P-256")


def loaded(kid: str, der: bytes) -> AnyKey:
    """The key to sign with that `private_key_der` wrote."""
    private = load_private_key(der)
    return SigningKey(kid, private) if isinstance(private, RSAPrivateKey) else CurveKey(kid, private)


def thumbprint(public: PublicKey) -> str:
    """Name a key: the RFC 7638 SHA-256 thumbprint as standard base64, the form of Cognito's kids."""
    members = _members(public)
    return base64.b64encode(hashlib.sha256(_encode_json(members)).digest()).decode()


def public_jwk(public: PublicKey, kid: str) -> str:
    """Write a public key as the JSON of a JWK, members in Cognito's order (recorded), which is that of the alphabet."""
    algorithm = RS256 if isinstance(public, RSAPublicKey) else ES256
    members = {"alg": algorithm, "kid": kid, "use": "sig", **_members(public)}
    return _encode_json(dict(sorted(members.items()))).decode()


def _members(public: PublicKey) -> dict[str, str]:
    """The members of a key that its thumbprint is of (RFC 7638 3.2), in its order."""
    number = base64url.encode_number
    if isinstance(public, RSAPublicKey):
        rsa = public.public_numbers()
        return {"e": number(rsa.e), "kty": "RSA", "n": number(rsa.n)}
    point = public.public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": number(point.x, COORDINATE), "y": number(point.y, COORDINATE)}


def load_public_jwk(jwk: str) -> PublicKey:
    """Read what `public_jwk` wrote."""
    members = msgspec.json.decode(jwk, type=dict[str, str])
    if members["kty"] == "EC":
        x, y = (int.from_bytes(base64url.decode(members[name]), "big") for name in ("x", "y"))
        return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    numbers = (int.from_bytes(base64url.decode(members[name]), "big") for name in ("e", "n"))
    return RSAPublicNumbers(*numbers).public_key()


def jwks(public_jwks: Iterable[str]) -> bytes:
    """Write the body of /.well-known/jwks.json."""
    return f'{{"keys":[{",".join(public_jwks)}]}}'.encode()


def _header(kid: str, algorithm: str) -> str:
    return base64url.encode(_encode_json({"kid": kid, "alg": algorithm}))
