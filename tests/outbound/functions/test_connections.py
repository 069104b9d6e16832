"""Connections to functions and services: kept alive, by TLS where the URL says so, and what no answer is."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.post_office import Certificate, certificate

from cenote.outbound.functions import Unreachable
from cenote.outbound.functions import connections as module
from cenote.outbound.functions.connections import MAX_ANSWER, Connections


@dataclass
class Shown:
    """A transport as far as its socket goes."""

    shown: socket.socket

    def get_extra_info(self, _: str) -> socket.socket:
        return self.shown


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"


@dataclass
class Server:
    """Sends `answer` to each request, whatever it is, and closes where it is told to."""

    answer: bytes = HEAD + b"\r\nok"
    closes: bool = False
    url: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    sockets: list[Any] = field(default_factory=list)

    def hang_up(self) -> None:
        """At once, without a turn of the loop."""
        for each in self.sockets:
            each._sock.shutdown(socket.SHUT_RDWR)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.sockets.append(writer.get_extra_info("socket"))
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                self.asked.set()
                writer.write(self.answer)
                await writer.drain()
                if self.closes:
                    break
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    one = Server()
    listening = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/a%20b?c=d"
    yield one
    listening.close()


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    one = Connections(guard=lambda: None)
    yield one
    await one.close()


async def test_a_request_is_sent_as_it_is(server: Server, connections: Connections) -> None:
    reply = await connections.send("PUT", server.url, b"body", {"x-name": "value"})
    assert (reply.status, reply.body) == (200, b"ok")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    assert first == b"PUT /a%20b?c=d HTTP/1.1"
    host = server.url.split("/")[2].encode()
    expected = [b"host: " + host, b"accept: */*", b"x-name: value", b"content-length: 4"]
    assert sorted(header.lower() for header in headers) == sorted(expected)
    assert body == b"body"


async def test_one_connection_serves_requests_one_after_the_other(
    server: Server, connections: Connections
) -> None:
    for _ in range(5):
        await connections.post(server.url, b"", {})
    assert server.connections == 1


async def test_race_each_of_fifty_requests_at_once_has_a_connection_and_they_are_used_again(
    server: Server, connections: Connections
) -> None:
    for _ in range(3):
        await asyncio.gather(*(connections.post(server.url, b"x" * 100, {}) for _ in range(50)))
    assert server.connections <= 50
    assert len(server.requests) == 150


async def test_no_more_connections_than_allowed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 3)
    few = Connections(guard=lambda: None)
    await asyncio.gather(*(few.post(server.url, b"", {}) for _ in range(50)))
    assert server.connections <= 3
    await few.close()


async def test_a_connection_that_the_server_closed_is_not_used_again(
    server: Server, connections: Connections
) -> None:
    server.closes = True
    for _ in range(20):
        assert (await connections.post(server.url, b"", {})).body == b"ok"
        (kept,) = connections._kept.values()
        while any(conversation.open for conversation in kept):  # noqa: ASYNC110 (until the end has come in)
            await asyncio.sleep(0)
    assert server.connections == 20


async def test_a_connection_that_was_kept_for_long_is_not_used_again(
    server: Server, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", -1.0)
    for _ in range(2):
        await connections.post(server.url, b"", {})
    assert server.connections == 2


async def test_what_nobody_waits_for_any_more_is_nobodys_answer(
    server: Server, connections: Connections
) -> None:
    answer, server.answer = server.answer, b""
    caller = asyncio.create_task(connections.post(server.url, b"first", {}))
    await server.asked.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    server.answer = answer
    assert (await connections.post(server.url, b"second", {})).body == b"ok"
    assert server.connections == 2


async def test_what_came_before_a_request_is_not_its_answer(server: Server, connections: Connections) -> None:
    await connections.post(server.url, b"", {})
    # It came while the loop had no time to look.
    (kept,) = (conversation for group in connections._kept.values() for conversation in group)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        transport = kept._transport
        kept._transport = Shown(ours)
        assert kept.quiet
        theirs.send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray")
        assert not kept.quiet
        kept._transport = transport
    assert kept.quiet


async def test_a_server_that_hung_up_unnoticed_is_called_by_a_new_connection(
    server: Server, connections: Connections
) -> None:
    await connections.post(server.url, b"", {})
    server.hang_up()
    # No turn of the loop in between: nothing of ours has been told yet.
    time.sleep(0.05)  # noqa: ASYNC251
    assert (await connections.post(server.url, b"", {})).body == b"ok"
    assert server.connections == 2


async def test_an_answer_before_the_request_was_sent_ends_the_connection(connections: Connections) -> None:
    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n")
        await over.wait()
        writer.transport.abort()

    over = asyncio.Event()
    listening = await asyncio.start_server(hasty, "127.0.0.1", 0, limit=1000)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    assert (await connections.post(url, b"x" * (32 << 20), {})).status == 413
    assert not connections._kept
    over.set()
    listening.close()
    await listening.wait_closed()


async def test_a_trailer_without_end_is_no_answer(server: Server, connections: Connections) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: " + b"a" * 200_000
    with pytest.raises(Unreachable, match="no HTTP"):
        await connections.post(server.url, b"", {})


async def test_when_one_that_was_kept_fails_the_next_try_has_a_new_one(
    server: Server, connections: Connections
) -> None:
    """Those that were kept beside it have most likely ended as it has, unseen: no try is spent on each."""
    await asyncio.gather(*(connections.post(server.url, b"", {}) for _ in range(5)))
    before, answer = server.connections, server.answer
    server.answer, server.closes = b"", True
    with pytest.raises(Unreachable, match="closed"):
        await connections.post(server.url, b"", {})
    server.answer, server.closes = answer, False
    assert (await connections.post(server.url, b"", {})).body == b"ok"
    assert server.connections == before + 1


async def test_what_was_kept_for_long_is_closed_though_nobody_calls_again(
    server: Server, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.gather(*(connections.post(server.url, b"", {}) for _ in range(5)))
    assert connections._sweeping is not None
    (kept,) = map(list, connections._kept.values())
    connections._sweep()
    assert all(conversation.open for conversation in kept)
    monkeypatch.setattr(module, "KEPT_SECONDS", -1.0)
    connections._sweep()
    assert not any(conversation.open for conversation in kept)
    assert connections._kept == {}
    assert connections._sweeping is None


async def test_one_that_does_not_answer_keeps_nobody_from_calling_another(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 1)
    few, silent = Connections(guard=lambda: None), Server(answer=b"")
    listening = await asyncio.start_server(silent.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    waiting = [asyncio.create_task(few.post(url, b"", {})) for _ in range(2)]
    await silent.asked.wait()
    assert (await few.post(server.url, b"", {})).body == b"ok"
    assert silent.connections == 1
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await few.close()
    listening.close()


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "closes", "body"),
    [
        (CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n", False, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"\r\nok", False, b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", True, b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, b""),
    ],
)
async def test_answers_end_in_several_ways(
    server: Server, connections: Connections, answer: bytes, closes: bool, body: bytes
) -> None:
    server.answer, server.closes = answer, closes
    for _ in range(2):
        assert (await connections.post(server.url, b"", {})).body == body


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"nonsense\r\n\r\n", "no HTTP"),
        (HEAD + b"\r\no", "closed"),
        (b"", "closed"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000, "no HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"x" * (MAX_ANSWER + 1), "too long"),
        (CHUNKED + b"fffffff\r\n" + b"x" * (MAX_ANSWER + 1), "too long"),
    ],
)
async def test_what_is_no_whole_answer_is_none(
    server: Server, connections: Connections, answer: bytes, reason: str
) -> None:
    server.answer, server.closes = answer, True
    with pytest.raises(Unreachable, match=reason):
        await connections.post(server.url, b"", {})


async def test_what_comes_after_an_answer_is_not_the_next_one(
    server: Server, connections: Connections
) -> None:
    """A second answer to one request would be taken for the answer to the next, of another user."""
    server.answer = HEAD + b"\r\nok" + HEAD + b"\r\nno"
    for _ in range(3):
        assert (await connections.post(server.url, b"", {})).body == b"ok"
    assert server.connections == 3


@pytest.mark.parametrize("headers", [{"x": "a\r\nevil: b"}, {"x y": "z"}])
async def test_what_is_no_header_is_not_sent(
    server: Server, connections: Connections, headers: dict[str, str]
) -> None:
    with pytest.raises(Unreachable, match="no HTTP"):
        await connections.post(server.url, b"", headers)
    assert server.requests == []


@pytest.mark.parametrize("url", ["http://[broken/", "http://127.0.0.1:99999/"])
async def test_what_is_no_url_is_called_nowhere(connections: Connections, url: str) -> None:
    with pytest.raises(Unreachable):
        await connections.post(url, b"", {})


@pytest.fixture
async def by_tls(tmp_path: Path) -> AsyncIterator[tuple[Server, list[str], Certificate]]:
    """The server with a certificate for localhost, and its URLs: under that name, and under another."""
    shown, one = certificate(tmp_path), Server()
    hosts = ["127.0.0.1", "127.0.0.2"]
    listening = await asyncio.start_server(one.serve, hosts, 0, ssl=shown.server)
    ports = {sock.getsockname()[0]: sock.getsockname()[1] for sock in listening.sockets}
    yield one, [f"https://localhost:{ports['127.0.0.1']}/", f"https://127.0.0.2:{ports['127.0.0.2']}/"], shown
    listening.close()


async def test_by_tls_a_server_shows_a_certificate_that_is_trusted_and_for_its_name(
    by_tls: tuple[Server, list[str], Certificate], connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, (right, wrong), shown = by_tls
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.file))
    for _ in range(2):
        assert (await connections.post(right, b"", {})).body == b"ok"
    assert server.connections == 1
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        await connections.post(wrong, b"", {})


async def test_by_tls_a_certificate_that_nobody_trusts_is_none(
    by_tls: tuple[Server, list[str], Certificate], connections: Connections
) -> None:
    server, urls, _ = by_tls
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        await connections.post(urls[0], b"", {})
    assert server.requests == []
