"""Tokens in use: refreshed, revoked, signed out everywhere. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import at_once, claims_of, outcome, refresh, refusal, secret_hash, sign_in
from tests.conftest import PoolFactory, RunningServer

INVALID = ("NotAuthorized", "Invalid Refresh Token")
REVOKED = "Refresh Token has been revoked"
ACCESS_REVOKED = "Access Token has been revoked"
ABSENT = "eu-central-1_Absent000"


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    pool = make.pool()
    make.user(pool, "Ada", email="ada@example.com")
    return pool


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def exchange(idp: Any, app: str, token: str, **request: str) -> dict[str, Any]:
    """The tokens that GetTokensFromRefreshToken gives."""
    answer = idp.get_tokens_from_refresh_token(RefreshToken=token, ClientId=app, **request)
    return dict(answer["AuthenticationResult"])


WAYS: list[Any] = [refresh, exchange]


@pytest.mark.parametrize("way", WAYS)
def test_a_refresh_gives_new_tokens_of_the_same_session(idp: Any, app: str, way: Any) -> None:
    first = sign_in(idp, app, "ada")
    second = way(idp, app, first["RefreshToken"])
    assert set(second) == {"AccessToken", "ExpiresIn", "TokenType", "IdToken"}
    for name in ("AccessToken", "IdToken"):
        old, new = claims_of(first[name]), claims_of(second[name])
        assert {key for key in old if old[key] != new[key]} <= {"jti", "iat", "exp"}
        assert old["jti"] != new["jti"]
    assert idp.get_user(AccessToken=second["AccessToken"])["Username"] == "Ada"
    assert way(idp, app, first["RefreshToken"])  # as often as one likes


def test_the_older_name_of_the_flow_is_good(idp: Any, pool: str, app: str) -> None:
    token = sign_in(idp, app, "ada")["RefreshToken"]
    request = {"ClientId": app, "AuthFlow": "REFRESH_TOKEN", "AuthParameters": {"REFRESH_TOKEN": token}}
    assert idp.initiate_auth(**request)["AuthenticationResult"]["AccessToken"]
    assert idp.admin_initiate_auth(UserPoolId=pool, **request)["AuthenticationResult"]["AccessToken"]


@pytest.mark.parametrize("way", WAYS)
def test_a_refresh_shows_the_user_as_they_are_now(idp: Any, make: PoolFactory, way: Any) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    make.user(pool, "ada")
    token = sign_in(idp, app, "ada")["RefreshToken"]
    idp.create_group(UserPoolId=pool, GroupName="new")
    idp.admin_add_user_to_group(UserPoolId=pool, Username="ada", GroupName="new")
    assert claims_of(way(idp, app, token)["IdToken"])["cognito:groups"] == ["new"]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_refresh_token_is_refused(idp: Any, app: str, way: Any) -> None:
    tokens = sign_in(idp, app, "ada")
    good = tokens["RefreshToken"]
    flipped = good[:60] + ("A" if good[60] != "A" else "B") + good[61:]
    for token in ("x", good[:-1], good + "A", good + "=", flipped, tokens["AccessToken"], tokens["IdToken"]):
        assert refusal(way, idp, app, token) == INVALID


def test_a_refresh_needs_its_token(idp: Any, app: str) -> None:
    assert refusal(refresh, idp, app, "") == ("InvalidParameter", "Missing required parameter REFRESH_TOKEN")


@pytest.mark.parametrize("way", WAYS)
def test_case_23_a_refresh_token_is_of_its_client(
    idp: Any, make: PoolFactory, pool: str, app: str, way: Any
) -> None:
    token = sign_in(idp, app, "ada")["RefreshToken"]
    sibling = make.client(pool)["ClientId"]
    other = make.pool()
    make.user(other, "ada")
    stranger = make.client(other)["ClientId"]
    for client in (sibling, stranger):
        assert refusal(way, idp, client, token) == INVALID
    missing = "0" * 26
    assert refusal(way, idp, missing, token) == (
        "ResourceNotFound",
        f"User pool client {missing} does not exist.",
    )
    assert way(idp, app, token)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("deed", "request_of", "text"),
    [
        ("admin_disable_user", {}, REVOKED),
        ("admin_delete_user", {}, "Invalid Refresh Token"),
        ("admin_user_global_sign_out", {}, REVOKED),
        ("admin_reset_user_password", {}, REVOKED),
        ("admin_set_user_password", {"Password": "Another-Horse-1", "Permanent": True}, REVOKED),
        ("admin_set_user_password", {"Password": "Another-Horse-1", "Permanent": False}, REVOKED),
    ],
)
def test_case_24_a_refresh_ends_with_what_it_stood_on(
    idp: Any, make: PoolFactory, way: Any, deed: str, request_of: dict[str, Any], text: str
) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    make.user(pool, "ada", email="ada@example.com", email_verified="true")
    tokens = sign_in(idp, app, "ada")
    getattr(idp, deed)(UserPoolId=pool, Username="ada", **request_of)
    assert outcome(way, idp, app, tokens["RefreshToken"]) == text
    expected = "User does not exist." if deed == "admin_delete_user" else ACCESS_REVOKED
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == expected


@pytest.mark.parametrize("way", WAYS)
def test_case_24_who_is_disabled_gets_nothing_by_a_session_that_was_left(
    server: RunningServer, make: PoolFactory, way: Any
) -> None:
    """Disabling ends sessions; were one to stay, it would be worth nothing."""
    idp, store, pool = server.idp, server.app.store, make.pool()
    app, sub = make.client(pool)["ClientId"], make.user(pool, "ada")
    tokens = sign_in(idp, app, "ada")

    async def disable() -> None:
        async with store.transaction():
            await store.users.set_disabled(pool, sub, server.clock(), now=server.clock())

    server.run(disable())
    assert outcome(way, idp, app, tokens["RefreshToken"]) == "User is disabled."
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "User is disabled."


@pytest.mark.parametrize("way", WAYS)
def test_case_24_a_refresh_ends_with_its_client_and_pool(idp: Any, make: PoolFactory, way: Any) -> None:
    pool = make.pool()
    first, second = (make.client(pool)["ClientId"] for _ in range(2))
    make.user(pool, "ada")
    of_first, of_second = (sign_in(idp, client, "ada") for client in (first, second))
    idp.delete_user_pool_client(UserPoolId=pool, ClientId=first)
    assert refusal(way, idp, first, of_first["RefreshToken"])[0] == "ResourceNotFound"
    assert outcome(idp.get_user, AccessToken=of_first["AccessToken"]) == ACCESS_REVOKED
    assert way(idp, second, of_second["RefreshToken"])
    idp.delete_user_pool(UserPoolId=pool)
    assert refusal(way, idp, second, of_second["RefreshToken"])[0] == "ResourceNotFound"
    assert outcome(idp.get_user, AccessToken=of_second["AccessToken"]) == "Invalid Access Token"


def test_a_refresh_token_ends_with_its_time(own: PoolFactory) -> None:
    server = own.server
    server.clock.freeze()
    idp, pool = server.idp, own.pool()
    app = own.client(
        pool, RefreshTokenValidity=2, TokenValidityUnits={"RefreshToken": "hours"}, AccessTokenValidity=1
    )["ClientId"]
    own.user(pool, "ada")
    tokens = sign_in(idp, app, "ada")
    server.clock.advance(hours=1)
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "Access Token has expired"
    server.clock.advance(hours=1, ms=-1)
    # The session is as long as its first refresh token: a later refresh does not prolong it.
    assert refresh(idp, app, tokens["RefreshToken"])
    server.clock.advance(ms=1)
    assert outcome(refresh, idp, app, tokens["RefreshToken"]) == "Refresh Token has expired"
    assert outcome(exchange, idp, app, tokens["RefreshToken"]) == "Refresh Token has expired"


def test_the_hash_of_a_refresh_is_of_the_stored_name(idp: Any, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, GenerateSecret=True)
    app = client["ClientId"]
    tokens = sign_in(idp, app, "ada", SECRET_HASH=secret_hash(client, "ada"))
    token, sub = tokens["RefreshToken"], claims_of(tokens["AccessToken"])["sub"]
    for name in ("Ada", sub):
        assert refresh(idp, app, token, SECRET_HASH=secret_hash(client, name))
    mismatch = f"Unable to verify secret hash for client {app}"
    for name in ("ada", "bob"):
        assert outcome(refresh, idp, app, token, SECRET_HASH=secret_hash(client, name)) == mismatch
    assert outcome(refresh, idp, app, token).endswith("SECRET_HASH was not received")


def test_case_82_the_other_way_takes_the_secret_itself(idp: Any, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, GenerateSecret=True)
    app, secret = client["ClientId"], client["ClientSecret"]
    token = sign_in(idp, app, "ada", SECRET_HASH=secret_hash(client, "ada"))["RefreshToken"]
    assert exchange(idp, app, token, ClientSecret=secret)
    mismatch = ("NotAuthorized", f"Unable to verify client secret for client {app}")  # assumed
    assert refusal(exchange, idp, app, token) == mismatch
    assert refusal(exchange, idp, app, token, ClientSecret="x" * 51) == mismatch
    assert refusal(exchange, idp, app, token, ClientSecret=secret[:-1]) == mismatch


def test_a_client_without_a_secret_is_given_none(idp: Any, app: str) -> None:
    token = sign_in(idp, app, "ada")["RefreshToken"]
    assert refusal(exchange, idp, app, token, ClientSecret="x" * 51)[0] == "NotAuthorized"


# RevokeToken


def test_case_25_a_revoked_token_takes_its_access_tokens_along(idp: Any, app: str) -> None:
    first, second = (sign_in(idp, app, "ada") for _ in range(2))
    later = refresh(idp, app, first["RefreshToken"])
    assert (
        idp.revoke_token(Token=first["RefreshToken"], ClientId=app)["ResponseMetadata"]["HTTPStatusCode"]
        == 200
    )
    for way in WAYS:
        assert outcome(way, idp, app, first["RefreshToken"]) == REVOKED
    for token in (first["AccessToken"], later["AccessToken"]):
        assert outcome(idp.get_user, AccessToken=token) == ACCESS_REVOKED
    # Other sessions of the user go on (documented).
    assert idp.get_user(AccessToken=second["AccessToken"])
    assert refresh(idp, app, second["RefreshToken"])
    idp.revoke_token(Token=first["RefreshToken"], ClientId=app)  # once more is no error


def test_case_25_an_unknown_token_is_revoked_without_an_error(idp: Any, app: str) -> None:
    for token in ("x", "A" * 200):
        assert idp.revoke_token(Token=token, ClientId=app)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_case_25_a_token_of_another_client_is_not_revoked(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = sign_in(idp, app, "ada")["RefreshToken"]
    sibling = make.client(pool)["ClientId"]
    assert refusal(idp.revoke_token, Token=token, ClientId=sibling)[0] == "Unauthorized"  # assumed
    other = make.pool()
    idp.revoke_token(Token=token, ClientId=make.client(other)["ClientId"])  # to it, the token is unknown
    assert refresh(idp, app, token)


def test_only_a_refresh_token_is_revoked(idp: Any, app: str) -> None:
    tokens = sign_in(idp, app, "ada")
    for name in ("AccessToken", "IdToken"):
        refused = refusal(idp.revoke_token, Token=tokens[name], ClientId=app)
        assert refused[0] == "UnsupportedTokenType"  # documented
    assert idp.get_user(AccessToken=tokens["AccessToken"])


def test_revoking_proves_the_secret(idp: Any, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, GenerateSecret=True)
    app = client["ClientId"]
    token = sign_in(idp, app, "ada", SECRET_HASH=secret_hash(client, "ada"))["RefreshToken"]
    for given in ({}, {"ClientSecret": "x" * 51}):
        assert refusal(idp.revoke_token, Token=token, ClientId=app, **given)[0] == "Unauthorized"
    assert exchange(idp, app, token, ClientSecret=client["ClientSecret"])
    idp.revoke_token(Token=token, ClientId=app, ClientSecret=client["ClientSecret"])
    assert outcome(exchange, idp, app, token, ClientSecret=client["ClientSecret"]) == REVOKED
    assert refusal(idp.revoke_token, Token=token, ClientId="0" * 26)[0] == "Unauthorized"


def test_a_client_may_do_without_revocation(idp: Any, make: PoolFactory, pool: str) -> None:
    app = make.client(pool, EnableTokenRevocation=False)["ClientId"]
    tokens = sign_in(idp, app, "ada")
    assert refusal(idp.revoke_token, Token=tokens["RefreshToken"], ClientId=app)[0] == "UnsupportedOperation"
    assert "origin_jti" not in claims_of(tokens["AccessToken"])  # documented
    assert idp.get_user(AccessToken=tokens["AccessToken"])
    idp.admin_user_global_sign_out(UserPoolId=pool, Username="ada")
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == ACCESS_REVOKED


def test_case_22_of_many_revocations_and_refreshes_at_once_none_leaves_a_session(idp: Any, app: str) -> None:
    tokens = sign_in(idp, app, "ada")

    def either(turn: int) -> Any:
        if turn % 2:
            return outcome(idp.revoke_token, Token=tokens["RefreshToken"], ClientId=app)
        try:
            return refresh(idp, app, tokens["RefreshToken"])
        except idp.exceptions.NotAuthorizedException:
            return None

    results = at_once(either, 50)
    for result in (result for result in results if isinstance(result, dict)):
        assert outcome(idp.get_user, AccessToken=result["AccessToken"]) == ACCESS_REVOKED
    assert outcome(refresh, idp, app, tokens["RefreshToken"]) == REVOKED


# GlobalSignOut and its admin twin


@pytest.mark.parametrize("by", ["user", "administrator"])
def test_case_26_signing_out_ends_every_session_of_the_user(
    idp: Any, make: PoolFactory, pool: str, app: str, by: str
) -> None:
    name = f"out-{by}"
    make.user(pool, name)
    other_app = make.client(pool)["ClientId"]
    sessions = [(client, sign_in(idp, client, name)) for client in (app, app, other_app)]
    stranger = sign_in(idp, app, "ada")
    if by == "user":
        idp.global_sign_out(AccessToken=sessions[0][1]["AccessToken"])
    else:
        idp.admin_user_global_sign_out(UserPoolId=pool, Username=name.upper())
    for client, tokens in sessions:
        assert outcome(refresh, idp, client, tokens["RefreshToken"]) == REVOKED
        assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == ACCESS_REVOKED
        assert outcome(idp.global_sign_out, AccessToken=tokens["AccessToken"]) == ACCESS_REVOKED
    assert idp.get_user(AccessToken=stranger["AccessToken"])
    assert sign_in(idp, app, name)


def test_signing_out_needs_somebody(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    assert refusal(idp.global_sign_out, AccessToken="x") == ("NotAuthorized", "Invalid Access Token")
    make.user(pool, "deleted")
    token = sign_in(idp, app, "deleted")["AccessToken"]
    idp.admin_delete_user(UserPoolId=pool, Username="deleted")
    # The model knows no UserNotFound there.
    assert refusal(idp.global_sign_out, AccessToken=token) == ("NotAuthorized", ACCESS_REVOKED)
    out = idp.admin_user_global_sign_out
    assert refusal(out, UserPoolId=pool, Username="nobody") == ("UserNotFound", "User does not exist.")
    assert refusal(out, UserPoolId=ABSENT, Username="ada")[0] == "ResourceNotFound"
