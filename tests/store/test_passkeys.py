"""Passkeys on both engines; the insert and the update are gates, also for many at once."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cenote.domain.passkeys import Passkey
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.engine import Engine
from cenote.store.migrating import migrate
from cenote.store.passkeys import PasskeyTaken
from cenote.store.pools import Pool
from cenote.store.sealing import Keyring, Unsealable

POOL, NOW = "eu-central-1_passkeys1", 1_700_000_000_000
ADA, EVE = (f"9b3c0a58-0000-4000-8000-00000000000{digit}" for digit in (1, 2))
KEY = Passkey("Y3JlZA", ADA, b"cose key", 5, "auth.example.com", "platform", ("internal", "hybrid"), NOW)


@pytest.fixture
async def store(engine: Engine, tmp_path: Path) -> Store:
    await migrate(engine, "0.1.0")
    (tmp_path / "keys").mkdir()
    store = await Store.opened(engine, Keyring.load(tmp_path / "keys", {}))
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {"Name": "p"}, now=NOW)
        for sub, name in ((ADA, "ada"), (EVE, "eve")):
            await store.users.add(pool, User(POOL, sub, name, "CONFIRMED", {}, NOW, NOW), [])
    return store


@pytest.fixture
async def pool(store: Store) -> Pool:
    return await store.pools.get(POOL)


async def add(store: Store, pool: Pool, *passkeys: Passkey) -> None:
    async with store.transaction():
        for passkey in passkeys:
            await store.passkeys.add(pool, passkey)


async def count_up(store: Store, passkey: Passkey, count: int) -> bool:
    async with store.transaction():
        return await store.passkeys.count_up(POOL, passkey, count)


async def test_a_passkey_is_found_as_it_was_added(store: Store, pool: Pool) -> None:
    await add(store, pool, KEY)
    assert await store.passkeys.find(pool, KEY.credential_id) == KEY
    assert await store.passkeys.find(pool, "another") is None


async def test_a_users_passkeys_are_listed_oldest_first(store: Store, pool: Pool) -> None:
    older = replace(KEY, credential_id="b2xkZXI", created_at=NOW - 1, transports=())
    await add(store, pool, KEY, older, replace(KEY, credential_id="ZXZl", sub=EVE))
    assert await store.passkeys.of_user(pool, ADA) == [older, KEY]


@pytest.mark.parametrize("sub", [ADA, EVE])
async def test_a_credential_id_belongs_to_one_user(store: Store, pool: Pool, sub: str) -> None:
    await add(store, pool, KEY)
    with pytest.raises(PasskeyTaken):
        await add(store, pool, replace(KEY, sub=sub))
    assert await store.passkeys.find(pool, KEY.credential_id) == KEY


async def test_only_its_user_removes_a_passkey(store: Store, pool: Pool) -> None:
    await add(store, pool, KEY)
    async with store.transaction():
        assert not await store.passkeys.remove(POOL, EVE, KEY.credential_id)
        assert await store.passkeys.remove(POOL, ADA, KEY.credential_id)
        assert not await store.passkeys.remove(POOL, ADA, KEY.credential_id)


async def test_passkeys_go_with_their_user(store: Store, pool: Pool) -> None:
    await add(store, pool, KEY)
    async with store.transaction():
        await store.users.remove(POOL, ADA, [])
    assert await store.passkeys.find(pool, KEY.credential_id) is None


async def test_case_46_the_counter_only_grows(store: Store, pool: Pool) -> None:
    await add(store, pool, KEY)
    assert not await count_up(store, KEY, 0)
    assert not await count_up(store, KEY, 5)
    assert await count_up(store, KEY, 6)
    assert not await count_up(store, KEY, 6)
    assert not await count_up(store, replace(KEY, sub=EVE), 9)
    found = await store.passkeys.find(pool, KEY.credential_id)
    assert found is not None
    assert found.sign_count == 6


async def test_a_counter_that_is_not_kept_stays_zero(store: Store, pool: Pool) -> None:
    await add(store, pool, replace(KEY, sign_count=0))
    assert await count_up(store, KEY, 0)
    assert await count_up(store, KEY, 0)
    assert await count_up(store, KEY, 1)
    assert not await count_up(store, KEY, 0)


async def test_case_46_of_fifty_assertions_with_one_count_one_is_taken(store: Store, pool: Pool) -> None:
    await add(store, pool, KEY)
    taken = await asyncio.gather(*(count_up(store, KEY, 6) for _ in range(50)))
    assert sum(taken) == 1


async def test_a_key_that_was_moved_to_another_row_does_not_open(
    store: Store, pool: Pool, engine: Engine
) -> None:
    """Who can write to the database cannot make another's passkey open an account."""
    await add(store, pool, KEY, replace(KEY, credential_id="ZXZl", sub=EVE, public_key=b"eve's key"))
    async with engine.transaction():
        await engine.run(
            "UPDATE passkeys SET public_key_sealed ="
            " (SELECT p.public_key_sealed FROM passkeys p WHERE p.pool_id = ? AND p.credential_id = ?)"
            " WHERE pool_id = ? AND credential_id = ?",
            POOL, "ZXZl", POOL, KEY.credential_id,
        )  # fmt: skip
    with pytest.raises(Unsealable):
        await store.passkeys.find(pool, KEY.credential_id)
