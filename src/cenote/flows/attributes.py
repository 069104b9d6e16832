"""A user's attributes as they change, and with them the names that the user is found by."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from cenote.domain import mfa, usernames
from cenote.domain.attributes import VERIFIED_FLAGS
from cenote.domain.codes import Purpose
from cenote.domain.usernames import Name
from cenote.domain.users import User
from cenote.flows.context import Context
from cenote.store.pools import Pool
from cenote.store.users import NameTaken

PURPOSES = {"email": Purpose.EMAIL, "phone_number": Purpose.PHONE_NUMBER}


async def store(
    ctx: Context, pool: Pool, user: User, after: Mapping[str, str], *, take_aliases: bool = False
) -> User:
    """The user with these attributes, written in the caller's transaction, where `user` was read.

    AliasExists for an alias or sign-in attribute of somebody else, unless `take_aliases` asks to take it from
    them. Codes that were sent to an address or number which is no longer the user's are good no more, and a second
    factor that needs one which is gone is off.
    """
    now = ctx.clock()
    if take_aliases:
        await release(ctx, pool, usernames.owned(pool.document, user.username, after), but=user.sub)
    try:
        await write(ctx, pool, user, after, now=now)
    except NameTaken as taken:
        raise usernames.already_taken(taken.kind, creating=False) from None
    await forget_codes(ctx, user, after)
    for factor, name in mfa.ATTRIBUTES.items():
        if user.attributes.get(name) and not after.get(name):
            # Should the user get another one some day, it is theirs to turn the factor on again.
            await ctx.store.factors.drop(pool.pool_id, user.sub, factor)
    return replace(user, attributes=dict(after), updated_at=now)


async def write(ctx: Context, pool: Pool, user: User, after: Mapping[str, str], *, now: int) -> None:
    """Writes the attributes, and the names that the user is found by with them in place of those before."""
    before, names = (
        usernames.owned(pool.document, user.username, attributes) for attributes in (user.attributes, after)
    )
    await ctx.store.users.set_attributes(pool.pool_id, user.sub, after, now=now)
    await ctx.store.users.set_names(pool.pool_id, user.sub, names, before=before)


async def forget_codes(ctx: Context, user: User, after: Mapping[str, str]) -> None:
    """Ends the codes on their way to an old address: one there could verify the new one, or reset the password."""
    changed = [name for name in PURPOSES if user.attributes.get(name, after.get(name)) != after.get(name)]
    for name in changed:
        await ctx.store.codes.remove(user.pool_id, user.sub, PURPOSES[name])
    if changed:
        await ctx.store.codes.remove(user.pool_id, user.sub, Purpose.RESET_PASSWORD)


async def release(ctx: Context, pool: Pool, names: Iterable[Name], *, but: str | None = None) -> None:
    """Takes aliases from whoever has them, in the caller's transaction: what ForceAliasCreation asks for.

    The address or number stays with its former holder, unverified (documented at AdminCreateUser: the alias
    migrates, and the previous user can no longer sign in with it). User names are nobody's to take.
    """
    aliases = pool.document.get("AliasAttributes", ())
    for kind, name in names:
        if kind not in aliases or kind not in VERIFIED_FLAGS.values():
            continue
        holder = await ctx.store.users.name_holder(pool.pool_id, kind, name)
        if holder is None or holder == but:
            continue
        user = await ctx.store.users.get(pool.pool_id, holder)
        attributes = {**user.attributes, f"{kind}_verified": "false"}
        await write(ctx, pool, user, attributes, now=ctx.clock())
