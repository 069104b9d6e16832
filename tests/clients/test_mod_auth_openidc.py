"""Debian's mod_auth_openidc: an Apache that lets users of a pool in, tells its backend who they are, and signs out."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.browser import PASSWORD, App, oauth_app
from tests.clients.drivers import public_url
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory, free_port

APACHE = shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MODULES = Path("/usr/lib/apache2/modules")
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "proxy", "proxy_http")
CONFIGURATION = """
ServerName localhost
ServerRoot {folder}
PidFile {folder}/pid
DefaultRuntimeDir {folder}
Mutex file:{folder}
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
{modules}
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI {origin}/app/callback
OIDCDefaultURL {origin}/app/
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid email"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
OIDCPassClaimsAs headers
<Location /app>
  AuthType openid-connect
  Require valid-user
  ProxyPass http://127.0.0.1:{backend}/
</Location>
<Location /app/others>
  Require claim email:somebody-else@example.com
</Location>
"""

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed: mod_auth_openidc is not driven."),
    pytest.mark.skipif(
        APACHE is None or not (MODULES / "mod_auth_openidc.so").exists(),
        reason="Apache with mod_auth_openidc is not installed (apache2-bin, libapache2-mod-auth-openidc).",
    ),
]


class Backend(BaseHTTPRequestHandler):
    """The app behind Apache: it answers with what it was told of its user."""

    def do_GET(self) -> None:
        told = {
            name.lower(): value for name, value in self.headers.items() if name.upper().startswith("OIDC")
        }
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_: object) -> None: ...


@dataclass(frozen=True)
class Apache:
    app: App
    origin: str
    folder: Path

    @property
    def bye(self) -> str:
        return f"{self.origin}/bye"


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def apache(make: PoolFactory, backend: int) -> Iterator[Apache]:
    """One Apache in the foreground, with nothing but a folder of its own, as an ordinary user."""
    port = free_port()
    origin = f"http://localhost:{port}"
    app = oauth_app(make, secret=True, CallbackURLs=[f"{origin}/app/callback"], LogoutURLs=[f"{origin}/bye"])
    folder = Path(tempfile.mkdtemp(prefix="cenote-apache-"))
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
    configuration = CONFIGURATION.format(
        folder=folder,
        port=port,
        modules=modules,
        origin=origin,
        issuer=f"{public_url(app.server)}/{app.pool}",
        client_id=app.id,
        client_secret=app.secret,
        passphrase=secrets.token_hex(16),
        backend=backend,
    )
    (folder / "apache.conf").write_text(configuration)
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        for path in (folder, folder / "apache.conf"):
            shutil.chown(path, "nobody", "nogroup")
    command = [str(APACHE), "-f", str(folder / "apache.conf"), "-DFOREGROUND"]
    process = subprocess.Popen(command, **as_user)
    try:
        answers(f"{origin}/nothing", process, folder)
        yield Apache(app, origin, folder)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def answers(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    log = folder / "error.log"
    raise AssertionError(f"Apache did not start: {log.read_text() if log.exists() else 'it has no log'}")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        yield playwright.chromium.launch(executable_path=BROWSER, args=arguments).new_page()


def sign_in(page: Page, apache: Apache, path: str) -> None:
    page.goto(f"{apache.origin}{path}")
    page.wait_for_url("**/login?**")
    page.get_by_label("User name").fill(apache.app.user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{apache.origin}{path}")


def test_a_protected_page_is_for_who_signed_in_and_knows_who_that_is(page: Page, apache: Apache) -> None:
    sign_in(page, apache, "/app/report")
    told = json.loads(page.locator("body").inner_text())
    app = apache.app
    assert told["oidc_claim_sub"] == app.sub
    assert told["oidc_claim_email"] == f"{app.user}@example.com"
    assert told["oidc_claim_iss"] == f"{public_url(app.server)}/{app.pool}"
    assert told["oidc_claim_aud"] == app.id
    info = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {told['oidc_access_token']}")
    assert info.document["sub"] == app.sub


def test_a_claim_that_a_page_requires_is_looked_at(page: Page, apache: Apache) -> None:
    sign_in(page, apache, "/app/report")
    refused = page.goto(f"{apache.origin}/app/others")
    assert refused is not None
    assert refused.status in {401, 403}


def test_signing_out_there_ends_the_session_here(page: Page, apache: Apache) -> None:
    """RP-Initiated Logout 1.0: the module sends id_token_hint and post_logout_redirect_uri."""
    sign_in(page, apache, "/app/report")
    page.goto(f"{apache.origin}/app/callback?{urlencode({'logout': apache.bye})}")
    assert page.url.startswith(apache.bye)
    page.goto(f"{apache.origin}/app/report")
    page.wait_for_url("**/login?**")
    assert page.get_by_label("Password", exact=True).count() == 1


def test_an_app_that_was_left_signs_in_again_without_a_question(page: Page, apache: Apache) -> None:
    """Single sign-on: only Apache's cookies are gone."""
    sign_in(page, apache, "/app/report")
    page.context.clear_cookies(name="mod_auth_openidc_session")
    page.goto(f"{apache.origin}/app/report")
    page.wait_for_url(f"{apache.origin}/app/report")
    assert json.loads(page.locator("body").inner_text())["oidc_claim_sub"] == apache.app.sub
