"""One client's connection: what the parser finds in its bytes, and when it ends."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import httptools

from cenote.server.http.exchanges import STATUS_LINES, Exchange

if TYPE_CHECKING:
    from cenote.server.http.handshakes import Handshake
    from cenote.server.http.listeners import Listener

# Bytes and number of a request's headers, as of most servers.
MAX_HEAD: Final = 65_536
MAX_HEADERS: Final = 100
# Requests that wait behind the one being answered. Hardly any client sends one ahead; the rest of a longer row is
# not read.
MOST_AHEAD: Final = 16
# Bytes of a body that wait for the application. The rest waits in the kernel, and so in the client.
MOST_UNREAD: Final = 262_144
# In seconds. From a connection's or a request's first byte to the end of its head:
HEAD_SECONDS: Final = 10.0
# For the client to take what was written:
WRITE_SECONDS: Final = 30.0
# For the next request: longer than proxies keep connections to the servers behind them (60).
IDLE_SECONDS: Final = 75.0
# For a client to read its answer before what it is still sending makes the kernel reset the connection:
LINGER_SECONDS: Final = 2.0
NEVER: Final = float("inf")


class Refused(Exception):
    """The rest of what was received is not read. Raised through the parser, which passes it on as its own error."""


class Connection(asyncio.Protocol):
    """Answers the connection's requests one after the other. `deadline` is in the loop's time.

    `handshake` is what the listener has known it as before.
    """

    def __init__(self, listener: "Listener", handshake: "Handshake | None" = None) -> None:
        self._handshake = handshake
        self.deadline = NEVER
        self.listener = listener
        self._parser = httptools.HttpRequestParser(self)
        # The request that is being read, the one that is being answered, and those in between.
        self._read: Exchange | None = None
        self._answered: Exchange | None = None
        # Whether that one is still to be begun, once all that was received is read.
        self._due = False
        self._ahead: deque[Exchange] = deque()
        # The status that ends the connection once all before is answered; 0 for none.
        self._refusal: int | None = None
        # The client sends no more; we read no more.
        self._eof = False
        self._closing = False
        self._paused = False
        self._drained: asyncio.Future[None] | None = None
        # Of heads and trailers the parser keeps what it has to itself: how many bytes it was fed since it last told of
        # anything, and whether it has told of what it is being fed.
        self._untold = 0
        self._told = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self.client = transport.get_extra_info("peername")
        self.server = transport.get_extra_info("sockname")
        self._wait_for_request(HEAD_SECONDS)
        if self._handshake is not None:
            self.listener.closed(self._handshake)
            self._handshake = None
        self.listener.opened(self)
        if self.client is None:
            self.abort()  # It is gone, and nobody knows who it was.

    def data_received(self, data: bytes) -> None:
        if self._closing or self._refusal is not None:
            return
        self._parse(data)
        if self._due and self._answered is not None:
            self._due = False
            self._begin(self._answered)

    def _parse(self, data: bytes) -> None:
        self._told = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline(data[upgrade.args[0] :])
            return
        except httptools.HttpParserInvalidMethodError:
            self._refusal = 501
        except httptools.HttpParserError:
            # Refused by ourselves, or by the parser.
            self._refusal = 400 if self._refusal is None else self._refusal
        self._untold = 0 if self._told else self._untold + len(data)
        if self._untold > MAX_HEAD and self._refusal is None:
            self._refusal = 431
        if self._refusal is not None:
            if self._read is not None:
                self._read.lose()
            if self._answered is None:
                self._refuse()

    def eof_received(self) -> bool:
        """The client may only have closed its side: what it asked whole is answered."""
        self._eof = True
        if self._read is not None:
            self._read.lose()
        # TLS has no such half: there the transport closes.
        return self._answered is not None and self._transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the parent's)
        self._closing = True
        self._ahead.clear()
        self.listener.closed(self)
        if self._answered is not None:
            self._answered.lose()
        self.resume_writing()
        # These two have this connection as it has them: only the garbage collector would free it.
        self._read = None
        del self._parser

    def pause_writing(self) -> None:
        loop = self.listener.loop
        self._drained = loop.create_future()
        self.deadline = min(self.deadline, loop.time() + WRITE_SECONDS)

    def resume_writing(self) -> None:
        if self._drained is not None:
            if not self._drained.done():
                self._drained.set_result(None)
            self._drained = None
            if not self._closing and self._answered is not None:
                self.deadline = NEVER

    def on_message_begin(self) -> None:
        if len(self._ahead) == MOST_AHEAD:
            self._refusal = 0
            raise Refused
        self._read = Exchange(self)
        if self._answered is None:
            self.deadline = self.listener.loop.time() + HEAD_SECONDS

    def on_url(self, part: bytes) -> None:
        request = self._read
        assert request is not None
        request.target += part
        self._count(request, len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        request = self._read
        assert request is not None
        if request.headed:
            return  # A trailer: nothing here has a use for one.
        self._count(request, len(name) + len(value))
        # The white space before a value is the parser's to take away, that after it is left to us.
        request.headers.append((name.lower(), value.rstrip(b" \t")))

    def _count(self, request: Exchange, size: int) -> None:
        request.size += size
        if request.size > MAX_HEAD or len(request.headers) == MAX_HEADERS:
            self._refusal = 431
            raise Refused

    def on_headers_complete(self) -> None:
        request, parser = self._read, self._parser
        assert request is not None
        self._told = True
        request.method, request.version = parser.get_method().decode("ascii"), parser.get_http_version()
        if parser.should_upgrade():
            return
        request.headed = True
        request.stays = parser.should_keep_alive()
        if not request.is_in_order():
            self._refusal = 400
            raise Refused
        if self._answered is None:
            self._answered, self._due = request, True
        else:
            self._ahead.append(request)
            self._pause()

    def on_body(self, part: bytes) -> None:
        assert self._read is not None
        self._told = True
        if self._read.fill(part) > MOST_UNREAD:
            self._pause()

    def on_message_complete(self) -> None:
        request = self._read
        assert request is not None
        self._told = True
        if request.headed:
            request.complete()
            self._read = None

    def _decline(self, rest: bytes) -> None:
        """Reads a request that offers another protocol as one that does not: the parser would skip its body."""
        request, self._read = self._read, None
        assert request is not None
        if request.method == "CONNECT":
            self._refusal = 400
            if self._answered is None:
                self._refuse()
            return
        lines = [b"%b %b HTTP/%b" % (request.method.encode(), request.target, request.version.encode())]
        lines += [b"%b: %b" % header for header in request.headers if header[0] != b"upgrade"]
        self._parser = httptools.HttpRequestParser(self)
        self._parse(b"\r\n".join([*lines, b"", rest]))

    @property
    def is_ending(self) -> bool:
        """Whether nothing is answered after the present request."""
        return not self._ahead and (self._eof or self.listener.stopping or self._refusal is not None)

    def write(self, data: bytes) -> None:
        if not self._closing:
            self._transport.write(data)

    async def drained(self) -> None:
        """Waits for a client that takes its answers slowly."""
        if self._drained is not None:
            await self._drained

    def resume(self) -> None:
        """More of the present request's body is wanted."""
        if self._paused and not self._ahead:
            self._paused = False
            self._transport.resume_reading()

    def finish(self, exchange: Exchange) -> None:
        """The present request has its answer, or will never have one."""
        self._answered = None
        if self._closing:
            return
        if not exchange.stays:
            if self._refusal is not None and not exchange.answered:
                self._refuse()
            elif self._eof or (exchange.whole and self._refusal is None and not self._paused):
                self._close()
            else:
                self._linger()
        elif self._ahead:
            self._begin(self._ahead.popleft())
        elif self._refusal is not None:
            self._refuse()
        elif self._eof or self.listener.stopping:
            self._close()
        else:
            self._wait_for_request(IDLE_SECONDS if self._read is None else HEAD_SECONDS)
            self.resume()

    def end_between_requests(self) -> None:
        """At a stop."""
        if self._read is None:
            self._close()
            # A client that reads nothing while it asks nothing would not say good-bye by TLS.
            self.deadline = self.listener.loop.time() + LINGER_SECONDS

    def abort(self) -> None:
        self._closing = True
        self.listener.idle.pop(self, None)
        self._transport.abort()

    def _begin(self, exchange: Exchange) -> None:
        listener = self.listener
        listener.idle.pop(self, None)
        self._answered = exchange
        if self._drained is None:  # Else the time that it has to read in goes on.
            self.deadline = NEVER
        if listener.at_hand is not None and exchange.whole and self._transport.get_write_buffer_size() == 0:
            # To answer with it costs less than a task does. Whoever has not read the answer before has to wait in one.
            found = listener.at_hand(exchange.method, exchange.path)
            if found is not None:
                exchange.answer(*found)
                self.finish(exchange)
                return
        exchange.task = listener.loop.create_task(exchange.run())
        listener.tasks.add(exchange.task)

    def _wait_for_request(self, seconds: float) -> None:
        self.deadline = self.listener.loop.time() + seconds
        self.listener.idle[self] = None

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _refuse(self) -> None:
        if self._refusal:
            head = (STATUS_LINES[self._refusal], self.listener.date())
            self._transport.write(b"%bdate: %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % head)
        self._linger()

    def _close(self) -> None:
        self._closing = True
        self.deadline = self.listener.loop.time() + WRITE_SECONDS
        self._transport.close()

    def _linger(self) -> None:
        """Hangs up on a client that may still be sending, in a way that lets it read what was written."""
        if self._eof or not self._transport.can_write_eof():
            self._close()
            return
        self._closing = True
        self.deadline = self.listener.loop.time() + LINGER_SECONDS
        self._transport.write_eof()
        if self._paused:
            self._transport.resume_reading()
