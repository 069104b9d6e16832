"""Putting a message on its way: into the queue, in the transaction of what it is about.

Sending happens later and elsewhere (`server/jobs.py`), so nobody waits for a mail server and nothing is lost.
"""

from typing import Final

from cenote.domain import attributes
from cenote.domain.delivery import Delivery, require_single_recipient
from cenote.domain.message_templates import Content
from cenote.domain.messages import Message
from cenote.flows.context import Context
from cenote.store.pools import Pool

SES_IDENTITY: Final = ":identity/"


async def send(ctx: Context, pool: Pool, to: Delivery, content: Content) -> None:
    """Queues a message in the caller's transaction; CodeDeliveryFailure for a destination that is not one.

    What has no way out of the house (SMS, and mail without an SMTP server) is kept for the outbox.
    """
    state = "due" if to.medium in ctx.deployment.media else "kept"
    await ctx.store.messages.add(pool.sealer, written(ctx, pool, to, content), state=state)


async def pretend(ctx: Context, pool: Pool, to: Delivery, content: Content) -> None:
    """Does the work of `send` for a recipient who does not exist (SECURITY.md cases 37 and 38)."""
    await ctx.store.messages.add(pool.sealer, written(ctx, pool, to, content), state="void")


def written(ctx: Context, pool: Pool, to: Delivery, content: Content) -> Message:
    now = ctx.clock()
    is_mail = to.medium == "EMAIL"
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
        reply_to=pool.document.get("EmailConfiguration", {}).get("ReplyToEmailAddress") if is_mail else None,
        html=is_mail,
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
