"""aws-amplify's signInWithRedirect in Chromium: over TLS, as it insists on, to a prefix domain of the pool."""

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, sync_playwright
from tests.browser import PASSWORD, App, claims, oauth_app
from tests.clients.drivers import FOLDER, Node, or_fail
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory, free_port, running, settings_for
from tests.post_office import Certificate, certificate

PAGE = """<!doctype html><title>App</title><h1>App</h1>
<script id="settings" type="application/json">{settings}</script><script src="/app.js"></script>"""

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: aws-amplify is driven without its pages only."
)


class SinglePageApp(BaseHTTPRequestHandler):
    script = b""
    settings: dict[str, str] = {}  # noqa: RUF012 - each test's own class has its own

    def do_GET(self) -> None:
        script = self.path == "/app.js"
        self.send_response(200)
        self.send_header("content-type", "text/javascript" if script else "text/html")
        self.end_headers()
        self.wfile.write(self.script if script else PAGE.format(settings=json.dumps(self.settings)).encode())

    def log_message(self, *_: object) -> None: ...


@dataclass(frozen=True)
class Site:
    """An app on a page of its own, and the pool's domain that it leads to."""

    app: App
    origin: str
    domain: str


@contextlib.contextmanager
def tls_in_front(certificate: Certificate, port: int, target: int) -> Iterator[None]:
    """What ends TLS before Cenote: bytes both ways, and nothing else."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(65_536):
                    writer.write(data)
                    await writer.drain()
                writer.close()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            there, back = await asyncio.open_connection("127.0.0.1", target)
            await asyncio.gather(pump(reader, back), pump(there, writer))

    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def main() -> None:
        over = asyncio.Event()
        async with await asyncio.start_server(meet, "127.0.0.1", port, ssl=certificate.server):
            started.append((asyncio.get_running_loop(), over))
            ready.set()
            await over.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loop, over = started[0]
        loop.call_soon_threadsafe(over.set)
        thread.join()


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    node, bundler = Node.found(), FOLDER / "node_modules" / "esbuild" / "bin" / "esbuild"
    if not bundler.is_file():
        or_fail("esbuild is not installed: run `make node`.")
    made = tmp_path_factory.mktemp("app") / "app.js"
    command = [node.executable, str(bundler), "amplify_redirect.js", "--bundle", f"--outfile={made}"]
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=60)
    return made.read_bytes()


@pytest.fixture
def site(tmp_path: Path, script: bytes) -> Iterator[Site]:
    port, prefix = free_port(), f"amplify-{secrets.token_hex(4)}"
    settings = settings_for(tmp_path / "data", public_url=f"https://localhost:{port}")
    made = type("Made", (SinglePageApp,), {"script": script, "settings": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), made)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    origin = f"http://localhost:{server.server_port}"
    with running(settings) as cenote, tls_in_front(certificate(tmp_path), port, settings.port):
        app = oauth_app(PoolFactory(cenote), CallbackURLs=[f"{origin}/"], LogoutURLs=[f"{origin}/bye"])
        cenote.idp.create_user_pool_domain(UserPoolId=app.pool, Domain=prefix)
        domain = f"{prefix}.auth.localhost:{port}"
        given = {"userPoolId": app.pool, "clientId": app.id, "origin": origin, "domain": domain}
        made.settings |= {**given, "url": settings.base_url}  # type: ignore[attr-defined]
        yield Site(app, origin, domain)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=BROWSER, args=arguments)
        yield browser.new_context(ignore_https_errors=True).new_page()


def tokens(page: Page, **options: Any) -> dict[str, str] | None:
    found: dict[str, str] | None = page.evaluate("(options) => app.tokens(options)", options)
    return found


def test_an_app_signs_its_user_in_by_the_pages_and_out_again(site: Site, page: Page) -> None:
    app = site.app
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (Playwright marks what it is given)
    page.goto(f"{site.origin}/")
    assert tokens(page) is None
    page.evaluate("() => { app.signIn({ customState: 'where it was' }) }")
    page.wait_for_url(f"https://{site.domain}/login?**")
    page.locator(".languages summary").click()
    page.get_by_role("link", name="English").click()
    page.wait_for_url(f"https://{site.domain}/login?**lang=en")
    page.get_by_label("User name").fill(app.user)
    page.get_by_label("Password", exact=True).fill("Wrong-Horse-9")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site.origin}/**")
    page.wait_for_function("() => app.heard.includes('signInWithRedirect')")
    who = page.evaluate("() => app.whoIsIt()")
    assert (who["userId"], who["username"]) == (app.sub, app.user)
    assert who["attributes"]["email"] == f"{app.user}@example.com"
    assert "customOAuthState" in page.evaluate("() => app.heard")

    first = tokens(page)
    assert first is not None
    assert claims(first["id"])["iss"] == f"{app.server.app.settings.base_url}/{app.pool}"
    renewed = tokens(page, forceRefresh=True)
    assert renewed is not None
    assert renewed["access"] != first["access"]

    wanted = {"__Host-cenote-browser", "__Host-cenote-lang", f"__Host-cenote-{app.pool}"}
    kept = {cookie["name"] for cookie in page.context.cookies(f"https://{site.domain}/")}
    # All that the server sets, and the browser takes each: with the prefix it would not where something is missing.
    ours = [answer for answer in answers if answer.url.startswith(f"https://{site.domain}/")]
    lines = [line for answer in ours for line in answer.header_values("set-cookie")]
    assert {line.partition("=")[0] for line in lines} == kept == wanted
    page.evaluate("() => { app.signOut() }")
    page.wait_for_url(f"{site.origin}/bye**")
    assert tokens(page) is None
    page.goto(f"{site.origin}/")
    page.evaluate("() => { app.signIn() }")
    page.wait_for_url(f"https://{site.domain}/login?**")
    assert page.get_by_label("Password", exact=True).count() == 1


def test_an_app_whose_user_is_known_gets_tokens_without_a_question(site: Site, page: Page) -> None:
    page.goto(f"{site.origin}/")
    page.evaluate("() => { app.signIn() }")
    page.get_by_label("User name").fill(site.app.user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_function("() => window.app && app.heard.includes('signInWithRedirect')")
    page.evaluate("() => localStorage.clear()")
    page.goto(f"{site.origin}/")
    assert tokens(page) is None
    page.evaluate("() => { app.signIn() }")
    page.wait_for_function("() => window.app && app.heard.includes('signInWithRedirect')")
    assert tokens(page) is not None


def test_an_app_goes_on_refreshing_where_the_pool_tracks_devices(site: Site, page: Page) -> None:
    """aws-amplify keeps no device key of a sign-in by redirect, and refreshes by the API all the same."""
    site.app.server.idp.update_user_pool(
        UserPoolId=site.app.pool, DeviceConfiguration={"DeviceOnlyRememberedOnUserPrompt": False}
    )
    page.goto(f"{site.origin}/")
    page.evaluate("() => { app.signIn() }")
    page.get_by_label("User name").fill(site.app.user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_function("() => window.app && app.heard.includes('signInWithRedirect')")
    first = tokens(page)
    assert first is not None
    assert "device_key" in claims(first["access"])
    renewed = tokens(page, forceRefresh=True)
    assert renewed is not None
    assert renewed["access"] != first["access"]
