"""SQLite alone: shared commits, several processes on one file, crashes and full disks."""

import asyncio
import os
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.store import writing_process

from cenote.store.engine import StoreError, Unavailable
from cenote.store.sqlite import SqliteEngine
from cenote.store.sqlite_connections import connect

PROGRAM = writing_process.__file__


@pytest.fixture(params=[0.0, 1e9], ids=["commits-in-the-thread", "commits-in-place"])
def slow_disk(request: pytest.FixtureRequest) -> float:
    return float(request.param)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "cenote.db"


async def test_whoever_opens_waits_for_the_process_that_closes_the_file_last(database: Path) -> None:
    """As workers that start together do: the last one to close it has it alone for a moment."""
    await (await opened(database, 0)).close()
    with closing(sqlite3.connect(database, check_same_thread=False, isolation_level=None)) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")
        held = threading.Timer(0.3, alone.close)
        held.start()
        connection = connect(database, busy_seconds=0)
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (0,)
        connection.close()
        held.join()


async def opened(database: Path, slow_disk: float, *, wait_limit: float = 60) -> SqliteEngine:
    return await SqliteEngine.open(database, wait_limit=wait_limit, slow_disk=slow_disk)


@pytest.fixture
async def engine(database: Path, slow_disk: float) -> AsyncIterator[SqliteEngine]:
    engine = await opened(database, slow_disk)
    async with engine.transaction():
        await engine.run("CREATE TABLE counters (value BIGINT NOT NULL)")
        await engine.run("INSERT INTO counters VALUES (0)")
        await engine.run(
            "CREATE TABLE rows (key TEXT NOT NULL, half BIGINT, filling BYTEA, PRIMARY KEY (key, half))"
        )
    yield engine
    await engine.close()


@contextmanager
def process(database: Path, *arguments: str, slow_disk: float = 0.0005) -> Iterator[subprocess.Popen[str]]:
    """A process of `writing_process`, killed at the end if it is still there."""
    running = subprocess.Popen(
        [sys.executable, PROGRAM, database, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SLOW_DISK": str(slow_disk)},
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


async def line_of(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return await asyncio.to_thread(running.stdout.readline)


async def add(engine: SqliteEngine, key: str, filling: bytes = b"") -> None:
    async with engine.transaction():
        await engine.run("INSERT INTO rows (key, half, filling) VALUES (?, 0, ?)", key, filling)


async def keys(engine: SqliteEngine) -> set[str]:
    return {row[0] for row in await engine.all("SELECT key FROM rows")}


def traced(engine: SqliteEngine) -> list[str]:
    """What the writer's connection executes from now on, first words only."""
    log: list[str] = []
    engine._writer.connection.set_trace_callback(lambda sql: log.append(sql.split()[0]))
    return log


# Shared commits


async def test_writers_at_once_share_commits(engine: SqliteEngine) -> None:
    log = traced(engine)
    await asyncio.gather(*(add(engine, f"{number}") for number in range(50)))
    assert log.count("INSERT") == 50
    assert log.count("COMMIT") < 25


async def test_nobody_leaves_before_what_he_wrote_is_committed(engine: SqliteEngine) -> None:
    log = traced(engine)

    async def work(number: int) -> None:
        async with engine.transaction():
            await engine.run("INSERT INTO rows (key, half) VALUES (?, 0)", f"{number}")
            written = len(log)
        assert "COMMIT" in log[written:]

    await asyncio.gather(*(work(number) for number in range(50)))


async def test_a_rollback_in_a_shared_commit_undoes_only_its_own(engine: SqliteEngine) -> None:
    log = traced(engine)

    async def work(number: int) -> None:
        async with engine.transaction():
            await engine.run("INSERT INTO rows (key, half) VALUES (?, 0)", f"{number}")
            if number % 2:
                raise KeyError

    await asyncio.gather(*(work(number) for number in range(40)), return_exceptions=True)
    assert "SAVEPOINT" in log
    assert await keys(engine) == {f"{number}" for number in range(0, 40, 2)}


async def test_a_lone_writer_pays_for_no_savepoint(engine: SqliteEngine) -> None:
    log = traced(engine)
    await add(engine, "a")
    assert log == ["BEGIN", "INSERT", "COMMIT"]


async def test_closing_finishes_what_was_being_committed(database: Path, engine: SqliteEngine) -> None:
    waiting = [asyncio.create_task(add(engine, f"{number}")) for number in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await engine.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    with closing(sqlite3.connect(database)) as connection:
        stored = {row[0] for row in connection.execute("SELECT key FROM rows")}
    assert stored == {f"{number}" for number, result in enumerate(results) if result is None}
    assert all(result is None or isinstance(result, Unavailable | RuntimeError) for result in results)


# Readers and the log


async def test_a_read_that_is_not_read_to_its_end_pins_nothing(database: Path, engine: SqliteEngine) -> None:
    await asyncio.gather(*(add(engine, f"{number}") for number in range(10)))
    assert await engine.one("SELECT key FROM rows ORDER BY key") == ("0",)
    await add(engine, "later")
    assert "later" in await keys(engine)
    foreign = sqlite3.connect(database, isolation_level=None)
    # Busy, frames in the log, frames copied: a pinned reader would leave frames behind and be reported as busy.
    assert foreign.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    foreign.close()


async def test_the_log_starts_over_while_there_are_always_writers(
    database: Path, engine: SqliteEngine
) -> None:
    def starts() -> int:
        # The fourth number in the header of the log counts how often it has started over.
        with Path(f"{database}-wal").open("rb") as log:
            return int(struct.unpack(">4I", log.read(16))[3])

    async def writer(name: int) -> None:
        number = 0
        while starts() < 3:
            await add(engine, f"{name}/{number}")
            number += 1

    await asyncio.wait_for(asyncio.gather(*(writer(name) for name in range(4))), 120)


async def test_the_file_is_its_owners_alone(database: Path, engine: SqliteEngine) -> None:
    await add(engine, "a")
    for path in database.parent.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


async def test_a_place_where_no_file_can_be_is_told(tmp_path: Path, slow_disk: float) -> None:
    with pytest.raises(Unavailable, match="cannot be opened"):
        await opened(tmp_path, slow_disk)


# Several processes


async def test_several_processes_lose_no_write(
    database: Path, engine: SqliteEngine, slow_disk: float
) -> None:
    names = range(3)
    with (
        process(database, "count", "200", slow_disk=slow_disk) as one,
        process(database, "count", "200", slow_disk=slow_disk) as two,
        process(database, "count", "200", slow_disk=slow_disk) as three,
    ):
        for _ in range(100):
            async with engine.transaction():
                await engine.run("UPDATE counters SET value = value + 1")
        ended = [await asyncio.to_thread(running.wait) for running in (one, two, three)]
    assert ended == [0 for _ in names]
    assert await engine.one("SELECT value FROM counters") == (700,)


async def test_kill_9_loses_nothing_that_was_acknowledged(
    database: Path, engine: SqliteEngine, slow_disk: float
) -> None:
    acknowledged: set[str] = set()
    for round_ in range(3):
        with (
            process(database, "write", f"a{round_}", slow_disk=slow_disk) as one,
            process(database, "write", f"b{round_}", slow_disk=slow_disk) as two,
        ):
            for _ in range(20 * (round_ + 1)):
                acknowledged.add((await line_of(one)).strip())
                acknowledged.add((await line_of(two)).strip())
            one.kill()
            two.kill()
            for running in (one, two):
                assert running.stdout is not None
                # What it still said before it died was acknowledged too; a last line may be cut.
                acknowledged.update(text.strip() for text in running.stdout if text.endswith("\n"))
        halves = await engine.all("SELECT key, COUNT(*) FROM rows GROUP BY key")
        assert {count for _, count in halves} == {2}
        assert acknowledged <= {key for key, _ in halves}
        # And whoever is left can write at once.
        await add(engine, f"alive {round_}", b"")
        async with engine.transaction():
            await engine.run("DELETE FROM rows WHERE half = 0")


async def test_a_process_that_hangs_in_a_transaction_blocks_nobody_for_ever(
    database: Path, engine: SqliteEngine, slow_disk: float
) -> None:
    other = await opened(database, slow_disk, wait_limit=0.05)
    with process(database, "hold") as holder:
        assert await line_of(holder) == "holding\n"
        with pytest.raises(Unavailable):
            await add(other, "too early")
        # Reading goes on, and the loop was not blocked.
        assert await keys(other) == set()
        waiting = asyncio.create_task(add(engine, "patient"))
        await asyncio.sleep(0)
        assert not waiting.done()
        holder.kill()
        await waiting
    await add(other, "now")
    assert await keys(engine) == {"patient", "now"}
    await other.close()


async def test_closing_waits_for_no_process_that_hangs(
    database: Path, engine: SqliteEngine, slow_disk: float
) -> None:
    other = await opened(database, slow_disk, wait_limit=0.05)
    with process(database, "hold") as holder:
        assert await line_of(holder) == "holding\n"
        waiting = asyncio.create_task(add(other, "too early"))
        await asyncio.sleep(0)
        await other.close()
        with pytest.raises(Unavailable):
            await waiting
    await add(engine, "now")
    assert await keys(engine) == {"now"}


async def test_a_foreign_tool_that_writes_is_waited_for(database: Path, engine: SqliteEngine) -> None:
    foreign = sqlite3.connect(database, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    foreign.execute("INSERT INTO rows (key, half) VALUES ('foreign', 0)")
    waiting = [asyncio.create_task(add(engine, f"{number}")) for number in range(3)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    foreign.execute("COMMIT")
    await asyncio.gather(*waiting)
    assert await keys(engine) == {"foreign", "0", "1", "2"}
    foreign.close()


async def test_a_foreign_tool_that_keeps_the_lock_makes_writes_unavailable(
    database: Path, engine: SqliteEngine, slow_disk: float
) -> None:
    other = await opened(database, slow_disk, wait_limit=0.05)
    foreign = sqlite3.connect(database, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(Unavailable):
            await add(other, "too early")
    foreign.execute("ROLLBACK")
    foreign.close()
    # The try that was under way may still be failing.
    while True:
        try:
            await add(other, "now")
        except Unavailable:
            continue
        break
    assert await keys(other) == {"now"}
    await other.close()


# Disks


async def test_a_full_database_fails_all_it_hits_and_then_works_again(engine: SqliteEngine) -> None:
    """SQLite then drops the whole transaction, with those who wait for its commit."""
    row = engine._writer.connection.execute("PRAGMA page_count").fetchone()
    engine._writer.connection.execute(f"PRAGMA max_page_count = {row[0] + 8}")
    results = await asyncio.gather(
        *(add(engine, f"{number}", b"x" * 10_000) for number in range(20)), return_exceptions=True
    )
    assert {type(result) for result in results} <= {type(None), Unavailable}
    assert Unavailable in {type(result) for result in results}
    assert await keys(engine) == {f"{number}" for number, result in enumerate(results) if result is None}
    engine._writer.connection.execute("PRAGMA max_page_count = 1000000")
    await asyncio.gather(*(add(engine, f"again {number}", b"x" * 10_000) for number in range(20)))
    assert len(await keys(engine)) == results.count(None) + 20


async def test_a_commit_that_fails_fails_all_who_share_it_and_then_works_again(
    database: Path, engine: SqliteEngine, slow_disk: float
) -> None:
    with process(database, "limit", slow_disk=slow_disk) as running:
        told = await line_of(running)
        assert await asyncio.to_thread(running.wait) == 0
    assert told == "0 (1,) 20\n"
    assert await keys(engine) == {"before", *(f"after {number}" for number in range(20))}


def refuse(engine: SqliteEngine, action: int, what: str) -> None:
    """Lets SQLite refuse one statement, on the connection that the writer has now."""
    engine._writer.connection.set_authorizer(
        lambda code, first, *_: sqlite3.SQLITE_DENY if (code, first) == (action, what) else sqlite3.SQLITE_OK
    )


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (sqlite3.SQLITE_TRANSACTION, "BEGIN"),
        (sqlite3.SQLITE_TRANSACTION, "COMMIT"),
        (sqlite3.SQLITE_TRANSACTION, "ROLLBACK"),
        (sqlite3.SQLITE_SAVEPOINT, "BEGIN"),
        (sqlite3.SQLITE_SAVEPOINT, "RELEASE"),
        (sqlite3.SQLITE_SAVEPOINT, "ROLLBACK"),
    ],
    ids=lambda value: {32: "savepoint", 22: "transaction"}.get(value, str(value)),
)
async def test_whatever_statement_fails_the_writer_stays_true_and_recovers(
    engine: SqliteEngine, action: int, what: str
) -> None:
    async def work(number: int) -> None:
        async with engine.transaction():
            await engine.run("INSERT INTO rows (key, half) VALUES (?, 0)", f"{number}")
            if number % 4 == 3:
                raise KeyError

    for round_ in range(3):
        refuse(engine, action, what)
        numbers = range(round_ * 40, round_ * 40 + 40)
        results = await asyncio.gather(*(work(number) for number in numbers), return_exceptions=True)
        assert any(isinstance(result, StoreError | KeyError) for result in results)
        written = {f"{number}" for number, result in zip(numbers, results, strict=True) if result is None}
        assert await keys(engine) >= written
        assert not await keys(engine) & ({f"{number}" for number in numbers} - written)
        engine._writer.connection.set_authorizer(None)
        await add(engine, f"after {round_}")


async def test_a_connection_that_breaks_is_replaced(engine: SqliteEngine) -> None:
    engine._writer.connection.close()
    with pytest.raises(StoreError):
        await add(engine, "lost")
    await add(engine, "after")
    assert await keys(engine) == {"after"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only an administrator can mount a small disk; the tests above simulate one")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


async def test_a_full_disk_is_unavailable_until_there_is_space_again(
    small_disk: Path, slow_disk: float
) -> None:
    engine = await opened(small_disk / "cenote.db", slow_disk)
    async with engine.transaction():
        await engine.run("CREATE TABLE rows (key TEXT NOT NULL PRIMARY KEY, half BIGINT, filling BYTEA)")
    await add(engine, "before")
    with (small_disk / "filling").open("wb", buffering=0) as filling, pytest.raises(OSError, match="space"):
        while True:
            filling.write(b"x" * 512)
    added = set()
    with pytest.raises(Unavailable):
        for number in range(1000):
            await add(engine, f"{number}", b"x" * 10_000)
            added.add(f"{number}")
    results = await asyncio.gather(
        *(add(engine, f"full {number}", b"x" * 10_000) for number in range(10)), return_exceptions=True
    )
    assert all(isinstance(result, Unavailable) for result in results)
    assert await keys(engine) == {"before", *added}
    (small_disk / "filling").unlink()
    await add(engine, "after", b"x" * 10_000)
    assert await keys(engine) == {"before", "after", *added}
    await engine.close()
