"""The job that delivers what pools export of their logs: best effort, as at AWS, but over restarts and outages."""

from __future__ import annotations

import asyncio
import logging
from itertools import groupby
from typing import TYPE_CHECKING, Final

from cenote.domain.log_delivery import FILE
from cenote.outbound.logs import Entry
from cenote.outbound.transports import STEP_SECONDS, Refused, Undelivered
from cenote.store.engine import StoreError
from cenote.store.log_events import VOID, LogEvent
from cenote.store.transactions import retrying

if TYPE_CHECKING:
    from cenote.server.app import Application

log = logging.getLogger("cenote.log_export")

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
POLL_SECONDS: Final = 1.0
# How many events are taken at once, and for how long they are then one worker's own: longer than delivering them can
# last, with every one of them to a place of its own and three calls for each.
BATCH: Final = 25
LEASE: Final = (BATCH * 3 + 2) * STEP_SECONDS * SECOND
# What follows each failed try; after the last one the event is given up.
BACK_OFF: Final = (10 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 180 * MINUTE, 360 * MINUTE)


async def deliver_log_events(app: Application) -> None:
    """Looks every second for events that are due, and delivers them."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        try:
            await delivered(app)
        except StoreError as error:
            log.warning("log events cannot be looked up", extra={"reason": type(error).__name__})
        except Exception:
            log.exception("delivering log events failed")


async def delivered(app: Application) -> None:
    """Delivers batch after batch until nothing is due."""
    events = app.store.log_events

    async def take() -> list[LogEvent]:
        async with app.store.transaction():
            return await events.take_due(now=app.clock(), lease=LEASE, limit=BATCH)

    while await events.any_due(now=app.clock()):
        batch = sorted(await retrying(take), key=lambda event: (event.service, event.arn, event.pool_id))
        for _, group in groupby(batch, key=lambda event: (event.service, event.arn, event.pool_id)):
            await deliver(app, sorted(group, key=lambda event: (event.created_at, event.event_id)))


async def deliver(app: Application, group: list[LogEvent]) -> None:
    """Delivers events of one pool to one place, and writes down what came of it."""
    first = group[0]
    named = {"pool_id": first.pool_id, "service": first.service, "events": len(group)}
    over, later = group, []
    try:
        await write(app, group)
    except Refused as failure:
        log.warning("log events were refused", extra=named | {"reason": str(failure)})
    except Undelivered as failure:
        later = [event for event in group if event.tries <= len(BACK_OFF)]
        over = [event for event in group if event.tries > len(BACK_OFF)]
        said = "log events are put off" if later else "log events were given up"
        log.warning(said, extra=named | {"reason": str(failure)})

    async def settle() -> None:
        async with app.store.transaction():
            await app.store.log_events.remove(over)
            for event in later:
                due_at = app.clock() + BACK_OFF[event.tries - 1]
                await app.store.log_events.postpone([event], due_at=due_at)

    await retrying(settle)


async def write(app: Application, group: list[LogEvent]) -> None:
    first = group[0]
    if first.service == VOID:
        return
    sinks = app.outgoing.log_sinks
    sink = sinks.get(first.service) or sinks.get(FILE)
    if sink is None:
        raise Refused("no way out")
    entries = [Entry(event.event_id, event.created_at, event.body) for event in group]
    await sink.write(first.pool_id, first.arn, entries)
