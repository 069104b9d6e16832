"""The one who writes to an SQLite file in this process: transactions take turns and share commits.

All of them run on one connection, one after the other, as savepoints of one SQLite transaction. Who leaves waits
for the COMMIT; meanwhile the next one runs its statements, until nobody is ready or the batch is full. Then one
COMMIT makes all of them durable. While it runs, newcomers gather for the next.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from time import monotonic, perf_counter

from cenote.store.engine import Unavailable
from cenote.store.sqlite_checkpoints import Checkpoints
from cenote.store.sqlite_connections import connect, is_busy, translated
from cenote.store.sqlite_lock import Hand, WriteLock
from cenote.store.sqlite_pace import Pace
from cenote.store.transactions import Transaction

# A batch ends after so many transactions, or once it has been open so long: other processes wait.
_BATCH_MEMBERS = 100
_BATCH_SECONDS = 0.005


class State(Enum):
    IDLE = auto()  # no SQLite transaction, the lock is not ours
    OPENING = auto()  # the hand waits for the lock
    OPEN = auto()  # somebody runs statements, or will in the next pass of the loop
    COMMITTING = auto()  # the hand commits


class SqliteTransaction(Transaction):
    __slots__ = ("_writer", "patient", "savepoint", "since")

    def __init__(self, engine: object, writer: "Writer", *, patient: bool) -> None:
        super().__init__(engine)
        self._writer = writer
        self.patient = patient
        # The first of a batch needs none: rolling it back rolls back everything there is.
        self.savepoint = False
        # When it came for its turn, and then when it got it.
        self.since = 0.0

    async def begin(self) -> None:
        await self._writer.begin(self)

    async def commit(self) -> None:
        if self.lost is not None:
            raise self.lost
        await self._writer.commit(self)

    async def roll_back(self) -> None:
        self._writer.roll_back(self)


class Writer:
    """All calls are from the event loop. The limits and `slow_disk` are seconds."""

    def __init__(self, database: Path, *, hold_limit: float, wait_limit: float, slow_disk: float) -> None:
        self._database = database
        self._hold_limit = hold_limit
        self._wait_limit = wait_limit
        self._loop = asyncio.get_running_loop()
        self._lock = WriteLock(database)
        self._hand = Hand("cenote-sqlite-writer")
        self._pace = Pace(slow=slow_disk)
        self._checkpoints = Checkpoints(database)
        self._state = State.IDLE
        self._broken = False
        self._closed = False
        self._queue: deque[tuple[SqliteTransaction, asyncio.Future[None]]] = deque()
        self._holder: SqliteTransaction | None = None
        self._members: list[asyncio.Future[None]] = []
        self._opened_at = 0.0
        self._gathering = False
        self._watch: asyncio.TimerHandle | None = None
        self.connection = connect(database, busy_seconds=0)

    # Entering

    async def begin(self, transaction: SqliteTransaction) -> None:
        """Returns once it is this transaction's turn; raises Unavailable if that takes too long."""
        if self._closed:
            raise RuntimeError("the database is closed")
        if self._state is State.IDLE and self._start():
            self._hold(transaction)
            return
        if self._state is State.OPEN and self._holder is None and not self._queue:
            self._hold(transaction)
            return
        turn = self._loop.create_future()
        transaction.since = monotonic()
        self._queue.append((transaction, turn))
        self._keep_watch()
        try:
            await turn
        except asyncio.CancelledError:
            # The turn may have come in the same pass of the loop as the cancellation.
            self.roll_back(transaction)
            raise

    def _start(self) -> bool:
        """Opens a batch at once if no process is writing; else the hand waits for that."""
        if self._broken or not self._lock.try_take():
            self._state = State.OPENING
            self._hand.do(self._wait_for_lock, self._locked)
            return False
        return self._begin_batch()

    def _wait_for_lock(self) -> None:
        """In the hand. Once it has the lock it does no more: a busy loop lets a thread go on only now and then."""
        if self._broken:
            broken, self.connection = self.connection, connect(self._database, busy_seconds=0)
            broken.close()
            self._broken = False
        self._lock.take()

    def _locked(self, error: Exception | None) -> None:
        self._state = State.IDLE
        if error is not None:
            self._refuse_all(translated(error))
            return
        self._lock.pass_turn()
        if self._closed:
            self._lock.release()
        else:
            self._begin_next(self._begin_batch)

    def _begin_batch(self) -> bool:
        """The lock is ours. Others than Cenote may still be at the file: a backup, the sqlite3 shell."""
        try:
            self.connection.execute("BEGIN IMMEDIATE").close()
        except sqlite3.Error as error:
            if is_busy(error):
                self._state = State.OPENING
                self._hand.do(self._wait_to_begin, self._begun)
                return False
            self._broken = True
            self._lock.release()
            raise translated(error) from error
        self._open()
        return True

    def _wait_to_begin(self) -> None:
        """In the hand."""
        self.connection.execute(f"PRAGMA busy_timeout = {int(self._wait_limit * 1000)}").close()
        try:
            self.connection.execute("BEGIN IMMEDIATE").close()
        finally:
            self.connection.execute("PRAGMA busy_timeout = 0").close()

    def _begun(self, error: Exception | None) -> None:
        if error is not None:
            self._state = State.IDLE
            self._lock.release()
            self._refuse_all(translated(error))
            return
        self._open()
        if not self._grant():
            self._undo_all()

    def _open(self) -> None:
        self._state = State.OPEN
        self._opened_at = monotonic()

    def _hold(self, transaction: SqliteTransaction) -> None:
        if self._members:
            self._mark("SAVEPOINT here")
            transaction.savepoint = True
        transaction.since = monotonic()
        self._holder = transaction
        self._keep_watch()

    def _mark(self, statement: str) -> None:
        """Sets or ends a savepoint. If even that fails, the whole batch is given up."""
        try:
            self.connection.execute(statement).close()
        except sqlite3.Error as error:
            self._holder = None
            self._undo_all()
            raise translated(error) from error

    def _grant(self) -> bool:
        """Gives the turn to the next who still waits for it."""
        while self._queue:
            transaction, turn = self._queue.popleft()
            if turn.done():
                continue
            try:
                self._hold(transaction)
            except Exception as error:  # noqa: BLE001 (whatever it is, the waiting task is the one to hear it)
                turn.set_exception(error)
            else:
                turn.set_result(None)
            return True
        return False

    def _refuse_all(self, error: Exception) -> None:
        while self._queue:
            _, turn = self._queue.popleft()
            if not turn.done():
                turn.set_exception(error)

    # Leaving

    async def commit(self, transaction: SqliteTransaction) -> None:
        """Returns once the transaction is durable; raises Unavailable if it cannot be made so."""
        if transaction.savepoint:
            self._mark("RELEASE here")
        durable = self._loop.create_future()
        self._members.append(durable)
        self._let_go(transaction)
        self._advance()
        await durable

    def roll_back(self, transaction: SqliteTransaction) -> None:
        """Undoes this transaction and none of those that share its batch. Nothing to do if it has ended."""
        if transaction is not self._holder:
            return
        self._let_go(transaction)
        if not transaction.savepoint:
            self._undo_all()
            return
        with contextlib.suppress(Exception):  # the members have heard of it, this one fails anyway
            self._mark("ROLLBACK TO here")
            self._mark("RELEASE here")
            self._advance()

    def fail(self, transaction: Transaction) -> None:
        """A statement failed. At some failures (disk full, I/O) SQLite drops the whole batch: so do we."""
        transaction.failed = True
        if transaction is self._holder and not self.connection.in_transaction:
            self._let_go(transaction)
            self._undo_all()

    def _let_go(self, transaction: Transaction) -> None:
        transaction.open = False
        self._holder = None

    def _undo_all(self) -> None:
        """Gives the batch up, with whoever waits for its commit."""
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK").close()
        except sqlite3.Error:
            self._broken = True
        self._lock.release()
        self._end(Unavailable("SQLite dropped the transactions that were to share this commit"))

    def _advance(self) -> None:
        """Someone left: the next takes the turn, or the batch commits."""
        full = len(self._members) >= _BATCH_MEMBERS or monotonic() - self._opened_at > _BATCH_SECONDS
        if full:
            self._commit_batch()
        elif self._grant() or self._gathering:
            return
        elif self._pace.gathers() and not self._lock.wanted():
            self._gathering = True
            self._loop.call_soon(self._gathered, len(self._members))
        else:
            self._commit_batch()

    def _gathered(self, members: int) -> None:
        """One pass of the loop later."""
        self._gathering = False
        if self._state is not State.OPEN or self._holder is not None:
            return
        if len(self._members) > members:
            self._gathering = True
            self._loop.call_soon(self._gathered, len(self._members))
        else:
            self._commit_batch()

    def _commit_batch(self) -> None:
        self._pace.shared(len(self._members))
        if not self._pace.in_place():
            self._state = State.COMMITTING
            self._hand.do(self._make_durable, self._committed)
            return
        failure = None
        started = perf_counter()
        try:
            self._make_durable()
        except sqlite3.Error as error:
            failure = error
        self._pace.took(perf_counter() - started)
        self._committed(failure)

    def _make_durable(self) -> None:
        """In the loop or in the hand."""
        try:
            self.connection.execute("COMMIT").close()
        except sqlite3.Error:
            self._broken = True
            if self.connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK").close()
            raise
        finally:
            self._lock.release()

    def _committed(self, error: Exception | None) -> None:
        if error is None:
            self._checkpoints.note(self.connection.total_changes)
        self._end(translated(error) if error is not None else None)

    def _end(self, failure: Exception | None) -> None:
        """The batch is over: its members hear of it, and those who came meanwhile make up the next."""
        members, self._members = self._members, []
        self._state = State.IDLE
        for durable in members:
            if durable.done():
                continue
            if failure is None:
                durable.set_result(None)
            else:
                durable.set_exception(Unavailable(str(failure)))
        if self._queue and not self._closed:
            self._begin_next(self._start)

    def _begin_next(self, start: Callable[[], bool]) -> None:
        """For those who are waiting."""
        try:
            started = start()
        except Exception as error:  # noqa: BLE001 (the waiting tasks are the ones to hear it)
            self._refuse_all(error)
        else:
            if started and not self._grant():
                self._undo_all()

    # Limits

    def _keep_watch(self) -> None:
        # One timer for all: a timer for each transaction would cost more than its statements.
        if self._watch is None:
            self._watch = self._loop.call_later(min(self._hold_limit, self._wait_limit) / 4, self._look)

    def _look(self) -> None:
        self._watch = None
        now = monotonic()
        for transaction, turn in self._queue:
            if now - transaction.since > self._wait_limit and not (transaction.patient or turn.done()):
                turn.set_exception(Unavailable(f"no turn to write within {self._wait_limit} s"))
        holder = self._holder
        if holder is not None and now - holder.since > self._hold_limit and not holder.patient:
            self._expel(holder, f"a transaction was open for more than {self._hold_limit} s")
        if self._queue or self._holder is not None:
            self._keep_watch()

    def _expel(self, holder: SqliteTransaction, reason: str) -> None:
        holder.lost = Unavailable(f"{reason}, and was rolled back")
        self.roll_back(holder)

    async def close(self) -> None:
        """Commits what was left to commit, and refuses the others."""
        self._closed = True
        self._refuse_all(Unavailable("the database is being closed"))
        if self._holder is not None:
            self._expel(self._holder, "a transaction was open when the database was closed")
        if self._state is State.OPEN:
            self._commit_batch()
        if self._watch is not None:
            self._watch.cancel()
        await self._checkpoints.close(self._wait_limit)
        if await self._hand.stop(self._wait_limit):
            self.connection.close()
            self._lock.close()
