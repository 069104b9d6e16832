"""Sign-in, for every door: InitiateAuth, AdminInitiateAuth, the answers to both, later the login pages.

What comes next is read from `domain/sign_in.py`; how a challenge is asked and checked stands in `challenges/`.
This module runs them: it opens and closes tickets, counts failures, and begins the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cenote.domain import lockout, sign_in, usernames
from cenote.domain.errors import InvalidParameter, NotAuthorized, UserNotFound
from cenote.domain.sessions import Session
from cenote.domain.sign_in import Denied, Flow, Granted, Proof, State
from cenote.domain.users import User
from cenote.flows import accounts, passwords, tokens
from cenote.flows.attempt import (
    INVALID_SESSION,
    Attempt,
    Ticket,
    Verdict,
    opened,
    required,
    sealed,
    ticket_for,
)
from cenote.flows.challenges import CHALLENGES
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.store.transactions import Keep

# The challenges whose ticket travels in PASSWORD_CLAIM_SECRET_BLOCK: clients answer them without `Session`.
IN_SECRET_BLOCK = frozenset({"PASSWORD_VERIFIER"})
# A sign-in that nobody has to be asked in: the answer came with the first request.
ANSWERED_AT_ONCE = frozenset({"PASSWORD"})


@dataclass(frozen=True, slots=True)
class Asking:
    """The client is asked a challenge."""

    challenge: str
    session: str | None
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The client gets tokens: AWS's AuthenticationResultType."""

    result: dict[str, Any]


Outcome = Asking | SignedIn


async def initiate(
    ctx: Context,
    pool: Pool,
    client: Client,
    flow: Flow,
    parameters: Mapping[str, str],
    metadata: Mapping[str, str],
) -> Outcome:
    """Begins a sign-in whose flow the client may use."""
    typed = required(parameters, "USERNAME")
    accounts.check_secret_hash(client, typed, parameters.get("SECRET_HASH"))
    user = await accounts.find(ctx, pool, typed)
    if user is None and client.reveals_users:
        raise UserNotFound(accounts.NO_SUCH_USER)
    attempt = Attempt(ctx, pool, client, flow, typed, user, begun_at=ctx.clock(), metadata=metadata)
    step = sign_in.next_step(await state_of(attempt))
    if isinstance(step, sign_in.Challenge) and step.name in ANSWERED_AT_ONCE:
        verdict = await CHALLENGES[step.name].answer(attempt, None, parameters)
        return await settle(attempt, None, verdict)
    return await proceed(attempt, step, parameters)


async def respond(
    ctx: Context,
    pool: Pool,
    client: Client,
    challenge: str,
    session: str | None,
    responses: Mapping[str, str],
    metadata: Mapping[str, str],
) -> Outcome:
    """Takes the answer to a challenge that this pool asked through this client."""
    module = CHALLENGES.get(challenge)
    if module is None or challenge in ANSWERED_AT_ONCE:
        raise InvalidParameter(f"{challenge} is not a challenge that Cenote asks yet.")
    in_block = challenge in IN_SECRET_BLOCK
    name = required(responses, "USERNAME")
    text = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK") if in_block else session
    if not text:
        raise InvalidParameter("Missing required parameter Session")
    ticket = opened(ctx, pool, client, text, block=in_block)
    if ticket.challenge != challenge:
        raise NotAuthorized(INVALID_SESSION)
    accounts.check_secret_hash(client, name, responses.get("SECRET_HASH"))
    attempt = await resumed(ctx, pool, client, ticket, metadata)
    require_same_user(attempt, ticket, name)
    verdict = await module.answer(attempt, ticket, responses)
    return await settle(attempt, ticket, verdict)


async def resumed(
    ctx: Context, pool: Pool, client: Client, ticket: Ticket, metadata: Mapping[str, str]
) -> Attempt:
    """The attempt that a ticket continues, with its user as they are now."""
    user = None
    if ticket.sub:
        user = await ctx.store.users.find(pool.pool_id, [(usernames.SUB, ticket.sub)])
        if user is None:
            raise NotAuthorized(INVALID_SESSION)
    proved = frozenset(Proof(proof) for proof in ticket.proved)
    return Attempt(
        ctx, pool, client, Flow(ticket.flow), ticket.typed, user, proved, ticket.begun_at, metadata
    )


def require_same_user(attempt: Attempt, ticket: Ticket, name: str) -> None:
    """An answer names the user it is for: by the name they typed, their user name or their sub."""
    key = usernames.key
    document = attempt.pool.document
    if key(document, name) not in {key(document, ticket.typed), key(document, ticket.username), ticket.sub}:
        raise NotAuthorized(INVALID_SESSION)


async def state_of(attempt: Attempt) -> State:
    """Where the attempt stands. A name that nobody has looks like a confirmed user who is about to fail."""
    if attempt.user is None:
        return State(attempt.flow, attempt.proved, status="CONFIRMED", disabled=False, password_expired=False)
    expired = False
    if attempt.user.status == "FORCE_CHANGE_PASSWORD":
        ends = await attempt.ctx.store.users.password_expiry(attempt.pool.pool_id, attempt.user.sub)
        expired = ends is not None and ends <= attempt.ctx.clock()
    return State.of(attempt.flow, attempt.proved, attempt.user, password_expired=expired)


async def settle(attempt: Attempt, ticket: Ticket | None, verdict: Verdict) -> Outcome:
    """Accepts or counts an answer in one transaction, and goes on to what follows."""
    ctx, store = attempt.ctx, attempt.ctx.store
    session = None
    async with store.transaction():
        if ticket is not None and not await store.attempts.use_once(
            attempt.pool.pool_id, ticket.use_id, expires_at=ticket.expires_at
        ):
            raise NotAuthorized(INVALID_SESSION)
        if verdict.counts and not await passwords.count(
            ctx, attempt.pool, attempt.subject, right=verdict.error is None and attempt.user is not None
        ):
            raise Keep(NotAuthorized(lockout.MESSAGE))
        if verdict.error is not None or attempt.user is None:
            raise Keep(verdict.error or NotAuthorized(accounts.WRONG_CREDENTIALS))
        # Once more, now that nobody can change it under us: it may have been disabled while we computed.
        attempt.user = await store.users.get(attempt.pool.pool_id, attempt.user.sub)
        attempt.proved |= {verdict.proof}
        step = sign_in.next_step(await state_of(attempt))
        if isinstance(step, Denied):
            raise Keep(step.error(step.message))
        if verdict.write is not None:
            await verdict.write()
        if isinstance(step, Granted):
            session = await tokens.begin_session(
                ctx, attempt.pool, attempt.client, attempt.user, auth_time=attempt.begun_at
            )
    if session is not None:
        return await signed_in(attempt, attempt.user, session)
    return await proceed(attempt, step, {})


async def proceed(attempt: Attempt, step: sign_in.Step, parameters: Mapping[str, str]) -> Outcome:
    """Issues the challenge that comes next, or ends with the step's error."""
    if isinstance(step, Denied):
        raise step.error(step.message)
    if not isinstance(step, sign_in.Challenge):
        raise TypeError("tokens are granted where a session begins")
    asked = await CHALLENGES[step.name].issue(attempt, parameters)
    ticket = sealed(attempt, ticket_for(attempt, step.name, asked), block=asked.block)
    if asked.block:
        return Asking(step.name, None, {**asked.parameters, "SECRET_BLOCK": ticket})
    return Asking(step.name, ticket, asked.parameters)


async def signed_in(attempt: Attempt, user: User, session: Session) -> SignedIn:
    result = await tokens.issue(attempt.ctx, attempt.pool, attempt.client, user, session, refresh=True)
    return SignedIn(result)
