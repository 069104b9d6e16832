"""Resource servers and their scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cenote.api import paging
from cenote.api.registry import operation
from cenote.domain import resource_servers as rules
from cenote.domain.errors import ResourceNotFound

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes

PAGE: Final = 50


@operation
async def create_resource_server(
    ctx: Context, req: shapes.CreateResourceServerRequest
) -> shapes.CreateResourceServerResponse:
    document: Any = rules.checked(req)
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        await ctx.store.resource_servers.add(pool.pool_id, document)
    return {"ResourceServer": document}


@operation
async def describe_resource_server(
    ctx: Context, req: shapes.DescribeResourceServerRequest
) -> shapes.DescribeResourceServerResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    document: Any = await ctx.store.resource_servers.get(pool.pool_id, req["Identifier"])
    return {"ResourceServer": document}


@operation
async def update_resource_server(
    ctx: Context, req: shapes.UpdateResourceServerRequest
) -> shapes.UpdateResourceServerResponse:
    """All of it is replaced: scopes that are left out are gone (documented)."""
    document: Any = rules.checked(req)
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        if not await ctx.store.resource_servers.set_document(pool.pool_id, document):
            await ctx.store.resource_servers.get(pool.pool_id, req["Identifier"])
    return {"ResourceServer": document}


@operation
async def delete_resource_server(ctx: Context, req: shapes.DeleteResourceServerRequest) -> None:
    """Clients keep its scopes in their settings, and get none of them any more."""
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        if not await ctx.store.resource_servers.remove(pool.pool_id, req["Identifier"]):
            raise ResourceNotFound(f"Resource server {req['Identifier']} does not exist.")  # assumed


@operation
async def list_resource_servers(
    ctx: Context, req: shapes.ListResourceServersRequest
) -> shapes.ListResourceServersResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    limit = req.get("MaxResults", PAGE)
    after = paging.begin(ctx, req.get("NextToken"), pool.pool_id)
    found = await ctx.store.resource_servers.list_(pool.pool_id, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, found, limit, lambda document: document["Identifier"], pool.pool_id)
    servers: Any = list(page)
    answer: shapes.ListResourceServersResponse = {"ResourceServers": servers}
    if token is not None:
        answer["NextToken"] = token
    return answer
