"""Which language a page speaks: that of the request, that chosen in this browser before, what it accepts; then English.

By HTTP, on a page, on an error page and on one that a form leads to; what means no language of ours counts for nothing.
"""

import pytest
from tests.browser import App, Browser, oauth_app
from tests.conftest import PoolFactory

from cenote.web.pages.visits import language_cookie

COOKIE = language_cookie(secure=False)


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def spoken(browser: Browser, path: str, request: dict[str, str], accepted: str = "") -> str:
    page = browser.get(path, request, **({"accept_language": accepted} if accepted else {}))
    return page.text.partition('<html lang="')[2].partition('"')[0]


# What the request says, what the browser has kept, what it accepts, and what the page speaks then.
ORDER = [
    ({"lang": "de"}, "fr", "it", "de"),
    ({"lang": "de", "ui_locales": "es"}, "fr", "it", "de"),
    ({"ui_locales": "es"}, "fr", "it", "es"),
    ({"ui_locales": "xx es"}, "fr", "it", "es"),
    ({"lang": "xx", "ui_locales": "es"}, "fr", "it", "es"),
    ({"lang": "xx"}, "fr", "it", "fr"),
    ({"lang": ""}, "fr", "it", "fr"),
    ({}, "fr", "it", "fr"),
    ({"lang": "xx"}, "xx", "it", "it"),
    ({}, "xx", "it", "it"),
    ({}, "", "it", "it"),
    ({}, "", "xx, it;q=0.5, de;q=0.4", "it"),
    ({}, "", "it;q=0.4, de;q=0.5", "de"),
    ({"lang": "xx"}, "xx", "xx", "en"),
    ({}, "", "", "en"),
]


@pytest.mark.parametrize(("asked", "kept", "accepted", "language"), ORDER)
def test_a_page_speaks_the_first_that_it_can_of_request_cookie_and_browser(
    app: App, asked: dict[str, str], kept: str, accepted: str, language: str
) -> None:
    for path, more in (("/login", {}), ("/oauth2/authorize", {"redirect_uri": "https://evil.example/"})):
        browser = app.browser()
        browser.jar |= {COOKIE: kept} if kept else {}
        assert spoken(browser, path, {**app.request(**more), **asked}, accepted) == language


@pytest.mark.parametrize(
    ("asked", "kept"), [({"lang": "de"}, "de"), ({"ui_locales": "de"}, None), ({}, None)]
)
def test_only_a_language_that_was_chosen_is_kept(app: App, asked: dict[str, str], kept: str | None) -> None:
    """An app's `ui_locales` is for its own request, and what a browser accepts it says each time."""
    browser = app.browser()
    browser.get("/login", {**app.request(), **asked}, accept_language="it")
    assert browser.jar.get(COOKIE) == kept
    assert spoken(browser, "/login", app.request(), "ko") == (kept or "ko")


def test_what_a_form_leads_to_goes_by_the_same_order(app: App) -> None:
    browser = app.browser()
    page = browser.get("/forgotPassword", app.request(ui_locales="xx"), accept_language="it")
    assert '<html lang="it">' in page.text
    browser.jar[COOKIE] = "fr"
    assert '<html lang="fr">' in browser.fill(page, username="").text
