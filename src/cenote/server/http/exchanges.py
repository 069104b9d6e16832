"""One request and its answer, as ASGI has them."""

import asyncio
import logging
from collections.abc import Iterable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from cenote.server.http.connections import Connection

log = logging.getLogger("cenote.server")

ASGI: Final = {"version": "3.0", "spec_version": "2.5"}
VERSIONS: Final = frozenset({"1.0", "1.1"})
# Answers that have neither a body nor a length (RFC 9110, 8.6 and 15).
BARE: Final = frozenset({204, 304})
STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii") for status in HTTPStatus
}
# What keeping so many bytes costs beside them: chunks may be of one byte.
OBJECT: Final = 48
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

Fields = Iterable[tuple[bytes, bytes]]


class Head:
    """What of an answer's head is the same whoever it is for: the status line and the application's own fields.

    ValueError where they could be read as something else than they are.
    """

    __slots__ = ("closes", "dated", "length", "lines", "status")

    def __init__(self, status: int, fields: Fields) -> None:
        self.status = status
        self.closes = self.dated = False
        self.length: int | None = None
        lines = [STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        for name, value in fields:
            if name == b"connection":
                self.closes |= value == b"close"
                continue
            if name == b"content-length":
                self.length = int(value)
                if status == 204:
                    continue
            elif name == b"date":
                self.dated = True
            elif name == b"transfer-encoding":
                raise ValueError("an answer is sent as it is")
            lines.append(b"%b: %b\r\n" % (name, value))
        self.lines = b"".join(lines)
        # Each line breaks once, at its end, or somebody else's text would become headers and answers of ours.
        if self.lines.count(b"\n") != len(lines) or self.lines.count(b"\r") != len(lines):
            raise ValueError("a header has a line break in it")


FAILED: Final = Head(500, ())


class Exchange:
    """A request as far as it was read, and its answer, which is written in one piece.

    `headed` says that the head is complete, `whole` that the body is, too. `stays` says whether the connection may stay
    afterwards: first what the client wants, then what was answered. `size` counts the head's bytes.
    """

    task: asyncio.Task[None]
    __slots__ = (
        "_connection", "_ends_told", "_fields", "_lost", "_out", "_parts", "_query", "_raw_path", "_started", "_status",
        "_unread", "_waiting", "answered", "headed", "headers", "method", "path", "size", "stays", "target", "task",
        "version", "whole",
    )  # fmt: skip

    def __init__(self, connection: "Connection") -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.method = ""
        self.version = ""
        self.size = 0
        self.headed = self.whole = self.stays = self.answered = False
        self._connection = connection
        # What has come of the body and was not read yet; whether any has, or was asked for.
        self._parts: list[bytes] = []
        self._unread = 0
        self._started = False
        self._ends_told = False
        self._lost = False
        self._waiting: asyncio.Future[None] | None = None
        self._status = 500
        self._fields: Fields = ()
        self._out: list[bytes] = []

    def is_in_order(self) -> bool:
        """Whether the head means one thing: one host, one target, one end (RFC 9112, 3.2, 6.1)."""
        target, hosts = self.target, 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding" and (value.lower() != b"chunked" or self.version != "1.1"):
                return False
        if hosts > 1 or (hosts == 0 and self.version == "1.1") or self.version not in VERSIONS:
            return False
        if b"#" in target or not target.isascii():
            return False
        if target[:1] != b"/" and (target != b"*" or self.method != "OPTIONS"):
            try:
                named = urlsplit(target)
            except ValueError:
                return False
            if not named.scheme or not named.netloc or b"@" in named.netloc:
                return False
            # The host in a target goes before the header.
            self.headers = [header for header in self.headers if header[0] != b"host"]
            self.headers.append((b"host", named.netloc))
            target = (named.path or b"/") + (b"?" + named.query if named.query else b"")
        self._raw_path, _, self._query = target.partition(b"?")
        path = self._raw_path.decode("ascii")
        self.path = unquote(path) if "%" in path else path
        return True

    def fill(self, part: bytes) -> int:
        """How many bytes it takes to keep what now waits to be read."""
        self._parts.append(part)
        self._unread += len(part) + OBJECT
        self._started = True
        self._wake()
        return self._unread

    def complete(self) -> None:
        self.whole = True
        self._wake()

    def lose(self) -> None:
        """No more of the request comes."""
        self._lost = True
        self._wake()

    async def run(self) -> None:
        """Has the application answer, and tells the connection."""
        connection = self._connection
        scope = {
            "type": "http",
            "asgi": ASGI,
            "http_version": self.version,
            "method": self.method,
            "scheme": connection.listener.scheme,
            "path": self.path,
            "raw_path": self._raw_path,
            "query_string": self._query,
            "root_path": "",
            "headers": self.headers,
            "client": connection.client,
            "server": connection.server,
        }
        try:
            await connection.listener.application(scope, self.receive, self.send)
        except (Exception, asyncio.CancelledError):
            if self.task.cancelling():
                raise
            log.exception("a request was not answered")
            if not self.answered:
                self.answer(FAILED, b"")
        finally:
            # Who got no answer was not there for one, or sent what is none to answer.
            self.stays = self.stays and self.answered
            connection.listener.finished(self.task)
            connection.finish(self)

    async def receive(self) -> MutableMapping[str, Any]:
        while not (self._parts or (self.whole and not self._ends_told)):
            if self._lost:
                return {"type": "http.disconnect"}
            await self._more()
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._unread = 0
        self._ends_told = self.whole
        return {"type": "http.request", "body": body, "more_body": not self.whole}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status, self._fields = message["status"], message["headers"]
            return
        body: bytes = message.get("body", b"")
        if message.get("more_body", False):
            self._out.append(body)
            return
        self.answer(Head(self._status, self._fields), b"".join([*self._out, body]) if self._out else body)
        await self._connection.drained()

    def answer(self, head: Head, body: bytes) -> None:
        """Writes the answer; ValueError for a body of another length than `head` tells."""
        if self.answered:
            raise RuntimeError("a request is answered once")
        connection = self._connection
        # Without the rest of the body the next request cannot be found.
        stays = self.stays and self.whole and not head.closes and not connection.is_ending
        bare = head.status in BARE
        lines = [head.lines]
        if not head.dated:
            lines.append(b"date: %b\r\n" % connection.listener.date())
        if head.length is None and not bare:
            lines.append(b"content-length: %d\r\n" % len(body))
        if not stays:
            lines.append(b"connection: close\r\n")
        elif self.version == "1.0":
            lines.append(b"connection: keep-alive\r\n")
        lines.append(b"\r\n")
        if not bare and self.method != "HEAD":
            if head.length is not None and head.length != len(body):
                raise ValueError("a body is not of the length that its header tells")
            lines.append(body)
        self.stays, self.answered = stays, True
        connection.write(b"".join(lines))

    def _expects(self) -> bool:
        return any(name == b"expect" and value.lower() == b"100-continue" for name, value in self.headers)

    async def _more(self) -> None:
        if not self._started and not self.whole:
            self._started = True
            if not self.answered and self.version == "1.1" and self._expects():
                self._connection.write(CONTINUE)
        self._connection.resume()
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
