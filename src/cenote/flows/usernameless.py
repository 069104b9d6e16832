"""Signing in without a name: a passkey that its browser found by itself (conditional mediation) says whose it is.

For the pages. The question is asked of nobody yet: its ticket holds the challenge alone. Who answers it becomes an
attempt like any other, of the user whom the passkey is of, and the sign-in table says whether that is enough.
"""

from typing import Any, Final

import msgspec

from cenote.domain import first_factors, passkeys, sign_in, usernames
from cenote.domain.errors import NotAuthorized
from cenote.domain.sign_in import Challenge, Denied, Flow
from cenote.flows import accounts, protection
from cenote.flows.attempt import INVALID_SESSION, Asked, Attempt, Door, Ticket, opened, sealed, ticket_for
from cenote.flows.challenges import web_authn
from cenote.flows.context import Context
from cenote.flows.sign_in import Asking, Outcome, settle, state_of
from cenote.flows.triggers import pre_authentication
from cenote.flows.triggers.firing import Occasion
from cenote.store.clients import Client
from cenote.store.pools import Pool

# What the ticket is of: a challenge that no other door asks or takes an answer to.
DISCOVERED: Final = "DISCOVERED_WEB_AUTHN"
FACTOR: Final = "WEB_AUTHN"
# A sign-in page may lie open for a while before somebody picks a passkey on it.
LIFETIME: Final = 3600 * 1000


def is_possible(pool: Pool) -> bool:
    """Whether the pool signs anybody in by a passkey."""
    document = pool.document
    return FACTOR in first_factors.allowed(document) and passkeys.relying_party(document) is not None


async def ask(ctx: Context, pool: Pool, client: Client) -> Asking:
    """The question that any passkey of the pool's relying party may answer."""
    attempt = nobody(ctx, pool, client)
    challenge = ctx.entropy(passkeys.CHALLENGE_SIZE)
    options: dict[str, Any] = passkeys.request_options(
        web_authn.relying_party(attempt),
        challenge,
        (),
        verify=await web_authn.must_verify(attempt),
        timeout=LIFETIME,
    )
    ticket = ticket_for(attempt, DISCOVERED, Asked({}, data=challenge))
    ticket = msgspec.structs.replace(ticket, expires_at=ctx.clock() + LIFETIME)
    parameters = {"CREDENTIAL_REQUEST_OPTIONS": msgspec.json.encode(options).decode()}
    return Asking(DISCOVERED, sealed(attempt, ticket, block=False), parameters)


async def answer(
    ctx: Context, pool: Pool, client: Client, session: str, credential: str
) -> tuple[str, Outcome]:
    """Takes an assertion to a question of `ask`; NotAuthorized for any that is not right in everything.

    The user name is that of whoever is being signed in: what follows is answered in it.
    """
    protection.require_allowed(ctx, pool, client)
    ticket = opened(ctx, pool, client, session, block=False)
    if ticket.challenge != DISCOVERED:
        raise NotAuthorized(INVALID_SESSION)
    attempt = await begun(nobody(ctx, pool, client), ticket, credential)
    step = sign_in.next_step(await state_of(attempt))
    if isinstance(step, Denied):
        raise step.error(step.message)
    if step != Challenge(FACTOR):
        raise NotAuthorized(accounts.WRONG_CREDENTIALS)
    verdict = await web_authn.answer(attempt, ticket, {"CREDENTIAL": credential})
    return attempt.username, await settle(attempt, ticket, verdict, {})


async def begun(attempt: Attempt, ticket: Ticket, credential: str) -> Attempt:
    """The attempt of the user whose passkey it says it is: the browser has to name them, as nobody else has."""
    ctx, pool = attempt.ctx, attempt.pool
    name = web_authn.relying_party(attempt)
    passkey = await ctx.store.passkeys.find(pool, passkeys.asserted_id(credential))
    sub = "" if passkey is None else passkey.sub
    user = await ctx.store.users.find(pool.pool_id, [(usernames.SUB, sub)])
    if user is None or passkeys.asserted_handle(credential) != user.sub:
        # The work is the same as for a passkey that is there.
        await ctx.work.run(
            passkeys.new_sign_count,
            pool.document,
            name,
            credential,
            ticket.data,
            passkeys.stand_in(name),
            verify=True,
        )
        raise NotAuthorized(accounts.WRONG_CREDENTIALS)
    attempt.user, attempt.typed = user, user.username
    await pre_authentication.asked(Occasion(ctx, pool, attempt.client, {}), user, user.username)
    return attempt


def nobody(ctx: Context, pool: Pool, client: Client) -> Attempt:
    return Attempt(
        ctx,
        pool,
        client,
        Flow.USER_AUTH,
        "",
        None,
        begun_at=ctx.clock(),
        chosen=FACTOR,
        door=Door.PAGES,
    )
