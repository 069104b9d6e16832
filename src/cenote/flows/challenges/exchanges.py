"""One SRP exchange between a challenge and its answer: the password's, and a device's in the same way.

Both hash two names in front of the secret: the pool's name and the user id for a password, the device group key and the
device key for a device.
"""

import binascii
import hmac
from collections.abc import Mapping

import msgspec

from cenote.domain import aws_dates, srp
from cenote.domain.errors import InvalidParameter
from cenote.flows.attempt import Attempt, required


class Exchange(msgspec.Struct, frozen=True, array_like=True):
    """The numbers of one exchange: A, B, and the server's secret b."""

    client_public: bytes
    server_public: bytes
    secret: bytes


decode = msgspec.msgpack.Decoder(Exchange).decode


def public_of(parameters: Mapping[str, str]) -> bytes:
    """The client's A (`SRP_A`); InvalidParameter for what no client makes."""
    try:
        return srp.parse_public(required(parameters, "SRP_A"))
    except ValueError:
        raise InvalidParameter("SRP_A is not a number that a client could have made.") from None


async def begun(attempt: Attempt, client_public: bytes, verifier: bytes) -> Exchange:
    secret = attempt.ctx.entropy(srp.EXPONENT_SIZE)
    server_public = await attempt.ctx.work.run(srp.challenge, verifier, secret)
    return Exchange(client_public, server_public, secret)


async def is_proof(
    attempt: Attempt,
    exchange: Exchange,
    verifier: bytes,
    responses: Mapping[str, str],
    *,
    names: tuple[str, str],
) -> bool:
    """Whether the signature is that of a client that knows the secret of the verifier, made now."""
    block = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")
    given = required(responses, "PASSWORD_CLAIM_SIGNATURE")
    timestamp = required(responses, "TIMESTAMP")
    signed_at = aws_dates.parse_date(timestamp)
    if signed_at is None or not aws_dates.is_timely(signed_at, attempt.ctx.clock()):
        return False
    key = await attempt.ctx.work.run(
        srp.shared_key, exchange.client_public, exchange.server_public, exchange.secret, verifier
    )
    expected = srp.signature(key, *names, binascii.a2b_base64(block), timestamp)
    try:
        proof = binascii.a2b_base64(given)
    except ValueError:
        return False
    return hmac.compare_digest(expected, proof)
