"""Attributes that a pool has beside the standard ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cenote.api.registry import operation
from cenote.domain import schema

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes


@operation
async def add_custom_attributes(
    ctx: Context, req: shapes.AddCustomAttributesRequest
) -> shapes.AddCustomAttributesResponse:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        attributes = schema.extended(pool.document["SchemaAttributes"], req["CustomAttributes"])
        document = {**pool.document, "SchemaAttributes": attributes}
        await ctx.store.pools.set_document(pool.pool_id, document, now=ctx.clock())
    return {}
