"""Events of exported logs on both engines: taken by one worker each, oldest first, put off, removed."""

import asyncio

from tests.store.conftest import NOW, POOL

from cenote.store import Store
from cenote.store.log_events import LogEvent
from cenote.store.pools import Pool
from cenote.store.transactions import retrying

ARN = "arn:aws:logs:eu-central-1:123456789012:log-group:g"


async def queue(store: Store, pool: Pool, name: str, *, at: int = NOW) -> None:
    async with store.transaction():
        await store.log_events.add(pool.sealer, LogEvent(POOL, name, "logs", ARN, b'{"user":"ada"}', at))


async def taken(store: Store, *, now: int = NOW, limit: int = 10) -> list[LogEvent]:
    async def take() -> list[LogEvent]:
        async with store.transaction():
            return await store.log_events.take_due(now=now, lease=1000, limit=limit)

    return await retrying(take)


async def test_an_event_is_taken_whole_and_by_one(store: Store, pool: Pool) -> None:
    for name in ("b", "a", "c"):
        await queue(store, pool, name)
    assert await store.log_events.any_due(now=NOW)
    events = await taken(store)
    assert [event.event_id for event in events] == ["a", "b", "c"]
    assert events[0] == LogEvent(POOL, "a", "logs", ARN, b'{"user":"ada"}', NOW, tries=1)
    assert await taken(store) == []
    assert not await store.log_events.any_due(now=NOW)
    assert [event.tries for event in await taken(store, now=NOW + 1000)] == [2, 2, 2]


async def test_of_many_takers_each_gets_events_of_its_own(store: Store, pool: Pool) -> None:
    for index in range(20):
        await queue(store, pool, f"e{index:02}")
    batches = await asyncio.gather(*(taken(store, limit=7) for _ in range(5)))
    names = [event.event_id for batch in batches for event in batch]
    assert len(names) == len(set(names))


async def test_an_event_is_put_off_and_in_the_end_removed(store: Store, pool: Pool) -> None:
    await queue(store, pool, "one")
    events = await taken(store)
    async with store.transaction():
        await store.log_events.postpone(events, due_at=NOW + 5000)
    assert await taken(store, now=NOW + 4999) == []
    assert await taken(store, now=NOW + 5000)
    async with store.transaction():
        await store.log_events.remove(events)
    assert not await store.log_events.any_due(now=NOW + 10**9)


async def test_an_event_is_sealed_for_its_own_row(store: Store, pool: Pool) -> None:
    await queue(store, pool, "one")
    assert "ada" not in repr(await store.engine.all("SELECT * FROM log_events"))
