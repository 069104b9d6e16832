"""Messages on their way out. Their content, with codes in it, is sealed like every other secret."""

import asyncio
import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from cenote.domain.messages import Message
from cenote.store.engine import Engine
from cenote.store.pools import Pools
from cenote.store.sealing import Sealer

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, Any]).decode

COLUMNS = "pool_id, message_id, medium, content_sealed, created_at, route"
# What is kept in columns of its own, and not with the content.
APART = frozenset({"pool_id", "message_id", "medium", "created_at", "route", "state", "error"})
CONTENT = tuple(name for name in Message.__struct_fields__ if name not in APART)


@dataclass(frozen=True, slots=True)
class Due:
    """A message that this process has taken on, and how often it was tried before."""

    message: Message
    tries: int


class Messages:
    def __init__(self, engine: Engine, pools: Pools, server: Sealer) -> None:
        self._engine = engine
        self._pools = pools
        self._recipient_key = server.derive("messages.recipient")
        self._watchers: list[tuple[Collection[str], asyncio.Event]] = []

    def watched(self, routes: Collection[str]) -> asyncio.Event:
        """Set when a message to deliver by these was queued in this process, perhaps a moment before its commit."""
        queued = asyncio.Event()
        self._watchers.append((routes, queued))
        return queued

    def recipient(self, to: str) -> str:
        """What an address or number is known by where it must not be read."""
        return hmac.new(self._recipient_key, to.lower().encode(), hashlib.sha256).hexdigest()

    async def add(
        self, sealer: Sealer, message: Message, *, state: str = "due", error: str | None = None
    ) -> None:
        """Queues the message in the caller's transaction.

        `state` is `due` (deliver), `kept` (for the outbox only), `dead` (given up at once, for `error`) or `void`
        (to nobody: it costs what a message costs, and is never shown).
        """
        content = {name: getattr(message, name) for name in CONTENT}
        await self._engine.run(
            "INSERT INTO messages (pool_id, message_id, medium, recipient_hash, content_sealed, state, created_at,"
            " due_at, tries, route, last_error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
            message.pool_id, message.message_id, message.medium, self.recipient(message.to),
            sealer.seal(encode(content), table="messages", row=message.message_id), state,
            message.created_at, message.created_at, message.route, error,
        )  # fmt: skip
        if state == "due":
            for routes, queued in self._watchers:
                if message.route in routes:
                    queued.set()

    async def any_due(self, *, routes: Collection[str], now: int) -> bool:
        row = await self._engine.one(
            f"SELECT 1 FROM messages WHERE state = 'due' AND due_at <= ? AND route IN ({marks(routes)}) LIMIT 1",
            now, *routes,
        )  # fmt: skip
        return row is not None

    async def take_due(self, *, routes: Collection[str], now: int, lease: int, limit: int) -> list[Due]:
        """Messages of these routes whose time has come, now this caller's until the lease (ms) runs out."""
        rows = await self._engine.all(
            "UPDATE messages SET due_at = ?, tries = tries + 1 WHERE state = 'due' AND due_at <= ?"
            " AND (created_at, message_id) IN (SELECT created_at, message_id FROM messages WHERE state = 'due'"
            f" AND due_at <= ? AND route IN ({marks(routes)}) ORDER BY due_at LIMIT ?) RETURNING {COLUMNS}, tries",
            now + lease, now, now, *routes, limit,
        )  # fmt: skip
        rows.sort(key=lambda row: (row[4], row[1]))
        return [Due(await self._opened(row[:6]), row[6]) for row in rows]

    async def set_state(self, message: Message, state: str, *, due_at: int, error: str | None = None) -> None:
        await self._engine.run(
            "UPDATE messages SET state = ?, due_at = ?, last_error = ? WHERE created_at = ? AND message_id = ?",
            state, due_at, error, message.created_at, message.message_id,
        )  # fmt: skip

    async def list_(self, *, to: str | None, limit: int) -> list[Message]:
        """The newest messages of all pools, newest last; only those to one recipient where `to` says so."""
        where, params = ("", ()) if to is None else (" AND recipient_hash = ?", (self.recipient(to),))
        rows = await self._engine.all(
            f"SELECT {COLUMNS}, state, last_error FROM messages WHERE state <> 'void'{where}"
            " ORDER BY created_at DESC, message_id DESC LIMIT ?",
            *params, limit,
        )  # fmt: skip
        return [replace(await self._opened(row[:6]), state=row[6], error=row[7]) for row in reversed(rows)]

    async def counts(self) -> dict[tuple[str, str], int]:
        """How many messages of each medium there are in each state but void."""
        return await counts(self._engine)

    async def give_up(self, *, before: int, limit: int) -> int:
        """Gives up at most `limit` messages that are due still and older than that: nobody takes their route."""
        return await self._engine.run(
            "UPDATE messages SET state = 'dead', last_error = 'too old' WHERE state = 'due' AND created_at < ?"
            " AND (created_at, message_id) IN (SELECT created_at, message_id FROM messages"
            " WHERE state = 'due' AND created_at < ? LIMIT ?)",
            before, before, limit,
        )  # fmt: skip

    async def remove_void(self, *, before: int, limit: int) -> int:
        """Removes at most `limit` messages to nobody that are older than that."""
        return await self._engine.run(
            "DELETE FROM messages WHERE (created_at, message_id) IN (SELECT created_at, message_id FROM messages"
            " WHERE state = 'void' AND created_at < ? ORDER BY created_at LIMIT ?)",
            before, limit,
        )  # fmt: skip

    async def remove_old(self, *, before: int, dead_before: int, limit: int) -> int:
        """Removes at most `limit` messages that are not due any more and older than that; `dead_before` is for those
        that were given up.
        """
        return await self._engine.run(
            "DELETE FROM messages WHERE (created_at, message_id) IN (SELECT created_at, message_id FROM messages"
            " WHERE created_at < ? AND state <> 'due' AND (state <> 'dead' OR created_at < ?)"
            " ORDER BY created_at LIMIT ?)",
            before, dead_before, limit,
        )  # fmt: skip

    async def _opened(self, row: tuple[Any, ...]) -> Message:
        pool_id, message_id, medium, sealed, created_at, route = row
        pool = await self._pools.get(pool_id)
        content = decode(pool.sealer.open(sealed, table="messages", row=message_id))
        return Message(
            pool_id=pool_id,
            message_id=message_id,
            medium=medium,
            created_at=created_at,
            route=route,
            **content,
        )


async def counts(engine: Engine) -> dict[tuple[str, str], int]:
    """See `Messages.counts`; for who has no keys."""
    rows = await engine.all(
        "SELECT medium, state, COUNT(*) FROM messages WHERE state <> 'void' GROUP BY medium, state"
    )
    return {(medium, state): count for medium, state, count in rows}


def marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))
