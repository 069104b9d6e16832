"""PASSWORD_VERIFIER: proof of the password by SRP (`domain/srp.py`), without sending it.

Three modular powers a sign-in: one to ask, two to check. What was asked travels sealed in SECRET_BLOCK; the
verifier does not, so that a password changed in between is good no more.
"""

from collections.abc import Mapping

import msgspec

from cenote.domain import passwords, srp
from cenote.domain.errors import NotAuthorized
from cenote.domain.passwords import SrpPassword
from cenote.domain.sign_in import Proof
from cenote.flows import accounts
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict
from cenote.flows.challenges import exchanges
from cenote.flows.passwords import require_srp, require_unchanged
from cenote.store.users import StoredPassword


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:
    require_srp(attempt.pool)
    client_public = exchanges.public_of(parameters)
    record = srp_record(attempt, await stored_password(attempt))
    exchange = await exchanges.begun(attempt, client_public, record.verifier)
    return Asked(
        parameters={
            "SALT": srp.to_hex(record.salt),
            "SRP_B": srp.to_hex(exchange.server_public),
            "USERNAME": attempt.username,
            "USER_ID_FOR_SRP": attempt.username,
        },
        data=msgspec.msgpack.encode(exchange),
        block=True,
    )


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    if ticket is None:
        raise TypeError("a proof by SRP answers a challenge")
    require_srp(attempt.pool)
    stored = await stored_password(attempt)
    exchange, verifier = exchanges.decode(ticket.data), srp_record(attempt, stored).verifier
    names = (attempt.pool.name, attempt.username)
    if not await exchanges.is_proof(attempt, exchange, verifier, responses, names=names):
        return Verdict(Proof.PASSWORD, NotAuthorized(accounts.WRONG_CREDENTIALS))
    attempt.proved_public = exchange.client_public
    ctx, pool, sub = attempt.ctx, attempt.pool, ticket.sub
    return Verdict(Proof.PASSWORD, write=lambda: require_unchanged(ctx, pool, sub, stored))


async def stored_password(attempt: Attempt) -> StoredPassword | None:
    """What the user has now. Somebody whom nobody knows is looked up as well: it takes the same time."""
    sub = attempt.subject if attempt.user is None else attempt.user.sub
    return await attempt.ctx.store.users.password(attempt.pool, sub)


def srp_record(attempt: Attempt, stored: StoredPassword | None) -> SrpPassword:
    """The user's verifier, or one that nobody knows a password for (SECURITY.md cases 37, 38)."""
    if stored is not None:
        record = passwords.decode(stored.record)
        # A hash from a time when the pool asked for argon2id cannot serve SRP: the user signs in otherwise.
        if isinstance(record, SrpPassword):
            return record
    return passwords.decoy_srp(attempt.decoy_key(), attempt.decoy_name)
