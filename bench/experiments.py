"""What takes longer than a round: start, memory, two workers, a large pool, many pools, a burst. Cenote only."""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from bench import filling, functions, oauth, ways_in
from bench.cryptography_alone import CryptographyAlone
from bench.existence import SUSPICIOUS, TRIES, compared, sampled
from bench.load import Load, Script, Timing
from bench.machine import BenchError, Cores, pinned
from bench.measure import Effort, say, time_operation
from bench.operations import Operation, named
from bench.pool import Pool, add_account, create_pool
from bench.servers import Cenote, Running, started


@dataclass(frozen=True, slots=True)
class Finding:
    """`met` is None where there is no target."""

    what: str
    value: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    cores: Cores
    effort: Effort
    quick: bool


def ready(setting: Setting) -> Iterator[Finding]:
    """From the start of the process to the first 200 from /health, on one core."""
    fresh, again = [], []
    with filling.kept_directory("ready") as data:
        for number in range(3 if setting.quick else 9):
            with started(Cenote(), {setting.cores.server}) as running:
                fresh.append(running.ready_after)
            with started(Cenote(), {setting.cores.server}, data=data) as running:
                if number:  # the first start makes what the others find
                    again.append(running.ready_after)
    for what, times in (("Ready, a new data directory", fresh), ("Ready, a kept data directory", again)):
        middle = statistics.median(times)
        value = f"{middle:.2f} s (slowest of {len(times)}: {max(times):.2f})"
        yield Finding(what, value, "≤ 0.60 s", middle <= 0.6)


def memory(setting: Setting) -> Iterator[Finding]:
    """Proportional set size of the whole tree, shared out over its workers."""
    for workers in (1, 2):
        with started(Cenote(), {setting.cores.server}, workers=workers) as running:
            rest = running.tree.memory()
            each, resident = rest.pss / 1024 / workers, rest.rss / 1024 / workers
            what = f"Memory at rest, {workers} worker{'s' if workers > 1 else ''}"
            value = f"{each:.0f} MB a worker (PSS; RSS {resident:.0f})"
            yield Finding(what, value, "≤ 90 MB", each <= 90)
            if workers == 1:
                pool = filled(running, 16)
                with Load(running.address, setting.effort.connections) as load:
                    for name in ("srp", "signup", "refresh", "getuser"):
                        load.run(named(name).scripts(pool), count=500 if setting.quick else 3000)
                loaded = running.tree.memory()
                yield Finding("Memory after thousands of requests", f"{loaded.pss / 1024:.0f} MB (PSS)")


def filled(running: Running, accounts: int) -> Pool:
    pool = create_pool(running.address, "bench")
    for _ in range(accounts):
        add_account(running.address, pool)
    return pool


def workers(setting: Setting) -> Iterator[Finding]:
    """Refreshes. The load needs a part of the two cores that it doesn't need of the one: both ratios are given."""
    both = {setting.cores.server, setting.cores.load}
    whole, corrected = [], []
    with ExitStack() as stack:
        one = stack.enter_context(started(Cenote(), {setting.cores.server}, workers=1))
        two = stack.enter_context(started(Cenote(), both, workers=2))
        pools = {id(one): filled(one, setting.effort.accounts), id(two): filled(two, setting.effort.accounts)}
        for _ in range(setting.effort.rounds):
            with pinned(setting.cores.load):
                single = _refreshes(one, pools[id(one)], setting)
            with pinned(*both):
                double = _refreshes(two, pools[id(two)], setting)
            rate_one = len(single.latencies) / single.wall
            whole.append(len(double.latencies) / double.wall / rate_one)
            # Of two cores' time, what the load took could not have gone to the server.
            free = (2 * double.wall - double.own) / 2
            corrected.append(len(double.latencies) / free / rate_one)
    ratio = statistics.median(corrected)
    yield Finding("Refreshes, 2 workers on 2 cores : 1 on 1", f"{ratio:.2f}", "≥ 1.80", ratio >= 1.8)
    yield Finding("… as it is, the load on the same two cores", f"{statistics.median(whole):.2f}")
    yield Finding("… bare signatures on 2 cores : 1", f"{_machine_ratio(setting):.2f}")


def _refreshes(running: Running, pool: Pool, setting: Setting) -> Timing:
    # Connections land on workers by chance: more of them even it out.
    with Load(running.address, 4 * setting.effort.connections) as load:
        load.run(named("refresh").scripts(pool), count=200)
        return load.run(named("refresh").scripts(pool), seconds=2 * setting.effort.seconds)


def _machine_ratio(setting: Setting) -> float:
    """What the machine itself can do: two cores of a virtual machine may share one real one."""

    alone = CryptographyAlone()

    def wall(*cores: int) -> float:
        began = time.perf_counter()
        for child in [_fork(partial(alone.sign, core, 4000)) for core in cores]:
            _join(child)
        return time.perf_counter() - began

    apart, together = wall(setting.cores.server), wall(setting.cores.server, setting.cores.load)
    return 2 * apart / together


def _fork(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the child must not go on as the parent
            say(f"{type(error).__name__}: {error}")
            os._exit(1)
        os._exit(0)
    return child


def _join(child: int) -> None:
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise BenchError("a part of the load failed")


def burst(setting: Setting) -> Iterator[Finding]:
    """GetUser from a process of its own while 64 connections sign in, half by SRP and half by password."""
    seconds = 2.0 if setting.quick else 10.0
    with started(Cenote(), {setting.cores.server}) as running:
        pool = filled(running, setting.effort.accounts)
        quiet = _probe(running, pool, seconds / 2)

        def sign_in() -> None:
            with Load(running.address, 64) as load:
                load.run(_mixed(pool, named("srp"), named("password")), seconds=seconds + 1)

        child = _fork(sign_in)
        time.sleep(0.5)
        busy = _probe(running, pool, seconds)
        _join(child)
    worst = busy.percentile(0.99)
    yield Finding("GetUser p99 during a burst of sign-ins", f"{worst:.1f} ms", "≤ 100 ms", worst <= 100)
    yield Finding(
        "… its median then, and its p99 without",
        f"{busy.percentile(0.5):.1f}, {quiet.percentile(0.99):.1f} ms",
    )


def _probe(running: Running, pool: Pool, seconds: float) -> Timing:
    with Load(running.address, 2) as load:
        return load.run(named("getuser").scripts(pool), seconds=seconds)


def _mixed(pool: Pool, *operations: Operation) -> Iterator[Script]:
    endless = [operation.scripts(pool) for operation in operations]
    while True:
        for scripts in endless:
            yield next(scripts)


def million(setting: Setting) -> Iterator[Finding]:
    """A pool of a million users beside a small one, the same users measured in each."""
    size = 100_000 if setting.quick else 1_000_000
    with ExitStack() as stack:
        data = stack.enter_context(filling.kept_directory("million"))
        with started(Cenote(), {setting.cores.server}, data=data) as running:
            pool = filled(running, 1)
        say(f"filling a pool with {size:,} users")
        filling.multiply_user(data, pool.accounts[0].username, size)
        # Its tokens name the issuer that served at another port.
        pool.accounts.clear()
        large = stack.enter_context(started(Cenote(), {setting.cores.server}, data=data))
        small = stack.enter_context(started(Cenote(), {setting.cores.server}))
        other = create_pool(small.address, "bench")
        for running, into in ((large, pool), (small, other)):
            for _ in range(500):
                add_account(running.address, into)
        yield from _compared(f"A pool of {size:,} users : 500", (large, pool), (small, other), setting)


def pools(setting: Setting) -> Iterator[Finding]:
    """A server of a thousand pools, every request to another one, beside a server of one."""
    count = 50 if setting.quick else 1000
    with ExitStack() as stack:
        large = stack.enter_context(started(Cenote(), {setting.cores.server}))
        small = stack.enter_context(started(Cenote(), {setting.cores.server}))
        say(f"making {count} pools")
        many = filling.ManyPools([filled(large, 1) for _ in range(count)])
        one = filled(small, count)
        yield from _compared(f"A server of {count:,} pools : 1", (large, many), (small, one), setting)


def _compared(
    what: str, large: tuple[Running, Pool], small: tuple[Running, Pool], setting: Setting
) -> Iterator[Finding]:
    """CPU of each operation, large : small; the median of rounds in turn, equally many operations on both.

    A round of one differs from the next by more than the tenth that is asked for, and the machine's pace changes from
    one second to the next: so there are five times as many rounds as elsewhere, two thirds as long, and each of the
    two goes first in every other one. The cryptography is not looked at.
    """
    alone, effort = CryptographyAlone(), setting.effort
    effort = replace(effort, rounds=5 * effort.rounds, seconds=effort.seconds * 2 / 3, bare=0.0)
    for name in ("srp", "password", "refresh", "signup", "getuser"):
        operation, ratios = named(name), []
        count = None
        for number in range(effort.rounds):
            cpu = {}
            for running, pool in (small, large) if number % 2 else (large, small):
                sample = time_operation(
                    running,
                    operation.scripts(pool),
                    cores=setting.cores,
                    effort=effort,
                    crypto=operation.crypto,
                    alone=alone,
                    count=count,
                )
                count, cpu[running.address] = sample.operations, sample.cpu
            ratios.append(cpu[large[0].address] / cpu[small[0].address])
        ratio = statistics.median(ratios)
        value = f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        yield Finding(f"{what}, {operation.title}", value, "≤ 1.10", ratio <= 1.1)


def existence(setting: Setting) -> Iterator[Finding]:
    """Wrong sign-ins of users who are there and of names that nobody has, timed from outside."""
    samples = 300 if setting.quick else 1000
    with started(Cenote(), {setting.cores.server}) as running:
        pool = filled(running, -(-samples // TRIES))
        for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH"):
            t, part = compared(*sampled(running.address, pool, flow, samples))
            yield Finding(
                f"Unknown beside known user, {flow}, {samples} samples each",
                f"t = {t:+.1f}, means differ by {part:.2%}",
                f"abs(t) < {SUSPICIOUS}, or below 2 %",
                abs(t) < SUSPICIOUS or part < 0.02,
            )


def ways(setting: Setting) -> Iterator[Finding]:
    """Other ways to tokens, each on a server of its own, beside the cryptography that they cannot do without."""
    effort, alone = setting.effort, CryptographyAlone()
    count = 10 * effort.connections
    for title, crypto, scripts, accounts in (
        ("USER_AUTH with the password", ways_in.SIGN_IN, ways_in.choice_based, effort.accounts),
        # Those of the warm-up, and those measured: an app's code is good once.
        ("Password and authenticator app (two requests)", ways_in.SIGN_IN, ways_in.with_app,
         count + 3 * effort.connections),
        # So many that a user's last refresh is over before their next.
        ("GetTokensFromRefreshToken, rotating", ways_in.REFRESH, ways_in.rotating, 4 * effort.connections),
    ):  # fmt: skip
        with started(Cenote(), {setting.cores.server}) as running:
            sample = time_operation(
                running,
                scripts(running.address, accounts),
                cores=setting.cores,
                effort=effort,
                crypto=crypto,
                alone=alone,
                count=count,
            )
        yield Finding(title, f"{sample.cpu:.0f} µs of CPU, {sample.share:.2f} of it cryptography")


def endpoints(setting: Setting) -> Iterator[Finding]:
    """The OAuth endpoints and the sign-in page, oidc-provider beside them."""
    for finding in oauth.findings(setting.cores, setting.effort):
        yield Finding(*finding)


def triggers(setting: Setting) -> Iterator[Finding]:
    """A trigger over HTTP and one that runs here, beside a sign-in without any."""
    for finding in functions.findings(setting.cores, setting.effort):
        yield Finding(*finding)


EXPERIMENTS: dict[str, Callable[[Setting], Iterator[Finding]]] = {
    "ready": ready,
    "memory": memory,
    "workers": workers,
    "burst": burst,
    "pools": pools,
    "million": million,
    "ways": ways,
    "existence": existence,
    "oauth": endpoints,
    "functions": triggers,
}


def run(names: Sequence[str], setting: Setting) -> dict[str, list[Finding]]:
    """What each experiment found."""
    found = {}
    Cenote().install()
    for name in names:
        if name not in EXPERIMENTS:
            raise BenchError(f"no experiment {name!r}: there are {', '.join(EXPERIMENTS)}")
        say(f"experiment: {name}")
        with pinned(setting.cores.load):
            found[name] = list(EXPERIMENTS[name](setting))
    return found
