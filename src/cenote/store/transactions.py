"""Which transaction the running task is in: the rules that hold for every engine.

The transaction travels in a context variable, so that noun modules need not pass it along. A task started
inside a transaction inherits the variable but not the right to use it: its calls raise, then and later.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Protocol, TypeVar

from cenote.store.engine import Conflict, StoreError

T = TypeVar("T")


class Keep(Exception):
    """Raised inside a transaction: commits what was written, then `error` is raised in its place."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class Transactional(Protocol):
    """The part of an engine that `Scope` drives."""

    async def begin(self, *, patient: bool) -> "Transaction": ...

    async def commit(self, transaction: "Transaction") -> None:
        """Returns once all of it is durable; raises Conflict or Unavailable."""

    async def rollback(self, transaction: "Transaction") -> None:
        """Raises nothing that the caller could do something about."""


class Transaction:
    """One transaction of one task. Engines subclass it with what they need to run statements."""

    __slots__ = ("engine", "failed", "lost", "open", "task")

    def __init__(self, engine: Transactional) -> None:
        self.engine = engine
        self.task = asyncio.current_task()
        self.open = True
        # A statement failed, or a block that joined did: nothing of it may be committed.
        self.failed = False
        # What the engine ended it with before the block was left.
        self.lost: StoreError | None = None

    def check(self, engine: Transactional) -> None:
        """Raises unless the running task may run a statement of this engine here."""
        if self.open and not self.failed and self.task is asyncio.current_task() and self.engine is engine:
            return
        if self.task is not asyncio.current_task():
            raise RuntimeError("this task was started inside another task's transaction and cannot use it")
        if self.lost is not None:
            raise self.lost
        if not self.open:
            raise RuntimeError("the transaction is over")
        if self.engine is not engine:
            raise RuntimeError("a transaction of another database is open")
        raise RuntimeError("a statement of this transaction failed: it can only be rolled back")


_current: ContextVar[Transaction | None] = ContextVar("cenote_transaction", default=None)
# The transaction of the running context, None outside; to be checked before use.
current = _current.get


def in_transaction() -> bool:
    """Whether the running task is inside a transaction that is still open."""
    transaction = current()
    return transaction is not None and transaction.open


def forbid_in_transaction() -> None:
    """Raises RuntimeError inside a transaction. Whatever goes out on the network calls this first (law 3)."""
    if in_transaction():
        raise RuntimeError("nothing goes out on the network while a transaction is open")


async def retrying(work: Callable[[], Awaitable[T]], *, attempts: int = 5) -> T:
    """Runs `work`, which opens its own transaction, again after a Conflict; raises the last one.

    Inside a transaction it runs once: only the whole transaction could be run again.
    """
    for attempt in range(1, attempts):
        try:
            return await work()
        except Conflict:
            if in_transaction():
                raise
            await asyncio.sleep(0.002 * attempt)
    return await work()


class Scope:
    """`async with engine.transaction():` (see `Engine.transaction`)."""

    __slots__ = ("_engine", "_patient", "_token", "_transaction")

    def __init__(self, engine: Transactional, *, patient: bool) -> None:
        self._engine = engine
        self._patient = patient
        self._token: Token[Transaction | None] | None = None

    async def __aenter__(self) -> None:
        outer = current()
        if outer is not None:
            outer.check(self._engine)
            self._transaction = outer
            return
        self._transaction = await self._engine.begin(patient=self._patient)
        self._token = _current.set(self._transaction)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        transaction = self._transaction
        keep = isinstance(error, Keep)
        if self._token is None:
            transaction.failed |= error is not None and not keep
            return
        _current.reset(self._token)
        if error is not None and not keep:
            await self._engine.rollback(transaction)
            return
        if transaction.failed and transaction.lost is None:
            await self._engine.rollback(transaction)
            raise RuntimeError("a failure inside this transaction was swallowed: all of it was rolled back")
        await self._engine.commit(transaction)
        if isinstance(error, Keep):
            raise error.error from error.error.__cause__
