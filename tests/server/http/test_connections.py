"""How long a connection lives, and whom it is kept from harming."""

import contextlib
import gc
import socket
import ssl
import struct
import time
from pathlib import Path

import pytest
from tests.local_functions import eventually
from tests.post_office import certificate
from tests.server.http.serving import Client, Site, get, serving

from cenote.server.http import connections

# Of the application, and of what is at hand.
either = pytest.mark.parametrize("path", ["/echo", "/near/"])


@either
def test_a_connection_stays_for_the_next_request(path: str) -> None:
    with serving() as one, one.client(get(path)) as client:
        for _ in range(3):
            status, headers, _ = client.answer()
            assert (status, "connection" in headers) == (200, False)
            client.say(get(path))


@either
@pytest.mark.parametrize(
    ("headers", "version", "said"),
    [
        (("Connection: close",), "1.1", "close"),
        ((), "1.0", "close"),
        (("Connection: keep-alive",), "1.0", "keep-alive"),
    ],
)
def test_the_client_says_whether_it_stays(
    headers: tuple[str, ...], version: str, said: str, path: str
) -> None:
    with serving() as one, one.client(get(path, *headers, version=version)) as client:
        assert client.answer()[1]["connection"] == said
        if said == "close":
            assert client.rest() == b""
        else:
            client.say(get(path))
            assert client.answer()[0] == 200


def test_the_application_may_end_it() -> None:
    with serving() as one, one.client(get("/closing") + get("/echo")) as client:
        assert client.answer()[1]["connection"] == "close"
        assert client.rest() == b""
        assert one.site.asked == ["/closing"]


def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    with serving() as one, one.client(get("/wait") + get("/echo") + get("/parts")) as client:
        eventually(lambda: one.site.asked == ["/wait"])
        one.site.go.set()
        assert [client.answer()[2][:4] for _ in range(3)] == [b"ok", b'{"me', b"one "]
        assert one.site.asked == ["/wait", "/echo", "/parts"]


@either
def test_of_many_requests_sent_ahead_only_some_are_taken(path: str) -> None:
    with serving() as one, one.client(get("/wait") + get(path) * 1000) as client:
        eventually(lambda: one.site.asked == ["/wait"])
        one.site.go.set()
        text = client.rest()
        assert text.count(b"HTTP/1.1 200 OK") == 1 + connections.MOST_AHEAD
        assert text.count(b"connection: close") == 1
    if path == "/echo":
        assert len(one.site.asked) == 1 + connections.MOST_AHEAD


def test_an_answer_before_an_end_is_not_lost_with_what_was_sent_ahead() -> None:
    """The kernel resets a connection that is closed with bytes unread, and what was sent may be lost then."""
    with serving() as one, one.client(get("/wait") + get("/closing") + get("/echo")) as client:
        eventually(lambda: one.site.asked == ["/wait"])
        client.say(get("/echo") * 2000)
        one.site.go.set()
        assert client.socket.recv(1_000_000).count(b"HTTP/1.1 200 OK") >= 1
        received = b""
        while chunk := client.socket.recv(1_000_000):  # no ConnectionResetError
            received += chunk
        assert one.site.asked == ["/wait", "/closing"]


def test_a_body_that_nobody_read_ends_the_connection_after_the_answer() -> None:
    """Else it would be taken for the next request."""
    with serving() as one:
        smuggled = get("/echo")
        with one.client(get("/unread", f"Content-Length: {len(smuggled) + 1}", method="POST")) as client:
            assert client.answer()[1]["connection"] == "close"
            client.say(smuggled)
            assert client.rest() == b""
        assert one.site.asked == ["/unread"]


def test_a_body_that_came_whole_and_was_not_read_ends_nothing() -> None:
    with serving() as one, one.client(get("/unread", "Content-Length: 2", method="POST") + "ab") as client:
        assert "connection" not in client.answer()[1]
        client.say(get("/echo"))
        assert client.answer()[0] == 200


def test_more_of_a_body_than_is_read_waits_in_the_client() -> None:
    size = 64 << 20
    with serving() as one, one.client(get("/wait", f"Content-Length: {size}", method="POST")) as client:
        client.socket.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < size:
                sent += client.socket.send(b"x" * 65_536)
        assert sent < 32 << 20
        client.socket.settimeout(30)
        one.site.go.set()
        assert client.answer()[0] == 200


def test_a_client_that_only_closed_its_side_is_answered() -> None:
    with serving() as one, one.client(get("/wait")) as client:
        client.socket.shutdown(1)
        eventually(lambda: one.site.asked == ["/wait"])
        one.site.go.set()
        status, headers, _ = client.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert client.rest() == b""


@pytest.mark.parametrize("closes", [True, False])
def test_the_application_is_told_of_a_body_that_ends_too_soon(closes: bool) -> None:
    with serving() as one, one.client(get("/echo", "Content-Length: 9", method="POST") + "ab") as client:
        eventually(lambda: one.site.asked == ["/echo"])
        client.socket.close() if closes else client.socket.shutdown(1)
        eventually(lambda: one.site.told == ["disconnect"])
        if not closes:
            assert client.rest() == b""


def reset(client: Client) -> None:
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


@pytest.mark.parametrize("path", ["/wait", "/wait-and-fail"])
def test_an_answer_that_nobody_waits_for_any_more_is_no_trouble(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serving() as one:
        client = one.client(get(path))
        eventually(lambda: one.site.asked == [path])
        reset(client)
        eventually(lambda: not one.connections)
        one.site.go.set()
        eventually(lambda: not one.listener.tasks)
    assert len(caplog.records) == (path == "/wait-and-fail")


def test_the_application_is_told_of_a_broken_chunk() -> None:
    with serving() as one:
        answer = one.ask(get("/echo", "Transfer-Encoding: chunked", method="POST") + "2\r\nab\r\nzz\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert one.site.told == ["disconnect"]


def test_a_head_must_come_in_time(short: None) -> None:
    with serving() as one:
        for text in ("", "GE", get("/echo")[:-2]):
            assert one.ask(text) == b""
        # The next request's, too.
        with one.client(get("/echo") + "GET") as client:
            assert client.answer()[0] == 200
            assert client.rest() == b""


@either
def test_an_idle_connection_ends_after_a_while(short: None, path: str) -> None:
    with serving() as one, one.client(get(path)) as client:
        assert client.answer()[0] == 200
        assert client.rest() == b""


def test_a_request_may_take_longer_than_a_head(short: None) -> None:
    with serving() as one, one.client(get("/wait")) as client:
        eventually(lambda: one.site.asked == ["/wait"])
        time.sleep(0.5)
        one.site.go.set()
        assert client.answer()[0] == 200


def test_a_client_that_does_not_read_is_hung_up_on(short: None) -> None:
    with serving() as one, one.client(get("/big")) as client:
        eventually(lambda: one.site.asked == ["/big"] and not one.connections)
        assert len(client.rest()) < Site.BIG


def test_a_client_that_goes_on_sending_is_hung_up_on(short: None) -> None:
    with serving() as one, one.client("GET nonsense\r\n\r\n") as client:
        assert client.answer()[0] == 400
        with contextlib.suppress(ConnectionError):
            while True:
                client.say("x" * 1000)
                time.sleep(0.01)


def test_a_slow_reader_gets_all() -> None:
    with serving() as one, one.client(get("/big") + get("/echo")) as client:
        time.sleep(0.2)
        assert len(client.answer()[2]) == Site.BIG
        assert client.answer()[0] == 200


@either
def test_one_connection_too_many_ends_the_longest_idle_one(path: str) -> None:
    """Longest since its last answer, not since its first."""
    with serving(most=3) as one, one.client(get("/wait")) as busy:
        eventually(lambda: one.site.asked == ["/wait"])
        with one.client(get(path)) as first, one.client(get(path)) as second:
            first.answer(), second.answer()
            first.say(get(path))
            first.answer()
            with one.client(get(path)) as third:
                assert third.answer()[0] == 200
                assert second.rest() == b""
                first.say(get(path))
                assert first.answer()[0] == 200
        one.site.go.set()
        assert busy.answer()[0] == 200


def test_where_all_connections_are_busy_another_is_turned_away() -> None:
    with serving(most=1) as one, one.client(get("/wait")) as busy:
        eventually(lambda: one.site.asked == ["/wait"])
        assert one.ask(get("/echo")) == b""
        one.site.go.set()
        assert busy.answer()[0] == 200


def test_a_stop_finishes_what_was_asked_and_hangs_up() -> None:
    with serving() as one, one.client(get("/wait") + get("/echo")) as busy, one.client() as idle:
        eventually(lambda: one.site.asked == ["/wait"] and len(one.connections) == 2)
        stopping = one.stop(30)
        assert idle.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            one.client()
        one.site.go.set()
        assert "connection" not in busy.answer()[1]
        assert busy.answer()[1]["connection"] == "close"
        assert busy.rest() == b""
        stopping.result(30)


def test_a_stop_finishes_what_a_client_asked_that_is_gone() -> None:
    with serving() as one:
        client = one.client(get("/wait"))
        eventually(lambda: one.site.asked == ["/wait"])
        reset(client)
        eventually(lambda: not one.connections)
        stopping = one.stop(30)
        assert not stopping.done()
        one.site.go.set()
        stopping.result(30)
        assert one.site.told == ["done"]


def test_a_stop_waits_for_the_rest_of_a_head_only_as_long_as_anybody(short: None) -> None:
    with serving() as one, one.client(get("/echo") + "GET") as client:
        assert client.answer()[0] == 200
        one.stop(30).result(10)
        assert client.rest() == b""


def test_a_stop_waits_no_longer_than_it_may(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as one, one.client(get("/wait")) as busy:
        eventually(lambda: one.site.asked == ["/wait"])
        one.stop(0.05).result(30)
        assert busy.rest() == b""
    assert "requests were not finished in time" in caplog.text


def test_a_server_without_connections_stops_at_once() -> None:
    with serving() as one:
        one.ask(get("/closing"))
        eventually(lambda: not one.connections)
        one.stop(3600).result(30)


def test_a_failure_is_told_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as one, one.client(get("/failing") + get("/echo")) as client:
        status, headers, body = client.answer()
        assert (status, body) == (500, b"")
        assert "content-type" not in headers
        assert client.answer()[0] == 200
    assert [record.getMessage() for record in caplog.records] == ["a request was not answered"]


def test_work_that_ends_itself_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as one, one.client(get("/cancelled")) as client:
        assert client.answer()[0] == 500
    assert [record.getMessage() for record in caplog.records] == ["a request was not answered"]


def test_a_request_is_answered_once(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as one, one.client(get("/twice") + get("/echo", "Connection: close")) as client:
        assert client.rest().count(b"HTTP/1.1 ") == 2
    assert len(caplog.records) == 1


@pytest.mark.parametrize("path", ["/splitting", "/short", "/coded"])
def test_an_answer_that_could_be_read_as_another_is_not_sent(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serving() as one, one.client(get(path)) as client:
        status, headers, _ = client.answer()
        assert (status, "set-cookie" in headers) == (500, False)
    caplog.clear()


def test_who_gets_no_answer_is_hung_up_on() -> None:
    with serving() as one:
        assert one.ask(get("/silent")) == b""


def test_answers_without_a_body_have_none() -> None:
    with serving() as one:
        head = one.ask(get("/big", "Connection: close", method="HEAD"))
        assert head.endswith(b"\r\n\r\n")
        assert b"content-length: %d\r\n" % Site.BIG in head
        none = one.ask(get("/none", "Connection: close"))
        assert none.endswith(b"\r\n\r\n")
        assert none.startswith(b"HTTP/1.1 204 No Content\r\n")
        assert b"content-length" not in none


def test_each_answer_is_dated() -> None:
    with serving() as one, one.client(get("/echo")) as client:
        date = client.answer()[1]["date"]
        assert (
            abs(time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.mktime(time.gmtime()))
            < 60
        )


def test_by_tls_and_only_by_tls(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    with serving(tls=shown.server) as one:
        trusting = ssl.create_default_context(cafile=str(shown.file))
        with (
            one.client() as client,
            trusting.wrap_socket(client.socket, server_hostname="localhost") as secure,
        ):
            client.socket = secure
            client.say(get("/echo") + get("/unread", "Content-Length: 9", method="POST"))
            assert b'"scheme": "https"' in client.answer()[2]
            assert client.answer()[1]["connection"] == "close"
            assert client.rest() == b""
        assert not one.ask(get("/echo")).startswith(b"HTTP/1.1 200")
        assert len(one.site.asked) == 2


def test_whoever_says_nothing_by_tls_shuts_nobody_out(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(shown.file))
    with serving(most=3, tls=shown.server) as one, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(one.client()) for _ in range(20)]
        eventually(lambda: sum(client.rest_so_far() == b"" for client in silent) == 17)
        with trusting.wrap_socket(one.client().socket, server_hostname="localhost") as secure:
            secure.sendall(get("/echo").encode())
            assert secure.recv(100).startswith(b"HTTP/1.1 200 OK")
            assert len(one.connections) == 3


def test_a_stop_waits_for_no_farewell_by_tls(tmp_path: Path, short: None) -> None:
    """Clients that keep connections read nothing while they ask nothing."""
    shown = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(shown.file))
    with serving(tls=shown.server) as one, one.client() as shaking:
        with trusting.wrap_socket(one.client().socket, server_hostname="localhost") as secure:
            secure.sendall(get("/echo").encode())
            assert secure.recv(100).startswith(b"HTTP/1.1 200 OK")
            one.stop(30).result(10)
        assert shaking.rest() == b""


def test_nothing_is_left_of_a_connection() -> None:
    """Neither in the listener nor waiting for the garbage collector."""
    with serving() as one:

        def left() -> list[object]:
            each = (found for found in gc.get_objects() if isinstance(found, connections.Connection))
            return [found for found in each if found.listener is one.listener]

        gc.collect()
        gc.disable()
        try:
            for text in (get("/echo", "Connection: close"), "nonsense\r\n\r\n", get("/silent")):
                one.ask(text)
            eventually(lambda: not one.connections)
            eventually(lambda: not left())
        finally:
            gc.enable()
        assert not one.listener.idle
        assert not one.listener.tasks
