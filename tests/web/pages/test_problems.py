"""Error pages: what they tell, and that the log knows them by it. SECURITY.md case 84."""

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

import pytest
from tests.browser import App, Page, oauth_app
from tests.conftest import PoolFactory

from cenote.server.logs import JsonFormatter
from cenote.web.http import Answer, Request
from cenote.web.router import Web

SECRET = "zzz-typed-by-somebody"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def told(page: Page) -> tuple[str, str]:
    """The code and the reference that a page shows."""
    code, reference = re.findall(r"<dd>([^<]+)</dd>", page.text)
    return code, reference


def known_by(caplog: pytest.LogCaptureFixture, reference: str) -> list[dict[str, Any]]:
    """The lines of the log that have the reference, as they are written."""
    lines = [JsonFormatter().format(record) for record in caplog.records]
    return [json.loads(line) for line in lines if json.loads(line).get("reference") == reference]


@pytest.mark.parametrize(
    ("path", "changes", "code"),
    [
        ("/oauth2/authorize", {"redirect_uri": f"https://evil.example/{SECRET}"}, "redirect_mismatch"),
        ("/login", {"client_id": "a" * 26}, "client_unknown"),
        ("/consent", {"client_id": None}, "client_missing"),
        ("/logout", {"logout_uri": f"https://evil.example/{SECRET}"}, "logout_mismatch"),
    ],
)
def test_case_84_an_error_page_is_found_in_the_log_by_what_it_shows(
    app: App, caplog: pytest.LogCaptureFixture, path: str, changes: Mapping[str, str | None], code: str
) -> None:
    with caplog.at_level(logging.INFO, "cenote.web"):
        pages = [app.browser().get(path, app.request(**changes)) for _ in range(2)]
    references = set()
    for page in pages:
        shown, reference = told(page)
        assert shown == code
        [line] = known_by(caplog, reference)
        assert (line["code"], line["path"]) == (code, path)
        references.add(reference)
    # Each has its own, and nothing of what was asked for is kept.
    assert len(references) == 2
    assert SECRET not in "".join(JsonFormatter().format(record) for record in caplog.records)


def test_case_84_a_failure_of_ours_is_found_with_where_it_happened_and_not_what_it_said(
    own: PoolFactory, caplog: pytest.LogCaptureFixture
) -> None:
    app = oauth_app(own)

    async def failing(_web: Web, _request: Request) -> Answer:
        raise RuntimeError(SECRET)

    web = own.server.app.web
    web.endpoints = {**web.endpoints, "/login": {"GET": failing}}
    with caplog.at_level(logging.INFO, "cenote.web"):
        page = app.browser().get("/login", app.request())
    assert page.status == 500
    assert SECRET not in page.text
    code, reference = told(page)
    assert code == "server_error"
    lines = known_by(caplog, reference)
    assert {line["level"] for line in lines} == {"error", "info"}
    [failure] = [line for line in lines if line["level"] == "error"]
    assert "in failing" in failure["traceback"]
    assert SECRET not in json.dumps(lines)
