"""Answers that are given without a task: they are what others are, in their turn, and no way around any limit.

What is the same for both is in `test_connections.py`, with a path of each.
"""

import json
import ssl
from pathlib import Path

import pytest
from tests.local_functions import eventually
from tests.post_office import certificate
from tests.server.http.serving import get, serving

NEAR = get("/near/")


def test_it_is_given_as_any_other_and_the_application_is_not_asked() -> None:
    with serving() as one, one.client(NEAR) as client:
        for _ in range(3):
            status, headers, body = client.answer()
            assert (status, body) == (200, b"GET /near/ at hand")
            assert sorted(headers) == ["content-length", "content-type", "date"]
            client.say(NEAR)
        assert one.site.asked == []
        client.answer()
        client.say(get("/echo"))
        assert client.answer()[0] == 200
        assert one.site.asked == ["/echo"]


def test_it_may_end_the_connection() -> None:
    with serving() as one, one.client(get("/near/closing") + NEAR) as client:
        assert client.answer()[1]["connection"] == "close"
        assert client.rest() == b""


def test_the_body_is_left_out_where_only_the_head_is_asked_for() -> None:
    with serving() as one:
        text = one.ask(get("/near/", "Connection: close", method="HEAD"))
    head, _, body = text.partition(b"\r\n\r\n")
    assert b"content-length: 19" in head
    assert body == b""


def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    paths = ["/near/1", "/echo/2", "/near/3", "/near/4", "/echo/5", "/near/6"]
    with serving() as one, one.client("".join(map(get, paths))) as client:
        for path in paths:
            assert path in client.answer()[2].decode()
        assert client.rest_so_far() is None


def test_it_waits_for_those_before_it() -> None:
    with serving() as one, one.client(get("/wait") + get("/near/1")) as client:
        eventually(lambda: one.site.asked == ["/wait"])
        assert client.rest_so_far() is None
        one.site.go.set()
        assert client.answer()[2] == b"ok"
        assert "/near/1" in client.answer()[2].decode()


def test_the_request_is_whole_first() -> None:
    """Else its rest would be taken for the next one."""
    with serving() as one:
        post = get("/near/", f"Content-Length: {len(NEAR)}", method="POST")
        with one.client(post + NEAR[:9]) as client:
            eventually(lambda: one.site.asked == ["/near/"])
            client.say(NEAR[9:])
            seen = json.loads(client.answer()[2])
            assert seen["body"] == NEAR
            assert client.rest_so_far() is None
        # Here it is, and what follows it is a request.
        with one.client(post + NEAR + get("/near/", method="HEAD")) as client:
            assert client.answer()[2] == b"POST /near/ at hand"
            assert client.socket.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("after", ["\0nonsense\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_what_came_in_order_is_answered_before_the_rest_is_refused(after: str) -> None:
    with serving() as one:
        text = one.ask(NEAR + after)
        assert text.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"connection: close" in text
        assert text.count(b"HTTP/1.1") == 1
        # With nothing before it, it is told so.
        assert one.ask(after)[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 501"}


def test_an_offer_of_another_protocol_is_passed_over() -> None:
    offered = get("/near/", "Connection: Upgrade", "Upgrade: h2c")
    with serving() as one, one.client(offered) as client:
        assert client.answer()[2] == b"GET /near/ at hand"
        client.say(NEAR + offered + NEAR)
        assert [client.answer()[0] for _ in range(3)] == [200] * 3
        assert client.rest_so_far() is None


def test_whoever_has_not_read_the_answer_before_waits_as_for_any_other(short: None) -> None:
    big = get("/near/big")
    with serving() as one:
        with one.client(big * 2) as client:
            # The first one was at hand, and filled what may wait here.
            eventually(lambda: one.site.asked == ["/near/big"])
            assert [len(client.answer()[2]) for _ in range(2)] == [one.site.BIG] * 2
        with one.client(big * 2):
            eventually(lambda: len(one.site.asked) == 2)
            eventually(lambda: not one.connections)


def test_a_stop_hangs_up_after_it() -> None:
    with serving() as one, one.client(NEAR) as client:
        client.answer()
        stopping = one.stop(30)
        assert client.rest() == b""
        stopping.result(30)


def test_a_stop_answers_what_had_begun_to_come() -> None:
    with serving() as one, one.client(get("/wait")) as busy, one.client(NEAR + NEAR[:9]) as client:
        eventually(lambda: one.site.asked == ["/wait"])
        client.answer()
        stopping = one.stop(30)
        eventually(lambda: one.listener.stopping)
        client.say(NEAR[9:])
        assert client.answer()[1]["connection"] == "close"
        assert client.rest() == b""
        one.site.go.set()
        assert busy.answer()[1]["connection"] == "close"
        stopping.result(30)


def test_by_tls(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(shown.file))
    with serving(tls=shown.server) as one, one.client() as client:
        client.socket = trusting.wrap_socket(client.socket, server_hostname="localhost")
        for _ in range(3):
            client.say(NEAR)
            assert client.answer()[2] == b"GET /near/ at hand"
        assert one.site.asked == []
