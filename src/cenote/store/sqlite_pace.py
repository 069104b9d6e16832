"""How the writer commits, learnt from how commits went.

A commit waits for the disk. Handing it to a thread costs about 70 µs of CPU, and on a busy loop the thread first
waits for the interpreter; a fast disk answers within that time. So a commit is done in place while the disk
is fast, and given to the thread while it is slow.
"""

_PROBE_FIRST = 32
_PROBE_LAST = 1024


class Pace:
    """Durations are seconds. A disk whose commits take longer than `slow` on average is slow."""

    def __init__(self, *, slow: float) -> None:
        self._slow = slow
        self._average: float | None = None
        self._until_probe = 0
        self._probe_after = _PROBE_FIRST
        self._alone = 0

    def in_place(self) -> bool:
        """Whether to do the next commit in the loop. A slow disk is tried there again, ever more rarely."""
        if self._average is None or self._average <= self._slow:
            return True
        self._until_probe -= 1
        return self._until_probe < 0

    def took(self, seconds: float) -> None:
        """A commit in place took so long."""
        probed = self._average is not None and self._average > self._slow
        self._average = (
            seconds if self._average is None or probed else self._average * 0.875 + seconds * 0.125
        )
        if self._average <= self._slow:
            self._probe_after = _PROBE_FIRST
        else:
            self._until_probe = self._probe_after
            self._probe_after = min(self._probe_after * 2, _PROBE_LAST)

    def gathers(self) -> bool:
        """Whether it is worth one more pass of the loop to see who else wants to write.

        With many writers at once it is, nearly always; where nobody came the last times, every eighth time.
        """
        return self._alone < 2 or self._alone % 8 == 0

    def shared(self, members: int) -> None:
        """So many transactions shared a commit."""
        self._alone = 0 if members > 1 else self._alone + 1
