"""Sign-in, for every door: InitiateAuth, AdminInitiateAuth, the answers to both, the login pages.

What comes next is read from `domain/sign_in.py`; how a challenge is asked and checked stands in `challenges/`.
This module runs them: it opens and closes tickets, counts failures, and begins the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cenote.domain import devices as device_rules
from cenote.domain import lockout, sign_in, usernames
from cenote.domain.browser_sessions import BrowserSession
from cenote.domain.errors import InvalidParameter, NotAuthorized, UserNotFound
from cenote.domain.sessions import Session
from cenote.domain.sign_in import Denied, Flow, Granted, Proof, State
from cenote.domain.users import User
from cenote.flows import (
    accounts,
    browser_sessions,
    custom_auth,
    devices,
    dpop,
    factors,
    migration,
    passwords,
    protection,
    sign_up,
    tokens,
)
from cenote.flows.attempt import (
    INVALID_SESSION,
    NOBODY,
    Attempt,
    Door,
    Ticket,
    Verdict,
    lifetime,
    opened,
    required,
    sealed,
    ticket_for,
)
from cenote.flows.challenges import CHALLENGES
from cenote.flows.context import Context
from cenote.flows.triggers import post_authentication, pre_authentication
from cenote.flows.triggers.firing import Occasion
from cenote.flows.triggers.pre_token_generation import Source
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.store.transactions import Keep

# The challenges whose ticket travels in PASSWORD_CLAIM_SECRET_BLOCK: clients answer them without `Session`.
IN_SECRET_BLOCK = frozenset({"PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"})
# Flows that nobody has to be asked in: the password came with the first request.
PASSWORD_FLOWS = frozenset({Flow.USER_PASSWORD_AUTH, Flow.ADMIN_USER_PASSWORD_AUTH})
# How often one challenge may be answered with a code.
TRIES = 5
NO_DEVICES: Mapping[str, str] = {}


class Asking(msgspec.Struct, frozen=True):
    """The client is asked a challenge."""

    challenge: str
    session: str | None
    parameters: Mapping[str, str]
    available: tuple[str, ...] = ()


class SignedIn(msgspec.Struct, frozen=True):
    """The client gets tokens: AWS's AuthenticationResultType."""

    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The pages know their user: a browser session, the value of its cookie, and what a new device is to keep."""

    user: User
    session: BrowserSession
    cookie: str
    new_device: Mapping[str, str] | None = None


Outcome = Asking | SignedIn | Recognised


async def initiate(
    ctx: Context,
    pool: Pool,
    client: Client,
    flow: Flow,
    parameters: Mapping[str, str],
    metadata: Mapping[str, str],
    session: str | None = None,
    door: Door = Door.API,
    kept_devices: Mapping[str, str] = NO_DEVICES,
) -> Outcome:
    """Begins a sign-in whose flow the client may use, `session` being what ConfirmSignUp gave.

    A page has no secret hash to give: it is the server's own. Its browser may keep secrets of devices, by their keys.
    """
    protection.require_allowed(ctx, pool, client, flow)
    typed = required(parameters, "USERNAME")
    if door is Door.API:
        dpop.require(pool, client)
        accounts.check_secret_hash(client, typed, parameters.get("SECRET_HASH"))
    if session is not None and flow is Flow.USER_AUTH:
        return await first_sign_in(ctx, pool, client, session, parameters, metadata, door)
    user = await accounts.find(ctx, pool, typed)
    occasion = Occasion(ctx, pool, client, metadata)
    if user is None and flow in PASSWORD_FLOWS:
        user = await migration.at_sign_in(occasion, typed, parameters.get("PASSWORD", ""))
    if user is None and client.reveals_users:
        raise UserNotFound(accounts.NO_SUCH_USER)
    await pre_authentication.asked(occasion, user, typed)
    attempt = Attempt(
        ctx,
        pool,
        client,
        flow,
        typed,
        user,
        begun_at=ctx.clock(),
        # ClientMetadata of this request is for the triggers that come before (documented at InitiateAuth).
        chosen=parameters.get("PREFERRED_CHALLENGE", ""),
        device_key=devices.key_in(parameters),
        device_given="DEVICE_KEY" in parameters,
        door=door,
        kept_devices=kept_devices,
    )
    if custom_auth.is_open(attempt):
        enough = await custom_auth.begun(attempt, parameters)
        if enough is not None:
            return await settle(attempt, None, enough, parameters)
    return await proceed(attempt, sign_in.next_step(await state_of(attempt)), parameters)


async def first_sign_in(
    ctx: Context,
    pool: Pool,
    client: Client,
    session: str,
    parameters: Mapping[str, str],
    metadata: Mapping[str, str],
    door: Door,
) -> Outcome:
    """Signs in whoever confirmed their sign-up just now, once.

    The confirmation code counts as the first factor for a user who may sign in with codes that come the same way
    (documented in "Automatic sign-in with OTPs"). Any other user goes on as without the `Session`, and so does one
    who signed up and was confirmed by somebody else.
    """
    ticket = opened(ctx, pool, client, session, block=False)
    if ticket.challenge not in {sign_up.SIGNED_UP, sign_up.CONFIRMED_NOW}:
        raise NotAuthorized(INVALID_SESSION)
    attempt = await resumed(ctx, pool, client, ticket, metadata)
    attempt.door = door  # a sign-up confirmed at either door may sign in at both
    require_same_user(attempt, ticket, parameters["USERNAME"])
    if ticket.data.decode() in await factors.first(attempt):
        return await settle(attempt, ticket, Verdict(Proof.CONFIRMATION, counts=False), {})
    attempt.chosen = parameters.get("PREFERRED_CHALLENGE", "")
    return await proceed(attempt, sign_in.next_step(await state_of(attempt)), parameters)


async def respond(
    ctx: Context,
    pool: Pool,
    client: Client,
    challenge: str,
    session: str | None,
    responses: Mapping[str, str],
    metadata: Mapping[str, str],
    door: Door = Door.API,
    kept_devices: Mapping[str, str] = NO_DEVICES,
) -> Outcome:
    """Takes the answer to a challenge that this pool asked through this client."""
    if challenge not in CHALLENGES and challenge not in sign_in.CHOICES:
        raise InvalidParameter(f"{challenge} is not a challenge that Cenote asks yet.")
    in_block = challenge in IN_SECRET_BLOCK
    name = required(responses, "USERNAME")
    text = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK") if in_block else session
    if not text and challenge == devices.SESSIONLESS:
        text = await devices.kept_session(ctx, pool, client, responses)
    if not text:
        raise InvalidParameter("Missing required parameter Session")
    ticket = opened(ctx, pool, client, text, block=in_block)
    protection.require_allowed(ctx, pool, client, ticket.flow)
    if ticket.door is not door:
        raise NotAuthorized(INVALID_SESSION)
    responses = matched(ticket, challenge, responses)
    if door is Door.API:
        dpop.require(pool, client)
        accounts.check_secret_hash(client, name, responses.get("SECRET_HASH"))
    attempt = await resumed(ctx, pool, client, ticket, metadata)
    attempt.kept_devices = kept_devices
    require_same_user(attempt, ticket, name)
    devices.take_name(attempt, ticket, responses)
    verdict = await CHALLENGES[ticket.challenge].answer(attempt, ticket, responses)
    if custom_auth.is_open(attempt):
        verdict = await custom_auth.answered(attempt, ticket.challenge, verdict)
    return await settle(attempt, ticket, verdict, responses)


def matched(ticket: Ticket, challenge: str, responses: Mapping[str, str]) -> Mapping[str, str]:
    """The responses, if they are to the challenge that was asked; NotAuthorized otherwise.

    Who was asked to choose a factor may answer as if asked for that factor (documented in "Authentication flows"),
    and who was asked for the preferred one may name it in an answer to SELECT_CHALLENGE (at RespondToAuthChallenge).
    """
    if challenge == ticket.challenge:
        return responses
    if ticket.challenge == "SELECT_CHALLENGE" and challenge in sign_in.CHOICES:
        return {**responses, "ANSWER": challenge}
    preferred = challenge == "SELECT_CHALLENGE" and ticket.challenge in sign_in.CHOICES
    if preferred and responses.get("ANSWER") == ticket.challenge:
        return responses
    raise NotAuthorized(INVALID_SESSION)


async def resumed(
    ctx: Context, pool: Pool, client: Client, ticket: Ticket, metadata: Mapping[str, str]
) -> Attempt:
    """The attempt that a ticket continues, with its user as they are now."""
    # Nobody is looked for as well, so that it takes the same time.
    user = await ctx.store.users.find(pool.pool_id, [(usernames.SUB, ticket.sub)])
    if user is None and ticket.sub != NOBODY:
        raise NotAuthorized(INVALID_SESSION)
    proved = frozenset(Proof(proof) for proof in ticket.proved)
    return Attempt(
        ctx,
        pool,
        client,
        Flow(ticket.flow),
        ticket.typed,
        user,
        proved,
        ticket.begun_at,
        metadata,
        ticket.chosen,
        ticket.device_key,
        passed=ticket.passed,
        watch=ticket.watch,
        door=ticket.door,
    )


def require_same_user(attempt: Attempt, ticket: Ticket, name: str) -> None:
    """An answer names the user it is for: by the name they typed, their user name or their sub."""
    key = usernames.key
    document = attempt.pool.document
    if key(document, name) not in {key(document, ticket.typed), key(document, ticket.username), ticket.sub}:
        raise NotAuthorized(INVALID_SESSION)


async def state_of(attempt: Attempt) -> State:
    """Where the attempt stands. A name that nobody has looks like a confirmed user who is about to fail."""
    choosing = attempt.flow is Flow.USER_AUTH and not attempt.proved & sign_in.FIRST_FACTORS
    attempt.available = await factors.first(attempt) if choosing else ()
    if attempt.user is None:
        return State(
            attempt.flow,
            attempt.proved,
            status="CONFIRMED",
            disabled=False,
            password_expired=False,
            available=attempt.available,
            chosen=attempt.chosen,
            custom_next=attempt.custom_next,
        )
    expired = False
    # Until something is proved, somebody costs no more than a name that nobody has.
    if attempt.proved and attempt.user.status == "FORCE_CHANGE_PASSWORD":
        ends = await attempt.ctx.store.users.password_expiry(attempt.pool.pool_id, attempt.user.sub)
        expired = ends is not None and ends <= attempt.ctx.clock()
    attempt.device = await devices.named(attempt)
    second = await factors.second(attempt) if attempt.proved else sign_in.SecondFactors()
    return State.of(
        attempt.flow,
        attempt.proved,
        attempt.user,
        password_expired=expired,
        available=attempt.available,
        chosen=attempt.chosen,
        custom_next=attempt.custom_next,
        second=await protection.stricter(attempt, second),
        device_known=devices.proves_itself(attempt),
        device_replaces_mfa=devices.proves_itself(attempt)
        and device_rules.replace_mfa(attempt.pool.document)
        and not protection.wants_mfa(attempt),
        passkey_is_mfa=Proof.PASSKEY in attempt.proved and await factors.passkey_is_mfa(attempt),
        discreet=not attempt.client.reveals_users,
    )


async def settle(
    attempt: Attempt, ticket: Ticket | None, verdict: Verdict, parameters: Mapping[str, str]
) -> Outcome:
    """Accepts or counts an answer in one transaction, and goes on to what follows."""
    ctx, store = attempt.ctx, attempt.ctx.store
    outcome: Recognised | None = None
    session, bound = None, devices.UNBOUND
    async with store.transaction():
        await use(attempt, ticket, verdict)
        if verdict.error is not None or (attempt.user is None and verdict.proof is not None):
            await protection.failed(attempt, verdict)
            raise Keep(verdict.error or NotAuthorized(accounts.WRONG_CREDENTIALS))
        if attempt.user is not None:
            # Once more, now that nobody can change it under us: it may have been disabled while we computed.
            attempt.user = await store.users.get(attempt.pool.pool_id, attempt.user.sub)
        attempt.proved |= {verdict.proof} if verdict.proof else frozenset()
        attempt.chosen = verdict.chosen
        await protection.answered(attempt, verdict)
        step = sign_in.next_step(await state_of(attempt))
        if isinstance(step, Denied):
            await protection.failed(attempt, verdict)
            raise Keep(step.error(step.message))
        if verdict.write is not None:
            await verdict.write()
        if isinstance(step, Granted) and attempt.user is not None:
            bound = await devices.bind(attempt)
            if attempt.door is Door.PAGES:
                outcome = await recognised(attempt, attempt.user, bound)
            else:
                session = await tokens.begin_session(
                    ctx,
                    attempt.pool,
                    attempt.client,
                    attempt.user,
                    auth_time=attempt.begun_at,
                    device_key=bound.device_key,
                    session_id=None if attempt.watch is None else attempt.watch.event_id,
                )
        await protection.went_on(attempt, granted=isinstance(step, Granted))
    if session is not None and attempt.user is not None:
        return await signed_in(attempt, attempt.user, session, bound.metadata)
    if outcome is not None and attempt.user is not None:
        occasion = Occasion(ctx, attempt.pool, attempt.client, attempt.metadata)
        await post_authentication.told(occasion, attempt.user, new_device=outcome.new_device is not None)
        return outcome
    return await proceed(attempt, step, parameters)


async def recognised(attempt: Attempt, user: User, bound: devices.Bound) -> Recognised:
    """The browser session of a user who has proved all that is asked for, in the caller's transaction."""
    session, cookie = await browser_sessions.begin(
        attempt.ctx,
        attempt.pool,
        attempt.client,
        user,
        auth_time=attempt.begun_at,
        amr=(proof.value for proof in attempt.proved),
        device_key=bound.device_key,
    )
    # A browser that is a device of the user's already needs no second one, whatever it was asked to prove.
    return Recognised(user, session, cookie, None if attempt.device is not None else bound.metadata)


async def use(attempt: Attempt, ticket: Ticket | None, verdict: Verdict) -> None:
    """Uses the ticket up, or one of its tries for a wrong code, and counts a failure where it has to be counted.

    Wrong codes lock their user's second factors as wrong passwords lock the first, by a count of their own: a right
    password does not clear it.
    """
    ctx, pool, attempts = attempt.ctx, attempt.pool, attempt.ctx.store.attempts
    right = verdict.error is None and (attempt.user is not None or verdict.proof is None)
    if ticket is not None and verdict.code:
        # Right or wrong, a guess is a guess: a right one is not accepted either once the tries are spent.
        within = await attempts.spend(
            pool.pool_id,
            ticket.use_id,
            "tries",
            limit=TRIES,
            now=ctx.clock(),
            window=lifetime(attempt.client),
        )
        if not within:
            raise Keep(NotAuthorized(INVALID_SESSION))
    if ticket is not None and (right or not verdict.code):
        first = await attempts.use_once(pool.pool_id, ticket.use_id, expires_at=ticket.expires_at)
        if not first:
            raise NotAuthorized(INVALID_SESSION)
    if verdict.counts:
        subject = f"{attempt.subject}/codes" if verdict.code else attempt.subject
        if not await passwords.count(ctx, pool, subject, right=right):
            raise Keep(NotAuthorized(lockout.MESSAGE))


async def proceed(attempt: Attempt, step: sign_in.Step, parameters: Mapping[str, str]) -> Outcome:
    """Issues the challenge that comes next, or ends with the step's error.

    A password that came along answers its challenge at once.
    """
    if isinstance(step, Denied):
        raise step.error(step.message)
    if not isinstance(step, sign_in.Challenge):
        raise TypeError("tokens are granted where a session begins")
    if step.name == devices.SESSIONLESS and attempt.door is Door.PAGES:
        return await settle(attempt, None, await devices.shown(attempt), {})
    if step.name == "PASSWORD" and (attempt.flow in PASSWORD_FLOWS or "PASSWORD" in parameters):
        verdict = await CHALLENGES[step.name].answer(attempt, None, parameters)
        return await settle(attempt, None, verdict, {})
    asked = await CHALLENGES[step.name].issue(attempt, parameters)
    ticket = sealed(attempt, ticket_for(attempt, step.name, asked), block=asked.block)
    if step.name == devices.SESSIONLESS and attempt.proved_public:
        await devices.keep_session(attempt, ticket)
    if asked.block:
        return Asking(step.name, None, {**asked.parameters, "SECRET_BLOCK": ticket}, attempt.available)
    return Asking(step.name, ticket, asked.parameters, attempt.available)


async def signed_in(
    attempt: Attempt, user: User, session: Session, new_device: Mapping[str, str] | None = None
) -> SignedIn:
    occasion = Occasion(attempt.ctx, attempt.pool, attempt.client, attempt.metadata)
    await post_authentication.told(occasion, user, new_device=new_device is not None)
    changes = await tokens.changed(occasion, user, source_of(attempt))
    result = await tokens.issue(
        attempt.ctx, attempt.pool, attempt.client, user, session, refresh=True, changes=changes
    )
    return SignedIn(result if new_device is None else {**result, "NewDeviceMetadata": new_device})


def source_of(attempt: Attempt) -> Source:
    """What PreTokenGeneration hears of how the user signed in."""
    if Proof.NEW_PASSWORD in attempt.proved:
        return Source.NEW_PASSWORD
    return Source.DEVICE if Proof.DEVICE in attempt.proved else Source.AUTHENTICATION
