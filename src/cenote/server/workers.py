"""Worker processes: forked, watched, replaced when they end, and stopped."""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from typing import Final

log = logging.getLogger("cenote.server")

# What the parent waits for: being told to stop, a worker that ended or is ready, and the end of its own patience.
AWAITED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1, signal.SIGALRM)
# A worker that ends sooner than this after its start is replaced only so much later, in seconds.
SHORT_LIFE: Final = 1
# What workers get beyond the time that they give requests, to close what they have open.
GRACE: Final = 5


class Workers:
    """`count` processes that do `work`.

    `work` gets two things: what to call once it serves, and a file that can be read to its end once nobody watches over
    it any more. SIGTERM and SIGINT ask it to end, and after `stop_timeout` seconds and a few more it is killed.
    """

    def __init__(
        self, count: int, work: Callable[[Callable[[], None], int], None], *, stop_timeout: int
    ) -> None:
        self._count = count
        self._work = work
        self._stop_timeout = stop_timeout
        self._started: dict[int, float] = {}
        # Workers to replace when the alarm goes off.
        self._owed = 0
        self._ready = self._stopping = self._failed = False

    def run(self, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> int:
        """Until told to stop; the process's exit status. `on_ready` is called once, when the first worker serves, and
        `on_stop` when the workers are to end.

        What ends before the first one serves has failed to start, and ends all.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        for number in AWAITED:
            # Else the system may throw away those that do nothing by default.
            signal.signal(number, lambda *_: None)
        self._on_stop = on_stop
        self._lifeline, self._hold = os.pipe()
        for _ in range(self._count):
            self._fork()
        while self._started or self._owed:
            match signal.sigwait(AWAITED):
                case signal.SIGUSR1 if not self._ready:
                    self._ready = True
                    on_ready()
                case signal.SIGCHLD:
                    self._ended()
                case signal.SIGALRM if not self._stopping:
                    self._replace()
                case signal.SIGALRM:
                    self._failed = True
                    self._kill()
                case signal.SIGTERM | signal.SIGINT:
                    self._kill() if self._stopping else self._stop()
        signal.alarm(0)
        return 1 if self._failed else 0

    def _fork(self) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._started[pid] = time.monotonic()
            return
        status = 1
        try:
            os.close(self._hold)
            for number in AWAITED:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
            self._work(lambda: tell(parent), self._lifeline)
            status = 0
        except SystemExit:
            pass  # The reason is told.
        except BaseException:
            log.exception("a worker failed")
        finally:
            # Not the parent's way out: what it has open is not this process's to end.
            os._exit(status)

    def _ended(self) -> None:
        """Some workers have ended: replaces them, if they served for a while before."""
        soon = self._owed > 0
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = found
                began = self._started.pop(pid, None)
                if began is None or self._stopping:
                    continue
                if not self._ready:
                    self._failed = True
                    self._stop()
                    continue
                log.error(
                    "a worker ended", extra={"worker": pid, "status": os.waitstatus_to_exitcode(status)}
                )
                self._owed += 1
                soon = soon or time.monotonic() - began < SHORT_LIFE
        if self._owed and soon:
            signal.alarm(SHORT_LIFE)
        else:
            self._replace()

    def _replace(self) -> None:
        while self._owed:
            self._owed -= 1
            self._fork()

    def _stop(self) -> None:
        self._stopping = True
        self._owed = 0
        self._on_stop()
        signal.alarm(self._stop_timeout + GRACE)
        self._send(signal.SIGTERM)

    def _kill(self) -> None:
        log.warning("workers are killed", extra={"workers": len(self._started)})
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for pid in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def tell(parent: int) -> None:
    """Tells the parent that a worker is ready, if it is still there."""
    if os.getppid() == parent:
        os.kill(parent, signal.SIGUSR1)
