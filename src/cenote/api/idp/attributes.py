"""Changes to a user's attributes: by an administrator, and by the user through an app client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cenote.api.registry import operation
from cenote.domain import attributes as rules
from cenote.domain import usernames
from cenote.domain.delivery import for_attribute
from cenote.domain.errors import LimitExceeded, TooManyRequests
from cenote.flows import accounts, verification
from cenote.flows import attributes as attribute_flow
from cenote.flows.triggers import custom_message
from cenote.flows.triggers.firing import Occasion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def admin_update_user_attributes(
    ctx: Context, req: shapes.AdminUpdateUserAttributesRequest
) -> shapes.AdminUpdateUserAttributesResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    changes = rules.from_wire(req["UserAttributes"])
    worded = pool
    occasion = Occasion(ctx, pool, metadata=req.get("ClientMetadata", {}))
    if occasion.function_of(custom_message.KIND) is not None:
        worded = await _worded(occasion, await accounts.get(ctx, pool, req["Username"]), changes)
    async with ctx.store.transaction():
        user = await accounts.get(ctx, pool, req["Username"])
        await _change(occasion, worded, user, changes)
    return {}


@operation
async def update_user_attributes(
    ctx: Context, req: shapes.UpdateUserAttributesRequest
) -> shapes.UpdateUserAttributesResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool, client = access.pool, await access.client(ctx)
    changes = rules.from_wire(req["UserAttributes"])
    rules.authorize_write(pool.document["SchemaAttributes"], client.document, changes)
    occasion = Occasion(ctx, pool, client, req.get("ClientMetadata", {}))
    worded = await _worded(occasion, access.user, changes)
    async with ctx.store.transaction():
        user = await ctx.store.users.get(pool.pool_id, access.user.sub)
        return {"CodeDeliveryDetailsList": await _change(occasion, worded, user, changes, limited=True)}


async def _worded(occasion: Occasion, user: User, changes: Mapping[str, str]) -> Pool:
    """The pool with its function's words for the codes that these changes will have sent."""
    pool = occasion.pool
    waiting = rules.awaiting_verification(pool.document, user.attributes, changes)
    flags = {flag: "false" for flag, name in rules.VERIFIED_FLAGS.items() if name in waiting}
    after = {**rules.changed(user.attributes, changes), **flags}
    unverified = rules.to_be_verified(pool.document, user.attributes, after)
    media = [for_attribute(name, unverified).medium for name in unverified]
    changed = replace(user, attributes=after)
    return await custom_message.worded(occasion, changed, custom_message.Source.UPDATE_ATTRIBUTE, media)


async def _change(
    occasion: Occasion, pool: Pool, user: User, changes: Mapping[str, str], *, limited: bool = False
) -> list[shapes.CodeDeliveryDetailsType]:
    """Writes what can be written now, and sends codes to the new addresses and numbers that want verifying.

    In the caller's transaction, in which `user` was read. `limited` counts the codes against the user's quota.
    """
    ctx, source = occasion.ctx, custom_message.Source.UPDATE_ATTRIBUTE
    rules.check_change(pool.document["SchemaAttributes"], changes, pinned=pinned(pool, user, changes))
    rules.check_flags(changes, rules.changed(user.attributes, changes))
    waiting = rules.awaiting_verification(pool.document, user.attributes, changes)
    flags = {flag for flag, name in rules.VERIFIED_FLAGS.items() if name in waiting}
    ready = {name: value for name, value in changes.items() if name not in waiting and name not in flags}
    after = await attribute_flow.store(ctx, pool, user, rules.changed(user.attributes, ready))
    sent = []
    for name, value in waiting.items():
        await require_free(ctx, pool, user, name, value)
    for name, value in rules.to_be_verified(
        pool.document, user.attributes, {**after.attributes, **waiting, **dict.fromkeys(flags, "false")}
    ).items():
        purpose = attribute_flow.PURPOSES[name]
        if limited:
            await spend_send(ctx, pool, user, name)
        way = for_attribute(name, {name: value})
        details = await verification.send_code(
            occasion, pool, after, purpose, way, source, pending=name in waiting
        )
        sent.append(details)
    return sent


def pinned(pool: Pool, user: User, changes: Mapping[str, str]) -> set[str]:
    """The attributes the user signs in with, if the changes would leave none of them."""
    held = {name for name in pool.document.get("UsernameAttributes", ()) if user.attributes.get(name)}
    return held if held and all(changes.get(name) == "" for name in held) else set()


async def require_free(ctx: Context, pool: Pool, user: User, kind: str, value: str) -> None:
    """AliasExists for an address that another user signs in with, where it would be one at once if verified."""
    if kind not in pool.document.get("UsernameAttributes", ()):
        return
    name = usernames.key(pool.document, value)
    holder = await ctx.store.users.name_holder(pool.pool_id, kind, name)
    if holder not in {None, user.sub}:
        raise usernames.already_taken(kind, creating=False)


async def spend_send(ctx: Context, pool: Pool, user: User, name: str) -> None:
    """TooManyRequests for whoever had too many codes sent: the model knows no LimitExceeded here."""
    try:
        await verification.spend_send(ctx, pool, user.sub, attribute_flow.PURPOSES[name])
    except LimitExceeded as limit:
        raise TooManyRequests(limit.message) from None


@operation
async def admin_delete_user_attributes(
    ctx: Context, req: shapes.AdminDeleteUserAttributesRequest
) -> shapes.AdminDeleteUserAttributesResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    async with ctx.store.transaction():
        user = await accounts.get(ctx, pool, req["Username"])
        await _delete(ctx, pool, user, req["UserAttributeNames"])
    return {}


@operation
async def delete_user_attributes(
    ctx: Context, req: shapes.DeleteUserAttributesRequest
) -> shapes.DeleteUserAttributesResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool, client = access.pool, await access.client(ctx)
    names = req["UserAttributeNames"]
    rules.authorize_write(pool.document["SchemaAttributes"], client.document, names)
    async with ctx.store.transaction():
        user = await ctx.store.users.get(pool.pool_id, access.user.sub)
        await _delete(ctx, pool, user, names)
    return {}


async def _delete(ctx: Context, pool: Pool, user: User, names: list[str]) -> None:
    nothing = dict.fromkeys(names, "")
    rules.check_deletion(pool.document["SchemaAttributes"], names, pinned=pinned(pool, user, nothing))
    await attribute_flow.store(ctx, pool, user, rules.changed(user.attributes, nothing))
