"""The Lambda Runtime API for one process, on a port of its own on 127.0.0.1.

Documented in "Using the Lambda runtime API for custom runtimes": the process asks for the next event and waits, and
posts what came of it. llhttp parses; who may speak is asked once a connection.
"""

import asyncio
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Protocol

import httptools

from cenote.outbound.functions.local.invocations import LARGEST_ANSWER, Invocation
from cenote.outbound.functions.local.peers import Address

HOST: Final = "127.0.0.1"
API: Final = "/2018-06-01/runtime"
NEXT: Final = f"{API}/invocation/next"
INIT_ERROR: Final = f"{API}/init/error"
_REPORT: Final = re.compile(rf"{API}/invocation/([^/]+)/(response|error)").fullmatch
JSON: Final = ("content-type", "application/json")
OK: Final = b'{"status":"OK"}'
# More connections than any runtime client opens: one for each of its threads.
MOST_CONNECTIONS: Final = 16
# A failure's report has the stack in a header, of up to a MiB (awslambdaric).
LARGEST_HEAD: Final = 2**20 + 2**16


class Host(Protocol):
    """What hosts the process hears of it."""

    def wants_next(self, reply: "Reply") -> None: ...

    def reported(self, request_id: str, body: bytes, size: int, *, failed: bool) -> bool:
        """False where there is no such invocation. A body that was too large is empty: `size` tells."""
        ...

    def init_failed(self, body: bytes) -> None: ...


class Reply:
    """The answer that a process waits for. It is given once; nothing happens where the connection is gone."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    @property
    def open(self) -> bool:
        return not self._connection.lost

    def event(self, invocation: Invocation) -> None:
        headers = [
            JSON,
            ("lambda-runtime-aws-request-id", invocation.request_id),
            ("lambda-runtime-deadline-ms", str(invocation.deadline)),
            ("lambda-runtime-invoked-function-arn", invocation.arn),
            ("lambda-runtime-trace-id", invocation.trace_id),
        ]
        if invocation.client_context:
            headers.append(("lambda-runtime-client-context", invocation.client_context))
        self._connection.answer(200, headers, invocation.payload)


class RuntimeApi:
    """`admits` is asked of each connection: its peer's address and its own."""

    def __init__(self, host: Host, admits: Callable[[Address, Address], bool]) -> None:
        self.host = host
        self.admits = admits
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Listens; the address, as runtime clients take it."""
        loop, sock = asyncio.get_running_loop(), socket.create_server((HOST, 0))
        # In two steps, the first of which nothing can interrupt: what listens is known from then on, and can be closed.
        self._server = await loop.create_server(lambda: Connection(self), sock=sock, start_serving=False)
        await self._server.start_serving()
        return f"{HOST}:{sock.getsockname()[1]}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.end()

    def handle(self, connection: "Connection", method: bytes, target: bytes, body: bytes, size: int) -> None:
        path = target.decode("ascii", "replace")
        report = _REPORT(path)
        if method == b"GET" and path == NEXT:
            self.host.wants_next(Reply(connection))
        elif method == b"POST" and path == INIT_ERROR:
            self.host.init_failed(body)
            connection.answer(202, [JSON], OK)
        elif method == b"POST" and report:
            if not self.host.reported(report[1], body, size, failed=report[2] == "error"):
                connection.refuse(400, "InvalidRequestID", "Invalid request ID")
            elif size > LARGEST_ANSWER:
                connection.refuse(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
            else:
                connection.answer(202, [JSON], OK)
        else:
            connection.refuse(404, "NotFound", "Not found")


class Connection(asyncio.Protocol):
    """One connection of the process, kept alive. A body beyond the limit is read and dropped."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        # A request was begun and has no answer yet; its head is complete; it is.
        self._asked = self._headed = self._whole = self._stays = False
        self._begin()
        self.lost = False

    def _begin(self) -> None:
        self._target = b""
        self._fed = 0
        self._headed = self._whole = False
        self._parts: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if len(self._api.connections) >= MOST_CONNECTIONS or not self._api.admits(*ends):
            self.end()
            return
        self._api.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the parent's)
        self.lost = True
        self._api.connections.discard(self)
        # It has our methods: without this only the garbage collector would free the two.
        del self._parser

    def end(self) -> None:
        self.lost = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.lost:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.end()
            return
        self._fed += len(data)
        if not self._headed and self._fed > LARGEST_HEAD:
            self.end()
        elif self._whole:
            self._whole = False
            body = b"".join(self._parts) if self._size <= LARGEST_ANSWER else b""
            # It may be 6 MB, and the next one may be hours away.
            self._parts = []
            self._api.handle(self, self._parser.get_method(), self._target, body, self._size)

    def on_message_begin(self) -> None:
        if self._asked:
            # No client says more before it was answered. What came would be kept, however much it is.
            raise ConnectionError
        self._asked = True
        self._begin()

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_headers_complete(self) -> None:
        self._headed = True
        self._stays = self._parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= LARGEST_ANSWER:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        self._whole = True

    def refuse(self, status: int, kind: str, text: str) -> None:
        self.answer(status, [JSON], f'{{"errorType":"{kind}","errorMessage":"{text}"}}'.encode())

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if self.lost or not self._asked:
            return
        self._asked = False
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self._transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        if not self._stays:
            self._transport.close()
