"""A sign-in on its way: what is known in one request, and what travels sealed to the next."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from cenote.domain import base64url, identifiers, sealed_tokens, usernames
from cenote.domain.delivery import Attribute
from cenote.domain.devices import Device
from cenote.domain.errors import CognitoError, InvalidParameter, NotAuthorized
from cenote.domain.risk import Watch
from cenote.domain.sign_in import Flow, Proof
from cenote.domain.users import User
from cenote.flows import accounts
from cenote.flows.context import Context
from cenote.flows.triggers.custom_auth import Passed
from cenote.store.clients import Client
from cenote.store.pools import Pool

# How long a PASSWORD_VERIFIER stays answerable: AuthSessionValidity, in minutes, is each challenge's time.
DEFAULT_SESSION_MINUTES = 3
INVALID_SESSION = "Invalid session for the user."
# recorded
EXPIRED_SESSION = "Invalid session for the user, session is expired."
# The challenge whose `Session` alone finds its pool: AssociateSoftwareToken gets nothing else. The pool's id stands
# behind the seal; only that pool's key opens it, so whatever is written there instead opens nothing.
ADDRESSED = "MFA_SETUP"
# As long as a sub, so that the length of a sealed ticket does not tell whether there is one.
NOBODY = "-" * 36


class Door(StrEnum):
    """Where a sign-in came in, and so what it ends with; what was begun at one door goes on at no other."""

    API = "api"
    """Tokens."""
    PAGES = "pages"
    """A browser session."""


class Attempt(msgspec.Struct):
    """One request's part of a sign-in. `user` is None where nobody has the name and that must not show.

    `chosen` is the factor that was picked last, `device_key` the device that the client says it is. `available` are
    the first factors to choose from, while USER_AUTH has none yet.

    `passed` are the challenges of custom authentication so far, `custom_next` what its functions want next.

    `device_given` tells that this very request names the device, `device` is that one if it is the user's.
    `proved_public` is the client's A of the exchange in which this request proved the password.

    `watch` is what threat protection holds of it, from the first factor on, in a pool that has it.

    `new_contact` is an address or a number, by its attribute, that its user sets up as a second factor in this request.

    `kept_devices` are the secrets that a browser on the pages keeps, by device key: of whoever signed in with it.
    """

    ctx: Context
    pool: Pool
    client: Client
    flow: Flow
    typed: str
    user: User | None
    proved: frozenset[Proof] = frozenset()
    begun_at: int = 0
    metadata: Mapping[str, str] = {}
    chosen: str = ""
    device_key: str = ""
    available: tuple[str, ...] = ()
    passed: tuple[Passed, ...] = ()
    custom_next: str = ""
    device_given: bool = False
    device: Device | None = None
    proved_public: bytes = b""
    watch: Watch | None = None
    door: Door = Door.API
    new_contact: tuple[Attribute, str] | None = None
    kept_devices: Mapping[str, str] = {}

    @property
    def attributes(self) -> Mapping[str, str]:
        """The user's, with the address or number that is being set up; none of a name that nobody has."""
        held = {} if self.user is None else self.user.attributes
        return held if self.new_contact is None else {**held, self.new_contact[0]: self.new_contact[1]}

    @property
    def username(self) -> str:
        """The name that SRP proves a password for (USER_ID_FOR_SRP): the stored one."""
        return self.decoy_username if self.user is None else self.user.username

    @property
    def decoy_username(self) -> str:
        """What a user with the typed name could well be called, the same at every try.

        Somebody who signs in by e-mail or phone number has another name than that, a UUID more often than not
        (documented in "Managing user existence error responses": an internal user id in UUID format).
        """
        if usernames.is_contact(self.pool.document, self.typed):
            digest = hmac.new(self.decoy_key(), b"name\0" + self.decoy_name.encode(), "sha256").digest()
            return identifiers.new_uuid(digest[:16])
        return usernames.key(self.pool.document, self.typed)

    @property
    def subject(self) -> str:
        """What failures are counted by: all spellings of a user are one, a name nobody has is one of its own."""
        return accounts.subject(self.pool, self.user, self.typed)

    def decoy_key(self) -> bytes:
        return self.pool.sealer.derive("decoy")

    @property
    def decoy_name(self) -> str:
        return f"{self.pool.pool_id}/{usernames.key(self.pool.document, self.typed)}"


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a challenge's answer is bound to; it travels as `Session` or SECRET_BLOCK, sealed."""

    use_id: str
    client_id: str
    flow: str
    challenge: str
    typed: str
    sub: str
    username: str
    proved: list[str]
    begun_at: int
    expires_at: int
    data: bytes = b""
    chosen: str = ""
    device_key: str = ""
    passed: tuple[Passed, ...] = ()
    watch: Watch | None = None
    door: Door = Door.API


class Asked(msgspec.Struct, frozen=True):
    """A challenge as issued. `block` tells that the ticket travels as SECRET_BLOCK, not as `Session`."""

    parameters: Mapping[str, str]
    data: bytes = b""
    block: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What an answer proved or picked, or the error it gets.

    `counts` tells whether a wrong one counts as a failed password. With `code` it counts among the user's wrong
    codes instead, and the challenge may be answered again a few times. `write` is carried out in the transaction
    that accepts the answer; one that changes the user puts the user as they are then into the attempt. A right
    password that others know too is `compromised`.
    """

    proof: Proof | None = None
    error: CognitoError | None = None
    counts: bool = True
    code: bool = False
    chosen: str = ""
    compromised: bool = False
    write: Callable[[], Awaitable[Any]] | None = None


def lifetime(client: Client) -> int:
    """How long a challenge of this client may be answered, in ms."""
    return int(client.document.get("AuthSessionValidity", DEFAULT_SESSION_MINUTES)) * 60_000


def ticket_for(attempt: Attempt, challenge: str, asked: Asked) -> Ticket:
    ctx = attempt.ctx
    return Ticket(
        use_id=ctx.entropy(16).hex(),
        client_id=attempt.client.client_id,
        flow=attempt.flow.value,
        challenge=challenge,
        typed=attempt.typed,
        sub=NOBODY if attempt.user is None else attempt.user.sub,
        username=attempt.username,
        proved=sorted(attempt.proved),
        begun_at=attempt.begun_at,
        expires_at=ctx.clock() + lifetime(attempt.client),
        data=asked.data,
        chosen=attempt.chosen,
        device_key=attempt.device_key,
        passed=attempt.passed,
        watch=attempt.watch,
        door=attempt.door,
    )


def sealed(attempt: Attempt, ticket: Ticket, *, block: bool) -> str:
    """The ticket as the client carries it: standard base64 for a SECRET_BLOCK, URL-safe for a `Session`."""
    seal = sealed_tokens.seal_block if block else sealed_tokens.seal_session
    key = attempt.pool.sealer.derive("sign_in")
    text = seal(key, attempt.ctx.entropy(sealed_tokens.NONCE_SIZE), msgspec.msgpack.encode(ticket))
    return text + address_of(attempt.pool) if ticket.challenge == ADDRESSED else text


_decode = msgspec.msgpack.Decoder(Ticket).decode


def opened(ctx: Context, pool: Pool, client: Client, text: str, *, block: bool) -> Ticket:
    """The ticket in a `Session` or SECRET_BLOCK of this pool and client; AWS's error for anything else."""
    ticket = unsealed(ctx, pool, text, block=block)
    if ticket.client_id != client.client_id:
        raise NotAuthorized(INVALID_SESSION)
    return ticket


def unsealed(ctx: Context, pool: Pool, text: str, *, block: bool) -> Ticket:
    """The ticket in a `Session` or SECRET_BLOCK of this pool; whose client it is remains to be checked."""
    body, dot, address = (text, "", "") if block else text.partition(".")
    open_ = sealed_tokens.open_block if block else sealed_tokens.open_session
    payload = open_(pool.sealer.derive("sign_in"), body)
    if payload is None:
        raise NotAuthorized(INVALID_SESSION)
    ticket = _decode(payload)
    if dot + address != (address_of(pool) if ticket.challenge == ADDRESSED else ""):
        raise NotAuthorized(INVALID_SESSION)
    if ticket.expires_at <= ctx.clock():
        raise NotAuthorized(INVALID_SESSION if block else EXPIRED_SESSION)
    return ticket


def address_of(pool: Pool) -> str:
    """What stands behind the seal of a `Session` that finds its pool by itself."""
    return "." + base64url.encode(pool.pool_id.encode())


async def addressed_pool(ctx: Context, text: str) -> Pool:
    """The pool that a `Session` says it is of; its seal has yet to prove it."""
    _, _, address = text.partition(".")
    try:
        pool_id = base64url.lenient(address).decode()
    except ValueError:
        raise NotAuthorized(INVALID_SESSION) from None
    pool = await ctx.store.pools.find(pool_id) if pool_id.isprintable() else None
    if pool is None:
        raise NotAuthorized(INVALID_SESSION)
    return pool


def required(responses: Mapping[str, str], name: str) -> str:
    """A parameter that must be there (recorded text)."""
    value = responses.get(name)
    if not value:
        raise InvalidParameter(f"Missing required parameter {name}")
    return value
