"""Passwords: what a pool's policy asks of them, what is stored of them, how earlier ones are kept out.

Passwords are taken as sent: nothing is trimmed, folded, normalised or cut (SECURITY.md case 53). A policy is a
PasswordPolicyType document with its defaults filled in or not.
"""

import base64
import hmac
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from cenote.domain import srp
from cenote.domain.errors import InvalidPassword, PasswordHistoryPolicyViolation

Policy: TypeAlias = Mapping[str, Any]
_T = TypeVar("_T")

# Documented in "Adding user pool password requirements". Longer ones are refused before anything is hashed.
MAX_LENGTH: Final = 256
# Documented there: "the space character is also treated as a special character".
SYMBOLS: Final = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")

SALT_SIZE: Final = srp.SALT_SIZE
TEMPORARY_SIZE: Final = 192
_TEMPORARY_LENGTH: Final = 12
_TYPEABLE: Final = ("abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#%*+?@_")
_DAY: Final = 24 * 60 * 60 * 1000

# What OWASP's password storage cheat sheet asks for at the least.
_ARGON2_KIB: Final = 19 * 1024
_ARGON2_TIME: Final = 2
_ARGON2_LANES: Final = 1
_ARGON2_SIZE: Final = 32

_REQUIREMENTS: Final = (
    # The order is recorded in part: lower case before upper, upper before numeric, numeric before symbol.
    ("RequireLowercase", "lowercase", frozenset(string.ascii_lowercase)),
    ("RequireUppercase", "uppercase", frozenset(string.ascii_uppercase)),
    ("RequireNumbers", "numeric", frozenset(string.digits)),
    ("RequireSymbols", "symbol", SYMBOLS),
)
# ASCII, as in the Java pattern that AWS quotes: a no-break space is no white space to it.
_NOT_BETWEEN_SPACES: Final = re.compile(r"\S.*\S", re.ASCII | re.DOTALL)


class Wording(StrEnum):
    """How an operation begins the sentence about a refused password. Recorded, each at the operations named."""

    # SignUp, ChangePassword
    SET = "Password did not conform with policy"
    # AdminCreateUser
    INVITE = "Password did not conform with password policy"
    # ConfirmForgotPassword, AdminSetUserPassword, the NEW_PASSWORD_REQUIRED challenge
    REPLACE = "Password does not conform to policy"


def check(password: str, policy: Policy, wording: Wording = Wording.SET) -> None:
    """Raise InvalidPassword with AWS's text for the first rule that a new password breaks."""
    reason = _violation(password, policy)
    if reason is not None:
        raise InvalidPassword(f"{wording}: {reason}")


def _violation(password: str, policy: Policy) -> str | None:
    if len(password) < policy.get("MinimumLength", 6):
        return "Password not long enough"
    if len(password) > MAX_LENGTH:
        # assumed: the model's length check gets there first wherever it applies
        return f"Password must have length less than or equal to {MAX_LENGTH}"
    if not _NOT_BETWEEN_SPACES.fullmatch(password):
        return r"Password must satisfy regular expression pattern: ^\S.*\S$"
    for rule, kind, characters in _REQUIREMENTS:
        if policy.get(rule) and characters.isdisjoint(password):
            return f"Password must have {kind} characters"
    return None


def new_temporary(random: bytes, policy: Policy) -> str:
    """Make up a password that conforms to any policy of this length, from TEMPORARY_SIZE random bytes.

    Without characters that look alike or mean something in HTML: people type it off a message.
    """
    if len(random) < TEMPORARY_SIZE:
        raise ValueError(f"a temporary password takes {TEMPORARY_SIZE} random bytes")
    number = int.from_bytes(random, "big")

    def take(characters: list[str]) -> str:
        nonlocal number
        number, index = divmod(number, len(characters))
        return characters.pop(index)

    length = max(_TEMPORARY_LENGTH, policy.get("MinimumLength", 0))
    chosen = [take(list(kind)) for kind in _TYPEABLE]
    chosen += [take(list("".join(_TYPEABLE))) for _ in range(length - len(chosen))]
    return "".join(take(chosen) for _ in range(length))


def temporary_expires_at(set_at: int, policy: Policy) -> int:
    """When a temporary password that was set at `set_at` is good no more (epoch ms, exclusive).

    Seven days where the policy says 0 or nothing (documented at PasswordPolicyType).
    """
    return set_at + (policy.get("TemporaryPasswordValidityDays") or 7) * _DAY


class SrpPassword(msgspec.Struct, frozen=True):
    """A password as SRP needs it, which is how pools keep them unless they ask for argon2id."""

    salt: bytes
    verifier: bytes


@dataclass(frozen=True, slots=True)
class Argon2Password:
    """A password as an argon2id hash in PHC form, which cannot serve SRP."""

    phc: str


PasswordRecord: TypeAlias = SrpPassword | Argon2Password


def new_srp(pool_name: str, username: str, password: str, salt: bytes) -> SrpPassword:
    """What to keep of a password, with SALT_SIZE fresh random bytes. One modular power."""
    return SrpPassword(salt, srp.verifier(pool_name, username, password, salt))


def new_argon2id(password: str, salt: bytes) -> Argon2Password:
    """What to keep of a password, with SALT_SIZE fresh random bytes. About 20 ms and 19 MiB."""
    from argon2.low_level import Type, hash_secret  # noqa: PLC0415 - 40 ms that most servers never need

    phc = hash_secret(
        password.encode(), salt, _ARGON2_TIME, _ARGON2_KIB, _ARGON2_LANES, _ARGON2_SIZE, Type.ID
    )
    return Argon2Password(phc.decode("ascii"))


def decoy_srp(secret: bytes, username: str) -> SrpPassword:
    """Stand in for the password of a user who does not exist: see `srp.decoy`."""
    return SrpPassword(*srp.decoy(secret, username))


def decoy_argon2id(secret: bytes, username: str) -> Argon2Password:
    """Stand in for the password of a user who does not exist, at the cost of a real one, with no hashing."""
    seed = hmac.new(secret, b"argon2id\0" + username.encode(), "sha512").digest()
    salt, digest = (base64.b64encode(part).decode().rstrip("=") for part in (seed[:SALT_SIZE], seed[32:]))
    return Argon2Password(
        f"$argon2id$v=19$m={_ARGON2_KIB},t={_ARGON2_TIME},p={_ARGON2_LANES}${salt}${digest}"
    )


def matches(record: PasswordRecord, pool_name: str, username: str, password: str) -> bool:
    """Tell whether this is the password. A longer one than any can be is refused unhashed (case 54)."""
    if len(password) > MAX_LENGTH:
        return False
    match record:
        case SrpPassword(salt, verifier):
            return srp.check_password(pool_name, username, password, salt, verifier)
        case Argon2Password(phc):
            return _verify_argon2id(phc, password)


def _verify_argon2id(phc: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415 - as in new_argon2id
    from argon2.low_level import Type, verify_secret  # noqa: PLC0415

    try:
        return verify_secret(phc.encode("ascii"), password.encode(), Type.ID)
    except VerifyMismatchError:
        return False


def check_history(
    password: str, previous: Sequence[PasswordRecord], policy: Policy, pool_name: str, username: str
) -> None:
    """Raise PasswordHistoryPolicyViolation if a new password is one of the last so many.

    `previous` is newest first and begins with the present one, which counts: a size of 24 is the present one
    and 23 before it (documented in "Adding user pool password requirements"). The text is assumed.
    """
    for record in previous[: policy.get("PasswordHistorySize", 0)]:
        if matches(record, pool_name, username, password):
            raise PasswordHistoryPolicyViolation("Password has previously been used.")


def kept_history(previous: Sequence[_T], policy: Policy) -> Sequence[_T]:
    """What of the earlier passwords, newest first, must be kept behind a new one."""
    return previous[: max(policy.get("PasswordHistorySize", 0) - 1, 0)]


def encode(record: PasswordRecord) -> bytes:
    """Write a record as it is sealed and stored: a letter for the scheme, then its parts."""
    match record:
        case SrpPassword(salt, verifier):
            return b"s" + salt + verifier
        case Argon2Password(phc):
            return b"a" + phc.encode("ascii")


def decode(stored: bytes) -> PasswordRecord:
    """Read what `encode` wrote; ValueError for anything else."""
    scheme, rest = stored[:1], stored[1:]
    if scheme == b"s" and len(rest) == SALT_SIZE + srp.NUMBER_SIZE:
        return SrpPassword(rest[:SALT_SIZE], rest[SALT_SIZE:])
    if scheme == b"a":
        return Argon2Password(rest.decode("ascii"))
    raise ValueError("not a stored password")
