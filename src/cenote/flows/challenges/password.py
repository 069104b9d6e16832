"""PASSWORD: the password itself, which USER_PASSWORD_AUTH and its admin twin send with their first request."""

from collections.abc import Mapping

from cenote.domain.errors import NotAuthorized
from cenote.domain.sign_in import Proof
from cenote.flows import accounts, passwords, protection
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    """The answer comes with the question: nothing is asked beyond it."""
    return Asked({"USERNAME": attempt.username})


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:  # noqa: ARG001 - the Protocol's
    ctx, pool = attempt.ctx, attempt.pool
    password = required(responses, "PASSWORD")
    # Somebody whom nobody knows is looked up as well, so that it takes the same time.
    sub = attempt.subject if attempt.user is None else attempt.user.sub
    stored = await ctx.store.users.password(pool, sub)
    right = await passwords.matches(
        ctx, pool, attempt.username, password, stored, decoy_name=attempt.decoy_name
    )
    if not right:
        return Verdict(Proof.PASSWORD, NotAuthorized(accounts.WRONG_CREDENTIALS))
    compromised = await protection.spot(attempt, password)
    return Verdict(
        Proof.PASSWORD,
        compromised=compromised,
        write=lambda: passwords.require_unchanged(ctx, pool, sub, stored),
    )
