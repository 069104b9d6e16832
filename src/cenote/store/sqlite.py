"""The embedded engine: one SQLite file, shared by all worker processes of one machine.

Write-ahead log, `synchronous = FULL`: what was acknowledged survives a power cut. Statements run where they
are called, in the event loop: they cost microseconds, less than handing them to a thread. One connection
reads and sees committed data only; the other one writes (`sqlite_writer.py`).
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, closing, suppress
from pathlib import Path

from cenote.store.engine import Param, Row, Unavailable, Unstorable
from cenote.store.sqlite_connections import connect, translated
from cenote.store.sqlite_lock import WriteLock
from cenote.store.sqlite_writer import SqliteTransaction, Writer
from cenote.store.transactions import Transaction, current

# SQLite before 3.35 has no RETURNING.
_LEAST_VERSION = (3, 35)
# Readers wait for nobody but, for an instant, a process that recovers the log after a crash.
_READ_BUSY_SECONDS = 1.0
_BINDING = (UnicodeError, OverflowError)


class SqliteEngine:
    """See `Engine`. Belongs to the event loop and the process that opened it."""

    row_lock = ""

    def __init__(self, database: Path, writer: Writer) -> None:
        self._database = database
        self._writer = writer
        self._reader: sqlite3.Connection | None = None
        self._closed = False

    @classmethod
    async def open(
        cls, database: Path, *, hold_limit: float = 5.0, wait_limit: float = 10.0, slow_disk: float = 0.0005
    ) -> "SqliteEngine":
        """Opens the file, made for its owner only if it is not there.

        A transaction that stays open for `hold_limit` seconds is rolled back; one that gets no turn within
        `wait_limit` seconds raises Unavailable. Commits that take longer than `slow_disk` seconds on average
        are given to a thread.
        """
        if sqlite3.sqlite_version_info < _LEAST_VERSION:
            raise RuntimeError(
                f"Cenote needs SQLite 3.35 or newer; this Python has {sqlite3.sqlite_version}."
            )
        try:
            await asyncio.to_thread(_prepare, database)
            limits = {"hold_limit": hold_limit, "wait_limit": wait_limit, "slow_disk": slow_disk}
            return cls(database, Writer(database, **limits))
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"{database} cannot be opened: {error}") from error

    # Reading and writing

    async def all(self, sql: str, *params: Param) -> list[Row]:
        transaction = current()
        try:
            cursor = self._connection(transaction).execute(sql, _storable(params))
            try:
                return cursor.fetchall()
            finally:
                # A cursor that is not read to its end would pin what readers see and keep the log from ending.
                cursor.close()
        except (sqlite3.Error, *_BINDING) as error:
            raise self._failure(error, transaction) from error

    async def one(self, sql: str, *params: Param) -> Row | None:
        return self.at_once(sql, *params)

    def at_once(self, sql: str, *params: Param) -> Row | None:
        transaction = current()
        try:
            cursor = self._connection(transaction).execute(sql, _storable(params))
            try:
                row: Row | None = cursor.fetchone()
                return row
            finally:
                cursor.close()
        except (sqlite3.Error, *_BINDING) as error:
            raise self._failure(error, transaction) from error

    async def run(self, sql: str, *params: Param) -> int:
        transaction = self._transaction()
        try:
            cursor = self._writer.connection.execute(sql, _storable(params))
            changed = cursor.rowcount
            cursor.close()
        except (sqlite3.Error, *_BINDING) as error:
            raise self._failure(error, transaction) from error
        # -1 where it makes no sense to count: CREATE TABLE.
        return max(changed, 0)

    async def many(self, sql: str, rows: Iterable[tuple[Param, ...]]) -> None:
        transaction = self._transaction()
        try:
            self._writer.connection.executemany(sql, map(_storable, rows)).close()
        except (sqlite3.Error, *_BINDING) as error:
            raise self._failure(error, transaction) from error

    def _transaction(self) -> Transaction:
        transaction = current()
        if transaction is None:
            raise RuntimeError("a write needs a transaction")
        transaction.check(self)
        return transaction

    def _connection(self, transaction: Transaction | None) -> sqlite3.Connection:
        if transaction is not None:
            transaction.check(self)
            return self._writer.connection
        if self._reader is None:
            self._reader = self._open_reader()
        return self._reader

    def _open_reader(self) -> sqlite3.Connection:
        if self._closed:
            raise RuntimeError("the database is closed")
        reader = connect(self._database, busy_seconds=_READ_BUSY_SECONDS)
        reader.execute("PRAGMA query_only = ON").close()
        return reader

    def _failure(self, error: Exception, transaction: Transaction | None) -> Exception:
        """What to raise for a failed statement; what has to follow from it is done."""
        if transaction is not None:
            self._writer.fail(transaction)
        if isinstance(error, _BINDING):
            return Unstorable("text with U+0000 or half a surrogate pair, or an integer beyond 64 bits")
        if transaction is None and _is_write(error):
            return RuntimeError("a write needs a transaction")
        meant = translated(error)
        if transaction is None and isinstance(meant, Unavailable) and self._reader is not None:
            self._reader.close()
            self._reader = None
        return meant

    def transaction(self, *, patient: bool = False) -> AbstractAsyncContextManager[None]:
        return SqliteTransaction(self, self._writer, patient=patient)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _storable(params: tuple[Param, ...]) -> tuple[Param, ...]:
    # SQLite would take it. PostgreSQL does not, and there must be one answer.
    for param in params:
        if param.__class__ is str and "\0" in param:
            raise UnicodeError
    return params


def _is_write(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY


def _prepare(database: Path) -> None:
    """Makes the file, and switches it to the write-ahead log once: no two processes can do that at a time."""
    database.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives -wal and -shm the mode of the file. A file that is there is not opened: closing it again would
    # take from this process every lock that SQLite holds on it (so do POSIX locks work), and corrupt it.
    with suppress(FileExistsError):
        os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    lock = WriteLock(database)
    try:
        lock.take()
        with closing(connect(database, busy_seconds=10)) as connection:
            connection.execute("PRAGMA journal_mode = WAL").close()
    finally:
        lock.close()
