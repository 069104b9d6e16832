"""Devices in a sign-in and in what follows it: which one the client says it is, and what a session is bound to.

Nothing is looked up in a pool that tracks no devices, nor before a first factor is proved: so nobody learns from a
device key whether it is somebody's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cenote.domain import devices as rules
from cenote.domain import srp, user_agents
from cenote.domain.devices import Device, DeviceSecret
from cenote.domain.errors import NotAuthorized, ResourceNotFound
from cenote.domain.sessions import Session
from cenote.domain.sign_in import DEVICE_STEPS, FIRST_FACTORS, Proof
from cenote.domain.users import User
from cenote.flows.attempt import INVALID_SESSION, Attempt, Ticket, Verdict, lifetime
from cenote.flows.context import Context
from cenote.flows.tokens import INVALID_REFRESH_TOKEN
from cenote.store.clients import Client
from cenote.store.devices import NO_SUCH_DEVICE
from cenote.store.pools import Pool

# The challenge that pycognito answers without the `Session` it was given.
SESSIONLESS: Final = DEVICE_STEPS[0]
SECRET_SIZE: Final = 32
SALT_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class Bound:
    """The device that a session is of; `metadata` (NewDeviceMetadata) where its key is a new one."""

    device_key: str | None = None
    metadata: Mapping[str, str] | None = None


UNBOUND: Final = Bound()


def key_in(parameters: Mapping[str, str]) -> str:
    """The device key that a request names, cut to what fits into a ticket: a longer one than any is nobody's."""
    return parameters.get("DEVICE_KEY", "")[: rules.MOST_KEY + 1]


def take_name(attempt: Attempt, ticket: Ticket, responses: Mapping[str, str]) -> None:
    """The device that an answer names, in the place of the one named before.

    While one proves itself and once it has, it stays the one: NotAuthorized for an answer in its name by another.
    """
    given = key_in(responses)
    if ticket.challenge in DEVICE_STEPS:
        if given and given != ticket.device_key:
            raise NotAuthorized(INVALID_SESSION)
        attempt.device_given = True
    elif given and Proof.DEVICE not in attempt.proved:
        attempt.device_key, attempt.device_given = given, True


async def named(attempt: Attempt) -> Device | None:
    """The user's device that the client says it is, once a first factor is proved.

    ResourceNotFound where the request itself names one that is not the user's: clients then forget the key and answer
    once more, with the same proof (recorded: amazon-cognito-identity-js), so that the challenge must not be used up.

    A browser on the pages names none: it is the one of those it keeps that is the user's.
    """
    keys = (attempt.device_key,) if attempt.device_key else tuple(attempt.kept_devices)
    if not keys or not rules.tracks(attempt.pool.document):
        return None
    if attempt.user is None or not attempt.proved & FIRST_FACTORS:
        return None
    user = attempt.user
    for key in keys:
        device = await attempt.ctx.store.devices.find(user.pool_id, user.sub, key)
        if device is not None:
            attempt.device_key = key
            return device
    if attempt.device_given:
        raise ResourceNotFound(NO_SUCH_DEVICE)
    return None


async def shown(attempt: Attempt) -> Verdict:
    """Whether the browser keeps the secret of the device it is. One that does not is a browser like any other."""
    ctx, pool, user, key = attempt.ctx, attempt.pool, attempt.user, attempt.device_key
    if user is None:
        raise TypeError("a device proves itself in a sign-in of a known user")
    given = attempt.kept_devices.get(key, "")
    secret = await ctx.store.devices.secret(pool, user.sub, key)
    right = await ctx.work.run(srp.check_password, group_key(pool), key, given, secret.salt, secret.verifier)
    if right:
        return Verdict(Proof.DEVICE, counts=False)
    attempt.device_key, attempt.kept_devices = "", {}
    return Verdict(counts=False)


async def remember(ctx: Context, pool: Pool, user: User, device_key: str) -> str:
    """Makes the browser of a sign-in on the pages a remembered device of the user's; the secret that it is to keep.

    `device_key` is the one that came with this sign-in. As at ConfirmDevice, only a verifier of the secret is stored.
    """
    secret, salt, now = ctx.entropy(SECRET_SIZE).hex(), ctx.entropy(SALT_SIZE), ctx.clock()
    verifier = await ctx.work.run(srp.verifier, group_key(pool), device_key, secret, salt)
    device = Device(
        pool_id=pool.pool_id,
        sub=user.sub,
        device_key=device_key,
        name=user_agents.described(ctx.request.user_agent),
        status=rules.REMEMBERED,
        address=ctx.request.address,
        created_at=now,
        updated_at=now,
        authenticated_at=now,
    )
    async with ctx.store.transaction():
        await ctx.store.users.get(user.pool_id, user.sub)
        await ctx.store.devices.add(pool, device, DeviceSecret(verifier, salt))
    return secret


def proves_itself(attempt: Attempt) -> bool:
    """Whether the named device is remembered, now: one that no longer is stands for nothing, even if proved."""
    return attempt.device is not None and attempt.device.remembered


async def bind(attempt: Attempt) -> Bound:
    """What the session that begins now is bound to, in the transaction in which it begins.

    A remembered device has to have proved itself; one that is not remembered is never asked to (documented), and is
    taken at its word so as not to become a new one at every sign-in (assumed). Any other sign-in gets a new key.
    """
    ctx, pool, device = attempt.ctx, attempt.pool, attempt.device
    if not rules.tracks(pool.document):
        return UNBOUND
    if device is not None and (Proof.DEVICE in attempt.proved or not device.remembered):
        address = ctx.request.address
        await ctx.store.devices.set_authenticated(
            device.pool_id, device.sub, device.device_key, address=address, now=ctx.clock()
        )
        return Bound(device.device_key)
    key = rules.new_key(pool.pool_id, ctx.entropy(16))
    return Bound(key, {"DeviceKey": key, "DeviceGroupKey": group_key(pool)})


def group_key(pool: Pool) -> str:
    return rules.group_key(pool.sealer.derive("device group"))


async def require_same_device(ctx: Context, pool: Pool, session: Session, given: str | None) -> None:
    """A refresh token is good on its own device only, once that is confirmed and until it is forgotten.

    Documented at GetTokensFromRefreshToken; the text is recorded in aws-sdk-cpp issue 851. Sessions from before the
    pool tracked devices have none (assumed), and where it tracks none any more nothing is asked (recorded there).

    An app that sent its user to the pages never learns the key, which is the browser's there: it refreshes without one,
    at the token endpoint or, as is documented in "Refresh tokens", by InitiateAuth. That a browser is forgotten ends
    its sessions all the same (AdminForgetDevice and ForgetDevice).
    """
    if session.grant is not None or session.device_key is None or not rules.tracks(pool.document):
        return
    devices = ctx.store.devices
    if given != session.device_key or not await devices.find(pool.pool_id, session.sub, given):
        raise NotAuthorized(INVALID_REFRESH_TOKEN)


async def keep_session(attempt: Attempt, ticket: str) -> None:
    """Keeps the ticket for a client that will answer DEVICE_SRP_AUTH without it.

    It is found again by A, the client's public number, which must be the one that the password was just proved with:
    to prove anything in an exchange with that A takes the secret exponent behind it, so whoever completes it is whoever
    proved the password. Nobody else gains anything by sending it.
    """
    ctx, pool = attempt.ctx, attempt.pool
    handle = _handle(attempt.client, attempt.proved_public)
    async with ctx.store.transaction():
        await ctx.store.devices.set_chain(
            pool, handle, ticket, expires_at=ctx.clock() + lifetime(attempt.client)
        )


async def kept_session(ctx: Context, pool: Pool, client: Client, responses: Mapping[str, str]) -> str | None:
    """The ticket that waits for an answer with this A through this client, if any."""
    try:
        public = srp.parse_public(responses.get("SRP_A", ""))
    except ValueError:
        return None
    return await ctx.store.devices.chain(pool, _handle(client, public))


def _handle(client: Client, public: bytes) -> str:
    return hashlib.sha256(client.client_id.encode() + b"\0" + public).hexdigest()
