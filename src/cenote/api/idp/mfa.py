"""Second factors: what a pool offers, what users turn on and prefer. Twins stand one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api.registry import operation
from cenote.domain import mfa as rules
from cenote.domain import mfa_settings
from cenote.flows import accounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from cenote.domain.mfa import Factors
    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def get_user_pool_mfa_config(
    ctx: Context, req: shapes.GetUserPoolMfaConfigRequest
) -> shapes.GetUserPoolMfaConfigResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    answer: Any = mfa_settings.shown(pool.document)
    return answer


@operation
async def set_user_pool_mfa_config(
    ctx: Context, req: shapes.SetUserPoolMfaConfigRequest
) -> shapes.SetUserPoolMfaConfigResponse:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        document = mfa_settings.configured(pool.document, req)
        await ctx.store.pools.set_document(pool.pool_id, document, now=ctx.clock())
    answer: Any = mfa_settings.shown(document)
    return answer


@operation
async def admin_set_user_mfa_preference(
    ctx: Context, req: shapes.AdminSetUserMFAPreferenceRequest
) -> shapes.AdminSetUserMFAPreferenceResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    await _change(ctx, pool, user, lambda now, held: preferring(pool, now, held, req))
    return {}


@operation
async def set_user_mfa_preference(
    ctx: Context, req: shapes.SetUserMFAPreferenceRequest
) -> shapes.SetUserMFAPreferenceResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool = access.pool
    await _change(ctx, pool, access.user, lambda now, held: preferring(pool, now, held, req))
    return {}


@operation
async def admin_set_user_settings(
    ctx: Context, req: shapes.AdminSetUserSettingsRequest
) -> shapes.AdminSetUserSettingsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    await _change(ctx, pool, user, lambda now, held: with_sms_only(pool, now, held, req["MFAOptions"]))
    return {}


@operation
async def set_user_settings(
    ctx: Context, req: shapes.SetUserSettingsRequest
) -> shapes.SetUserSettingsResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool = access.pool
    await _change(ctx, pool, access.user, lambda now, held: with_sms_only(pool, now, held, req["MFAOptions"]))
    return {}


def preferring(pool: Pool, user: User, held: Factors, request: Any) -> Factors:
    return rules.preferring(pool.document, user.attributes, held, request)


def with_sms_only(pool: Pool, user: User, held: Factors, options: Any) -> Factors:
    return rules.with_sms_only(pool.document, user.attributes, held, options)


async def _change(ctx: Context, pool: Pool, user: User, change: Callable[[User, Factors], Factors]) -> None:
    """Writes what `change` makes of the user's factors, the user and they being as they are then."""
    async with ctx.store.transaction():
        user = await ctx.store.users.get(pool.pool_id, user.sub)
        held = await ctx.store.factors.find(pool.pool_id, user.sub)
        after = change(user, held)
        if after != held:
            await ctx.store.factors.set_preferences(pool.pool_id, user.sub, after, now=ctx.clock())


async def settings_of(ctx: Context, pool: Pool, user: User) -> Any:
    """The members of GetUser and AdminGetUser that tell of MFA; no look-up where the pool has none."""
    if not rules.is_on(pool.document):
        return {}
    held = await ctx.store.factors.find(pool.pool_id, user.sub)
    shown: dict[str, Any] = {}
    if rules.SMS in held.enabled:
        shown["MFAOptions"] = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    if held.preferred:
        shown["PreferredMfaSetting"] = held.preferred
    if held.listed:
        shown["UserMFASettingList"] = held.listed
    return shown
