"""Connections to one SQLite file, and what SQLite's errors mean to the house."""

import re
import sqlite3
from pathlib import Path

from cenote.store.engine import (
    ForeignKeyViolation,
    NoSuchTable,
    StoreError,
    Unavailable,
    UniqueViolation,
)

# How long opening waits for other processes.
_OPENING_SECONDS = 10.0
# A connection prepares each text once; the house has a few hundred.
_STATEMENTS = 512
_CACHE_KIB = 8192
# What a write-ahead log that once grew large is cut back to.
_LOG_BYTES = 64 << 20

_UNIQUE = (
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
)
_AWAY = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
)


def connect(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """A connection that commits only when told to; it may move between threads, one at a time.

    Opening waits longer than `busy_seconds` where it must: another process may be the last to close the file just then.
    """
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
        timeout=_OPENING_SECONDS,
    )
    try:
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            f"cache_size = -{_CACHE_KIB}",
            f"journal_size_limit = {_LOG_BYTES}",
            # The writer's commit would stop for it: checkpoints are done beside it.
            "wal_autocheckpoint = 0",
            f"busy_timeout = {int(busy_seconds * 1000)}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        connection.close()
        raise
    return connection


def is_busy(error: sqlite3.Error) -> bool:
    """Whether only another process's lock was in the way."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def translated(error: Exception) -> Exception:
    """What to raise for an error of the driver. SQLite's own messages hold no parameter values."""
    code = getattr(error, "sqlite_errorcode", None)
    text = str(error)
    if code in _UNIQUE:
        return _unique_violation(text)
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return ForeignKeyViolation(text)
    if _primary_code(error) in _AWAY:
        return Unavailable(f"SQLite: {text} ({getattr(error, 'sqlite_errorname', '')})")
    if text.startswith("no such table"):
        return NoSuchTable(text)
    if isinstance(error, sqlite3.Error):
        return StoreError(text)
    return error


def _primary_code(error: Exception) -> int:
    # Extended codes carry the primary one in their low byte.
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _unique_violation(text: str) -> UniqueViolation:
    # The text goes: UNIQUE constraint failed: groups.pool_id, groups.name
    named = re.findall(r"(\w+)\.(\w+)", text.partition(": ")[2])
    return UniqueViolation(named[0][0] if named else "", tuple(column for _, column in named))
