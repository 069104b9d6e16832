"""App clients on both engines: a pool has room for so many, however many ask at once."""

import asyncio
from functools import partial

from tests.store.conftest import NOW, POOL

from cenote.store import Store
from cenote.store.pools import Pool
from cenote.store.transactions import retrying


async def test_of_many_clients_at_once_none_gets_beyond_the_limit(store: Store, pool: Pool) -> None:
    async def add(number: int) -> bool:
        async with store.transaction():
            if not await store.clients.has_room(POOL, 7):
                return False
            await store.clients.add(pool, f"client{number}", {}, now=NOW)
            return True

    added = await asyncio.gather(*(retrying(partial(add, number), attempts=200) for number in range(50)))
    assert sum(added) == 7
    assert len(await store.clients.list_(pool, after="", limit=100)) == 7


async def test_another_pools_clients_take_no_room(store: Store, pool: Pool) -> None:
    other = "eu-central-1_Other0000"
    async with store.transaction():
        await store.pools.add(other, "eu-central-1", {}, now=NOW)
        await store.clients.add(pool, "client", {}, now=NOW)
        assert await store.clients.has_room(other, 1)
        assert not await store.clients.has_room(POOL, 1)
