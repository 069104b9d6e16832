"""Whatever ends a user's access ends it at every door: a table of events by a table of doors (cases 24 to 26)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.calls import PASSWORD, outcome, pairs, refresh, sign_in
from tests.conftest import PoolFactory
from tests.security.raw import call
from tests.security.requests import minimal, taking

NEW_PASSWORD = "Another-Horse-1"
ADDRESS = "ada@example.com"


@dataclass
class Scene:
    """A user signed in twice through one client, and through another one."""

    make: PoolFactory
    pool: str
    app: str
    other: str
    tokens: dict[str, Any]
    elsewhere: dict[str, Any]

    @property
    def idp(self) -> Any:
        return self.make.server.idp

    def code(self) -> str:
        """The newest code that was sent to the user."""
        found = self.make.server.app.store.messages.list_(to=f"{self.pool}.{ADDRESS}", limit=50)
        return str(self.make.server.run(found)[-1].code)


@pytest.fixture
def scene(make: PoolFactory) -> Scene:
    pool = make.pool()
    app, other = (str(make.client(pool)["ClientId"]) for _ in range(2))
    make.user(pool, "ada", email=f"{pool}.{ADDRESS}", email_verified="true")
    idp = make.server.idp
    return Scene(make, pool, app, other, sign_in(idp, app, "ada"), sign_in(idp, other, "ada"))


def forgotten(at: Scene) -> None:
    at.idp.forgot_password(ClientId=at.app, Username="ada")
    request = {"Username": "ada", "ConfirmationCode": at.code(), "Password": NEW_PASSWORD}
    at.idp.confirm_forgot_password(ClientId=at.app, **request)


def by_admin(deed: str, **request: Any) -> Callable[[Scene], Any]:
    return lambda at: getattr(at.idp, deed)(UserPoolId=at.pool, Username="ada", **request)


# Everything that ends all of a user's access.
EVENTS: dict[str, Callable[[Scene], Any]] = {
    "disabled": by_admin("admin_disable_user"),
    "disabled and enabled again": lambda at: [
        by_admin(deed)(at) for deed in ("admin_disable_user", "admin_enable_user")
    ],
    "deleted": by_admin("admin_delete_user"),
    "deleted by themselves": lambda at: at.idp.delete_user(AccessToken=at.elsewhere["AccessToken"]),
    "signed out": by_admin("admin_user_global_sign_out"),
    "signed out by themselves": lambda at: at.idp.global_sign_out(AccessToken=at.elsewhere["AccessToken"]),
    "password set": by_admin("admin_set_user_password", Password=NEW_PASSWORD, Permanent=True),
    "password to be replaced": by_admin("admin_set_user_password", Password=NEW_PASSWORD, Permanent=False),
    "password reset": by_admin("admin_reset_user_password"),
    "password forgotten": forgotten,
    "pool deleted": lambda at: at.idp.delete_user_pool(UserPoolId=at.pool),
}
# What ends the access of one client's sessions only.
EVENTS_OF_A_CLIENT: dict[str, Callable[[Scene], Any]] = {
    "revoked": lambda at: at.idp.revoke_token(Token=at.tokens["RefreshToken"], ClientId=at.app),
    "client deleted": lambda at: at.idp.delete_user_pool_client(UserPoolId=at.pool, ClientId=at.app),
}

# Operations for which the smallest request would not do, if the token were good.
FULLER: dict[str, dict[str, Any]] = {
    "ChangePassword": {"PreviousPassword": PASSWORD, "ProposedPassword": PASSWORD},
    "DeleteUserAttributes": {"UserAttributeNames": ["nickname"]},
    "GetUserAttributeVerificationCode": {"AttributeName": "email"},
    "UpdateUserAttributes": {"UserAttributes": pairs({"nickname": "x"})},
    "VerifyUserAttribute": {"AttributeName": "email", "Code": "000000"},
}


def by_access(operation: str) -> Callable[[Scene], str]:
    def door(at: Scene) -> str:
        token = at.tokens["AccessToken"]
        request = minimal(operation, AccessToken=token, **FULLER.get(operation, {}))
        answer = call(at.make.server.url, operation, request)
        return "ok" if answer.status == 200 else answer.error[1]

    return door


def by_admin_refresh(at: Scene) -> str:
    parameters = {"REFRESH_TOKEN": at.tokens["RefreshToken"]}
    request = {"UserPoolId": at.pool, "ClientId": at.app, "AuthFlow": "REFRESH_TOKEN_AUTH"}
    return outcome(at.idp.admin_initiate_auth, **request, AuthParameters=parameters)


DOORS: dict[str, Callable[[Scene], str]] = {
    **{operation: by_access(operation) for operation in taking("AccessToken")},
    "REFRESH_TOKEN_AUTH": lambda at: outcome(refresh, at.idp, at.app, at.tokens["RefreshToken"]),
    "REFRESH_TOKEN_AUTH by an administrator": by_admin_refresh,
    "GetTokensFromRefreshToken": lambda at: outcome(
        at.idp.get_tokens_from_refresh_token, RefreshToken=at.tokens["RefreshToken"], ClientId=at.app
    ),
}
REFUSALS = {
    "Access Token has been revoked",
    "Refresh Token has been revoked",
    "Invalid Access Token",
    "Invalid Refresh Token",
    "User does not exist.",
}


def refused(said: str, at: Scene) -> bool:
    gone = {f"User pool client {at.app} does not exist.", f"User pool {at.pool} does not exist."}
    return said in REFUSALS | gone


def test_the_doors_are_open_before(scene: Scene) -> None:
    """The measure of the tests below: nothing but the event closes them."""
    said = {name: DOORS[name](scene) for name in DOORS if name in {*FULLER, "GetUser"} or "efresh" in name}
    assert said.pop("VerifyUserAttribute") == "Invalid verification code provided, please try again."
    assert set(said.values()) == {"ok"}


@pytest.mark.parametrize("event", EVENTS)
def test_case_24_and_26_what_ends_access_ends_it_at_every_door(scene: Scene, event: str) -> None:
    EVENTS[event](scene)
    said = {name: door(scene) for name, door in DOORS.items()}
    assert {name: text for name, text in said.items() if not refused(text, scene)} == {}


@pytest.mark.parametrize("event", EVENTS_OF_A_CLIENT)
def test_case_25_what_ends_one_session_ends_it_at_every_door_and_no_other(scene: Scene, event: str) -> None:
    EVENTS_OF_A_CLIENT[event](scene)
    said = {name: door(scene) for name, door in DOORS.items()}
    assert {name: text for name, text in said.items() if not refused(text, scene)} == {}
    assert scene.idp.get_user(AccessToken=scene.elsewhere["AccessToken"])["Username"] == "ada"
    assert refresh(scene.idp, scene.other, scene.elsewhere["RefreshToken"])["AccessToken"]


def test_case_24_a_session_begun_before_the_event_stays_ended_after_a_new_sign_in(scene: Scene) -> None:
    """Signing in again begins a session of its own: it does not bring an ended one back."""
    EVENTS["signed out"](scene)
    assert sign_in(scene.idp, scene.app, "ada")["AccessToken"]
    assert {name for name, door in DOORS.items() if not refused(door(scene), scene)} == set()


@pytest.mark.parametrize("event", ["disabled", "deleted", "password set", "password reset"])
def test_case_24_a_challenge_from_before_the_event_signs_nobody_in(scene: Scene, event: str) -> None:
    scene.idp.admin_set_user_password(
        UserPoolId=scene.pool, Username="ada", Password="Temporary-1", Permanent=False
    )
    parameters = {"USERNAME": "ada", "PASSWORD": "Temporary-1"}
    asked = scene.idp.initiate_auth(
        ClientId=scene.app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )
    if event == "password reset":  # a temporary password is not reset, but replaced
        scene.idp.admin_create_user(UserPoolId=scene.pool, Username="ada", MessageAction="RESEND")
    else:
        EVENTS[event](scene)
    responses = {"USERNAME": "ada", "NEW_PASSWORD": "Third-Horse-3"}
    said = outcome(
        scene.idp.respond_to_auth_challenge,
        ClientId=scene.app,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses=responses,
    )
    assert said in {"Invalid session for the user.", "User is disabled."}
