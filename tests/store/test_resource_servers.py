"""Resource servers on both engines: a pool has room for so many, however many ask at once."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from cenote import __version__
from cenote.domain import resource_servers as rules
from cenote.domain.errors import LimitExceeded
from cenote.store import Store
from cenote.store.engine import Engine
from cenote.store.migrating import migrate
from cenote.store.pools import Pool
from cenote.store.sealing import Keyring
from cenote.store.transactions import retrying

POOL = "eu-central-1_Abcdefghi"
NOW = 1_790_000_000_000


@pytest.fixture
async def store(engine: Engine, tmp_path: Path) -> Store:
    await migrate(engine, __version__)
    return await Store.opened(engine, Keyring.load(tmp_path, {}))


@pytest.fixture
async def pool(store: Store) -> Pool:
    async with store.transaction():
        return await store.pools.add(POOL, "eu-central-1", {}, now=NOW)


@pytest.mark.usefixtures("pool")
async def test_of_many_servers_at_once_none_gets_beyond_the_limit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST", 7)

    async def add(number: int) -> bool:
        document = {"Identifier": f"https://{number}.example.com", "Name": "n", "Scopes": []}
        try:
            async with store.transaction():
                await store.resource_servers.add(POOL, document)
        except LimitExceeded:
            return False
        return True

    added = await asyncio.gather(*(retrying(partial(add, number), attempts=200) for number in range(50)))
    assert sum(added) == 7
    assert len(await store.resource_servers.list_(POOL, after="", limit=100)) == 7
