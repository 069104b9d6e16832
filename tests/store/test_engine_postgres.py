"""PostgreSQL alone: placeholders, the pool, restarts."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from tests.postgres import PostgresServer

from cenote.store.engine import Conflict, StoreError, Unavailable, open_engine
from cenote.store.postgres import PostgresEngine, numbered
from cenote.store.postgres_pool import ConnectionLost, translated


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[PostgresEngine]:
    engine = await PostgresEngine.open(url, connections=4)
    async with engine.transaction():
        await engine.run("CREATE TABLE rows (key TEXT NOT NULL PRIMARY KEY)")
    yield engine
    await engine.close()


async def add(engine: PostgresEngine, key: str) -> None:
    async with engine.transaction():
        await engine.run("INSERT INTO rows (key) VALUES (?)", key)


async def keys(engine: PostgresEngine) -> set[str]:
    return {row[0] for row in await engine.all("SELECT key FROM rows")}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT ? + ?", "SELECT $1 + $2"),
        ("SELECT '?', ?, 'it''s ?'", "SELECT '?', $1, 'it''s ?'"),
        ('SELECT "a?""?" FROM t WHERE b = ?', 'SELECT "a?""?" FROM t WHERE b = $1'),
        ("SELECT 1 -- what's this?\n, ?", "SELECT 1 -- what's this?\n, $1"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_question_marks_become_numbers_except_in_quotes_and_comments(sql: str, expected: str) -> None:
    assert numbered(sql) == expected


async def test_after_a_restart_the_next_calls_work(
    postgres_server: PostgresServer, engine: PostgresEngine
) -> None:
    # All four connections are idle when the server goes.
    await asyncio.gather(*(add(engine, f"before {number}") for number in range(4)))
    postgres_server.restart()
    assert len(await keys(engine)) == 4
    postgres_server.restart()
    await asyncio.gather(*(add(engine, f"after {number}") for number in range(20)))
    postgres_server.restart()
    found = await asyncio.gather(*(engine.one("SELECT COUNT(*) FROM rows") for _ in range(20)))
    assert set(found) == {(24,)}


async def test_what_was_in_flight_at_a_restart_is_unavailable(
    postgres_server: PostgresServer, engine: PostgresEngine
) -> None:
    with pytest.raises(Unavailable):
        async with engine.transaction():
            await engine.run("INSERT INTO rows (key) VALUES ('lost')")
            postgres_server.restart()
            await engine.run("INSERT INTO rows (key) VALUES ('lost too')")
    with pytest.raises(Unavailable):
        async with engine.transaction():
            await engine.run("INSERT INTO rows (key) VALUES ('lost')")
            postgres_server.restart()
    with pytest.raises(KeyError):
        async with engine.transaction():
            await engine.run("INSERT INTO rows (key) VALUES ('lost')")
            postgres_server.restart()
            raise KeyError
    await add(engine, "after")
    assert await keys(engine) == {"after"}


async def test_writers_in_a_loop_lose_nothing_acknowledged_over_a_restart(
    postgres_server: PostgresServer, engine: PostgresEngine
) -> None:
    acknowledged: set[str] = set()
    enough, restarted = asyncio.Event(), asyncio.Event()

    async def writer(name: int) -> None:
        number = 0
        while number < 20 or not restarted.is_set():
            number += 1
            try:
                await add(engine, f"{name}/{number}")
            except Unavailable:
                continue
            acknowledged.add(f"{name}/{number}")
            if len(acknowledged) == 20:
                enough.set()

    async def restart() -> None:
        await enough.wait()
        postgres_server.restart()
        restarted.set()

    await asyncio.gather(restart(), *(writer(name) for name in range(8)))
    assert acknowledged <= await keys(engine)


async def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        await open_engine("postgresql://nobody@127.0.0.1:9/nothing")


async def test_a_database_that_is_not_there_is_told(postgres_server: PostgresServer, url: str) -> None:
    with pytest.raises(Unavailable, match="does not exist"):
        await open_engine(url.replace("/cenote_test", "/no_such_test"))


async def test_the_pool_never_holds_more_than_its_size(url: str, engine: PostgresEngine) -> None:
    inside, most = 0, 0
    four = asyncio.Barrier(4)

    async def work() -> None:
        nonlocal inside, most
        async with engine.transaction():
            inside += 1
            most = max(most, inside)
            await four.wait()
            await engine.one("SELECT 1")
            inside -= 1

    await asyncio.gather(*(work() for _ in range(40)))
    assert most == 4
    row = await engine.one("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()")
    assert row is not None
    assert row[0] <= 4


async def test_no_connection_in_time_is_unavailable(url: str) -> None:
    engine = await PostgresEngine.open(url, connections=1, wait_limit=0.02)
    async with engine.transaction():
        await engine.one("SELECT 1")
        other = asyncio.create_task(engine.one("SELECT 1"), context=contextvars.Context())
        with pytest.raises(Unavailable, match="no connection"):
            await other
    assert await engine.one("SELECT 1") == (1,)
    await engine.close()


async def test_cancelling_at_any_moment_loses_no_connection(engine: PostgresEngine) -> None:
    for passes in range(30):
        reading = [asyncio.create_task(keys(engine)) for _ in range(6)]
        writing = [asyncio.create_task(add(engine, f"{passes}/{number}")) for number in range(6)]
        for _ in range(passes):
            await asyncio.sleep(0)
        for task in (*reading, *writing):
            task.cancel()
        await asyncio.gather(*reading, *writing, return_exceptions=True)
    # All four are there again, and none is in a transaction.
    both = asyncio.Barrier(4)

    async def work(number: int) -> None:
        async with engine.transaction():
            await both.wait()
            await engine.run("INSERT INTO rows (key) VALUES (?)", f"end {number}")

    await asyncio.gather(*(work(number) for number in range(4)))
    assert {f"end {number}" for number in range(4)} <= await keys(engine)


async def test_a_statement_prepared_before_a_migration_works_after_it(
    url: str, engine: PostgresEngine
) -> None:
    other = await PostgresEngine.open(url, connections=1)
    await other.all("SELECT * FROM rows")
    async with engine.transaction():
        await engine.run("ALTER TABLE rows ADD COLUMN more BIGINT")
    assert await other.all("SELECT * FROM rows") == []
    await other.close()


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (asyncpg.SerializationError(), Conflict),
        (asyncpg.DeadlockDetectedError(), Conflict),
        (asyncpg.DiskFullError(), Unavailable),
        (asyncpg.TooManyConnectionsError(), Unavailable),
        (asyncpg.AdminShutdownError(), ConnectionLost),
        (asyncpg.LockNotAvailableError(), Unavailable),
        (asyncpg.QueryCanceledError(), Unavailable),
        (asyncpg.ReadOnlySQLTransactionError(), Unavailable),
        (asyncpg.StatementCompletionUnknownError(), Unavailable),
        (asyncpg.InvalidCachedStatementError(), Conflict),
        (asyncpg.InterfaceError("connection is closed"), ConnectionLost),
        (ConnectionResetError(), ConnectionLost),
        (TimeoutError(), Unavailable),
        (asyncpg.NotNullViolationError(), StoreError),
        (asyncpg.PostgresSyntaxError(), StoreError),
        (KeyError("not the driver's"), KeyError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_what_the_driver_raises_means_what_it_should(error: Exception, meaning: type[Exception]) -> None:
    assert type(translated(error)) is meaning
