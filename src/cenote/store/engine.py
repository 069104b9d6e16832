"""What the noun modules see of a database, and the one place that picks it.

`sqlite.py` and `postgres.py` each hold one engine; nothing else in the house knows a dialect. The SQL above
this line is one text for both: `?` placeholders, and of types only TEXT, BIGINT and BYTEA, that is `str`,
`int` and `bytes` (and None) as parameters and in rows.
"""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

Row = tuple[Any, ...]
Param = str | int | bytes | None


class StoreError(Exception):
    """What the database answers instead of a result. Messages hold no parameter values."""


class UniqueViolation(StoreError):
    """A row with this key exists already. The transaction it happened in can only be rolled back."""

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        super().__init__(f"{table} already has a row with this {', '.join(columns)}")
        self.table = table
        self.columns = columns


class ForeignKeyViolation(StoreError):
    """A row refers to one that is not there (any more). The transaction can only be rolled back."""


class NoSuchTable(StoreError):
    """The database has not been migrated that far."""


class Unstorable(StoreError, ValueError):
    """A parameter no column can hold: U+0000 or half a surrogate pair in text, an integer beyond 64 bits."""


class Conflict(StoreError):
    """Another transaction was in the way and nothing was written: `retrying` runs the work again."""


class Unavailable(StoreError):
    """The database cannot answer now: disk full, I/O error, connection lost, lock not got in time.

    The engine recovers by itself: the next call tries again. If leaving a transaction raises this, whether
    it was written is unknown (as it is for any database whose answer got lost); nothing of it was written
    by half.
    """


class Engine(Protocol):
    """A database. Reads outside a transaction stand alone; a write outside one raises RuntimeError."""

    # What a SELECT ends with whose rows nobody else may change until the caller's transaction ends. Empty where
    # transactions that write are one at a time anyway.
    row_lock: str

    async def all(self, sql: str, *params: Param) -> list[Row]:
        """Every row of the result."""
        ...

    async def one(self, sql: str, *params: Param) -> Row | None:
        """The first row of the result, None if there is none."""
        ...

    def at_once(self, sql: str, *params: Param) -> Row | None:
        """As `one`, outside a task; None also where it cannot be known without being waited for."""
        ...

    async def run(self, sql: str, *params: Param) -> int:
        """Executes a write; returns how many rows it inserted, updated or deleted."""
        ...

    async def many(self, sql: str, rows: Iterable[tuple[Param, ...]]) -> None:
        """Executes one write for each tuple of parameters."""
        ...

    def transaction(self, *, patient: bool = False) -> AbstractAsyncContextManager[None]:
        """What this task runs inside is written as a whole and durably, or not at all.

        Leaving normally commits; `raise Keep(error)` commits and then raises `error`; any other exception
        rolls back. Inside another transaction of the same task it joins that one. Once a statement has
        failed, the transaction can only be rolled back (use ON CONFLICT DO NOTHING where a duplicate is no
        failure).

        Await nothing slow inside: on SQLite all writers of all processes wait. A transaction that stays
        open longer than the engine's limit is rolled back, and its next call raises Unavailable; `patient`
        lifts the limits (migrations).
        """
        ...

    async def close(self) -> None:
        """Finishes what is committing and lets go of the database."""
        ...


async def open_engine(database: str | Path, *, connections: int = 8) -> Engine:
    """The engine for a `postgresql://` URL, or for the path of an SQLite file (made if it is not there).

    To be called after a worker process has started, never before a fork. `connections` is the size of the
    PostgreSQL pool. Raises Unavailable if the database cannot be reached.
    """
    if str(database).startswith(("postgresql://", "postgres://")):
        from cenote.store.postgres import PostgresEngine  # noqa: PLC0415 (costs 70 ms where SQLite is used)

        return await PostgresEngine.open(str(database), connections=connections)
    from cenote.store.sqlite import SqliteEngine  # noqa: PLC0415

    return await SqliteEngine.open(Path(database))
