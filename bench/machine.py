"""The machine: which core does what, and what a process tree has used of it. Linux only."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class BenchError(Exception):
    """The measurement can't be trusted, so there is none."""


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of the server under test, and the core everything else runs on."""

    server: int
    load: int


def choose_cores() -> Cores:
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise BenchError("the benchmark needs two cores: one for the server and one for the load")
    # Interrupts tend to land on the first core, and would be charged to whoever runs there.
    return Cores(server=allowed[-1], load=allowed[0])


@contextmanager
def pinned(*cores: int) -> Iterator[None]:
    """Run on these cores only; processes started inside inherit it for good."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_clock_ns(pid: int) -> int:
    """CPU time of all threads of a process so far, ended ones too, in nanoseconds (/proc has ticks of 10 ms).

    The clock id is the one that clock_getcpuclockid(3) gives: the complement of the pid, and three bits that name
    the scheduler's clock.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


@dataclass(frozen=True, slots=True)
class Memory:
    """Kilobytes in use: `pss` counts a page shared by n processes as 1/n of it in each."""

    rss: int
    pss: int


class ProcessTree:
    """A server: its first process and whatever that started."""

    def __init__(self, root: int) -> None:
        self.root = root

    def pids(self) -> frozenset[int]:
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:  # ended while we looked
                    continue
                children.setdefault(int(fields[1]), []).append(int(entry.name))
        found, todo = set(), [self.root]
        while todo:
            pid = todo.pop()
            found.add(pid)
            todo += children.get(pid, [])
        return frozenset(found)

    def memory(self) -> Memory:
        rss = pss = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Rss:"):
                    rss += int(line.split()[1])
                elif line.startswith("Pss:"):
                    pss += int(line.split()[1])
        return Memory(rss, pss)


class CpuMeter:
    """CPU time that a tree uses from now on, with the work it puts off past the last answer: see `settle`."""

    def __init__(self, tree: ProcessTree) -> None:
        self._pids = tree.pids()
        self._tree = tree
        self._start = self._now()

    def _now(self) -> int:
        return sum(cpu_clock_ns(pid) for pid in self._pids)

    def settle(self) -> int:
        """Wait until the tree is idle (a second at most), then give the nanoseconds it used."""
        before = self._now()
        for _ in range(40):
            time.sleep(0.025)
            now = self._now()
            if now - before < 500_000:
                break
            before = now
        if self._tree.pids() != self._pids:
            raise BenchError("the server started or lost a process while it was measured")
        return self._now() - self._start


def core_busy_ns(core: int) -> int:
    """How long a core has not been idle since boot, whoever used it. In steps of 10 ms."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
            return (user + nice + system + irq + softirq + steal) * (10**9 // os.sysconf("SC_CLK_TCK"))
    raise BenchError(f"/proc/stat tells nothing of core {core}")


def describe() -> str:
    """One line: processor, cores, kernel, Python."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return (
        f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
        f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}"
    )
