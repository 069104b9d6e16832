"""Pools on both engines: what is changed in a transaction is what nobody else changes meanwhile."""

import asyncio
from functools import partial
from typing import Any

import pytest
from tests.store.conftest import NOW, POOL

from cenote.domain.errors import ResourceNotFound
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.pools import Pool
from cenote.store.transactions import retrying


async def test_of_many_changes_at_once_each_is_kept(store: Store, pool: Pool) -> None:
    async def change(number: int) -> None:
        async with store.transaction():
            found = await store.pools.get(POOL)
            await asyncio.sleep(0)
            await store.pools.set_document(POOL, {**found.document, f"Member{number}": number}, now=NOW)

    await asyncio.gather(*(retrying(partial(change, number)) for number in range(50)))
    after = await store.pools.get(POOL)
    assert after.document == {f"Member{number}": number for number in range(50)}
    assert after.revision == pool.revision + 50


async def test_a_pool_is_not_removed_while_its_protection_is_being_set(store: Store, pool: Pool) -> None:
    async def protect() -> str:
        async with store.transaction():
            document = (await store.pools.get(POOL)).document
            await asyncio.sleep(0)
            await store.pools.set_document(POOL, {**document, "Protected": True}, now=NOW)
        return "protected"

    async def remove() -> str:
        async with store.transaction():
            if (await store.pools.get(POOL)).document.get("Protected"):
                return "refused"
            await asyncio.sleep(0)
            await store.pools.remove(POOL)
        return "removed"

    said: Any = await asyncio.gather(protect(), remove(), return_exceptions=True)
    if said[0] == "protected":
        assert said[1] == "refused"
    else:
        assert (isinstance(said[0], ResourceNotFound), said[1]) == (True, "removed")


async def test_a_pool_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(ResourceNotFound, match=r"^User pool eu-central-1_Nowhere00 does not exist\.$"):
        await store.pools.get("eu-central-1_Nowhere00")


async def test_the_users_of_a_pool_are_counted(store: Store, pool: Pool) -> None:
    assert await store.pools.count_users(POOL) == 0
    async with store.transaction():
        for number in range(3):
            sub = f"00000000-0000-4000-8000-{number:012}"
            await store.users.add(
                pool,
                User(pool.pool_id, sub, f"u{number}", "CONFIRMED", {}, NOW, NOW),
                [("username", f"u{number}")],
            )
    assert await store.pools.count_users(POOL) == 3
