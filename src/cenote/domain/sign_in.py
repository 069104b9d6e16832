"""The sign-in transition table: what comes next for a user who has proved so much.

`next_step` is the one place where it is decided who is asked what and who gets tokens. The rows are read from
the top and the first that fits decides; a new challenge is a new row and a module in `flows/challenges/`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

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
    USER_PASSWORD_AUTH = "USER_PASSWORD_AUTH"
    ADMIN_USER_PASSWORD_AUTH = "ADMIN_USER_PASSWORD_AUTH"
    USER_AUTH = "USER_AUTH"
    CUSTOM_AUTH = "CUSTOM_AUTH"


# ExplicitAuthFlows from before the ALLOW_ names: any of them leaves SRP and refresh on, as they were always on then.
LEGACY_FLOWS: Mapping[str, frozenset[str]] = {
    "ADMIN_NO_SRP_AUTH": frozenset({"ADMIN_USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH"}),
    "USER_PASSWORD_AUTH": frozenset({"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH"}),
    "CUSTOM_AUTH_FLOW_ONLY": frozenset({"CUSTOM_AUTH", "REFRESH_TOKEN_AUTH"}),
}


def allows_flow(explicit: Iterable[str], flow: str) -> bool:
    """Whether a client with these ExplicitAuthFlows may use the flow."""
    return any(flow in LEGACY_FLOWS.get(name, {name.removeprefix("ALLOW_")}) for name in explicit)


def require_flow(explicit: Iterable[str], flow: str) -> None:
    """InvalidParameter unless a client with these ExplicitAuthFlows may use the flow (recorded text)."""
    if not allows_flow(explicit, flow):
        raise InvalidParameter(f"{flow} flow not enabled for this client")


class Proof(StrEnum):
    """What has been proved so far in this sign-in."""

    PASSWORD = "password"
    NEW_PASSWORD = "new_password"
    CODE = "code"
    """A one-time code as first factor (EMAIL_OTP, SMS_OTP)."""
    PASSKEY = "passkey"
    CONFIRMATION = "confirmation"
    """A sign-up confirmed just now: its `Session` stands for the first factor."""
    CUSTOM = "custom"
    """The pool's own challenges, when DefineAuthChallenge says so."""
    DEVICE = "device"
    MFA = "mfa"
    """Any second factor."""


# What identifies the user by itself. Until one of these is proved, nothing about the account is told.
FIRST_FACTORS = frozenset({Proof.PASSWORD, Proof.CODE, Proof.PASSKEY, Proof.CONFIRMATION, Proof.CUSTOM})

# The first factor that a client names or a user picks in USER_AUTH, and the challenge that it means.
CHOICES: Mapping[str, str] = {
    "PASSWORD": "PASSWORD",
    "PASSWORD_SRP": "PASSWORD_VERIFIER",
    "EMAIL_OTP": "EMAIL_OTP",
    "SMS_OTP": "SMS_OTP",
    "WEB_AUTHN": "WEB_AUTHN",
}


class SecondFactors(msgspec.Struct, frozen=True):
    """The second factors of a user in a pool, by challenge name.

    `usable` are those that the user has and the pool allows, `preferred` one of them or empty, `can_set_up` those
    that a user without any may set up while signing in. `wanted` tells that a second factor is asked for: the pool
    insists, or the user has turned one on.
    """

    wanted: bool = False
    usable: tuple[str, ...] = ()
    preferred: str = ""
    can_set_up: tuple[str, ...] = ()


class State(msgspec.Struct, frozen=True):
    """Where a sign-in stands: its flow, what was proved and picked, and the user as they are now.

    `available` are the first factors that USER_AUTH offers this user; `chosen` is what they picked last, a first
    factor or a second. `device_known` tells that the client named a device that the user has confirmed,
    `device_replaces_mfa` that the pool lets such a device stand for the second factor, `passkey_is_mfa` that a
    passkey with user verification counts as both, `discreet` that the client hides who exists
    (PreventUserExistenceErrors).
    """

    flow: Flow
    proved: frozenset[Proof]
    status: str
    disabled: bool
    password_expired: bool
    available: tuple[str, ...] = ()
    chosen: str = ""
    second: SecondFactors = SecondFactors()
    device_known: bool = False
    device_replaces_mfa: bool = False
    passkey_is_mfa: bool = False
    discreet: bool = False
    custom_next: str = ""

    @classmethod
    def of(
        cls, flow: Flow, proved: frozenset[Proof], user: User, *, password_expired: bool, **facts: Any
    ) -> "State":
        return cls(flow, proved, user.status, user.disabled_at is not None, password_expired, **facts)


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
    """One rule: a sentence, when it applies, and what follows: a step, or how to find it."""

    rule: str
    applies: Callable[[State], bool]
    step: Step | Callable[[State], Step]


def _identified(state: State) -> bool:
    return bool(state.proved & FIRST_FACTORS)


def _wants_second_factor(state: State) -> bool:
    """Whether a second factor is still to be proved."""
    if not state.second.wanted or Proof.MFA in state.proved:
        return False
    if Proof.DEVICE in state.proved and state.device_replaces_mfa:
        return False
    return not (Proof.PASSKEY in state.proved and state.passkey_is_mfa)


# A device proves itself in two steps of one exchange: it sends its half, then the proof.
DEVICE_STEPS: tuple[str, str] = ("DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER")


def _device(state: State) -> Step:
    """The second step once the first is done."""
    begin, prove = DEVICE_STEPS
    return Challenge(prove if state.chosen == prove else begin)


def _second_factor(state: State) -> Step:
    """Which second factor is asked: the one picked, the preferred one, the only one, or which to use."""
    usable = state.second.usable
    if state.chosen in usable:
        return Challenge(state.chosen)
    if state.second.preferred in usable:
        return Challenge(state.second.preferred)
    if len(usable) == 1:
        return Challenge(usable[0])
    return Challenge("SELECT_MFA_TYPE")


TABLE: tuple[Row, ...] = (
    Row(
        # AWS answers so whatever password is tried: the old one has been deactivated. Where existence is hidden, only
        # who knows that one hears it: imported users, who never had one, get what a wrong password gets (documented in
        # "Managing user existence error responses").
        "a password that was reset has to be set anew before anything else",
        lambda state: state.status == "RESET_REQUIRED" and _identified(state) is state.discreet,
        Denied(PasswordResetRequired, "Password reset required for the user"),
    ),
    Row(
        "SRP asks for proof of the password",
        lambda state: state.flow is Flow.USER_SRP_AUTH and not _identified(state),
        Challenge("PASSWORD_VERIFIER"),
    ),
    Row(
        "a choice-based sign-in asks for the factor that was picked, if the user may use it",
        lambda state: (
            state.flow is Flow.USER_AUTH and not _identified(state) and state.chosen in state.available
        ),
        lambda state: Challenge(CHOICES[state.chosen]),
    ),
    Row(
        "a choice-based sign-in asks which factor to use",
        lambda state: state.flow is Flow.USER_AUTH and not _identified(state),
        Challenge("SELECT_CHALLENGE"),
    ),
    Row(
        "the pool's own functions say what is asked next, or that it fails",
        lambda state: state.flow is Flow.CUSTOM_AUTH and Proof.CUSTOM not in state.proved,
        lambda state: (
            Challenge(state.custom_next)
            if state.custom_next
            else Denied(NotAuthorized, "Incorrect username or password.")
        ),
    ),
    Row(
        "the other flows ask for the password itself",
        lambda state: not _identified(state),
        Challenge("PASSWORD"),
    ),
    # From here on the caller knows a secret of the user's, so telling them about the account tells nobody else.
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
        lambda state: (
            state.status == "FORCE_CHANGE_PASSWORD"
            and Proof.PASSWORD in state.proved
            and Proof.NEW_PASSWORD not in state.proved
        ),
        Challenge("NEW_PASSWORD_REQUIRED"),
    ),
    Row(
        "a remembered device proves itself",
        lambda state: (
            state.device_known
            and Proof.PASSWORD in state.proved
            and not state.proved & {Proof.DEVICE, Proof.MFA}
        ),
        _device,
    ),
    Row(
        "a second factor that is wanted is asked for",
        lambda state: _wants_second_factor(state) and bool(state.second.usable),
        _second_factor,
    ),
    Row(
        "a pool that insists lets a user without a second factor set one up",
        lambda state: _wants_second_factor(state) and bool(state.second.can_set_up),
        Challenge("MFA_SETUP"),
    ),
    Row(
        "a second factor that is wanted and cannot be had ends the sign-in",
        _wants_second_factor,
        Denied(
            InvalidParameter, "User has no second factor that this user pool allows, and none can be set up."
        ),
    ),
    Row(
        "a confirmed user with every proof signs in, and one who has just replaced a temporary password",
        lambda state: state.status == "CONFIRMED" or Proof.NEW_PASSWORD in state.proved,
        Granted(),
    ),
)


def next_step(state: State) -> Step:
    """The first row that fits; a state that no row knows is refused."""
    for row in TABLE:
        if row.applies(state):
            return row.step(state) if callable(row.step) else row.step
    return Denied(NotAuthorized, "Incorrect username or password.")
