"""PASSWORD_VERIFIER: proof of the password by SRP (`domain/srp.py`), without sending it.

Three modular powers a sign-in: one to ask, two to check. What was asked travels sealed in SECRET_BLOCK; the
verifier does not, so that a password changed in between is good no more.
"""

import binascii
import hmac
from collections.abc import Mapping

import msgspec

from cenote.domain import aws_dates, passwords, srp
from cenote.domain.errors import InvalidParameter, NotAuthorized
from cenote.domain.passwords import SrpPassword
from cenote.domain.sign_in import Proof
from cenote.flows import accounts
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required
from cenote.flows.passwords import require_srp, require_unchanged
from cenote.store.users import StoredPassword


class Exchange(msgspec.Struct, frozen=True, array_like=True):
    """The numbers of one exchange: A, B, and the server's secret b."""

    client_public: bytes
    server_public: bytes
    secret: bytes


_decode = msgspec.msgpack.Decoder(Exchange).decode


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:
    require_srp(attempt.pool)
    try:
        client_public = srp.parse_public(required(parameters, "SRP_A"))
    except ValueError:
        raise InvalidParameter("SRP_A is not a number that a client could have made.") from None
    record = srp_record(attempt, await stored_password(attempt))
    secret = attempt.ctx.entropy(srp.EXPONENT_SIZE)
    server_public = await attempt.ctx.work.run(srp.challenge, record.verifier, secret)
    return Asked(
        parameters={
            "SALT": srp.to_hex(record.salt),
            "SRP_B": srp.to_hex(server_public),
            "USERNAME": attempt.username,
            "USER_ID_FOR_SRP": attempt.username,
        },
        data=msgspec.msgpack.encode(Exchange(client_public, server_public, secret)),
        block=True,
    )


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    if ticket is None:
        raise TypeError("a proof by SRP answers a challenge")
    require_srp(attempt.pool)
    stored = await stored_password(attempt)
    if not await is_proof(attempt, _decode(ticket.data), srp_record(attempt, stored), responses):
        return Verdict(Proof.PASSWORD, NotAuthorized(accounts.WRONG_CREDENTIALS))
    ctx, pool, sub = attempt.ctx, attempt.pool, ticket.sub
    return Verdict(Proof.PASSWORD, write=lambda: require_unchanged(ctx, pool, sub, stored))


async def is_proof(
    attempt: Attempt, exchange: Exchange, record: SrpPassword, responses: Mapping[str, str]
) -> bool:
    """Whether the signature is that of a client that knows the password, made now."""
    block = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")
    given = required(responses, "PASSWORD_CLAIM_SIGNATURE")
    timestamp = required(responses, "TIMESTAMP")
    signed_at = aws_dates.parse_date(timestamp)
    if signed_at is None or not aws_dates.is_timely(signed_at, attempt.ctx.clock()):
        return False
    key = await attempt.ctx.work.run(
        srp.shared_key, exchange.client_public, exchange.server_public, exchange.secret, record.verifier
    )
    expected = srp.signature(key, attempt.pool.name, attempt.username, binascii.a2b_base64(block), timestamp)
    try:
        proof = binascii.a2b_base64(given)
    except ValueError:
        return False
    return hmac.compare_digest(expected, proof)


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
