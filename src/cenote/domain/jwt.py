"""The tokens that a pool signs: RS256, nothing else, and verified as strictly as only their issuer can.

A token is good here only if its first segment is, letter for letter, the one this module writes for a key
of the pool. So there is no algorithm, `crit`, `jwk`, `jku`, `x5u` or `zip` to be talked into, and a `kid` is
compared as a whole, never looked up. Cognito's header is `{"kid":…,"alg":"RS256"}`, without `typ` (recorded).
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from cenote.domain import base64url

# Longer than any token with every attribute in it that a user can have; checked before any work.
MAX_LENGTH: Final = 1 << 18
# How many good tokens are remembered, and how long one may be for that: about 5 MB of usual ones.
REMEMBERED: Final = 2048
REMEMBERED_LENGTH: Final = 4096
# How far the clocks of two nodes may be apart: a token may be that much younger than the present.
CLOCK_SKEW: Final = 60_000

_PADDING: Final = padding.PKCS1v15()
_HASH: Final = SHA256()
_encode_json: Final = msgspec.json.Encoder().encode
_decode_claims: Final = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """One of a pool's private keys, with the header segment of everything it signs."""

    kid: str
    private: RSAPrivateKey
    header: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", _header(self.kid))


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """Write claims as a token, in their order."""
    signed = f"{key.header}.{base64url.encode(_encode_json(claims))}"
    return f"{signed}.{base64url.encode(key.private.sign(signed.encode(), _PADDING, _HASH))}"


class Seen(dict[tuple["Verifier", str], Mapping[str, Any]]):
    """Good tokens, each beside the verifier that found it good: to another one it is a stranger. Safe to lose."""

    def keep(self, key: tuple["Verifier", str], claims: Mapping[str, Any]) -> None:
        if len(self) >= REMEMBERED:
            self.pop(next(iter(self)))
        self[key] = claims


class Verifier:
    """Tells a pool's own tokens from all others.

    Remembers what it has seen: that these keys signed this text stays true, and apps send one token many times.
    """

    __slots__ = ("_keys", "_seen")

    def __init__(self, keys: Mapping[str, RSAPublicKey], seen: "Seen | None" = None) -> None:
        """Take the public keys that may have signed, by kid; those of another pool are not among them.

        `seen` is a memory that verifiers may share.
        """
        self._keys = {_header(kid): key for kid, key in keys.items()}
        self._seen = Seen() if seen is None else seen

    def verify(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims if one of the keys signed exactly this text; None for anything else.

        Whether the claims are good now, and for what, is for `judge`.
        """
        claims = self._seen.get((self, token))
        if claims is None:
            claims = self._verified(token)
            if claims is not None and len(token) <= REMEMBERED_LENGTH:
                self._seen.keep((self, token), claims)
        return claims

    def _verified(self, token: str) -> Mapping[str, Any] | None:
        if len(token) > MAX_LENGTH:
            return None
        header, *rest = token.split(".", 3)
        key = self._keys.get(header)
        if key is None or len(rest) != 2:
            return None
        payload, signature = rest
        try:
            key.verify(base64url.decode(signature), f"{header}.{payload}".encode("ascii"), _PADDING, _HASH)
        except (InvalidSignature, ValueError):
            return None
        # The signature covers the payload's spelling, so only its own had to be looked at.
        return MappingProxyType(_decode_claims(base64.urlsafe_b64decode(payload + "==")))


def unverified_claims(token: str) -> dict[str, Any] | None:
    """What a token says, to find out who should verify it. Nothing of it is to be trusted."""
    segments = token.split(".", 3) if len(token) <= MAX_LENGTH else ()
    if len(segments) != 3:
        return None
    try:
        return _decode_claims(base64.urlsafe_b64decode(segments[1] + "=="))
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


def private_key_der(private: RSAPrivateKey) -> bytes:
    """Serialise a private key as PKCS8, in the clear: for sealing."""
    return private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_private_key(der: bytes) -> RSAPrivateKey:
    """Read what `private_key_der` wrote.

    Its primes are not tested again, which takes 40 ms: only what this server made and sealed comes here.
    """
    key = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key


def thumbprint(public: RSAPublicKey) -> str:
    """Name a key: the RFC 7638 SHA-256 thumbprint as standard base64, the form of Cognito's kids."""
    numbers = public.public_numbers()
    members = {"e": base64url.encode_number(numbers.e), "kty": "RSA", "n": base64url.encode_number(numbers.n)}
    return base64.b64encode(hashlib.sha256(_encode_json(members)).digest()).decode()


def public_jwk(public: RSAPublicKey, kid: str) -> str:
    """Write a public key as the JSON of a JWK, members in Cognito's order (recorded)."""
    numbers = public.public_numbers()
    return _encode_json(
        {
            "alg": "RS256",
            "e": base64url.encode_number(numbers.e),
            "kid": kid,
            "kty": "RSA",
            "n": base64url.encode_number(numbers.n),
            "use": "sig",
        }
    ).decode()


def load_public_jwk(jwk: str) -> RSAPublicKey:
    """Read what `public_jwk` wrote."""
    members = msgspec.json.decode(jwk, type=dict[str, str])
    numbers = (int.from_bytes(base64url.decode(members[name]), "big") for name in ("e", "n"))
    return RSAPublicNumbers(*numbers).public_key()


def jwks(public_jwks: Iterable[str]) -> bytes:
    """Write the body of /.well-known/jwks.json."""
    return f'{{"keys":[{",".join(public_jwks)}]}}'.encode()


def _header(kid: str) -> str:
    return base64url.encode(_encode_json({"kid": kid, "alg": "RS256"}))
