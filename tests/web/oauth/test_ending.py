"""userInfo, revocation and logout: what tokens and sessions show, and how they end."""

import pytest
from tests.browser import App, Browser, Page, claims, oauth_app
from tests.conftest import PoolFactory

BYE = "https://app.example.com/bye"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def info(app: App, token: str) -> Page:
    return app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}")


def test_userinfo_shows_the_users_attributes_as_cognito_writes_them(app: App) -> None:
    page = info(app, app.tokens(scope="openid email")["access_token"])
    assert page.status == 200
    assert page.document == {
        "sub": app.sub,
        "email": f"{app.user}@example.com",
        "email_verified": "true",  # a string (documented)
        "username": app.user,
    }


def test_userinfo_shows_only_what_the_client_may_read(make: PoolFactory) -> None:
    app = oauth_app(make, ReadAttributes=["given_name"])
    page = info(app, app.tokens(scope="openid")["access_token"])
    assert set(page.document) == {"sub", "given_name", "username"}


def test_userinfo_answers_get_and_post(app: App) -> None:
    token = app.tokens()["access_token"]
    page = app.browser().send("POST", "/oauth2/userInfo", b"", authorization=f"Bearer {token}")
    assert page.document["sub"] == app.sub


def test_case_30_userinfo_takes_no_other_token(app: App) -> None:
    tokens = app.tokens()
    for token in (tokens["id_token"], tokens["refresh_token"], tokens["access_token"][:-4], "x", "a.b.c"):
        page = info(app, token)
        assert (page.status, page.document["error"]) == (401, "invalid_token")
        assert page.headers["www-authenticate"].startswith('Bearer error="invalid_token"')


def test_userinfo_without_a_token_is_refused(app: App) -> None:
    assert app.browser().get("/oauth2/userInfo").status == 401
    assert app.browser().get("/oauth2/userInfo", authorization="Basic eDp5").status == 400
    assert app.browser().get(f"/oauth2/userInfo?access_token={app.tokens()['access_token']}").status == 401


def test_case_36_userinfo_wants_the_scope_openid(app: App) -> None:
    page = info(app, app.tokens(scope="aws.cognito.signin.user.admin")["access_token"])
    assert (page.status, page.document["error"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("ending", ["admin_user_global_sign_out", "admin_disable_user", "admin_delete_user"])
def test_case_26_userinfo_takes_no_token_that_is_over(make: PoolFactory, ending: str) -> None:
    app = oauth_app(make)
    token = app.tokens()["access_token"]
    getattr(app.server.idp, ending)(UserPoolId=app.pool, Username=app.user)
    assert info(app, token).status == 401


def test_userinfo_takes_no_expired_token(own: PoolFactory) -> None:
    app = oauth_app(own)
    token = app.tokens()["access_token"]
    app.server.clock.advance(minutes=61)
    assert info(app, token).status == 401


def revoke(app: App, token: str | None, **form: str | None) -> Page:
    sent = {"client_id": app.id, "client_secret": app.client.get("ClientSecret"), "token": token, **form}
    return app.browser().post(
        "/oauth2/revoke", {name: value for name, value in sent.items() if value is not None}
    )


def test_case_25_revoking_a_refresh_token_ends_its_access_tokens_too(app: App) -> None:
    tokens = app.tokens()
    assert revoke(app, tokens["refresh_token"]).status == 200
    assert info(app, tokens["access_token"]).status == 401
    page = app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert page.document["error"] == "invalid_grant"


def test_case_25_a_token_nobody_knows_is_as_good_as_revoked(app: App) -> None:
    assert revoke(app, "nobody-knows-this").status == 200
    tokens = app.tokens()
    assert [revoke(app, tokens["refresh_token"]).status for _ in range(2)] == [200, 200]


def test_case_25_another_clients_token_is_refused(app: App, make: PoolFactory) -> None:
    beside = oauth_app(make, pool=app.pool)
    tokens = app.tokens()
    page = revoke(beside, tokens["refresh_token"])
    assert (page.status, page.document["error"]) == (400, "unauthorized_client")
    assert info(app, tokens["access_token"]).status == 200


def test_only_a_refresh_token_can_be_revoked(app: App) -> None:
    page = revoke(app, app.tokens()["access_token"])
    assert (page.status, page.document["error"]) == (400, "unsupported_token_type")


def test_revoking_wants_the_client_and_its_secret(app: App, make: PoolFactory) -> None:
    confidential = oauth_app(make, secret=True)
    token = confidential.tokens()["refresh_token"]
    assert revoke(confidential, token, client_secret="wrong").document["error"] == "invalid_client"
    assert revoke(confidential, token, client_secret=None).document["error"] == "invalid_client"
    assert revoke(app, None).document["error"] == "invalid_request"
    assert confidential.token(grant_type="refresh_token", refresh_token=token).status == 200


def test_a_client_without_revocation_revokes_nothing(make: PoolFactory) -> None:
    app = oauth_app(make, EnableTokenRevocation=False)
    tokens = app.tokens()
    assert revoke(app, tokens["refresh_token"]).document["error"] == "invalid_request"
    assert app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status == 200


def is_known(app: App, browser: Browser) -> bool:
    return "code" in browser.get("/oauth2/authorize", app.request(prompt="none")).given


def test_cognitos_logout_ends_the_browser_session_and_leads_on(app: App) -> None:
    browser = app.signed_in()
    kept = dict(browser.jar)
    page = browser.get("/logout", {"client_id": app.id, "logout_uri": BYE})
    assert (page.status, page.location) == (302, BYE)
    assert not browser.jar, "the cookie is removed"
    browser.jar.update(kept)
    assert not is_known(app, browser), "and good for nothing"


def test_cognitos_logout_leads_back_to_the_sign_in_page(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/logout", app.request())
    assert page.location.startswith("/login?")
    assert page.given == app.request()
    assert not is_known(app, browser)


def test_a_client_that_only_an_id_token_names_is_led_back_to_with_its_id(app: App) -> None:
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    request = {name: value for name, value in app.request().items() if name != "client_id"}
    page = browser.get("/logout", {**request, "id_token_hint": hint})
    assert page.given["client_id"] == app.id
    assert browser.get(page.location).status == 200


@pytest.mark.parametrize(
    "uri", ["https://evil.example/", "//evil.example", f"{BYE}/", f"{BYE}?x=1", "javascript:x"]
)
@pytest.mark.parametrize("name", ["logout_uri", "post_logout_redirect_uri", "redirect_uri"])
def test_case_5_logout_leads_nowhere_that_is_not_registered(app: App, name: str, uri: str) -> None:
    browser = app.signed_in()
    page = browser.get("/logout", {"client_id": app.id, name: uri})
    assert (page.status, "location" in page.headers) == (400, False)
    assert is_known(app, browser), "and signs nobody out"


def test_rp_initiated_logout_with_an_id_token_leads_on_with_the_state(app: App) -> None:
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s&1"}
    page = browser.get("/logout", query)
    assert (page.status, page.location) == (302, f"{BYE}?state=s%261")
    assert not is_known(app, browser)


def test_rp_initiated_logout_takes_an_expired_id_token(own: PoolFactory) -> None:
    app = oauth_app(own)
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    app.server.clock.advance(hours=2)
    page = browser.get("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE})
    assert page.location == BYE


def test_case_51_logout_without_proof_of_where_it_comes_from_asks_first(app: App) -> None:
    browser = app.signed_in()
    for query in ({"client_id": app.id}, {"client_id": app.id, "post_logout_redirect_uri": BYE}):
        page = browser.get("/logout", query)
        assert (page.status, "location" in page.headers) == (200, False)
        assert browser.post("/logout", query).status == 200, "a form that was not ours changes nothing either"
        assert is_known(app, browser)


def test_case_51_somebody_elses_id_token_is_no_proof(app: App, make: PoolFactory) -> None:
    other = oauth_app(make, pool=app.pool)
    hint = App(app.server, app.pool, app.client, other.user, other.sub).tokens()["id_token"]
    browser = app.signed_in()
    page = browser.get("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE})
    assert page.status == 200
    assert is_known(app, browser)


def test_a_hint_that_is_no_id_token_of_the_client_is_refused(app: App, make: PoolFactory) -> None:
    beside = oauth_app(make, pool=app.pool)
    browser = app.signed_in()
    tokens = app.tokens()
    for hint in (tokens["access_token"], tokens["id_token"][:-3], beside.tokens()["id_token"], "x.y.z", "x"):
        page = browser.get(
            "/logout", {"client_id": app.id, "id_token_hint": hint, "post_logout_redirect_uri": BYE}
        )
        assert page.status == 400, hint
    assert is_known(app, browser)


def test_logout_needs_a_client(app: App) -> None:
    assert app.browser().get("/logout").status == 400
    assert app.browser().get("/logout", {"client_id": "0" * 26}).status == 400


def test_whoever_is_not_signed_in_is_led_on_as_well(app: App) -> None:
    page = app.browser().get("/logout", {"client_id": app.id, "logout_uri": BYE})
    assert page.location == BYE


def test_tokens_outlive_the_browser_session(app: App) -> None:
    """Documented at the logout endpoint: it ends the cookie's session, and revokes no token."""
    browser = app.signed_in()
    tokens = app.tokens(browser)
    browser.get("/logout", {"client_id": app.id, "logout_uri": BYE})
    assert info(app, tokens["access_token"]).status == 200
    assert claims(tokens["access_token"])["sub"] == app.sub
