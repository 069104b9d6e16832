"""SOFTWARE_TOKEN_MFA: a code of the user's authenticator app."""

from collections.abc import Mapping
from typing import Final

from cenote.domain import mfa, totp
from cenote.domain.errors import CodeMismatch, ExpiredCode, SoftwareTokenMFANotFound
from cenote.domain.sign_in import Proof
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required
from cenote.flows.challenges.earlier_proofs import require_current
from cenote.flows.challenges.parameters import second_factor

# recorded
MISMATCH: Final = "Invalid code received for user"
USED: Final = "Your software token has already been used once."
NOT_FOUND: Final = "Software Token MFA does not exist for the user."
RESPONSE: Final = f"{mfa.TOTP}_CODE"


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    if attempt.user is None:
        raise TypeError("only a known user is asked for a second factor")
    held = await attempt.ctx.store.factors.find(attempt.pool.pool_id, attempt.user.sub)
    named = {"FRIENDLY_DEVICE_NAME": held.totp_name} if held.totp_name else {}
    return Asked(second_factor(attempt, **named))


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    if ticket is None or attempt.user is None:
        raise TypeError("a second factor answers a challenge of a known user")
    code = required(responses, RESPONSE)
    ctx, pool, sub = attempt.ctx, attempt.pool, attempt.user.sub
    token = await ctx.store.factors.software_token(pool, sub)
    if token is None:
        raise SoftwareTokenMFANotFound(NOT_FOUND)
    step = totp.matching_step(token.secret, code, ctx.clock())
    if step is None:
        return Verdict(Proof.MFA, CodeMismatch(MISMATCH), code=True)
    if step <= token.last_step:
        return Verdict(Proof.MFA, ExpiredCode(USED), code=True)

    async def use() -> None:
        await require_current(attempt, ticket)
        # Looked at above, decided here: of many at once, the row lets one through.
        if not await ctx.store.factors.use_step(pool.pool_id, sub, token, step):
            raise ExpiredCode(USED)

    return Verdict(Proof.MFA, code=True, write=use)
