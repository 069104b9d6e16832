"""Session tracking: what a pool shows of its users' sessions, and how many of them a user may have.

Documented in "Managing user sessions" and at the operations; texts are assumed.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from cenote.domain.errors import FeatureUnavailableInTier, OperationNotEnabled

Document: TypeAlias = Mapping[str, Any]

# The member of the pool's and of the client's document that these settings are kept in.
MEMBER: Final = "SessionConfiguration"
OF_A_POOL: Final[Document] = {"UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20}}
OF_A_CLIENT: Final[Document] = {"SSOSession": {"MaxValidityMinutes": 60}}
# "A single page of up to 125 sessions" (documented at AdminListUserSessions).
PAGE: Final = 125

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = 25


class Kind(StrEnum):
    """The two kinds of session, by what their wire ids begin with."""

    TOKEN = "tkn"
    SSO = "sso"


@dataclass(frozen=True, slots=True)
class Activity:
    """A use of a session, and what there was to see of who used it. Times are epoch milliseconds."""

    at: int
    device: str
    address: str


@dataclass(frozen=True, slots=True)
class TrackedSession:
    """An active session as its user may see it."""

    session_id: str
    client_id: str
    created_at: int
    last: Activity
    kind: Kind = Kind.TOKEN
    origin: str | None = None
    """The browser session that a token session came through."""


def of_pool(pool: Document) -> Document:
    """The pool's configuration, or the default."""
    configured: Document = pool.get(MEMBER, OF_A_POOL)
    return configured


def of_client(client: Document) -> Document:
    """The client's configuration, or the default."""
    configured: Document = client.get(MEMBER, OF_A_CLIENT)
    return configured


def limit(pool: Document) -> int | None:
    """How many sessions a user may have; None where sessions are not tracked."""
    configured = of_pool(pool)
    if configured["UserSessionTracking"] != "ENABLED":
        return None
    return int(configured["TokenSession"]["MaxPerUser"])


def require_tier(pool: Document) -> None:
    if pool["UserPoolTier"] == "LITE":
        raise FeatureUnavailableInTier("Session tracking is not available in the LITE tier.")


def require_tracking(pool: Document) -> None:
    """Documented of the error: the operation is not available for the current user pool configuration."""
    if limit(pool) is None:
        raise OperationNotEnabled("Session tracking is not enabled for this user pool.")


def wire_id(session_id: str, kind: Kind = Kind.TOKEN) -> str:
    """The SessionId of a session, which is a UUID: `tkn` or `sso`, and its number with 25 digits of [0-9a-z]."""
    number, digits = uuid.UUID(session_id).int, []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return kind + "".join(reversed(digits))


def named(wire: str) -> tuple[Kind, str] | None:
    """The kind and the id of the session that a SessionId names; None for one that could not be ours."""
    kind, digits = wire[:3], wire[3:]
    if kind not in set(Kind) or len(digits) != _LENGTH or not set(digits) <= set(_DIGITS):
        return None
    number = int(digits, len(_DIGITS))
    return (Kind(kind), str(uuid.UUID(int=number))) if number < 1 << 128 else None
