"""Sessions that are tracked, on both engines and several nodes, under many hands at once."""

import asyncio
from pathlib import Path

import pytest
from tests.store.conftest import OpenEngine

from cenote import __version__
from cenote.domain.session_tracking import Activity
from cenote.domain.sessions import Session
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.engine import Engine
from cenote.store.migrating import migrate
from cenote.store.sealing import Keyring
from cenote.store.transactions import retrying

POOL = "eu-central-1_Abcdefghi"
CLIENT = "1" * 26
SUB = "00000000-0000-4000-8000-000000000001"
NOW = 1_790_000_000_000
LATER = NOW + 1_000_000


@pytest.fixture
async def store(engine: Engine, tmp_path: Path) -> Store:
    await migrate(engine, __version__)
    store = await Store.opened(engine, Keyring.load(tmp_path, {}))
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
        await store.clients.add(pool, CLIENT, {"ClientName": "app"}, now=NOW)
        await store.users.add(pool, User(POOL, SUB, "ada", "CONFIRMED", {}, NOW, NOW), [("username", "ada")])
    return store


@pytest.fixture
async def nodes(store: Store, open_engine: OpenEngine, tmp_path: Path) -> list[Store]:
    """Two nodes that share the database and the master key."""
    return [store, await Store.opened(await open_engine(), Keyring.load(tmp_path, {}))]


async def begin(store: Store, name: str, *, at: int | None = NOW, expires_at: int = LATER) -> None:
    """A session, tracked unless `at` is None."""
    async with store.transaction():
        await store.sessions.add(Session(POOL, name, SUB, CLIENT, NOW, expires_at), now=NOW)
        if at is not None:
            assert await store.sessions.track(POOL, name, Activity(at, f"device of {name}", "192.0.2.1"))


async def active(store: Store, *, now: int = NOW, before: str = "", limit: int = 100) -> list[str]:
    found = await store.sessions.list_active(POOL, SUB, now=now, before=before, limit=limit)
    return [session.session_id for session in found]


async def test_a_tracked_session_is_listed_as_it_was_last_used(store: Store) -> None:
    await begin(store, "a")
    async with store.transaction():
        assert await store.sessions.track(POOL, "a", Activity(NOW + 5, "phone", "2001:db8::1"))
    (session,) = await store.sessions.list_active(POOL, SUB, now=NOW, before="", limit=2)
    assert (session.session_id, session.client_id, session.created_at) == ("a", CLIENT, NOW)
    assert session.last == Activity(NOW + 5, "phone", "2001:db8::1")


async def test_sessions_are_listed_newest_first_page_by_page(store: Store) -> None:
    for name in "bdace":
        await begin(store, name)
    assert await active(store) == ["e", "d", "c", "b", "a"]
    assert await active(store, limit=2) == ["e", "d"]
    assert await active(store, before="d", limit=2) == ["c", "b"]


async def test_what_is_over_or_untracked_is_not_listed_and_not_ended(store: Store) -> None:
    await begin(store, "untracked", at=None)
    await begin(store, "expired", expires_at=NOW)
    await begin(store, "revoked")
    await begin(store, "good")
    async with store.transaction():
        assert await store.sessions.revoke_active(POOL, SUB, "revoked", now=NOW)
    assert await active(store) == ["good"]
    async with store.transaction():
        for name in ("untracked", "expired", "revoked", "absent"):
            assert not await store.sessions.revoke_active(POOL, SUB, name, now=NOW)
        assert not await store.sessions.revoke_active(POOL, "somebody else", "good", now=NOW)
        assert not await store.sessions.track(POOL, "revoked", Activity(NOW, "", ""))
    assert await active(store) == ["good"]


async def test_the_sessions_used_longest_ago_make_room(store: Store) -> None:
    await begin(store, "untracked", at=None)
    for name, at in (("a", NOW + 3), ("b", NOW + 1), ("c", NOW + 2)):
        await begin(store, name, at=at)
    async with store.transaction():
        await store.sessions.evict(POOL, SUB, keep=2, now=NOW)
    assert await active(store) == ["c", "a"]
    async with store.transaction():
        await store.sessions.evict(POOL, SUB, keep=0, now=NOW)
    assert await active(store) == []
    found = await store.sessions.find(POOL, "untracked")
    assert found is not None
    assert found[0].revoked_at is None


async def test_of_fifty_sign_ins_on_two_nodes_no_more_stay_than_may(nodes: list[Store]) -> None:
    async def sign_in(number: int) -> None:
        store = nodes[number % 2]

        async def once() -> None:
            async with store.transaction():
                await store.sessions.evict(POOL, SUB, keep=2, now=NOW)
                await store.sessions.add(Session(POOL, f"s{number:02}", SUB, CLIENT, NOW, LATER), now=NOW)
                await store.sessions.track(POOL, f"s{number:02}", Activity(NOW + number, "", ""))

        await retrying(once, attempts=100)

    await asyncio.gather(*(sign_in(number) for number in range(50)))
    assert len(await active(nodes[0])) == 3


async def test_case_22_of_fifty_rotations_on_two_nodes_one_wins(nodes: list[Store]) -> None:
    await begin(nodes[0], "session", at=None)

    async def rotated(number: int, generation: int) -> bool:
        store = nodes[number % 2]

        async def once() -> bool:
            async with store.transaction():
                return await store.sessions.rotate(POOL, "session", generation=generation, now=NOW)

        return await retrying(once, attempts=100)

    for generation in range(3):
        results = await asyncio.gather(*(rotated(number, generation) for number in range(50)))
        assert results.count(True) == 1


async def test_case_21_a_family_that_ended_on_one_node_has_ended_on_the_other(nodes: list[Store]) -> None:
    await begin(nodes[0], "session", at=None)
    async with nodes[0].transaction():
        assert await nodes[0].sessions.revoke(POOL, "session", now=NOW)
    found = await nodes[1].sessions.find(POOL, "session")
    assert found is not None
    assert found[0].revoked_at == NOW
    async with nodes[1].transaction():
        assert not await nodes[1].sessions.rotate(POOL, "session", generation=0, now=NOW)
