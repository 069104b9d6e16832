"""What is a request, and what is refused before it is one."""

import contextlib
import json
from collections.abc import Iterator

import pytest
from tests.server.http.serving import Served, serving

from cenote.server.http import connections

HOST = "Host: x\r\n"
POST = f"POST /echo HTTP/1.1\r\n{HOST}"
GET = f"GET /echo HTTP/1.1\r\n{HOST}\r\n"


@pytest.fixture(scope="module")
def one() -> Iterator[Served]:
    with serving() as served:
        yield served


def echoed(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n"), answer
    return dict(json.loads(body))


def test_a_request_is_told_as_asgi_has_it(one: Served) -> None:
    line = "POST /echo/a%2Fb%C3%A9?c=%2F&d HTTP/1.1\r\n"
    text = f"{line}{HOST}X-Some: One\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    assert echoed(one.ask(text)) == {
        "method": "POST",
        "path": "/echo/a/bé",
        "raw_path": "/echo/a%2Fb%C3%A9",
        "query": "c=%2F&d",
        "http_version": "1.1",
        "scheme": "http",
        "headers": [["host", "x"], ["x-some", "One"], ["connection", "close"], ["content-length", "3"]],
        "body": "abc",
    }


def test_a_request_may_come_byte_by_byte(one: Served) -> None:
    with one.client() as client:
        for letter in f"{POST}Content-Length: 2\r\n\r\nab":
            client.say(letter)
        assert json.loads(client.answer()[2])["body"] == "ab"


def test_a_body_in_chunks_is_put_together_and_its_trailers_are_no_headers(one: Served) -> None:
    chunks = "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nX-Admin: yes\r\n\r\n"
    with one.client(f"{POST}Transfer-Encoding: chunked\r\n\r\n{chunks}{GET}") as client:
        seen = json.loads(client.answer()[2])
        assert client.answer()[0] == 200
    assert seen["body"] == "abcde"
    assert "x-admin" not in str(seen["headers"])


def test_white_space_around_a_value_is_no_part_of_it(one: Served) -> None:
    seen = echoed(
        one.ask("POST /echo HTTP/1.1\r\nHost:  x \t\r\nContent-Length: 2 \r\nConnection: close\r\n\r\nab")
    )
    assert seen["headers"] == [["host", "x"], ["content-length", "2"], ["connection", "close"]]
    assert seen["body"] == "ab"


def test_a_request_behind_a_large_body_is_read(one: Served) -> None:
    body = "x" * (connections.MAX_HEAD + 1000)
    with one.client(f"{POST}Content-Length: {len(body)}\r\n\r\n{body}{GET[:-2]}") as client:
        assert json.loads(client.answer()[2])["body"] == body
        client.say("\r\n")
        assert client.answer()[0] == 200


def test_trailers_have_a_largest_size(one: Served) -> None:
    with one.client(f"{POST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ") as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                client.say("a" * 10_000)
        assert client.rest()[:12] in {b"HTTP/1.1 431", b"HTTP/1.1 200", b""}
    assert "disconnect" in one.site.told


def test_a_client_that_asks_first_is_told_to_go_on(one: Served) -> None:
    with one.client(f"{POST}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n") as client:
        assert client.answer() == (100, {}, b"")
        client.say("ab")
        assert json.loads(client.answer()[2])["body"] == "ab"
    # Not one that has sent it, nor one that does not know what that is.
    for text in (
        "HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.0\r\nContent-Length: 2\r\n\r\n",
    ):
        with one.client(
            f"POST /echo {text}".replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")
        ) as client:
            if "1.0" in text:
                client.say("ab")
            assert client.answer()[0] == 200
    # Refused without being read: the client need not send it.
    with one.client(
        f"POST /unread HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    ) as client:
        assert client.answer()[0] == 200


@pytest.mark.parametrize("offer", ["h2c", "websocket"])
def test_an_offer_of_another_protocol_is_passed_over_with_the_body_read(one: Served, offer: str) -> None:
    """As Java's HttpClient offers HTTP/2 in every request."""
    offered = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {offer}\r\n"
    with one.client(f"{POST}{offered}Content-Length: 4\r\n\r\nab") as client:
        client.say(f"cd{GET}")
        first = json.loads(client.answer()[2])
        assert (first["method"], first["body"]) == ("POST", "abcd")
        assert json.loads(client.answer()[2])["method"] == "GET"


def test_a_target_with_a_host_goes_before_the_header(one: Served) -> None:
    seen = echoed(one.ask("GET http://other:8080/echo?a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    assert (seen["path"], seen["query"]) == ("/echo", "a")
    assert ["host", "other:8080"] in seen["headers"]  # type: ignore[operator]
    assert ["host", "x"] not in seen["headers"]  # type: ignore[operator]


# What two servers in a row could read as different requests (RFC 9112, 11.2), and what is no HTTP.
REFUSED = {
    "two lengths": f"{POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a list of lengths": f"{POST}Content-Length: 2, 2\r\n\r\nab",
    "length and chunks": f"{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "another coding": f"{POST}Transfer-Encoding: gzip\r\n\r\nab",
    "chunked not last": f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a signed length": f"{POST}Content-Length: +2\r\n\r\nab",
    "a length in hexadecimal": f"{POST}Content-Length: 0x2\r\n\r\nab",
    "a length beyond all": f"{POST}Content-Length: 99999999999999999999\r\n\r\nab",
    "a space before the colon": f"{POST}Content-Length : 2\r\n\r\nab",
    "a header of two lines": f"GET /echo HTTP/1.1\r\n{HOST}Transfer-Encoding:\r\n chunked\r\n\r\n",
    "a line that ends bare": f"GET /echo HTTP/1.1\r\n{HOST}X: a\nY: b\r\n\r\n",
    "a zero byte": f"GET /echo HTTP/1.1\r\n{HOST}X: a\0b\r\n\r\n",
    "a bare carriage return": f"GET /echo HTTP/1.1\r\n{HOST}X: a\rb\r\n\r\n",
    "no host": "GET /echo HTTP/1.1\r\n\r\n",
    "two hosts": f"GET /echo HTTP/1.1\r\n{HOST}Host: y\r\n\r\n",
    "a fragment": f"GET /echo#a HTTP/1.1\r\n{HOST}\r\n",
    "a letter beyond ASCII": f"GET /echo\xe9 HTTP/1.1\r\n{HOST}\r\n",
    "a target without a slash": f"GET echo HTTP/1.1\r\n{HOST}\r\n",
    "a target with a user": f"GET http://a@b/echo HTTP/1.1\r\n{HOST}\r\n",
    "no target": f"GET * HTTP/1.1\r\n{HOST}\r\n",
    "a space in the target": f"GET /echo a HTTP/1.1\r\n{HOST}\r\n",
    "another version": f"GET /echo HTTP/3.0\r\n{HOST}\r\n",
    "no version": "GET /echo\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": f"CONNECT /echo HTTP/1.1\r\n{HOST}\r\n",
    "no chunk": f"POST /unread HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_ambiguous_is_refused_and_the_connection_with_it(text: str) -> None:
    with serving() as own:
        answer = own.ask(text + GET)
        assert answer.startswith((b"HTTP/1.1 400 Bad Request\r\n", b"HTTP/1.1 200 OK\r\n")), answer
        assert answer.count(b"HTTP/1.1") == 1
        assert b"\r\nconnection: close\r\n" in answer
        assert own.site.asked in ([], ["/unread"])
        # The head was in order; what came after is all that is lost.
        assert (b"200 OK" in answer) == (own.site.asked == ["/unread"])


def test_an_unknown_method_is_told_so(one: Served) -> None:
    assert one.ask(f"BREW /echo HTTP/1.1\r\n{HOST}\r\n").startswith(b"HTTP/1.1 501 Not Implemented\r\n")


@pytest.mark.parametrize("after", ["", "\r\n\r\n"])
def test_a_head_has_a_largest_size(one: Served, after: str) -> None:
    before = len(one.site.asked)
    longest = "a" * (connections.MAX_HEAD - 100)
    assert echoed(one.ask(f"GET /echo HTTP/1.1\r\n{HOST}X: {longest}\r\nConnection: close\r\n\r\n"))
    for text in (f"X: {longest}{longest}{after}", f"X: {longest}\r\nY: {longest}{after}"):
        assert one.ask(f"GET /echo HTTP/1.1\r\n{HOST}{text}").startswith(b"HTTP/1.1 431 ")
    assert one.ask(f"GET /{longest}{longest} HTTP/1.1\r\n{HOST}{after}").startswith(b"HTTP/1.1 431 ")
    assert len(one.site.asked) == before + 1


def test_a_head_has_a_largest_number_of_headers(one: Served) -> None:
    most = connections.MAX_HEADERS - 2
    names = "".join(f"X-{number}: a\r\n" for number in range(most))
    assert echoed(one.ask(f"GET /echo HTTP/1.1\r\n{HOST}Connection: close\r\n{names}\r\n"))
    refused = one.ask(f"GET /echo HTTP/1.1\r\n{HOST}Connection: close\r\n{names}X-One-More: a\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 431 ")


def test_what_follows_a_refused_request_is_not_read(one: Served) -> None:
    before = len(one.site.asked)
    assert one.ask(f"GET /echo HTTP/1.1\r\n\r\n{GET}{GET}").count(b"HTTP/1.1") == 1
    assert len(one.site.asked) == before


def test_what_came_in_order_is_answered_before_the_rest_is_refused(one: Served) -> None:
    with one.client(f"{GET}{GET}nonsense\r\n\r\n") as client:
        assert client.answer()[0] == 200
        assert b"HTTP/1.1 200 OK" in client.rest()
