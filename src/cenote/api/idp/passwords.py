"""Passwords set by an administrator, and changed by the user who knows the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cenote.api.registry import operation
from cenote.domain.errors import InvalidParameter, LimitExceeded, NotAuthorized
from cenote.domain.passwords import Wording
from cenote.domain.users import CONFIRMED, FORCE_CHANGE_PASSWORD
from cenote.flows import accounts, passwords, protection
from cenote.store.transactions import Keep

if TYPE_CHECKING:
    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool
    from cenote.store.users import StoredPassword

TOO_MANY: Final = "Attempt limit exceeded, please try after some time."


@operation
async def admin_set_user_password(
    ctx: Context, req: shapes.AdminSetUserPasswordRequest
) -> shapes.AdminSetUserPasswordResponse:
    """Ends all sessions, as every reset does (SECURITY.md case 48); a temporary password must be replaced."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    permanent = req.get("Permanent", False)
    previous = await ctx.store.users.password(pool, user.sub)
    new = await passwords.prepared(
        ctx,
        pool,
        user.username,
        req["Password"],
        Wording.REPLACE,
        previous=previous,
        temporary=not permanent,
    )
    now = ctx.clock()
    async with ctx.store.transaction():
        await passwords.replace(ctx, pool, user.sub, new, previous=previous)
        status = CONFIRMED if permanent else FORCE_CHANGE_PASSWORD
        await ctx.store.users.set_status(pool.pool_id, user.sub, status, now=now)
        await ctx.store.sessions.revoke_all(pool.pool_id, user.sub, now=now)
    return {}


@operation
async def change_password(ctx: Context, req: shapes.ChangePasswordRequest) -> shapes.ChangePasswordResponse:
    """Leaves all sessions as they are.

    A change is not among what ends one (documented in "Ending user sessions with token revocation").
    """
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool, user = access.pool, access.user
    previous = await ctx.store.users.password(pool, user.sub)
    if previous is not None:
        await require_password(ctx, pool, user, previous, req.get("PreviousPassword"))
    client = await access.client(ctx)
    await protection.check_new_password(ctx, pool, client, req["ProposedPassword"], "PASSWORD_CHANGE")
    new = await passwords.prepared(
        ctx, pool, user.username, req["ProposedPassword"], Wording.SET, previous=previous
    )
    async with ctx.store.transaction():
        await passwords.replace(ctx, pool, user.sub, new, previous=previous)
        await protection.happened(ctx, pool, user, "PasswordChange")
    return {}


async def require_password(
    ctx: Context, pool: Pool, user: User, stored: StoredPassword, given: str | None
) -> None:
    """NotAuthorized for a wrong password. It counts like one at sign-in: whoever found a token cannot guess here."""
    if given is None:
        raise InvalidParameter("Missing required parameter PreviousPassword")
    right = await passwords.matches(ctx, pool, user.username, given, stored, decoy_name="")
    async with ctx.store.transaction():
        if not await passwords.count(ctx, pool, user.sub, right=right):
            raise Keep(LimitExceeded(TOO_MANY))
        if not right:
            raise Keep(NotAuthorized(accounts.WRONG_CREDENTIALS))
