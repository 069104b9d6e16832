"""WEB_AUTHN: a passkey signs a challenge (CREDENTIAL_REQUEST_OPTIONS), and the answer brings it as CREDENTIAL.

The challenge travels in the sealed ticket, which is good once. Whatever is wrong with an answer, its bearer hears the
same as of a wrong password, and so does one who answers for a name that nobody has.
"""

from collections.abc import Mapping

import msgspec

from cenote.domain import first_factors, passkeys
from cenote.domain.errors import NotAuthorized
from cenote.domain.passkeys import Passkey
from cenote.domain.sign_in import Proof
from cenote.flows import accounts, factors
from cenote.flows.attempt import INVALID_SESSION, Asked, Attempt, Ticket, Verdict, lifetime, required
from cenote.store.transactions import Keep


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    ctx, pool = attempt.ctx, attempt.pool
    name = relying_party(attempt)
    held = await factors.held_passkeys(ctx, pool, attempt.subject)
    shown = [passkey.descriptor for passkey in held]
    if attempt.user is None:
        shown = passkeys.decoy_descriptors(attempt.decoy_key(), attempt.decoy_name)
    challenge = ctx.entropy(passkeys.CHALLENGE_SIZE)
    options = passkeys.request_options(
        name,
        challenge,
        shown,
        verify=await must_verify(attempt),
        timeout=lifetime(attempt.client),
    )
    return Asked({"CREDENTIAL_REQUEST_OPTIONS": msgspec.json.encode(options).decode()}, data=challenge)


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    if ticket is None:
        raise TypeError("an assertion answers a challenge")
    ctx, pool = attempt.ctx, attempt.pool
    text = required(responses, "CREDENTIAL")
    name = relying_party(attempt)
    passkey = await ctx.store.passkeys.find(pool, passkeys.asserted_id(text))
    # Against another's passkey, or none, the work is the same.
    theirs = passkey is not None and attempt.user is not None and passkey.sub == attempt.user.sub
    count = await ctx.work.run(
        passkeys.new_sign_count,
        pool.document,
        name,
        text,
        ticket.data,
        passkey if passkey is not None and theirs else passkeys.stand_in(name),
        verify=await must_verify(attempt),
    )
    if passkey is None or not theirs or count is None:
        return Verdict(Proof.PASSKEY, NotAuthorized(accounts.WRONG_CREDENTIALS))
    return Verdict(Proof.PASSKEY, write=lambda: count_up(attempt, passkey, count))


def relying_party(attempt: Attempt) -> str:
    """Whom passkeys are for; NotAuthorized where the pool has come to sign nobody in by one."""
    name = passkeys.relying_party(attempt.pool.document)
    if name is None or "WEB_AUTHN" not in first_factors.allowed(attempt.pool.document):
        raise NotAuthorized(INVALID_SESSION)
    return name


async def must_verify(attempt: Attempt) -> bool:
    """Whether the authenticator has to see for itself who uses it: the pool says so, or it counts as two factors."""
    return passkeys.requires_verification(attempt.pool.document) or await factors.passkey_is_mfa(attempt)


async def count_up(attempt: Attempt, passkey: Passkey, count: int) -> None:
    """Notes the signature counter; an assertion that another one has overtaken is refused."""
    if not await attempt.ctx.store.passkeys.count_up(attempt.pool.pool_id, passkey, count):
        raise Keep(NotAuthorized(accounts.WRONG_CREDENTIALS))
