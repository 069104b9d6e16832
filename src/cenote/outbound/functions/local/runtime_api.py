"""The Lambda Runtime API for one process, on a port of its own on 127.0.0.1.

Documented in "Using the Lambda runtime API for custom runtimes": the process asks for the next event and waits, and
posts what came of it. HTTP is spoken by h11; who may speak is asked once a connection.
"""

import asyncio
import re
import socket
from collections.abc import Callable
from typing import Any, Final, Protocol

import h11

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

    def handle(self, connection: "Connection", request: h11.Request, body: bytes, size: int) -> None:
        method, path = request.method, request.target.decode("ascii", "replace")
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
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        self._transport: Any = None
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._size = 0
        self.lost = False

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

    def end(self) -> None:
        self.lost = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self.lost:
            self._http.receive_data(data)
            self._read()

    def _read(self) -> None:
        while not self.lost:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                self.end()
                return
            if event is h11.PAUSED and self._http.trailing_data[0]:
                # No client says more before it was answered. What came would be kept, however much it is.
                self.end()
                return
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Request):
                self._request, self._body, self._size = event, bytearray(), 0
            elif isinstance(event, h11.Data):
                self._size += len(event.data)
                if self._size <= LARGEST_ANSWER:
                    self._body += event.data
            elif isinstance(event, h11.EndOfMessage) and self._request is not None:
                whole = bytes(self._body) if self._size <= LARGEST_ANSWER else b""
                # It may be 6 MB, and the next one may be hours away.
                self._body = bytearray()
                self._api.handle(self, self._request, whole, self._size)
            elif isinstance(event, h11.ConnectionClosed):
                self.end()

    def refuse(self, status: int, kind: str, text: str) -> None:
        self.answer(status, [JSON], f'{{"errorType":"{kind}","errorMessage":"{text}"}}'.encode())

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if self.lost or self._http.our_state is not h11.SEND_RESPONSE:
            return
        send = self._http.send
        head = h11.Response(status_code=status, headers=[*headers, ("content-length", str(len(body)))])
        parts = [send(head), send(h11.Data(data=body)), send(h11.EndOfMessage())]
        self._transport.write(b"".join(part for part in parts if part))
        if self._http.states[h11.SERVER] is h11.DONE:
            self._http.start_next_cycle()
            self._read()
        else:
            self._transport.close()
