"""Fair turns: what computes does not hold up what does not."""

import asyncio
import itertools
import threading
from collections import Counter
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


async def test_between_two_jobs_that_fill_a_turn_others_have_theirs() -> None:
    """Forty jobs stand in line; somebody who has nothing to compute comes through after each."""
    work = Work(turn=0)
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


async def test_a_turn_holds_the_jobs_that_fit_into_its_time() -> None:
    """Each takes a quarter of a turn, which is learnt from the first of them."""
    seconds = itertools.count()
    work = Work(turn=4, timer=lambda: next(seconds))  # a job takes from one reading of it to the next
    turns: list[int] = []
    turn = 0

    async def watch() -> None:
        nonlocal turn
        for turn in range(200):  # noqa: B007 (the jobs read it)
            await asyncio.sleep(0)

    jobs = [asyncio.create_task(work.run(lambda: turns.append(turn))) for _ in range(160)]
    await asyncio.gather(watch(), *jobs)
    most = max(Counter(turns).values())
    assert len(turns) == 160
    assert Counter(turns)[turns[0]] <= 2  # nothing is known yet
    assert 3 <= Counter(turns)[turns[-20]] <= most <= 8


async def test_nobody_overtakes_who_waits(work: Work) -> None:
    done: list[int] = []
    jobs = [asyncio.create_task(work.run(done.append, number)) for number in range(20)]
    await asyncio.sleep(0)
    jobs += [asyncio.create_task(work.run(done.append, number)) for number in range(20, 40)]
    await asyncio.gather(*jobs)
    assert done == list(range(40))


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
