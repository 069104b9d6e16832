"""Secure Remote Password (SRP-6a) as Cognito speaks it: RFC 5054's 3072-bit group, g = 2, SHA-256.

Where Cognito leaves RFC 5054: numbers are hashed in their shortest big-endian form with 00 before a high
bit, the identity in x carries the pool's name (what follows `_` in its id) with nothing between it and the
user id, and the key is HKDF-SHA256 over S, salted with u. Checked against pycognito, which drives the
tests, and amazon-cognito-identity-js. Device SRP is the same with the device group key in place of the
pool's name and the device key in place of the user id.

A sign-in costs three modular powers with exponents of 256 bits: one in `challenge`, two in `shared_key`.
`verifier` and `check_password` cost one. Numbers cross this module's border as big-endian bytes.
"""

import hashlib
import hmac
from typing import Final, NamedTuple

from gmpy2 import invert, mpz, powmod

SALT_SIZE: Final = 16
EXPONENT_SIZE: Final = 32
NUMBER_SIZE: Final = 384

_N: Final = mpz(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_G: Final = mpz(2)
_INFO: Final = b"Caldera Derived Key\x01"
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")


class Decoy(NamedTuple):
    """What an unknown user is challenged with; shaped like a real user's record."""

    salt: bytes
    verifier: bytes


def verifier(pool_name: str, username: str, password: str, salt: bytes) -> bytes:
    """Derive what is stored in place of a password. One modular power.

    `username` is the user id that clients hash, USER_ID_FOR_SRP: the stored name, not an alias.
    """
    return _fixed(_power_of_g(_private_key(pool_name, username, password, salt)))


def check_password(pool_name: str, username: str, password: str, salt: bytes, stored: bytes) -> bool:
    """Tell, in constant time, whether `password` has the stored verifier. One modular power."""
    return hmac.compare_digest(verifier(pool_name, username, password, salt), stored)


def challenge(stored: bytes, b: bytes) -> bytes:
    """Answer the first step with B = kv + g^b; `b` is 32 fresh random bytes. One modular power."""
    return _fixed((_K * _element(stored) + _power_of_g(_exponent(b))) % _N)


def shared_key(client_public: bytes, server_public: bytes, b: bytes, stored: bytes) -> bytes:
    """Compute the 16-byte key that client and server share, from A, B, b and v. Two modular powers.

    Raises ValueError for an A that no honest client sends.
    """
    public = _element(client_public)
    scramble = _hashed(public, _element(server_public))
    base = public * powmod(_element(stored), scramble, _N) % _N
    secret = powmod(base, _exponent(b), _N)
    extracted = hmac.new(_shortest(scramble), _shortest(secret), "sha256").digest()
    return hmac.new(extracted, _INFO, "sha256").digest()[:16]


def signature(key: bytes, pool_name: str, username: str, secret_block: bytes, timestamp: str) -> bytes:
    """Compute the password claim that the client must send; `secret_block` is decoded from its base64."""
    claim = pool_name.encode() + username.encode() + secret_block + timestamp.encode()
    return hmac.new(key, claim, "sha256").digest()


def decoy(secret: bytes, username: str) -> Decoy:
    """Make up a salt and verifier for a user who does not exist: the same at every try, no power spent.

    `username` must name the pool too, and be folded as the pool folds names. From here on the unknown user
    costs what a known one does; nobody knows a password for the verifier.
    """
    salt = hmac.new(secret, b"srp salt\0" + username.encode(), "sha256").digest()[:SALT_SIZE]
    seed = hmac.new(secret, b"srp verifier\0" + username.encode(), "sha256").digest()
    root = mpz.from_bytes(hashlib.shake_256(seed).digest(NUMBER_SIZE), "big")
    # Every real verifier is a square, so this one is, too.
    return Decoy(salt, _fixed(root * root % _N))


def parse_public(text: str) -> bytes:
    """Read a client's A, as hexadecimal from the wire, into NUMBER_SIZE bytes.

    Raises ValueError unless it is a plain hexadecimal number from 1 to N - 1 (A mod N = 0 would let
    anyone in). The size is checked before any work.
    """
    # Some clients send a leading 00.
    if not 0 < len(text) <= 2 * NUMBER_SIZE + 2 or not _HEX_DIGITS.issuperset(text):
        raise ValueError("not a hexadecimal number of a fitting size")
    number = mpz(text, 16)
    if not 0 < number < _N:
        raise ValueError("not in the group")
    return _fixed(number)


def parse_verifier(number: bytes) -> bytes:
    """Bring a verifier that a client computed to NUMBER_SIZE bytes; ValueError if it is not in the group."""
    return _fixed(_element(number))


def to_hex(number: bytes) -> str:
    """Write a number (B, or a salt) as SRP_B and SALT carry it.

    Without leading zeros: some clients hash the text of the salt and others the number it names, and only
    of the shortest spelling do both make the same.
    """
    return f"{mpz.from_bytes(number, 'big'):x}"


def _private_key(pool_name: str, username: str, password: str, salt: bytes) -> mpz:
    identity = hashlib.sha256(f"{pool_name}{username}:{password}".encode()).digest()
    salted = _shortest(mpz.from_bytes(salt, "big")) + identity
    return mpz.from_bytes(hashlib.sha256(salted).digest(), "big")


def _hashed(first: mpz, second: mpz) -> mpz:
    return mpz.from_bytes(hashlib.sha256(_shortest(first) + _shortest(second)).digest(), "big")


def _shortest(number: mpz) -> bytes:
    """As few bytes as hold the number, one more where the highest bit would be set."""
    encoded: bytes = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return encoded


def _fixed(number: mpz) -> bytes:
    encoded: bytes = number.to_bytes(NUMBER_SIZE, "big")
    return encoded


def _exponent(random: bytes) -> mpz:
    if len(random) != EXPONENT_SIZE:
        raise ValueError("an exponent is 32 bytes")
    return mpz.from_bytes(random, "big")


def _element(number: bytes) -> mpz:
    element = mpz.from_bytes(number, "big")
    if not 0 < element < _N:
        raise ValueError("not in the group")
    return element


# Powers of g are looked up, five bits of the exponent at a time: a quarter of the cost of a power of any
# other number. Each entry holds one more power of its row's base than its digit says, so that no digit is a
# cheap multiplication by 1 and the time tells nothing of the exponent; `_START` divides the surplus away.
_DIGIT_BITS: Final = 5
_DIGIT_MASK: Final = (1 << _DIGIT_BITS) - 1
_DIGITS: Final = -(-8 * EXPONENT_SIZE // _DIGIT_BITS)


def _powers_of_g() -> tuple[tuple[tuple[mpz, ...], ...], mpz]:
    rows, start, base = [], mpz(1), _G
    for _ in range(_DIGITS):
        row = [base]
        for _ in range(_DIGIT_MASK):
            row.append(row[-1] * base % _N)
        rows.append(tuple(row))
        start = start * base % _N
        base = row[-1]
    return tuple(rows), invert(start, _N)


_ROWS, _START = _powers_of_g()
_K: Final = _hashed(_N, _G)


def _power_of_g(exponent: mpz) -> mpz:
    power, digits = _START, int(exponent)
    for row in _ROWS:
        power = power * row[digits & _DIGIT_MASK] % _N
        digits >>= _DIGIT_BITS
    return power
