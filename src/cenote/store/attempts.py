"""What is counted or happens once: wrong passwords, quotas, used tickets. The write itself is the gate."""

from dataclasses import dataclass

from cenote.domain.device_codes import REMEMBERED
from cenote.domain.jwt import CLOCK_SKEW
from cenote.store.engine import Engine


@dataclass(frozen=True, slots=True)
class Failures:
    count: int
    locked_until: int


class Attempts:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def failures(self, pool_id: str, subject: str) -> Failures | None:
        row = await self._engine.one(
            "SELECT failures, locked_until FROM attempts WHERE pool_id = ? AND subject = ?", pool_id, subject
        )
        return None if row is None else Failures(*row)

    async def add_failure(self, pool_id: str, subject: str, *, now: int, expires_at: int) -> int | None:
        """The number of failures in a row with this one, or None while the subject is locked.

        Failures older than their expiry are forgotten.
        """
        row = await self._engine.one(
            "INSERT INTO attempts (pool_id, subject, failures, locked_until, expires_at) VALUES (?, ?, 1, 0, ?)"
            " ON CONFLICT (pool_id, subject) DO UPDATE SET"
            " failures = CASE WHEN attempts.expires_at <= ? THEN 1 ELSE attempts.failures + 1 END,"
            " expires_at = excluded.expires_at WHERE attempts.locked_until <= ? RETURNING failures",
            pool_id, subject, expires_at, now, now,
        )  # fmt: skip
        return None if row is None else int(row[0])

    async def lock(self, pool_id: str, subject: str, *, until: int, expires_at: int) -> None:
        await self._engine.run(
            "UPDATE attempts SET locked_until = ?, expires_at = ? WHERE pool_id = ? AND subject = ?",
            until, expires_at, pool_id, subject,
        )  # fmt: skip

    async def forget(self, pool_id: str, subject: str, *, now: int) -> None:
        """Clears the failures of a subject that is not locked."""
        await self._engine.run(
            "DELETE FROM attempts WHERE pool_id = ? AND subject = ? AND locked_until <= ?",
            pool_id,
            subject,
            now,
        )

    async def spend(
        self, pool_id: str, subject: str, action: str, *, limit: int, now: int, window: int
    ) -> bool:
        """Whether the subject may do it once more: at most `limit` times in a window of so many ms."""
        row = await self._engine.one(
            "INSERT INTO quotas (pool_id, subject, action, spent, expires_at) VALUES (?, ?, ?, 1, ?)"
            " ON CONFLICT (pool_id, subject, action) DO UPDATE SET"
            " spent = CASE WHEN quotas.expires_at <= ? THEN 1 ELSE quotas.spent + 1 END,"
            " expires_at = CASE WHEN quotas.expires_at <= ? THEN excluded.expires_at ELSE quotas.expires_at END"
            " WHERE quotas.spent < ? OR quotas.expires_at <= ? RETURNING spent",
            pool_id, subject, action, now + window, now, now, limit, now,
        )  # fmt: skip
        return row is not None

    async def grant(self, pool_id: str, subject: str, action: str, *, expires_at: int) -> None:
        """Begins the count of an action anew; `spend_granted` counts on until then."""
        await self._engine.run(
            "INSERT INTO quotas (pool_id, subject, action, spent, expires_at) VALUES (?, ?, ?, 0, ?)"
            " ON CONFLICT (pool_id, subject, action) DO UPDATE SET spent = 0, expires_at = excluded.expires_at",
            pool_id, subject, action, expires_at,
        )  # fmt: skip

    async def spend_granted(self, pool_id: str, subject: str, action: str, *, now: int) -> int | None:
        """How often it was done since it was granted, this time included; None if it was not, or long ago."""
        row = await self._engine.one(
            "UPDATE quotas SET spent = spent + 1"
            " WHERE pool_id = ? AND subject = ? AND action = ? AND expires_at > ? RETURNING spent",
            pool_id, subject, action, now,
        )  # fmt: skip
        return None if row is None else int(row[0])

    async def use_once(self, pool_id: str, use_id: str, *, expires_at: int) -> bool:
        """Whether this caller is the first to use it."""
        row = await self._engine.one(
            "INSERT INTO used_once (pool_id, use_id, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT (pool_id, use_id) DO NOTHING RETURNING use_id",
            pool_id, use_id, expires_at,
        )  # fmt: skip
        return row is not None

    async def sweep(self, *, now: int, limit: int) -> int:
        """Removes at most `limit` rows of each kind whose time is over; how many went."""
        removed = 0
        for table, key, over in (
            ("attempts", "subject", now),
            ("quotas", "subject", now),
            # Not while a node whose clock is behind would take it for the first use.
            ("used_once", "use_id", now - CLOCK_SKEW),
            ("device_chains", "handle", now),
            ("browser_sessions", "session_id", now),
            ("device_codes", "device_hash", now - REMEMBERED),
            # An access token may outlive its session's refresh token, by a day at most.
            ("sessions", "session_id", now - 2 * 24 * 3600 * 1000),
        ):
            removed += await self._engine.run(
                f"DELETE FROM {table} WHERE (pool_id, {key}) IN"
                f" (SELECT pool_id, {key} FROM {table} WHERE expires_at <= ? LIMIT ?) AND expires_at <= ?",
                over, limit, over,
            )  # fmt: skip
        return removed
