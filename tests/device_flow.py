"""Both halves of a device authorization, for tests: what the device asks, and what its user does in a browser."""

from typing import Any
from urllib.parse import urlsplit

from tests.browser import App, Browser, Page
from tests.conftest import RunningServer

from cenote.domain import device_codes as rules

GRANT = rules.GRANT_TYPE


async def forget(server: RunningServer) -> None:
    async with server.app.store.transaction():
        await server.app.store.engine.run("DELETE FROM quotas WHERE action LIKE 'device code%'")


def begin(app: App, **form: str) -> dict[str, Any]:
    page = begun(app, **form)
    assert page.status == 200, page.text
    return dict(page.document)


def begun(app: App, **form: str) -> Page:
    sent = {"client_id": app.id, **form}
    if "ClientSecret" in app.client:
        sent.setdefault("client_secret", app.secret)
    return app.browser().post("/oauth2/device_authorization", sent)


def poll(app: App, device_code: str, **more: str | None) -> Page:
    return app.token(grant_type=GRANT, device_code=device_code, redirect_uri=None, **more)


def said(app: App, device_code: str) -> str:
    page = poll(app, device_code)
    assert page.status == 400, page.text
    return str(page.document["error"])


def opened(app: App, codes: dict[str, Any], browser: Browser, *, complete: bool = True) -> Page:
    """The page that the device's user opens."""
    address = urlsplit(codes["verification_uri_complete" if complete else "verification_uri"])
    browser.host = address.netloc
    return browser.get(f"{address.path}?{address.query}" if address.query else address.path)


def asked(app: App, codes: dict[str, Any], browser: Browser | None = None) -> tuple[Browser, Page]:
    """The consent page, for a user who has signed in before unless another browser is given."""
    browser = browser or app.signed_in()
    led = browser.fill(opened(app, codes, browser))
    assert led.location.startswith("/consent?"), led.text
    return browser, browser.get(led.location)


def allow(app: App, codes: dict[str, Any]) -> Browser:
    browser, page = asked(app, codes)
    done = browser.fill(page, choice="allow")
    assert (done.status, "Your device is connected" in done.text) == (200, True), done.text
    return browser
