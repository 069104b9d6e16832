"""Signing up: SignUp, ConfirmSignUp, ResendConfirmationCode, and confirming as an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cenote.api import origins
from cenote.api.registry import operation
from cenote.domain import attributes
from cenote.domain.codes import Purpose
from cenote.domain.users import CONFIRMED, require_confirmable
from cenote.flows import accounts
from cenote.flows import sign_up as flow
from cenote.flows.triggers import post_confirmation
from cenote.flows.triggers.firing import Occasion

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes


@operation
async def sign_up(ctx: Context, req: shapes.SignUpRequest) -> shapes.SignUpResponse:
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    ctx, typed = origins.seen(ctx, client, req), req["Username"]
    accounts.check_secret_hash(client, typed, req.get("SecretHash"))
    signed_up = await flow.register(
        ctx,
        pool,
        client,
        typed,
        req.get("Password", ""),
        attributes.from_wire(req.get("UserAttributes", ())),
        validation=attributes.from_wire(req.get("ValidationData", ())),
        metadata=req.get("ClientMetadata", {}),
    )
    answer: shapes.SignUpResponse = {"UserConfirmed": signed_up.confirmed, "UserSub": signed_up.user.sub}
    if signed_up.details is not None:
        answer["CodeDeliveryDetails"] = signed_up.details
    if signed_up.session is not None:
        answer["Session"] = signed_up.session
    return answer


@operation
async def confirm_sign_up(ctx: Context, req: shapes.ConfirmSignUpRequest) -> shapes.ConfirmSignUpResponse:
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    accounts.check_secret_hash(client, req["Username"], req.get("SecretHash"))
    session = await flow.confirm(
        ctx,
        pool,
        client,
        req["Username"],
        req["ConfirmationCode"],
        signed_up=req.get("Session"),
        take_aliases=req.get("ForceAliasCreation", False),
        metadata=req.get("ClientMetadata", {}),
    )
    return {} if session is None else {"Session": session}


@operation
async def admin_confirm_sign_up(
    ctx: Context, req: shapes.AdminConfirmSignUpRequest
) -> shapes.AdminConfirmSignUpResponse:
    """Confirms the account and verifies nothing: nobody has read a code."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    async with ctx.store.transaction():
        user = await accounts.get(ctx, pool, req["Username"])
        require_confirmable(user)
        await ctx.store.users.set_status(pool.pool_id, user.sub, CONFIRMED, now=ctx.clock())
        await ctx.store.codes.remove(pool.pool_id, user.sub, Purpose.SIGN_UP)
    occasion = Occasion(ctx, pool, metadata=req.get("ClientMetadata", {}))
    await post_confirmation.told(occasion, replace(user, status=CONFIRMED), post_confirmation.Source.SIGN_UP)
    return {}


@operation
async def resend_confirmation_code(
    ctx: Context, req: shapes.ResendConfirmationCodeRequest
) -> shapes.ResendConfirmationCodeResponse:
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    ctx, typed = origins.seen(ctx, client, req), req["Username"]
    accounts.check_secret_hash(client, typed, req.get("SecretHash"))
    details = await flow.resend(ctx, pool, client, typed, metadata=req.get("ClientMetadata", {}))
    return {"CodeDeliveryDetails": details}
