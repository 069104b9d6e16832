"""Threat protection at work: compromised passwords refused, risky sign-ins answered, and what happened written down.

Only pools whose AdvancedSecurityMode is AUDIT or ENFORCED are watched; in AUDIT nothing is done but to write down.
"""

from typing import Final

from cenote.domain import auth_events, common_passwords, identifiers, mfa, origins, risk
from cenote.domain.auth_events import AuthEvent
from cenote.domain.errors import InvalidPassword, NotAuthorized, PasswordResetRequired
from cenote.domain.risk import Watch
from cenote.domain.sign_in import FIRST_FACTORS, Flow, Proof, SecondFactors
from cenote.domain.users import CONFIRMED, RESET_REQUIRED, User
from cenote.flows import log_delivery, risk_notices
from cenote.flows.attempt import Attempt, Verdict
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.store.transactions import Keep

# Both recorded in apps' own tests of what Cognito said to them.
BLOCKED: Final = "Request not allowed due to security reasons."
COMPROMISED: Final = "Provided password cannot be used for security reasons."
RESET: Final = "Password reset required for user due to security reasons"  # assumed


async def is_compromised(ctx: Context, password: str) -> bool:
    """Whether others know the password too. It is compared here: no part of it goes anywhere."""
    if common_passwords.is_common(password):
        return True
    breached = ctx.store.breached_passwords
    return bool(breached) and await ctx.work.hash(breached.holds, password)


async def check_new_password(ctx: Context, pool: Pool, client: Client, password: str, event: str) -> None:
    """InvalidPassword for a compromised one, where the settings of the client block it in this event."""
    if risk.mode(pool.document) != "ENFORCED":
        return
    settings = risk.of(pool.document, client.document)
    if risk.blocks_compromised(settings, event) and await is_compromised(ctx, password):
        raise InvalidPassword(COMPROMISED)


def require_allowed(ctx: Context, pool: Pool, client: Client, flow: str = "") -> None:
    """NotAuthorized from an address that is always blocked, whoever it is and whatever they know.

    Where sign-ins are protected it is blocked at every door, or custom authentication would be a way round; where that
    alone is, it is blocked there.
    """
    modes = {
        risk.mode(pool.document),
        risk.mode(pool.document, custom=True) if flow == Flow.CUSTOM_AUTH else "",
    }
    if "ENFORCED" in modes:
        settings = risk.of(pool.document, client.document)
        if risk.blocks_address(settings, ctx.request.address):
            raise NotAuthorized(BLOCKED)


def mode(attempt: Attempt) -> str:
    return risk.mode(attempt.pool.document, custom=attempt.flow is Flow.CUSTOM_AUTH)


async def spot(attempt: Attempt, password: str) -> bool:
    """Whether a right password of a watched user is a compromised one."""
    return mode(attempt) != "OFF" and await is_compromised(attempt.ctx, password)


async def answered(attempt: Attempt, verdict: Verdict) -> None:
    """Judges a sign-in once, when its first factor is proved, and does what the settings say.

    In the transaction that accepts the answer; what is refused is raised in a Keep, and has been written down.
    """
    if mode(attempt) == "OFF" or attempt.user is None or not attempt.proved & FIRST_FACTORS:
        # A ticket from before the first factor tells nobody whether there is somebody to watch, by its length.
        return
    watch = begun(attempt)
    if verdict.proof is not None:
        watch = with_challenge(watch, verdict, "Success")
    attempt.watch = watch
    if not watch.assessed:
        await assess(attempt, attempt.user, watch, compromised=verdict.compromised)


async def assess(attempt: Attempt, user: User, watch: Watch, *, compromised: bool) -> None:
    ctx, pool = attempt.ctx, attempt.pool
    settings = risk.of(pool.document, attempt.client.document)
    origin = origins.of(ctx.request)
    level = None
    if not risk.skips_address(settings, origin.address):
        level = risk.judged(await ctx.store.auth_events.known(pool.pool_id, user.sub, origin))
    action, notify = ("", False) if level is None else risk.response(settings, level)
    enforced = mode(attempt) == "ENFORCED"
    attempt.watch = Watch(
        watch.event_id,
        assessed=True,
        level=level or "",
        action=action if enforced else "",
        compromised=compromised,
        challenges=watch.challenges,
    )
    if not enforced:
        return
    if compromised and user.status == CONFIRMED and risk.blocks_compromised(settings, "SIGN_IN"):
        await ctx.store.users.set_status(pool.pool_id, user.sub, RESET_REQUIRED, now=ctx.clock())
        await note(attempt, "Fail", decision="Block")
        raise Keep(PasswordResetRequired(RESET))
    refused = action == "BLOCK" or (action == "MFA_REQUIRED" and not (await usable(attempt, user)).usable)
    if notify and action:
        told = "BLOCK" if refused else action
        await risk_notices.send(ctx, pool, attempt.client, user, settings, told, watch.event_id, origin)
    if refused:
        await note(attempt, "Fail", decision="Block")
        raise Keep(NotAuthorized(BLOCKED))


async def failed(attempt: Attempt, verdict: Verdict) -> None:
    """Writes down that an answer was wrong, or that the sign-in ended there."""
    if mode(attempt) == "OFF":
        return
    if attempt.user is None:
        await pretended(attempt.ctx, attempt.pool, attempt.subject, attempt.flow)
        return
    attempt.watch = begun(attempt)
    if verdict.error is not None:
        attempt.watch = with_challenge(attempt.watch, verdict, "Failure")
    await note(attempt, "Fail")


async def went_on(attempt: Attempt, *, granted: bool) -> None:
    """Writes down a sign-in that went well, or is to be continued."""
    if mode(attempt) != "OFF" and attempt.user is not None and attempt.watch is not None:
        await note(attempt, "Pass" if granted else "InProgress")


async def stricter(attempt: Attempt, second: SecondFactors) -> SecondFactors:
    """The second factors that are asked for, with one wanted that the risk wants and the user has."""
    watch, user = attempt.watch, attempt.user
    if watch is None or watch.action not in risk.WITH_MFA or user is None:
        return second
    had = await usable(attempt, user)
    if had.usable or watch.action == "MFA_REQUIRED":
        return SecondFactors(wanted=True, usable=had.usable, preferred=had.preferred)
    return second


async def usable(attempt: Attempt, user: User) -> SecondFactors:
    """What the user could be asked for, turned on or not: nothing is set up by somebody who may be somebody else."""
    document = attempt.pool.document
    if not mfa.is_on(document):
        return SecondFactors()
    held = await attempt.ctx.store.factors.find(user.pool_id, user.sub)
    return mfa.second_factors({**document, "MfaConfiguration": "ON"}, user.attributes, held)


def wants_mfa(attempt: Attempt) -> bool:
    """Whether the risk wants a second factor, which no remembered device stands for then."""
    return attempt.watch is not None and attempt.watch.action in risk.WITH_MFA


def begun(attempt: Attempt) -> Watch:
    ctx = attempt.ctx
    return attempt.watch or Watch(identifiers.new_ordered_uuid(ctx.clock(), ctx.entropy(16)))


def with_challenge(watch: Watch, verdict: Verdict, outcome: str) -> Watch:
    """The watch with one more challenge that was answered, by AWS's two names for them."""
    name = "Mfa" if verdict.proof in {Proof.MFA, Proof.DEVICE} else "Password"
    return Watch(
        watch.event_id,
        watch.assessed,
        watch.level,
        watch.action,
        watch.compromised,
        (*watch.challenges[-20:], (name, outcome)),
    )


async def note(attempt: Attempt, response: str, *, decision: str = "") -> None:
    """Writes the sign-in down as it stands, in the caller's transaction."""
    watch, user, ctx = attempt.watch, attempt.user, attempt.ctx
    if watch is None or user is None:
        return
    applied = "AccountTakeover" if watch.action else "NoRisk"
    event = AuthEvent(
        user.pool_id,
        user.sub,
        watch.event_id,
        "SignIn",
        attempt.begun_at or ctx.clock(),
        response,
        origins.of(ctx.request),
        risk_level=watch.level,
        risk_decision=decision or applied,
        compromised=watch.compromised,
        challenges=watch.challenges,
    )
    await ctx.store.auth_events.put(event)
    await log_delivery.happened(ctx, attempt.pool, user, event, attempt.client.client_id)


async def happened(ctx: Context, pool: Pool, user: User, event_type: str) -> None:
    """Writes down something else than a sign-in, in the caller's transaction."""
    if risk.mode(pool.document) == "OFF":
        return
    now = ctx.clock()
    event_id = identifiers.new_ordered_uuid(now, ctx.entropy(16))
    event = auth_events.AuthEvent(
        pool.pool_id, user.sub, event_id, event_type, now, "Pass", origins.of(ctx.request)
    )
    await ctx.store.auth_events.put(event)
    await log_delivery.happened(ctx, pool, user, event)


async def pretended(ctx: Context, pool: Pool, subject: str, flow: str = "") -> None:
    """Costs what writing something down costs, for who is not there or must not be seen to be (case 38)."""
    if risk.mode(pool.document, custom=flow == Flow.CUSTOM_AUTH) != "OFF":
        await ctx.store.attempts.grant(pool.pool_id, subject, "event", expires_at=ctx.clock())
        await log_delivery.pretended(ctx, pool)
