"""Users who come from another directory at their first sign-in, or when they forgot their password.

The pool's function says whether it knows them. A name that it refuses counts as a wrong password, so that nobody
can guess at the other directory's passwords through this one.
"""

import logging

from msgspec.structs import replace

from cenote.domain import attributes, identifiers, lockout, passwords, usernames, users
from cenote.domain.errors import CognitoError, InvalidLambdaResponse, NotAuthorized, UserNotFound
from cenote.domain.errors import UserLambdaValidation as Refused
from cenote.domain.users import User
from cenote.flows import accounts
from cenote.flows import attributes as attribute_flow
from cenote.flows import passwords as password_flow
from cenote.flows.triggers import user_migration
from cenote.flows.triggers.firing import UNRECOGNIZABLE, Occasion
from cenote.flows.triggers.user_migration import Response, Source
from cenote.store.users import NameTaken, StoredPassword

log = logging.getLogger("cenote.triggers")


async def at_sign_in(occasion: Occasion, typed: str, password: str) -> User | None:
    """The user of that name, made now if the function knows them by that password.

    None where the pool has no such function, and where it knows nobody and that must not show. NotAuthorized while
    the name is locked.
    """
    arn = occasion.function_of(user_migration.KIND)
    if arn is None or not password:
        return None
    ctx, pool = occasion.ctx, occasion.pool
    subject = accounts.subject(pool, None, typed)
    failures = await ctx.store.attempts.failures(pool.pool_id, subject)
    if failures is not None and failures.locked_until > ctx.clock():
        raise NotAuthorized(lockout.MESSAGE)
    try:
        return await migrated(occasion, arn, Source.AUTHENTICATION, typed, password)
    except CognitoError as error:
        if occasion.hides_users:
            # Whoever goes on as nobody has the failure counted where the password is judged.
            return None
        async with ctx.store.transaction():
            await password_flow.count(ctx, pool, subject, right=False)
        raise told(occasion, error) from None


async def at_forgot_password(occasion: Occasion, typed: str) -> None:
    """Makes the user whose password is to be reset, if the pool does not know them and the function does."""
    arn = occasion.function_of(user_migration.KIND)
    if arn is None or await accounts.find(occasion.ctx, occasion.pool, typed) is not None:
        return
    try:
        await migrated(occasion, arn, Source.FORGOT_PASSWORD, typed, None)
    except CognitoError as error:
        if not occasion.hides_users:
            raise told(occasion, error) from None


def told(occasion: Occasion, error: CognitoError) -> CognitoError:
    """What the caller hears; that the function knows nobody reads so (recorded in many questions)."""
    if isinstance(error, Refused) and occasion.client is not None:
        return UserNotFound(f"Exception migrating user in app client {occasion.client.client_id}")
    return error


async def migrated(occasion: Occasion, arn: str, source: Source, typed: str, password: str | None) -> User:
    """The user that the function's answer describes, added with their password if they may keep it.

    The pool's password policy does not count here, nor do its required attributes (documented; the second assumed).
    """
    ctx, pool = occasion.ctx, occasion.pool
    answer = await user_migration.known(occasion, arn, source, typed, password)
    user = described(occasion, answer, typed)
    stored = None
    if password is not None and user.status == users.CONFIRMED:
        record = await password_flow.made(ctx, pool, user.username, password)
        stored = StoredPassword(
            record=passwords.encode(record), history=(), set_at=ctx.clock(), expires_at=None
        )
    names = usernames.owned(pool.document, user.username, user.attributes)
    try:
        async with ctx.store.transaction():
            if answer.forceAliasCreation:
                await attribute_flow.release(ctx, pool, names)
            await ctx.store.users.add(pool, user, names, stored)
    except NameTaken:
        # By another request for the same user, or by somebody else's alias.
        found = await accounts.find(ctx, pool, typed)
        if found is None:
            raise Refused("An account with the given name already exists.") from None
        return found
    log.info("a user was migrated", extra={"pool_id": pool.pool_id, "sub": user.sub})
    return user


def described(occasion: Occasion, answer: Response, typed: str) -> User:
    """InvalidLambdaResponse for a description that this pool cannot hold."""
    document, ctx = occasion.pool.document, occasion.ctx
    given = dict(answer.userAttributes or {})
    name = given.pop("username", "") or typed
    if not given or answer.enableSMSMFA:
        raise (
            Refused("The function describes no user.") if not given else InvalidLambdaResponse(UNRECOGNIZABLE)
        )
    sub, now = identifiers.new_uuid(ctx.entropy(16)), ctx.clock()
    generated = usernames.generates_username(document)
    try:
        usernames.check_new(document, typed if generated else name)
        given = usernames.with_sign_in_attribute(document, typed if generated else name, given)
        attributes.check_new(document["SchemaAttributes"], given, require=False)
    except CognitoError as error:
        log.warning("a migrated user does not fit the pool", extra={"reason": error.message})
        raise InvalidLambdaResponse(UNRECOGNIZABLE) from None
    confirmed = answer.finalUserStatus == users.CONFIRMED
    user = User(
        pool_id=occasion.pool.pool_id,
        sub=sub,
        username=sub if generated else name,
        status=users.CONFIRMED if confirmed else users.RESET_REQUIRED,
        attributes={},
        created_at=now,
        updated_at=now,
    )
    return replace(user, attributes=attributes.changed({}, given))
