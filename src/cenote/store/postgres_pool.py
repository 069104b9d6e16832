"""Connections to PostgreSQL: how many there may be, and what the driver's errors mean to the house.

asyncpg has a pool of its own; its reset query at each release would double the round trips of a lone SELECT.
"""

import asyncio
import re
from collections import deque

import asyncpg

from cenote.store.engine import (
    Conflict,
    ForeignKeyViolation,
    NoSuchTable,
    StoreError,
    Unavailable,
    UniqueViolation,
    Unstorable,
)

CONNECT_SECONDS = 10
# The server ends a statement after this, and the client gives up somewhat later if the server is not heard.
STATEMENT_SECONDS = 30
_COMMAND_SECONDS = STATEMENT_SECONDS + 5
_STATEMENTS = 512


class ConnectionLost(Unavailable):
    """The connection went away, perhaps long before it was used."""


# By SQLSTATE, or its class of two characters: https://www.postgresql.org/docs/current/errcodes-appendix.html
_MEANINGS: dict[str, type[StoreError]] = {
    "08": ConnectionLost,
    "22": Unstorable,  # data exception: U+0000 in text, a number out of range
    "25006": Unavailable,  # the server has become a read-only replica
    "25P03": Unavailable,  # idle in transaction for too long
    "28": Unavailable,  # authorization
    "3D": Unavailable,  # no such database
    "40": Conflict,  # serialization failure, deadlock
    "40003": Unavailable,  # statement completion unknown
    "42P01": NoSuchTable,
    "42710": Conflict,  # made by another transaction meanwhile
    "42P07": Conflict,
    "53": Unavailable,  # disk full, too many connections
    "55P03": Unavailable,  # lock timeout
    "57": Unavailable,  # query cancelled by the statement timeout
    "57P01": ConnectionLost,  # shutdown
    "57P02": ConnectionLost,  # crash
    "58": Unavailable,  # I/O error
    "XX": Unavailable,  # internal error, corruption
}


def translated(error: Exception) -> Exception:
    """What to raise for an error of the driver; its message, which may hold parameter values, is left out."""
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        return Conflict("PostgreSQL: a migration changed the table meanwhile")
    if isinstance(error, asyncpg.UniqueViolationError):
        # Detail: Key (pool_id, name)=(...) already exists. The columns are in the first parentheses.
        columns = re.search(r"\(([^)]*)\)", error.detail or "")
        names = tuple(name.strip(' "') for name in columns[1].split(",")) if columns else ()
        return UniqueViolation(error.table_name or "", names)
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return ForeignKeyViolation(f"{error.table_name}: {error.constraint_name}")
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        meaning = _MEANINGS.get(state) or _MEANINGS.get(state[:2], StoreError)
        return meaning(f"PostgreSQL: {type(error).__name__} ({state})")
    if isinstance(error, asyncpg.DataError | UnicodeError | OverflowError):
        return Unstorable("a parameter that the column cannot hold")
    if isinstance(error, TimeoutError):
        return Unavailable("PostgreSQL did not answer in time")
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | OSError):
        return ConnectionLost(f"PostgreSQL: {type(error).__name__}")
    return error


class Pool:
    """At most `limit` connections, made when they are needed; `seconds` is how long one may be waited for."""

    def __init__(self, url: str, *, limit: int, seconds: float, settings: dict[str, str]) -> None:
        self._url = url
        self._limit = limit
        self._seconds = seconds
        self._settings = settings
        self._size = 0
        self._idle: list[asyncpg.Connection] = []
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()
        self._closed = False

    async def take(self) -> asyncpg.Connection:
        """A connection for this task alone, to be given back. Raises Unavailable."""
        if self._closed:
            raise RuntimeError("the database is closed")
        # The last one used first: the others may rest.
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._size -= 1
        if self._size < self._limit:
            self._size += 1
        elif (connection := await self._handed_over()) is not None:
            return connection
        return await self._connect()

    async def _handed_over(self) -> asyncpg.Connection | None:
        """What the next who is done with a connection leaves; None if that is only the place for one."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._kept(turn)
        except TimeoutError:
            raise Unavailable(f"no connection to PostgreSQL was free within {self._seconds} s") from None

    async def _kept(self, turn: "asyncio.Future[asyncpg.Connection | None]") -> asyncpg.Connection | None:
        try:
            return await turn
        except asyncio.CancelledError:
            # It may have been handed over in the same pass of the loop: then it goes to the next.
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_over(turn.result())
            raise

    async def _connect(self) -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                self._url,
                timeout=CONNECT_SECONDS,
                command_timeout=_COMMAND_SECONDS,
                statement_cache_size=_STATEMENTS,
                max_cached_statement_lifetime=0,
                server_settings=self._settings,
            )
        except BaseException as error:
            self._hand_over(None)
            if isinstance(error, OSError | ValueError | asyncpg.PostgresError | asyncpg.InterfaceError):
                raise Unavailable(f"PostgreSQL cannot be reached: {error or 'no answer'}") from error
            raise

    def _hand_over(self, connection: asyncpg.Connection | None) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._size -= 1
        else:
            self._idle.append(connection)

    def give(self, connection: asyncpg.Connection) -> None:
        """Takes a connection back; one in an unclear state is dropped, and the server rolls back."""
        if connection.is_closed() or connection.is_in_transaction() or self._closed:
            self.drop(connection)
        else:
            self._hand_over(connection)

    def drop(self, connection: asyncpg.Connection) -> None:
        connection.terminate()
        self._hand_over(None)

    def drop_idle(self) -> None:
        """After one connection was lost: the others are likely to be dead too."""
        while self._idle:
            self.drop(self._idle.pop())

    async def close(self) -> None:
        self._closed = True
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.close(timeout=CONNECT_SECONDS)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(Unavailable("the database is being closed"))
        self._waiting.clear()
