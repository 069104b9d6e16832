"""The pages, looked at by axe-core in Chromium: nothing serious for who uses a keyboard or a screen reader."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser import App, oauth_app
from tests.clients.drivers import FOLDER, or_fail
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory

AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 800}}
KNOWN = ("/selectAccount", "/consent", "/logout")
PATHS = ("/login", "/signup", "/confirm", "/forgotPassword", *KNOWN)

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: nobody looks at the pages."
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        yield playwright.chromium.launch(executable_path=BROWSER, args=arguments)


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        or_fail("axe-core is not installed: run `make node`.")
    return Path(AXE).read_text()


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_serious_fault(chromium: Browser, axe: str, app: App, size: str, scheme: str) -> None:
    origin = f"http://localhost:{app.server.app.settings.port}"
    context = chromium.new_context(viewport=SIZES[size], color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    for path in PATHS:
        if path in KNOWN:
            jar = app.signed_in().jar
            context.add_cookies(
                [{"name": name, "value": value, "url": origin} for name, value in jar.items()]
            )
        query = {"client_id": app.id} if path == "/logout" else app.request()
        page.goto(f"{origin}{path}?{urlencode(query)}")
        assert page.locator("h1").count() == 1, path
        page.evaluate(axe)
        found = page.evaluate("async () => (await axe.run()).violations")
        faults = [
            (path, violation["id"], [node["html"] for node in violation["nodes"]])
            for violation in found
            if violation["impact"] in {"serious", "critical"}
        ]
        assert not faults
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= SIZES[size]["width"], f"{path} is wider than the screen"
    context.close()
