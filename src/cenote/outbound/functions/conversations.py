"""One kept-alive connection to a server: HTTP/1.1 by h11, one request at a time."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import h11

from cenote.outbound.functions import Unreachable
from cenote.outbound.functions.connections import MAX_ANSWER, Reply

MAX_HEAD: Final = 64 * 1024


class Conversation(asyncio.Protocol):
    """`open` says whether another request may be sent. `kept_at` is when it was put aside, in the loop's time."""

    def __init__(self) -> None:
        self.kept_at = 0.0
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._transport: Any = None
        self._lost = False
        self._ended = False
        self._reply: asyncio.Future[Reply] | None = None
        self._head: h11.Response | None = None
        self._body = bytearray()

    @property
    def open(self) -> bool:
        return not self._lost and self._http.our_state is h11.IDLE

    async def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Unreachable where no whole answer comes. Who gives up in between has to `end` the connection."""
        if self._lost:
            raise Unreachable("the connection was closed")
        self._reply = asyncio.get_running_loop().create_future()
        self._head, self._body = None, bytearray()
        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            request = h11.Request(method=method.encode(), target=target.encode(), headers=named)
            parts = [self._http.send(request), self._http.send(h11.Data(data=body))]
            parts.append(self._http.send(h11.EndOfMessage()))
        except h11.LocalProtocolError:
            raise Unreachable("what is to be sent is no HTTP") from None
        self._transport.write(b"".join(part for part in parts if part))
        return await self._reply

    def end(self) -> None:
        self._lost = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._read()

    def eof_received(self) -> None:
        self._ended = True
        self._http.receive_data(b"")
        self._read()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the parent's)
        self._lost = True
        self._fail("the connection was closed")

    def _read(self) -> None:
        while self._reply is not None and not self._reply.done():
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                self._fail("the connection was closed" if self._ended else "the answer is no HTTP")
                return
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_ANSWER:
                    self._fail("the answer is too long")
                    return
            elif isinstance(event, h11.EndOfMessage):
                self._finish(self._reply)
            elif isinstance(event, h11.ConnectionClosed):
                self._fail("the connection was closed")
        # Nobody asked for more: whatever comes now is of no answer.
        if self._http.trailing_data[0]:
            self.end()

    def _finish(self, reply: asyncio.Future[Reply]) -> None:
        assert self._head is not None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._head.headers}
        reply.set_result(Reply(self._head.status_code, headers, bytes(self._body)))
        self._body = bytearray()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.end()

    def _fail(self, reason: str) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(Unreachable(reason))
            self.end()
