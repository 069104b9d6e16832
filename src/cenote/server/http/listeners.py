"""The listening end: which connections there are, and how they are ended."""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from socket import socket
from typing import Any, Final

from cenote.server.http.connections import Connection
from cenote.server.http.exchanges import Head
from cenote.server.http.handshakes import Acceptor, Handshake

log = logging.getLogger("cenote.server")

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
# What is answered to a method and a path without being waited for; None where the application has to be asked.
AtHand = Callable[[str, str], tuple[Head, bytes] | None]

# How often the connections' times are looked at, in seconds.
LOOK_SECONDS: Final = 1.0
# How many connections may wait in the kernel to be taken.
BACKLOG: Final = 2048


class Listener:
    """Serves an ASGI application on one socket; with `tls`, by HTTPS.

    `at_hand` is asked first, in the event loop and outside any task; what it answers is what the application would.

    At most `most` connections are held: another one ends the one that has been idle for longest. The application's own
    beginning and end (ASGI's lifespan) are the caller's business.
    """

    def __init__(
        self,
        application: Application,
        *,
        at_hand: AtHand | None = None,
        most: int = 8192,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.application = application
        self.at_hand = at_hand
        self.scheme = "https" if tls else "http"
        self.stopping = False
        self.tasks: set[asyncio.Task[None]] = set()
        # Connections that have no request to answer, in the order in which they began to wait for one.
        self.idle: dict[Connection | Handshake, None] = {}
        self._connections: set[Connection | Handshake] = set()
        self._most = most
        self._tls = tls
        self._dated = (0, b"")
        self._empty = asyncio.Event()

    async def start(self, listening: socket) -> None:
        self.loop = asyncio.get_running_loop()
        tls = self._tls
        self._server: asyncio.Server | Acceptor
        if tls is None:
            self._server = await self.loop.create_server(
                lambda: Connection(self), sock=listening, backlog=BACKLOG
            )
        else:
            self._server = Acceptor(self.loop, listening, lambda accepted: Handshake(self, accepted, tls))
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    async def stop(self, seconds: float) -> None:
        """Takes no more connections, finishes the requests that are there, and hangs up; after `seconds` on all."""
        self.stopping = True
        self._server.close()
        for connection in tuple(self.idle):
            connection.end_between_requests()
        self._look_around()
        if not self._empty.is_set():
            try:
                await asyncio.wait_for(self._empty.wait(), seconds)
            except TimeoutError:
                if self.tasks:
                    log.warning("requests were not finished in time", extra={"requests": len(self.tasks)})
        for connection in tuple(self._connections):
            connection.abort()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self._timer.cancel()

    def opened(self, connection: Connection | Handshake) -> None:
        self._connections.add(connection)
        if self.stopping:
            connection.abort()
        elif len(self._connections) > self._most:
            next(iter(self.idle), connection).abort()

    def closed(self, connection: Connection | Handshake) -> None:
        self._connections.discard(connection)
        self.idle.pop(connection, None)
        self._look_around()

    def finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._look_around()

    def _look_around(self) -> None:
        """Whether a stop has nothing more to wait for. A client may be gone whose request is still being done."""
        if self.stopping and not self._connections and not self.tasks:
            self._empty.set()

    def date(self) -> bytes:
        """What the Date header says now."""
        second = int(time.time())
        if self._dated[0] != second:
            self._dated = (second, formatdate(second, usegmt=True).encode("ascii"))
        return self._dated[1]

    def _look(self) -> None:
        """Hangs up on whoever has let its time pass."""
        now = self.loop.time()
        for connection in tuple(self._connections):
            if connection.deadline < now:
                connection.abort()
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)
