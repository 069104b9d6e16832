"""SECURITY.md cases 19 and 82: what browsers and apps prove is compared in a time that tells nothing of it."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from tests.browser import PASSWORD, App, forms, oauth_app, pkce, turned_on
from tests.conftest import PoolFactory
from tests.device_flow import begin, opened


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make), "device")


@pytest.fixture
def sees(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes, Callable[[], Any]], bool]:
    """Whether something is handed to `hmac.compare_digest` while something else is done."""
    compared: list[bytes] = []
    genuine = hmac.compare_digest

    def noting(first: Any, second: Any) -> bool:
        compared.extend(one.encode() if isinstance(one, str) else bytes(one) for one in (first, second))
        return genuine(first, second)

    monkeypatch.setattr(hmac, "compare_digest", noting)

    def seen(sought: bytes, act: Callable[[], Any]) -> bool:
        compared.clear()
        act()
        return sought in compared

    return seen


def test_case_19_the_right_and_a_wrong_verifier_are(app: App, sees: Callable[..., bool]) -> None:
    verifier, challenge = pkce()
    code = app.code(code_challenge=challenge, code_challenge_method="S256")
    answers = []
    for given in (pkce()[0], verifier):
        sent = {"code": code, "code_verifier": given}
        assert sees(challenge.encode(), lambda sent=sent: answers.append(app.token(**sent).status))
    assert answers == [400, 200]


def test_case_82_the_browser_that_a_form_was_given_to_is(app: App, sees: Callable[..., bool]) -> None:
    browser, other = app.browser(), app.browser()
    page = browser.get("/login", app.request())
    other.get("/login", app.request())
    for one in (browser, other):
        held = hashlib.sha256(one.jar["cenote-browser"].encode()).digest()
        assert sees(held, lambda one=one: one.fill(page, username=app.user, password=PASSWORD))


def test_case_82_the_secret_of_a_browsers_session_is(app: App, sees: Callable[..., bool]) -> None:
    browser = app.signed_in()
    name = next(name for name in browser.jar if name.startswith("cenote-"))
    session, _, secret = browser.jar[name].partition(".")
    for given in (secret, "x" + secret[1:]):
        browser.jar[name] = f"{session}.{given}"
        held = hashlib.sha256(given.encode()).digest()
        assert sees(held, lambda: browser.get("/oauth2/authorize", app.request(prompt="none")))


def test_case_82_the_browser_that_typed_a_devices_code_is(app: App, sees: Callable[..., bool]) -> None:
    browser = app.signed_in()
    page = opened(app, begin(app), browser)
    led = browser.fill(page).location
    assert forms(page)
    held = hashlib.sha256(browser.jar["cenote-browser"].encode()).digest()
    assert sees(held, lambda: browser.get(led))
