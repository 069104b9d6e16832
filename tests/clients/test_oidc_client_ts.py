"""oidc-client-ts, as a single-page app uses it, in Chromium: pages, CORS, silent renewal, revocation and sign-out."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.browser import PASSWORD, oauth_app
from tests.clients.drivers import FOLDER, or_fail, public_url
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory

LIBRARY = FOLDER / "node_modules" / "oidc-client-ts" / "dist" / "browser" / "oidc-client-ts.min.js"
APP = b"<!doctype html><title>App</title><h1>App</h1><script src='/oidc-client-ts.js'></script>"
# What the page's own script would do with the library.
MANAGER = """(settings) => {
  window.manager = new oidc.UserManager({
    ...settings, userStore: new oidc.WebStorageStateStore({ store: window.localStorage }) });
}"""

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: oidc-client-ts is not driven."
)


class SinglePageApp(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        script = self.path == "/oidc-client-ts.js"
        self.send_response(200)
        self.send_header("content-type", "text/javascript" if script else "text/html")
        self.end_headers()
        self.wfile.write(Path(LIBRARY).read_bytes() if script else APP)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def origin() -> Iterator[str]:
    if not LIBRARY.is_file():
        or_fail("oidc-client-ts is not installed: run `make node`.")
    server = ThreadingHTTPServer(("127.0.0.1", 0), SinglePageApp)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        yield playwright.chromium.launch(executable_path=BROWSER, args=arguments).new_page()


def test_a_single_page_app_signs_in_renews_revokes_and_signs_out(
    make: PoolFactory, page: Page, origin: str
) -> None:
    app = oauth_app(make, CallbackURLs=[f"{origin}/callback"], LogoutURLs=[f"{origin}/bye"])
    settings: dict[str, Any] = {
        "authority": f"{public_url(app.server)}/{app.pool}",
        "client_id": app.id,
        "redirect_uri": f"{origin}/callback",
        "post_logout_redirect_uri": f"{origin}/bye",
        "scope": "openid email",
        "loadUserInfo": True,
    }
    page.goto(origin)
    page.evaluate(MANAGER, settings)
    page.evaluate("() => { window.manager.signinRedirect() }")
    page.wait_for_url("**/login?**")
    page.get_by_label("User name").fill(app.user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{origin}/callback?**")
    page.evaluate(MANAGER, settings)
    profile = page.evaluate("async () => (await window.manager.signinRedirectCallback()).profile")
    assert (profile["sub"], profile["email"]) == (app.sub, f"{app.user}@example.com")
    renewed = page.evaluate("async () => (await window.manager.signinSilent()).access_token")
    info = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {renewed}")
    assert info.status == 200
    page.evaluate("() => window.manager.revokeTokens(['refresh_token'])")
    assert app.browser().get("/oauth2/userInfo", authorization=f"Bearer {renewed}").status == 401
    page.evaluate("() => { window.manager.signoutRedirect() }")
    page.wait_for_url(f"{origin}/bye**")
    page.evaluate(MANAGER, settings)
    page.evaluate("() => { window.manager.signinRedirect() }")
    page.wait_for_url("**/login?**")
    assert page.get_by_label("Password", exact=True).count() == 1
