"""The small process beside a worker that kills what the worker left behind."""

import asyncio
import os
import signal
import subprocess

from tests.local_functions import Machine, called, eventually, is_running

from cenote.outbound.functions.local.hosting import HostedFunction
from cenote.outbound.functions.local.wardens import Warden

SLOW_WHO = """
    import os, time

    def handler(event, context):
        time.sleep(event)
        return os.getpid()
"""


def reaper(warden: Warden) -> int:
    assert warden._process is not None
    return warden._process.pid


def die(warden: Warden) -> None:
    """What becomes of the pipe when the worker does."""
    process, warden._process = warden._process, None
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    process.wait(30)


async def two_processes(function: HostedFunction) -> set[int]:
    """Those of two calls at once."""
    while len(found := set(await asyncio.gather(called(function, 0.1), called(function, 0.1)))) < 2:
        continue
    return found


async def test_when_the_workers_end_comes_all_that_run_are_killed(machine: Machine) -> None:
    function = machine.host(SLOW_WHO, timeout=60)
    processes = await two_processes(function)
    die(function._warden)
    eventually(lambda: not any(is_running(process) for process in processes))


async def test_signals_for_the_server_are_not_for_it(machine: Machine) -> None:
    """A supervisor that sends SIGTERM to every process of the server must not leave it without."""
    function = machine.host(SLOW_WHO, timeout=60)
    process = await called(function, 0)
    for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(reaper(function._warden), stop)
    assert is_running(reaper(function._warden))
    assert os.getpgid(reaper(function._warden)) != os.getpgid(0)
    die(function._warden)
    eventually(lambda: not is_running(process))


async def test_one_that_was_killed_is_replaced_by_one_that_knows_all(machine: Machine) -> None:
    function = machine.host(SLOW_WHO, timeout=60)
    first = await called(function, 0)
    before = reaper(function._warden)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: not is_running(before))
    processes = await two_processes(function)
    assert first in processes
    assert reaper(function._warden) != before
    die(function._warden)
    eventually(lambda: not any(is_running(process) for process in processes))


def test_what_has_ended_is_not_killed_again(machine: Machine) -> None:
    """Its number may be another's by then."""
    warden = Warden()
    ended, other = (subprocess.Popen(["sleep", "1000"], start_new_session=True) for _ in range(2))
    try:
        warden.add(ended.pid)
        warden.add(other.pid)
        warden.remove(other.pid)
        warden.close()
        assert ended.wait(30) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        other.kill()
        other.wait(30)
