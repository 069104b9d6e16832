"""Many at once, on both engines: the insert or the conditional update is the gate."""

import asyncio
import contextvars

import pytest
from tests.store.conftest import OpenEngine

from cenote.store.engine import Conflict, Engine, StoreError, Unavailable, UniqueViolation
from cenote.store.transactions import Keep, retrying


@pytest.fixture(autouse=True)
async def tables(engine: Engine) -> None:
    async with engine.transaction():
        await engine.run("CREATE TABLE codes (code TEXT NOT NULL PRIMARY KEY, used_by BIGINT)")
        await engine.run("CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)")
        await engine.run("INSERT INTO codes (code) VALUES ('one')")
        await engine.many("INSERT INTO counters VALUES (?, 0)", [("a",), ("b",)])


async def value(engine: Engine, name: str = "a") -> int:
    row = await engine.one("SELECT value FROM counters WHERE name = ?", name)
    assert row is not None
    return int(row[0])


async def increment(engine: Engine, name: str = "a") -> None:
    await engine.run("UPDATE counters SET value = value + 1 WHERE name = ?", name)


async def test_of_50_inserts_of_one_key_exactly_one_wins(engine: Engine) -> None:
    async def insert(number: int) -> bool:
        try:
            async with engine.transaction():
                await engine.run("INSERT INTO codes VALUES ('two', ?)", number)
        except UniqueViolation:
            return False
        return True

    won = await asyncio.gather(*(insert(number) for number in range(50)))
    assert sum(won) == 1
    assert await engine.one("SELECT used_by FROM codes WHERE code = 'two'") == (won.index(True),)


async def test_of_50_inserts_that_yield_exactly_one_wins(engine: Engine) -> None:
    async def insert(number: int) -> int:
        async with engine.transaction():
            return await engine.run(
                "INSERT INTO codes VALUES ('two', ?) ON CONFLICT (code) DO NOTHING", number
            )

    assert sum(await asyncio.gather(*(insert(number) for number in range(50)))) == 1


async def test_of_50_uses_of_one_code_exactly_one_wins(engine: Engine, open_engine: OpenEngine) -> None:
    """Cases 20 and 39 rest on this."""
    engines = [engine, await open_engine(), await open_engine()]

    async def use(number: int) -> int:
        one = engines[number % 3]
        async with one.transaction():
            return await one.run(
                "UPDATE codes SET used_by = ? WHERE code = 'one' AND used_by IS NULL", number
            )

    used = await asyncio.gather(*(use(number) for number in range(50)))
    assert sum(used) == 1
    assert await engine.one("SELECT used_by FROM codes WHERE code = 'one'") == (used.index(1),)


async def test_100_increments_at_once_all_count(engine: Engine, open_engine: OpenEngine) -> None:
    engines = [engine, await open_engine()]

    async def count(number: int) -> None:
        one = engines[number % 2]
        async with one.transaction():
            await increment(one)

    await asyncio.gather(*(count(number) for number in range(100)))
    assert await value(engine) == 100


async def test_failures_and_keeps_among_many_undo_and_keep_only_their_own(engine: Engine) -> None:
    async def work(number: int) -> None:
        async with engine.transaction():
            await increment(engine)
            # Others get ahead here if they can.
            await asyncio.sleep(0)
            await engine.run("INSERT INTO codes VALUES (?, ?)", f"code {number}", number)
            if number % 3 == 1:
                raise KeyError
            if number % 3 == 2:
                raise Keep(LookupError())

    results = await asyncio.gather(*(work(number) for number in range(90)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), KeyError, LookupError] * 30
    assert await value(engine) == 60
    rows = await engine.all("SELECT used_by FROM codes WHERE used_by IS NOT NULL ORDER BY used_by")
    assert [number for (number,) in rows] == [number for number in range(90) if number % 3 != 1]


async def test_failed_statements_among_many_hurt_only_their_own(engine: Engine) -> None:
    async def work(number: int) -> None:
        async with engine.transaction():
            await increment(engine)
            if number % 2:
                await engine.run("INSERT INTO codes (code) VALUES ('one')")

    results = await asyncio.gather(*(work(number) for number in range(40)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), UniqueViolation] * 20
    assert await value(engine) == 20


async def test_cancelled_waiters_leave_the_others_their_turn(engine: Engine) -> None:
    inside, leave = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with engine.transaction():
            await increment(engine)
            inside.set()
            await leave.wait()

    async def later() -> None:
        async with engine.transaction():
            await increment(engine)

    holding = asyncio.create_task(first())
    await inside.wait()
    waiting = [asyncio.create_task(later()) for _ in range(10)]
    for _ in range(5):
        await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    leave.set()
    await holding
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert results[1::2] == [None] * 5
    assert await value(engine) == 6


async def test_cancelling_at_any_moment_never_blocks_the_writers(engine: Engine) -> None:
    """Cancels after every number of passes of the loop that a transaction takes, and then some."""

    async def work() -> None:
        async with engine.transaction():
            await increment(engine)
            await asyncio.sleep(0)
            await increment(engine)

    for passes in range(30):
        tasks = [asyncio.create_task(work()) for _ in range(3)]
        for _ in range(passes):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # Whose commit was under way when they were cancelled are committed before this one.
    await work()
    before = await value(engine)
    await work()
    assert (before % 2, await value(engine)) == (0, before + 2)


async def test_a_conflict_is_tried_again(engine: Engine) -> None:
    """Two transactions that take two rows in opposite order: on PostgreSQL a deadlock, which one of them loses."""
    both = asyncio.Barrier(2)
    together = True

    async def move(first: str, second: str) -> None:
        nonlocal together
        async with engine.transaction():
            await increment(engine, first)
            if together and engine.__class__.__name__ == "PostgresEngine":
                await both.wait()
                together = False
            await increment(engine, second)

    await asyncio.gather(retrying(lambda: move("a", "b")), retrying(lambda: move("b", "a")))
    assert (await value(engine, "a"), await value(engine, "b")) == (2, 2)


async def test_a_conflict_that_stays_is_raised(engine: Engine) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        async with engine.transaction():
            await increment(engine)
            raise Conflict

    with pytest.raises(Conflict):
        await retrying(work, attempts=3)
    assert tries == 3
    assert await value(engine) == 0


async def test_inside_a_transaction_only_the_whole_of_it_is_tried_again(engine: Engine) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        raise Conflict

    with pytest.raises(Conflict):
        async with engine.transaction():
            await retrying(work)
    assert tries == 1


async def test_what_is_not_a_conflict_is_not_tried_again(engine: Engine) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        raise Unavailable

    with pytest.raises(StoreError):
        await retrying(work)
    assert tries == 1


async def test_a_transaction_left_open_is_ended_for_the_others(open_engine: OpenEngine) -> None:
    engine = await open_engine(hold_limit=0.05, wait_limit=30)
    inside = asyncio.Event()

    async def forgetful() -> None:
        async with engine.transaction():
            await increment(engine)
            inside.set()
            # Something slow that is no statement: a server is asked, a password is hashed.
            await others

    async def later() -> None:
        await inside.wait()
        async with engine.transaction():
            await increment(engine)

    others = asyncio.create_task(later())
    with pytest.raises(Unavailable):
        await forgetful()
    assert await value(engine) == 1


async def test_a_patient_transaction_is_not_ended(open_engine: OpenEngine) -> None:
    engine = await open_engine(hold_limit=0.01, wait_limit=0.01)
    async with engine.transaction(patient=True):
        await increment(engine)
        # Far beyond the limit, however slow the machine is: a faster one only makes this test weaker.
        await asyncio.sleep(0.1)
        await increment(engine)
    assert await value(engine) == 2


async def test_who_gets_no_turn_in_time_is_told(open_engine: OpenEngine) -> None:
    engine = await open_engine(hold_limit=60, wait_limit=0.02)

    async def second() -> None:
        async with engine.transaction():
            await increment(engine)

    async with engine.transaction():
        await increment(engine)
        # A task without the context of this one, as every request is.
        with pytest.raises(Unavailable):
            await asyncio.create_task(second(), context=_empty())
    assert await value(engine) == 1
    await second()
    assert await value(engine) == 2


def _empty() -> contextvars.Context:
    return contextvars.Context()
