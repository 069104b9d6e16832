"""Rounds: every operation on every server, in turn, beside the cryptography alone; then the medians."""

import itertools
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.cryptography_alone import Crypto, CryptographyAlone
from bench.load import Load, Script
from bench.machine import BenchError, Cores, Memory, core_busy_ns
from bench.operations import Operation
from bench.pool import Pool, Refused, add_account, create_pool, tokens_verify
from bench.servers import NotHere, Running, Server, started


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds, seconds of load in each, seconds of bare cryptography before and after each."""

    rounds: int
    seconds: float
    bare: float
    accounts: int
    connections: int = 16


THOROUGH = Effort(rounds=9, seconds=1.2, bare=0.3, accounts=64)
QUICK = Effort(rounds=2, seconds=0.4, bare=0.15, accounts=16)


@dataclass(frozen=True, slots=True)
class Sample:
    """One operation on one server in one round. Microseconds an operation, but for the latencies' milliseconds."""

    operations: int
    cpu: float
    crypto: float
    crypto_by_table: float
    wall: float
    p50: float
    p99: float
    others: float  # part of the server's core that other processes had meanwhile

    @property
    def share(self) -> float:
        return self.crypto / self.cpu

    @property
    def share_by_table(self) -> float:
        return self.crypto_by_table / self.cpu


@dataclass(slots=True)
class Result:
    """An operation on a server: its samples, or why there are none. `lax` says what it takes that it must refuse."""

    server: str
    operation: str
    samples: list[Sample] = field(default_factory=list)
    missing: str | None = None
    lax: str = ""

    def median(self, value: Callable[[Sample], float]) -> float:
        return statistics.median(map(value, self.samples))

    def spread(self) -> float:
        """Half the range of CPU an operation over the rounds, as a part of the median."""
        cpu = [sample.cpu for sample in self.samples]
        return (max(cpu) - min(cpu)) / 2 / statistics.median(cpu)


@dataclass(slots=True)
class Subject:
    running: Running
    version: str
    pool: Pool
    tokens_verify: bool
    rest: Memory


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def is_lax(running: Running, pool: Pool, operation: Operation) -> bool:
    if operation.wrong is None:
        return False
    with Load(running.address, 1) as load:
        try:
            load.run(iter([operation.wrong(pool)]), count=1)
        except Refused:
            return False
    return True


def time_operation(
    running: Running,
    scripts: Iterable[Script],
    *,
    cores: Cores,
    effort: Effort,
    crypto: Crypto,
    alone: CryptographyAlone,
    count: int | None = None,
) -> Sample:
    """Measure `count` operations, or as many as take `effort.seconds`.

    The cryptography is measured before and after: a machine's pace can change in between.
    """
    before = alone.measure(cores.server, effort.bare)
    endless = iter(scripts)
    with Load(running.address, effort.connections) as load:
        warm = load.run(endless, count=3 * effort.connections)
        count = count or max(
            4 * effort.connections, int(effort.seconds * 1e9 / (warm.wall / len(warm.latencies)))
        )
        running.meter().settle()
        meter, busy = running.meter(), core_busy_ns(cores.server)
        timing = load.run(endless, count=count)
        elsewhere = core_busy_ns(cores.server) - busy
        used = meter.settle()
    after = alone.measure(cores.server, effort.bare)
    return Sample(
        operations=count,
        cpu=used / count / 1000,
        crypto=(crypto.cost(before) + crypto.cost(after)) / 2,
        crypto_by_table=(crypto.cost_by_table(before) + crypto.cost_by_table(after)) / 2,
        wall=timing.wall / count / 1000,
        p50=timing.percentile(0.50),
        p99=timing.percentile(0.99),
        others=max(0.0, (elsewhere - used) / timing.wall),
    )


class Contest:
    """Several servers, all up, measured in turn so that a slow minute of the machine hits them alike."""

    def __init__(self, cores: Cores, effort: Effort, operations: Sequence[Operation]) -> None:
        self._cores = cores
        self.effort = effort
        self._operations = operations
        self._alone = CryptographyAlone()
        self._stack = ExitStack()
        self.subjects: list[Subject] = []
        self.results: dict[tuple[str, str], Result] = {}
        self.absent: dict[str, str] = {}

    def measure(self, servers: Sequence[Server]) -> None:
        with self._stack:
            for server in servers:
                self._enter(server)
            if not self.subjects:
                raise BenchError("no server could be started")
            for round_number in range(self.effort.rounds):
                for operation in self._operations:
                    say(f"round {round_number + 1} of {self.effort.rounds}: {operation.title}")
                    for subject in rotated(self.subjects, round_number):
                        self._sample(subject, operation)

    def _enter(self, server: Server) -> None:
        say(f"{server.name}: installing, starting, making a pool of {self.effort.accounts} users")
        try:
            version = server.install()
            running = self._stack.enter_context(started(server, {self._cores.server}))
        except NotHere as error:
            if server.ours:
                raise BenchError(f"{server.name} did not start: {error}") from None
            self.absent[server.name] = str(error)
            say(f"{server.name}: n/a: {error}")
            return
        rest = running.tree.memory()
        pool = create_pool(running.address, "bench")
        for _ in range(self.effort.accounts):
            add_account(running.address, pool)
        subject = Subject(running, version, pool, tokens_verify(running.address, pool), rest)
        self.subjects.append(subject)
        for operation in self._operations:
            result = Result(server.name, operation.name)
            self.results[server.name, operation.name] = result
            self._probe(subject, operation, result)

    def _probe(self, subject: Subject, operation: Operation, result: Result) -> None:
        """Once right and once wrong, before anything is measured."""
        server = subject.running.server
        try:
            with Load(subject.running.address, 1) as load:
                load.run(operation.scripts(subject.pool), count=1)
        except BenchError as error:
            if server.ours:
                raise
            result.missing = str(error)
            say(f"{server.name}: {operation.title}: n/a: {error}")
            return
        if is_lax(subject.running, subject.pool, operation):
            result.lax = operation.lax
        elif operation.crypto.signatures and not subject.tokens_verify:
            result.lax = "its tokens do not verify under its JWKS"
        if result.lax and server.ours:
            raise BenchError(f"{server.name}, {operation.title}: {result.lax}")

    def _sample(self, subject: Subject, operation: Operation) -> None:
        result = self.results[subject.running.server.name, operation.name]
        if result.missing is not None:
            return
        try:
            sample = time_operation(
                subject.running,
                operation.scripts(subject.pool),
                cores=self._cores,
                effort=self.effort,
                crypto=operation.crypto,
                alone=self._alone,
            )
        except BenchError as error:
            raise BenchError(f"{subject.running.server.name}, {operation.title}: {error}") from None
        result.samples.append(sample)


def rotated(subjects: list[Subject], by: int) -> list[Subject]:
    return list(
        itertools.islice(itertools.cycle(subjects), by % len(subjects), by % len(subjects) + len(subjects))
    )
