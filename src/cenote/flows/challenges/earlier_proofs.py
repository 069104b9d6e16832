"""What was proved earlier in a sign-in, and may be worth nothing by now."""

from cenote.domain.errors import NotAuthorized
from cenote.domain.sign_in import Proof
from cenote.flows.attempt import INVALID_SESSION, Attempt, Ticket, lifetime


async def require_current(attempt: Attempt, ticket: Ticket) -> None:
    """NotAuthorized if the password that the ticket rests on was changed since it was issued (SECURITY.md case 48).

    To be called in the transaction that accepts the answer, where the user is locked: whoever knew the old password
    only must not end a sign-in with it, still less set up a second factor of their own.
    """
    if Proof.PASSWORD not in attempt.proved or attempt.user is None:
        return
    stored = await attempt.ctx.store.users.password(attempt.pool, attempt.user.sub)
    issued_at = ticket.expires_at - lifetime(attempt.client)
    if stored is None or stored.set_at > issued_at:
        raise NotAuthorized(INVALID_SESSION)
