"""One kept-alive connection to a server: HTTP/1.1, one request at a time. llhttp parses."""

import asyncio
import re
import select
from collections.abc import Mapping
from typing import Any, Final

import httptools

from cenote.outbound.functions import Unreachable
from cenote.outbound.functions.connections import MAX_ANSWER, Reply

MAX_HEAD: Final = 64 * 1024
# RFC 9110, 5.6.2.
_is_name = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


class Refused(Exception):
    """Nothing more is read. Raised through the parser, which passes it on as its own error."""


class Conversation(asyncio.Protocol):
    """`open` says whether another request may be sent. `kept_at` is when it was put aside, in the loop's time."""

    def __init__(self) -> None:
        self.kept_at = 0.0
        self._parser = httptools.HttpResponseParser(self)
        self._transport: Any = None
        self._lost = False
        self._reply: asyncio.Future[Reply] | None = None
        self._fault = ""
        # Of heads and trailers the parser keeps what it has to itself: how many bytes it was fed since it last told of
        # anything, and whether it has told of what it is being fed.
        self._untold = 0
        self._told = False
        self._begin()

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._headed = False
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def open(self) -> bool:
        return not self._lost and self._reply is None

    @property
    def quiet(self) -> bool:
        """Whether nothing waits to be read: what came before a request is no answer to it."""
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    async def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Unreachable where no whole answer comes. Who gives up in between has to `end` the connection."""
        if self._lost:
            raise Unreachable("the connection was closed")
        head = written(method, target, headers)
        self._begin()
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(head + body)
        return await self._reply

    def end(self) -> None:
        self._lost = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._lost:
            return
        self._told = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(self._fault or "the answer is no HTTP")
        self._untold = 0 if self._told else self._untold + len(data)
        if self._untold > MAX_HEAD:
            self._fail("the answer is no HTTP")

    def eof_received(self) -> None:
        if self._headed and not self._headers.keys() & {"content-length", "transfer-encoding"}:
            self._finish()
        self._fail("the connection was closed")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the parent's)
        self._fail("the connection was closed")
        # It has our methods: without this only the garbage collector would free the two.
        del self._parser

    def on_message_begin(self) -> None:
        if self._reply is None:
            # Nobody asked for more: whatever comes now is of no answer.
            raise Refused

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:
            self._headers[name.lower().decode("latin-1")] = value.rstrip(b" \t").decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headed = self._told = True

    def on_body(self, part: bytes) -> None:
        self._told = True
        self._size += len(part)
        if self._size > MAX_ANSWER:
            self._fault = "the answer is too long"
            raise Refused
        self._parts.append(part)

    def on_message_complete(self) -> None:
        self._told = True
        if self._parser.get_status_code() < 200:
            self._begin()  # Said in passing: the answer is still to come.
            return
        # A request that was answered before it was sent whole would go on before the next one.
        stays = self._parser.should_keep_alive() and not self._transport.get_write_buffer_size()
        self._finish()
        if not stays:
            self.end()

    def _finish(self) -> None:
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            reply.set_result(Reply(self._parser.get_status_code(), self._headers, b"".join(self._parts)))
        self._parts = []

    def _fail(self, reason: str) -> None:
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            reply.set_exception(Unreachable(reason))
        self.end()


def written(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """A request's head; Unreachable where something in it would be read as something else."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    head = "\r\n".join(lines).encode()
    breaks = len(lines) - 1
    well = (head.count(b"\n"), head.count(b"\r"), lines[0].count(" ")) == (breaks, breaks, 2)
    if not well or b"\0" in head or not all(map(_is_name, headers)):
        raise Unreachable("what is to be sent is no HTTP")
    return head
