"""UI customization: the look of the classic pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api import render
from cenote.api.registry import operation
from cenote.domain import ui_customizations as rules
from cenote.domain.errors import InvalidParameter
from cenote.domain.ui_customizations import ALL, UICustomization

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def set_ui_customization(
    ctx: Context, req: shapes.SetUICustomizationRequest
) -> shapes.SetUICustomizationResponse:
    """CSS and logo are set together: what is left out is gone (documented), and with neither, all of it is."""
    css, image, now = req.get("CSS"), req.get("ImageFile") or None, ctx.clock()
    style = None if css is None else rules.rewritten(css)
    extension = None if image is None else rules.checked_image(image)
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client_id = await whose(ctx, pool, req.get("ClientId"))
        if not await ctx.store.domains.of_pool(pool.pool_id):
            # Recorded in amazon-connect/voicemail-for-amazon-connect#5.
            raise InvalidParameter("A domain must be associated with this user pool.")
        before = await ctx.store.ui_customizations.find(pool.pool_id, client_id)
        after = UICustomization(
            pool_id=pool.pool_id,
            client_id=client_id,
            css=css,
            style=style,
            image_id=None if image is None else rules.image_id(image),
            image_extension=extension,
            version=rules.version_of(now),
            created_at=now if before is None else before.created_at,
            updated_at=now,
        )
        if css is None and image is None:
            await ctx.store.ui_customizations.remove(pool.pool_id, client_id)
        else:
            await ctx.store.ui_customizations.set_(after, image)
    return {"UICustomization": described(ctx, after)}


@operation
async def get_ui_customization(
    ctx: Context, req: shapes.GetUICustomizationRequest
) -> shapes.GetUICustomizationResponse:
    """The client's own, or else that of all clients, or an empty object (documented)."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    client_id = await whose(ctx, pool, req.get("ClientId"))
    found = await ctx.store.ui_customizations.for_client(pool.pool_id, client_id)
    return {"UICustomization": {} if found is None else described(ctx, found)}


async def whose(ctx: Context, pool: Pool, client_id: str | None) -> str:
    """ALL, or the id of a client of this pool."""
    if client_id is None or client_id == ALL:
        return ALL
    return (await ctx.store.clients.get(pool, client_id)).client_id


def described(ctx: Context, one: UICustomization) -> shapes.UICustomizationType:
    """The logo's address is on the base host; every host of this installation has the same path."""
    shape: Any = {
        "UserPoolId": one.pool_id,
        "ClientId": one.client_id,
        "CSSVersion": one.version,
        "CreationDate": render.seconds(one.created_at),
        "LastModifiedDate": render.seconds(one.updated_at),
    }
    if one.css is not None:
        shape["CSS"] = one.css
    if one.image_path is not None:
        shape["ImageUrl"] = ctx.deployment.public_url + one.image_path
    return shape
