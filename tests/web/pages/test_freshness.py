"""No page leads back to a client with an older sign-in than it asked for, or with another user than it means."""

from urllib.parse import urlencode

import pytest
from tests.api.idp.test_passkeys import FLOWS, passkey_pool
from tests.browser import PASSWORD, App, Browser, Page, forms, oauth_app
from tests.conftest import PoolFactory

BESIDE = ("/passkeys/add", "/consent", "/selectAccount", "/login")


def goes_on(browser: Browser, path: str, request: dict[str, str]) -> bool:
    """Whether a page gives a code, at once or by the first button of its form."""
    page = browser.get(path, request)
    if page.status == 200:
        page = browser.fill(page, choice={"/consent": "allow"}.get(path, "continue"))
    return "location" in page.headers and "code" in page.given


def choosing_app(make: PoolFactory) -> App:
    """Its users choose how to sign in, and are offered a passkey."""
    return oauth_app(make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS)


def always_anew(app: App) -> None:
    """No app of the pool takes a session of another one's sign-in."""
    idp = app.server.idp
    idp.set_user_pool_session_configuration(
        UserPoolId=app.pool, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    idp.set_user_pool_client_session_configuration(
        UserPoolId=app.pool, ClientId=app.id, SSOSession={"MaxValidityMinutes": 0}
    )


def signed_in_on(browser: Browser, page: Page, app: App) -> Page:
    """Where a sign-in by password leads that begins on this page."""
    if "password" in forms(page)[0].fields:
        return browser.fill(page, username=app.user, password=PASSWORD)
    choices = browser.fill(page, username=app.user)
    return browser.fill(browser.fill(choices, answer="PASSWORD"), answer=PASSWORD)


@pytest.mark.parametrize("path", BESIDE)
def test_an_old_session_is_asked_again_on_every_page(own: PoolFactory, path: str) -> None:
    app = oauth_app(own)
    browser = app.signed_in()
    assert goes_on(browser, path, app.request())
    app.server.clock.advance(minutes=1)
    assert not goes_on(browser, path, app.request(max_age="60"))
    app.server.clock.advance(hours=1)
    assert not goes_on(browser, path, app.request())


@pytest.mark.parametrize("path", BESIDE)
@pytest.mark.parametrize("prompt", ["login", "login consent"])
def test_a_new_sign_in_that_was_asked_for_cannot_be_walked_around(
    make: PoolFactory, path: str, prompt: str
) -> None:
    app = oauth_app(make)
    browser = app.signed_in()
    assert not goes_on(browser, path, app.request(prompt=prompt))
    forged = {**app.request(prompt=prompt), "answered": "forged"}
    assert not goes_on(browser, path, forged)


def test_a_new_sign_in_leads_on_to_consent_and_only_for_its_own_request(make: PoolFactory) -> None:
    app = oauth_app(make)
    browser = app.browser()
    page = browser.get("/login", app.request(prompt="login consent"))
    led = browser.fill(page, username=app.user, password=PASSWORD)
    assert led.location.startswith("/consent?")
    consent = browser.get(led.location)
    assert "code" in browser.fill(consent, choice="allow").given
    answered = led.given["answered"]
    other = {**app.request(prompt="login consent", state="another"), "answered": answered}
    assert not goes_on(browser, "/consent", other)
    elsewhere = app.signed_in()
    same = {**app.request(prompt="login consent"), "answered": answered}
    assert not goes_on(elsewhere, "/consent", same)


@pytest.mark.parametrize("path", ["/consent", "/passkeys/add"])
def test_case_51_a_form_of_another_session_does_nothing(make: PoolFactory, path: str) -> None:
    app = oauth_app(make)
    browser = app.browser()
    query = browser.get("/oauth2/authorize", app.request()).location.partition("?")[2]
    app.signed_in(browser)
    answer = browser.post(f"{path}?{query}", {"choice": "allow", "form": "forged"})
    assert (answer.status, "location" in answer.headers) == (400, False)
    if path == "/consent":
        page = browser.get(path, app.request())
        app.signed_in(browser)
        assert "location" not in browser.fill(page, choice="allow").headers
        assert forms(page)


@pytest.mark.parametrize(("path", "choice"), [("/consent", "allow"), ("/passkeys/add", "skip")])
@pytest.mark.parametrize("asked", ["prompt", "max_age", "id_token_hint", "state", "scope"])
def test_case_51_a_form_that_was_given_for_one_request_answers_no_other(
    make: PoolFactory, path: str, choice: str, asked: str
) -> None:
    app = choosing_app(make)
    other = oauth_app(make, pool=app.pool)
    hint = App(app.server, app.pool, app.client, other.user, other.sub).tokens()["id_token"]
    stricter = {
        "prompt": "login",
        "max_age": "0",
        "id_token_hint": hint,
        "state": "another",
        "scope": "openid email",
    }
    browser = app.signed_in()
    form = forms(browser.get(path, app.request(scope="openid")))[0]
    given = {**form.fields, "choice": choice}
    wanted = app.request(**{"scope": "openid", asked: stricter[asked]})
    refused = browser.post(f"{path}?{urlencode(wanted)}", given)
    assert (refused.status, "location" in refused.headers) == (400, False)
    same = browser.post(f"{path}?{urlencode(app.request(scope='openid'))}", given)
    assert "code" in same.given


@pytest.mark.parametrize("asked", [{"max_age": "0"}, {"max_age": "5"}, {}])
@pytest.mark.parametrize("between", ["consent", "passkey", "both"])
def test_a_sign_in_that_was_just_done_is_not_asked_for_again(
    own: PoolFactory, asked: dict[str, str], between: str
) -> None:
    """Reading a page takes its time, and the client has its answer all the same: with `max_age=0`, too."""
    app = oauth_app(own) if between == "consent" else choosing_app(own)
    if not asked:
        always_anew(app)
    request = app.request(**asked, prompt=None if between == "passkey" else "consent")
    browser = app.browser()
    led = signed_in_on(browser, browser.get("/login", request), app)
    if between != "consent":
        assert led.location.startswith("/passkeys/add?")
        offer = browser.get(led.location)
        app.server.clock.advance(seconds=30)
        led = browser.fill(offer, choice="skip")
    if between != "passkey":
        assert led.location.startswith("/consent?")
        in_german = browser.get(f"{led.location}&lang=de")
        app.server.clock.advance(seconds=30)
        led = browser.fill(in_german, choice="allow")
    assert "code" in led.given
    # Of what was done for one request, and not long ago.
    assert not goes_on(browser, "/consent", request)


def test_that_a_sign_in_was_just_done_is_soon_forgotten(own: PoolFactory) -> None:
    app = oauth_app(own)
    browser = app.browser()
    page = browser.get("/login", app.request(prompt="login consent"))
    led = browser.fill(page, username=app.user, password=PASSWORD)
    app.server.clock.advance(minutes=9)
    assert forms(browser.get(led.location))[0].action.startswith("/consent")
    app.server.clock.advance(minutes=2)
    assert forms(browser.get(led.location))[0].action.startswith("/login")


@pytest.mark.parametrize("path", BESIDE)
def test_a_client_that_means_somebody_gets_nobody_else(make: PoolFactory, path: str) -> None:
    app = oauth_app(make)
    other = oauth_app(make, pool=app.pool)
    hint = App(app.server, app.pool, app.client, other.user, other.sub).tokens()["id_token"]
    assert not goes_on(app.signed_in(), path, app.request(id_token_hint=hint))
    browser = app.browser()
    page = browser.get("/login", app.request(id_token_hint=hint))
    wrong = browser.fill(page, username=app.user, password=PASSWORD)
    assert wrong.given["error"] == "login_required"
    assert "code" in browser.fill(page, username=other.user, password=PASSWORD).given
