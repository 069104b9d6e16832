"""SSO sessions in a pool that tracks sessions: listed beside the token sessions that came through them, and ended."""

from typing import Any

import pytest
from tests.browser import App, oauth_app
from tests.conftest import PoolFactory

SCOPE = "openid aws.cognito.signin.user.admin"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    app = oauth_app(make)
    app.server.idp.set_user_pool_session_configuration(
        UserPoolId=app.pool, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    return app


def somebody(app: App, make: PoolFactory) -> App:
    return oauth_app(make, pool=app.pool)


def listed(app: App) -> list[dict[str, Any]]:
    answer = app.server.idp.admin_list_user_sessions(UserPoolId=app.pool, Username=app.user)
    return list(answer["Sessions"])


def test_a_sign_in_on_the_pages_is_a_session_and_its_tokens_name_it(app: App, make: PoolFactory) -> None:
    one = somebody(app, make)
    browser = one.signed_in()
    (sso,) = listed(one)
    assert (sso["SessionType"], sso["SessionId"][:3], len(sso["SessionId"])) == ("SSO", "sso", 28)
    assert "OriginSessionId" not in sso
    one.tokens(browser)
    token, again = listed(one)
    assert (token["SessionType"], token["OriginSessionId"]) == ("TOKEN", sso["SessionId"])
    assert again["SessionId"] == sso["SessionId"]
    assert again["LastActiveDate"] >= sso["LastActiveDate"]


def test_a_user_sees_which_session_is_theirs_now(app: App, make: PoolFactory) -> None:
    one = somebody(app, make)
    token = one.tokens(scope=SCOPE)["access_token"]
    sessions = one.server.idp.list_user_sessions(AccessToken=token)["Sessions"]
    assert {session["SessionType"]: session["IsCurrentSession"] for session in sessions} == {
        "TOKEN": True,
        "SSO": False,
    }


@pytest.mark.parametrize(("associated", "survives"), [("NONE", True), ("LINKED", False)])
def test_ending_an_sso_session_ends_its_tokens_where_that_is_asked_for(
    app: App, make: PoolFactory, associated: str, *, survives: bool
) -> None:
    one = somebody(app, make)
    browser = one.signed_in()
    refresh_token = one.tokens(browser)["refresh_token"]
    sso = next(session for session in listed(one) if session["SessionType"] == "SSO")
    one.server.idp.admin_revoke_user_session(
        UserPoolId=one.pool,
        Username=one.user,
        SessionId=sso["SessionId"],
        RevokeAssociatedSessions=associated,
    )
    assert browser.get("/oauth2/authorize", one.request()).location.startswith("/login?")
    page = one.token(grant_type="refresh_token", refresh_token=refresh_token)
    assert (page.status == 200) is survives


@pytest.mark.parametrize(("associated", "survives"), [("NONE", True), ("LINKED", False)])
def test_ending_a_token_session_ends_its_browsers_where_that_is_asked_for(
    app: App, make: PoolFactory, associated: str, *, survives: bool
) -> None:
    one = somebody(app, make)
    browser = one.signed_in()
    mine, other = one.tokens(browser, scope=SCOPE), one.tokens(scope=SCOPE)
    token = next(
        session
        for session in listed(one)
        if session["SessionType"] == "TOKEN"
        and "OriginSessionId" in session
        and session["OriginSessionId"] == origin_of(one, mine)
    )
    one.server.idp.revoke_user_session(
        AccessToken=other["access_token"],
        SessionId=token["SessionId"],
        RevokeAssociatedSessions=associated,
    )
    known = "code" in browser.get("/oauth2/authorize", one.request(prompt="none")).given
    assert known is survives


def origin_of(app: App, tokens: dict[str, Any]) -> str:
    sessions = app.server.idp.list_user_sessions(AccessToken=tokens["access_token"])["Sessions"]
    return str(next(session for session in sessions if session["IsCurrentSession"])["OriginSessionId"])


def test_case_77_nobody_ends_somebody_elses_sso_session(app: App, make: PoolFactory) -> None:
    one, other = somebody(app, make), somebody(app, make)
    browser = one.signed_in()
    (sso,) = listed(one)
    idp = one.server.idp
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.admin_revoke_user_session(UserPoolId=one.pool, Username=other.user, SessionId=sso["SessionId"])
    assert "code" in browser.get("/oauth2/authorize", one.request()).given
