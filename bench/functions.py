"""What functions cost: a trigger over HTTP adds so much of Cenote's CPU to a sign-in; a local one answers so soon.

The HTTP function runs on the load's core and outside of Cenote, so that only Cenote's own work is counted. A local
function's process is Cenote's, and counts.
"""

import itertools
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench.cryptography_alone import CryptographyAlone
from bench.load import Load, Script
from bench.machine import Cores, pinned
from bench.measure import Effort, time_operation
from bench.pool import PASSWORD, Account, call, checked, post
from bench.servers import Cenote, Running, started
from bench.ways_in import SIGN_IN, Address, prepared, signed_in

MOST_ADDED: Final = 1000.0  # microseconds
MOST_WARM: Final = 3.0  # milliseconds
ARN: Final = "arn:aws:lambda:us-east-1:000000000000:function:"
CODE: Final = "def handler(event, context):\n    return event\n"
NAMES: Final = ("none", "http", "local")


class WithFunctions(Cenote):
    """Cenote with a function behind a URL and one in a folder."""

    def __init__(self, url: str) -> None:
        self._url = url

    def environment(self, data: Path, port: int) -> dict[str, str]:
        del port
        folder = data / "functions" / "local"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "app.py").write_text(CODE)
        # One process: how many there are decides nothing here, and one core runs them all.
        local = {"runtime": "python", "handler": "app.handler", "path": str(folder), "concurrency": 1}
        http = {"url": self._url, "secret": "a secret of the benchmark"}
        return {"CENOTE_FUNCTIONS": json.dumps({"http": http, "local": local})}


@contextmanager
def http_function(core: int) -> Iterator[str]:
    with pinned(core):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.function_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.communicate()


def findings(cores: Cores, effort: Effort) -> Iterator[tuple[str, str, str, bool | None]]:
    with ExitStack() as stack:
        url = stack.enter_context(http_function(cores.load))
        running = stack.enter_context(started(WithFunctions(url), {cores.server}))
        scripts = {name: sign_ins(running.address, effort.accounts, name) for name in NAMES}
        added, cpu = costs(running, scripts, cores, effort)
        yield (
            "A trigger over HTTP adds to a sign-in",
            f"{added['http']:.0f} µs of CPU (to {cpu['none']:.0f})",
            f"≤ {MOST_ADDED:,.0f} µs",
            added["http"] <= MOST_ADDED,
        )
        yield "… a local Python function, with its process", f"{added['local']:.0f} µs of CPU", "", None
        for title, name in (("by the Invoke API", "invoke"), ("added to a sign-in's median", "sign-in")):
            middle, slow = latency(running, scripts, name)
            value = f"{middle:.2f} ms" + (f" (p99 {slow:.2f})" if slow else "")
            yield (
                f"A local Python function, warm, {title}",
                value,
                f"≤ {MOST_WARM:.0f} ms",
                middle <= MOST_WARM,
            )


def sign_ins(address: Address, accounts: int, trigger: str) -> Iterator[Script]:
    """Sign-ins by password to a pool with this function as its PreAuthentication."""
    pool, client_id = prepared(address, accounts, trigger)
    if trigger != "none":
        config = {"LambdaConfig": {"PreAuthentication": ARN + trigger}}
        call(address, "UpdateUserPool", {"UserPoolId": pool.pool_id, **config})

    def script(account: Account) -> Script:
        parameters = {"USERNAME": account.username, "PASSWORD": PASSWORD}
        body = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        signed_in(checked((yield post("InitiateAuth", body)), dict))

    return (script(account) for account in itertools.cycle(pool.accounts))


def costs(
    running: Running, scripts: dict[str, Iterator[Script]], cores: Cores, effort: Effort
) -> tuple[dict[str, float], dict[str, float]]:
    """What each kind adds to a sign-in without a trigger, and what each costs: medians of rounds in turn."""
    alone, count = CryptographyAlone(), None
    rounds: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(effort.rounds):
        for name in NAMES:
            sample = time_operation(
                running, scripts[name], cores=cores, effort=effort, crypto=SIGN_IN, alone=alone, count=count
            )
            count = sample.operations
            rounds[name].append(sample.cpu)
    added = {
        name: statistics.median(
            with_it - without for with_it, without in zip(rounds[name], rounds["none"], strict=True)
        )
        for name in NAMES
    }
    return added, {name: statistics.median(values) for name, values in rounds.items()}


def latency(running: Running, scripts: dict[str, Iterator[Script]], name: str) -> tuple[float, float]:
    """Milliseconds at the median and the 99th percentile, with one caller at a time."""
    with Load(running.address, 1) as load:
        if name == "invoke":
            load.run(invocations(), count=50)
            timing = load.run(invocations(), count=1000)
            return timing.percentile(0.5), timing.percentile(0.99)
        for kind in ("none", "local"):
            load.run(scripts[kind], count=50)
        # In turn, a few at a time, so that what else the machine does hits both.
        added = []
        for _ in range(20):
            without, with_it = (
                load.run(scripts[kind], count=25).percentile(0.5) for kind in ("none", "local")
            )
            added.append(with_it - without)
        return statistics.median(added), 0.0


def invocations() -> Iterator[Script]:
    """Calls of the local function by the Invoke API, with an event as triggers have it."""
    event = msgspec.json.encode(
        {
            "version": "1",
            "triggerSource": "PreAuthentication_Authentication",
            "userName": "x" * 36,
            "request": {},
        }
    )
    request = (
        "POST /2015-03-31/functions/local/invocations HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Length: {len(event)}\r\n\r\n"
    ).encode() + event

    def script() -> Script:
        checked((yield request), dict)

    return (script() for _ in itertools.count())
