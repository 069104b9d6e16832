"""No page leads back to a client with an older sign-in than it asked for, or with another user than it means."""

import pytest
from tests.browser import PASSWORD, App, Browser, forms, oauth_app
from tests.conftest import PoolFactory

BESIDE = ("/passkeys/add", "/consent", "/selectAccount", "/login")


def goes_on(browser: Browser, path: str, request: dict[str, str]) -> bool:
    """Whether a page gives a code, at once or by the first button of its form."""
    page = browser.get(path, request)
    if page.status == 200:
        page = browser.fill(page, choice={"/consent": "allow"}.get(path, "continue"))
    return "location" in page.headers and "code" in page.given


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
