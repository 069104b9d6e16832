"""Second factors on both engines; the updates are gates, also for many at once."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.store.conftest import OpenEngine

from cenote.domain.mfa import EMAIL, PASSKEY, SMS, TOTP, Factors
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.engine import Engine
from cenote.store.migrating import migrate
from cenote.store.pools import Pool
from cenote.store.sealing import Keyring

POOL, SUB, NOW = "eu-central-1_factors01", "9b3c0a58-0000-4000-8000-000000000001", 1_700_000_000_000
SECRET, OTHER = b"s" * 32, b"o" * 32


@pytest.fixture
async def store(engine: Engine, tmp_path: Path) -> Store:
    await migrate(engine, "0.1.0")
    (tmp_path / "keys").mkdir()
    store = await Store.opened(engine, Keyring.load(tmp_path / "keys", {}))
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {"Name": "p"}, now=NOW)
        await store.users.add(pool, User(POOL, SUB, "ada", "CONFIRMED", {}, NOW, NOW), [])
    return store


@pytest.fixture
async def pool(store: Store) -> Pool:
    return await store.pools.get(POOL)


async def give_app(store: Store, pool: Pool, *, step: int = 10) -> None:
    async with store.transaction():
        assert await store.factors.add_token(pool, SUB, SECRET, name="Phone", step=step, now=NOW)


async def test_who_never_had_a_factor_has_none(store: Store, pool: Pool) -> None:
    assert await store.factors.find(POOL, SUB) == Factors()
    assert await store.factors.software_token(pool, SUB) is None
    assert await store.factors.pending_token(pool, SUB) is None


async def test_preferences_are_kept_as_they_were_set(store: Store) -> None:
    for factors in (
        Factors(enabled=frozenset({SMS, EMAIL, PASSKEY}), preferred=EMAIL),
        Factors(enabled=frozenset({SMS}), preferred=""),
        Factors(),
    ):
        async with store.transaction():
            await store.factors.set_preferences(POOL, SUB, factors, now=NOW)
        assert await store.factors.find(POOL, SUB) == factors


async def test_a_factor_that_stays_on_is_on_since_it_was_turned_on(store: Store) -> None:
    for moment in (NOW, NOW + 5):
        async with store.transaction():
            await store.factors.set_preferences(POOL, SUB, Factors(enabled=frozenset({SMS})), now=moment)
    assert await store.engine.one("SELECT sms_enabled_at FROM factors") == (NOW,)


async def test_a_dropped_factor_takes_its_preference_with_it(store: Store) -> None:
    both = Factors(enabled=frozenset({SMS, EMAIL}), preferred=SMS)
    async with store.transaction():
        await store.factors.set_preferences(POOL, SUB, both, now=NOW)
        await store.factors.drop(POOL, SUB, EMAIL)
    assert await store.factors.find(POOL, SUB) == Factors(enabled=frozenset({SMS}), preferred=SMS)
    async with store.transaction():
        await store.factors.drop(POOL, SUB, SMS)
    assert await store.factors.find(POOL, SUB) == Factors()


async def test_a_waiting_secret_is_no_app_yet_and_becomes_one_once(store: Store, pool: Pool) -> None:
    async with store.transaction():
        await store.factors.set_pending_token(pool, SUB, SECRET)
    assert await store.factors.software_token(pool, SUB) is None
    pending = await store.factors.pending_token(pool, SUB)
    assert pending is not None
    assert pending.secret == SECRET

    async def verify() -> bool:
        async with store.transaction():
            return await store.factors.verify_token(POOL, SUB, pending, name="", step=7, now=NOW)

    assert await verify()
    assert not await verify()
    token = await store.factors.software_token(pool, SUB)
    assert token is not None
    assert (token.secret, token.last_step) == (SECRET, 7)
    assert await store.factors.find(POOL, SUB) == Factors(has_totp=True)


async def test_a_new_waiting_secret_ends_the_one_before_and_leaves_the_app(store: Store, pool: Pool) -> None:
    await give_app(store, pool)
    async with store.transaction():
        await store.factors.set_pending_token(pool, SUB, OTHER)
    first = await store.factors.pending_token(pool, SUB)
    assert first is not None
    async with store.transaction():
        await store.factors.set_pending_token(pool, SUB, b"x" * 32)
        assert not await store.factors.verify_token(POOL, SUB, first, name="", step=1, now=NOW)
    token = await store.factors.software_token(pool, SUB)
    assert token is not None
    assert token.secret == SECRET


async def test_an_app_is_given_only_to_who_has_none(store: Store, pool: Pool) -> None:
    await give_app(store, pool)
    async with store.transaction():
        assert not await store.factors.add_token(pool, SUB, OTHER, name="", step=1, now=NOW)
    assert await store.factors.find(POOL, SUB) == Factors(True, "Phone", frozenset({TOTP}))


async def test_of_50_apps_given_at_once_one_stays(store: Store, pool: Pool, open_engine: OpenEngine) -> None:
    async def give(number: int) -> bool:
        async with store.transaction():
            return await store.factors.add_token(pool, SUB, bytes([number] * 32), name="", step=1, now=NOW)

    won = await asyncio.gather(*(give(number) for number in range(50)))
    token = await store.factors.software_token(pool, SUB)
    assert token is not None
    assert [bytes([number] * 32) for number, given in enumerate(won) if given] == [token.secret]


async def test_case_42_a_step_is_used_once_and_no_earlier_one_after_it(store: Store, pool: Pool) -> None:
    """RFC 6238 5.2, A6.5.1."""
    await give_app(store, pool)
    token = await store.factors.software_token(pool, SUB)
    assert token is not None
    outcomes = []
    for step in (10, 11, 11, 9, 12):
        async with store.transaction():
            outcomes.append(await store.factors.use_step(POOL, SUB, token, step))
    assert outcomes == [False, True, False, False, True]


async def test_case_42_of_50_uses_of_one_step_on_several_nodes_one_wins(
    store: Store, pool: Pool, open_engine: OpenEngine, tmp_path: Path
) -> None:
    await give_app(store, pool)
    token = await store.factors.software_token(pool, SUB)
    assert token is not None
    keyring = Keyring.load(tmp_path / "keys", {})
    nodes = [store, *[await Store.opened(await open_engine(), keyring) for _ in range(2)]]

    async def use(number: int) -> bool:
        node = nodes[number % len(nodes)]
        async with node.transaction():
            return await node.factors.use_step(POOL, SUB, token, 11)

    assert sum(await asyncio.gather(*(use(number) for number in range(50)))) == 1


async def test_a_code_of_an_app_that_was_replaced_uses_nothing(store: Store, pool: Pool) -> None:
    await give_app(store, pool)
    token = await store.factors.software_token(pool, SUB)
    assert token is not None
    async with store.transaction():
        await store.factors.remove_token(POOL, SUB)
        assert await store.factors.add_token(pool, SUB, OTHER, name="", step=1, now=NOW)
        assert not await store.factors.use_step(POOL, SUB, token, 11)


async def test_a_removed_app_is_gone_with_its_preference(store: Store, pool: Pool) -> None:
    await give_app(store, pool)
    preferring = Factors(True, "Phone", frozenset({TOTP, SMS}), TOTP)
    async with store.transaction():
        await store.factors.set_preferences(POOL, SUB, preferring, now=NOW)
        await store.factors.set_pending_token(pool, SUB, OTHER)
        await store.factors.remove_token(POOL, SUB)
    assert await store.factors.find(POOL, SUB) == Factors(enabled=frozenset({SMS}))
    assert await store.factors.pending_token(pool, SUB) is None


async def test_a_deleted_user_leaves_no_factor(store: Store, pool: Pool) -> None:
    await give_app(store, pool)
    async with store.transaction():
        await store.users.remove(POOL, SUB, [])
    assert await store.engine.all("SELECT sub FROM factors") == []


async def test_no_secret_stands_in_the_database_as_it_is(store: Store, pool: Pool) -> None:
    secret = os.urandom(32)
    async with store.transaction():
        await store.factors.set_pending_token(pool, SUB, secret)
    rows = await store.engine.all("SELECT pending_sealed FROM factors")
    assert all(secret not in row[0] for row in rows)
