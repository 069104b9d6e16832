"""The sign-in transition table: what comes next for a user who has proved so much.

`next_step` is the one place where it is decided who is asked what and who gets tokens. The rows are read from
the top and the first that fits decides; a new challenge is a new row and a module in `flows/challenges/`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cenote.domain.errors import (
    CognitoError,
    InvalidParameter,
    NotAuthorized,
    PasswordResetRequired,
    UserNotConfirmed,
)
from cenote.domain.users import User


class Flow(StrEnum):
    """How a sign-in begins (`AuthFlow`). ADMIN_NO_SRP_AUTH is the older name of ADMIN_USER_PASSWORD_AUTH."""

    USER_SRP_AUTH = "USER_SRP_AUTH"
    USER_PASSWORD_AUTH = "USER_PASSWORD_AUTH"  # noqa: S105 - a flow's name
    ADMIN_USER_PASSWORD_AUTH = "ADMIN_USER_PASSWORD_AUTH"  # noqa: S105 - a flow's name


# ExplicitAuthFlows from before the ALLOW_ names: any of them leaves SRP and refresh on, as they were always on then.
LEGACY_FLOWS: Mapping[str, frozenset[str]] = {
    "ADMIN_NO_SRP_AUTH": frozenset({"ADMIN_USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH"}),
    "USER_PASSWORD_AUTH": frozenset({"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH"}),
    "CUSTOM_AUTH_FLOW_ONLY": frozenset({"CUSTOM_AUTH", "REFRESH_TOKEN_AUTH"}),
}


def require_flow(explicit: Iterable[str], flow: str) -> None:
    """InvalidParameter unless a client with these ExplicitAuthFlows may use the flow (recorded text)."""
    allowed: set[str] = set()
    for name in explicit:
        allowed |= LEGACY_FLOWS.get(name, {name.removeprefix("ALLOW_")})
    if flow not in allowed:
        raise InvalidParameter(f"{flow} flow not enabled for this client")


class Proof(StrEnum):
    """What has been proved so far in this sign-in."""

    PASSWORD = "password"  # noqa: S105 - a proof's name
    NEW_PASSWORD = "new_password"  # noqa: S105 - a proof's name


@dataclass(frozen=True, slots=True)
class State:
    """Where a sign-in stands: its flow, what was proved, and the user as they are now."""

    flow: Flow
    proved: frozenset[Proof]
    status: str
    disabled: bool
    password_expired: bool

    @classmethod
    def of(cls, flow: Flow, proved: frozenset[Proof], user: User, *, password_expired: bool) -> "State":
        return cls(flow, proved, user.status, user.disabled_at is not None, password_expired)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Ask this next."""

    name: str


@dataclass(frozen=True, slots=True)
class Granted:
    """Everything required is proved: tokens may be issued."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The sign-in ends with this error."""

    error: type[CognitoError]
    message: str


Step = Challenge | Granted | Denied


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: a sentence, when it applies, and what follows."""

    rule: str
    applies: Callable[[State], bool]
    step: Step


def _knows_password(state: State) -> bool:
    return Proof.PASSWORD in state.proved


TABLE: tuple[Row, ...] = (
    Row(
        # AWS answers so whatever password is tried: the old one has been deactivated.
        "a password that was reset has to be set anew before anything else",
        lambda state: state.status == "RESET_REQUIRED",
        Denied(PasswordResetRequired, "Password reset required for the user"),
    ),
    Row(
        "SRP asks for proof of the password",
        lambda state: state.flow is Flow.USER_SRP_AUTH and not _knows_password(state),
        Challenge("PASSWORD_VERIFIER"),
    ),
    Row(
        "the other flows ask for the password itself",
        lambda state: not _knows_password(state),
        Challenge("PASSWORD"),
    ),
    # From here on the caller knows the password, so telling them about the account tells nobody else.
    Row(
        "a disabled user gets nothing",
        lambda state: state.disabled,
        Denied(NotAuthorized, "User is disabled."),
    ),
    Row(
        "an unconfirmed user confirms first",
        lambda state: state.status == "UNCONFIRMED",
        Denied(UserNotConfirmed, "User is not confirmed."),
    ),
    Row(
        "a temporary password ends",
        lambda state: state.status == "FORCE_CHANGE_PASSWORD" and state.password_expired,
        Denied(NotAuthorized, "Temporary password has expired and must be reset by an administrator."),
    ),
    Row(
        "a temporary password is replaced",
        lambda state: state.status == "FORCE_CHANGE_PASSWORD" and Proof.NEW_PASSWORD not in state.proved,
        Challenge("NEW_PASSWORD_REQUIRED"),
    ),
    Row(
        "a confirmed user with every proof signs in",
        lambda state: state.status in {"CONFIRMED", "FORCE_CHANGE_PASSWORD"},
        Granted(),
    ),
)


def next_step(state: State) -> Step:
    """The first row that fits; a state that no row knows is refused."""
    for row in TABLE:
        if row.applies(state):
            return row.step
    return Denied(NotAuthorized, "Incorrect username or password.")
