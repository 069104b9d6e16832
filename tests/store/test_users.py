"""Users, names, passwords, failures and sessions on both engines, under many hands at once."""

import asyncio

import pytest
from tests.store.conftest import NOW, POOL

from cenote.domain.sessions import Session
from cenote.domain.users import User
from cenote.store import Store
from cenote.store.engine import Conflict
from cenote.store.pools import Pool
from cenote.store.transactions import retrying
from cenote.store.users import Filter, NameTaken, StoredPassword, position

CLIENT = "1" * 26


@pytest.fixture
async def pool(store: Store) -> Pool:
    async with store.transaction():
        pool = await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
        await store.clients.add(pool, CLIENT, {"ClientName": "app"}, now=NOW)
    return pool


def sub_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


async def add(store: Store, number: int, username: str, status: str = "CONFIRMED", **attributes: str) -> str:
    user = User(POOL, sub_of(number), username, status, attributes, NOW, NOW)  # type: ignore[arg-type]
    async with store.transaction():
        await store.users.add(await store.pools.get(POOL), user, [("username", username)])
    return user.sub


async def pages(store: Store, where: Filter | None, limit: int = 2) -> list[str]:
    """The names of all that a filter finds, a page after the other."""
    found: list[str] = []
    after = ""
    while page := await store.users.list_(POOL, where=where, after=after, limit=limit):
        found += [user.username for user in page]
        after = position(where, page[-1])
    return found


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (None, ["Zoe", "ada", "Bob", "bobby", "Éva", "straße"]),
        (Filter("username", "bobby", prefix=False), ["bobby"]),
        # By code points, in both databases: upper case before lower, and both before what ASCII lacks.
        (Filter("username", "", prefix=True), ["Bob", "Zoe", "ada", "bobby", "straße", "Éva"]),
        (Filter("username", "b", prefix=True), ["bobby"]),
        (Filter("username", "boB", prefix=True), []),
        (Filter("email", "b", prefix=True), ["bobby", "Bob"]),
        (Filter("email", "b@example.com", prefix=False), ["bobby"]),
        (Filter("given_name", "same", prefix=False), ["Zoe", "ada", "Bob"]),
        (Filter("given_name", "sam", prefix=True), ["Zoe", "ada", "Bob"]),
        (Filter("given_name", "éva 100%", prefix=True), ["Éva"]),
        (Filter("given_name", "%", prefix=True), []),
        (Filter("status", "UNCONFIRMED", prefix=False), ["bobby", "Éva"]),
        (Filter("status", "CONFIRMED", prefix=False), ["Zoe", "ada", "Bob", "straße"]),
        (Filter("sub", sub_of(5)[:34], prefix=True), ["Zoe", "ada", "Bob", "bobby", "Éva", "straße"]),
        (Filter("sub", sub_of(5), prefix=True), ["Éva"]),
        (Filter("disabled", "true", prefix=False), ["ada"]),
        (Filter("disabled", "false", prefix=False), ["Zoe", "Bob", "bobby", "Éva", "straße"]),
    ],
    ids=repr,
)
async def test_a_list_has_everybody_once_in_its_order(
    store: Store, pool: Pool, where: Filter | None, names: list[str]
) -> None:
    await add(store, 1, "Zoe", given_name="Same")
    await add(store, 2, "ada", given_name="SAME")
    await add(store, 3, "Bob", email="Bob@Example.com", given_name="same")
    await add(store, 4, "bobby", "UNCONFIRMED", email="B@example.com", given_name="other")
    await add(store, 5, "Éva", "UNCONFIRMED", given_name="Éva 100% sure")
    await add(store, 6, "straße", given_name="strasse")
    async with store.transaction():
        await store.users.set_disabled(POOL, sub_of(2), NOW, now=NOW)
    assert await pages(store, where) == names
    assert await pages(store, where, limit=100) == names


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (Filter("username", "", prefix=True, fold=True), ["ada", "Bob", "BobCat", "ΟΔΟΣ", "ΟΔΟΣΑ"]),
        # With their case, though they are found without.
        (Filter("username", "Bob", prefix=True, fold=True), ["Bob", "BobCat"]),
        (Filter("username", "bob", prefix=True, fold=True), []),
        (Filter("username", "Bob", prefix=False, fold=True), ["Bob"]),
        (Filter("username", "bob", prefix=False, fold=True), []),
        # The lower case of a sigma depends on whether it is the last letter.
        (Filter("username", "ΟΔΟΣ", prefix=True, fold=True), ["ΟΔΟΣ", "ΟΔΟΣΑ"]),
        (Filter("username", "ΟΔΟΣ", prefix=False, fold=True), ["ΟΔΟΣ"]),
        # What somebody prefers to be called is no user name.
        (Filter("username", "a", prefix=True, fold=True), ["ada"]),
        (Filter("username", "amazing", prefix=False, fold=True), []),
    ],
    ids=repr,
)
async def test_names_that_are_found_without_case_are_listed_with_theirs(
    store: Store, pool: Pool, where: Filter, names: list[str]
) -> None:
    for number, name in enumerate(("ΟΔΟΣΑ", "BobCat", "ada", "Bob", "ΟΔΟΣ")):
        user = User(POOL, sub_of(number), name, "CONFIRMED", {}, NOW, NOW)
        async with store.transaction():
            await store.users.add(
                pool, user, [("username", name.lower()), ("email", f"a{number}@example.com")]
            )
    async with store.transaction():
        await store.users.add_name(POOL, sub_of(1), "username", "amazing")
    for limit in (1, 2, 3, 100):
        assert await pages(store, where, limit=limit) == names


async def test_a_column_that_is_not_searched_is_no_filter() -> None:
    for column in ("attributes", "u.sub", "email; --"):
        with pytest.raises(ValueError, match="no column"):
            Filter(column, "x", prefix=False)


async def test_of_many_users_with_one_name_one_is_added(store: Store, pool: Pool) -> None:
    async def taken(number: int) -> str:
        async def once() -> str:
            try:
                return await add(store, number, "ada")
            except NameTaken as name:
                return name.kind

        return await retrying(once, attempts=20)

    results = await asyncio.gather(*(taken(number) for number in range(20)))
    assert sorted(results)[-19:] == ["username"] * 19
    assert len(await store.users.list_(POOL, where=None, after="", limit=50)) == 1


async def test_a_password_compared_and_set_is_set_by_one(store: Store, pool: Pool) -> None:
    """What `flows.passwords.replace` relies on: of many who saw the same password, one replaces it."""
    sub = await add(store, 1, "ada")

    async def set_(record: bytes) -> None:
        await store.users.set_password(pool, sub, StoredPassword(record, (), NOW, None))

    async with store.transaction():
        await set_(b"old")

    async def replaced(number: int) -> bool:
        async def once() -> bool:
            async with store.transaction():
                await store.users.get(POOL, sub)
                current = await store.users.password(pool, sub)
                assert current is not None
                if current.record != b"old":
                    return False
                await asyncio.sleep(0)
                await set_(b"new %d" % number)
                return True

        return await retrying(once, attempts=30)

    results = await asyncio.gather(*(replaced(number) for number in range(20)))
    assert results.count(True) == 1
    stored = await store.users.password(pool, sub)
    assert stored is not None
    assert stored.record == b"new %d" % results.index(True)


async def test_case_24_no_session_begins_beside_what_ends_them_all(store: Store, pool: Pool) -> None:
    sub = await add(store, 1, "ada")

    async def begin(number: int) -> None:
        async def once() -> None:
            async with store.transaction():
                user = await store.users.get(POOL, sub)
                await asyncio.sleep(0.001)
                if user.enabled:
                    await store.sessions.add(
                        Session(POOL, f"s{number}", sub, CLIENT, NOW, NOW + 1000), now=NOW
                    )

        await retrying(once, attempts=60)

    async def disable() -> None:
        async def once() -> None:
            async with store.transaction():
                await store.users.set_disabled(POOL, sub, NOW, now=NOW)
                await store.sessions.revoke_all(POOL, sub, now=NOW)

        await asyncio.sleep(0.004)
        await retrying(once, attempts=60)

    await asyncio.gather(*(begin(number) for number in range(16)), disable())
    found = [await store.sessions.find(POOL, f"s{number}") for number in range(16)]
    assert all(one[0].revoked_at == NOW for one in found if one is not None)


async def test_case_39_failures_are_counted_each_and_none_gets_past_the_lock(
    store: Store, pool: Pool
) -> None:
    async def failed() -> int | None:
        async def once() -> int | None:
            async with store.transaction():
                count = await store.attempts.add_failure(POOL, "ada", now=NOW, expires_at=NOW + 1000)
                if count == 5:
                    await store.attempts.lock(POOL, "ada", until=NOW + 1, expires_at=NOW + 1000)
                return count

        return await retrying(once, attempts=60)

    counts = await asyncio.gather(*(failed() for _ in range(60)))
    assert sorted(count for count in counts if count) == [1, 2, 3, 4, 5]


async def test_case_22_a_generation_is_rotated_by_one(store: Store, pool: Pool) -> None:
    sub = await add(store, 1, "ada")
    async with store.transaction():
        await store.sessions.add(Session(POOL, "session", sub, CLIENT, NOW, NOW + 1000), now=NOW)

    async def rotated(generation: int) -> bool:
        async def once() -> bool:
            async with store.transaction():
                return await store.sessions.rotate(POOL, "session", generation=generation, now=NOW)

        return await retrying(once, attempts=60)

    for generation in range(2):
        results = await asyncio.gather(*(rotated(generation) for _ in range(30)))
        assert results.count(True) == 1
    found = await store.sessions.find(POOL, "session")
    assert found is not None
    session, user = found
    assert (session.generation, session.client_revision, user.username) == (2, NOW, "ada")


async def test_a_session_goes_with_its_user_and_its_client(store: Store, pool: Pool) -> None:
    for number in (1, 2):
        sub = await add(store, number, f"user-{number}")
        async with store.transaction():
            await store.sessions.add(
                Session(POOL, f"session-{number}", sub, CLIENT, NOW, NOW + 1000), now=NOW
            )
    async with store.transaction():
        await store.users.remove(POOL, sub_of(1), [])
    assert await store.sessions.find(POOL, "session-1") is None
    assert await store.sessions.find(POOL, "session-2") is not None
    async with store.transaction():
        await store.clients.remove(POOL, CLIENT)
    assert await store.sessions.find(POOL, "session-2") is None


async def test_a_sealed_password_is_of_its_row(store: Store, pool: Pool) -> None:
    first, second = await add(store, 1, "ada"), await add(store, 2, "bob")
    async with store.transaction():
        for sub in (first, second):
            stored = StoredPassword(b"record of " + sub.encode(), (b"older",), NOW, NOW + 1)
            await store.users.set_password(pool, sub, stored)
    assert (await store.users.password(pool, first)) == StoredPassword(
        b"record of " + first.encode(), (b"older",), NOW, NOW + 1
    )
    row = await store.engine.one("SELECT password_sealed FROM users WHERE sub = ?", first)
    assert row is not None
    async with store.transaction():
        await store.engine.run("UPDATE users SET password_sealed = ? WHERE sub = ?", row[0], second)
    with pytest.raises(Exception, match="sealed for another row"):
        await store.users.password(pool, second)


async def test_a_conflict_writes_nothing(store: Store, pool: Pool) -> None:
    sub = await add(store, 1, "ada")
    with pytest.raises(Conflict):
        async with store.transaction():
            await store.users.set_status(POOL, sub, "RESET_REQUIRED", now=NOW)
            raise Conflict("somebody else was first")
    assert (await store.users.get(POOL, sub)).status == "CONFIRMED"
