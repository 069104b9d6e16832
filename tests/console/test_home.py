"""The welcome, as a developer's browser sees it."""

import html
import re
from pathlib import Path

from tests.conftest import RunningServer, running, settings_for
from tests.console.test_outbox import get


def test_whoever_opens_the_servers_address_is_told_what_to_do_next(server: RunningServer) -> None:
    status, headers, body = get(server, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"create-user-pool --pool-name first --endpoint-url {server.app.settings.base_url}" in body
    assert 'href="/_cenote/outbox"' in body
    assert "/login" not in body


def test_the_examples_login_page_is_a_click_away(tmp_path: Path) -> None:
    with running(settings_for(tmp_path / "data", example=True)) as server:
        body = get(server, "/")[2]
        assert "alice / Cenote-2026!" in body
        (link,) = re.findall(r'href="([^"]*/login[^"]*)"', body)
        status, _, page = get(server, html.unescape(link).removeprefix(server.app.settings.base_url))
        assert status == 200
        assert 'name="password"' in page


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
