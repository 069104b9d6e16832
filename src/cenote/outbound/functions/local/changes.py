"""Whether a function's folder is other than it was, for development: changed code is run from the next call on."""

import os
import time
from pathlib import Path
from typing import Final

Seen = frozenset[tuple[str, int, int, int]]

# What tools write on their own, or what no developer edits.
PASSED_OVER: Final = {"__pycache__", "node_modules"}
# A look takes 30 µs for a few files, and long for many thousands: at most a twentieth of the time goes into looking.
REST: Final = 20


class Folder:
    """Names beginning with a dot are not looked at."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._due = 0.0
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether anything is other than at the last look."""
        if time.perf_counter() < self._due:
            return False
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> Seen:
        began = time.thread_time()
        found: set[tuple[str, int, int, int]] = set()
        folders = [self._path]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        if entry.name.startswith(".") or entry.name in PASSED_OVER:
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        else:
                            found.add((entry.path, *state_of(entry)))
            except OSError:
                # Gone while we looked: the next look sees it.
                continue
        self._due = time.perf_counter() + REST * (time.thread_time() - began)
        return frozenset(found)


def state_of(entry: "os.DirEntry[str]") -> tuple[int, int, int]:
    """When a file was changed, its size and its number; zeros for a link that leads nowhere."""
    try:
        status = entry.stat()
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino
