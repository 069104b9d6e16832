"""Codes, counts and queued messages on both engines, under many hands at once."""

import asyncio

import pytest
from tests.store.conftest import NOW, POOL

from cenote.domain.messages import ROUTES_OF_MAIL as MAIL
from cenote.domain.messages import Message
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.codes import StoredCode
from cenote.store.pools import Pool
from cenote.store.transactions import retrying

SUB = "0b0c0d0e-0000-4000-8000-000000000001"
PURPOSE = "sign_up"


@pytest.fixture
async def pool(store: Store) -> Pool:
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
        await store.users.add(
            pool, User(POOL, SUB, "ada", "UNCONFIRMED", {}, NOW, NOW), [("username", "ada")]
        )
    return pool


async def queue(store: Store, pool: Pool, name: str, *, state: str = "due", at: int = NOW) -> None:
    message = Message(POOL, name, "EMAIL", f"{name}@Example.com", "Hello", "Body", "123456", None, at)
    async with store.transaction():
        await store.messages.add(pool.sealer, message, state=state)


async def taken(store: Store, *, now: int, limit: int = 10) -> list[str]:
    async def take() -> list[str]:
        async with store.transaction():
            due = await store.messages.take_due(routes=MAIL, now=now, lease=1000, limit=limit)
        return [one.message.message_id for one in due]

    return await retrying(take, attempts=20)


async def test_a_message_is_taken_once_in_its_lease_and_again_after_it(store: Store, pool: Pool) -> None:
    await queue(store, pool, "one")
    assert await store.messages.any_due(routes=MAIL, now=NOW)
    assert await taken(store, now=NOW) == ["one"]
    assert not await store.messages.any_due(routes=MAIL, now=NOW + 999)
    assert await taken(store, now=NOW + 999) == []
    assert await taken(store, now=NOW + 1000) == ["one"]


async def test_of_many_takers_each_gets_messages_of_its_own(store: Store, pool: Pool) -> None:
    for index in range(30):
        await queue(store, pool, f"m{index:02}")
    batches = await asyncio.gather(*(taken(store, now=NOW, limit=7) for _ in range(8)))
    everything = [name for batch in batches for name in batch]
    assert len(everything) == len(set(everything))
    while rest := await taken(store, now=NOW):
        everything += rest
    assert sorted(everything) == [f"m{index:02}" for index in range(30)]


async def test_only_what_is_due_is_taken(store: Store, pool: Pool) -> None:
    await queue(store, pool, "kept", state="kept")
    await queue(store, pool, "void", state="void")
    await queue(store, pool, "later", at=NOW + 1)
    assert await taken(store, now=NOW) == []


async def test_a_message_to_nobody_is_never_shown(store: Store, pool: Pool) -> None:
    for state in ("due", "kept", "void"):
        await queue(store, pool, state, state=state)
    shown = await store.messages.list_(to=None, limit=10)
    assert {message.message_id for message in shown} == {"due", "kept"}
    assert await store.messages.list_(to="void@example.com", limit=10) == []
    assert len(await store.messages.list_(to="KEPT@example.com", limit=10)) == 1


async def test_what_a_message_says_is_sealed(store: Store, pool: Pool) -> None:
    await queue(store, pool, "one")
    rows = await store.engine.all("SELECT * FROM messages")
    assert "example" not in repr(rows).lower()
    assert "123456" not in repr(rows)


async def test_old_messages_are_removed_and_those_still_due_are_not(store: Store, pool: Pool) -> None:
    for state in ("due", "kept", "void", "sent", "dead"):
        await queue(store, pool, state, state=state)
    async with store.transaction():
        assert await store.messages.remove_old(before=NOW, dead_before=NOW, limit=10) == 0
        assert await store.messages.remove_old(before=NOW + 1, dead_before=NOW, limit=2) == 2
        assert await store.messages.remove_old(before=NOW + 1, dead_before=NOW, limit=10) == 1
        assert await store.messages.counts() == {("EMAIL", "due"): 1, ("EMAIL", "dead"): 1}
        assert await store.messages.remove_old(before=NOW + 1, dead_before=NOW + 1, limit=10) == 1
    assert await taken(store, now=NOW) == ["due"]


async def test_what_nobody_takes_is_given_up(store: Store, pool: Pool) -> None:
    for name in ("one", "two"):
        await queue(store, pool, name)
    await queue(store, pool, "kept", state="kept")
    async with store.transaction():
        assert await store.messages.give_up(before=NOW, limit=10) == 0
        assert await store.messages.give_up(before=NOW + 1, limit=1) == 1
        assert await store.messages.give_up(before=NOW + 1, limit=10) == 1
    assert await store.messages.counts() == {("EMAIL", "dead"): 2, ("EMAIL", "kept"): 1}
    assert {message.error for message in await store.messages.list_(to=None, limit=10)} == {None, "too old"}


async def test_messages_to_nobody_are_removed_on_their_own(store: Store, pool: Pool) -> None:
    for state in ("due", "kept", "void"):
        await queue(store, pool, state, state=state)
    async with store.transaction():
        assert await store.messages.remove_void(before=NOW, limit=10) == 0
        assert await store.messages.remove_void(before=NOW + 1, limit=10) == 1
    assert len(await store.messages.list_(to=None, limit=10)) == 2


async def test_a_message_is_taken_by_its_own_way_only(store: Store, pool: Pool) -> None:
    await queue(store, pool, "one")
    async with store.transaction():
        assert await store.messages.take_due(routes=("SMS", "DEVELOPER"), now=NOW, lease=1, limit=9) == []
    assert not await store.messages.any_due(routes=("SMS",), now=NOW)
    assert await taken(store, now=NOW) == ["one"]


async def test_a_queued_message_wakes_who_waits_for_one(store: Store, pool: Pool) -> None:
    mail, texts = store.messages.watched(MAIL), store.messages.watched(("SMS",))
    await queue(store, pool, "kept", state="kept")
    assert not mail.is_set()
    await queue(store, pool, "due")
    assert mail.is_set()
    assert not texts.is_set()


async def test_tries_at_a_code_are_never_exceeded(store: Store, pool: Pool) -> None:
    async with store.transaction():
        await store.codes.set_(POOL, SUB, PURPOSE, StoredCode(b"hash", "email=x", NOW, 5))

    async def guess() -> bool:
        async def once() -> bool:
            async with store.transaction():
                return await store.codes.spend_try(POOL, SUB, PURPOSE) is not None

        return await retrying(once, attempts=50)

    assert sum(await asyncio.gather(*(guess() for _ in range(30)))) == 5


async def test_a_code_is_used_up_by_one(store: Store, pool: Pool) -> None:
    async with store.transaction():
        await store.codes.set_(POOL, SUB, PURPOSE, StoredCode(b"hash", None, NOW, 5))

    async def take(code_hash: bytes) -> bool:
        async def once() -> bool:
            async with store.transaction():
                return await store.codes.take(POOL, SUB, PURPOSE, code_hash)

        return await retrying(once, attempts=50)

    assert await take(b"another") is False
    assert sum(await asyncio.gather(*(take(b"hash") for _ in range(20)))) == 1


async def test_a_quota_lets_so_many_pass_in_a_window(store: Store, pool: Pool) -> None:
    async def spend(now: int) -> bool:
        async def once() -> bool:
            async with store.transaction():
                return await store.attempts.spend(POOL, SUB, "send", limit=5, now=now, window=1000)

        return await retrying(once, attempts=50)

    assert sum(await asyncio.gather(*(spend(NOW) for _ in range(20)))) == 5
    assert await spend(NOW + 999) is False
    assert await spend(NOW + 1000) is True


async def test_what_was_granted_is_counted_until_it_ends(store: Store, pool: Pool) -> None:
    async with store.transaction():
        assert await store.attempts.spend_granted(POOL, "?x", "pretended", now=NOW) is None
        await store.attempts.grant(POOL, "?x", "pretended", expires_at=NOW + 10)
        assert await store.attempts.spend_granted(POOL, "?x", "pretended", now=NOW) == 1
        assert await store.attempts.spend_granted(POOL, "?x", "pretended", now=NOW) == 2
        assert await store.attempts.spend_granted(POOL, "?x", "other", now=NOW) is None
        assert await store.attempts.spend_granted(POOL, "?x", "pretended", now=NOW + 10) is None
        await store.attempts.grant(POOL, "?x", "pretended", expires_at=NOW + 20)
        assert await store.attempts.spend_granted(POOL, "?x", "pretended", now=NOW + 10) == 1
