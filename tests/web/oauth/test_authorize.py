"""The authorize endpoint: what it refuses, what it shows and what it leads back with."""

import pytest
from tests.browser import CALLBACK, App, claims, oauth_app, pkce
from tests.conftest import PoolFactory


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


@pytest.fixture(scope="module")
def implicit(make: PoolFactory) -> App:
    return oauth_app(make, AllowedOAuthFlows=["implicit"])


def test_a_user_whom_the_browser_knows_goes_back_with_a_code_the_state_and_the_issuer(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request())
    assert page.status == 302
    assert page.location.startswith(f"{CALLBACK}?code=")
    assert page.given["state"] == "a state"
    assert page.given["iss"] == app.server.app.deployment.issuer(app.pool)


def test_anybody_else_goes_to_the_sign_in_page_with_the_whole_request(app: App) -> None:
    page = app.browser().get("/oauth2/authorize", app.request(nonce="n", lang="de", unknown="dropped"))
    assert page.status == 302
    assert page.location.startswith("/login?")
    assert page.given == app.request(nonce="n", lang="de")


@pytest.mark.parametrize(
    "uri",
    [
        f"{CALLBACK}/",
        CALLBACK.replace("app", "APP"),
        CALLBACK.replace(".com", ".com:443"),
        CALLBACK.replace("callback", "%63allback"),
        f"{CALLBACK}?extra=1",
        f"{CALLBACK}#fragment",
        CALLBACK.replace("https", "http"),
    ],
)
def test_case_1_a_redirect_uri_that_is_not_letter_for_letter_the_registered_one_is_refused(
    app: App, uri: str
) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(redirect_uri=uri))
    assert page.status == 400
    assert "location" not in page.headers


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com@evil.example/callback",
        "https://a@app.example.com@evil.example/callback",
        "https://evil.example\\@app.example.com/callback",
        "https://app.example.com\t.evil.example/callback",
        "https://аpp.example.com/callback",  # noqa: RUF001 (the first letter is Cyrillic)
    ],
)
def test_case_2_hosts_that_readers_disagree_about_are_refused(app: App, uri: str) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(redirect_uri=uri))
    assert (page.status, "location" in page.headers) == (400, False)


@pytest.mark.parametrize("path", ["/..;/callback", "/%2e%2e/callback", "/./callback", "//callback"])
def test_case_3_paths_that_servers_rewrite_are_refused(app: App, path: str) -> None:
    page = app.signed_in().get(
        "/oauth2/authorize", app.request(redirect_uri=f"https://app.example.com{path}")
    )
    assert (page.status, "location" in page.headers) == (400, False)


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "DATA:,"])
def test_case_4_a_scheme_that_runs_something_is_refused(app: App, uri: str) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(redirect_uri=uri))
    assert (page.status, "location" in page.headers) == (400, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "0" * 26},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
    ],
)
def test_case_6_an_error_before_client_and_redirect_uri_are_known_goes_nowhere(
    app: App, changes: dict[str, str | None]
) -> None:
    page = app.browser().get("/oauth2/authorize", app.request(**changes))
    assert (page.status, "location" in page.headers) == (400, False)
    assert page.headers["content-type"].startswith("text/html")


def test_a_redirect_uri_may_be_left_out_where_the_client_has_a_default(make: PoolFactory) -> None:
    app = oauth_app(make, DefaultRedirectURI=CALLBACK)
    page = app.signed_in().get("/oauth2/authorize", app.request(redirect_uri=None))
    assert page.location.startswith(f"{CALLBACK}?code=")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_mode": "web_message"}, "invalid_request"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"scope": "openid  email"}, "invalid_scope"),
        ({"code_challenge": "x" * 43}, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x" * 42, "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "=" * 43, "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"resource": "not a url"}, "invalid_target"),
        ({"resource": "https://[::1"}, "invalid_target"),
        ({"resource": "https://api.example.com/#part"}, "invalid_target"),
        ({"identity_provider": "Nobody"}, "invalid_request"),
        ({"idp_identifier": "nobody.example"}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
        ({"state": "s" * 4097}, "invalid_request"),
    ],
)
def test_case_7_a_request_that_is_not_as_it_must_be_goes_back_with_its_error(
    app: App, changes: dict[str, str | None], error: str
) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(**changes))
    assert page.status == 302
    assert page.location.startswith((f"{CALLBACK}?error=", f"{CALLBACK}#error="))
    assert page.given["error"] == error
    assert page.given["iss"] == app.server.app.deployment.issuer(app.pool)
    assert "code" not in page.given


def test_case_7_a_client_without_oauth_gets_nothing(make: PoolFactory) -> None:
    app = oauth_app(make, AllowedOAuthFlowsUserPoolClient=False)
    page = app.signed_in().get("/oauth2/authorize", app.request())
    assert page.given["error"] == "unauthorized_client"


@pytest.mark.parametrize("providers", [None, []])
def test_a_client_that_names_no_provider_signs_nobody_in(
    make: PoolFactory, providers: list[str] | None
) -> None:
    app = oauth_app(make)
    changes = {} if providers is None else {"SupportedIdentityProviders": providers}
    kept = (
        "ClientName",
        "AllowedOAuthFlowsUserPoolClient",
        "AllowedOAuthFlows",
        "AllowedOAuthScopes",
        "CallbackURLs",
    )
    browser = app.signed_in()
    assert "code" in browser.get("/oauth2/authorize", app.request()).given
    app.server.idp.update_user_pool_client(
        UserPoolId=app.pool, ClientId=app.id, **{name: app.client[name] for name in kept}, **changes
    )
    for path in ("/oauth2/authorize", "/login", "/signup"):
        given = browser.get(path, app.request(identity_provider="COGNITO")).given
        assert given["error"] == "unauthorized_client"
        assert "SupportedIdentityProviders" in given["error_description"]


@pytest.mark.parametrize("name", ["response_type", "scope", "state", "nonce"])
def test_case_8_a_repeated_parameter_is_refused(app: App, name: str) -> None:
    query = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in app.request(nonce="n").items())
    page = app.signed_in().get(f"/oauth2/authorize?{query}&{name}=again")
    assert page.given["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_case_8_a_repeated_client_or_redirect_uri_goes_nowhere(app: App, name: str) -> None:
    query = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in app.request().items())
    page = app.signed_in().get(f"/oauth2/authorize?{query}&{name}={app.request()[name]}")
    assert (page.status, "location" in page.headers) == (400, False)


def test_case_9_a_state_comes_back_as_it_was_and_breaks_nothing(app: App) -> None:
    state = "a\r\nset-cookie: x=1&<script>\"'ü"
    page = app.signed_in().get("/oauth2/authorize", app.request(state=state))
    assert page.given["state"] == state
    assert "set-cookie" not in page.headers


@pytest.mark.parametrize("name", ["state", "nonce", "login_hint", "acr_values"])
def test_case_9_no_parameter_is_longer_than_anybody_needs(app: App, name: str) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(**{name: "a" * 5000}))
    assert page.given["error"] == "invalid_request"


def test_case_9_nor_is_the_whole_request_as_it_is_carried_on(app: App) -> None:
    """A slash is one letter in the query that came and three in the one that is carried on."""
    browser = app.signed_in()
    query = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in app.request().items())
    fits = browser.get(f"/oauth2/authorize?{query}&ui_locales={'/' * 4000}")
    assert "code" in fits.given
    page = browser.get(f"/oauth2/authorize?{query}&ui_locales={'/' * 8000}")
    assert page.given["error"] == "invalid_request"


def test_case_10_errors_and_codes_name_their_issuer(app: App) -> None:
    issuer = app.server.app.deployment.issuer(app.pool)
    browser = app.signed_in()
    assert browser.get("/oauth2/authorize", app.request()).given["iss"] == issuer
    assert browser.get("/oauth2/authorize", app.request(scope="no")).given["iss"] == issuer


def test_case_11_a_posted_request_is_answered_with_303(app: App) -> None:
    page = app.signed_in().post("/oauth2/authorize", app.request())
    assert page.status == 303
    assert "code" in page.given


def test_case_12_an_answer_with_a_code_is_kept_by_nobody_and_tells_no_referrer(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request())
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("uri", ["https://evil.example/", None])
def test_case_13_an_error_page_cannot_be_framed_and_runs_nothing(app: App, uri: str | None) -> None:
    page = app.browser().get("/oauth2/authorize", app.request(redirect_uri=uri))
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_prompt_none_never_shows_a_page(app: App) -> None:
    unknown = app.browser().get("/oauth2/authorize", app.request(prompt="none"))
    assert unknown.given["error"] == "login_required"
    known = app.signed_in().get("/oauth2/authorize", app.request(prompt="none"))
    assert "code" in known.given


@pytest.mark.parametrize(
    ("prompt", "path"), [("login", "/login"), ("select_account", "/selectAccount"), ("consent", "/consent")]
)
def test_a_prompt_asks_a_user_whom_the_browser_knows(app: App, prompt: str, path: str) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(prompt=prompt))
    assert page.location.startswith(f"{path}?")


def test_a_session_older_than_max_age_is_asked_again(own: PoolFactory) -> None:
    app = oauth_app(own)
    browser = app.signed_in()
    assert "code" in browser.get("/oauth2/authorize", app.request(max_age="60")).given
    app.server.clock.advance(seconds=60)
    assert browser.get("/oauth2/authorize", app.request(max_age="60")).location.startswith("/login?")
    assert browser.get("/oauth2/authorize", app.request(max_age="0")).location.startswith("/login?")
    assert "code" in browser.get("/oauth2/authorize", app.request(max_age="61")).given


def test_a_session_is_reused_for_an_hour_unless_the_client_says_otherwise(own: PoolFactory) -> None:
    app = oauth_app(own)
    browser = app.signed_in()
    app.server.clock.advance(minutes=59)
    assert "code" in browser.get("/oauth2/authorize", app.request()).given
    app.server.clock.advance(minutes=1)
    assert browser.get("/oauth2/authorize", app.request()).location.startswith("/login?")
    idp = app.server.idp
    idp.set_user_pool_session_configuration(
        UserPoolId=app.pool, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    idp.set_user_pool_client_session_configuration(
        UserPoolId=app.pool, ClientId=app.id, SSOSession={"MaxValidityMinutes": 120}
    )
    assert "code" in browser.get("/oauth2/authorize", app.request()).given


def test_another_client_of_the_pool_reuses_the_session_and_another_pool_does_not(
    make: PoolFactory, app: App
) -> None:
    beside = oauth_app(make, pool=app.pool)
    elsewhere = oauth_app(make)
    browser = app.signed_in()
    assert "code" in browser.get("/oauth2/authorize", beside.request()).given
    assert browser.get("/oauth2/authorize", elsewhere.request()).location.startswith("/login?")


def test_case_50_a_cookie_with_another_secret_or_another_pools_session_is_nobodys(
    app: App, make: PoolFactory
) -> None:
    elsewhere = oauth_app(make)
    browser, other = app.signed_in(), elsewhere.signed_in()
    (name, value), (foreign,) = next(iter(browser.jar.items())), other.jar.values()
    session_id, secret = value.split(".")
    for forged in (
        f"{session_id}.{secret[:-1]}0",
        session_id,
        f"{session_id}.",
        f".{secret}",
        foreign,
        "x" * 500,
    ):
        if forged != value:
            browser.jar[name] = forged
            page = browser.get("/oauth2/authorize", app.request())
            assert page.location.startswith("/login?"), forged


@pytest.mark.parametrize("ending", ["admin_user_global_sign_out", "admin_disable_user", "admin_delete_user"])
def test_what_ends_a_users_sessions_ends_the_browsers_too(make: PoolFactory, ending: str) -> None:
    app = oauth_app(make)
    browser = app.signed_in()
    getattr(app.server.idp, ending)(UserPoolId=app.pool, Username=app.user)
    assert browser.get("/oauth2/authorize", app.request()).location.startswith("/login?")


def test_the_implicit_grant_gives_tokens_in_the_fragment_and_no_refresh_token(implicit: App) -> None:
    page = implicit.signed_in().get("/oauth2/authorize", implicit.request(response_type="token", nonce="n-1"))
    assert page.location.startswith(f"{CALLBACK}#")
    given = page.given
    assert set(given) == {"access_token", "id_token", "token_type", "expires_in", "state", "iss"}
    assert claims(given["id_token"])["nonce"] == "n-1"
    assert claims(given["access_token"])["scope"] == "openid email"


def test_tokens_never_stand_in_a_query(implicit: App) -> None:
    request = implicit.request(response_type="token", response_mode="query")
    page = implicit.signed_in().get("/oauth2/authorize", request)
    assert page.location.startswith(f"{CALLBACK}#error=invalid_request")


def test_an_answer_may_stand_in_the_fragment_or_be_posted(app: App) -> None:
    browser = app.signed_in()
    fragment = browser.get("/oauth2/authorize", app.request(response_mode="fragment"))
    assert fragment.location.startswith(f"{CALLBACK}#code=")
    posted = browser.get("/oauth2/authorize", app.request(response_mode="form_post", state='"><script>'))
    assert posted.status == 200
    assert f'action="{CALLBACK}"' in posted.text
    assert '"><script>' not in posted.text
    assert "https://app.example.com" in posted.headers["content-security-policy"]


def test_a_query_in_the_redirect_uri_stays(make: PoolFactory) -> None:
    uri = f"{CALLBACK}?tenant=1"
    app = oauth_app(make, CallbackURLs=[uri])
    page = app.signed_in().get("/oauth2/authorize", app.request(redirect_uri=uri))
    assert page.location.startswith(f"{uri}&code=")


def test_all_that_the_client_may_have_is_granted_where_no_scope_is_asked_for(app: App) -> None:
    verifier, challenge = pkce()
    request = {"scope": None, "code_challenge": challenge, "code_challenge_method": "S256"}
    page = app.token(code=app.code(**request), code_verifier=verifier)
    assert set(claims(page.document["access_token"])["scope"].split()) == set(
        app.client["AllowedOAuthScopes"]
    )
