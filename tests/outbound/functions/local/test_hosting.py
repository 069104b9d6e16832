"""How a function's processes are used: turns, time limits, crashes, changes, and what is left at the end."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.local_functions import Machine, called, eventually, instances, is_running, number_in

from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.functions.local import hosting
from cenote.outbound.functions.local import instances as instances_module
from cenote.outbound.functions.local.changes import Folder
from cenote.outbound.functions.local.hosting import Busy, HostedFunction, Stopping, TooLarge
from cenote.outbound.functions.local.invocations import Outcome

WHO = """
    import os

    def handler(event, context):
        return {"process": os.getpid(), "event": event}
"""
# Waits, if told so, until the file that the event names is there.
WAITING = """
    import os, time

    def handler(event, context):
        if event:
            open(event + ".begun", "w").write(str(os.getpid()))
            while not os.path.exists(event):
                time.sleep(0.005)
            open(event + ".done", "w").write("1")
        return os.getpid()
"""


async def begun(gate: Path) -> int:
    """The process that waits at the gate, once it does."""
    return int(await asyncio.to_thread(eventually, lambda: number_in(Path(f"{gate}.begun"))))


async def test_calls_one_after_the_other_are_one_processes_work(machine: Machine) -> None:
    function = machine.host(WHO)
    assert len({(await called(function))["process"] for _ in range(5)}) == 1


async def test_nothing_runs_before_the_first_call(machine: Machine) -> None:
    """ADR 21"""
    function = machine.host(WHO)
    assert instances(function) == []
    await called(function)
    assert len(instances(function)) == 1


async def test_race_fifty_calls_each_get_their_own_answer_from_no_more_processes_than_allowed(
    machine: Machine,
) -> None:
    function = machine.host(WHO, concurrency=3, timeout=60)
    answers = await asyncio.gather(*(called(function, {"number": number}) for number in range(50)))
    assert [answer["event"]["number"] for answer in answers] == list(range(50))
    assert 1 <= len({answer["process"] for answer in answers}) <= 3
    assert len(instances(function)) <= 3


async def test_a_call_waits_for_its_turn_within_its_time_and_no_longer(
    machine: Machine, tmp_path: Path
) -> None:
    function = machine.host(WAITING, concurrency=1, timeout=1)
    gate = tmp_path / "gate"
    await called(function)
    first = asyncio.create_task(called(function, str(gate)))
    await begun(gate)
    late = asyncio.create_task(called(function))
    with pytest.raises(FunctionFailed, match=r"Task timed out after 1\.00 seconds"):
        await first
    with contextlib.suppress(Busy):
        # Its turn came in time or it did not: both ended just now.
        await late
    assert isinstance(await called(function), int)


async def test_a_call_whose_turn_does_not_come_is_refused(machine: Machine) -> None:
    function = machine.host(WHO, concurrency=1, timeout=1)
    await function._turns.acquire()
    with pytest.raises(Busy, match="all 1 processes are busy"):
        await called(function)
    function._turns.release()
    assert await called(function)


async def test_who_stops_waiting_stops_nothing(machine: Machine, tmp_path: Path) -> None:
    """As at AWS, where Cognito goes on after five seconds and the function too."""
    function = machine.host(WAITING, concurrency=1, timeout=60)
    gate = tmp_path / "gate"
    caller = asyncio.create_task(called(function, str(gate)))
    process = await begun(gate)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.touch()
    assert await called(function) == process
    assert number_in(Path(f"{gate}.done")) == 1


ENDLESS = """
    import os, subprocess

    def handler(event, context):
        if not event:
            return os.getpid()
        child = subprocess.Popen(["sleep", "1000"])
        open(event, "w").write(str(child.pid))
        while True:
            pass
"""


async def test_the_time_limit_kills_the_process_and_all_that_it_started(
    machine: Machine, tmp_path: Path
) -> None:
    function = machine.host(ENDLESS, timeout=1)
    process = await called(function)
    with pytest.raises(
        FunctionFailed, match=r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds"
    ):
        await called(function, str(tmp_path / "child"))
    assert not is_running(process)
    eventually(lambda: not is_running(number_in(tmp_path / "child")))
    assert await called(function) != process


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal 9"),
    ],
)
async def test_a_crash_fails_its_call_and_no_other(machine: Machine, ending: str, text: str) -> None:
    """recorded: `RequestId: … Error: Runtime exited with error: exit status 129`"""
    source = f"import os\ndef handler(event, context):\n    if event: {ending}\n    return os.getpid()\n"
    function = machine.host(source)
    process = await called(function)
    with pytest.raises(FunctionFailed, match=f"RequestId: [0-9a-f-]{{36}} Error: {text}"):
        await called(function, "crash")
    assert await called(function) != process


async def test_a_process_that_died_idle_costs_no_call(machine: Machine) -> None:
    """Even where nobody has noticed yet that it is dead: nobody had the event, so another process gets it."""
    function = machine.host(WHO)
    process = (await called(function))["process"]
    os.kill(process, signal.SIGKILL)
    eventually(lambda: not is_running(process))
    assert (await called(function, 7))["event"] == 7


async def test_what_a_crashed_process_started_goes_with_it(machine: Machine, tmp_path: Path) -> None:
    source = """
        import os, subprocess

        def handler(event, context):
            open(event, "w").write(str(subprocess.Popen(["sleep", "1000"]).pid))
            os._exit(1)
    """
    function = machine.host(source)
    with pytest.raises(FunctionFailed):
        await called(function, str(tmp_path / "child"))
    eventually(lambda: not is_running(number_in(tmp_path / "child")))


COUNTED = """
    from pathlib import Path
    path = Path(__file__).parent / ".starts"
    path.write_text(str(int(path.read_text() or 0) + 1 if path.exists() else 1))
"""


async def test_one_that_cannot_be_imported_is_not_started_again_and_again(
    machine: Machine, tmp_path: Path
) -> None:
    machine.clock.freeze()
    function = machine.host(COUNTED + "    import nosuch\n")
    starts = tmp_path / "f" / ".starts"

    async def fail() -> int:
        with pytest.raises(FunctionFailed, match="Unable to import module 'app': No module named 'nosuch'"):
            await called(function)
        return number_in(starts)

    assert [await fail() for _ in range(20)][-1] == 1
    for seconds, expected in ((1, 2), (1, 2), (1, 3), (3.9, 3), (0.1, 4)):
        machine.clock.advance(seconds=seconds)
        assert await fail() == expected
    for instance in instances(function):
        await instance.gone()
    assert instances(function) == []


async def test_race_many_that_fail_together_count_as_one_failure(machine: Machine, tmp_path: Path) -> None:
    """Else a burst of calls in a bad moment would keep the function away for the longest rest at once."""
    machine.clock.freeze()
    function = machine.host("import time\ntime.sleep(0.2)\nimport nosuch\n")
    ended = await asyncio.gather(*(called(function) for _ in range(8)), return_exceptions=True)
    assert {type(one) for one in ended} == {FunctionFailed}
    assert function._failures == 1
    machine.code("f", WHO)
    machine.clock.advance(seconds=1)
    assert await called(function)


async def test_its_rest_is_over_when_it_could_be_imported(machine: Machine) -> None:
    machine.clock.freeze()
    function = machine.host("import nosuch\n")
    with pytest.raises(FunctionFailed):
        await called(function)
    machine.code("f", WHO)
    machine.clock.advance(seconds=1)
    assert await called(function)
    assert function._failures == 0


async def test_one_that_ends_at_its_import_fails_the_call(machine: Machine) -> None:
    function = machine.host("import os\nos._exit(5)\n")
    text = "RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 5"
    with pytest.raises(FunctionFailed, match=text):
        await called(function)


async def test_one_that_never_gets_ready_is_killed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """documented: the Init phase has ten seconds"""
    monkeypatch.setattr(instances_module, "INIT_SECONDS", 0.5)
    function = machine.host("import time\ntime.sleep(1000)\n")
    with pytest.raises(FunctionFailed, match="timed out"):
        await called(function)
    for instance in instances(function):
        await instance.gone()
    assert instances(function) == []


async def test_one_that_cannot_be_started_is_out_of_reach(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    function = machine.host(WHO, interpreter="./nosuch")
    with pytest.raises(Unreachable, match="cannot be started"):
        await called(function)
    assert "the program ./nosuch is not there" in caplog.records[-1].__dict__["reason"]
    assert instances(function) == []


async def test_changed_code_runs_from_the_next_call_on(machine: Machine) -> None:
    machine.reload = True
    function = machine.host("def handler(event, context):\n    return 'old'\n")
    assert await called(function) == "old"
    old = instances(function)
    machine.code("f", "def handler(event, context):\n    return 'new code'\n")
    assert await eventually_called(function, "new code")
    for instance in old:
        await instance.gone()


async def eventually_called(function: HostedFunction, expected: Any) -> bool:
    """A look at the folder is followed by a rest of some of its time: a call just then sees nothing yet."""
    for _ in range(2000):
        if await called(function) == expected:
            return True
        await asyncio.sleep(0.001)
    return False


async def test_a_new_file_and_one_less_are_changes_too(machine: Machine) -> None:
    machine.reload = True
    function = machine.host(WHO)
    process = (await called(function))["process"]
    for change in (lambda: machine.code("f", "x = 1\n", "more.py"), (machine.root / "f" / "more.py").unlink):
        change()
        before = process
        for _ in range(2000):
            process = (await called(function))["process"]
            if process != before:
                break
            await asyncio.sleep(0.001)
        assert process != before


async def test_a_link_that_leads_nowhere_hides_no_change(tmp_path: Path) -> None:
    (tmp_path / "a-link").symlink_to(tmp_path / "nosuch")
    (tmp_path / "app.py").write_text("old")
    folder = Folder(tmp_path)
    folder._due = 0
    assert not folder.changed()
    (tmp_path / "app.py").write_text("changed")
    folder._due = 0
    assert folder.changed()


async def test_what_runs_while_the_code_changes_finishes(machine: Machine, tmp_path: Path) -> None:
    machine.reload = True
    function = machine.host(WAITING, timeout=60)
    gate = tmp_path / "gate"
    running = asyncio.create_task(called(function, str(gate)))
    process = await begun(gate)
    machine.code("f", "def handler(event, context):\n    return 'new'\n")
    assert await eventually_called(function, "new")
    gate.touch()
    assert await running == process
    await asyncio.to_thread(eventually, lambda: not is_running(process))


async def test_a_repaired_function_runs_at_once(machine: Machine) -> None:
    machine.reload = True
    machine.clock.freeze()
    function = machine.host("import nosuch\n")
    with pytest.raises(FunctionFailed):
        await called(function)
    machine.code("f", "def handler(event, context):\n    return 'repaired'\n")
    for _ in range(2000):
        with contextlib.suppress(FunctionFailed):
            assert await called(function) == "repaired"
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it was not seen to be repaired")


async def test_where_others_are_served_changes_wait_for_a_restart(machine: Machine) -> None:
    function = machine.host("def handler(event, context):\n    return 'old'\n", concurrency=1)
    assert await called(function) == "old"
    machine.code("f", "def handler(event, context):\n    return 'half written")
    assert await called(function) == "old"


async def test_processes_without_work_are_ended_but_for_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "IDLE_SECONDS", 0.05)
    function = machine.host(WHO, concurrency=4, timeout=60)
    await asyncio.gather(*(called(function) for _ in range(12)))
    while len(instances(function)) > 1:
        ends = [asyncio.create_task(instance.gone()) for instance in instances(function)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
    assert await called(function)
    assert len(instances(function)) == 1


async def test_close_ends_every_process_even_one_at_work(machine: Machine, tmp_path: Path) -> None:
    function = machine.host(WAITING, timeout=60)
    idle = await called(function)
    gates = [tmp_path / "one", tmp_path / "two"]
    calls = [asyncio.create_task(called(function, str(gate))) for gate in gates]
    processes = [idle, *[await begun(gate) for gate in gates]]
    await machine.close()
    assert not any(is_running(process) for process in processes)
    assert instances(function) == []
    for call in calls:
        with pytest.raises((asyncio.CancelledError, FunctionFailed)):
            await call


async def test_who_waits_for_a_turn_when_all_is_closed_starts_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    function = machine.host(WAITING, timeout=60, concurrency=1)
    running = asyncio.create_task(called(function, str(tmp_path / "gate")))
    await begun(tmp_path / "gate")
    waiting = [asyncio.create_task(called(function)) for _ in range(3)]
    await asyncio.sleep(0)
    await machine.close()
    for call in waiting:
        with pytest.raises(Stopping):
            await call
    with pytest.raises(Stopping):
        await called(function)
    assert instances(function) == []
    with pytest.raises((asyncio.CancelledError, FunctionFailed)):
        await running


@pytest.mark.parametrize("steps", range(8))
async def test_race_a_close_just_as_a_process_is_started_leaves_nothing(machine: Machine, steps: int) -> None:
    function = machine.host(WHO)
    call = asyncio.create_task(called(function))
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await machine.close()
    assert instances(function) == []
    with pytest.raises((asyncio.CancelledError, FunctionFailed, Unreachable)):
        await call


async def test_an_answer_in_the_moment_of_the_time_limit_ends_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next event would be handed to a process that is being killed."""
    function = machine.host(WHO)
    process = (await called(function))["process"]
    (instance,) = instances(function)
    settle = instance._settle

    def in_the_last_moment(outcome: Outcome) -> None:
        settle(outcome)
        instance._too_slow(3.0)

    monkeypatch.setattr(instance, "_settle", in_the_last_moment)
    for _ in range(3):
        assert (await called(function))["process"] == process


async def test_a_process_that_is_being_killed_gets_no_further_event(machine: Machine) -> None:
    function = machine.host(WHO)
    first = (await called(function))["process"]
    (instance,) = instances(function)
    function._idle.clear()
    instance.kill()
    function._release(instance)
    assert function._idle == []
    assert (await called(function))["process"] != first


async def test_an_event_beyond_lambdas_limit_is_handed_to_nobody(machine: Machine) -> None:
    function = machine.host(WHO)
    with pytest.raises(TooLarge):
        await function.invoke(json.dumps("x" * 6_291_456).encode(), key="k")
    assert instances(function) == []


async def test_law_3_no_function_is_called_where_the_guard_forbids_it(machine: Machine) -> None:
    def guard() -> None:
        raise RuntimeError("a transaction is open")

    machine.guard = guard
    function = machine.host(WHO)
    with pytest.raises(RuntimeError, match="transaction"):
        await called(function)
    assert instances(function) == []
