"""The load: scripts of requests over a few keep-alive connections, in one epoll loop that does as little as it can.

A script is a generator that yields a request's bytes, is sent the answer, and returns when the operation is done;
so an operation of two requests reads like one. The loop is quick for the server's sake: were it slow, the server
would wake once for each request and look dearer than it is.
"""

import select
import socket
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bench.machine import BenchError

STALLED_AFTER = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """`head` is the status line and the headers."""

    status: int
    body: bytes
    head: bytes = b""


Script = Generator[bytes, Answer, None]


def parse(data: bytes | bytearray, *, ended: bool = False) -> tuple[Answer, bool] | None:
    """The HTTP answer that is complete in `data`, and whether the connection stays open; None to read on."""
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    whole = bytes(data[:head_end])
    head = whole.lower()
    status, start = int(head[9:12]), head_end + 4
    stays = head[:8] == b"http/1.1" and b"connection: close" not in head
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        line_end = head.find(b"\r\n", at + 2)
        length = int(head[at + 17 : line_end if line_end >= 0 else None])
        if len(data) < start + length:
            return None
        return Answer(status, bytes(data[start : start + length]), whole), stays
    if b"transfer-encoding: chunked" in head:
        body = unchunked(bytes(data[start:]))
        return None if body is None else (Answer(status, body, whole), stays)
    return (Answer(status, bytes(data[start:]), whole), False) if ended else None


def unchunked(data: bytes) -> bytes | None:
    body, at = b"", 0
    while True:
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(data[at:line_end].split(b";")[0], 16)
        if len(data) < line_end + 2 + size + 2:
            return None
        if size == 0:
            return body
        body += data[line_end + 2 : line_end + 2 + size]
        at = line_end + 2 + size + 2


class Connection:
    """One keep-alive connection and the script it is in."""

    def __init__(
        self, address: tuple[str, int], epoll: select.epoll, by_number: "dict[int, Connection]"
    ) -> None:
        self._address = address
        self._epoll = epoll
        self._by_number = by_number
        self._received = bytearray()
        self.script: Script | None = None
        self.began = 0
        self.socket = self._connect()

    def _connect(self) -> socket.socket:
        opened = socket.create_connection(self._address, timeout=STALLED_AFTER)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._epoll.register(opened.fileno(), select.EPOLLIN)
        self._by_number[opened.fileno()] = self
        return opened

    def close(self) -> None:
        self._epoll.unregister(self.socket.fileno())
        del self._by_number[self.socket.fileno()]
        self.socket.close()

    def start(self, script: Script) -> None:
        self.script = script
        self.began = time.perf_counter_ns()
        self.socket.sendall(next(script))

    def receive(self) -> bool:
        """Take what has come; True when the script is done."""
        data = self.socket.recv(65536)
        if self.script is None:
            if data:
                raise BenchError("the server spoke without being asked")
            self.close()  # it hung up on an idle connection, as it may
            self.socket = self._connect()
            return False
        if self._received or not data:
            self._received += data
            complete = parse(self._received, ended=not data)
        else:
            complete = parse(data)
        if complete is None:
            if not data:
                raise BenchError("the server closed a connection in the middle of an answer")
            if not self._received:
                self._received += data
            return False
        self._received.clear()
        answer, stays = complete
        if not stays:
            self.close()
            self.socket = self._connect()
        try:
            self.socket.sendall(self.script.send(answer))
        except StopIteration:
            self.script = None
            return True
        return False


@dataclass(frozen=True, slots=True)
class Timing:
    """`latencies` of whole operations in nanoseconds, sorted; `wall` and the load's own CPU, `own`, too."""

    latencies: list[int]
    wall: int
    own: int

    def percentile(self, part: float) -> float:
        """Milliseconds."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * part))] / 1e6


class Load:
    """Connections to one server; opened before anything is measured."""

    def __init__(self, address: tuple[str, int], connections: int) -> None:
        self._epoll = select.epoll()
        self._by_number: dict[int, Connection] = {}
        self._connections = [Connection(address, self._epoll, self._by_number) for _ in range(connections)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._connections:
            connection.close()
        self._epoll.close()

    def run(
        self, scripts: Iterator[Script], *, count: int | None = None, seconds: float | None = None
    ) -> Timing:
        """Keep every connection busy until `count` operations began, or for `seconds`; finish all begun."""
        began, own = time.perf_counter_ns(), time.process_time_ns()
        left = count if count is not None else 1 << 62
        deadline = began + int(seconds * 1e9) if seconds is not None else 1 << 62
        latencies: list[int] = []
        busy = 0
        for connection in self._connections[:left]:
            connection.start(next(scripts))
            left -= 1
            busy += 1
        while busy:
            ready = self._epoll.poll(STALLED_AFTER)
            if not ready:
                raise BenchError(f"no answer for {STALLED_AFTER:.0f} s")
            for number, _ in ready:
                connection = self._by_number[number]
                if not connection.receive():
                    continue
                now = time.perf_counter_ns()
                latencies.append(now - connection.began)
                if left > 0 and now < deadline:
                    connection.start(next(scripts))
                    left -= 1
                else:
                    busy -= 1
        wall = time.perf_counter_ns() - began
        return Timing(sorted(latencies), wall, time.process_time_ns() - own)
