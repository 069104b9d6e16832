"""The whole way of a user through the pages, in Chromium: light and dark, on a phone and on a desktop.

Every page on the way is kept as an image, for people to look at: in .work/screenshots.
"""

import re
import shutil
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect
from tests.browser import PASSWORD as FIRST
from tests.browser import App, oauth_app
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, SMS, TOTP
from tests.outbox import newest_to
from tests.web.pages.accessibility import SEEN, faults
from tests.web.pages.conftest import launched
from tests.web.pages.test_mfa_setup import app_of

from cenote.web.pages.languages import NAMES, catalog

POLICY = {"MinimumLength": 10, "RequireNumbers": True, "RequireUppercase": True}
PASSWORD, SECOND = "Correct-Horse-9", "Better-Horse-10"
SCREENSHOTS = Path(__file__).parents[3] / ".work" / "screenshots"
HAND = {"has_touch": True, "is_mobile": True}
LOOKS = {
    "desktop-light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "desktop-dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone-light": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light", **HAND},
    "phone-dark": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", **HAND},
}

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: the pages are walked by HTTP only."
)


@pytest.fixture
def app(make: PoolFactory, callback: str) -> App:
    pool = make.pool(
        AutoVerifiedAttributes=["email"],
        UsernameAttributes=["email"],
        Policies={"PasswordPolicy": POLICY},
    )
    return oauth_app(
        make,
        pool=pool,
        with_user=False,
        CallbackURLs=[callback],
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
    )


def context_of(playwright: Playwright, look: str) -> BrowserContext:
    return launched(playwright).new_context(locale="en-GB", **LOOKS[look])  # type: ignore[arg-type]


def shown_by(app: App) -> list[str]:
    """The templates that the server shows from now on, as it shows them."""
    rendering, shown = app.server.app.web.rendering, []

    def noted(template: str, *given: Any, **values: Any) -> bytes:
        shown.append(template)
        return type(rendering).page(rendering, template, *given, **values)

    rendering.page = noted  # type: ignore[method-assign]
    return shown


class Walk:
    """A user at a screen; what axe-core says of it can only be asked where scripts run.

    `way` is what its images are kept under, beside the look. What of the templates it has seen is noted in `SEEN`.
    """

    def __init__(self, app: App, page: Page, look: str, *, way: str = "", scripts: bool = True) -> None:
        self.app, self.page, self.look, self.number = app, page, look, 0
        self.scripts = scripts
        self.folder = SCREENSHOTS / f"{way}{look}"
        self.shown = shown_by(app)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.blocked: list[str] = []
        page.on("console", lambda said: self.blocked.append(said.text) if said.type == "error" else None)

    def begin(self, path: str = "/oauth2/authorize", **changes: str | None) -> None:
        port = self.app.server.app.settings.port
        request = self.app.request(**{"redirect_uri": self.app.client["CallbackURLs"][0], **changes})
        self.page.goto(f"http://localhost:{port}{path}?{urlencode(request)}")

    def see(self, title: str) -> None:
        expect(self.page.locator("h1")).to_have_text(title)
        self.number += 1
        name = re.sub(r"\W+", "-", title.lower()).strip("-")
        self.page.screenshot(path=self.folder / f"{self.number:02}-{name}.png", full_page=True)
        if self.scripts:
            assert faults(self.page) == [], title
            SEEN.setdefault(self.shown[-1], set()).add(self.look)

    def type(self, **values: str) -> None:
        for label, value in values.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(value)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def back_at_the_app(self) -> str:
        self.page.wait_for_url(f"{self.app.client['CallbackURLs'][0]}?code=**")
        return self.page.url


@pytest.mark.parametrize("look", LOOKS)
def test_a_user_walks_through_the_pages(app: App, playwright: Playwright, look: str) -> None:
    context = context_of(playwright, look)
    page = context.new_page()
    walk = Walk(app, page, look)
    email = f"ada.{look}@example.com"
    idp = app.server.idp

    walk.begin()
    walk.see("Sign in")
    page.get_by_role("link", name="Create an account").click()
    walk.type(**{"E-mail address": email}, Password="short")
    walk.see("Create an account")
    walk.press("Create an account")
    walk.see("Create an account")
    assert page.get_by_role("alert").inner_text() == "This password is too short."
    walk.type(Password=PASSWORD)
    walk.press("Create an account")
    walk.see("Confirm your account")
    walk.type(Code="000000")
    walk.press("Confirm")
    expect(page.get_by_role("alert")).to_be_visible()
    walk.type(Code=newest_to(app.server.url, email)["code"])
    walk.press("Confirm")
    walk.see("Sign in")
    walk.type(Password=PASSWORD)
    walk.press("Sign in")
    walk.back_at_the_app()

    # The pool comes to insist on a second factor.
    idp.set_user_pool_mfa_config(
        UserPoolId=app.pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON"
    )
    walk.begin(prompt="login", login_hint=email)
    walk.type(Password=PASSWORD)
    walk.press("Sign in")
    walk.see("Set up an authenticator app")
    page.get_by_text("Cannot scan it?").click()
    totp = pyotp.TOTP(page.locator(".secret").inner_text())
    walk.type(Code=totp.now())
    walk.press("Sign in")
    walk.back_at_the_app()
    walk.begin(prompt="login", login_hint=email)
    walk.type(Password=PASSWORD)
    walk.press("Sign in")
    walk.see("Enter your code")
    walk.type(Code=totp.at(int(time.time()) + 30))
    walk.press("Sign in")
    walk.back_at_the_app()

    # It goes back to choice, and the client offers it.
    idp.set_user_pool_mfa_config(UserPoolId=app.pool, MfaConfiguration="OFF")
    factors = ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]
    idp.update_user_pool(
        UserPoolId=app.pool,
        AutoVerifiedAttributes=["email"],
        Policies={"PasswordPolicy": POLICY, "SignInPolicy": {"AllowedFirstAuthFactors": factors}},
    )
    idp.set_user_pool_mfa_config(
        UserPoolId=app.pool,
        WebAuthnConfiguration={"RelyingPartyId": "localhost", "UserVerification": "preferred"},
    )
    change(app, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})

    def present(enabled: bool) -> None:
        given = {"authenticatorId": added["authenticatorId"], "enabled": enabled}
        devtools.send("WebAuthn.setAutomaticPresenceSimulation", given)

    walk.begin(prompt="login", login_hint=email)
    walk.see("Sign in")
    walk.press("Next")
    walk.see("How do you want to sign in?")
    walk.press("A code by e-mail")
    walk.see("Enter your code")
    walk.type(Code=newest_to(app.server.url, email)["code"])
    walk.press("Sign in")
    walk.see("Add a passkey")
    walk.press("Add a passkey")
    walk.back_at_the_app()
    # Whom the browser offers in the list of the user name's field picks that, and types nothing.
    walk.begin(prompt="login")
    walk.back_at_the_app()
    present(False)
    walk.begin(prompt="login", login_hint=email)
    walk.see("Sign in")
    walk.press("Next")
    walk.press("Passkey")
    walk.see("Sign in with your passkey")
    present(True)
    walk.press("Use your passkey")
    walk.back_at_the_app()
    present(False)

    walk.begin(prompt="consent")
    walk.see(f"Allow {app.client['ClientName']}?")
    walk.press("Allow")
    walk.back_at_the_app()
    walk.begin(prompt="select_account")
    walk.see("Choose an account")
    walk.press(f"Continue as {email}")
    walk.back_at_the_app()

    walk.begin("/forgotPassword")
    walk.see("Forgot your password?")
    walk.type(**{"E-mail address": email})
    walk.press("Send a code")
    walk.see("Choose a new password")
    walk.type(Code=newest_to(app.server.url, email)["code"], **{"New password": SECOND})
    walk.press("Change password")
    walk.see("Sign in")
    walk.press("Next")
    walk.press("Password")
    walk.see("Enter your password")
    walk.type(Password=SECOND)
    walk.press("Sign in")
    walk.back_at_the_app()

    port = app.server.app.settings.port
    page.goto(f"http://localhost:{port}/logout?client_id={app.id}")
    walk.see("Sign out?")
    walk.press("Sign out")
    walk.see("You are signed out")
    walk.begin()
    walk.see("Sign in")
    walk.begin(redirect_uri="https://evil.example/")
    walk.see("Something went wrong")
    walk.begin(lang="ja")
    walk.see("サインイン")
    # Nothing of ours is what our own policy forbids; answers with status 400 are said in the console as well.
    assert not [said for said in walk.blocked if "Security Policy" in said]
    assert context.browser is not None
    context.browser.close()


def change(app: App, **changes: object) -> None:
    """The client with some settings changed: an update replaces all of them."""
    idp = app.server.idp
    described = idp.describe_user_pool_client(UserPoolId=app.pool, ClientId=app.id)["UserPoolClient"]
    kept = {
        name: described[name]
        for name in (
            "ClientName", "AllowedOAuthFlowsUserPoolClient", "AllowedOAuthFlows", "AllowedOAuthScopes", "CallbackURLs",
            "LogoutURLs", "SupportedIdentityProviders",
        )
    }  # fmt: skip
    idp.update_user_pool_client(UserPoolId=app.pool, ClientId=app.id, **{**kept, **changes})


@pytest.mark.parametrize("look", LOOKS)
def test_a_user_sets_up_what_they_choose(
    make: PoolFactory, callback: str, playwright: Playwright, look: str
) -> None:
    """Every page of the set-up of a second factor, with what can be wrong on it, in the longest languages too."""
    app = app_of(make, **TOTP, **EMAIL, **SMS)
    app.server.idp.update_user_pool_client(
        UserPoolId=app.pool, ClientId=app.id, CallbackURLs=[callback], AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"], AllowedOAuthScopes=["openid", "email"], SupportedIdentityProviders=["COGNITO"],
    )  # fmt: skip
    app.client["CallbackURLs"] = [callback]
    context = context_of(playwright, look)
    page = context.new_page()
    walk = Walk(app, page, look, way="set-up-")
    walk.begin()
    walk.type(User_name=app.user, Password="Wrong-Horse-9")
    walk.press("Sign in")
    walk.see("Sign in")
    walk.type(Password=FIRST)
    walk.press("Sign in")
    walk.see("Set up a second step")
    for language in ("de", "tr"):
        page.locator(".languages summary").click()
        walk.press(NAMES[language])
        walk.see(catalog(language)["Set up a second step"])
    page.locator(".languages summary").click()
    walk.press("English")
    walk.press("A code by text message")
    walk.see("Set up codes by text message")
    walk.type(Phone_number="0206 5550123")
    walk.press("Send a code")
    walk.see("Set up codes by text message")
    walk.press("Choose another way")
    walk.press("Authenticator app")
    page.get_by_text("Cannot scan it?").click()
    walk.see("Set up an authenticator app")
    walk.type(Code="000000")
    walk.press("Sign in")
    walk.see("Set up an authenticator app")
    walk.press("Choose another way")
    walk.press("A code by e-mail")
    walk.see("Set up codes by e-mail")
    to = f"{look}@set-up.example"
    walk.type(**{"E-mail address": to})
    walk.press("Send a code")
    walk.see("Enter your code")
    walk.type(Code=newest_to(app.server.url, to)["code"])
    walk.press("Sign in")
    walk.back_at_the_app()
    assert context.browser is not None
    context.browser.close()
