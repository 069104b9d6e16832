"""Passwords in use, against the running server's own store."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.calls import PASSWORD
from tests.conftest import PoolFactory, RunningServer

from cenote.domain.passwords import Wording
from cenote.flows import passwords
from cenote.flows.context import Context
from cenote.store.engine import Conflict
from cenote.store.pools import Pool

OTHER = "Other-Horse-10"
Work = Callable[[Context, Pool, str], Awaitable[Any]]


@pytest.fixture
def run(server: RunningServer, make: PoolFactory) -> Callable[[Work], Any]:
    """Runs a piece of work with a context, a pool and the sub of a user in it."""
    pool_id = make.pool(Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 3}})
    sub = make.user(pool_id, "ada")

    def running(work: Work) -> Any:
        async def with_pool() -> Any:
            ctx = server.app.context(None)  # type: ignore[arg-type]
            return await work(ctx, await ctx.store.pools.get(pool_id), sub)

        return server.run(with_pool())

    return running


def test_a_password_is_replaced_only_as_it_was_seen(run: Callable[[Work], Any]) -> None:
    async def late(ctx: Context, pool: Pool, sub: str) -> None:
        seen = await ctx.store.users.password(pool, sub)
        first = await passwords.prepared(ctx, pool, "ada", OTHER, Wording.SET, previous=seen)
        second = await passwords.prepared(ctx, pool, "ada", OTHER + "2", Wording.SET, previous=seen)
        async with ctx.store.transaction():
            await passwords.replace(ctx, pool, sub, first, previous=seen)
        with pytest.raises(Conflict):
            async with ctx.store.transaction():
                await passwords.replace(ctx, pool, sub, second, previous=seen)
        stored = await ctx.store.users.password(pool, sub)
        assert stored is not None
        assert stored.record == first.record
        assert await passwords.matches(ctx, pool, "ada", OTHER, stored, decoy_name="")

    run(late)


def test_as_many_earlier_passwords_are_kept_as_the_policy_asks(run: Callable[[Work], Any]) -> None:
    async def several(ctx: Context, pool: Pool, sub: str) -> None:
        records = []
        for turn in range(5):
            seen = await ctx.store.users.password(pool, sub)
            assert seen is not None
            records.append(seen.record)
            new = await passwords.prepared(ctx, pool, "ada", f"{OTHER}-{turn}", Wording.SET, previous=seen)
            async with ctx.store.transaction():
                await passwords.replace(ctx, pool, sub, new, previous=seen)
        last = await ctx.store.users.password(pool, sub)
        assert last is not None
        assert list(last.history) == [records[-1], records[-2]]

    run(several)


def test_nobody_has_the_decoys_password(run: Callable[[Work], Any]) -> None:
    async def tried(ctx: Context, pool: Pool, sub: str) -> None:
        for password in (PASSWORD, "", "x"):
            assert not await passwords.matches(ctx, pool, "ada", password, None, decoy_name=sub)
        assert passwords.decoy(pool, "a") == passwords.decoy(pool, "a")
        assert passwords.decoy(pool, "a") != passwords.decoy(pool, "b")

    run(tried)


def test_the_password_of_one_user_name_is_none_of_anothers(run: Callable[[Work], Any]) -> None:
    async def renamed(ctx: Context, pool: Pool, sub: str) -> None:
        stored = await ctx.store.users.password(pool, sub)
        assert await passwords.matches(ctx, pool, "ada", PASSWORD, stored, decoy_name="")
        assert not await passwords.matches(ctx, pool, "bob", PASSWORD, stored, decoy_name="")

    run(renamed)
