"""Fair turns for work that keeps the processor busy, so that a burst of sign-ins does not hold up the rest."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Work:
    """One lane for signatures and modular powers, one bounded pool of threads for password hashing."""

    def __init__(self, *, hashing_threads: int = 2, hashing_queue: int = 64) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._threads = hashing_threads
        self._hashing: ThreadPoolExecutor | None = None
        self._hashing_slots = asyncio.Semaphore(hashing_queue)

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a job of about a millisecond on this thread, at most one in each turn of the event loop.

        Requests that need no such work are answered between two jobs, so they wait for one, not for all.
        """
        loop = asyncio.get_running_loop()
        if self._taken:
            turn = loop.create_future()
            self._waiting.append(turn)
            await turn
        else:
            self._taken = True
            loop.call_soon(self._next_turn, loop)
        return job(*args, **kwargs)

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called once a turn of the loop while anybody works: whoever waits longest is next, in the turn to come."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                loop.call_soon(self._next_turn, loop)
                return
        self._taken = False

    async def hash(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a job of tens of milliseconds that releases the interpreter, on a bounded pool of threads."""
        async with self._hashing_slots:
            if self._hashing is None:
                self._hashing = ThreadPoolExecutor(self._threads, thread_name_prefix="hashing")
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._hashing, lambda: job(*args, **kwargs))

    def close(self) -> None:
        if self._hashing is not None:
            self._hashing.shutdown(wait=False, cancel_futures=True)
