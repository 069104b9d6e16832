"""Messages on their way out. Their content, with codes in it, is sealed like every other secret."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import msgspec

from cenote.domain.messages import Message
from cenote.store.engine import Engine
from cenote.store.pools import Pools
from cenote.store.sealing import Sealer

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, Any]).decode

COLUMNS = "pool_id, message_id, medium, content_sealed, created_at"


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
        # Set when a message to deliver was queued in this process, perhaps a moment before its commit.
        self.queued = asyncio.Event()

    def _recipient(self, to: str) -> str:
        return hmac.new(self._recipient_key, to.lower().encode(), hashlib.sha256).hexdigest()

    async def add(self, sealer: Sealer, message: Message, *, state: str = "due") -> None:
        """Queues the message in the caller's transaction.

        `state` is `due` (deliver), `kept` (for the outbox only) or `void` (to nobody: it costs what a message
        costs, and is never shown).
        """
        content = {
            "to": message.to,
            "subject": message.subject,
            "body": message.body,
            "code": message.code,
            "link": message.link,
            "source": message.source,
            "reply_to": message.reply_to,
            "html": message.html,
        }
        await self._engine.run(
            "INSERT INTO messages (pool_id, message_id, medium, recipient_hash, content_sealed, state, created_at,"
            " due_at, tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            message.pool_id, message.message_id, message.medium, self._recipient(message.to),
            sealer.seal(encode(content), table="messages", row=message.message_id), state,
            message.created_at, message.created_at,
        )  # fmt: skip
        if state == "due":
            self.queued.set()

    async def any_due(self, *, now: int) -> bool:
        row = await self._engine.one(
            "SELECT 1 FROM messages WHERE state = 'due' AND due_at <= ? LIMIT 1", now
        )
        return row is not None

    async def take_due(self, *, now: int, lease: int, limit: int) -> list[Due]:
        """Messages whose time has come, now this caller's until the lease (ms) runs out."""
        rows = await self._engine.all(
            "UPDATE messages SET due_at = ?, tries = tries + 1 WHERE state = 'due' AND due_at <= ?"
            " AND (pool_id, message_id) IN (SELECT pool_id, message_id FROM messages"
            f" WHERE state = 'due' AND due_at <= ? ORDER BY due_at LIMIT ?) RETURNING {COLUMNS}, tries",
            now + lease, now, now, limit,
        )  # fmt: skip
        rows.sort(key=lambda row: (row[4], row[1]))
        return [Due(await self._opened(row[:5]), row[5]) for row in rows]

    async def set_state(self, message: Message, state: str, *, due_at: int, error: str | None = None) -> None:
        await self._engine.run(
            "UPDATE messages SET state = ?, due_at = ?, last_error = ? WHERE pool_id = ? AND message_id = ?",
            state, due_at, error, message.pool_id, message.message_id,
        )  # fmt: skip

    async def list_(self, *, to: str | None, limit: int) -> list[Message]:
        """The newest messages of all pools, newest last; only those to one recipient where `to` says so."""
        where, params = ("", ()) if to is None else (" AND recipient_hash = ?", (self._recipient(to),))
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM messages WHERE state <> 'void'{where}"
            " ORDER BY created_at DESC, message_id DESC LIMIT ?",
            *params, limit,
        )  # fmt: skip
        return [await self._opened(row) for row in reversed(rows)]

    async def remove_old(self, *, before: int, limit: int) -> int:
        """Removes at most `limit` messages that are not due any more and older than that."""
        return await self._engine.run(
            "DELETE FROM messages WHERE (pool_id, message_id) IN (SELECT pool_id, message_id FROM messages"
            " WHERE created_at < ? AND state <> 'due' ORDER BY created_at LIMIT ?)",
            before, limit,
        )  # fmt: skip

    async def _opened(self, row: tuple[Any, ...]) -> Message:
        pool_id, message_id, medium, sealed, created_at = row
        pool = await self._pools.get(pool_id)
        content = decode(pool.sealer.open(sealed, table="messages", row=message_id))
        return Message(
            pool_id=pool_id, message_id=message_id, medium=medium, created_at=created_at, **content
        )
