"""Events of pools' exported logs on their way out. They name users and addresses, so they are sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cenote.store.engine import Engine
from cenote.store.pools import Pools
from cenote.store.sealing import Sealer

# The service of an event that goes nowhere.
VOID: Final = "void"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """`body` is JSON; `service` and `arn` are where it goes; `tries` are those begun so far."""

    pool_id: str
    event_id: str
    service: str
    arn: str
    body: bytes
    created_at: int
    tries: int = 0


class LogEvents:
    def __init__(self, engine: Engine, pools: Pools) -> None:
        self._engine = engine
        self._pools = pools

    async def add(self, sealer: Sealer, event: LogEvent) -> None:
        """Queues the event in the caller's transaction."""
        await self._engine.run(
            "INSERT INTO log_events (pool_id, event_id, service, arn, body_sealed, created_at, due_at, tries)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            event.pool_id, event.event_id, event.service, event.arn,
            sealer.seal(event.body, table="log_events", row=event.event_id), event.created_at, event.created_at,
        )  # fmt: skip

    async def any_due(self, *, now: int) -> bool:
        return await self._engine.one("SELECT 1 FROM log_events WHERE due_at <= ? LIMIT 1", now) is not None

    async def take_due(self, *, now: int, lease: int, limit: int) -> list[LogEvent]:
        """Events whose time has come, oldest first, now this caller's until the lease (ms) runs out."""
        rows = await self._engine.all(
            "UPDATE log_events SET due_at = ?, tries = tries + 1 WHERE due_at <= ? AND (pool_id, event_id) IN"
            " (SELECT pool_id, event_id FROM log_events WHERE due_at <= ? ORDER BY due_at LIMIT ?)"
            " RETURNING pool_id, event_id, service, arn, body_sealed, created_at, tries",
            now + lease, now, now, limit,
        )  # fmt: skip
        rows.sort(key=lambda row: (row[5], row[1]))
        events = []
        for pool_id, event_id, service, arn, sealed, created_at, tries in rows:
            sealer = (await self._pools.get(pool_id)).sealer
            body = sealer.open(sealed, table="log_events", row=event_id)
            events.append(LogEvent(pool_id, event_id, service, arn, body, created_at, tries))
        return events

    async def postpone(self, events: Sequence[LogEvent], *, due_at: int) -> None:
        for event in events:
            await self._engine.run(
                "UPDATE log_events SET due_at = ? WHERE pool_id = ? AND event_id = ?",
                due_at, event.pool_id, event.event_id,
            )  # fmt: skip

    async def remove(self, events: Sequence[LogEvent]) -> None:
        for event in events:
            await self._engine.run(
                "DELETE FROM log_events WHERE pool_id = ? AND event_id = ?", event.pool_id, event.event_id
            )
