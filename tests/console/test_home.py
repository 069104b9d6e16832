"""The welcome, as a developer's browser sees it."""

import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser import Browser, Page
from tests.conftest import RunningServer, running, settings_for
from tests.console.test_outbox import get


def test_whoever_opens_the_servers_address_is_told_what_to_do_next(server: RunningServer) -> None:
    status, headers, body = get(server, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"create-user-pool --pool-name first --endpoint-url {server.app.settings.base_url}" in body
    assert 'href="/_cenote/outbox"' in body
    assert "/login" not in body


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(settings_for(tmp_path_factory.mktemp("example"), example=True)) as server:
        yield server


def login_page(example: RunningServer, browser: Browser) -> Page:
    """Where the welcome's button leads."""
    (link,) = re.findall(r'href="([^"]*/login[^"]*)"', browser.get("/").text)
    return browser.get(html.unescape(link).removeprefix(example.app.settings.base_url))


def test_the_examples_login_page_is_a_click_away(example: RunningServer) -> None:
    browser = Browser(example)
    assert "alice / Cenote-2026!" in browser.get("/").text
    page = login_page(example, browser)
    assert (page.status, 'name="password"' in page.text) == (200, True)


def test_who_signed_in_to_the_example_comes_back_with_what_an_app_does_next(example: RunningServer) -> None:
    base, browser = example.app.settings.base_url, Browser(example)
    back = browser.fill(login_page(example, browser), username="alice", password="Cenote-2026!")
    assert back.location.startswith(f"{base}/?code=")
    welcome = html.unescape(browser.get(back.location.removeprefix(base)).text)
    (pasted,) = set(re.findall(r"curl \S+/oauth2/token .*\n.*\n  -d code=[\w-]+", welcome))
    done = subprocess.run(["/bin/sh", "-c", pasted], capture_output=True, timeout=30, check=True)
    assert {"id_token", "access_token", "refresh_token"} <= json.loads(done.stdout).keys()


@pytest.mark.parametrize("code", ["$(id)", "`id`", "a;id", "a b", "a'b", "a\nid", "", "<b>", "x" * 5000])
def test_what_is_no_code_is_nothing_to_paste(example: RunningServer, code: str) -> None:
    page = Browser(example).get("/", {"code": code}).text
    assert "Trade the code" not in page
    assert "/oauth2/token" not in page


def test_the_example_leads_back_to_wherever_it_listens(tmp_path: Path) -> None:
    def callbacks(url: str) -> list[str]:
        with running(settings_for(tmp_path / "data", example=True, public_url=url)) as server:
            pool, client = "eu-central-1_Example01", "1cenote0example0client0000"
            described = server.idp.describe_user_pool_client(UserPoolId=pool, ClientId=client)
            return list(described["UserPoolClient"]["CallbackURLs"])

    first, second = "http://localhost:9400", "http://localhost:9500"
    assert callbacks(first) == ["http://localhost:3000/", f"{first}/"]
    assert callbacks(second) == callbacks(first) == ["http://localhost:3000/", f"{first}/", f"{second}/"]


def test_the_welcome_runs_nothing_but_its_own_script(server: RunningServer) -> None:
    _, headers, body = get(server, "/")
    (nonce,) = set(re.findall(r'nonce="(\w+)"', body))
    assert f"script-src 'nonce-{nonce}'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert nonce not in get(server, "/")[2]


def test_nobody_else_is_welcome(server: RunningServer, tmp_path: Path) -> None:
    assert get(server, "/", x_forwarded_for="192.0.2.1")[0] == 404
    assert get(server, "/", host="evil.example")[0] == 404
    with running(settings_for(tmp_path / "data", host="0.0.0.0")) as public:
        assert get(public, "/")[0] == 404


def test_calls_of_the_api_have_the_same_path(server: RunningServer) -> None:
    assert get(server, "/", method="POST")[0] == 400
