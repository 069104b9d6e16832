"""A user, the states it can be in, and which deed a state allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from cenote.domain.errors import InvalidParameter, NotAuthorized, UnsupportedUserState

if TYPE_CHECKING:
    from cenote.shapes.cognito_idp import UserStatusType

UNCONFIRMED: Final = "UNCONFIRMED"
CONFIRMED: Final = "CONFIRMED"
FORCE_CHANGE_PASSWORD: Final = "FORCE_CHANGE_PASSWORD"
RESET_REQUIRED: Final = "RESET_REQUIRED"
EXTERNAL_PROVIDER: Final = "EXTERNAL_PROVIDER"


class User(msgspec.Struct, frozen=True):
    """One user of one pool.

    `attributes` holds everything but the sub, by wire name (`custom:` included), every value a string. Times
    are epoch milliseconds; `disabled_at` is None while the user is enabled.
    """

    pool_id: str
    sub: str
    username: str
    status: UserStatusType
    attributes: dict[str, str]
    created_at: int
    updated_at: int
    disabled_at: int | None = None

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None

    @property
    def all_attributes(self) -> dict[str, str]:
        """The attributes as answers show them: `sub` first."""
        return {"sub": self.sub, **self.attributes}


def require_confirmable(user: User) -> None:
    """Only who signed up and did not confirm can be confirmed; NotAuthorized with AWS's text otherwise."""
    if user.status != UNCONFIRMED:
        raise NotAuthorized(f"User cannot be confirmed. Current status is {user.status}")


def require_unconfirmed(user: User) -> None:
    """A confirmation code is sent again only to who still needs one (recorded text)."""
    if user.status != UNCONFIRMED:
        raise InvalidParameter("User is already confirmed.")


def require_enabled(user: User) -> None:
    """NotAuthorized for a disabled user (recorded text)."""
    if not user.enabled:
        raise NotAuthorized("User is disabled.")


def require_resettable(user: User) -> None:
    """A password can be reset by code or by an administrator only when the user once had one of its own.

    A temporary password is replaced by inviting again, not by a reset (recorded text, ForgotPassword and
    AdminResetUserPassword alike).
    """
    require_enabled(user)
    if user.status not in (CONFIRMED, RESET_REQUIRED):
        raise NotAuthorized("User password cannot be reset in the current state.")


def require_invitable(user: User) -> None:
    """AdminCreateUser with MessageAction RESEND: only who has not yet taken the invitation up."""
    if user.status != FORCE_CHANGE_PASSWORD:
        raise UnsupportedUserState(
            f"Resend not possible. {user.username} status is not {FORCE_CHANGE_PASSWORD}"
        )
