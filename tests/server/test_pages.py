"""Metrics, and what the pages answer when something is wrong."""

from pathlib import Path

from tests.conftest import RunningServer, running, settings_for
from tests.console.test_outbox import get


def test_metrics_are_open_to_this_machine(server: RunningServer) -> None:
    server.idp.list_user_pools(MaxResults=1)
    status, headers, body = get(server, "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert 'cenote_requests_total{error="",operation="ListUserPools"}' in body


def test_metrics_through_a_proxy_are_nobodys_without_a_token(server: RunningServer) -> None:
    assert get(server, "/metrics", x_forwarded_for="192.0.2.1")[0] == 401
    assert get(server, "/metrics", authorization="Bearer ", x_forwarded_for="192.0.2.1")[0] == 401


def test_beyond_loopback_metrics_ask_for_the_token(tmp_path: Path) -> None:
    with running(settings_for(tmp_path / "data", host="0.0.0.0", metrics_token="s3cret")) as server:
        assert get(server, "/metrics", authorization="Bearer s3cret")[0] == 200
        for wrong in ("", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "s3cret"):
            status, headers, body = get(server, "/metrics", authorization=wrong)
            assert (status, headers["www-authenticate"]) == (401, "Bearer")
            assert "cenote_requests" not in body


def test_there_are_no_metrics_where_they_are_off(tmp_path: Path) -> None:
    with running(settings_for(tmp_path / "data", metrics=False)) as server:
        assert get(server, "/metrics")[0] == 404


def test_an_unknown_path_is_not_found(server: RunningServer) -> None:
    for path in ("/nothing", "/robots.txt", "/confirmUser/x", "//evil.example"):
        assert get(server, path)[0] == 404
