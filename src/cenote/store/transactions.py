"""Which transaction the running task is in: the rules that hold for every engine.

The transaction travels in a context variable, so that noun modules need not pass it along. A task started
inside a transaction inherits the variable but not the right to use it: its calls raise, then and later.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import TypeVar

from cenote.store.engine import Conflict, StoreError

T = TypeVar("T")


class Keep(Exception):
    """Raised inside a transaction: commits what was written, then `error` is raised in its place."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class Transaction(ABC):
    """`async with engine.transaction():` (see `Engine.transaction`): what every engine's transaction obeys."""

    __slots__ = ("_outer", "_task", "_token", "engine", "failed", "lost", "open")

    def __init__(self, engine: object) -> None:
        self.engine = engine
        # From its first statement to its last.
        self.open = False
        # A statement failed, or a block that joined did: nothing of it may be committed.
        self.failed = False
        # What the engine ended it with before the block was left.
        self.lost: StoreError | None = None
        self._outer: Transaction | None = None

    @abstractmethod
    async def begin(self) -> None: ...

    @abstractmethod
    async def commit(self) -> None:
        """Ends it and returns once all of it is durable; raises Conflict or Unavailable."""

    @abstractmethod
    async def roll_back(self) -> None:
        """Ends it; raises nothing."""

    def check(self, engine: object) -> None:
        """Raises unless the running task may run a statement of this engine here."""
        mine = self._task is asyncio.current_task()
        if mine and self.open and not self.failed and self.engine is engine:
            return
        if not mine:
            raise RuntimeError("this task was started inside another task's transaction and cannot use it")
        if self.lost is not None:
            raise self.lost
        if not self.open:
            raise RuntimeError("the transaction is over")
        if self.engine is not engine:
            raise RuntimeError("a transaction of another database is open")
        raise RuntimeError("a statement of this transaction failed: it can only be rolled back")

    async def __aenter__(self) -> None:
        outer = current()
        if outer is not None:
            outer.check(self.engine)
            self._outer = outer
            return
        self._task = asyncio.current_task()
        await self.begin()
        if self.lost is not None:
            raise self.lost
        self.open = True
        self._token = _current.set(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._outer is not None:
            self._outer.failed |= error is not None and not isinstance(error, Keep)
            return
        _current.reset(self._token)
        if error is None or isinstance(error, Keep):
            if self.failed and self.lost is None:
                await self.roll_back()
                raise RuntimeError("a failure inside this transaction was swallowed: it was rolled back")
            await self.commit()
            if error is not None:
                raise error.error from error.error.__cause__
        else:
            await self.roll_back()


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
