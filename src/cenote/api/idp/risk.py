"""Threat protection's settings, a pool's or one client's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api import render
from cenote.api.registry import operation
from cenote.domain import risk as rules

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def set_risk_configuration(
    ctx: Context, req: shapes.SetRiskConfigurationRequest
) -> shapes.SetRiskConfigurationResponse:
    """Replaces all of it. With the ids alone a pool goes back to defaults, a client to its pool's (documented)."""
    now = ctx.clock()
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"]) if "ClientId" in req else None
        rules.require_add_ons(pool.document)
        settings = rules.configured(req)
        kept = {**settings, "LastModifiedDate": now} if settings else {}
        owner = pool if client is None else client
        document = {name: value for name, value in owner.document.items() if name != rules.MEMBER}
        if kept:
            document[rules.MEMBER] = kept
        if client is None:
            await ctx.store.pools.set_document(pool.pool_id, document, now=now)
        else:
            await ctx.store.clients.set_document(pool.pool_id, client.client_id, document, now=now)
    shown = kept or {"LastModifiedDate": now}
    return {"RiskConfiguration": described(pool, None if client is None else client.client_id, shown)}


@operation
async def describe_risk_configuration(
    ctx: Context, req: shapes.DescribeRiskConfigurationRequest
) -> shapes.DescribeRiskConfigurationResponse:
    """What was set for the client, or for the pool; of a client without settings of its own nothing but the ids."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    client = await ctx.store.clients.get(pool, req["ClientId"]) if "ClientId" in req else None
    rules.require_add_ons(pool.document)
    owner = pool if client is None else client
    settings = owner.document.get(rules.MEMBER, {})
    return {"RiskConfiguration": described(pool, None if client is None else client.client_id, settings)}


def described(pool: Pool, client_id: str | None, settings: rules.Document) -> shapes.RiskConfigurationType:
    shape: Any = {"UserPoolId": pool.pool_id, **settings}
    if client_id is not None:
        shape["ClientId"] = client_id
    if "LastModifiedDate" in settings:
        shape["LastModifiedDate"] = render.seconds(settings["LastModifiedDate"])
    return shape
