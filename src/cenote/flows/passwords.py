"""Passwords in use: one made ready to be stored, one tried, one put in the place of another.

Hashing and trying take turns (`ctx.work`) and happen before a transaction is opened; inside it, `replace` sees
to it that nobody changed the password meanwhile.
"""

from collections.abc import Sequence
from typing import Any, Final

from cenote.domain import lockout, passwords, tags
from cenote.domain.codes import Purpose
from cenote.domain.errors import InvalidParameter
from cenote.domain.passwords import Argon2Password, PasswordRecord, Wording
from cenote.flows.context import Context
from cenote.store.engine import Conflict
from cenote.store.pools import Pool
from cenote.store.users import StoredPassword

NO_SRP: Final = "SRP is not available in this user pool: it keeps passwords as argon2id hashes."


def policy_of(pool: Pool) -> passwords.Policy:
    policy: dict[str, Any] = pool.document.get("Policies", {}).get("PasswordPolicy", {})
    return policy


def uses_argon2id(pool: Pool) -> bool:
    return tags.password_hash(pool.document) == tags.ARGON2ID


def require_srp(pool: Pool) -> None:
    """InvalidParameter for a pool whose passwords cannot serve SRP."""
    if uses_argon2id(pool):
        raise InvalidParameter(NO_SRP)


async def prepared(
    ctx: Context,
    pool: Pool,
    username: str,
    password: str,
    wording: Wording,
    *,
    previous: StoredPassword | None = None,
    temporary: bool = False,
    reusable: bool = False,
) -> StoredPassword:
    """A new password as it is to be stored, once it has passed the pool's policy and history.

    To be called before the transaction in which `replace` (or, for a new user, `users.set_password`) stores
    it. `username` is the stored user name, which SRP binds the password to; `previous` what the user has now;
    `reusable` lets the password be one of those before it, as an administrator's invitation may.
    InvalidPassword or PasswordHistoryPolicyViolation for a password that will not do.
    """
    policy = policy_of(pool)
    passwords.check(password, policy, wording)
    earlier = () if previous is None else (previous.record, *previous.history)
    if not reusable:
        await check_history(ctx, pool, username, password, earlier)
    record = await made(ctx, pool, username, password)
    now = ctx.clock()
    return StoredPassword(
        record=passwords.encode(record),
        history=tuple(passwords.kept_history(earlier, policy)),
        set_at=now,
        expires_at=passwords.temporary_expires_at(now, policy) if temporary else None,
    )


async def made(ctx: Context, pool: Pool, username: str, password: str) -> PasswordRecord:
    """What is kept of a password, in the pool's scheme; whether it is a good one is not looked at."""
    salt = ctx.entropy(passwords.SALT_SIZE)
    if uses_argon2id(pool):
        return await ctx.work.hash(passwords.new_argon2id, password, salt)
    return await ctx.work.run(passwords.new_srp, pool.name, username, password, salt)


async def check_history(
    ctx: Context, pool: Pool, username: str, password: str, earlier: Sequence[bytes]
) -> None:
    """PasswordHistoryPolicyViolation for one of the user's last passwords; each is tried in a turn of its own."""
    policy = policy_of(pool)
    for stored in earlier[: policy.get("PasswordHistorySize", 0)]:
        record = passwords.decode(stored)
        turn = ctx.work.hash if isinstance(record, Argon2Password) else ctx.work.run
        await turn(passwords.check_history, password, [record], policy, pool.name, username)


async def matches(
    ctx: Context, pool: Pool, username: str, password: str, stored: StoredPassword | None, *, decoy_name: str
) -> bool:
    """Whether this is the password. Where there is none, a decoy costs what a real one does (cases 37, 38)."""
    record = decoy(pool, decoy_name) if stored is None else passwords.decode(stored.record)
    turn = ctx.work.hash if isinstance(record, Argon2Password) else ctx.work.run
    right = await turn(passwords.matches, record, pool.name, username, password)
    return right and stored is not None


def decoy(pool: Pool, name: str) -> PasswordRecord:
    """A password record that nobody has, the same for a name at every try."""
    secret = pool.sealer.derive("decoy")
    if uses_argon2id(pool):
        return passwords.decoy_argon2id(secret, name)
    return passwords.decoy_srp(secret, name)


async def replace(
    ctx: Context, pool: Pool, sub: str, new: StoredPassword, *, previous: StoredPassword | None
) -> None:
    """Stores a prepared password in the caller's transaction, in the place of the one it was prepared against.

    A reset code on its way was for that one and is good no more. Conflict if that one is gone by now: what was
    proved or checked against it would be worth nothing. The request is then run again and sees the new one.
    """
    await ctx.store.users.get(pool.pool_id, sub)
    await require_unchanged(ctx, pool, sub, previous)
    await ctx.store.users.set_password(pool, sub, new)
    await ctx.store.codes.remove(pool.pool_id, sub, Purpose.RESET_PASSWORD)


async def require_unchanged(ctx: Context, pool: Pool, sub: str, seen: StoredPassword | None) -> None:
    """Conflict unless the user, read in the caller's transaction, still has the password read before it."""
    current = await ctx.store.users.password(pool, sub)
    if (current and current.record) != (seen and seen.record):
        raise Conflict("the password was changed by another request")


async def count(ctx: Context, pool: Pool, subject: str, *, right: bool) -> bool:
    """Counts a wrong password and forgets the count at a right one; False while the subject is locked.

    To be called in the transaction that would act on a right password, so that of many guesses at once no
    more are judged than one after the other would be. The caller keeps the transaction (`Keep`) if it fails.
    """
    attempts, pool_id, now = ctx.store.attempts, pool.pool_id, ctx.clock()
    if right:
        failures = await attempts.failures(pool_id, subject)
        if failures is None:
            return True
        if failures.locked_until > now:
            return False
        await attempts.forget(pool_id, subject, now=now)
        return True
    failed = await attempts.add_failure(pool_id, subject, now=now, expires_at=lockout.forgotten_at(1, now))
    if failed is None:
        return False
    until = lockout.locked_until(failed, now)
    if until is not None:
        expires_at = lockout.forgotten_at(failed, now)
        await attempts.lock(pool_id, subject, until=until, expires_at=expires_at)
    return True
