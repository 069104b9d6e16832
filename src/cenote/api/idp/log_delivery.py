"""What a pool exports of its log, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api.registry import operation
from cenote.domain import log_delivery as rules

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes


@operation
async def set_log_delivery_configuration(
    ctx: Context, req: shapes.SetLogDeliveryConfigurationRequest
) -> shapes.SetLogDeliveryConfigurationResponse:
    """Replaces all of it; without configurations nothing is exported any more."""
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        kept = rules.configured(pool.document, req["LogConfigurations"], ctx.deployment.log_sinks)
        document = {**pool.document, rules.MEMBER: kept}
        await ctx.store.pools.set_document(pool.pool_id, document, now=ctx.clock())
    return {"LogDeliveryConfiguration": described(pool.pool_id, kept)}


@operation
async def get_log_delivery_configuration(
    ctx: Context, req: shapes.GetLogDeliveryConfigurationRequest
) -> shapes.GetLogDeliveryConfigurationResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    return {"LogDeliveryConfiguration": described(pool.pool_id, pool.document.get(rules.MEMBER, []))}


def described(pool_id: str, kept: list[Any]) -> shapes.LogDeliveryConfigurationType:
    return {"UserPoolId": pool_id, "LogConfigurations": kept}
