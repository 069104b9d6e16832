"""A function that this worker runs: as many processes as are called for, up to its limit, and what is waiting."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable
from typing import Final

from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.functions.lambda_api import error_text
from cenote.outbound.functions.local import invocations
from cenote.outbound.functions.local.changes import Folder
from cenote.outbound.functions.local.definitions import Definition
from cenote.outbound.functions.local.instances import Instance
from cenote.outbound.functions.local.invocations import LARGEST_PAYLOAD, Invocation, Outcome, header_json
from cenote.outbound.functions.local.wardens import Warden

# One that cannot be initialized is started again after a second, then two, and so on up to this many.
LONGEST_REST: Final = 32
# An event that no process got is handed to another one, so often.
HANDED: Final = 3
# Of the processes that have nothing to do for so long, one is kept.
IDLE_SECONDS: Final = 300.0

log = logging.getLogger("cenote.functions")


class Busy(Unreachable):
    """As many calls run as the function may have, and none ended in time."""


class Stopping(Unreachable):
    """The worker is about to end, and starts nothing more."""


class TooLarge(Unreachable):
    """An event that Lambda would not take."""


class HostedFunction:
    """`clock` gives epoch milliseconds; `guard` raises where nothing may be called; `reload` looks for changes."""

    def __init__(
        self,
        definition: Definition,
        *,
        warden: Warden,
        clock: Callable[[], int],
        guard: Callable[[], None],
        reload: bool,
    ) -> None:
        self.definition = definition
        self._warden = warden
        self._clock = clock
        self._guard = guard
        self._folder = Folder(definition.folder) if reload else None
        self._turns = asyncio.Semaphore(definition.concurrency)
        self._idle: list[Instance] = []
        self._instances: set[Instance] = set()
        self._outdated: set[Instance] = set()
        self._running: set[asyncio.Task[Outcome]] = set()
        self._failures = 0
        self._failed: Outcome | None = None
        self._rests_until = 0
        self._sweeping: asyncio.TimerHandle | None = None
        self._closing = False

    async def invoke(self, payload: bytes, *, key: str) -> bytes:
        outcome = await self.run(payload, header_json({"custom": {"idempotency_key": key}}))
        if outcome.failed:
            raise FunctionFailed(error_text(outcome.payload))
        return outcome.payload

    async def run(
        self, payload: bytes, client_context: str = "", *, request_id: str = "", patient: bool = False
    ) -> Outcome:
        """What a call comes to. It waits for its turn no longer than it may then take, unless it is `patient`.

        Who stops waiting ends nothing: the function goes on within its time, as it does at AWS.
        """
        self._guard()
        if len(payload) > LARGEST_PAYLOAD:
            raise TooLarge("the event is too long")
        try:
            async with asyncio.timeout(None if patient else self.definition.timeout):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy(f"all {self.definition.concurrency} processes are busy") from None
        if self._closing:
            self._turns.release()
            raise Stopping("the server stops")
        task = asyncio.create_task(self._called(payload, client_context, request_id or str(uuid.uuid4())))
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: "asyncio.Task[Outcome]") -> None:
        self._running.discard(task)
        self._turns.release()
        # Who called may have gone; nobody else looks at it then.
        if not task.cancelled():
            task.exception()

    async def _called(self, payload: bytes, client_context: str, request_id: str) -> Outcome:
        for _ in range(HANDED):
            found = await self._instance(request_id)
            if isinstance(found, Outcome):
                return found
            invocation = self._invocation(request_id, payload, client_context)
            try:
                outcome = await found.invoke(invocation)
            finally:
                self._release(found)
            if outcome is not None:
                return outcome
        return invocations.exited(request_id, None)

    def _invocation(self, request_id: str, payload: bytes, client_context: str) -> Invocation:
        now = self._clock()
        return Invocation(
            request_id=request_id,
            trace_id=f"Root=1-{now // 1000:08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0",
            payload=payload,
            arn=self.definition.arn,
            deadline=now + int(self.definition.timeout * 1000),
            client_context=client_context,
            outcome=asyncio.get_running_loop().create_future(),
        )

    async def _instance(self, request_id: str) -> Instance | Outcome:
        """A process that is free, an older one first; or what to answer where there can be none."""
        if self._folder is not None and self._folder.changed():
            self._retire()
        while self._idle:
            instance = self._idle.pop()
            if not instance.ended:
                return instance
        if self._failed is not None and self._clock() < self._rests_until:
            return Outcome(request_id, self._failed.payload, failed=True)
        instance = Instance(self.definition, self._warden, self._ended)
        self._instances.add(instance)
        failure = await instance.started(request_id, self._stream(request_id))
        if failure is not None:
            self._failed = failure
            # Of several that failed together, one counts: the rest doubles with each time that it was tried again.
            if self._clock() >= self._rests_until:
                self._failures += 1
                self._rests_until = self._clock() + 1000 * min(2 ** (self._failures - 1), LONGEST_REST)
            return failure
        self._failures, self._failed = 0, None
        return instance

    def _stream(self, request_id: str) -> str:
        """A log stream's name, as Lambda makes them."""
        return f"{time.strftime('%Y/%m/%d', time.gmtime(self._clock() // 1000))}/[$LATEST]{request_id.replace('-', '')}"

    def _retire(self) -> None:
        """Nothing that runs by now is used again; what is at work finishes that."""
        log.info("a function has changed", extra={"function": self.definition.name})
        self._outdated |= self._instances
        self._failures, self._failed = 0, None
        idle, self._idle = self._idle, []
        for instance in idle:
            instance.kill()

    def _release(self, instance: Instance) -> None:
        if instance in self._outdated:
            instance.kill()
        elif not instance.killed:
            loop = asyncio.get_running_loop()
            instance.used_at = loop.time()
            self._idle.append(instance)
            if len(self._idle) > 1 and self._sweeping is None:
                self._sweeping = loop.call_later(IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Ends the processes that have had nothing to do for long, but for one. Those used last are at the end."""
        loop = asyncio.get_running_loop()
        while len(self._idle) > 1 and self._idle[0].used_at <= loop.time() - IDLE_SECONDS:
            self._idle.pop(0).kill()
        again = len(self._idle) > 1
        self._sweeping = loop.call_later(IDLE_SECONDS, self._sweep) if again else None

    def _ended(self, instance: Instance) -> None:
        self._instances.discard(instance)
        self._outdated.discard(instance)
        with contextlib.suppress(ValueError):
            self._idle.remove(instance)

    async def close(self) -> None:
        """Kills every process, and waits until they are gone. Calls that still wait for a turn get none."""
        self._closing = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        running, instances = list(self._running), list(self._instances)
        for task in running:
            task.cancel()
        for instance in instances:
            instance.kill()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*(instance.gone() for instance in instances))
