"""Confirmation codes: sent, counted, checked, used up once.

Everything here happens inside the caller's transaction, so a code is good exactly if what it is about was written.
For a user who does not exist, and must not be seen not to, the same is done to nobody's account: `pretend_code` is
the twin of `send_code`, and `check_code` answers guesses at such a code as it would answer wrong ones at a real one
(SECURITY.md cases 37 and 38).
"""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from cenote.domain import codes, identifiers, message_templates, usernames
from cenote.domain import delivery as deliveries
from cenote.domain.codes import Purpose
from cenote.domain.delivery import Delivery
from cenote.domain.errors import CodeMismatch, ExpiredCode, LimitExceeded
from cenote.domain.message_templates import Content
from cenote.domain.users import User
from cenote.flows import accounts, delivery
from cenote.flows.context import Context
from cenote.flows.delivery import TOO_MANY
from cenote.flows.triggers.custom_message import Source
from cenote.flows.triggers.firing import Occasion
from cenote.store.clients import Client
from cenote.store.codes import StoredCode
from cenote.store.pools import Pool
from cenote.store.transactions import Keep

if TYPE_CHECKING:
    from cenote.shapes.cognito_idp import CodeDeliveryDetailsType

MISMATCH: Final = "Invalid verification code provided, please try again."
EXPIRED: Final = "Invalid code provided, please request a code again."

HOUR: Final = 60 * 60 * 1000
# How often an hour a user may ask for a code, and guess at codes whichever they are. Assumed, in the order of what
# "Quotas in Amazon Cognito" says of single users (five an hour for ChangePassword).
SENDS: Final = dict.fromkeys(Purpose, 5) | {Purpose.RESET_PASSWORD: 10}
GUESSES: Final = dict.fromkeys(Purpose, 15) | {Purpose.RESET_PASSWORD: 20}
# The page behind a confirmation link, named as Cognito names it on a pool's domain.
CONFIRM_PATH: Final = "/confirmUser"


class Confirms(msgspec.Struct, frozen=True):
    """What a code proves: that its user reads what is sent to this value of this attribute.

    A `pending` value is not the user's yet (AttributesRequireVerificationBeforeUpdate): the code makes it so.
    """

    attribute: str
    value: str
    pending: bool = False

    @property
    def detail(self) -> str:
        return f"{self.attribute}{'~' if self.pending else '='}{self.value}"

    @classmethod
    def of(cls, code: StoredCode) -> "Confirms":
        """What a code of `send_code` proves."""
        text = code.detail or "="
        end = next(index for index, character in enumerate(text) if character in "=~")
        return cls(text[:end], text[end + 1 :], pending=text[end] == "~")


async def send_code(
    occasion: Occasion,
    pool: Pool,
    user: User,
    purpose: Purpose,
    to: Delivery,
    source: Source,
    *,
    pending: bool = False,
) -> "CodeDeliveryDetailsType":
    """Makes a code the user's only one for the purpose, and queues the message that tells it.

    `pool` has the wording, `to` comes of `domain.delivery`. A sign-up's e-mail has a link in place of the code where
    the pool says so. Whoever lets users ask for codes calls `spend_send` first.
    """
    ctx = occasion.ctx
    code = identifiers.new_code(ctx.entropy(16))
    stored = StoredCode(
        code_hash=codes.hashed(
            pool.sealer.derive("codes"), code, pool_id=pool.pool_id, sub=user.sub, purpose=purpose
        ),
        detail=Confirms(to.attribute, to.destination, pending).detail,
        expires_at=ctx.clock() + codes.lifetime(purpose),
        tries_left=codes.TRIES,
    )
    await ctx.store.codes.set_(pool.pool_id, user.sub, purpose, stored)
    content = composed(ctx, pool, purpose, to, code, user.username, occasion.client)
    await delivery.send(occasion, pool, user, source, to, content)
    return to.details


async def pretend_code(
    ctx: Context, pool: Pool, client: Client, user: User | None, typed: str, purpose: Purpose
) -> "CodeDeliveryDetailsType":
    """Answers like `send_code`, sends nothing, and costs the same. `user` is one who may not have a code, if any."""
    name = usernames.key(pool.document, typed)
    secret = pool.sealer.derive("decoy")
    to = deliveries.decoy(pool.document, secret, name, recovery=purpose is Purpose.RESET_PASSWORD)
    code = identifiers.new_code(ctx.entropy(16))
    subject = accounts.subject(pool, user, typed)
    codes.hashed(secret, code, pool_id=pool.pool_id, sub=subject, purpose=purpose)
    await ctx.store.attempts.grant(
        pool.pool_id, subject, pretended(purpose), expires_at=ctx.clock() + codes.lifetime(purpose)
    )
    await delivery.pretend(ctx, pool, to, composed(ctx, pool, purpose, to, code, typed, client))
    return to.details


def composed(
    ctx: Context, pool: Pool, purpose: Purpose, to: Delivery, code: str, username: str, client: Client | None
) -> Content:
    if purpose is Purpose.RESET_PASSWORD:
        return message_templates.password_reset(pool.document, to.medium, code)
    by_link = purpose is Purpose.SIGN_UP and message_templates.verifies_by_link(pool.document)
    link = None
    if by_link and client is not None and to.medium == "EMAIL":
        link = confirmation_link(ctx, client, username, code)
    return message_templates.verification(pool.document, to.medium, code, link)


def confirmation_link(ctx: Context, client: Client, username: str, code: str) -> str:
    """The URL that confirms a sign-up: on this server, with the parameters that Cognito's has."""
    query = {"client_id": client.client_id, "user_name": username, "confirmation_code": code}
    return f"{ctx.deployment.public_url}{CONFIRM_PATH}?{urlencode(query)}"


async def spend_send(ctx: Context, pool: Pool, subject: str, purpose: Purpose) -> None:
    """LimitExceeded for a user, or a name (`accounts.subject`), that asked for codes too often (case 81)."""
    if not await ctx.store.attempts.spend(
        pool.pool_id, subject, f"send {purpose}", limit=SENDS[purpose], now=ctx.clock(), window=HOUR
    ):
        raise LimitExceeded(TOO_MANY)


async def check_code(
    ctx: Context, pool: Pool, subject: str, purpose: Purpose, guess: str, *, use: bool = True
) -> StoredCode:
    """Gives the code of the user (a sub, or what `accounts.subject` says of nobody) if the guess is right.

    It is then used up, unless `use` is off: then `use_code` has to do it, once what stands between them is done.
    CodeMismatch, ExpiredCode or LimitExceeded otherwise, in a `Keep`: the guess counts. Of many right guesses at
    once, one is given the code.
    """
    pool_id, now = pool.pool_id, ctx.clock()
    within_limit = await ctx.store.attempts.spend(
        pool_id, subject, f"guess {purpose}", limit=GUESSES[purpose], now=now, window=HOUR
    )
    if not within_limit:
        raise LimitExceeded(TOO_MANY)
    # Asked for whoever it is, so that a guess at nobody's code takes as long as one at somebody's.
    guessed = await ctx.store.attempts.spend_granted(pool_id, subject, pretended(purpose), now=now)
    stored = await ctx.store.codes.spend_try(pool_id, subject, purpose)
    if stored is None:
        raise Keep(await refusal(ctx, pool, subject, purpose, guessed))
    if stored.expires_at <= now:
        raise Keep(ExpiredCode(EXPIRED))
    key = pool.sealer.derive("codes")
    if not codes.matches(stored.code_hash, key, guess, pool_id=pool_id, sub=subject, purpose=purpose):
        raise Keep(CodeMismatch(MISMATCH))
    if use:
        await use_code(ctx, pool, subject, purpose, stored)
    return stored


async def use_code(ctx: Context, pool: Pool, subject: str, purpose: Purpose, stored: StoredCode) -> None:
    """Uses up a code that was checked; ExpiredCode where another request did, or a newer code took its place."""
    if not await ctx.store.codes.take(pool.pool_id, subject, purpose, stored.code_hash):
        raise Keep(ExpiredCode(EXPIRED))


async def refusal(
    ctx: Context, pool: Pool, subject: str, purpose: Purpose, guessed: int | None
) -> CodeMismatch | ExpiredCode | LimitExceeded:
    """What a guess gets where there is no code with a try left: as if there were one, if one was pretended.

    `guessed` is how often the pretended one was guessed at, if there is one.
    """
    if guessed is not None:
        return LimitExceeded(TOO_MANY) if guessed > codes.TRIES else CodeMismatch(MISMATCH)
    if await ctx.store.codes.find(pool.pool_id, subject, purpose) is not None:
        return LimitExceeded(TOO_MANY)
    return ExpiredCode(EXPIRED)


def pretended(purpose: Purpose) -> str:
    return f"pretended {purpose}"
