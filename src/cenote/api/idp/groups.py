"""Groups and membership."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cenote.api import paging, render
from cenote.api.registry import operation
from cenote.domain.errors import ResourceNotFound
from cenote.domain.groups import Group
from cenote.flows import accounts

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes

# AWS's page sizes: the default and most of ListGroups, ListUsersInGroup and AdminListGroupsForUser.
PAGE = 60


@operation
async def create_group(ctx: Context, req: shapes.CreateGroupRequest) -> shapes.CreateGroupResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    now = ctx.clock()
    group = Group(
        pool_id=pool.pool_id,
        name=req["GroupName"],
        description=req.get("Description"),
        role_arn=req.get("RoleArn"),
        precedence=req.get("Precedence"),
        created_at=now,
        updated_at=now,
    )
    async with ctx.store.transaction():
        await ctx.store.groups.add(group)
    return {"Group": render.group(group)}


@operation
async def get_group(ctx: Context, req: shapes.GetGroupRequest) -> shapes.GetGroupResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    return {"Group": render.group(await ctx.store.groups.get(pool.pool_id, req["GroupName"]))}


@operation
async def update_group(ctx: Context, req: shapes.UpdateGroupRequest) -> shapes.UpdateGroupResponse:
    """What is left out stays: unlike a pool or a client, a group is changed member by member (documented)."""
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        group = await ctx.store.groups.get(pool.pool_id, req["GroupName"])
        group = replace(
            group,
            description=req.get("Description", group.description),
            role_arn=req.get("RoleArn", group.role_arn),
            precedence=req.get("Precedence", group.precedence),
            updated_at=ctx.clock(),
        )
        await ctx.store.groups.set_details(group)
    return {"Group": render.group(group)}


@operation
async def delete_group(ctx: Context, req: shapes.DeleteGroupRequest) -> None:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    async with ctx.store.transaction():
        if not await ctx.store.groups.remove(pool.pool_id, req["GroupName"]):
            raise ResourceNotFound("Group not found.")


@operation
async def list_groups(ctx: Context, req: shapes.ListGroupsRequest) -> shapes.ListGroupsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    limit = req.get("Limit", PAGE) or PAGE
    after = paging.begin(ctx, req.get("NextToken"), pool.pool_id)
    groups = await ctx.store.groups.list_(pool.pool_id, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, groups, limit, lambda group: group.name, pool.pool_id)
    answer: shapes.ListGroupsResponse = {"Groups": [render.group(group) for group in page]}
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
async def admin_add_user_to_group(ctx: Context, req: shapes.AdminAddUserToGroupRequest) -> None:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    async with ctx.store.transaction():
        group = await ctx.store.groups.get(pool.pool_id, req["GroupName"])
        await ctx.store.groups.add_member(pool.pool_id, group.name, user.sub, now=ctx.clock())


@operation
async def admin_remove_user_from_group(ctx: Context, req: shapes.AdminRemoveUserFromGroupRequest) -> None:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    async with ctx.store.transaction():
        group = await ctx.store.groups.get(pool.pool_id, req["GroupName"])
        await ctx.store.groups.remove_member(pool.pool_id, group.name, user.sub)


@operation
async def admin_list_groups_for_user(
    ctx: Context, req: shapes.AdminListGroupsForUserRequest
) -> shapes.AdminListGroupsForUserResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    limit = req.get("Limit", PAGE) or PAGE
    after = paging.begin(ctx, req.get("NextToken"), pool.pool_id, user.sub)
    groups = await ctx.store.groups.page_of_user(pool.pool_id, user.sub, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, groups, limit, lambda group: group.name, pool.pool_id, user.sub)
    answer: shapes.AdminListGroupsForUserResponse = {"Groups": [render.group(group) for group in page]}
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
async def list_users_in_group(
    ctx: Context, req: shapes.ListUsersInGroupRequest
) -> shapes.ListUsersInGroupResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    group = await ctx.store.groups.get(pool.pool_id, req["GroupName"])
    limit = req.get("Limit", PAGE) or PAGE
    after = paging.begin(ctx, req.get("NextToken"), pool.pool_id, group.name)
    users = await ctx.store.groups.members(pool.pool_id, group.name, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, users, limit, lambda user: user.sub, pool.pool_id, group.name)
    answer: shapes.ListUsersInGroupResponse = {"Users": [render.user(user) for user in page]}
    if token is not None:
        answer["NextToken"] = token
    return answer
