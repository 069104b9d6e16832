"""Putting events on their way to where a pool exports its log: into a queue, in the transaction of what they tell."""

from typing import Final

import msgspec

from cenote.domain import log_delivery as rules
from cenote.domain.auth_events import AuthEvent
from cenote.domain.log_delivery import Document, Source
from cenote.domain.users import User
from cenote.flows.context import Context
from cenote.store import Store
from cenote.store.log_events import VOID, LogEvent
from cenote.store.pools import Pool

NOTHING: Final[Document] = {"nothing": "x" * 500}


async def happened(ctx: Context, pool: Pool, user: User, event: AuthEvent, client_id: str = "") -> None:
    """Queues what happened to the user's account, if the pool exports that."""
    request = ctx.request
    said = rules.happened(
        event, user.username, client_id, request.request_id, with_context=bool(request.context)
    )
    await queue(ctx.store, pool, "userAuthEvents", said, now=ctx.clock(), entropy=ctx.entropy(8))


async def pretended(ctx: Context, pool: Pool) -> None:
    """Does the work of `happened` for who is not there (SECURITY.md case 38): what is queued goes nowhere."""
    await queue(ctx.store, pool, "userAuthEvents", NOTHING, now=ctx.clock(), entropy=ctx.entropy(8))


async def undelivered(
    store: Store, pool: Pool, medium: str, reason: str, *, now: int, entropy: bytes
) -> None:
    """Queues that a message was given up, if the pool exports that."""
    said = rules.undelivered(medium, reason)
    await queue(store, pool, "userNotification", said, now=now, entropy=entropy)


async def queue(
    store: Store, pool: Pool, source: Source, said: Document, *, now: int, entropy: bytes
) -> None:
    configuration = rules.of_source(pool.document, source)
    if configuration is None:
        return
    service, arn = (VOID, "") if said is NOTHING else rules.destination(configuration)
    body = msgspec.json.encode(rules.enveloped(pool.pool_id, source, said, now=now))
    event_id = f"{now:012x}-{entropy.hex()}"
    await store.log_events.add(pool.sealer, LogEvent(pool.pool_id, event_id, service, arn, body, now))
