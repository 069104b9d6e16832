"""One process of a function, from its start to its end: it has one event at a time, and a time for each."""

import asyncio
import contextlib
import hmac
import logging
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Final

from cenote.outbound.functions import Unreachable
from cenote.outbound.functions.local import invocations, peers
from cenote.outbound.functions.local.definitions import Definition, Unrunnable
from cenote.outbound.functions.local.invocations import LARGEST_ANSWER, Invocation, Outcome
from cenote.outbound.functions.local.runtime_api import Reply, RuntimeApi
from cenote.outbound.functions.local.wardens import Warden

# Documented in "Understanding the Lambda execution environment lifecycle": the Init phase is limited to 10 seconds.
INIT_SECONDS: Final = 10.0
CHUNK: Final = 65_536
MOST_CHUNKS: Final = 4
# A longer line goes into the log in pieces.
LONGEST_LINE: Final = 16_384
# What LogType=Tail shows (documented): the last 4 KB.
TAIL: Final = 4096

log = logging.getLogger("cenote.functions")


class Instance:
    """`started` has to come first; after the end there is nothing more to be had from it."""

    def __init__(self, definition: Definition, warden: Warden, on_end: Callable[["Instance"], None]) -> None:
        self._definition = definition
        self._warden = warden
        self._on_end = on_end
        self._api = RuntimeApi(self, self._admits)
        self._popen: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._output = -1
        self._line = b""
        self._started_for = ""
        self._waiting: Reply | None = None
        self._current: Invocation | None = None
        self._fetched = False
        self._wanted = False
        self._verdict: Callable[[str], Outcome] | None = None
        self._ready: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        # When it last had something to do, in the loop's time.
        self.used_at = 0.0

    @property
    def ended(self) -> bool:
        return self._over.is_set()

    @property
    def killed(self) -> bool:
        """Whether it has ended, or is about to: the signal is on its way."""
        return self._wanted or self.ended

    @property
    def group(self) -> int:
        """Its process group, which is its session as well."""
        return self._popen.pid if self._popen else 0

    async def started(self, request_id: str, stream: str) -> Outcome | None:
        """Starts the process, and waits until it asks for an event. Where it does not come to that, what to answer."""
        self._started_for = request_id
        try:
            address = await self._api.open()
            self._spawn(self._definition.variables(address, stream))
        except asyncio.CancelledError:
            self._abandon()
            raise
        except (OSError, Unrunnable, ValueError) as error:
            self._abandon()
            # Its own words and no traceback: they are for the operator.
            log.error("a function cannot be started", extra=self._named | {"reason": str(error)})  # noqa: TRY400
            raise Unreachable("it cannot be started") from None
        try:
            async with asyncio.timeout(INIT_SECONDS):
                failure = await self._ready
        except TimeoutError:
            failure = invocations.timed_out(request_id, INIT_SECONDS)
        except asyncio.CancelledError:
            self.kill()
            raise
        if failure is None:
            return None
        self.kill()
        log.error("a function cannot be initialized", extra=self._named)
        return Outcome(request_id, failure.payload, failed=True)

    def _spawn(self, environment: dict[str, str]) -> None:
        loop = asyncio.get_running_loop()
        self._popen = subprocess.Popen(  # noqa: S603 (what the operator's settings say)
            self._definition.argv(),
            cwd=self._definition.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._warden.add(self.group)
        assert self._popen.stdout is not None
        self._output = self._popen.stdout.fileno()
        os.set_blocking(self._output, False)
        loop.add_reader(self._output, self._hear)
        self._pidfd = os.pidfd_open(self.group)
        loop.add_reader(self._pidfd, self._exited)

    def _abandon(self) -> None:
        """What was half started is ended."""
        if self._popen is not None:
            self.kill()
            self._deaf()
            if self._pidfd >= 0:
                asyncio.get_running_loop().remove_reader(self._pidfd)
                os.close(self._pidfd)
            self._popen.wait()
            self._warden.remove(self.group)
        self._api.close()
        self._over.set()
        self._on_end(self)

    async def invoke(self, invocation: Invocation) -> Outcome | None:
        """What the event comes to within the function's time. None if it ended before it had even got the event."""
        seconds = self._definition.timeout
        self._current, self._fetched = invocation, False
        timer = asyncio.get_running_loop().call_later(seconds, self._too_slow, seconds)
        try:
            self._hand_over()
            if self.ended:
                return None
            outcome = await invocation.outcome
        finally:
            timer.cancel()
            fetched, self._current = self._fetched, None
        return None if outcome.failed and not fetched and self._verdict is None else outcome

    def kill(self) -> None:
        """Ends the process and all that it started, if they still run; `ended` follows."""
        self._wanted = True
        if self._popen is not None and self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGKILL)

    async def gone(self) -> None:
        await self._over.wait()

    # What the Runtime API hears.

    def wants_next(self, reply: Reply) -> None:
        self._waiting = reply
        if not self._ready.done():
            self._ready.set_result(None)
        self._hand_over()

    def reported(self, request_id: str, body: bytes, size: int, *, failed: bool) -> bool:
        current = self._current
        if current is None or not self._fetched or current.outcome.done():
            return False
        if not hmac.compare_digest(request_id.encode(), current.request_id.encode()):
            return False
        # What it wrote before it answered is there by now.
        self._hear()
        if size > LARGEST_ANSWER:
            outcome = invocations.too_large(request_id, size)
        else:
            outcome = Outcome(request_id, body, failed)
        self._settle(outcome)
        return True

    def init_failed(self, body: bytes) -> None:
        if not self._ready.done():
            self._ready.set_result(Outcome("", body, failed=True))

    def _admits(self, peer: peers.Address, own: peers.Address) -> bool:
        admitted = self._popen is not None and peers.is_of(self.group, peer, own)
        if not admitted:
            log.warning("somebody else tried to speak for a function", extra=self._named)
        return admitted

    def _hand_over(self) -> None:
        if self.ended or self._current is None or self._fetched:
            return
        if self._waiting is None or not self._waiting.open:
            return
        if os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            # It is dead, and its connection only seems to be there: nobody has had the event.
            return
        reply, self._waiting = self._waiting, None
        self._fetched = True
        reply.event(self._current)

    def _settle(self, outcome: Outcome) -> None:
        current = self._current
        if current is not None and not current.outcome.done():
            tail = bytes(current.log[-TAIL:])
            current.outcome.set_result(Outcome(outcome.request_id, outcome.payload, outcome.failed, tail))

    def _too_slow(self, seconds: float) -> None:
        if self._current is None or self._current.outcome.done():
            # The answer came in the same moment, and was first.
            return
        log.warning("a function took too long and is killed", extra=self._named | {"seconds": seconds})
        self._verdict = lambda request_id: invocations.timed_out(request_id, seconds)
        self.kill()

    # What the process says and does.

    @property
    def _named(self) -> dict[str, str]:
        return {"function": self._definition.name}

    def _hear(self) -> None:
        """Reads what it wrote, as far as that is there, and puts whole lines into the log."""
        # As much as a pipe holds, several times over: one that never stops writing does not keep the rest waiting.
        for _ in range(MOST_CHUNKS):
            if self._output < 0:
                return
            try:
                chunk = os.read(self._output, CHUNK)
            except BlockingIOError:
                return
            except OSError:
                chunk = b""
            if not chunk:
                self._deaf()
                return
            if self._current is not None:
                self._current.log += chunk
                del self._current.log[:-TAIL]
            *lines, self._line = (self._line + chunk).split(b"\n")
            if len(self._line) > LONGEST_LINE:
                lines, self._line = [*lines, self._line], b""
            for line in lines:
                self._write(line)
            if len(chunk) < CHUNK:
                return

    def _deaf(self) -> None:
        """Nobody writes any more."""
        if self._output >= 0 and self._popen is not None and self._popen.stdout is not None:
            asyncio.get_running_loop().remove_reader(self._output)
            self._output = -1
            self._popen.stdout.close()
            self._write(self._line)
            self._line = b""

    def _write(self, line: bytes) -> None:
        # awslambdaric puts the lines of one traceback into one line.
        text = line.decode("utf-8", "replace").rstrip("\r").replace("\r", "\n")
        if text.strip():
            current = self._current
            named = self._named | ({"request_id": current.request_id} if current else {})
            log.info(text, extra=named)

    def _exited(self) -> None:
        """The process is over. What it started goes too, while its number cannot be another's yet."""
        assert self._popen is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._hear()
        self._deaf()
        self._warden.remove(self.group)
        status = self._popen.wait()
        self._api.close()
        self._over.set()
        if not self._wanted and self._ready.done():
            log.warning("a function has ended", extra=self._named | {"status": status})
        if not self._ready.done():
            self._ready.set_result(invocations.exited(self._started_for, status))
        if self._current is not None:
            request_id = self._current.request_id
            verdict = self._verdict or (lambda name: invocations.exited(name, status))
            self._settle(verdict(request_id))
        self._on_end(self)
