"""Passwords forgotten: a code asked for, by the user or an administrator, and traded for a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cenote.api import origins
from cenote.api.registry import operation
from cenote.domain import delivery
from cenote.domain.users import RESET_REQUIRED, require_resettable
from cenote.flows import accounts, verification
from cenote.flows import forgot_password as flow
from cenote.flows.triggers import custom_message
from cenote.flows.triggers.firing import Occasion

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes


@operation
async def forgot_password(ctx: Context, req: shapes.ForgotPasswordRequest) -> shapes.ForgotPasswordResponse:
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    ctx, typed = origins.seen(ctx, client, req), req["Username"]
    accounts.check_secret_hash(client, typed, req.get("SecretHash"))
    details = await flow.ask(ctx, pool, client, typed, metadata=req.get("ClientMetadata", {}))
    return {"CodeDeliveryDetails": details}


@operation
async def confirm_forgot_password(
    ctx: Context, req: shapes.ConfirmForgotPasswordRequest
) -> shapes.ConfirmForgotPasswordResponse:
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    ctx, typed = origins.seen(ctx, client, req), req["Username"]
    accounts.check_secret_hash(client, typed, req.get("SecretHash"))
    await flow.answer(
        ctx,
        pool,
        client,
        typed,
        req["ConfirmationCode"],
        req["Password"],
        metadata=req.get("ClientMetadata", {}),
    )
    return {}


@operation
async def admin_reset_user_password(
    ctx: Context, req: shapes.AdminResetUserPasswordRequest
) -> shapes.AdminResetUserPasswordResponse:
    """The old password is good no more, and neither is any session."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    occasion = Occasion(ctx, pool, metadata=req.get("ClientMetadata", {}))
    worded = await flow.resetting(occasion, req["Username"])
    async with ctx.store.transaction():
        user = await accounts.get(ctx, pool, req["Username"])
        require_resettable(user)
        media = await flow.second_factor_media(ctx, pool, user.sub)
        to = delivery.for_recovery(pool.document, user.attributes, media)
        await ctx.store.users.set_status(pool.pool_id, user.sub, RESET_REQUIRED, now=ctx.clock())
        await ctx.store.sessions.revoke_all(pool.pool_id, user.sub, now=ctx.clock())
        await verification.send_code(
            occasion, worded, user, flow.RESET, to, custom_message.Source.FORGOT_PASSWORD
        )
    return {}
