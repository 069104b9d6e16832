"""The engine for more than one node: PostgreSQL through asyncpg.

READ COMMITTED: what must happen once is a unique index or a conditional update, never a read before a
write; what is decided of a user is decided while the user's row is locked (`Users.get`, `Users.find`), and
settings of a pool are changed while the pool's row is (`Pools.get`). SQL stays in what CockroachDB,
YugabyteDB and Citus accept too; nothing depends on the state of a session, but its limits, which are set
when it is opened.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

import asyncpg

from cenote.store.engine import Conflict, Param, Row
from cenote.store.postgres_pool import STATEMENT_SECONDS, ConnectionLost, Pool, translated
from cenote.store.transactions import Transaction, current

T = TypeVar("T")

_TEXTS = 4096
_QUOTED_OR_MARK = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\?""")
# Text is compared by code points, as SQLite does: page tokens and prefixes mean the same in both.
_TABLE = re.compile(r"\s*CREATE TABLE\b", re.IGNORECASE)
_TEXT = re.compile(r"\bTEXT\b")
_READ = re.compile(r"\s*(?:SELECT|WITH|VALUES|EXPLAIN|SHOW)\b", re.IGNORECASE)
_UNHURRIED = (
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
    " SET LOCAL idle_in_transaction_session_timeout = 0"
)
_DAY = 86_400.0


def numbered(sql: str) -> str:
    """`?` as `$1`, `$2` and so on, but not within quotes and comments; a table as PostgreSQL defines it."""
    count = 0
    if _TABLE.match(sql):
        sql = _TEXT.sub('TEXT COLLATE "C"', sql.replace(") WITHOUT ROWID", ")"))

    def mark(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] != "?":
            return found[0]
        count += 1
        return f"${count}"

    return _QUOTED_OR_MARK.sub(mark, sql)


async def again_if_lost(pool: Pool, work: Callable[[], Awaitable[T]]) -> T:
    """Does what may be done twice once more, on a new connection, if the one it got turned out to be dead."""
    try:
        return await work()
    except ConnectionLost:
        pool.drop_idle()
        return await work()


class PostgresTransaction(Transaction):
    __slots__ = ("_pool", "connection", "patient")

    def __init__(self, engine: object, pool: Pool, *, patient: bool) -> None:
        super().__init__(engine)
        self._pool = pool
        self.patient = patient

    async def begin(self) -> None:
        await again_if_lost(self._pool, self._begin)

    async def _begin(self) -> None:
        self.connection = await self._pool.take()
        try:
            await self.connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            if self.patient:
                await self.connection.execute(_UNHURRIED)
        except BaseException as error:
            self._pool.drop(self.connection)
            if isinstance(error, Exception):
                raise translated(error) from error
            raise

    async def commit(self) -> None:
        self.open = False
        try:
            status = await self.connection.execute("COMMIT", timeout=self.timeout)
        except BaseException as error:
            self._pool.drop(self.connection)
            if isinstance(error, Exception):
                raise translated(error) from error
            raise
        self._pool.give(self.connection)
        if status != "COMMIT":
            raise Conflict("PostgreSQL rolled the transaction back")

    async def roll_back(self) -> None:
        self.open = False
        try:
            await self.connection.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            # The server rolls back what it has lost the connection of.
            self._pool.drop(self.connection)
        except BaseException:
            self._pool.drop(self.connection)
            raise
        else:
            self._pool.give(self.connection)

    @property
    def timeout(self) -> float | None:
        """Seconds for one statement; None is the usual."""
        return _DAY if self.patient else None


class _Use:
    """The connection for one statement: the transaction's, or one from the pool for a read that stands alone."""

    __slots__ = ("_connection", "_pool", "_transaction")

    def __init__(self, pool: Pool, transaction: PostgresTransaction | None) -> None:
        self._pool = pool
        self._transaction = transaction

    async def __aenter__(self) -> asyncpg.Connection:
        transaction = self._transaction
        self._connection = await self._pool.take() if transaction is None else transaction.connection
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._transaction is not None:
            self._transaction.failed |= error is not None
        elif error is None or isinstance(error, asyncpg.PostgresError):
            self._pool.give(self._connection)
        else:
            # Cancelled, or not heard in time: an answer may still be under way.
            self._pool.drop(self._connection)
        if isinstance(error, Exception) and (meant := translated(error)) is not error:
            raise meant from error


class PostgresEngine:
    """See `Engine`. Belongs to the event loop that opened it."""

    # The weakest that keeps the row as it is: rows that refer to it may still be added.
    row_lock = " FOR NO KEY UPDATE"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        # `$n` texts by `?` text. Nearly all texts are constants; the limit is for those that are composed.
        self._texts: dict[str, str] = {}

    @classmethod
    async def open(
        cls, url: str, *, connections: int = 8, hold_limit: float = 5.0, wait_limit: float = 10.0
    ) -> "PostgresEngine":
        """Connects once, to tell at the start what is wrong; at most `connections` are used at a time.

        A transaction that is left idle for `hold_limit` seconds is ended by the server; one that waits for
        a row or for a connection for `wait_limit` seconds raises Unavailable.
        """
        settings = {
            "application_name": "cenote",
            "statement_timeout": f"{STATEMENT_SECONDS * 1000}",
            "lock_timeout": f"{int(wait_limit * 1000)}",
            "idle_in_transaction_session_timeout": f"{int(hold_limit * 1000)}",
        }
        pool = Pool(url, limit=connections, seconds=wait_limit, settings=settings)
        pool.give(await pool.take())
        return cls(pool)

    async def all(self, sql: str, *params: Param) -> list[Row]:
        transaction, text = self._reader(sql), self._text(sql)

        async def read() -> list[Row]:
            async with _Use(self._pool, transaction) as connection:
                return [tuple(record) for record in await connection.fetch(text, *params)]

        return await (again_if_lost(self._pool, read) if transaction is None else read())

    async def one(self, sql: str, *params: Param) -> Row | None:
        transaction, text = self._reader(sql), self._text(sql)

        async def read() -> Row | None:
            async with _Use(self._pool, transaction) as connection:
                record = await connection.fetchrow(text, *params)
                return None if record is None else tuple(record)

        return await (again_if_lost(self._pool, read) if transaction is None else read())

    def at_once(self, sql: str, *params: Param) -> Row | None:  # noqa: ARG002 (a round trip is waited for)
        return None

    async def run(self, sql: str, *params: Param) -> int:
        transaction = self._transaction()
        async with _Use(self._pool, transaction) as connection:
            status = await connection.execute(self._text(sql), *params, timeout=transaction.timeout)
        # It goes: INSERT 0 1, or UPDATE 3, or CREATE TABLE.
        count = status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    async def many(self, sql: str, rows: Iterable[tuple[Param, ...]]) -> None:
        transaction = self._transaction()
        async with _Use(self._pool, transaction) as connection:
            await connection.executemany(self._text(sql), list(rows), timeout=transaction.timeout)

    def _reader(self, sql: str) -> PostgresTransaction | None:
        transaction = current()
        if transaction is not None:
            return self._checked(transaction)
        if not _READ.match(sql):
            raise RuntimeError("a write needs a transaction")
        return None

    def _transaction(self) -> PostgresTransaction:
        transaction = current()
        if transaction is None:
            raise RuntimeError("a write needs a transaction")
        return self._checked(transaction)

    def _checked(self, transaction: Transaction) -> PostgresTransaction:
        transaction.check(self)
        if not isinstance(transaction, PostgresTransaction):
            raise TypeError("a transaction of this engine is one of PostgreSQL")
        return transaction

    def _text(self, sql: str) -> str:
        text = self._texts.get(sql)
        if text is None:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()
            text = self._texts[sql] = numbered(sql)
        return text

    def transaction(self, *, patient: bool = False) -> AbstractAsyncContextManager[None]:
        return PostgresTransaction(self, self._pool, patient=patient)

    async def close(self) -> None:
        await self._pool.close()
