"""Who writes next, among all processes on one SQLite file.

SQLite's own way to wait for a lock is to sleep and try again, which starves those who sleep. Here a process waits
in the kernel. Two locks make it fair: whoever waits for the write lock holds the turn, so the one who just wrote
cannot take the write lock again before it. A process that dies lets go of both.
"""

import asyncio
import contextlib
import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

_Work = tuple[Callable[[], None], Callable[[Exception | None], None]]


class WriteLock:
    """One holder's view of the lock; two in one process exclude each other like two processes."""

    def __init__(self, database: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._turn = os.open(f"{database}-turn", flags, 0o600)
        self._write = os.open(f"{database}-lock", flags, 0o600)

    def try_take(self) -> bool:
        """Takes the lock if nobody has it or waits for it."""
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            fcntl.flock(self._write, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
        return True

    def take(self) -> None:
        """Blocks the thread until the lock is ours. `pass_turn` then lets the next one line up."""
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._write, fcntl.LOCK_EX)
        except BaseException:
            self.pass_turn()
            raise

    def pass_turn(self) -> None:
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def wanted(self) -> bool:
        """Whether somebody waits for the lock that we have."""
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        return False

    def release(self) -> None:
        fcntl.flock(self._write, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._turn)
        os.close(self._write)


class Hand:
    """A thread that does blocking work for the running event loop, one piece after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def do(self, work: Callable[[], None], then: Callable[[Exception | None], None]) -> None:
        """Does `work` in the thread, and then calls `then` in the loop with what `work` raised."""
        if self._thread is None:
            # A daemon: a wait for a lock must not keep a process from ending.
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._work.put((work, then))

    async def stop(self, seconds: float) -> bool:
        """Returns when all that was given so far is done and the thread is gone: whether that was in time.

        It is not if another process hangs and has the lock. The thread then stays until this process ends.
        """
        if self._thread is None:
            return True
        stopped = self._loop.create_future()

        def tell(_error: Exception | None) -> None:
            if not stopped.done():
                stopped.set_result(None)

        self.do(lambda: None, tell)
        self._work.put(None)
        try:
            async with asyncio.timeout(seconds):
                await stopped
        except TimeoutError:
            return False
        return True

    def _run(self) -> None:
        while (given := self._work.get()) is not None:
            work, then = given
            error = None
            try:
                work()
            except Exception as raised:  # noqa: BLE001 (whatever it is, the loop is waiting for an answer)
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(then, error)
