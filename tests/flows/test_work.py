"""Fair turns: what computes does not hold up what does not."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from cenote.flows.work import Work


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work(hashing_threads=2, hashing_queue=4)
    yield work
    work.close()


async def test_a_job_gives_its_result_or_its_error(work: Work) -> None:
    assert await work.run(divmod, 7, 2) == (3, 1)
    assert await work.hash(divmod, 7, 2) == (3, 1)
    for turn in (work.run, work.hash):
        with pytest.raises(ZeroDivisionError):
            await turn(divmod, 1, 0)
    assert await work.run(divmod, 9, 4) == (2, 1)


async def test_between_two_jobs_others_have_their_turn(work: Work) -> None:
    """Forty jobs stand in line; somebody who has nothing to compute comes through after each."""
    done: list[str] = []

    async def passer_by() -> None:
        for _ in range(10):
            await asyncio.sleep(0)
            done.append("passed")

    jobs = [asyncio.create_task(work.run(done.append, "computed")) for _ in range(40)]
    await asyncio.gather(*jobs, passer_by())
    first_passes = [index for index, what in enumerate(done) if what == "passed"][:10]
    assert first_passes[-1] < 25
    assert done.count("computed") == 40


async def test_a_job_whose_caller_left_holds_nobody_up(work: Work) -> None:
    left = asyncio.create_task(work.run(divmod, 1, 1))
    waiting = asyncio.create_task(work.run(divmod, 9, 2))
    await asyncio.sleep(0)
    left.cancel()
    assert await asyncio.wait_for(waiting, 5) == (4, 1)


async def test_case_54_no_more_hash_at_once_than_there_are_threads(work: Work) -> None:
    running = 0
    most = 0
    guard = threading.Lock()
    both_busy, go_on = threading.Event(), threading.Event()

    def job() -> None:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
            if running == 2:
                both_busy.set()
        go_on.wait(5)
        with guard:
            running -= 1

    jobs = [asyncio.create_task(work.hash(job)) for _ in range(50)]
    assert await asyncio.to_thread(both_busy.wait, 5)
    # The loop is free meanwhile.
    assert await work.run(divmod, 9, 2) == (4, 1)
    go_on.set()
    await asyncio.gather(*jobs)
    assert most == 2
