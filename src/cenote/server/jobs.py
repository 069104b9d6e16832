"""What each worker does beside answering: delivering messages, and sweeping away what is over.

Every worker runs both loops; the rows decide who does what. Neither loop ends on an error: it says so in the log and
goes on when its next turn comes.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cenote.flows import log_delivery
from cenote.outbound.transports import STEP_SECONDS, Failed, Refused, Undelivered, Unreachable
from cenote.store.engine import StoreError
from cenote.store.transactions import retrying

if TYPE_CHECKING:
    from cenote.domain.messages import Message
    from cenote.outbound.transports import Conversation, Transport
    from cenote.server.app import Application
    from cenote.store.messages import Due

log = logging.getLogger("cenote.jobs")

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

# How many messages a worker takes at a time, and how long they are then its own: longer than connecting, sending all
# of them and saying goodbye can last, so that nobody else sends one of them again.
BATCH: Final = 8
LEASE: Final = (BATCH + 2) * STEP_SECONDS * SECOND
# How often what a pool's own function fails with is tried: as often as Lambda does.
FUNCTION_TRIES: Final = 3
# What follows each failed try; after the last one the message is dead. The codes in it are good for a day at most.
BACK_OFF: Final = (
    10 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
)  # fmt: skip
TRIES: Final = len(BACK_OFF) + 1
OLDEST: Final = DAY
# How often to look for messages that another worker left, or whose next try has come; the moment that the commit of a
# message queued here may take; and how long a stop waits for the message in hand.
POLL_SECONDS: Final = 1.0
COMMIT_SECONDS: Final = 0.01
STOP_SECONDS: Final = 10

# Messages to nobody are there to be written, not to be kept.
VOID_RETENTION: Final = MINUTE
# Messages that were delivered or kept stay in the outbox for so long; those that were given up, until an operator is
# back from a weekend.
RETENTION: Final = DAY
DEAD_RETENTION: Final = 3 * DAY
# How long a user's history of sign-ins goes back.
HISTORY: Final = 2 * 365 * DAY
SWEEP_SECONDS: Final = 60.0
SWEEP_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class WayOut:
    """A transport, what the log calls it, and the routes (`domain.messages`) whose messages it takes."""

    name: str
    transport: Transport
    routes: tuple[str, ...]


async def deliver_messages(app: Application) -> None:
    """Sends what is due, soon after it was queued: by each way out on its own, so that none waits for another."""
    async with asyncio.TaskGroup() as ways:
        for way in app.outgoing.ways_out:
            ways.create_task(deliver_by(app, way))


async def deliver_by(app: Application, way: WayOut) -> None:
    queued = app.store.messages.watched(way.routes)
    courier = Courier(app, way)
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await queued.wait()
        await asyncio.sleep(COMMIT_SECONDS)
        queued.clear()
        round_ = asyncio.create_task(courier.deliver())
        try:
            await asyncio.shield(round_)
        except asyncio.CancelledError:
            courier.stopping = True
            await asyncio.wait([round_], timeout=STOP_SECONDS)
            raise
        except StoreError as error:
            log.warning("messages cannot be looked up", extra={"reason": type(error).__name__})
        except Exception:
            log.exception("delivering messages failed")


class Courier:
    """Takes messages that are due, and sends them. Once `stopping`, it ends after the message in hand."""

    def __init__(self, app: Application, way: WayOut) -> None:
        self._store = app.store
        self._clock = app.clock
        self._entropy = app.entropy
        self._way = way
        self.stopping = False

    async def deliver(self) -> None:
        """Sends batch after batch, until nothing is due or the other side is out of reach."""
        reachable = True
        while reachable and not self.stopping and await self._any_due():
            reachable = await self._send(await retrying(self._take))

    async def _any_due(self) -> bool:
        return await self._store.messages.any_due(routes=self._way.routes, now=self._clock())

    async def _take(self) -> list[Due]:
        async with self._store.transaction():
            return await self._store.messages.take_due(
                routes=self._way.routes, now=self._clock(), lease=LEASE, limit=BATCH
            )

    async def _send(self, batch: list[Due]) -> bool:
        """Sends messages in one conversation; whether the other side could be talked to."""
        try:
            async with self._way.transport.connected() as connection:
                while batch and not self.stopping:
                    await self._send_one(connection, batch[0])
                    del batch[0]
        except Unreachable as failure:
            log.warning("messages cannot leave", extra={"transport": self._way.name, "reason": str(failure)})
            for due in batch:
                await self._postpone(due, str(failure))
            return False
        for due in batch:
            await self._settle(due.message, "due", due_at=self._clock())
        return True

    async def _send_one(self, connection: Conversation, due: Due) -> None:
        message = due.message
        if message.created_at + OLDEST <= self._clock():
            log.warning("a message was given up", extra=named(message) | {"reason": "too old"})
            await self._settle(message, "dead", error="too old")
            return
        try:
            await connection.send(message)
        except Refused as failure:
            log.warning("a message was refused", extra=named(message) | {"reason": str(failure)})
            await self._settle(message, "dead", error=str(failure))
        except Unreachable:
            raise
        except Undelivered as failure:
            tries = FUNCTION_TRIES if isinstance(failure, Failed) else TRIES
            await self._postpone(due, str(failure), tries=tries)
        else:
            await self._settle(message, "sent")

    async def _postpone(self, due: Due, failure: str, *, tries: int = TRIES) -> None:
        """Puts the message off for as long as its number of tries asks for; after the last it is given up."""
        if due.tries >= tries:
            log.warning("a message was given up", extra=named(due.message) | {"reason": failure})
            await self._settle(due.message, "dead", error=failure)
            return
        log.info("a message is put off", extra=named(due.message) | {"reason": failure, "tries": due.tries})
        later = self._clock() + BACK_OFF[due.tries - 1]
        await self._settle(due.message, "due", due_at=later, error=failure)

    async def _settle(
        self, message: Message, state: str, *, due_at: int | None = None, error: str | None = None
    ) -> None:
        async def settle() -> None:
            async with self._store.transaction():
                await self._store.messages.set_state(
                    message, state, due_at=due_at or self._clock(), error=error
                )
                if state == "dead":
                    await self._tell(message, error or "")

        await retrying(settle)

    async def _tell(self, message: Message, error: str) -> None:
        """Tells the pool's exported log, if there is one, that the message was given up."""
        pool = await self._store.pools.get(message.pool_id)
        await log_delivery.undelivered(
            self._store, pool, message.medium, error, now=self._clock(), entropy=self._entropy(8)
        )


def named(message: Message) -> dict[str, str]:
    """What a log may say of a message: neither to whom it goes nor what it says (SECURITY.md case 84)."""
    return {"pool_id": message.pool_id, "message_id": message.message_id}


async def sweep(app: Application) -> None:
    """Removes, every minute, what nobody asks for any more."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await swept(app)
        except StoreError as error:
            log.warning("nothing can be swept", extra={"reason": type(error).__name__})
        except Exception:
            log.exception("sweeping failed")


async def swept(app: Application) -> None:
    """Removes old messages, counts and used tickets, a little at a time so that no request waits long."""
    store = app.store

    async def messages() -> int:
        async with store.transaction():
            now = app.clock()
            return await store.messages.remove_old(
                before=now - RETENTION, dead_before=now - DEAD_RETENTION, limit=SWEEP_LIMIT
            )

    async def void() -> int:
        async with store.transaction():
            return await store.messages.remove_void(before=app.clock() - VOID_RETENTION, limit=SWEEP_LIMIT)

    async def stranded() -> int:
        async with store.transaction():
            given_up = await store.messages.give_up(before=app.clock() - OLDEST - LEASE, limit=SWEEP_LIMIT)
        if given_up:
            log.warning("messages were given up", extra={"count": given_up, "reason": "too old"})
        return given_up

    async def attempts() -> int:
        async with store.transaction():
            return await store.attempts.sweep(now=app.clock(), limit=SWEEP_LIMIT)

    async def events() -> int:
        async with store.transaction():
            return await store.auth_events.remove_old(before=app.clock() - HISTORY, limit=SWEEP_LIMIT)

    for few in (stranded, void, messages, attempts, events):
        removed = 1
        while removed:
            removed = await retrying(few)
