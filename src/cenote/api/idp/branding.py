"""Managed login branding: the style of a client's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api import render
from cenote.api.registry import operation
from cenote.domain import branding as rules
from cenote.domain import identifiers
from cenote.domain.branding import BrandingStyle
from cenote.domain.errors import InvalidParameter, ResourceNotFound

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes


@operation
async def create_managed_login_branding(
    ctx: Context, req: shapes.CreateManagedLoginBrandingRequest
) -> shapes.CreateManagedLoginBrandingResponse:
    document, assets, now = rules.created(req), rules.assets(req.get("Assets", ())), ctx.clock()
    branding_id = identifiers.new_uuid(ctx.entropy(16))
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"])
        style = BrandingStyle(pool.pool_id, branding_id, client.client_id, document, now, now)
        await ctx.store.branding.add(style)
        await ctx.store.branding.set_assets(pool.pool_id, branding_id, assets)
    return {"ManagedLoginBranding": await described(ctx, style)}


@operation
async def describe_managed_login_branding(
    ctx: Context, req: shapes.DescribeManagedLoginBrandingRequest
) -> shapes.DescribeManagedLoginBrandingResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    style = await ctx.store.branding.get(pool.pool_id, req["ManagedLoginBrandingId"])
    merged = req.get("ReturnMergedResources", False)
    return {"ManagedLoginBranding": await described(ctx, style, merged=merged)}


@operation
async def describe_managed_login_branding_by_client(
    ctx: Context, req: shapes.DescribeManagedLoginBrandingByClientRequest
) -> shapes.DescribeManagedLoginBrandingByClientResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    client = await ctx.store.clients.get(pool, req["ClientId"])
    style = await ctx.store.branding.find_of_client(pool.pool_id, client.client_id)
    if style is None:
        raise ResourceNotFound(f"No managed login branding exists for client {client.client_id}.")  # assumed
    merged = req.get("ReturnMergedResources", False)
    return {"ManagedLoginBranding": await described(ctx, style, merged=merged)}


@operation
async def update_managed_login_branding(
    ctx: Context, req: shapes.UpdateManagedLoginBrandingRequest
) -> shapes.UpdateManagedLoginBrandingResponse:
    if "UserPoolId" not in req or "ManagedLoginBrandingId" not in req:
        raise InvalidParameter("UserPoolId and ManagedLoginBrandingId are required.")  # assumed
    assets = rules.assets(req.get("Assets", ()))
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        style = await ctx.store.branding.get(pool.pool_id, req["ManagedLoginBrandingId"])
        document = rules.updated(style.document, req)
        await ctx.store.branding.set_document(pool.pool_id, style.branding_id, document, now=ctx.clock())
        if document["UseCognitoProvidedValues"]:
            await ctx.store.branding.remove_assets(pool.pool_id, style.branding_id)
        await ctx.store.branding.set_assets(pool.pool_id, style.branding_id, assets)
        style = await ctx.store.branding.get(pool.pool_id, style.branding_id)
    return {"ManagedLoginBranding": await described(ctx, style)}


@operation
async def delete_managed_login_branding(ctx: Context, req: shapes.DeleteManagedLoginBrandingRequest) -> None:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        style = await ctx.store.branding.get(pool.pool_id, req["ManagedLoginBrandingId"])
        await ctx.store.branding.remove(pool.pool_id, style.branding_id)


async def described(
    ctx: Context, style: BrandingStyle, *, merged: bool = False
) -> shapes.ManagedLoginBrandingType:
    """Assets are always there, Settings only if some were given (recorded) or the defaults are asked for."""
    store = ctx.store.branding
    assets: list[Any] = []
    for asset in await store.assets(style.pool_id, style.branding_id):
        found = await store.asset(style.pool_id, style.branding_id, asset.asset_id)
        shape: dict[str, Any] = {
            "Category": asset.category,
            "ColorMode": asset.color_mode,
            "Extension": asset.extension,
        }
        if found is not None:
            shape["Bytes"] = found[1]
        if asset.resource_id:
            shape["ResourceId"] = asset.resource_id
        assets.append(shape)
    answer: Any = {
        "ManagedLoginBrandingId": style.branding_id,
        "UserPoolId": style.pool_id,
        **style.document,
        "Assets": assets,
        "CreationDate": render.seconds(style.created_at),
        "LastModifiedDate": render.seconds(style.updated_at),
    }
    if merged:
        answer["Settings"] = style.settings
    return answer
