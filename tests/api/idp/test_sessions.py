"""Sessions that a pool tracks. Behaviour is documented at the operations; texts are assumed."""

import re
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.calls import at_once, claims_of, outcome, refresh, refusal, secret_hash, sign_in
from tests.conftest import REGION, PoolFactory, RunningServer

ABSENT = "eu-central-1_Absent000"
NO_POOL = ("ResourceNotFound", f"User pool {ABSENT} does not exist.")
NO_SESSION = ("ResourceNotFound", "Session does not exist.")
OFF = ("OperationNotEnabled", "Session tracking is not enabled for this user pool.")
REVOKED = "Refresh Token has been revoked"
ACCESS_REVOKED = "Access Token has been revoked"
OF_NOBODY = "tkn" + "0" * 25


def tracking(make: PoolFactory, most: int = 20, **request: Any) -> str:
    pool = make.pool(**request)
    track(make.server.idp, pool, most)
    make.user(pool, "ada")
    return pool


def track(idp: Any, pool: str, most: int = 20, *, state: str = "ENABLED") -> None:
    idp.set_user_pool_session_configuration(
        UserPoolId=pool, UserSessionTracking=state, TokenSession={"MaxPerUser": most}
    )


def client_of(server: RunningServer, user_agent: str) -> Any:
    """A boto3 client that says it is some other program."""
    return boto3.client(
        "cognito-idp", endpoint_url=server.url, region_name=REGION, aws_access_key_id="any",
        aws_secret_access_key="any", config=Config(user_agent=user_agent, retries={"total_max_attempts": 1}),
    )  # fmt: skip


@pytest.fixture
def pool(make: PoolFactory) -> str:
    return tracking(make)


@pytest.fixture
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def listed(idp: Any, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    return list(idp.list_user_sessions(AccessToken=tokens["AccessToken"])["Sessions"])


def current(idp: Any, tokens: dict[str, Any]) -> str:
    (session,) = [one for one in listed(idp, tokens) if one["IsCurrentSession"]]
    return str(session["SessionId"])


# Configuration


def test_a_pool_tracks_nothing_until_it_is_told(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    answer = idp.get_user_pool_session_configuration(UserPoolId=pool)
    assert answer["UserSessionTracking"] == "DISABLED"
    assert answer["TokenSession"] == {"MaxPerUser": 20}
    app = make.client(pool)["ClientId"]
    answer = idp.get_user_pool_client_session_configuration(UserPoolId=pool, ClientId=app)
    assert answer["SSOSession"] == {"MaxValidityMinutes": 60}


def test_what_is_set_is_shown_and_outlives_other_updates(idp: Any, make: PoolFactory, pool: str) -> None:
    app = make.client(pool)["ClientId"]
    answer = idp.set_user_pool_session_configuration(
        UserPoolId=pool, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 3}
    )
    assert (answer["UserPoolId"], answer["TokenSession"]) == (pool, {"MaxPerUser": 3})
    mine = {"UserPoolId": pool, "ClientId": app}
    answer = idp.set_user_pool_client_session_configuration(**mine, SSOSession={"MaxValidityMinutes": 0})
    assert answer["SSOSession"] == {"MaxValidityMinutes": 0}
    idp.update_user_pool(UserPoolId=pool)
    idp.update_user_pool_client(**mine, ClientName="renamed")
    assert idp.get_user_pool_session_configuration(UserPoolId=pool)["TokenSession"] == {"MaxPerUser": 3}
    answer = idp.get_user_pool_client_session_configuration(**mine)
    assert answer["SSOSession"] == {"MaxValidityMinutes": 0}
    # Dormant, not forgotten, while the pool does not track (documented).
    track(idp, pool, state="DISABLED")
    answer = idp.get_user_pool_client_session_configuration(**mine)
    assert answer["SSOSession"] == {"MaxValidityMinutes": 0}


def test_other_answers_do_not_show_it(idp: Any, make: PoolFactory, pool: str) -> None:
    app = make.client(pool)["ClientId"]
    mine = {"UserPoolId": pool, "ClientId": app}
    idp.set_user_pool_client_session_configuration(**mine, SSOSession={"MaxValidityMinutes": 5})
    raw = make.server.run(make.server.app.store.pools.get(pool)).document
    assert "SessionConfiguration" in raw
    assert "SessionConfiguration" not in idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert "SessionConfiguration" not in idp.describe_user_pool_client(**mine)["UserPoolClient"]


def test_tracking_needs_a_tier_above_lite(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UserPoolTier="LITE")
    app = make.client(pool)["ClientId"]
    request = {"UserPoolId": pool, "UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 3}}
    assert refusal(idp.set_user_pool_session_configuration, **request)[0] == "FeatureUnavailableInTier"
    request = {"UserPoolId": pool, "ClientId": app, "SSOSession": {"MaxValidityMinutes": 5}}
    assert refusal(idp.set_user_pool_client_session_configuration, **request)[0] == "FeatureUnavailableInTier"


@pytest.mark.parametrize("most", [0, 101])
def test_a_user_has_one_to_a_hundred_sessions(idp: Any, pool: str, most: int) -> None:
    code, text = refusal(
        make_raw(idp).set_user_pool_session_configuration,
        UserPoolId=pool,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": most},
    )
    assert code == "InvalidParameter"
    assert "tokenSession.maxPerUser" in text


def make_raw(idp: Any) -> Any:
    """The same client without botocore's own checks."""
    return boto3.client(
        "cognito-idp", endpoint_url=idp.meta.endpoint_url, region_name=REGION, aws_access_key_id="any",
        aws_secret_access_key="any", config=Config(parameter_validation=False),
    )  # fmt: skip


# Listing


def test_a_session_shows_who_used_it_last_and_when(own: PoolFactory) -> None:
    server = own.server
    pool = tracking(own)
    app = own.client(pool)["ClientId"]
    server.clock.freeze()
    chrome = (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
    )
    tokens = sign_in(client_of(server, chrome), app, "ada")
    (session,) = listed(server.idp, tokens)
    assert re.fullmatch(r"tkn[a-z0-9]{25}", session["SessionId"])
    assert session["SessionType"] == "TOKEN"
    assert session["ClientId"] == app
    assert session["CreateDate"] == session["LastActiveDate"]
    assert session["DeviceType"] == "Chrome on macOS"
    assert session["LastIPAddress"] == "127.0.0.1"
    assert session["LastLocation"] == {"Country": "unknown"}
    assert session["IsCurrentSession"] is True
    assert "OriginSessionId" not in session
    server.clock.advance(hours=2)
    tokens = refresh(client_of(server, "Shop/3.1 Android"), app, tokens["RefreshToken"])
    (later,) = listed(server.idp, tokens)
    assert later["SessionId"] == session["SessionId"]
    assert later["CreateDate"] == session["CreateDate"]
    assert (later["LastActiveDate"] - session["LastActiveDate"]).total_seconds() == 7200
    assert later["DeviceType"] == "Shop on Android"


def test_a_rotation_is_activity_too(own: PoolFactory) -> None:
    server = own.server
    pool = tracking(own)
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    app = own.client(pool, ExplicitAuthFlows=flows, RefreshTokenRotation=rotation)["ClientId"]
    server.clock.freeze()
    token = sign_in(server.idp, app, "ada")["RefreshToken"]
    for minutes in (1, 1.5):  # the rotation, and a retry of it
        server.clock.advance(seconds=30 if minutes > 1 else 60)
        request = {"ClientId": app, "RefreshToken": token}
        tokens = server.idp.get_tokens_from_refresh_token(**request)["AuthenticationResult"]
        (session,) = listed(server.idp, tokens)
        assert (session["LastActiveDate"] - session["CreateDate"]).total_seconds() == minutes * 60


def test_all_clients_sessions_are_listed_newest_first(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    other = make.client(pool)["ClientId"]
    make.user(pool, "bob")
    sign_in(idp, app, "bob")
    mine = [sign_in(idp, client, "ada") for client in (app, other, app)]
    sessions = listed(idp, mine[0])
    assert [session["ClientId"] for session in sessions] == [app, other, app]
    assert [session["IsCurrentSession"] for session in sessions] == [False, False, True]
    by_admin = idp.admin_list_user_sessions(UserPoolId=pool, Username="ADA")["Sessions"]
    assert [session["SessionId"] for session in by_admin] == [session["SessionId"] for session in sessions]
    assert {session["IsCurrentSession"] for session in by_admin} == {False}


def test_only_active_sessions_are_listed(own: PoolFactory) -> None:
    idp, pool = own.server.idp, tracking(own)
    units = {"RefreshToken": "hours", "AccessToken": "minutes", "IdToken": "minutes"}
    lives = {"RefreshTokenValidity": 1, "AccessTokenValidity": 5, "IdTokenValidity": 5}
    short = own.client(pool, **lives, TokenValidityUnits=units)["ClientId"]
    app = own.client(pool)["ClientId"]
    sign_in(idp, short, "ada")
    revoked, kept = (sign_in(idp, app, "ada") for _ in range(2))
    idp.revoke_token(ClientId=app, Token=revoked["RefreshToken"])
    assert len(listed(idp, kept)) == 2
    own.server.clock.advance(minutes=61)
    kept = refresh(idp, app, kept["RefreshToken"])
    assert len(listed(idp, kept)) == 1
    idp.admin_user_global_sign_out(UserPoolId=pool, Username="ada")
    assert idp.admin_list_user_sessions(UserPoolId=pool, Username="ada")["Sessions"] == []


def test_a_session_from_before_tracking_is_listed_once_it_is_used(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    make.user(pool, "ada")
    app = make.client(pool)["ClientId"]
    tokens = sign_in(idp, app, "ada")
    track(idp, pool)
    assert listed(idp, tokens) == []
    assert len(listed(idp, refresh(idp, app, tokens["RefreshToken"]))) == 1


def test_a_refresh_in_a_pool_that_does_not_track_writes_nothing(own: PoolFactory) -> None:
    pool = own.pool()
    own.user(pool, "ada")
    app = own.client(pool)["ClientId"]
    tokens = sign_in(own.server.idp, app, "ada")
    before = row(own.server, tokens)
    refresh(own.server.idp, app, tokens["RefreshToken"])
    assert row(own.server, tokens) == before
    assert before[-3:] == (None, None, None)


def row(server: RunningServer, tokens: dict[str, Any]) -> tuple[Any, ...]:
    session = claims_of(tokens["AccessToken"])["origin_jti"]
    sql = "SELECT generation, rotated_at, last_active_at, device, address FROM sessions WHERE session_id = ?"
    return tuple(server.run(server.app.store.engine.one(sql, session)))


def test_more_than_a_page_goes_on_with_a_token(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    make.user(pool, "ada")
    app = make.client(pool)["ClientId"]
    token = sign_in(idp, app, "ada")
    record = make.server.run(
        make.server.app.store.sessions.find(pool, claims_of(token["AccessToken"])["origin_jti"])
    )[0]
    track(idp, pool, 100)

    async def many() -> None:
        store = make.server.app.store
        async with store.transaction():
            for number in range(130):
                await store.engine.run(
                    "INSERT INTO sessions (pool_id, session_id, sub, client_id, auth_time, expires_at, generation,"
                    " last_active_at, device, address) VALUES (?, ?, ?, ?, 1, ?, 0, 1, 'x', 'y')",
                    pool, f"00000000-0000-4000-8000-{number:012}", record.sub, app, record.expires_at,
                )  # fmt: skip

    make.server.run(many())
    first = idp.admin_list_user_sessions(UserPoolId=pool, Username="ada")
    assert len(first["Sessions"]) == 125
    request = {"UserPoolId": pool, "Username": "ada", "NextToken": first["NextToken"]}
    second = idp.admin_list_user_sessions(**request)
    assert "NextToken" not in second
    both = [session["SessionId"] for answer in (first, second) for session in answer["Sessions"]]
    assert len(set(both)) == 130
    assert both == sorted(both, reverse=True)
    make.user(pool, "bob")
    request["Username"] = "bob"
    assert refusal(idp.admin_list_user_sessions, **request)[0] == "InvalidParameter"


# The limit


def test_one_session_too_many_ends_the_one_that_was_used_longest_ago(own: PoolFactory) -> None:
    idp, clock = own.server.idp, own.server.clock
    pool = tracking(own, most=2)
    app, other = (own.client(pool)["ClientId"] for _ in range(2))
    clock.freeze()
    first = sign_in(idp, app, "ada")
    clock.advance(minutes=1)
    second = sign_in(idp, other, "ada")
    clock.advance(minutes=1)
    refresh(idp, app, first["RefreshToken"])
    clock.advance(minutes=1)
    third = sign_in(idp, app, "ada")
    assert outcome(refresh, idp, other, second["RefreshToken"]) == REVOKED
    assert outcome(idp.get_user, AccessToken=second["AccessToken"]) == ACCESS_REVOKED
    for tokens in (first, third):
        assert refresh(idp, app, tokens["RefreshToken"])


def test_a_lower_limit_waits_for_the_next_sign_in(idp: Any, pool: str, app: str) -> None:
    before = [sign_in(idp, app, "ada") for _ in range(4)]
    track(idp, pool, 1)
    assert [outcome(refresh, idp, app, tokens["RefreshToken"]) for tokens in before] == ["ok"] * 4
    newest = sign_in(idp, app, "ada")
    assert len(listed(idp, newest)) == 1
    assert {outcome(refresh, idp, app, tokens["RefreshToken"]) for tokens in before} == {REVOKED}


def test_of_fifty_sign_ins_at_once_no_more_stay_than_may(idp: Any, pool: str, app: str) -> None:
    track(idp, pool, 3)
    tokens = at_once(lambda _: sign_in(idp, app, "ada"), 50)
    good = [one for one in tokens if outcome(idp.get_user, AccessToken=one["AccessToken"]) == "ok"]
    assert len(good) == 3
    assert len(listed(idp, good[0])) == 3


def test_the_limit_is_each_users_own(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "bob")
    track(idp, pool, 1)
    ada, bob = (sign_in(idp, app, name) for name in ("ada", "bob"))
    assert len(listed(idp, ada)) == len(listed(idp, bob)) == 1


# Ending one


@pytest.mark.parametrize("linked", [{}, {"RevokeAssociatedSessions": "LINKED"}])
def test_a_user_ends_another_session_of_theirs(idp: Any, pool: str, app: str, linked: dict[str, str]) -> None:
    lost, mine, third = (sign_in(idp, app, "ada") for _ in range(3))
    session = current(idp, lost)
    idp.revoke_user_session(AccessToken=mine["AccessToken"], SessionId=session, **linked)
    assert outcome(refresh, idp, app, lost["RefreshToken"]) == REVOKED
    assert outcome(idp.get_user, AccessToken=lost["AccessToken"]) == ACCESS_REVOKED
    assert session not in {one["SessionId"] for one in listed(idp, mine)}
    assert refresh(idp, app, third["RefreshToken"])
    again = {"AccessToken": mine["AccessToken"], "SessionId": session}
    assert refusal(idp.revoke_user_session, **again) == NO_SESSION


def test_the_session_that_asks_is_not_ended(idp: Any, app: str) -> None:
    tokens = sign_in(idp, app, "ada")
    request = {"AccessToken": tokens["AccessToken"], "SessionId": current(idp, tokens)}
    assert refusal(idp.revoke_user_session, **request)[0] == "InvalidParameter"
    assert refresh(idp, app, tokens["RefreshToken"])


def test_an_administrator_ends_any_session_of_the_user_they_name(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    tokens = sign_in(idp, app, "ada")
    session = current(idp, tokens)
    make.user(pool, "bob")
    request = {"UserPoolId": pool, "SessionId": session}
    assert refusal(idp.admin_revoke_user_session, **request, Username="bob") == NO_SESSION
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "ok"
    idp.admin_revoke_user_session(**request, Username="Ada")
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == ACCESS_REVOKED
    assert refusal(idp.admin_revoke_user_session, **request, Username="ada") == NO_SESSION


def test_case_77_nobody_ends_somebody_elses_session(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    victim = sign_in(idp, app, "ada")
    session = current(idp, victim)
    make.user(pool, "mallory")
    mallory = sign_in(idp, app, "mallory")
    request = {"AccessToken": mallory["AccessToken"], "SessionId": session}
    assert refusal(idp.revoke_user_session, **request) == NO_SESSION
    other = tracking(make)
    request = {"UserPoolId": other, "Username": "ada", "SessionId": session}
    assert refusal(idp.admin_revoke_user_session, **request) == NO_SESSION
    assert outcome(idp.get_user, AccessToken=victim["AccessToken"]) == "ok"


@pytest.mark.parametrize("name", [OF_NOBODY, "sso" + "0" * 25, "tkn" + "z" * 25])
def test_a_session_that_is_not_there_is_not_ended(idp: Any, pool: str, app: str, name: str) -> None:
    token = sign_in(idp, app, "ada")["AccessToken"]
    assert refusal(idp.revoke_user_session, AccessToken=token, SessionId=name) == NO_SESSION
    request = {"UserPoolId": pool, "Username": "ada", "SessionId": name}
    assert refusal(idp.admin_revoke_user_session, **request) == NO_SESSION


@pytest.mark.parametrize("name", ["tkn" + "A" * 25, "abc" + "0" * 25])
def test_what_is_no_session_id_is_refused(idp: Any, pool: str, app: str, name: str) -> None:
    token = sign_in(idp, app, "ada")["AccessToken"]
    request = {"AccessToken": token, "SessionId": name}
    assert refusal(idp.revoke_user_session, **request)[0] == "InvalidParameter"


def test_of_many_refreshes_and_an_ending_at_once_none_survives(idp: Any, app: str) -> None:
    lost, mine = (sign_in(idp, app, "ada") for _ in range(2))
    session = current(idp, lost)

    def either(turn: int) -> Any:
        if turn == 10:
            return idp.revoke_user_session(AccessToken=mine["AccessToken"], SessionId=session) and None
        try:
            return refresh(idp, app, lost["RefreshToken"])
        except idp.exceptions.NotAuthorizedException:
            return None

    for tokens in filter(None, at_once(either, 50)):
        assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == ACCESS_REVOKED
    assert outcome(refresh, idp, app, lost["RefreshToken"]) == REVOKED


# What every one of them refuses


def test_none_of_it_works_in_a_pool_that_does_not_track(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    make.user(pool, "ada")
    app = make.client(pool)["ClientId"]
    token, user = sign_in(idp, app, "ada")["AccessToken"], {"UserPoolId": pool, "Username": "ada"}
    assert refusal(idp.list_user_sessions, AccessToken=token) == OFF
    assert refusal(idp.revoke_user_session, AccessToken=token, SessionId=OF_NOBODY) == OFF
    assert refusal(idp.admin_list_user_sessions, **user) == OFF
    assert refusal(idp.admin_revoke_user_session, **user, SessionId=OF_NOBODY) == OFF
    request = {"UserPoolId": pool, "ClientId": app, "SSOSession": {"MaxValidityMinutes": 5}}
    assert refusal(idp.set_user_pool_client_session_configuration, **request) == OFF


def test_somebody_who_is_not_there_has_no_sessions(idp: Any, pool: str) -> None:
    nobody = {"UserPoolId": pool, "Username": "nobody"}
    for call, more in (
        (idp.admin_list_user_sessions, {}),
        (idp.admin_revoke_user_session, {"SessionId": OF_NOBODY}),
    ):
        assert refusal(call, **nobody, **more) == ("UserNotFound", "User does not exist.")


def test_a_pool_or_client_that_is_not_there_has_none_either(idp: Any, pool: str) -> None:
    at = {"UserPoolId": ABSENT}
    tracked = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 1}}
    assert refusal(idp.get_user_pool_session_configuration, **at) == NO_POOL
    assert refusal(idp.set_user_pool_session_configuration, **at, **tracked) == NO_POOL
    assert refusal(idp.admin_list_user_sessions, **at, Username="ada") == NO_POOL
    assert refusal(idp.admin_revoke_user_session, **at, Username="ada", SessionId=OF_NOBODY) == NO_POOL
    sso = {"SSOSession": {"MaxValidityMinutes": 1}}
    for where, code in ((at, "User pool"), ({"UserPoolId": pool}, "User pool client")):
        request = {**where, "ClientId": "0" * 26}
        for refused in (
            refusal(idp.get_user_pool_client_session_configuration, **request),
            refusal(idp.set_user_pool_client_session_configuration, **request, **sso),
        ):
            assert refused[0] == "ResourceNotFound"
            assert refused[1].startswith(f"{code} ")


def test_only_a_good_access_token_lists_and_ends(idp: Any, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, GenerateSecret=True)
    tokens = sign_in(idp, client["ClientId"], "ada", SECRET_HASH=secret_hash(client, "ada"))
    for token in ("x", tokens["IdToken"], tokens["RefreshToken"]):
        bad = ("NotAuthorized", "Invalid Access Token")
        assert refusal(idp.list_user_sessions, AccessToken=token) == bad
        assert refusal(idp.revoke_user_session, AccessToken=token, SessionId=OF_NOBODY) == bad
