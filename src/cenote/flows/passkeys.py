"""Registering a passkey, for both doors: the API, and the page that offers one after a sign-in."""

from typing import Any

from cenote.domain import passkeys as rules
from cenote.domain import sealed_tokens
from cenote.domain.errors import InvalidParameter, LimitExceeded, WebAuthnChallengeNotFound
from cenote.domain.passkeys import Passkey, Registration
from cenote.domain.users import User
from cenote.flows.context import Context
from cenote.store.passkeys import PasskeyTaken
from cenote.store.pools import Pool


async def offer(ctx: Context, pool: Pool, user: User, client_id: str) -> dict[str, Any]:
    """The options that a browser makes a passkey by; WebAuthnNotEnabled and its like where there can be none."""
    name = rules.require_relying_party(pool.document)
    held = await ctx.store.passkeys.of_user(pool, user.sub)
    require_room(held)
    registration = Registration(
        use_id=ctx.entropy(16).hex(),
        sub=user.sub,
        client_id=client_id,
        relying_party=name,
        expires_at=ctx.clock() + rules.REGISTRATION_VALIDITY,
    )
    nonce = ctx.entropy(sealed_tokens.NONCE_SIZE)
    return rules.creation_options(
        pool.document,
        name,
        challenge=rules.registration_challenge(_key(pool), nonce, registration),
        sub=user.sub,
        username=user.username,
        held=[passkey for passkey in held if passkey.relying_party == name],
    )


async def register(ctx: Context, pool: Pool, sub: str, client_id: str, credential: Any) -> None:
    """Keeps the passkey that a browser made by options of `offer` for this user and client, once."""
    rules.require_relying_party(pool.document)
    registration = rules.registration_of(
        credential, _key(pool), sub=sub, client_id=client_id, now=ctx.clock()
    )
    passkey = await ctx.work.run(rules.registered, pool.document, credential, registration, now=ctx.clock())
    async with ctx.store.transaction():
        if not await ctx.store.attempts.use_once(
            pool.pool_id, registration.use_id, expires_at=registration.expires_at
        ):
            raise WebAuthnChallengeNotFound("The challenge of this registration was used already.")
        # Whoever else adds one waits here.
        await ctx.store.users.get(pool.pool_id, sub)
        require_room(await ctx.store.passkeys.of_user(pool, sub))
        try:
            await ctx.store.passkeys.add(pool, passkey)
        except PasskeyTaken:
            raise InvalidParameter("The passkey is registered already.") from None  # assumed


def require_room(held: list[Passkey]) -> None:
    """LimitExceeded for a user who has as many as anybody may (documented; the text is assumed)."""
    if len(held) >= rules.LIMIT:
        raise LimitExceeded(f"A user can have at most {rules.LIMIT} passkeys.")


def _key(pool: Pool) -> bytes:
    return pool.sealer.derive("passkeys")
