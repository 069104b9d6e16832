"""A pushed request and a device's code go along from page to page, whichever way their user takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.browser import PASSWORD, App, Browser, Page, claims, forms, oauth_app, turned_on
from tests.conftest import PoolFactory
from tests.outbox import newest_to

NEWER = "Newer-Horse-11"


@dataclass
class Way:
    """Somebody at the sign-in page of a request, and how the app gets its tokens in the end."""

    app: App
    browser: Browser
    page: Page
    tokens: Callable[[Page], dict[str, Any]]

    def to(self, path: str) -> Page:
        """A link of the sign-in page."""
        return self.browser.get(f"{path}?{urlsplit(forms(self.page)[0].action).query}")

    def ends(self, led: Page) -> str:
        """The sub of the tokens, after consent."""
        assert urlsplit(led.location).path == "/consent", led.text
        done = self.browser.fill(self.browser.get(led.location), choice="allow")
        return str(claims(self.tokens(done)["access_token"])["sub"])


def pushed(app: App) -> Way:
    browser = app.browser()
    uri = browser.post("/oauth2/par", app.request(prompt="login consent")).document["request_uri"]
    led = browser.get("/oauth2/authorize", {"client_id": app.id, "request_uri": uri})
    return Way(
        app, browser, browser.get(led.location), lambda page: app.token(code=page.given["code"]).document
    )


def device(app: App) -> Way:
    browser = app.browser()
    codes = browser.post("/oauth2/device_authorization", {"client_id": app.id}).document
    page = browser.get("/device", {"client_id": app.id, "user_code": codes["user_code"]})
    led = browser.fill(page)

    def tokens(page: Page) -> dict[str, Any]:
        assert "Your device is connected" in page.text
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        form = {"grant_type": grant, "device_code": codes["device_code"], "redirect_uri": None}
        return dict(app.token(**form).document)

    return Way(app, browser, browser.get(led.location), tokens)


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    pool = make.pool(AutoVerifiedAttributes=["email"])
    return turned_on(oauth_app(make, pool=pool), "par-required device")


@pytest.fixture(params=[pushed, device])
def way(app: App, request: pytest.FixtureRequest) -> Way:
    way: Way = request.param(app)
    return way


def named(way: Way, kind: str) -> str:
    return f"{kind}-{way.browser.jar['cenote-browser'][:8]}"


def test_by_signing_in(app: App, way: Way) -> None:
    assert way.ends(way.browser.fill(way.page, username=app.user, password=PASSWORD)) == app.sub


def test_by_signing_up(app: App, way: Way) -> None:
    name = named(way, "new")
    email = f"{name}@example.com"
    page = way.browser.fill(way.to("/signup"), username=name, password=PASSWORD, attribute__email=email)
    assert "Confirm your account" in page.text
    page = way.browser.fill(page, answer=newest_to(app.server.url, email)["code"])
    assert "Your account is ready." in page.text
    sub = way.ends(way.browser.fill(page, username=name, password=PASSWORD))
    user = app.server.idp.admin_get_user(UserPoolId=app.pool, Username=name)
    assert {"Name": "sub", "Value": sub} in user["UserAttributes"]


def test_by_a_forgotten_password(app: App, way: Way, make: PoolFactory) -> None:
    name = named(way, "forgetful")
    email = f"{name}@example.com"
    sub = make.user(app.pool, name, email=email, email_verified="true")
    page = way.browser.fill(way.to("/forgotPassword"), username=name)
    code = newest_to(app.server.url, email)["code"]
    page = way.browser.fill(page, answer=code, password=NEWER)
    assert page.status == 200, page.text
    assert way.ends(way.browser.fill(page, username=name, password=NEWER)) == sub


def test_by_a_new_password(app: App, way: Way) -> None:
    name = named(way, "invited")
    made = app.server.idp.admin_create_user(
        UserPoolId=app.pool, Username=name, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    page = way.browser.fill(way.page, username=name, password=PASSWORD)
    assert "Choose a new password" in page.text
    sub = way.ends(way.browser.fill(page, answer=NEWER))
    assert {"Name": "sub", "Value": sub} in made["User"]["Attributes"]


def test_by_choosing_the_account_that_is_known(app: App, way: Way) -> None:
    app.signed_in(way.browser)
    page = way.to("/selectAccount")
    assert "Choose an account" in page.text
    led = way.browser.fill(page, choice="continue")
    if led.status == 200:
        # A request for a new sign-in does not go on with an older one.
        led = way.browser.fill(led, username=app.user, password=PASSWORD)
    assert way.ends(led) == app.sub
