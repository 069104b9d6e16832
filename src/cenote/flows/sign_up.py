"""Confirming a sign-up, for both doors: ConfirmSignUp, and the page behind a confirmation link.

Through a client of choice-based sign-in the confirmation gives a `Session` that stands for the first factor of the
user's first sign-in (documented at ConfirmSignUp and InitiateAuth, and in "Automatic sign-in with OTPs"). SignUp gives
one as well, which ConfirmSignUp takes and does not need: aws-amplify never sends it there.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cenote.domain import attributes as attribute_rules
from cenote.domain.clients import auth_flows
from cenote.domain.codes import Purpose
from cenote.domain.errors import NotAuthorized, UserNotFound
from cenote.domain.first_factors import CODES
from cenote.domain.sign_in import Flow, allows_flow
from cenote.domain.users import CONFIRMED, User, require_confirmable, require_enabled
from cenote.flows import accounts, attributes, verification
from cenote.flows.attempt import (
    EXPIRED_SESSION,
    INVALID_SESSION,
    Asked,
    Attempt,
    Ticket,
    opened,
    sealed,
    ticket_for,
)
from cenote.flows.context import Context
from cenote.flows.triggers import post_confirmation
from cenote.flows.triggers.firing import Occasion
from cenote.flows.verification import Confirms
from cenote.store.clients import Client
from cenote.store.pools import Pool

# Recorded (aws-amplify/aws-sdk-ios#4837): what ForgotPassword, ResendConfirmationCode and the confirming calls say of
# a name that nobody has, in place of "User does not exist."
NO_SUCH_COMBINATION: Final = "Username/client id combination not found."
# What the two tickets are for, in the place of a challenge's name: no challenge is called so.
SIGNED_UP: Final = "signed up"
CONFIRMED_NOW: Final = "confirmed now"


async def known(ctx: Context, pool: Pool, client: Client, typed: str) -> User | None:
    """The user, or None where nobody has the name and that must not show; UserNotFound where it may."""
    user = await accounts.find(ctx, pool, typed)
    if user is None and client.reveals_users:
        raise UserNotFound(NO_SUCH_COMBINATION)
    return user


def session(
    ctx: Context, pool: Pool, client: Client, user: User, typed: str, purpose: str, factor: str = ""
) -> str | None:
    """The `Session` of an answer; None for a client without choice-based sign-in (recorded in
    aws/aws-sdk-js-v3#6724). `factor` is the challenge that the confirmation code counts as.
    """
    if not allows_flow(auth_flows(client.document), Flow.USER_AUTH):
        return None
    attempt = Attempt(ctx, pool, client, Flow.USER_AUTH, typed, user, begun_at=ctx.clock())
    return sealed(attempt, ticket_for(attempt, purpose, Asked({}, factor.encode())), block=False)


def fresh(ctx: Context, pool: Pool, client: Client, signed_up: str) -> Ticket | None:
    """The ticket of a sign-up, None once it is too old; NotAuthorized for anything else."""
    try:
        return opened(ctx, pool, client, signed_up, block=False)
    except NotAuthorized as error:
        if error.message != EXPIRED_SESSION:
            raise
        return None


async def confirm(
    ctx: Context,
    pool: Pool,
    client: Client,
    typed: str,
    code: str,
    *,
    signed_up: str | None = None,
    take_aliases: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> str | None:
    """Confirms the user whose code this is, and that the address it was sent to is theirs.

    AliasExists where somebody else signs in by that address, unless `take_aliases` takes it from them; the code
    stays good for a second try. Gives the `Session` for the first sign-in. NotAuthorized where `signed_up` is not the
    `Session` of this user's sign-up; it may be too old, as the code has its own time.
    """
    ticket = None if signed_up is None else fresh(ctx, pool, client, signed_up)
    async with ctx.store.transaction():
        # Looked for once, whoever it is, and here, where nobody can change them under us.
        user = await known(ctx, pool, client, typed)
        if ticket is not None and (ticket.challenge != SIGNED_UP or user is None or ticket.sub != user.sub):
            raise NotAuthorized(INVALID_SESSION)
        if user is not None:
            require_enabled(user)
            require_confirmable(user)
        subject = accounts.subject(pool, user, typed)
        stored = await verification.check_code(ctx, pool, subject, Purpose.SIGN_UP, code)
        if user is None:
            raise TypeError("a code of nobody's was right")
        proved = Confirms.of(stored)
        if user.attributes.get(proved.attribute) == proved.value:
            after = attribute_rules.changed(user.attributes, {f"{proved.attribute}_verified": "true"})
            user = await attributes.store(ctx, pool, user, after, take_aliases=take_aliases)
        await ctx.store.users.set_status(pool.pool_id, user.sub, CONFIRMED, now=ctx.clock())
    await post_confirmation.told(
        Occasion(ctx, pool, client, metadata or {}),
        replace(user, status=CONFIRMED),
        post_confirmation.Source.SIGN_UP,
    )
    factor = next(factor for factor, attribute in CODES.items() if attribute == proved.attribute)
    return session(ctx, pool, client, user, typed, CONFIRMED_NOW, factor)
