"""Resource servers on both engines: a pool has room for so many, however many ask at once."""

import asyncio
from functools import partial

import pytest
from tests.store.conftest import POOL

from cenote.domain import resource_servers as rules
from cenote.domain.errors import LimitExceeded
from cenote.store import Store
from cenote.store.transactions import retrying


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
