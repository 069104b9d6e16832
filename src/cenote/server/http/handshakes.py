"""Connections by TLS, until both sides have agreed on one."""

import asyncio
import ssl
from collections.abc import Callable
from socket import socket
from typing import TYPE_CHECKING, Final

from cenote.server.http.connections import HEAD_SECONDS, NEVER, Connection

if TYPE_CHECKING:
    from cenote.server.http.listeners import Listener

# How long nothing is accepted where no more files may be open, in seconds.
FULL_SECONDS: Final = 1.0
# How many are accepted before others get a turn.
AT_A_TIME: Final = 64


class Handshake:
    """Counts as an idle connection of its listener, so that those who say nothing shut nobody out."""

    def __init__(self, listener: "Listener", accepted: socket, tls: ssl.SSLContext) -> None:
        # It has a time limit of its own.
        self.deadline = NEVER
        self._listener = listener
        self._socket = accepted
        self._agreeing = listener.loop.create_task(self._agree(tls))
        listener.idle[self] = None
        listener.opened(self)

    async def _agree(self, tls: ssl.SSLContext) -> None:
        connection = Connection(self._listener, self)
        try:
            await self._listener.loop.connect_accepted_socket(
                lambda: connection, self._socket, ssl=tls, ssl_handshake_timeout=HEAD_SECONDS
            )
        except OSError:
            # No TLS, another name, too slow, gone: nobody to tell.
            self._socket.close()
        finally:
            self._listener.closed(self)

    def end_between_requests(self) -> None:
        self.abort()

    def abort(self) -> None:
        self._agreeing.cancel()
        self._socket.close()
        self._listener.closed(self)


class Acceptor:
    """Takes connections from a socket, as the event loop would, which tells of none before it is agreed on."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listening: socket, take: Callable[[socket], object]
    ) -> None:
        self._loop = loop
        self._listening = listening
        self._take = take
        self._later: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._resume()

    def close(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _resume(self) -> None:
        self._later = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_A_TIME):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                self._loop.remove_reader(self._listening)
                self._later = self._loop.call_later(FULL_SECONDS, self._resume)
                return
            accepted.setblocking(False)
            self._take(accepted)
