"""The history of a user's account, on both engines."""

from dataclasses import replace
from pathlib import Path

import pytest

from cenote import __version__
from cenote.domain.auth_events import AuthEvent, Feedback
from cenote.domain.origins import Origin
from cenote.domain.risk import Known
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.engine import Engine
from cenote.store.migrating import migrate
from cenote.store.sealing import Keyring

POOL = "eu-central-1_Abcdefghi"
SUB = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
NOW = 1_790_000_000_000
HOME = Origin("192.0.2.1", "192.0.2.1", "phone", "Ada's phone", "02:00")
CAFE = Origin("203.0.113.7", "203.0.113.7", "laptop", "Ada's laptop", "")
EVENT = AuthEvent(
    POOL, SUB, "a", "SignIn", NOW, "Pass", HOME, "High", "Block", True, (("Password", "Success"),)
)


@pytest.fixture
async def store(engine: Engine, tmp_path: Path) -> Store:
    await migrate(engine, __version__)
    store = await Store.opened(engine, Keyring.load(tmp_path, {}))
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
        for sub, name in ((SUB, "ada"), (OTHER, "bob")):
            await store.users.add(
                pool, User(POOL, sub, name, "CONFIRMED", {}, NOW, NOW), [("username", name)]
            )
    return store


async def put(store: Store, *events: AuthEvent) -> None:
    async with store.transaction():
        for event in events:
            await store.auth_events.put(event)


async def listed(store: Store, *, before: str = "", limit: int = 10, sub: str = SUB) -> list[AuthEvent]:
    return await store.auth_events.list_(POOL, sub, before=before, limit=limit)


async def test_an_event_is_kept_as_it_is(store: Store) -> None:
    plain = AuthEvent(POOL, OTHER, "b", "SignUp", NOW, "Pass", CAFE)
    await put(store, EVENT, plain)
    assert await listed(store) == [EVENT]
    assert await listed(store, sub=OTHER) == [plain]


async def test_an_event_that_goes_on_stays_one(store: Store) -> None:
    await put(store, replace(EVENT, response="InProgress", compromised=False, risk_level=""))
    async with store.transaction():
        assert await store.auth_events.set_feedback(POOL, SUB, "a", Feedback("Valid", "Admin", NOW))
    later = replace(EVENT, origin=CAFE, challenges=(*EVENT.challenges, ("Mfa", "Success")))
    await put(store, later)
    assert await listed(store) == [replace(later, origin=HOME, feedback=Feedback("Valid", "Admin", NOW))]


async def test_events_are_listed_newest_first_page_by_page(store: Store) -> None:
    await put(store, *(replace(EVENT, event_id=name) for name in "badc"))
    assert [event.event_id for event in await listed(store, limit=3)] == ["d", "c", "b"]
    assert [event.event_id for event in await listed(store, before="b")] == ["a"]


async def test_feedback_is_on_an_event_that_is_there(store: Store) -> None:
    await put(store, EVENT)
    async with store.transaction():
        for sub, event_id in ((SUB, "b"), (OTHER, "a")):
            assert not await store.auth_events.set_feedback(POOL, sub, event_id, Feedback("Valid", "x", NOW))


NOBODY = Known(any=False, device=False, network=False)


@pytest.mark.parametrize(
    ("event", "origin", "known"),
    [
        (EVENT, HOME, Known(any=True, device=True, network=True)),
        (EVENT, CAFE, Known(any=True, device=False, network=False)),
        (EVENT, replace(CAFE, device="phone"), Known(any=True, device=True, network=False)),
        (EVENT, replace(HOME, device="laptop"), Known(any=True, device=False, network=True)),
        (replace(EVENT, response="Fail"), HOME, NOBODY),
        (replace(EVENT, response="InProgress"), HOME, NOBODY),
        (replace(EVENT, event_type="SignUp"), HOME, NOBODY),
        (replace(EVENT, sub=OTHER), HOME, NOBODY),
    ],
)
async def test_what_went_well_is_known(store: Store, event: AuthEvent, origin: Origin, known: Known) -> None:
    await put(store, event)
    assert await store.auth_events.known(POOL, SUB, origin) == known


@pytest.mark.parametrize("response", ["Pass", "Fail", "InProgress"])
@pytest.mark.parametrize("value", ["Valid", "Invalid"])
async def test_feedback_has_the_last_word(store: Store, response: str, value: str) -> None:
    await put(store, replace(EVENT, response=response))
    async with store.transaction():
        await store.auth_events.set_feedback(POOL, SUB, "a", Feedback(value, "Admin", NOW))
    good = value == "Valid"
    assert await store.auth_events.known(POOL, SUB, HOME) == Known(any=good, device=good, network=good)


async def test_old_events_are_removed_a_few_at_a_time(store: Store) -> None:
    await put(store, *(replace(EVENT, event_id=f"{n}", created_at=NOW + n) for n in range(5)))
    async with store.transaction():
        assert await store.auth_events.remove_old(before=NOW + 3, limit=2) == 2
        assert await store.auth_events.remove_old(before=NOW + 3, limit=2) == 1
        assert await store.auth_events.remove_old(before=NOW + 3, limit=2) == 0
    assert [event.event_id for event in await listed(store)] == ["4", "3"]


async def test_events_go_with_their_user(store: Store) -> None:
    await put(store, EVENT)
    async with store.transaction():
        await store.users.remove(POOL, SUB, [])
    assert await listed(store) == []
