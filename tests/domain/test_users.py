"""Which deed a user's state allows."""

from typing import Any

import pytest

from cenote.domain import users
from cenote.domain.errors import InvalidParameter, NotAuthorized, UnsupportedUserState
from cenote.domain.users import User

ALL = (
    users.UNCONFIRMED,
    users.CONFIRMED,
    users.FORCE_CHANGE_PASSWORD,
    users.RESET_REQUIRED,
    users.EXTERNAL_PROVIDER,
)


def user(status: Any = users.CONFIRMED, disabled_at: int | None = None) -> User:
    return User("eu-west-1_a", "s-1", "ada", status, {"email": "a@example.com"}, 1, 2, disabled_at)


def test_an_unconfirmed_user_can_be_confirmed() -> None:
    users.require_confirmable(user(users.UNCONFIRMED))


@pytest.mark.parametrize("status", [s for s in ALL if s != users.UNCONFIRMED])
def test_nobody_else_can_be_confirmed(status: str) -> None:
    with pytest.raises(NotAuthorized, match=f"^User cannot be confirmed. Current status is {status}$"):
        users.require_confirmable(user(status))


def test_a_confirmed_user_gets_no_new_confirmation_code() -> None:
    users.require_unconfirmed(user(users.UNCONFIRMED))
    with pytest.raises(InvalidParameter, match=r"^User is already confirmed\.$"):
        users.require_unconfirmed(user())


def test_a_disabled_user_is_refused() -> None:
    users.require_enabled(user())
    assert not user(disabled_at=5).enabled
    with pytest.raises(NotAuthorized, match=r"^User is disabled\.$"):
        users.require_enabled(user(disabled_at=5))


@pytest.mark.parametrize("status", [users.CONFIRMED, users.RESET_REQUIRED])
def test_a_password_of_the_users_own_can_be_reset(status: str) -> None:
    users.require_resettable(user(status))


@pytest.mark.parametrize("status", [users.UNCONFIRMED, users.FORCE_CHANGE_PASSWORD, users.EXTERNAL_PROVIDER])
def test_no_other_password_can_be_reset(status: str) -> None:
    with pytest.raises(NotAuthorized, match=r"^User password cannot be reset in the current state\.$"):
        users.require_resettable(user(status))


def test_a_disabled_users_password_cannot_be_reset() -> None:
    with pytest.raises(NotAuthorized, match="disabled"):
        users.require_resettable(user(disabled_at=5))


def test_only_an_invited_user_is_invited_again() -> None:
    users.require_invitable(user(users.FORCE_CHANGE_PASSWORD))
    with pytest.raises(UnsupportedUserState, match="Resend not possible"):
        users.require_invitable(user())


def test_answers_show_the_sub_before_the_attributes() -> None:
    assert list(user().all_attributes.items()) == [("sub", "s-1"), ("email", "a@example.com")]
