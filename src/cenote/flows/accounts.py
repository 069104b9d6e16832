"""Finding who a request speaks of: by a typed name, by client and secret hash, by access token."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from cenote.domain import claims as claim_rules
from cenote.domain import jwt, secret_hash, usernames
from cenote.domain.errors import NotAuthorized, ResourceNotFound, UserNotFound
from cenote.domain.sessions import Session
from cenote.domain.users import User
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool

NO_SUCH_USER = "User does not exist."
WRONG_CREDENTIALS = "Incorrect username or password."


async def find(ctx: Context, pool: Pool, typed: str) -> User | None:
    """The user that a typed name means in this pool, if any: whom nobody else changes inside a transaction."""
    return await ctx.store.users.find(pool.pool_id, usernames.candidates(pool.document, typed))


async def get(ctx: Context, pool: Pool, typed: str) -> User:
    """The user that a typed name means; UserNotFound if nobody does."""
    user = await find(ctx, pool, typed)
    if user is None:
        raise UserNotFound(NO_SUCH_USER)
    return user


def subject(pool: Pool, user: User | None, typed: str) -> str:
    """What tries are counted by: all spellings of a user are one, a name nobody has is one of its own."""
    if user is not None:
        return user.sub
    folded = usernames.key(pool.document, typed)
    return "?" + hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()


def check_secret_hash(client: Client, username: str, given: str | None) -> None:
    """NotAuthorized unless the hash is right for a client with a secret, and absent for one without."""
    secret_hash.check(client.client_id, [secret.value for secret in client.secrets], username, given)


def check_client_secret(client: Client, given: str | None) -> None:
    """NotAuthorized unless one of the client's secrets is given, or it has none and none is given."""
    if not client.secrets and given is None:
        return
    # Each secret is tried, so that the time does not tell which one was used (case 82).
    if not sum(secret_hash.matches(secret.value, given or "") for secret in client.secrets):
        raise NotAuthorized(f"Unable to verify client secret for client {client.client_id}")


class Access(msgspec.Struct, frozen=True):
    """What a good access token gives: whose it is, through which client, of which session."""

    pool: Pool
    user: User
    session: Session
    claims: Mapping[str, Any]

    async def client(self, ctx: Context) -> Client:
        """The client that the token was issued to: that of its session, or one that exchanged a token for it."""
        session = self.session
        if self.claims.get("client_id") != session.client_id:
            return await ctx.store.clients.get(self.pool, str(self.claims.get("client_id")))
        return await ctx.store.clients.at(self.pool, session.client_id, session.client_revision)


async def by_access_token(
    ctx: Context,
    token: str,
    *,
    scope: str | None = claim_rules.SELF_SERVICE_SCOPE,
    tells_deletion: bool = True,
    bound: bool = False,
) -> Access:
    """The holder of an access token that is genuine, current, unrevoked and has the scope; NotAuthorized otherwise.

    A token that is bound to a key is good only where the caller asks for the key: no operation of the API does.
    UserNotFound for a user who was deleted, unless `tells_deletion` is off: the model of some operations has no such
    error.
    """
    pool_id = ctx.signing.pool_of(token)
    pool = None if pool_id is None else ctx.store.pools.remembered(pool_id)
    checked = None if pool is None else await _checked(ctx, pool, token)
    if pool is None or checked is None or _is_stale(pool, checked):
        # The pool is not remembered, or not as it is: its keys may be others.
        pool = None if pool_id is None else await ctx.store.pools.find(pool_id)
        checked = None if pool is None else await _checked(ctx, pool, token)
    if pool is None or checked is None:
        raise NotAuthorized("Invalid Access Token")
    claims, found = checked
    if "cnf" in claims and not bound:
        raise NotAuthorized("Access Token is bound to a key")
    session, user = await holder(ctx, pool, claims, found, tells_deletion=tells_deletion)
    if claims.get("client_id") != session.client_id:
        await issued_to(ctx, pool, claims.get("client_id"))
    if scope is not None and scope not in str(claims.get("scope", "")).split(" "):
        raise NotAuthorized("Access Token does not have required scopes")
    return Access(pool, user, session, claims)


async def holder(
    ctx: Context,
    pool: Pool,
    claims: Mapping[str, Any],
    found: tuple[Session, User] | None,
    *,
    tells_deletion: bool = True,
    kind: str = "Access Token",
) -> tuple[Session, User]:
    """The session and the user of a genuine token, if both are still good; NotAuthorized or UserNotFound otherwise."""
    if found is None or found[1].sub != claims["sub"]:
        user = await ctx.store.users.find(pool.pool_id, [(usernames.SUB, str(claims["sub"]))])
        if user is None and tells_deletion:
            raise UserNotFound(NO_SUCH_USER)
        raise NotAuthorized(f"{kind} has been revoked")
    session, user = found
    if session.revoked_at is not None:
        raise NotAuthorized(f"{kind} has been revoked")
    if user.disabled_at is not None:
        raise NotAuthorized("User is disabled.")
    return session, user


async def issued_to(ctx: Context, pool: Pool, client_id: object, *, kind: str = "Access Token") -> Client:
    """The client that a genuine token was issued to; a client that is gone takes its tokens with it."""
    try:
        return await ctx.store.clients.get(pool, str(client_id))
    except ResourceNotFound:
        raise NotAuthorized(f"{kind} has been revoked") from None


Checked = tuple[Mapping[str, Any], tuple[Session, User] | None]


async def _checked(ctx: Context, pool: Pool, token: str) -> Checked | None:
    """The claims of an access token of this pool, and what came of its session; None if it is not the pool's."""
    signer = await ctx.signing.of(pool)
    claims = signer.verifier.verify(token)
    if claims is None:
        return None
    issuer = ctx.deployment.issuer(pool.pool_id)
    standing = jwt.judge(claims, issuer=issuer, token_use="access", now=ctx.clock())
    if standing is jwt.Standing.WRONG:
        return None
    if standing is jwt.Standing.EXPIRED:
        raise NotAuthorized("Access Token has expired")
    return claims, await ctx.store.sessions.find(pool.pool_id, claim_rules.session_of(claims))


def _is_stale(pool: Pool, checked: Checked) -> bool:
    """Whether the pool that was remembered is not the one that the session was found in."""
    found = checked[1]
    return found is None or found[0].pool_revision != pool.revision
