"""Fair turns for work that keeps the processor busy, so that a burst of sign-ins does not hold up the rest."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# How long the jobs of one turn of the event loop may take together. Requests that go through a turn side by side share
# its price (a look at all sockets), and mostly the commit that follows as well.
TURN_SECONDS: Final = 0.002
# How much of what a job took goes into the average by which the next turn is measured.
LEARNING: Final = 1 / 8


class Work:
    """One lane for signatures and modular powers, one bounded pool of threads for password hashing.

    `turn` and what `timer` tells are seconds.
    """

    def __init__(
        self,
        *,
        hashing_threads: int = 2,
        hashing_queue: int = 64,
        turn: float = TURN_SECONDS,
        timer: Callable[[], float] = perf_counter,
    ) -> None:
        self._turn = turn
        self._timer = timer
        self._average = turn
        self._turning = False
        self._left = 0  # so many more jobs may run in this turn
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._threads = hashing_threads
        self._hashing: ThreadPoolExecutor | None = None
        self._hashing_slots = asyncio.Semaphore(hashing_queue)

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a job of about a millisecond on this thread, a few of them in each turn of the event loop.

        Requests that need no such work are answered between two turns, so they wait for a few jobs, not for all.
        """
        loop = asyncio.get_running_loop()
        if not self._turning:
            self._begin_turn(loop)
        if self._left > 0 and not self._waiting:
            self._left -= 1
        else:
            turn = loop.create_future()
            self._waiting.append(turn)
            await turn
        started = self._timer()
        try:
            return job(*args, **kwargs)
        finally:
            self._average += (self._timer() - started - self._average) * LEARNING

    def _begin_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turning = True
        self._left = max(1, int(self._turn / self._average)) if self._average > 0 else 1
        loop.call_soon(self._next_turn, loop)

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called once a turn of the loop while anybody works: who waits longest is next, in the turn to come."""
        self._turning = False
        while self._waiting:
            if not self._turning:
                self._begin_turn(loop)
            if self._left == 0:
                return
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._left -= 1

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
