"""Devices on both engines: whose they are, that only one of many confirms a key, how their sessions end."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from tests.store.conftest import NOW, POOL

from cenote.domain.devices import NOT_REMEMBERED, REMEMBERED, Device, DeviceSecret
from cenote.domain.errors import DeviceKeyExists, ResourceNotFound
from cenote.domain.sessions import Session
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.engine import Engine
from cenote.store.pools import Pool
from cenote.store.transactions import retrying

ADA = "0b0c0d0e-0000-4000-8000-000000000001"
BOB = "0b0c0d0e-0000-4000-8000-000000000002"
KEY = "eu-central-1_11111111-0000-4000-8000-000000000000"
OTHER = "eu-central-1_22222222-0000-4000-8000-000000000000"
SECRET = DeviceSecret(b"\x05" * 384, b"salt")
DEVICE = Device(POOL, ADA, KEY, "phone", REMEMBERED, "192.0.2.1", NOW, NOW, NOW)


@pytest.fixture
async def pool(store: Store) -> Pool:
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
        for sub, name in ((ADA, "ada"), (BOB, "bob")):
            await store.users.add(
                pool, User(POOL, sub, name, "CONFIRMED", {}, NOW, NOW), [("username", name)]
            )
        await store.clients.add(pool, "client", {}, now=NOW)
    return pool


@pytest.fixture
async def device(store: Store, pool: Pool) -> Device:
    async with store.transaction():
        await store.devices.add(pool, DEVICE, SECRET)
    return DEVICE


async def test_a_device_is_found_as_it_was_added_with_its_secret(
    store: Store, pool: Pool, device: Device
) -> None:
    assert await store.devices.get(POOL, ADA, KEY) == device
    assert await store.devices.secret(pool, ADA, KEY) == SECRET


async def test_the_secret_is_sealed_for_its_own_row(store: Store, engine: Engine, device: Device) -> None:
    row = await engine.one("SELECT secret_sealed FROM devices WHERE device_key = ?", device.device_key)
    assert row is not None
    assert SECRET.verifier not in row[0]


async def test_case_77_another_users_device_is_none(store: Store, pool: Pool, device: Device) -> None:
    assert await store.devices.find(POOL, BOB, device.device_key) is None
    for call in (
        store.devices.get(POOL, BOB, KEY),
        store.devices.secret(pool, BOB, KEY),
    ):
        with pytest.raises(ResourceNotFound, match=r"Device does not exist\."):
            await call
    with pytest.raises(ResourceNotFound):
        async with store.transaction():
            await store.devices.remove(POOL, BOB, KEY)
    with pytest.raises(ResourceNotFound):
        async with store.transaction():
            await store.devices.set_status(POOL, BOB, KEY, NOT_REMEMBERED, now=NOW)
    assert await store.devices.get(POOL, ADA, KEY) == device


async def test_of_many_that_confirm_a_key_at_once_one_does(store: Store, pool: Pool) -> None:
    async def confirm(number: int) -> str:
        try:
            async with store.transaction():
                await store.devices.add(pool, replace(DEVICE, name=f"n{number}"), SECRET)
        except DeviceKeyExists:
            return "exists"
        return f"n{number}"

    results = await asyncio.gather(*(retrying(partial(confirm, number), attempts=20) for number in range(50)))
    winners = [name for name in results if name != "exists"]
    assert len(winners) == 1
    assert (await store.devices.get(POOL, ADA, KEY)).name == winners[0]


async def test_only_a_remembered_device_has_a_secret_to_prove(
    store: Store, pool: Pool, device: Device
) -> None:
    async with store.transaction():
        await store.devices.set_status(POOL, ADA, KEY, NOT_REMEMBERED, now=NOW + 1)
    assert await store.devices.get(POOL, ADA, KEY) == replace(
        device, status=NOT_REMEMBERED, updated_at=NOW + 1
    )
    with pytest.raises(ResourceNotFound):
        await store.devices.secret(pool, ADA, KEY)


async def test_a_list_goes_by_key_and_may_leave_out_what_is_not_remembered(
    store: Store, pool: Pool, device: Device
) -> None:
    other = replace(DEVICE, device_key=OTHER, status=NOT_REMEMBERED, name=None)
    async with store.transaction():
        await store.devices.add(pool, other, SECRET)
    listed = store.devices.list_
    assert await listed(POOL, ADA, only_remembered=False, after="", limit=9) == [device, other]
    assert await listed(POOL, ADA, only_remembered=False, after="", limit=1) == [device]
    assert await listed(POOL, ADA, only_remembered=False, after=KEY, limit=9) == [other]
    assert await listed(POOL, ADA, only_remembered=True, after="", limit=9) == [device]
    assert await listed(POOL, BOB, only_remembered=False, after="", limit=9) == []


async def test_a_sign_in_is_noted_only_on_a_device_that_is_there(store: Store, device: Device) -> None:
    async with store.transaction():
        assert await store.devices.set_authenticated(POOL, ADA, KEY, address="192.0.2.9", now=NOW + 5)
        assert not await store.devices.set_authenticated(POOL, BOB, KEY, address="192.0.2.9", now=NOW + 5)
    assert await store.devices.get(POOL, ADA, KEY) == replace(
        device, address="192.0.2.9", authenticated_at=NOW + 5
    )


async def test_a_removed_device_is_gone_and_a_removed_user_takes_theirs_along(
    store: Store, pool: Pool, device: Device
) -> None:
    async with store.transaction():
        await store.devices.remove(POOL, ADA, device.device_key)
    assert await store.devices.find(POOL, ADA, KEY) is None
    async with store.transaction():
        await store.devices.add(pool, DEVICE, SECRET)
    async with store.transaction():
        await store.users.remove(POOL, ADA, [])
    assert await store.devices.find(POOL, ADA, KEY) is None


async def test_a_session_keeps_its_device_and_only_that_devices_refreshing_ends(
    store: Store, pool: Pool
) -> None:
    for session_id, sub, key in (
        ("one", ADA, KEY),
        ("two", ADA, OTHER),
        ("three", BOB, KEY),
        ("four", ADA, None),
    ):
        async with store.transaction():
            await store.sessions.add(
                Session(POOL, session_id, sub, "client", NOW, NOW + 1000, device_key=key), now=NOW
            )
    async with store.transaction():
        await store.sessions.end_refreshing(POOL, ADA, KEY, now=NOW + 10)
    ends = {}
    for session_id in ("one", "two", "three", "four"):
        found = await store.sessions.find(POOL, session_id)
        assert found is not None
        assert found[0].revoked_at is None
        ends[session_id] = (found[0].expires_at - NOW, found[0].device_key)
    assert ends == {"one": (10, KEY), "two": (1000, OTHER), "three": (1000, KEY), "four": (1000, None)}


async def test_a_waiting_sign_in_is_found_by_its_handle_until_it_is_swept(store: Store, pool: Pool) -> None:
    async with store.transaction():
        await store.devices.set_chain(pool, "handle", "first", expires_at=NOW)
        await store.devices.set_chain(pool, "handle", "second", expires_at=NOW + 10)
    assert await store.devices.chain(pool, "handle") == "second"
    assert await store.devices.chain(pool, "other") is None
    async with store.transaction():
        await store.attempts.sweep(now=NOW + 9, limit=10)
    assert await store.devices.chain(pool, "handle") == "second"
    async with store.transaction():
        await store.attempts.sweep(now=NOW + 10, limit=10)
    assert await store.devices.chain(pool, "handle") is None
