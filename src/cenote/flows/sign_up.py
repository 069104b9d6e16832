"""Confirming a sign-up, for both doors: ConfirmSignUp, and the page behind a confirmation link."""

from typing import Final

from cenote.domain import attributes as attribute_rules
from cenote.domain.codes import Purpose
from cenote.domain.errors import UserNotFound
from cenote.domain.users import CONFIRMED, User, require_confirmable, require_enabled
from cenote.flows import accounts, attributes, verification
from cenote.flows.context import Context
from cenote.flows.verification import Confirms
from cenote.store.clients import Client
from cenote.store.pools import Pool

# Recorded (aws-amplify/aws-sdk-ios#4837): what ForgotPassword, ResendConfirmationCode and the confirming calls say of
# a name that nobody has, in place of "User does not exist."
NO_SUCH_COMBINATION: Final = "Username/client id combination not found."


async def known(ctx: Context, pool: Pool, client: Client, typed: str) -> User | None:
    """The user, or None where nobody has the name and that must not show; UserNotFound where it may."""
    user = await accounts.find(ctx, pool, typed)
    if user is None and client.reveals_users:
        raise UserNotFound(NO_SUCH_COMBINATION)
    return user


async def confirm(
    ctx: Context, pool: Pool, client: Client, typed: str, code: str, *, take_aliases: bool = False
) -> None:
    """Confirms the user whose code this is, and that the address it was sent to is theirs.

    AliasExists where somebody else signs in by that address, unless `take_aliases` takes it from them; the code
    stays good for a second try.
    """
    user = await known(ctx, pool, client, typed)
    async with ctx.store.transaction():
        if user is not None:
            # As they are now that nobody can change them under us.
            user = await ctx.store.users.get(pool.pool_id, user.sub)
            require_enabled(user)
            require_confirmable(user)
        subject = accounts.subject(pool, user, typed)
        stored = await verification.check_code(ctx, pool, subject, Purpose.SIGN_UP, code)
        if user is None:
            raise TypeError("a code of nobody's was right")
        proved = Confirms.of(stored)
        if user.attributes.get(proved.attribute) == proved.value:
            after = attribute_rules.changed(user.attributes, {f"{proved.attribute}_verified": "true"})
            await attributes.store(ctx, pool, user, after, take_aliases=take_aliases)
        await ctx.store.users.set_status(pool.pool_id, user.sub, CONFIRMED, now=ctx.clock())
