"""The listening end: which connections there are, and how they are ended."""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from socket import socket
from typing import Any, Final

from cenote.server.http.connections import HEAD_SECONDS, Connection

log = logging.getLogger("cenote.server")

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

# How often the connections' times are looked at, in seconds.
LOOK_SECONDS: Final = 1.0
# How many connections may wait in the kernel to be taken.
BACKLOG: Final = 2048


class Listener:
    """Serves an ASGI application on one socket; with `tls`, by HTTPS.

    At most `most` connections are held: another one ends the one that has been idle for longest. The application's own
    beginning and end (ASGI's lifespan) are the caller's business.
    """

    def __init__(
        self, application: Application, *, most: int = 8192, tls: ssl.SSLContext | None = None
    ) -> None:
        self.application = application
        self.scheme = "https" if tls else "http"
        self.stopping = False
        self.tasks: set[asyncio.Task[None]] = set()
        # Connections that have no request to answer, in the order in which they began to wait for one.
        self.idle: dict[Connection, None] = {}
        self._connections: set[Connection] = set()
        self._most = most
        self._tls = tls
        self._dated = (0, b"")
        self._empty = asyncio.Event()

    async def start(self, listening: socket) -> None:
        self.loop = asyncio.get_running_loop()
        self._server = await self.loop.create_server(
            lambda: Connection(self),
            sock=listening,
            backlog=BACKLOG,
            ssl=self._tls,
            ssl_handshake_timeout=HEAD_SECONDS if self._tls else None,
        )
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    async def stop(self, seconds: float) -> None:
        """Takes no more connections, finishes the requests that are there, and hangs up; after `seconds` on all."""
        self.stopping = True
        self._server.close()
        for connection in tuple(self.idle):
            connection.end_between_requests()
        if self._connections:
            try:
                await asyncio.wait_for(self._empty.wait(), seconds)
            except TimeoutError:
                log.warning("requests were not finished in time", extra={"requests": len(self.tasks)})
        for connection in tuple(self._connections):
            connection.abort()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self._timer.cancel()

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        if self.stopping:
            connection.abort()
        elif len(self._connections) > self._most:
            next(iter(self.idle), connection).abort()

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.idle.pop(connection, None)
        if not self._connections:
            self._empty.set() if self.stopping else self._empty.clear()

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
