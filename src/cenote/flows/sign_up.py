"""Signing up and confirming it, for both doors: the API, and the pages.

Through a client of choice-based sign-in the confirmation gives a `Session` that stands for the first factor of the
user's first sign-in (documented at ConfirmSignUp and InitiateAuth, and in "Automatic sign-in with OTPs"). SignUp gives
one as well, which ConfirmSignUp takes and does not need: aws-amplify never sends it there.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from cenote.domain import attributes as attribute_rules
from cenote.domain import delivery, identifiers, usernames
from cenote.domain.clients import auth_flows
from cenote.domain.codes import Purpose
from cenote.domain.errors import CognitoError, InvalidParameter, NotAuthorized, UserNotFound
from cenote.domain.first_factors import CODES, has_codes
from cenote.domain.passwords import Wording
from cenote.domain.sign_in import Flow, allows_flow
from cenote.domain.users import (
    CONFIRMED,
    UNCONFIRMED,
    User,
    require_confirmable,
    require_enabled,
    require_unconfirmed,
)
from cenote.flows import accounts, attributes, passwords, protection, verification
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
from cenote.flows.triggers import custom_message, post_confirmation, pre_sign_up
from cenote.flows.triggers.firing import Occasion
from cenote.flows.verification import Confirms
from cenote.shapes.cognito_idp import CodeDeliveryDetailsType
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.store.users import NameTaken

# Recorded (aws-amplify/aws-sdk-ios#4837): what ForgotPassword, ResendConfirmationCode and the confirming calls say of
# a name that nobody has, in place of "User does not exist."
NO_SUCH_COMBINATION: Final = "Username/client id combination not found."
# What the two tickets are for, in the place of a challenge's name: no challenge is called so.
SIGNED_UP: Final = "signed up"
CONFIRMED_NOW: Final = "confirmed now"


class SignedUp(msgspec.Struct, frozen=True):
    """What came of a sign-up. `details` tell where a code went, `session` signs in after the confirmation."""

    user: User
    details: CodeDeliveryDetailsType | None
    session: str | None

    @property
    def confirmed(self) -> bool:
        return self.user.status == CONFIRMED


async def register(
    ctx: Context,
    pool: Pool,
    client: Client,
    typed: str,
    password: str,
    given: Mapping[str, str],
    *,
    validation: Mapping[str, str],
    metadata: Mapping[str, str],
) -> SignedUp:
    """One commit: the user, their names, password and code are there together with the message, or not at all.

    PreventUserExistenceErrors does not hide that a user name is taken (documented in "Managing user existence error
    responses"); an alias shows only to who can read what is sent to it, at ConfirmSignUp.
    """
    if not is_open(pool):
        raise NotAuthorized("SignUp is not permitted for this user pool")
    attribute_rules.authorize_write(pool.document["SchemaAttributes"], client.document, given)
    user = new_user(ctx, pool, typed, given)
    prepared = None
    # Where users may sign in with one-time codes they need no password (documented in "Passwordless sign-in").
    if password or not has_codes(pool.document):
        await protection.check_new_password(ctx, pool, client, password, "SIGN_UP")
        prepared = await passwords.prepared(ctx, pool, user.username, password, Wording.SET)
    occasion = Occasion(ctx, pool, client, metadata)
    asked, user = user, await pre_sign_up.approved(occasion, user, pre_sign_up.Source.SIGN_UP, validation)
    confirmed = user.status == CONFIRMED
    to = None if confirmed else delivery.for_sign_up(pool.document, user.attributes)
    media = () if to is None else (to.medium,)
    worded = await custom_message.worded(occasion, user, custom_message.Source.SIGN_UP, media)
    names = usernames.owned(pool.document, user.username, user.attributes)
    details = None
    async with ctx.store.transaction():
        if user.attributes != asked.attributes:
            # An alias that the function says is verified moves to the new user (documented at PreSignUp).
            await attributes.release(ctx, pool, names)
        try:
            await ctx.store.users.add(pool, user, names, prepared)
        except NameTaken as taken:
            raise usernames.already_taken(taken.kind, creating=True) from None
        await protection.happened(ctx, pool, user, "SignUp")
        if to is not None:
            details = await verification.send_code(
                occasion, worded, user, Purpose.SIGN_UP, to, custom_message.Source.SIGN_UP
            )
    if confirmed:
        await post_confirmation.told(occasion, user, post_confirmation.Source.SIGN_UP)
    return SignedUp(user, details, session(ctx, pool, client, user, typed, SIGNED_UP))


def is_open(pool: Pool) -> bool:
    """Whether users sign up by themselves."""
    return not pool.document.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly")


def new_user(ctx: Context, pool: Pool, typed: str, given: Mapping[str, str]) -> User:
    """The user that a sign-up asks for, if the pool's rules let it be."""
    document: Mapping[str, Any] = pool.document
    usernames.check_new(document, typed)
    if given.get("preferred_username") and "preferred_username" in document.get("AliasAttributes", ()):
        # recorded (aws-amplify/amplify-js#1669)
        raise InvalidParameter(
            "Preferred username cannot be provided for unconfirmed account, since user pool is configured for"
            " preferred username alias."
        )
    wanted = usernames.with_sign_in_attribute(document, typed, given)
    attribute_rules.check_new(document["SchemaAttributes"], wanted, require=True)
    sub = identifiers.new_uuid(ctx.entropy(16))
    now = ctx.clock()
    return User(
        pool_id=pool.pool_id,
        sub=sub,
        username=sub if usernames.generates_username(document) else typed,
        status=UNCONFIRMED,
        attributes=attribute_rules.changed({}, wanted),
        created_at=now,
        updated_at=now,
    )


async def resend(
    ctx: Context, pool: Pool, client: Client, typed: str, *, metadata: Mapping[str, str]
) -> CodeDeliveryDetailsType:
    """Sends the confirmation code once more; the earlier one is good no more.

    With PreventUserExistenceErrors a name that nobody has, a disabled user (documented) and a confirmed one (recorded
    in aws-amplify/amplify-js#14762) all look as if a code had been sent.
    """
    if not pool.document.get("AutoVerifiedAttributes"):
        # recorded (aws-amplify/amplify-cli#3646)
        raise InvalidParameter("Cannot resend codes. Auto verification not turned on.")
    occasion = Occasion(ctx, pool, client, metadata)
    worded = await resending(occasion, typed)
    async with ctx.store.transaction():
        user = await known(ctx, pool, client, typed)
        await verification.spend_send(ctx, pool, accounts.subject(pool, user, typed), Purpose.SIGN_UP)
        try:
            to = None if user is None else recipient(pool, user)
        except CognitoError:
            if client.reveals_users:
                raise
            to = None
        if user is None or to is None:
            details = await verification.pretend_code(ctx, pool, client, user, typed, Purpose.SIGN_UP)
            await protection.pretended(ctx, pool, accounts.subject(pool, user, typed))
        else:
            details = await verification.send_code(
                occasion, worded, user, Purpose.SIGN_UP, to, custom_message.Source.RESEND_CODE
            )
            await protection.happened(ctx, pool, user, "ResendCode")
    return details


async def resending(occasion: Occasion, typed: str) -> Pool:
    """The pool with its function's words for the code, if there is somebody to send one to."""
    if occasion.function_of(custom_message.KIND) is None:
        return occasion.pool
    user = await accounts.find(occasion.ctx, occasion.pool, typed)
    try:
        media = () if user is None else (recipient(occasion.pool, user).medium,)
    except CognitoError:
        media = ()
    if user is None:
        return occasion.pool
    return await custom_message.worded(occasion, user, custom_message.Source.RESEND_CODE, media)


def recipient(pool: Pool, user: User) -> delivery.Delivery:
    """Where the user's confirmation code goes, if they still need one."""
    require_enabled(user)
    require_unconfirmed(user)
    to = delivery.for_sign_up(pool.document, user.attributes)
    if to is None:
        raise InvalidParameter("User has no attribute that could be verified.")  # assumed
    return to


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
