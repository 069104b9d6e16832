"""What every engine does alike: statements, errors, and the rules of transactions."""

import asyncio

import pytest
from tests.store.conftest import OpenEngine

from cenote.store.engine import (
    Engine,
    ForeignKeyViolation,
    NoSuchTable,
    StoreError,
    UniqueViolation,
    Unstorable,
)
from cenote.store.engine import open_engine as pick
from cenote.store.transactions import Keep, forbid_in_transaction, in_transaction


@pytest.fixture(autouse=True)
async def tables(engine: Engine) -> None:
    async with engine.transaction():
        await engine.run("CREATE TABLE pools (pool_id TEXT NOT NULL PRIMARY KEY, size BIGINT)")
        await engine.run(
            "CREATE TABLE users (pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,"
            " name TEXT NOT NULL, secret BYTEA, PRIMARY KEY (pool_id, name))"
        )


async def add_pool(engine: Engine, pool_id: str, size: int | None = None) -> int:
    return await engine.run("INSERT INTO pools (pool_id, size) VALUES (?, ?)", pool_id, size)


async def pools(engine: Engine) -> list[str]:
    return [row[0] for row in await engine.all("SELECT pool_id FROM pools ORDER BY pool_id")]


# Statements


async def test_values_come_back_as_they_went_in(engine: Engine) -> None:
    async with engine.transaction():
        await add_pool(engine, "größe 🌵", -(2**63))
        await engine.run("INSERT INTO users VALUES (?, ?, ?)", "größe 🌵", "'; DROP--", b"\x00\xff")
        await add_pool(engine, "empty")
    assert await engine.all("SELECT pool_id, size FROM pools ORDER BY size") in (
        [("größe 🌵", -(2**63)), ("empty", None)],
        # PostgreSQL sorts null last, SQLite first: our SQL never depends on it.
        [("empty", None), ("größe 🌵", -(2**63))],
    )
    assert await engine.one("SELECT name, secret FROM users") == ("'; DROP--", b"\x00\xff")


async def test_one_gives_the_first_row_or_none(engine: Engine) -> None:
    async with engine.transaction():
        await engine.many("INSERT INTO pools (pool_id, size) VALUES (?, ?)", [("a", 1), ("b", 2)])
    assert await engine.one("SELECT pool_id FROM pools ORDER BY pool_id") == ("a",)
    assert await engine.one("SELECT pool_id FROM pools WHERE size > ?", 2) is None
    assert await engine.all("SELECT pool_id FROM pools WHERE size > ?", 2) == []


async def test_run_tells_how_many_rows_it_changed(engine: Engine) -> None:
    insert = "INSERT INTO pools (pool_id, size) VALUES (?, ?) ON CONFLICT (pool_id) DO NOTHING"
    async with engine.transaction():
        assert await engine.run(insert, "a", 1) == 1
        assert await engine.run(insert, "a", 1) == 0
        assert await engine.run(insert, "b", 1) == 1
        assert await engine.run("UPDATE pools SET size = ? WHERE size = ?", 2, 1) == 2
        assert await engine.run("UPDATE pools SET size = ? WHERE size = ?", 2, 1) == 0
        assert await engine.run("DELETE FROM pools") == 2
        assert await engine.run("CREATE TABLE other (id BIGINT)") == 0


async def test_a_write_may_return_rows(engine: Engine) -> None:
    async with engine.transaction():
        await add_pool(engine, "a", 1)
        taken = await engine.one("DELETE FROM pools WHERE pool_id = ? RETURNING size", "a")
        again = await engine.one("DELETE FROM pools WHERE pool_id = ? RETURNING size", "a")
    assert (taken, again) == ((1,), None)
    assert await pools(engine) == []


async def test_question_marks_in_quotes_are_no_parameters(engine: Engine) -> None:
    assert (
        await engine.one("SELECT 'a?''?', \"size\" FROM pools WHERE pool_id = ? OR '?' = ?", "", "") is None
    )
    async with engine.transaction():
        await add_pool(engine, "what?", 3)
    row = await engine.one("SELECT 'a?''?', \"size\" -- why?\n FROM pools WHERE pool_id = ?", "what?")
    assert row == ("a?'?", 3)


async def test_removing_a_row_removes_what_refers_to_it(engine: Engine) -> None:
    async with engine.transaction():
        await add_pool(engine, "a")
        await engine.run("INSERT INTO users VALUES (?, ?, ?)", "a", "ann", None)
    async with engine.transaction():
        await engine.run("DELETE FROM pools WHERE pool_id = ?", "a")
    assert await engine.all("SELECT * FROM users") == []


# Errors


async def test_a_second_row_with_the_same_key_names_table_and_columns(engine: Engine) -> None:
    async with engine.transaction():
        await add_pool(engine, "a")
        await engine.run("INSERT INTO users VALUES (?, ?, ?)", "a", "ann", None)
    with pytest.raises(UniqueViolation) as raised:
        async with engine.transaction():
            await engine.run("INSERT INTO users VALUES (?, ?, ?)", "a", "ann", None)
    assert (raised.value.table, raised.value.columns) == ("users", ("pool_id", "name"))


async def test_a_unique_index_is_told_by_its_columns(engine: Engine) -> None:
    async with engine.transaction():
        await engine.run("CREATE UNIQUE INDEX pools_by_size ON pools (size)")
        await add_pool(engine, "a", 1)
    with pytest.raises(UniqueViolation) as raised:
        async with engine.transaction():
            await add_pool(engine, "b", 1)
    assert (raised.value.table, raised.value.columns) == ("pools", ("size",))


async def test_a_row_that_refers_to_nothing_is_refused(engine: Engine) -> None:
    with pytest.raises(ForeignKeyViolation):
        async with engine.transaction():
            await engine.run("INSERT INTO users VALUES (?, ?, ?)", "gone", "ann", None)


async def test_a_missing_table_is_told_apart(engine: Engine) -> None:
    with pytest.raises(NoSuchTable):
        await engine.all("SELECT * FROM absent")


async def test_a_statement_that_makes_no_sense_is_a_store_error(engine: Engine) -> None:
    with pytest.raises(StoreError) as raised:
        await engine.all("SELECT absent FROM pools")
    assert type(raised.value) is StoreError


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
async def test_an_integer_beyond_64_bits_is_unstorable(engine: Engine, value: int) -> None:
    with pytest.raises(Unstorable):
        async with engine.transaction():
            await add_pool(engine, "a", value)
    assert await pools(engine) == []


@pytest.mark.parametrize("text", ["\ud800", "nul\0"])
async def test_text_that_no_database_holds_is_unstorable(engine: Engine, text: str) -> None:
    with pytest.raises(Unstorable):
        await engine.all("SELECT * FROM pools WHERE pool_id = ?", text)
    with pytest.raises(Unstorable):
        await engine.one("SELECT * FROM pools WHERE pool_id = ?", text)
    with pytest.raises(Unstorable):
        async with engine.transaction():
            await add_pool(engine, text)
    with pytest.raises(Unstorable):
        async with engine.transaction():
            await engine.many("INSERT INTO pools (pool_id) VALUES (?)", [("a",), (text,)])
    assert await pools(engine) == []


async def test_errors_hold_no_values(engine: Engine) -> None:
    """Case 84: what is written to a log is written from these."""
    async with engine.transaction():
        await add_pool(engine, "s3cret")
    for secret, statement in (
        ("s3cret", "INSERT INTO pools (pool_id, size) VALUES (?, 1)"),
        ("s3cret", "INSERT INTO users (pool_id, name) VALUES ('none', ?)"),
        ("s3cret\ud800", "INSERT INTO pools (pool_id, size) VALUES (?, 1)"),
    ):
        with pytest.raises(StoreError) as raised:
            async with engine.transaction():
                await engine.run(statement, secret)
        assert "s3cret" not in str(raised.value) + repr(raised.value)


async def test_the_engine_works_on_after_every_error(engine: Engine) -> None:
    for statement in ("SELECT absent FROM pools", "SELECT * FROM absent"):
        with pytest.raises(StoreError):
            await engine.all(statement)
        with pytest.raises(StoreError):
            async with engine.transaction():
                await engine.all(statement)
    async with engine.transaction():
        await add_pool(engine, "a")
    assert await pools(engine) == ["a"]


# Transactions


async def test_leaving_a_transaction_keeps_all_of_it(engine: Engine, open_engine: OpenEngine) -> None:
    async with engine.transaction():
        await add_pool(engine, "a")
        await add_pool(engine, "b")
    other = await open_engine()
    assert await pools(other) == ["a", "b"]


async def test_an_exception_undoes_all_of_it(engine: Engine) -> None:
    with pytest.raises(KeyError):
        async with engine.transaction():
            await add_pool(engine, "a")
            raise KeyError
    assert await pools(engine) == []


async def test_keep_commits_and_raises_its_error(engine: Engine) -> None:
    cause = ValueError("why")
    error = KeyError("wrong password")
    error.__cause__ = cause
    with pytest.raises(KeyError) as raised:
        async with engine.transaction():
            await add_pool(engine, "a")
            raise Keep(error)
    assert raised.value is error
    assert raised.value.__cause__ is cause
    assert await pools(engine) == ["a"]


async def test_a_transaction_within_another_joins_it(engine: Engine) -> None:
    with pytest.raises(KeyError):
        async with engine.transaction():
            async with engine.transaction():
                await add_pool(engine, "a")
            raise KeyError
    assert await pools(engine) == []


async def test_keep_from_within_keeps_the_outer_one(engine: Engine) -> None:
    with pytest.raises(KeyError):
        async with engine.transaction():
            await add_pool(engine, "a")
            async with engine.transaction():
                await add_pool(engine, "b")
                raise Keep(KeyError())
    assert await pools(engine) == ["a", "b"]


async def test_a_failure_within_cannot_be_swallowed_outside(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="swallowed"):
        async with engine.transaction():
            await add_pool(engine, "a")
            with pytest.raises(KeyError):
                async with engine.transaction():
                    await add_pool(engine, "b")
                    raise KeyError
    assert await pools(engine) == []


async def test_after_a_failed_statement_nothing_more_can_be_done(engine: Engine) -> None:
    async with engine.transaction():
        await add_pool(engine, "a")
    with pytest.raises(RuntimeError, match="only be rolled back"):
        async with engine.transaction():
            await add_pool(engine, "b")
            with pytest.raises(UniqueViolation):
                await add_pool(engine, "a")
            await add_pool(engine, "c")
    assert await pools(engine) == ["a"]


@pytest.mark.parametrize("leave", [None, Keep(KeyError())])
async def test_a_swallowed_failure_is_never_committed(engine: Engine, leave: Keep | None) -> None:
    async with engine.transaction():
        await add_pool(engine, "a")
    with pytest.raises(RuntimeError, match="swallowed"):
        async with engine.transaction():
            await add_pool(engine, "b")
            with pytest.raises(UniqueViolation):
                await add_pool(engine, "a")
            if leave:
                raise leave
    assert await pools(engine) == ["a"]


async def test_a_write_outside_a_transaction_is_refused(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="needs a transaction"):
        await add_pool(engine, "a")
    with pytest.raises(RuntimeError, match="needs a transaction"):
        await engine.many("INSERT INTO pools (pool_id) VALUES (?)", [("a",)])
    with pytest.raises(RuntimeError, match="needs a transaction"):
        await engine.one("INSERT INTO pools (pool_id) VALUES (?) RETURNING size", "a")
    with pytest.raises(RuntimeError, match="needs a transaction"):
        await engine.all("DELETE FROM pools RETURNING size")
    assert await pools(engine) == []


async def test_others_see_only_what_is_committed(engine: Engine) -> None:
    async def others() -> list[str]:
        return await pools(engine)

    outside = asyncio.Event()
    inside = asyncio.Event()

    async def writer() -> None:
        async with engine.transaction():
            await add_pool(engine, "a")
            inside.set()
            await outside.wait()

    writing = asyncio.create_task(writer())
    await inside.wait()
    assert await others() == []
    outside.set()
    await writing
    assert await others() == ["a"]


async def test_a_transaction_sees_its_own_writes(engine: Engine) -> None:
    async with engine.transaction():
        await add_pool(engine, "a")
        assert await pools(engine) == ["a"]


async def test_it_is_known_whether_a_transaction_is_open(engine: Engine) -> None:
    """Law 3: outbound calls ask this."""
    assert not in_transaction()
    forbid_in_transaction()
    async with engine.transaction():
        assert in_transaction()
        with pytest.raises(RuntimeError, match="network"):
            forbid_in_transaction()
        async with engine.transaction():
            pass
        assert in_transaction()
    assert not in_transaction()
    forbid_in_transaction()


async def test_a_transaction_of_another_database_is_refused(engine: Engine, open_engine: OpenEngine) -> None:
    other = await open_engine()
    with pytest.raises(RuntimeError, match="another database"):
        async with engine.transaction(), other.transaction():
            pass
    with pytest.raises(RuntimeError, match="another database"):
        async with engine.transaction():
            await pools(other)


# Tasks


async def test_a_child_task_cannot_use_the_transaction_it_was_started_in(engine: Engine) -> None:
    async with engine.transaction():
        await add_pool(engine, "a")
        child = asyncio.create_task(add_pool(engine, "b"))
        with pytest.raises(RuntimeError, match="another task"):
            await child
        with pytest.raises(RuntimeError, match="another task"):
            await asyncio.gather(pools(engine))
        await add_pool(engine, "c")
    assert await pools(engine) == ["a", "c"]


async def test_a_child_task_that_outlives_the_transaction_cannot_write(engine: Engine) -> None:
    go = asyncio.Event()

    async def late() -> None:
        await go.wait()
        await add_pool(engine, "late")

    async def late_in_one_of_its_own() -> None:
        await go.wait()
        async with engine.transaction():
            await add_pool(engine, "late")

    async with engine.transaction():
        children = [asyncio.create_task(late()), asyncio.create_task(late_in_one_of_its_own())]
    async with engine.transaction():
        go.set()
        for child in children:
            with pytest.raises(RuntimeError, match="another task"):
                await child
    assert await pools(engine) == []


async def test_a_cancelled_transaction_is_rolled_back(engine: Engine) -> None:
    inside = asyncio.Event()

    async def writer() -> None:
        async with engine.transaction():
            await add_pool(engine, "a")
            inside.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(writer())
    await inside.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with engine.transaction():
        await add_pool(engine, "b")
    assert await pools(engine) == ["b"]


async def test_a_closed_engine_refuses(engine: Engine) -> None:
    await engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        await pools(engine)
    with pytest.raises(RuntimeError, match="closed"):
        async with engine.transaction():
            pass
    await engine.close()


async def test_the_engine_is_picked_by_the_url(database: str) -> None:
    engine = await pick(database)
    async with engine.transaction():
        await engine.run("CREATE TABLE other (id BIGINT)")
    assert ("Postgres" in type(engine).__name__) == database.startswith("postgresql:")
    await engine.close()
