"""Passwords forgotten, for both doors: a code asked for, and traded for a new password."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec.structs import replace

from cenote.domain import delivery, mfa
from cenote.domain import passwords as password_rules
from cenote.domain.codes import Purpose
from cenote.domain.errors import CognitoError, NotAuthorized
from cenote.domain.passwords import Wording
from cenote.domain.users import (
    CONFIRMED,
    RESET_REQUIRED,
    UNCONFIRMED,
    User,
    require_enabled,
    require_resettable,
)
from cenote.flows import accounts, migration, passwords, protection, verification
from cenote.flows.context import Context
from cenote.flows.sign_up import known
from cenote.flows.triggers import custom_message, post_confirmation
from cenote.flows.triggers.firing import Occasion
from cenote.shapes.cognito_idp import CodeDeliveryDetailsType
from cenote.store.clients import Client
from cenote.store.codes import StoredCode
from cenote.store.pools import Pool

RESET: Final = Purpose.RESET_PASSWORD


async def ask(
    ctx: Context, pool: Pool, client: Client, typed: str, *, metadata: Mapping[str, str]
) -> CodeDeliveryDetailsType:
    """Sends a code that resets the password.

    With PreventUserExistenceErrors a name that nobody has, a disabled user and one with nothing verified all look as
    if a code had been sent (documented in "Managing user existence error responses").
    """
    occasion = Occasion(ctx, pool, client, metadata)
    await migration.at_forgot_password(occasion, typed)
    worded = await resetting(occasion, typed)
    async with ctx.store.transaction():
        user = await known(ctx, pool, client, typed)
        await verification.spend_send(ctx, pool, accounts.subject(pool, user, typed), RESET)
        try:
            to = None if user is None else await recipient(ctx, pool, user)
        except CognitoError:
            if client.reveals_users:
                raise
            to = None
        if user is None or to is None:
            details = await verification.pretend_code(ctx, pool, client, user, typed, RESET)
            await protection.pretended(ctx, pool, accounts.subject(pool, user, typed))
        else:
            details = await verification.send_code(
                occasion, worded, user, RESET, to, custom_message.Source.FORGOT_PASSWORD
            )
            await protection.happened(ctx, pool, user, "ForgotPassword")
    return details


async def resetting(occasion: Occasion, typed: str) -> Pool:
    """The pool with its function's words for the code, if there is somebody to send one to."""
    if occasion.function_of(custom_message.KIND) is None:
        return occasion.pool
    user = await accounts.find(occasion.ctx, occasion.pool, typed)
    if user is None:
        return occasion.pool
    try:
        media = ((await recipient(occasion.ctx, occasion.pool, user)).medium,)
    except CognitoError:
        return occasion.pool
    return await custom_message.worded(occasion, user, custom_message.Source.FORGOT_PASSWORD, media)


async def recipient(ctx: Context, pool: Pool, user: User) -> delivery.Delivery:
    """Where the user's reset code goes, if their password can be reset by one.

    Who signed up and did not confirm yet gets one only where an administrator has verified their address: as a rule
    they hear that there is no verified one (recorded in aws/aws-sdk-net#1984).
    """
    require_enabled(user)
    if user.status != UNCONFIRMED:
        require_resettable(user)
    return delivery.for_recovery(
        pool.document, user.attributes, await second_factor_media(ctx, pool, user.sub)
    )


async def second_factor_media(ctx: Context, pool: Pool, sub: str) -> list[Literal["EMAIL", "SMS"]]:
    """The media that bring the user's second factors: who holds one alone should not get by on it."""
    if not mfa.is_on(pool.document):
        return []
    enabled = (await ctx.store.factors.find(pool.pool_id, sub)).enabled
    return [medium for name, medium in mfa.MEDIA.items() if name in enabled]


async def answer(
    ctx: Context,
    pool: Pool,
    client: Client,
    typed: str,
    guess: str,
    password: str,
    *,
    metadata: Mapping[str, str],
) -> None:
    """Sets the password, confirms the user and ends their sessions; second factors stay (SECURITY.md case 48)."""
    password_rules.check(password, passwords.policy_of(pool), Wording.REPLACE)
    await protection.check_new_password(ctx, pool, client, password, "PASSWORD_CHANGE")
    user = await known(ctx, pool, client, typed)
    if user is not None and client.reveals_users:
        require_enabled(user)
    # The code first, and without using it up: only who has it may make us compute, and a password that the history
    # refuses costs a try, not the code.
    async with ctx.store.transaction():
        subject = accounts.subject(pool, user, typed)
        code = await verification.check_code(ctx, pool, subject, RESET, guess, use=False)
    if user is None:
        raise TypeError("a code of nobody's was right")
    user = await reset(ctx, pool, user, code, password)
    occasion = Occasion(ctx, pool, client, metadata)
    await post_confirmation.told(occasion, user, post_confirmation.Source.FORGOT_PASSWORD)


async def reset(ctx: Context, pool: Pool, user: User, code: StoredCode, password: str) -> User:
    """Trades a code that was found right for the new password: one of many requests at once gets it.

    Gives the user as they are then.
    """
    previous = await ctx.store.users.password(pool, user.sub)
    new = await passwords.prepared(ctx, pool, user.username, password, Wording.REPLACE, previous=previous)
    async with ctx.store.transaction():
        # The user before the code, as whoever asks for one: two that wait for each other would both be given up.
        user = await ctx.store.users.get(pool.pool_id, user.sub)
        await verification.use_code(ctx, pool, user.sub, RESET, code)
        require_enabled(user)
        if user.status not in {CONFIRMED, RESET_REQUIRED, UNCONFIRMED}:
            raise NotAuthorized("User password cannot be reset in the current state.")
        await passwords.replace(ctx, pool, user.sub, new, previous=previous)
        await ctx.store.users.set_status(pool.pool_id, user.sub, CONFIRMED, now=ctx.clock())
        await ctx.store.codes.remove(pool.pool_id, user.sub, Purpose.SIGN_UP)
        await ctx.store.sessions.revoke_all(pool.pool_id, user.sub, now=ctx.clock())
        await protection.happened(ctx, pool, user, "PasswordChange")
    return replace(user, status=CONFIRMED)
