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
# A worker that ends sooner than this after its start is not replaced at once, in seconds.
SHORT_LIFE: Final = 1.0
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
        self._ready = False
        self._stopping = False

    def run(self, on_ready: Callable[[], None]) -> int:
        """Until told to stop; the process's exit status. `on_ready` is called once, when the first worker serves.

        What ends before that has failed to start, and ends all.
        """
        for number in AWAITED:
            # Else the system may throw away those that do nothing by default.
            signal.signal(number, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        self._lifeline, self._hold = os.pipe()
        failed = False
        for _ in range(self._count):
            self._fork()
        while self._started:
            match signal.sigwait(AWAITED):
                case signal.SIGUSR1 if not self._ready:
                    self._ready = True
                    on_ready()
                case signal.SIGCHLD:
                    for lived in self._ended():
                        if self._ready and not self._stopping:
                            time.sleep(SHORT_LIFE if lived < SHORT_LIFE else 0)
                            self._fork()
                        elif not self._stopping:
                            failed = True
                            self._stop()
                case signal.SIGTERM | signal.SIGINT:
                    self._kill() if self._stopping else self._stop()
                case signal.SIGALRM:
                    self._kill()
        signal.alarm(0)
        return 1 if failed else 0

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

    def _ended(self) -> list[float]:
        """How many seconds each of those lived that have ended."""
        lives = []
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = found
                if pid not in self._started:
                    continue
                lives.append(time.monotonic() - self._started.pop(pid))
                if self._ready and not self._stopping:
                    log.error(
                        "a worker ended", extra={"worker": pid, "status": os.waitstatus_to_exitcode(status)}
                    )
        return lives

    def _stop(self) -> None:
        self._stopping = True
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
