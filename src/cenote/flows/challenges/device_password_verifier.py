"""DEVICE_PASSWORD_VERIFIER: a remembered device proves by SRP that it has the secret of its confirmation.

As PASSWORD_VERIFIER, with the device group key and the device key in place of the pool's name and the user's. A wrong
proof counts like a wrong password.
"""

from collections.abc import Mapping

import msgspec

from cenote.domain import srp
from cenote.domain.errors import NotAuthorized
from cenote.domain.sign_in import Proof
from cenote.flows import accounts, devices
from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict, required
from cenote.flows.challenges import exchanges


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:
    if attempt.user is None:
        raise TypeError("a device proves itself in a sign-in of a known user")
    client_public = exchanges.public_of(parameters)
    secret = await attempt.ctx.store.devices.secret(attempt.pool, attempt.user.sub, attempt.device_key)
    exchange = await exchanges.begun(attempt, client_public, secret.verifier)
    return Asked(
        parameters={
            "SALT": srp.to_hex(secret.salt),
            "SRP_B": srp.to_hex(exchange.server_public),
            "USERNAME": attempt.username,
            "DEVICE_KEY": attempt.device_key,
        },
        data=msgspec.msgpack.encode(exchange),
        block=True,
    )


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    if ticket is None or attempt.user is None:
        raise TypeError("a device proves itself in a sign-in of a known user")
    required(responses, "DEVICE_KEY")
    secret = await attempt.ctx.store.devices.secret(attempt.pool, attempt.user.sub, attempt.device_key)
    exchange, names = exchanges.decode(ticket.data), (devices.group_key(attempt.pool), attempt.device_key)
    if not await exchanges.is_proof(attempt, exchange, secret.verifier, responses, names=names):
        # recorded: aws-sdk-net-extensions-cognito issue 73
        return Verdict(Proof.DEVICE, NotAuthorized(accounts.WRONG_CREDENTIALS))
    return Verdict(Proof.DEVICE)
