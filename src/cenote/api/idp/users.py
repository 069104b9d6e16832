"""Users as they are: shown, listed, switched on and off, deleted. Twins stand one below the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cenote.api import paging, render
from cenote.api.idp.mfa import settings_of
from cenote.api.registry import operation
from cenote.domain import attributes as attribute_rules
from cenote.domain import usernames
from cenote.domain.errors import InvalidParameter
from cenote.domain.filters import Filter, parse_filter
from cenote.domain.users import (
    CONFIRMED,
    EXTERNAL_PROVIDER,
    FORCE_CHANGE_PASSWORD,
    RESET_REQUIRED,
    UNCONFIRMED,
)
from cenote.flows import accounts
from cenote.store.users import Filter as Condition
from cenote.store.users import position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool

PAGE = 60
# `status` in a Filter is what the console calls it; a row knows it by its `disabled` column.
ENABLED_NAMES = {"Enabled": "false", "Disabled": "true"}
STATUSES = (UNCONFIRMED, CONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED, EXTERNAL_PROVIDER)
# A condition that nobody meets, known without asking the store.
NOBODY = Condition("status", "", prefix=False)


@operation
async def admin_get_user(ctx: Context, req: shapes.AdminGetUserRequest) -> shapes.AdminGetUserResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    answer: shapes.AdminGetUserResponse = {
        "Username": user.username,
        "UserAttributes": render.attributes(user.all_attributes),
        "UserCreateDate": render.seconds(user.created_at),
        "UserLastModifiedDate": render.seconds(user.updated_at),
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }
    answer.update(await settings_of(ctx, pool, user))
    return answer


@operation
async def get_user(ctx: Context, req: shapes.GetUserRequest) -> shapes.GetUserResponse:
    """What the app client may read of the user whose token it is."""
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    client = await access.client(ctx)
    shown = attribute_rules.readable(client.document, access.user.all_attributes)
    answer: shapes.GetUserResponse = {
        "Username": access.user.username,
        "UserAttributes": render.attributes(shown),
    }
    answer.update(await settings_of(ctx, access.pool, access.user))
    return answer


@operation
async def list_users(ctx: Context, req: shapes.ListUsersRequest) -> shapes.ListUsersResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    text = req.get("Filter", "")
    after = paging.begin(ctx, req.get("PaginationToken"), pool.pool_id, text)
    limit = req.get("Limit", PAGE) or PAGE
    where = condition(pool.document, parse_filter(text))
    if where is NOBODY:
        return {"Users": []}
    users = await ctx.store.users.list_(pool.pool_id, where=where, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, users, limit, partial(position, where), pool.pool_id, text)
    answer: shapes.ListUsersResponse = {"Users": rendered(page, req.get("AttributesToGet", ()))}
    if token is not None:
        answer["PaginationToken"] = token
    return answer


def condition(pool: usernames.Document, wanted: Filter | None) -> Condition | None:
    """A Filter in the terms of the store; None for one that fits everybody, NOBODY for one that fits nobody."""
    if wanted is None:
        return None
    if wanted.attribute == "status":
        return one_of(wanted, "disabled", ENABLED_NAMES)
    if wanted.attribute == "cognito:user_status":
        return one_of(
            replace(wanted, value=wanted.value.upper()), "status", {name: name for name in STATUSES}
        )
    value = wanted.value if wanted.case_sensitive else wanted.value.lower()
    prefix = wanted.operator == "^="
    if wanted.attribute == "username" and usernames.generates_username(pool):
        # It is the sub, and not among the names that a user is found by.
        return Condition("sub", value, prefix)
    return Condition(wanted.attribute, value, prefix, fold=not usernames.case_sensitive(pool))


def one_of(wanted: Filter, column: str, values: Mapping[str, str]) -> Condition | None:
    """A condition on a column with few values, of which a Filter's own spelling may fit one, all or none."""
    fitting = [
        stored
        for name, stored in values.items()
        if name == wanted.value or (wanted.operator == "^=" and name.startswith(wanted.value))
    ]
    if len(fitting) > 1:
        return None  # no two begin alike: this is the empty beginning
    return Condition(column, fitting[0], prefix=False) if fitting else NOBODY


def rendered(users: Iterable[User], names: Sequence[str]) -> list[shapes.UserType]:
    """Users with the attributes asked for, which all of them must have (documented at AttributesToGet)."""
    if not names:
        return [render.user(user) for user in users]
    shapes_of = []
    for user in users:
        shown = {name: value for name, value in user.all_attributes.items() if name in names}
        if len(shown) < len(set(names)):
            # recorded
            raise InvalidParameter("One or more requested attributes do not exist.")
        shapes_of.append(render.user(user, shown=shown))
    return shapes_of


@operation
async def admin_enable_user(
    ctx: Context, req: shapes.AdminEnableUserRequest
) -> shapes.AdminEnableUserResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    async with ctx.store.transaction():
        user = await accounts.get(ctx, pool, req["Username"])
        if not user.enabled:
            await ctx.store.users.set_disabled(pool.pool_id, user.sub, None, now=ctx.clock())
    return {}


@operation
async def admin_disable_user(
    ctx: Context, req: shapes.AdminDisableUserRequest
) -> shapes.AdminDisableUserResponse:
    """Signs the user out everywhere, too: enabled again, they begin anew (documented: tokens are revoked)."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    now = ctx.clock()
    async with ctx.store.transaction():
        user = await accounts.get(ctx, pool, req["Username"])
        if user.enabled:
            await ctx.store.users.set_disabled(pool.pool_id, user.sub, now, now=now)
        await ctx.store.sessions.revoke_all(pool.pool_id, user.sub, now=now)
    return {}


@operation
async def admin_delete_user(ctx: Context, req: shapes.AdminDeleteUserRequest) -> None:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    await _delete(ctx, pool, user.sub)


@operation
async def delete_user(ctx: Context, req: shapes.DeleteUserRequest) -> None:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    await _delete(ctx, access.pool, access.user.sub)


async def _delete(ctx: Context, pool: Pool, sub: str) -> None:
    """Removes the user and all that is theirs: names, password, codes, memberships, sessions."""
    async with ctx.store.transaction():
        user = await ctx.store.users.get(pool.pool_id, sub)
        names = usernames.owned(pool.document, user.username, user.attributes)
        await ctx.store.users.remove(pool.pool_id, sub, names)
