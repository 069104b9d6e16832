"""Moves what is committed from SQLite's write-ahead log into the database file, beside the writers.

A checkpoint copies megabytes; done by a commit, as SQLite does by itself, it would hold up every writer. Here a
thread does it on a connection of its own, while others write. The log starts over only if a checkpoint
catches up with the writers: so what they added meanwhile is copied in a second step that holds the write lock,
and is short.
"""

from contextlib import closing
from pathlib import Path

from cenote.store.sqlite_connections import connect
from cenote.store.sqlite_lock import Hand, WriteLock

# About 8 MB of log, whichever comes first.
_COMMITS = 400
_CHANGES = 2000


class Checkpoints:
    def __init__(self, database: Path) -> None:
        self._database = database
        self._hand = Hand("cenote-sqlite-checkpoint")
        self._lock = WriteLock(database)
        self._running = False
        self._commits = 0
        self._changes = 0

    def note(self, total_changes: int) -> None:
        """A commit was done; `total_changes` counts the rows changed since the writer opened."""
        self._commits += 1
        if self._running or (self._commits < _COMMITS and abs(total_changes - self._changes) < _CHANGES):
            return
        self._running = True
        self._commits, self._changes = 0, total_changes
        self._hand.do(self._checkpoint, self._done)

    def _checkpoint(self) -> None:
        with closing(connect(self._database, busy_seconds=0)) as connection:
            # A connection that has read nothing yet does not know of the log.
            connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._lock.take()
            self._lock.pass_turn()
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            finally:
                self._lock.release()

    def _done(self, _error: Exception | None) -> None:
        # What kept it from being done, a full disk say, keeps commits from being done too: they tell.
        self._running = False

    async def close(self, seconds: float) -> None:
        if await self._hand.stop(seconds):
            self._lock.close()
