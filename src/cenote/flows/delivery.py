"""Putting a message on its way: into the queue, in the transaction of what it is about.

Sending happens later and elsewhere (`server/jobs.py`), so nobody waits for a mail server and nothing is lost.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from cenote.domain import attributes
from cenote.domain.delivery import Delivery, require_single_recipient
from cenote.domain.errors import LimitExceeded, TooManyRequests
from cenote.domain.message_templates import Content
from cenote.domain.messages import Message
from cenote.domain.users import User
from cenote.flows import log_delivery
from cenote.flows.context import Context
from cenote.flows.triggers import custom_senders
from cenote.flows.triggers.custom_message import Source
from cenote.flows.triggers.custom_senders import Handed
from cenote.flows.triggers.firing import Occasion
from cenote.store.pools import Pool

SES_IDENTITY: Final = ":identity/"
HOUR: Final = 3600 * 1000
TOO_MANY: Final = "Attempt limit exceeded, please try after some time."
# The routes of messages, see `domain.messages`.
FUNCTION: Final = "FUNCTION"
SMS: Final = "SMS"

log = logging.getLogger("cenote.messages")


async def send(
    occasion: Occasion, pool: Pool, user: User, source: Source, to: Delivery, content: Content
) -> None:
    """Queues a message in the caller's transaction; CodeDeliveryFailure for a destination that is not one.

    `pool` has the wording. What has no way out of the house (no mail server, no gateway) is kept for the outbox. To
    one address or number go so many messages an hour and no more, whoever asks for them and under whatever names:
    who gave the address hears of it, and who must not learn where a code goes sees it go (SECURITY.md case 81).
    Administrators are not counted.
    """
    ctx = occasion.ctx
    handed = custom_senders.handed(occasion, user, source.reason, to)
    message = written(ctx, pool, to, content, handed)
    state, error = state_of(ctx, message), None
    if (
        state == "due"
        and occasion.client is not None
        and not await within_limit(ctx, pool, message.route, to.destination)
    ):
        if source is Source.UPDATE_ATTRIBUTE:
            raise TooManyRequests(TOO_MANY)  # the model knows no LimitExceeded there
        if source in {Source.SIGN_UP, Source.VERIFY_ATTRIBUTE}:
            raise LimitExceeded(TOO_MANY)
        state, error = "dead", "too many to one destination"
        # Neither to whom it goes nor what it says (SECURITY.md case 84).
        told = {"pool_id": pool.pool_id, "message_id": message.message_id, "reason": error}
        log.warning("a message was given up", extra=told)
        await log_delivery.undelivered(
            ctx.store, occasion.pool, to.medium, error, now=ctx.clock(), entropy=ctx.entropy(8)
        )
    await ctx.store.messages.add(pool.sealer, message, state=state, error=error)


async def pretend(ctx: Context, pool: Pool, to: Delivery, content: Content) -> None:
    """Does the work of `send` for a recipient who does not exist (SECURITY.md cases 37 and 38)."""
    message = written(ctx, pool, to, content, None)
    if custom_senders.delivers(pool.document, to.medium):
        message = replace(message, route=FUNCTION)
    if state_of(ctx, message) == "due":
        await within_limit(ctx, pool, message.route, to.destination)
    await ctx.store.messages.add(pool.sealer, message, state="void")


def state_of(ctx: Context, message: Message) -> str:
    return "due" if message.route == FUNCTION or message.route in ctx.deployment.routes else "kept"


async def within_limit(ctx: Context, pool: Pool, route: str, destination: str) -> bool:
    """Whether one more message may go to this address or number in this hour."""
    limit = ctx.deployment.most_to_one
    if not limit:
        return True
    to = ctx.store.messages.recipient(destination)
    action = "receive SMS" if route == SMS else "receive"
    return await ctx.store.attempts.spend(pool.pool_id, to, action, limit=limit, now=ctx.clock(), window=HOUR)


def written(ctx: Context, pool: Pool, to: Delivery, content: Content, handed: Handed | None) -> Message:
    now = ctx.clock()
    is_mail = to.medium == "EMAIL"
    email: Mapping[str, Any] = pool.document.get("EmailConfiguration", {}) if is_mail else {}
    account = email.get("EmailSendingAccount", "COGNITO_DEFAULT")
    return Message(
        pool_id=pool.pool_id,
        # Ids in the order of time, so that a list of messages is in the order they were written.
        message_id=f"{now:012x}-{ctx.entropy(8).hex()}",
        medium=to.medium,
        to=require_single_recipient(to),
        subject=content.subject,
        body=content.body,
        code=content.code,
        link=content.link,
        created_at=now,
        source=sender(pool) if is_mail else "",
        reply_to=email.get("ReplyToEmailAddress"),
        html=is_mail,
        route=FUNCTION if handed else account if is_mail else SMS,
        configuration_set=email.get("ConfigurationSet"),
        identity=email.get("SourceArn") if account == "DEVELOPER" else None,
        sms=None if is_mail else dict(pool.document.get("SmsConfiguration", {})),
        handed=None
        if handed is None
        else {"function": handed.function, "key_id": handed.key_id, "event": handed.event},
    )


def sender(pool: Pool) -> str:
    """Who the pool's mail is from; empty where it does not say, which means the server's `mail_from`.

    SourceArn is the sender of a pool without `From` if it is the ARN of an address (documented at
    EmailConfigurationType).
    """
    configured = pool.document.get("EmailConfiguration", {})
    if configured.get("From"):
        return str(configured["From"])
    address = str(configured.get("SourceArn", "")).rpartition(SES_IDENTITY)[2]
    return address if attributes.is_email(address) else ""
