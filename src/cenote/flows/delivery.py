"""Putting a message on its way: into the queue, in the transaction of what it is about.

Sending happens later and elsewhere (`server/jobs.py`), so nobody waits for a mail server and nothing is lost.
"""

from cenote.domain.messages import Message
from cenote.flows.context import Context
from cenote.store.pools import Pool


def new_message_id(ctx: Context) -> str:
    """Ids in the order of time, so that a list of messages is in the order they were written."""
    return f"{ctx.clock():012x}-{ctx.entropy(8).hex()}"


async def queue(ctx: Context, pool: Pool, message: Message) -> None:
    """Adds a message to the queue in the caller's transaction."""
    await ctx.store.messages.add(pool.sealer, message)
