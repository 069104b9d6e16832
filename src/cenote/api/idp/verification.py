"""A signed-in user verifies their e-mail address or phone number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cenote.api.registry import operation
from cenote.domain import attributes as attribute_rules
from cenote.domain.delivery import for_attribute
from cenote.domain.errors import ExpiredCode
from cenote.flows import accounts, attributes, verification
from cenote.flows.attributes import PURPOSES
from cenote.flows.triggers import custom_message
from cenote.flows.triggers.custom_message import Source
from cenote.flows.triggers.firing import Occasion
from cenote.flows.verification import EXPIRED, Confirms
from cenote.store.transactions import Keep

if TYPE_CHECKING:
    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def get_user_attribute_verification_code(
    ctx: Context, req: shapes.GetUserAttributeVerificationCodeRequest
) -> shapes.GetUserAttributeVerificationCodeResponse:
    """A value that waits for its verification is sent the code in place of the present one."""
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool, user, name = access.pool, access.user, req["AttributeName"]
    occasion = Occasion(ctx, pool, await access.client(ctx), req.get("ClientMetadata", {}))
    worded = await wording(occasion, user, name)
    async with ctx.store.transaction():
        user = await ctx.store.users.get(pool.pool_id, user.sub)
        waiting = await pending(ctx, user, name)
        to = for_attribute(name, user.attributes if waiting is None else {name: waiting.value})
        purpose = PURPOSES[to.attribute]
        await verification.spend_send(ctx, pool, user.sub, purpose)
        details = await verification.send_code(
            occasion, worded, user, purpose, to, Source.VERIFY_ATTRIBUTE, pending=waiting is not None
        )
    return {"CodeDeliveryDetails": details}


async def wording(occasion: Occasion, user: User, name: str) -> Pool:
    """The pool with its function's words for the code."""
    if occasion.function_of(custom_message.KIND) is None:
        return occasion.pool
    waiting = await pending(occasion.ctx, user, name)
    to = for_attribute(name, user.attributes if waiting is None else {name: waiting.value})
    return await custom_message.worded(occasion, user, Source.VERIFY_ATTRIBUTE, (to.medium,))


async def pending(ctx: Context, user: User, name: str) -> Confirms | None:
    """The new value that a code on its way is to make the user's, if there is one."""
    if name not in PURPOSES:
        return None
    code = await ctx.store.codes.find(user.pool_id, user.sub, PURPOSES[name])
    proves = None if code is None else Confirms.of(code)
    return proves if proves is not None and proves.pending else None


@operation
async def verify_user_attribute(
    ctx: Context, req: shapes.VerifyUserAttributeRequest
) -> shapes.VerifyUserAttributeResponse:
    """The code verifies the value it was sent to, which becomes the user's if it waited for that."""
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool, name = access.pool, req["AttributeName"]
    async with ctx.store.transaction():
        user = await ctx.store.users.get(pool.pool_id, access.user.sub)
        if name not in PURPOSES:
            for_attribute(name, user.attributes)
        code = await verification.check_code(ctx, pool, user.sub, PURPOSES[name], req["Code"])
        proved = Confirms.of(code)
        if not proved.pending and user.attributes.get(name) != proved.value:
            raise Keep(ExpiredCode(EXPIRED))
        changes = {name: proved.value, f"{name}_verified": "true"}
        await attributes.store(ctx, pool, user, attribute_rules.changed(user.attributes, changes))
    return {}
