"""Whole ways through the pages by the keyboard alone: Tab, Enter and typing. test_accessible.py has signing in.

Wherever the focus is, it is seen; what is wrong has it, so that it is read out and can be typed anew at once.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import PASSWORD, App, oauth_app
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, TOTP
from tests.outbox import newest_to, wrong
from tests.web.pages.test_accessible import at
from tests.web.pages.test_mfa_setup import app_of

SECOND = "Better-Horse-10"
# What a screen reader calls the element that has the focus.
NAME = """() => {
  const one = document.activeElement, labels = one.labels || [];
  const name = labels.length ? labels[0].innerText : one.getAttribute('aria-label') || one.innerText;
  return name.replace(/\\s+/g, ' ').trim();
}"""
# Whether it, or the box around it, looks otherwise than without.
SEEN = """() => {
  const one = document.activeElement, box = one.closest('.box') || one;
  const look = () => [one, box].map((each) => getComputedStyle(each))
    .map((style) => [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor].join()).join();
  const focused = look();
  one.blur();
  const plain = look();
  one.focus();
  return focused !== plain;
}"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed: nobody has a keyboard.")


class Keyboard:
    """Somebody without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def at(self) -> str:
        return str(self.page.evaluate(NAME))

    def on(self, title: str) -> None:
        expect(self.page.locator("h1")).to_have_text(title)

    def to(self, name: str) -> None:
        """By Tab, from wherever the focus is."""
        for _ in range(20):
            if self.at == name:
                break
            self.page.keyboard.press("Tab")
        assert self.at == name
        assert self.page.evaluate(SEEN), f"nobody sees that {name} has the focus"

    def type(self, text: str, *, at: str) -> None:
        self.to(at)
        self.page.keyboard.type(text)

    def enter(self) -> None:
        self.page.keyboard.press("Enter")

    def sent_back_to(self, callback: str) -> None:
        self.page.wait_for_url(f"{callback}?code=**")


@pytest.fixture
def keys(chromium: Browser) -> Iterator[Keyboard]:
    context = chromium.new_context(
        locale="en-GB", reduced_motion="reduce"
    )  # what moves would not look so at once
    yield Keyboard(context.new_page())
    context.close()


def test_a_keyboard_is_enough_to_sign_up(keys: Keyboard, make: PoolFactory, callback: str) -> None:
    pool = make.pool(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])
    app, to = oauth_app(make, pool=pool, with_user=False, CallbackURLs=[callback]), "keys@sign-up.example"
    keys.page.goto(at(app, "/login", redirect_uri=callback))
    keys.on("Sign in")
    keys.to("Create an account")
    keys.enter()
    keys.on("Create an account")
    # Nothing has to be looked for: the first field has the focus, and after an error the faulty one.
    assert keys.at == "E-mail address"
    keys.type(to, at="E-mail address")
    keys.type("short", at="Password")
    keys.enter()
    expect(keys.page.get_by_role("alert")).to_be_visible()
    assert keys.at == "Password"
    keys.type(PASSWORD, at="Password")
    keys.enter()
    keys.on("Confirm your account")
    assert keys.at == "Code"
    code = newest_to(app.server.url, to)["code"]
    keys.type(wrong(code), at="Code")
    keys.enter()
    expect(keys.page.get_by_role("alert")).to_be_visible()
    keys.type(code, at="Code")
    keys.enter()
    keys.on("Sign in")
    keys.type(PASSWORD, at="Password")
    keys.enter()
    keys.sent_back_to(callback)


def test_a_keyboard_is_enough_for_a_forgotten_password(
    keys: Keyboard, make: PoolFactory, callback: str
) -> None:
    app = oauth_app(make, CallbackURLs=[callback])
    to = f"{app.user}@example.com"
    keys.page.goto(at(app, "/login", redirect_uri=callback))
    keys.to("Forgot your password?")
    keys.enter()
    keys.on("Forgot your password?")
    assert keys.at == "User name"
    keys.type(app.user, at="User name")
    keys.enter()
    keys.on("Choose a new password")
    assert keys.at == "Code"
    # Another code is asked for on the same page.
    keys.to("Send a new code")
    keys.enter()
    expect(keys.page.get_by_role("status")).to_have_text("We sent you a new code.")
    code = newest_to(app.server.url, to)["code"]
    keys.type(code, at="Code")
    keys.type(SECOND, at="New password")
    keys.enter()
    keys.on("Sign in")
    keys.type(SECOND, at="Password")
    keys.enter()
    keys.sent_back_to(callback)


def known_app(make: PoolFactory, callback: str) -> App:
    app = app_of(make, **TOTP, **EMAIL)
    app.server.idp.update_user_pool_client(
        UserPoolId=app.pool, ClientId=app.id, CallbackURLs=[callback], AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"], AllowedOAuthScopes=["openid", "email"], SupportedIdentityProviders=["COGNITO"],
    )  # fmt: skip
    return app


def test_a_keyboard_is_enough_for_a_second_factor(keys: Keyboard, make: PoolFactory, callback: str) -> None:
    """Set up, among several and after going back once; then asked for, in another language on the way."""
    app, to = known_app(make, callback), "keys@second.example"
    keys.page.goto(at(app, "/login", redirect_uri=callback))
    keys.type(app.user, at="User name")
    keys.type(PASSWORD, at="Password")
    keys.enter()
    keys.on("Set up a second step")
    keys.to("Authenticator app")
    keys.enter()
    keys.on("Set up an authenticator app")
    keys.to("Choose another way")
    keys.enter()
    keys.on("Set up a second step")
    keys.to("A code by e-mail")
    keys.enter()
    keys.on("Set up codes by e-mail")
    assert keys.at == "E-mail address"
    keys.type(to, at="E-mail address")
    keys.enter()
    keys.on("Enter your code")
    keys.type(newest_to(app.server.url, to)["code"], at="Code")
    keys.enter()
    keys.sent_back_to(callback)

    keys.page.goto(at(app, "/login", redirect_uri=callback, prompt="login"))
    keys.type(app.user, at="User name")
    keys.type(PASSWORD, at="Password")
    keys.enter()
    keys.on("Enter your code")
    code = newest_to(app.server.url, to)["code"]
    keys.type(wrong(code), at="Code")
    keys.enter()
    expect(keys.page.get_by_role("alert")).to_be_visible()
    assert keys.at == "Code"
    keys.to("Language: English")
    keys.enter()
    keys.to("Deutsch")
    keys.enter()
    keys.on("Code eingeben")
    keys.type(code, at="Code")
    keys.enter()
    keys.sent_back_to(callback)
