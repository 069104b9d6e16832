"""What outlives a worker just long enough to kill the processes of its functions, when nothing else could.

A worker that is killed hard cannot kill anything any more. The kernel could, for a process that asks it to
(PR_SET_PDEATHSIG), but not for what that process started. So one small process a worker (`reaper.py`) reads a pipe
that only the worker has the other end of, and knows every process group.
"""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

REAPER: Final = Path(__file__).with_name("reaper.py")
STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Warden:
    """Started with the first process group that it is told of."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, group: int) -> None:
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        self._groups.discard(group)
        with contextlib.suppress(OSError):
            self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        if self._process is None:
            self._start()
            return
        try:
            self._write(line)
        except BrokenPipeError:
            # Somebody killed it: another one takes over.
            self.close()
            self._start()

    def _start(self) -> None:
        if not self._groups:
            return
        # It inherits what is blocked: only the worker's end counts, even while it is still starting.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own program)
                [sys.executable, "-I", "-S", str(REAPER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                # Neither the terminal's signals nor those for the server's group are for it.
                start_new_session=True,
                bufsize=0,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._write("".join(f"+{group}\n" for group in self._groups))

    def _write(self, text: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(text.encode())

    def close(self) -> None:
        """Lets it kill what is left, and waits for it."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
            self._process = None
