"""Signing up: SignUp, ConfirmSignUp, ResendConfirmationCode, and confirming as an administrator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cenote.api import origins
from cenote.api.registry import operation
from cenote.domain import attributes, delivery, identifiers, usernames
from cenote.domain.codes import Purpose
from cenote.domain.errors import CognitoError, InvalidParameter, NotAuthorized
from cenote.domain.first_factors import has_codes
from cenote.domain.passwords import Wording
from cenote.domain.users import (
    CONFIRMED,
    UNCONFIRMED,
    User,
    require_confirmable,
    require_enabled,
    require_unconfirmed,
)
from cenote.flows import accounts, passwords, protection, verification
from cenote.flows import attributes as attribute_flow
from cenote.flows import sign_up as flow
from cenote.flows.triggers import custom_message, post_confirmation, pre_sign_up
from cenote.flows.triggers.firing import Occasion
from cenote.store.users import NameTaken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def sign_up(ctx: Context, req: shapes.SignUpRequest) -> shapes.SignUpResponse:
    """One commit: the user, their names, password and code are there together with the message, or not at all.

    PreventUserExistenceErrors does not hide that a user name is taken (documented in "Managing user existence error
    responses"); an alias shows only to who can read what is sent to it, at ConfirmSignUp.
    """
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    ctx, typed = origins.seen(ctx, client, req), req["Username"]
    accounts.check_secret_hash(client, typed, req.get("SecretHash"))
    if pool.document.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        raise NotAuthorized("SignUp is not permitted for this user pool")
    given = attributes.from_wire(req.get("UserAttributes", ()))
    attributes.authorize_write(pool.document["SchemaAttributes"], client.document, given)
    user = new_user(ctx, pool, typed, given)
    password = None
    # Where users may sign in with one-time codes they need no password (documented in "Passwordless sign-in").
    if req.get("Password") or not has_codes(pool.document):
        await protection.check_new_password(ctx, pool, client, req.get("Password", ""), "SIGN_UP")
        password = await passwords.prepared(ctx, pool, user.username, req.get("Password", ""), Wording.SET)
    occasion = Occasion(ctx, pool, client, req.get("ClientMetadata", {}))
    validation = attributes.from_wire(req.get("ValidationData", ()))
    asked, user = user, await pre_sign_up.approved(occasion, user, pre_sign_up.Source.SIGN_UP, validation)
    confirmed = user.status == CONFIRMED
    to = None if confirmed else delivery.for_sign_up(pool.document, user.attributes)
    media = () if to is None else (to.medium,)
    worded = await custom_message.worded(occasion, user, custom_message.Source.SIGN_UP, media)
    names = usernames.owned(pool.document, user.username, user.attributes)
    answer: shapes.SignUpResponse = {"UserConfirmed": confirmed, "UserSub": user.sub}
    async with ctx.store.transaction():
        if user.attributes != asked.attributes:
            # An alias that the function says is verified moves to the new user (documented at PreSignUp).
            await attribute_flow.release(ctx, pool, names)
        try:
            await ctx.store.users.add(user, names)
        except NameTaken as taken:
            raise usernames.already_taken(taken.kind, creating=True) from None
        if password is not None:
            await ctx.store.users.set_password(pool, user.sub, password)
        await protection.happened(ctx, pool, user, "SignUp")
        if to is not None:
            answer["CodeDeliveryDetails"] = await verification.send_code(
                occasion, worded, user, Purpose.SIGN_UP, to, custom_message.Source.SIGN_UP
            )
    if confirmed:
        await post_confirmation.told(occasion, user, post_confirmation.Source.SIGN_UP)
    session = flow.session(ctx, pool, client, user, typed, flow.SIGNED_UP)
    if session is not None:
        answer["Session"] = session
    return answer


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
    attributes.check_new(document["SchemaAttributes"], wanted, require=True)
    sub = identifiers.new_uuid(ctx.entropy(16))
    now = ctx.clock()
    return User(
        pool_id=pool.pool_id,
        sub=sub,
        username=sub if usernames.generates_username(document) else typed,
        status=UNCONFIRMED,
        attributes=attributes.changed({}, wanted),
        created_at=now,
        updated_at=now,
    )


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
    """The earlier code is good no more.

    With PreventUserExistenceErrors a name that nobody has, a disabled user (documented) and a confirmed one (recorded
    in aws-amplify/amplify-js#14762) all look as if a code had been sent.
    """
    pool, client = await ctx.store.clients.resolve(req["ClientId"])
    ctx, typed = origins.seen(ctx, client, req), req["Username"]
    accounts.check_secret_hash(client, typed, req.get("SecretHash"))
    if not pool.document.get("AutoVerifiedAttributes"):
        # recorded (aws-amplify/amplify-cli#3646)
        raise InvalidParameter("Cannot resend codes. Auto verification not turned on.")
    occasion = Occasion(ctx, pool, client, req.get("ClientMetadata", {}))
    worded = await resending(occasion, typed)
    async with ctx.store.transaction():
        user = await flow.known(ctx, pool, client, typed)
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
    return {"CodeDeliveryDetails": details}


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
