"""Device codes on both engines: each is decided once, redeemed once, and asked about at its own pace."""

import asyncio
from pathlib import Path

import pytest
from tests.store.conftest import OpenEngine

from cenote import __version__
from cenote.domain import device_codes as rules
from cenote.domain.device_codes import DeviceCode, State
from cenote.domain.oauth import Grant
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
LATER = NOW + 900_000
ASKED = Grant(("openid",), "https://api.example.com")
GRANTED = Grant(("openid",), "https://api.example.com", "browser", ("pwd",))


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


def code(name: str = "d", user: str = "u") -> DeviceCode:
    return DeviceCode(POOL, name, user, CLIENT, ASKED, LATER)


async def add(store: Store, name: str = "d", user: str = "u") -> bool:
    async with store.transaction():
        return await store.device_codes.add(code(name, user), interval=rules.INTERVAL)


async def approve(store: Store, *, now: int = NOW) -> bool:
    async with store.transaction():
        return await store.device_codes.approve(POOL, "d", sub=SUB, auth_time=NOW, grant=GRANTED, now=now)


async def deny(store: Store, *, now: int = NOW) -> bool:
    async with store.transaction():
        return await store.device_codes.deny(POOL, "d", now=now)


async def take(store: Store) -> bool:
    async with store.transaction():
        return await store.device_codes.take(POOL, "d")


async def poll(store: Store, *, now: int) -> bool:
    async with store.transaction():
        return await store.device_codes.poll(POOL, "d", now=now)


async def test_a_code_is_found_by_either_half(store: Store) -> None:
    assert await add(store)
    assert await store.device_codes.find(POOL, "d") == code()
    assert await store.device_codes.find_by_user_code(POOL, "u") == code()
    assert await store.device_codes.find(POOL, "u") is None
    assert await store.device_codes.find_by_user_code("eu-central-1_Other", "u") is None


async def test_a_user_code_is_one_devices_alone(store: Store) -> None:
    assert await add(store)
    assert not await add(store, "another")
    assert await add(store, "another", "another")


async def test_what_is_approved_says_who_did_and_what_was_granted(store: Store) -> None:
    await add(store)
    assert await approve(store)
    found = await store.device_codes.find(POOL, "d")
    assert found == DeviceCode(POOL, "d", "u", CLIENT, GRANTED, LATER, State.APPROVED, SUB, NOW)


async def test_a_code_is_decided_once_and_in_time(store: Store) -> None:
    await add(store)
    assert not await approve(store, now=LATER)
    assert not await deny(store, now=LATER)
    assert await deny(store)
    assert not await approve(store)
    assert not await deny(store)
    assert not await take(store)


async def test_a_code_is_taken_once_it_is_approved_and_once(store: Store) -> None:
    await add(store)
    assert not await take(store)
    assert await approve(store)
    assert await take(store)
    assert not await take(store)
    assert await store.device_codes.find(POOL, "d") is None


async def test_of_fifty_that_take_it_on_two_nodes_one_does(nodes: list[Store]) -> None:
    await add(nodes[0])
    assert await approve(nodes[0])
    won = await asyncio.gather(*(retrying(lambda store=nodes[n % 2]: take(store)) for n in range(50)))  # type: ignore[misc]
    assert sum(won) == 1


async def test_of_fifty_that_decide_it_on_two_nodes_one_does(nodes: list[Store]) -> None:
    await add(nodes[0])

    async def decide(number: int) -> bool:
        store = nodes[number % 2]
        return await retrying(lambda: approve(store) if number % 3 else deny(store))

    won = await asyncio.gather(*(decide(number) for number in range(50)))
    assert sum(won) == 1


async def test_who_asks_too_early_waits_longer_and_longer_up_to_a_minute(store: Store) -> None:
    await add(store)
    assert await poll(store, now=NOW)
    assert not await poll(store, now=NOW + 4_000)
    # Ten seconds from now on, counted from the question that came too early.
    assert not await poll(store, now=NOW + 13_000)
    assert await poll(store, now=NOW + 28_000)
    for number in range(20):
        assert not await poll(store, now=NOW + 28_000 + number)
    assert await poll(store, now=NOW + 28_000 + 61_000)


async def test_the_network_may_bring_a_question_half_a_second_early(store: Store) -> None:
    await add(store)
    assert await poll(store, now=NOW)
    assert await poll(store, now=NOW + 4_500)
    assert not await poll(store, now=NOW + 8_999)


async def test_codes_go_with_their_client_and_their_user(store: Store) -> None:
    await add(store)
    assert await approve(store)
    async with store.transaction():
        await store.users.remove(POOL, SUB, [])
    assert await store.device_codes.find(POOL, "d") is None
    await add(store)
    async with store.transaction():
        await store.clients.remove(POOL, CLIENT)
    assert await store.device_codes.find(POOL, "d") is None


async def test_codes_are_swept_an_hour_after_they_are_over(store: Store) -> None:
    await add(store)
    for now, left in ((LATER + rules.REMEMBERED - 1, True), (LATER + rules.REMEMBERED, False)):
        async with store.transaction():
            await store.attempts.sweep(now=now, limit=10)
        assert (await store.device_codes.find(POOL, "d") is not None) is left


async def test_no_code_stands_in_the_database(store: Store) -> None:
    """What is kept is what it was given: digests under a key of the pool's."""
    await add(store, rules.digest(b"k" * 32, "the device code"), rules.digest(b"k" * 32, "BCDF-GHJK"))
    rows = await store.engine.all("SELECT device_hash, user_hash FROM device_codes WHERE pool_id = ?", POOL)
    assert "BCDF" not in str(rows)
