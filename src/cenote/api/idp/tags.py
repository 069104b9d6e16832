"""Tags of user pools, the only taggable thing of this service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cenote.api.registry import operation
from cenote.domain import tags as rules
from cenote.domain.errors import InvalidParameter

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def tag_resource(ctx: Context, req: shapes.TagResourceRequest) -> shapes.TagResourceResponse:
    async with ctx.store.transaction():
        pool = await tagged(ctx, req["ResourceArn"])
        rules.require_same_id(req["Tags"], pool.pool_id)
        await set_tags(ctx, pool, rules.added(pool.document["UserPoolTags"], req["Tags"]))
    return {}


@operation
async def untag_resource(ctx: Context, req: shapes.UntagResourceRequest) -> shapes.UntagResourceResponse:
    async with ctx.store.transaction():
        pool = await tagged(ctx, req["ResourceArn"])
        await set_tags(ctx, pool, rules.removed(pool.document["UserPoolTags"], req["TagKeys"]))
    return {}


@operation
async def list_tags_for_resource(
    ctx: Context, req: shapes.ListTagsForResourceRequest
) -> shapes.ListTagsForResourceResponse:
    pool = await tagged(ctx, req["ResourceArn"])
    return {"Tags": pool.document["UserPoolTags"]}


async def tagged(ctx: Context, arn: str) -> Pool:
    """The pool of an ARN; ResourceNotFound if there is none, InvalidParameter for the ARN of anything else."""
    pool_id = arn.rpartition("/")[2]
    if arn != ctx.deployment.pool_arn(pool_id):
        raise InvalidParameter(f"{arn} is not the ARN of a user pool of this account.")  # assumed
    return await ctx.store.pools.get(pool_id)


async def set_tags(ctx: Context, pool: Pool, tags: dict[str, str]) -> None:
    document = {**pool.document, "UserPoolTags": tags}
    await ctx.store.pools.set_document(pool.pool_id, document, now=ctx.clock())
