"""The outbox, as a developer's browser and tests see it."""

import http.client
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.calls import PASSWORD, pairs
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.outbox import messages_to

PATHS = ("/_cenote/outbox", "/_cenote/outbox.json")


def get(
    server: RunningServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body; a header whose value is empty is left out."""
    port = int(server.url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    for name, value in ({"host": f"127.0.0.1:{port}"} | headers).items():
        if value:
            connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> str:
    return str(make.client(make.pool(AutoVerifiedAttributes=["email"]))["ClientId"])


def sign_up(idp: Any, app: str, name: str, to: str) -> None:
    idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=pairs({"email": to}))


def test_messages_are_listed_newest_last(server: RunningServer, idp: Any, app: str) -> None:
    sign_up(idp, app, "listed", "listed@example.com")
    idp.resend_confirmation_code(ClientId=app, Username="listed")
    first, second = messages_to(server.url, "listed@example.com")
    assert set(first) == {"to", "medium", "subject", "body", "code", "link", "sent_at", "state", "error"}
    assert (first["to"], first["medium"], first["link"]) == ("listed@example.com", "EMAIL", None)
    assert first["code"] in first["body"]
    times = [datetime.fromisoformat(message["sent_at"]) for message in (first, second)]
    assert times == sorted(times)
    assert all(time.utcoffset() is not None for time in times)


def test_a_filter_shows_one_recipient_in_any_case(server: RunningServer, idp: Any, app: str) -> None:
    sign_up(idp, app, "mine", "mine@example.com")
    sign_up(idp, app, "theirs", "theirs@example.com")
    assert {message["to"] for message in messages_to(server.url, "Mine@Example.com")} == {"mine@example.com"}
    assert messages_to(server.url, "nobody@example.com") == []
    everybody = {message["to"] for message in json.loads(get(server, "/_cenote/outbox.json")[2])}
    assert {"mine@example.com", "theirs@example.com"} <= everybody
    page = get(server, "/_cenote/outbox?to=mine@example.com")[2]
    assert "mine@example.com" in page
    assert "theirs@example.com" not in page


def test_the_page_shows_codes_without_javascript(server: RunningServer, idp: Any, app: str) -> None:
    sign_up(idp, app, "shown", "shown@example.com")
    code = messages_to(server.url, "shown@example.com")[0]["code"]
    status, headers, page = get(server, "/_cenote/outbox?to=shown@example.com")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'<span class="code">{code}</span>' in page


def test_an_empty_outbox_says_so(server: RunningServer) -> None:
    assert "Nothing to this address" in get(server, "/_cenote/outbox?to=absent@example.com")[2]


def test_case_14_what_people_wrote_runs_nowhere(server: RunningServer, idp: Any, make: PoolFactory) -> None:
    pool = make.pool(
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={
            "EmailSubject": "<script>alert(1)</script>",
            "EmailMessage": "<img src=x onerror=alert(2)> &lt;script&gt;alert(3)&lt;/script&gt; {####}",
        },
    )
    address = "o'script\"onload=x@example.com".replace('"', "")
    sign_up(idp, make.client(pool)["ClientId"], "evil", address)
    page = get(server, f"/_cenote/outbox?to={quote(address)}")[2]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;script&gt;alert(3)" in page
    assert "<img" not in page
    reflected = get(server, "/_cenote/outbox?to=%22%3E%3Cscript%3Ealert(9)%3C/script%3E")[2]
    assert "<script>alert(9)" not in reflected


def test_case_14_the_page_runs_only_its_own_script(server: RunningServer) -> None:
    nonces = set()
    for _ in range(2):
        _, headers, page = get(server, "/_cenote/outbox")
        policy = headers["content-security-policy"]
        nonce = re.findall(r"'nonce-([0-9a-f]{32})'", policy)
        assert len(set(nonce)) == 1
        assert page.count(f'nonce="{nonce[0]}"') == page.count("<script") + page.count("<style")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        nonces.add(nonce[0])
    assert len(nonces) == 2


def test_case_12_codes_are_neither_cached_nor_leaked_by_referrer(server: RunningServer) -> None:
    for path in PATHS:
        headers = get(server, path)[1]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:9400"},
        {"host": "localhost.evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "10.0.0.1"},
        {"host": "0.0.0.0"},
        {"host": "[2001:db8::1]:9400"},
        {"x_forwarded_for": "192.0.2.1"},
        {"x_forwarded_for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"x_real_ip": "127.0.0.1"},
        {"x_forwarded_host": "localhost"},
        {"via": "1.1 proxy"},
    ],
    ids=lambda headers: "-".join(f"{name}-{value}" for name, value in headers.items()),
)
def test_case_73_nobody_else_reads_the_outbox(
    server: RunningServer, path: str, headers: dict[str, str]
) -> None:
    """Neither through a proxy on this machine nor through a page that rebound its name to it."""
    assert get(server, path, **headers)[0] == 404


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:9400", "127.0.0.1", "[::1]:9400", "app.localhost:1"]
)
def test_this_machine_reads_it_under_any_of_its_names(server: RunningServer, host: str) -> None:
    assert get(server, "/_cenote/outbox.json", host=host)[0] == 200


def test_there_is_no_outbox_beyond_loopback(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data", host="0.0.0.0", metrics_token="s3cret")
    with running(settings) as open_to_all:
        for path in PATHS:
            assert get(open_to_all, path)[0] == 404


def test_other_methods_and_paths_are_not_there(server: RunningServer) -> None:
    for path in PATHS:
        assert get(server, path, "POST", content_length="0")[0] == 405
    assert get(server, "/_cenote/elsewhere")[0] == 404
    assert get(server, "/_cenote/outbox/")[0] == 404
