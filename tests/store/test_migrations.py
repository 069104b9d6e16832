"""Bringing a database to its shape: order, failures, races, and code that is too old."""

import asyncio
import itertools
import shutil
from pathlib import Path

import msgspec
import pytest
from tests.store.conftest import NOW, POOL, OpenEngine

from cenote import __version__
from cenote.domain.messages import ROUTES_OF_MAIL, Message
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.engine import Engine, StoreError
from cenote.store.migrating import MIGRATIONS, CodeTooOld, migrate, read_migrations, statements
from cenote.store.sealing import Keyring
from cenote.store.sqlite import SqliteEngine
from cenote.store.users import StoredPassword

FIRST = """-- oldest-code: 0.1.0
CREATE TABLE pools (pool_id TEXT NOT NULL PRIMARY KEY);
INSERT INTO pools VALUES ('a;b -- c');
"""
SECOND = "-- oldest-code: 0.1.0\nALTER TABLE pools ADD COLUMN size BIGINT;\nUPDATE pools SET size = 1;\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_pools.sql").write_text(FIRST)
    return folder


async def applied(engine: Engine) -> list[tuple[int, str, str]]:
    rows = await engine.all(
        "SELECT version, name, oldest_code FROM schema_migrations WHERE version > 0 ORDER BY version"
    )
    return [(version, name, oldest) for version, name, oldest in rows]


async def test_an_empty_database_gets_all_of_them_in_order(engine: Engine, folder: Path) -> None:
    (folder / "0002_sizes.sql").write_text(SECOND)
    assert await migrate(engine, "0.1.0", folder=folder) == ["pools", "sizes"]
    assert await engine.all("SELECT pool_id, size FROM pools") == [("a;b -- c", 1)]
    assert await applied(engine) == [(1, "pools", "0.1.0"), (2, "sizes", "0.1.0")]


async def test_only_what_is_lacking_is_applied(engine: Engine, folder: Path) -> None:
    await migrate(engine, "0.1.0", folder=folder)
    assert await migrate(engine, "0.1.0", folder=folder) == []
    (folder / "0002_sizes.sql").write_text(SECOND)
    assert await migrate(engine, "0.1.0", folder=folder) == ["sizes"]
    row = await engine.one("SELECT applied_at FROM schema_migrations WHERE version = 2")
    assert row is not None
    assert row[0] > 1_700_000_000_000


async def test_when_nothing_is_lacking_one_select_is_all(tmp_path: Path, folder: Path) -> None:
    engine = await SqliteEngine.open(tmp_path / "cenote.db")
    await migrate(engine, "0.1.0", folder=folder)
    await engine.one("SELECT 1")
    log: list[str] = []
    assert engine._reader is not None
    engine._reader.set_trace_callback(log.append)
    engine._writer.connection.set_trace_callback(log.append)
    await migrate(engine, "0.1.0", folder=folder)
    assert [sql.split()[0] for sql in log] == ["SELECT"]
    await engine.close()


async def test_a_migration_that_fails_leaves_nothing_behind(engine: Engine, folder: Path) -> None:
    bad = folder / "0002_sizes.sql"
    bad.write_text(SECOND + "CREATE TABLE other (id BIGINT);\nINSERT INTO pools (absent) VALUES (1);\n")
    for _ in range(2):
        with pytest.raises(StoreError):
            await migrate(engine, "0.1.0", folder=folder)
        assert await applied(engine) == [(1, "pools", "0.1.0")]
        with pytest.raises(StoreError):
            await engine.all("SELECT size FROM pools")
        with pytest.raises(StoreError):
            await engine.all("SELECT * FROM other")
    bad.write_text(SECOND)
    assert await migrate(engine, "0.1.0", folder=folder) == ["sizes"]


async def test_of_many_that_start_at_once_each_migration_is_done_by_one(
    open_engine: OpenEngine, folder: Path
) -> None:
    (folder / "0002_sizes.sql").write_text(SECOND)
    engines = [await open_engine() for _ in range(6)]
    done = await asyncio.gather(*(migrate(engine, "0.1.0", folder=folder) for engine in engines))
    assert sorted(name for names in done for name in names) == ["pools", "sizes"]
    for engine in engines:
        assert await engine.all("SELECT pool_id, size FROM pools") == [("a;b -- c", 1)]


async def test_who_comes_second_waits_longer_than_any_limit(open_engine: OpenEngine, folder: Path) -> None:
    first = await open_engine(hold_limit=0.01, wait_limit=0.01)
    second = await open_engine(hold_limit=0.01, wait_limit=0.01)
    await migrate(first, "0.1.0", folder=folder)
    (folder / "0002_sizes.sql").write_text(SECOND)
    inside = asyncio.Event()

    async def slow() -> None:
        async with first.transaction(patient=True):
            await first.run("UPDATE schema_migrations SET applied_at = 0 WHERE version = 0")
            inside.set()
            # Longer than the limits, on any machine.
            await asyncio.sleep(0.1)

    migrating = asyncio.create_task(slow())
    await inside.wait()
    assert await migrate(second, "0.1.0", folder=folder) == ["sizes"]
    await migrating


async def test_code_older_than_the_database_needs_refuses(engine: Engine, folder: Path) -> None:
    (folder / "0002_sizes.sql").write_text(SECOND.replace("0.1.0", "0.10.0"))
    await migrate(engine, "0.10.0", folder=folder)
    with pytest.raises(CodeTooOld, match=r"for Cenote 0\.10\.0 or newer, and this is Cenote 0\.9\.1"):
        await migrate(engine, "0.9.1", folder=folder)
    (folder / "0002_sizes.sql").unlink()
    with pytest.raises(CodeTooOld):
        await migrate(engine, "0.1.0", folder=folder)


@pytest.mark.parametrize("version", ["0.2.0", "0.2.0.dev3", "0.2", "0.2.1rc1", "1.0"])
async def test_code_older_than_the_migrations_but_not_too_old_runs(
    engine: Engine, folder: Path, version: str
) -> None:
    (folder / "0002_sizes.sql").write_text(SECOND.replace("0.1.0", "0.2.0"))
    await migrate(engine, "0.9.0", folder=folder)
    (folder / "0002_sizes.sql").unlink()
    assert await migrate(engine, version, folder=folder) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("0002_sizes.sql", SECOND.replace("-- oldest-code: 0.1.0", "")),
        ("0002_sizes.sql", SECOND.replace("0.1.0", "new")),
        ("2_sizes.sql", SECOND),
        ("0001_again.sql", SECOND),
        ("0000_lock.sql", SECOND),
        ("0002_sizes.sql", SECOND + "UPDATE pools"),
        ("0002_sizes.sql", SECOND + "UPDATE pools SET pool_id = 'no end;"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(ValueError, match="has no"):
        read_migrations(folder)


def test_our_own_migrations_are_as_they_must_be() -> None:
    found = read_migrations()
    assert [migration.version for migration in found] == list(range(1, len(found) + 1))


async def opened_as_of(version: int, engine: Engine, tmp_path: Path) -> Store:
    """The store on a database that had only so many of our own migrations."""
    folder = tmp_path / "ours"
    folder.mkdir()
    for path in sorted(MIGRATIONS.glob("*.sql"))[:version]:
        shutil.copy(path, folder)
    await migrate(engine, __version__, folder=folder)
    return await Store.opened(engine, Keyring.load(tmp_path, {}))


async def test_passwords_that_stood_in_a_table_of_their_own_open_still(
    engine: Engine, tmp_path: Path
) -> None:
    store = await opened_as_of(12, engine, tmp_path)
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
        for sub in ("first", "second", "third"):
            await engine.run(
                "INSERT INTO users (pool_id, sub, username, status, attributes, created_at, updated_at)"
                " VALUES (?, ?, ?, 'CONFIRMED', '{}', 1, 1)",
                POOL, sub, sub,
            )  # fmt: skip
        older = pool.sealer.seal(msgspec.msgpack.encode([b"older"]), table="passwords", row="first/history")
        for sub, history, expires_at in (("first", older, 7), ("second", None, None)):
            record = pool.sealer.seal(sub.encode(), table="passwords", row=sub)
            await engine.run(
                "INSERT INTO passwords (pool_id, sub, password_sealed, history_sealed, set_at, expires_at)"
                " VALUES (?, ?, ?, ?, 5, ?)",
                POOL, sub, record, history, expires_at,
            )  # fmt: skip
    await migrate(engine, __version__)
    assert await store.users.password(pool, "first") == StoredPassword(b"first", (b"older",), 5, 7)
    assert await store.users.password(pool, "second") == StoredPassword(b"second", (), 5, None)
    assert await store.users.password(pool, "third") is None


async def test_messages_that_were_keyed_by_their_pool_are_delivered_and_shown_still(
    engine: Engine, tmp_path: Path
) -> None:
    store = await opened_as_of(13, engine, tmp_path)
    pools = ("eu-central-1_First0000", "eu-central-1_Second000")
    async with store.transaction():
        for number, (pool_id, state) in enumerate(itertools.product(pools, ("due", "kept"))):
            if state == "due":
                pool = await store.pools.add(pool_id, "eu-central-1", {}, now=NOW)
            to = f"{number}@example.com"
            message = Message(
                pool_id, str(number), "EMAIL", to, "Hello", "Body", "123456", None, NOW - number
            )
            await store.messages.add(pool.sealer, message, state=state)
    await migrate(engine, __version__)
    assert [one.message_id for one in await store.messages.list_(to=None, limit=10)] == ["3", "2", "1", "0"]
    async with store.transaction():
        due = await store.messages.take_due(routes=ROUTES_OF_MAIL, now=NOW, lease=1, limit=10)
        for one in due:
            await store.messages.set_state(one.message, "sent", due_at=NOW)
    assert [one.message.to for one in due] == ["2@example.com", "0@example.com"]
    async with store.transaction():
        await store.pools.remove(pools[0])
    assert {one.pool_id for one in await store.messages.list_(to=None, limit=10)} == {pools[1]}
    assert await store.messages.counts() == {("EMAIL", "sent"): 1, ("EMAIL", "kept"): 1}


async def test_names_that_stood_with_an_index_by_user_are_found_and_removed_still(
    engine: Engine, tmp_path: Path
) -> None:
    store = await opened_as_of(13, engine, tmp_path)
    names = [("username", "ada"), ("email", "ada@example.com")]
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
        await store.users.add(pool, User(POOL, "sub", "ada", "CONFIRMED", {}, NOW, NOW), names)
    await migrate(engine, __version__)
    for name in names:
        found = await store.users.find(POOL, [name])
        assert found is not None
        assert found.username == "ada"
    async with store.transaction():
        await store.users.remove(POOL, "sub", names)
    assert await engine.all("SELECT * FROM user_names") == []
    async with store.transaction():
        await store.users.add(pool, User(POOL, "new", "ada", "CONFIRMED", {}, NOW, NOW), names)
        await store.pools.remove(POOL)
    assert await engine.all("SELECT * FROM user_names") == []


async def test_our_own_migrations_apply(engine: Engine) -> None:
    assert await migrate(engine, "0.1.0") == [migration.name for migration in read_migrations()]
    assert await migrate(engine, "0.1.0") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (";;\n;", []),
        ("SELECT 1;SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' , \"a;b\", 'it''s;';", ["SELECT ';' , \"a;b\", 'it''s;'"]),
        ("-- a; comment's\nSELECT 1; -- end;", ["SELECT 1"]),
        ("SELECT /* a; ' */ 1 - 2 / 3;", ["SELECT   1 - 2 / 3"]),
        ("SELECT '-- none', '/* none */';", ["SELECT '-- none', '/* none */'"]),
    ],
)
def test_statements_end_at_semicolons_outside_quotes_and_comments(text: str, expected: list[str]) -> None:
    assert statements(text) == expected


@pytest.mark.parametrize("text", ["SELECT 1", "SELECT 'a;", 'SELECT "a;', "SELECT 1; /* a", "SELECT 1; x"])
def test_a_text_without_an_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="has no end"):
        statements(text)
