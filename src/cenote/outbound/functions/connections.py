"""One pool of kept-alive connections for all functions of this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from cenote.outbound.functions import Unreachable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from cenote.outbound.functions.conversations import Conversation

# What Lambda itself lets a function answer with at most.
MAX_ANSWER: Final = 6 * 1024 * 1024
# To one origin: one that does not answer keeps nobody from calling the others.
MAX_CONNECTIONS: Final = 200
KEPT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Origin(NamedTuple):
    """Where a connection leads."""

    secure: bool
    host: str
    port: int


class Address(NamedTuple):
    """A URL as a request needs it."""

    origin: Origin
    authority: str
    target: str


class Connections:
    """`guard` raises where nothing may go out: inside a transaction.

    A redirect is an answer like any other: it would lead where the operator did not send us. Neither proxies nor
    passwords that happen to be in the environment are used. Time is limited by who calls.
    """

    def __init__(self, *, guard: Callable[[], None]) -> None:
        self._guard = guard
        # Those used last are at the end.
        self._kept: dict[Origin, list[Conversation]] = {}
        self._turns: dict[Origin, asyncio.Semaphore] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415 (only where something goes out by TLS)

        return ssl.create_default_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return await self.send("POST", url, body, headers)

    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Unreachable where no answer comes, or one that is too long."""
        self._guard()
        address = addressed(url)
        whole = {"host": address.authority, "accept": "*/*", **headers, "content-length": str(len(body))}
        origin = address.origin
        async with self._turns.setdefault(origin, asyncio.Semaphore(MAX_CONNECTIONS)):
            kept = self._taken(origin)
            conversation = kept or await self._opened(origin)
            try:
                reply = await conversation.exchange(method, address.target, whole, body)
            except BaseException:
                # An answer that nobody waits for any more must not be taken for the next one's.
                conversation.end()
                if kept is not None:
                    # The others that were kept have seen the same: the next try has a connection of its own.
                    self._forget(origin)
                raise
            self._keep(origin, conversation)
        return reply

    def _keep(self, origin: Origin, conversation: Conversation) -> None:
        if conversation.open:
            loop = asyncio.get_running_loop()
            conversation.kept_at = loop.time()
            self._kept.setdefault(origin, []).append(conversation)
            if self._sweeping is None:
                self._sweeping = loop.call_later(KEPT_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Ends what has been kept for too long: nobody may ever call that origin again."""
        loop = asyncio.get_running_loop()
        for origin, kept in list(self._kept.items()):
            good = [one for one in kept if one.open and one.kept_at > loop.time() - KEPT_SECONDS]
            for conversation in set(kept) - set(good):
                conversation.end()
            if good:
                self._kept[origin] = good
            else:
                del self._kept[origin]
        self._sweeping = loop.call_later(KEPT_SECONDS, self._sweep) if self._kept else None

    def _forget(self, origin: Origin) -> None:
        for conversation in self._kept.pop(origin, []):
            conversation.end()

    def _taken(self, origin: Origin) -> Conversation | None:
        """The connection used last, if it is still good."""
        kept, oldest = self._kept.get(origin, []), asyncio.get_running_loop().time() - KEPT_SECONDS
        while kept:
            conversation = kept.pop()
            if conversation.open and conversation.kept_at >= oldest and conversation.quiet:
                return conversation
            conversation.end()
        return None

    async def _opened(self, origin: Origin) -> Conversation:
        from cenote.outbound.functions.conversations import Conversation  # noqa: PLC0415 (few call functions)

        tls = self._tls if origin.secure else None
        loop = asyncio.get_running_loop()
        try:
            _, conversation = await loop.create_connection(Conversation, origin.host, origin.port, ssl=tls)
        except (OSError, UnicodeError) as error:
            raise Unreachable(type(error).__name__) from None
        return conversation

    async def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for origin in list(self._kept):
            self._forget(origin)


def addressed(url: str) -> Address:
    """The parts of a URL; Unreachable for what is none."""
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        origin = Origin(secure, parts.hostname or "", parts.port or (443 if secure else 80))
    except ValueError:
        raise Unreachable("the address is no URL") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(origin, parts.netloc.rpartition("@")[2], target)
