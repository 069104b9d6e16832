"""Rewrapping every data key after a rotation, while others use and add them."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.store.conftest import OpenEngine

from cenote.store.engine import Engine
from cenote.store.master_key import MasterKeyError
from cenote.store.rewrapping import prune, rewrap
from cenote.store.sealing import Keyring, UnknownMasterKey

NOW = 1_700_000_000_000
POOLS = 250


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.load(tmp_path, {})


@pytest.fixture(autouse=True)
async def tables(engine: Engine, keyring: Keyring) -> None:
    async with engine.transaction():
        await engine.run("CREATE TABLE server_keys (name TEXT NOT NULL PRIMARY KEY, seal_key BYTEA NOT NULL)")
        await engine.run("CREATE TABLE pools (pool_id TEXT NOT NULL PRIMARY KEY, seal_key BYTEA NOT NULL)")
        await engine.run(
            "INSERT INTO server_keys VALUES ('server', ?)", data_key(keyring, "server_keys", "server")
        )
        for number in range(POOLS):
            await add_pool(engine, keyring, f"pool {number}")


def data_key(keyring: Keyring, table: str, row: str) -> bytes:
    return keyring.wrap(os.urandom(32), table=table, row=row)


async def add_pool(engine: Engine, keyring: Keyring, name: str) -> None:
    await engine.run("INSERT INTO pools VALUES (?, ?)", name, data_key(keyring, "pools", name))


async def data_keys(engine: Engine, keyring: Keyring) -> dict[str, bytes]:
    rows = await engine.all("SELECT pool_id, seal_key FROM pools")
    return {row: keyring.unwrap(wrapped, table="pools", row=row) for row, wrapped in rows}


async def test_all_data_keys_are_wrapped_again_and_stay_the_same(engine: Engine, keyring: Keyring) -> None:
    before = await data_keys(engine, keyring)
    assert await rewrap(engine, keyring) == 0
    keyring.rotate(now=NOW)
    assert await rewrap(engine, keyring) == POOLS + 1
    assert await rewrap(engine, keyring) == 0
    assert await prune(engine, keyring, now=NOW + 60_000) == 1
    assert await data_keys(engine, keyring) == before
    row = await engine.one("SELECT seal_key FROM server_keys")
    assert row is not None
    assert len(keyring.unwrap(row[0], table="server_keys", row="server")) == 32


async def test_a_process_that_runs_on_reads_all_the_time(
    tmp_path: Path, engine: Engine, open_engine: OpenEngine, keyring: Keyring
) -> None:
    other_engine, other = await open_engine(), Keyring.load(tmp_path, {})
    before = await data_keys(other_engine, other)
    done = asyncio.Event()

    async def read_and_add() -> int:
        added = 0
        while not done.is_set() or added < 10:
            found = await data_keys(other_engine, other)
            assert found.items() >= before.items()
            async with other_engine.transaction():
                await add_pool(other_engine, other, f"new {added}")
            added += 1
        return added

    async def rotate() -> None:
        keyring.rotate(now=NOW)
        await rewrap(engine, keyring)
        done.set()

    added, _ = await asyncio.gather(read_and_add(), rotate())
    await prune(engine, keyring, now=NOW + 60_000)
    assert len(await data_keys(engine, Keyring.load(tmp_path, {}))) == POOLS + added


async def test_two_who_rewrap_at_once_do_each_row_once(
    engine: Engine, open_engine: OpenEngine, tmp_path: Path, keyring: Keyring
) -> None:
    keyring.rotate(now=NOW)
    other_engine, other = await open_engine(), Keyring.load(tmp_path, {})
    counts = await asyncio.gather(rewrap(engine, keyring), rewrap(other_engine, other))
    assert sum(counts) == POOLS + 1


async def test_pruning_rewraps_first(engine: Engine, keyring: Keyring) -> None:
    before = await data_keys(engine, keyring)
    keyring.rotate(now=NOW)
    assert await prune(engine, keyring, now=NOW + 60_000) == 1
    assert await data_keys(engine, keyring) == before


async def test_pruning_too_early_drops_nothing(engine: Engine, keyring: Keyring) -> None:
    keyring.rotate(now=NOW)
    with pytest.raises(MasterKeyError, match="less than a minute"):
        await prune(engine, keyring, now=NOW)
    assert len(await data_keys(engine, keyring)) == POOLS


async def test_a_row_under_a_key_that_is_gone_stops_the_pruning(
    engine: Engine, keyring: Keyring, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    foreign = Keyring.load(tmp_path / "other", {})
    async with engine.transaction():
        await add_pool(engine, foreign, "restored from elsewhere")
    keyring.rotate(now=NOW)
    with pytest.raises(UnknownMasterKey):
        await prune(engine, keyring, now=NOW + 60_000)
    async with engine.transaction():
        await engine.run("DELETE FROM pools WHERE pool_id = 'restored from elsewhere'")
    assert len(await data_keys(engine, keyring)) == POOLS
