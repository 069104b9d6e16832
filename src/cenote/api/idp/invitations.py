"""AdminCreateUser: a user whom an administrator makes and invites, with a temporary password or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cenote.api import render
from cenote.api.registry import operation
from cenote.domain import attributes as attribute_rules
from cenote.domain import delivery as ways
from cenote.domain import identifiers, message_templates, usernames, users
from cenote.domain import passwords as password_rules
from cenote.domain.errors import UserNotFound
from cenote.domain.first_factors import does_without_password
from cenote.domain.passwords import Wording
from cenote.domain.users import User
from cenote.flows import accounts, delivery, passwords
from cenote.flows import attributes as attribute_flow
from cenote.flows.triggers import custom_message, pre_sign_up
from cenote.flows.triggers.custom_message import Source
from cenote.flows.triggers.firing import Occasion
from cenote.store.users import NameTaken

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool


@operation
async def admin_create_user(
    ctx: Context, req: shapes.AdminCreateUserRequest
) -> shapes.AdminCreateUserResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    again = req.get("MessageAction") == "RESEND"
    user = await (_invited_again if again else _invited)(ctx, pool, req)
    return {"User": render.user(user)}


async def _invited(ctx: Context, pool: Pool, req: shapes.AdminCreateUserRequest) -> User:
    user = new_user(ctx, pool, req["Username"], attribute_rules.from_wire(req.get("UserAttributes", ())))
    messages = [] if req.get("MessageAction") == "SUPPRESS" else invitations(req, user)
    password, stored = None, None
    if req.get("TemporaryPassword") or not does_without_password(pool.document, user.attributes):
        password = temporary_password(ctx, pool, req)
        stored = await passwords.prepared(ctx, pool, user.username, password, Wording.INVITE, temporary=True)
    else:
        # Documented at AdminCreateUser: only who has a password has to change it.
        user = replace(user, status=users.CONFIRMED)
    await pre_sign_up.approved(
        Occasion(ctx, pool, metadata=req.get("ClientMetadata", {})),
        user,
        pre_sign_up.Source.ADMIN_CREATE_USER,
        attribute_rules.from_wire(req.get("ValidationData", ())),
    )
    occasion, worded = await wording(ctx, pool, user, messages, req, secret=password is not None)
    names = usernames.owned(pool.document, user.username, user.attributes)
    try:
        async with ctx.store.transaction():
            if req.get("ForceAliasCreation"):
                await attribute_flow.release(ctx, pool, names)
            await ctx.store.users.add(pool, user, names, stored)
            await send(occasion, worded, user, messages, password)
    except NameTaken as taken:
        raise usernames.already_taken(taken.kind, creating=True) from None
    return user


async def _invited_again(ctx: Context, pool: Pool, req: shapes.AdminCreateUserRequest) -> User:
    """RESEND: a new temporary password with its time anew, for a user who has not used the last one."""
    user = await accounts.find(ctx, pool, req["Username"])
    if user is None:
        raise UserNotFound(accounts.NO_SUCH_USER)
    users.require_invitable(user)
    messages = invitations(req, user)
    password = temporary_password(ctx, pool, req)
    previous = await ctx.store.users.password(pool, user.sub)
    stored = await passwords.prepared(
        ctx, pool, user.username, password, Wording.INVITE, previous=previous, temporary=True, reusable=True
    )
    occasion, worded = await wording(ctx, pool, user, messages, req)
    async with ctx.store.transaction():
        current = await ctx.store.users.get(pool.pool_id, user.sub)
        users.require_invitable(current)
        await passwords.replace(ctx, pool, user.sub, stored, previous=previous)
        await send(occasion, worded, current, messages, password)
    return current


def new_user(ctx: Context, pool: Pool, typed: str, given: dict[str, str]) -> User:
    """The user that an administrator asks for, once name and attributes have passed the pool's rules."""
    document = pool.document
    usernames.check_new(document, typed)
    given = usernames.with_sign_in_attribute(document, typed, given)
    attribute_rules.check_new(document["SchemaAttributes"], given, require=False)
    attribute_rules.check_flags(given, given)
    sub, now = identifiers.new_uuid(ctx.entropy(16)), ctx.clock()
    return User(
        pool_id=pool.pool_id,
        sub=sub,
        username=sub if usernames.generates_username(document) else typed,
        status=users.FORCE_CHANGE_PASSWORD,
        # No verified flag but those given, unlike a sign-up (recorded: amazon-archives/amazon-cognito-identity-js#532).
        attributes={name: value for name, value in given.items() if value},
        created_at=now,
        updated_at=now,
    )


def temporary_password(ctx: Context, pool: Pool, req: shapes.AdminCreateUserRequest) -> str:
    """The one given, or one made up."""
    return req.get("TemporaryPassword") or password_rules.new_temporary(
        ctx.entropy(password_rules.TEMPORARY_SIZE), passwords.policy_of(pool)
    )


def invitations(req: shapes.AdminCreateUserRequest, user: User) -> list[ways.Delivery]:
    return ways.for_invitation(req.get("DesiredDeliveryMediums", ()), user.attributes)


async def wording(
    ctx: Context,
    pool: Pool,
    user: User,
    to: list[ways.Delivery],
    req: shapes.AdminCreateUserRequest,
    *,
    secret: bool = True,
) -> tuple[Occasion, Pool]:
    """The call as functions are told of it, and the pool with its function's words for the invitation.

    `secret` tells that there is a password to be told.
    """
    occasion = Occasion(ctx, pool, metadata=req.get("ClientMetadata", {}))
    media = [way.medium for way in to]
    worded = await custom_message.worded(occasion, user, Source.ADMIN_CREATE_USER, media, secret=secret)
    return occasion, worded


async def send(
    occasion: Occasion, pool: Pool, user: User, to: list[ways.Delivery], password: str | None
) -> None:
    """Queues the invitation, in the caller's transaction, for each of the ways."""
    for way in to:
        name = name_to_type(pool.document, user, way)
        content = message_templates.invitation(pool.document, way.medium, name, password)
        await delivery.send(occasion, pool, user, Source.ADMIN_CREATE_USER, way, content)


def name_to_type(document: Any, user: User, way: ways.Delivery) -> str:
    """What the user signs in with: no name that the server made up, if they have another."""
    if not usernames.generates_username(document):
        return user.username
    kinds = document["UsernameAttributes"]
    if way.attribute in kinds:
        return way.destination
    return next((user.attributes[kind] for kind in kinds if user.attributes.get(kind)), user.username)
