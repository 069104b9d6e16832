"""User pools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cenote.api import paging, render
from cenote.api.registry import operation
from cenote.domain import domains as domain_rules
from cenote.domain import identifiers, tags
from cenote.domain import pools as rules
from cenote.domain.errors import InvalidParameter
from cenote.domain.mfa_settings import UNSHOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cenote.domain.domains import Domain
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool

# What can stand before the `_` of a pool id. A request's region is only what its caller claims.
REGION = re.compile(r"[a-z0-9-]{1,45}", re.ASCII)


@operation
async def create_user_pool(ctx: Context, req: shapes.CreateUserPoolRequest) -> shapes.CreateUserPoolResponse:
    region = region_of(ctx)
    document = rules.created(req)
    pool_id = tags.wanted_id(document["UserPoolTags"], region)
    if pool_id is None:
        pool_id = identifiers.new_user_pool_id(region, ctx.entropy(16))
    now = ctx.clock()
    keys = await ctx.signing.new_pair(now=now)
    async with ctx.store.transaction():
        pool = await ctx.store.pools.add(pool_id, region, document, now=now)
        for key in keys:
            await ctx.store.pools.add_signing_key(pool, key)
    return {"UserPool": described(ctx, pool, users=0)}


@operation
async def describe_user_pool(
    ctx: Context, req: shapes.DescribeUserPoolRequest
) -> shapes.DescribeUserPoolResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    users = await ctx.store.pools.count_users(pool.pool_id)
    domains = await ctx.store.domains.of_pool(pool.pool_id)
    return {"UserPool": described(ctx, pool, users=users, domains=domains)}


@operation
async def update_user_pool(ctx: Context, req: shapes.UpdateUserPoolRequest) -> shapes.UpdateUserPoolResponse:
    tags.require_same_id(req.get("UserPoolTags", {}), req["UserPoolId"])
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        document = rules.updated(pool.document, req)
        for domain in await ctx.store.domains.of_pool(pool.pool_id):
            domain_rules.check_tier(document, domain.document)
        await ctx.store.pools.set_document(pool.pool_id, document, now=ctx.clock())
    return {}


@operation
async def delete_user_pool(ctx: Context, req: shapes.DeleteUserPoolRequest) -> None:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        rules.require_deletable(pool.document)
        if await ctx.store.domains.of_pool(pool.pool_id):
            # recorded
            raise InvalidParameter(
                "User pool cannot be deleted. It has a domain configured that should be deleted first."
            )
        await ctx.store.pools.remove(pool.pool_id)


@operation
async def list_user_pools(ctx: Context, req: shapes.ListUserPoolsRequest) -> shapes.ListUserPoolsResponse:
    """The pools of the request's region, as at AWS."""
    region, limit = region_of(ctx), req["MaxResults"]
    after = paging.begin(ctx, req.get("NextToken"), region)
    pools = await ctx.store.pools.list_(region, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, pools, limit, lambda pool: pool.pool_id, region)
    answer: shapes.ListUserPoolsResponse = {"UserPools": [summary(pool) for pool in page]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def region_of(ctx: Context) -> str:
    """The region that a request is for: of its signature if it has one, else the server's."""
    region = ctx.request.region or ctx.deployment.region
    if not REGION.fullmatch(region):
        raise InvalidParameter(f"The region {region} cannot be part of a user pool id.")
    return region


def described(ctx: Context, pool: Pool, *, users: int, domains: Sequence[Domain] = ()) -> shapes.UserPoolType:
    shape: Any = {
        "Id": pool.pool_id,
        **{name: value for name, value in pool.document.items() if name not in (*UNSHOWN, *rules.APART)},
        "LastModifiedDate": render.seconds(pool.updated_at),
        "CreationDate": render.seconds(pool.created_at),
        "EstimatedNumberOfUsers": users,
        "Arn": ctx.deployment.pool_arn(pool.pool_id),
        **{"CustomDomain" if domain.is_custom else "Domain": domain.name for domain in domains},
    }
    return shape


def summary(pool: Pool) -> shapes.UserPoolDescriptionType:
    return {
        "Id": pool.pool_id,
        "Name": pool.document["Name"],
        "LambdaConfig": pool.document["LambdaConfig"],
        "LastModifiedDate": render.seconds(pool.updated_at),
        "CreationDate": render.seconds(pool.created_at),
    }
