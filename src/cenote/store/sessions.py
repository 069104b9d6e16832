"""Sessions: what a refresh token and an access token are checked against."""

from cenote.domain.sessions import Session
from cenote.domain.users import User
from cenote.store.engine import Engine
from cenote.store.users import COLUMNS as USER_COLUMNS
from cenote.store.users import user_of

COLUMNS = (
    "s.session_id, s.sub, s.client_id, s.auth_time, s.expires_at, s.revoked_at, s.generation, s.rotated_at,"
    " c.revision, s.device_key"
)


class Sessions:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, session: Session) -> None:
        await self._engine.run(
            "INSERT INTO sessions (pool_id, session_id, sub, client_id, auth_time, expires_at, generation,"
            " device_key) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
            session.pool_id, session.session_id, session.sub, session.client_id, session.auth_time,
            session.expires_at, session.device_key,
        )  # fmt: skip

    async def find(self, pool_id: str, session_id: str) -> tuple[Session, User] | None:
        """The session and its user; None once either is gone. A session ended by a sign-out is `revoked_at`."""
        row = await self._engine.one(
            f"SELECT {COLUMNS}, {USER_COLUMNS} FROM sessions s"
            " JOIN users u ON u.pool_id = s.pool_id AND u.sub = s.sub"
            " JOIN clients c ON c.pool_id = s.pool_id AND c.client_id = s.client_id"
            " WHERE s.pool_id = ? AND s.session_id = ?",
            pool_id, session_id,
        )  # fmt: skip
        if row is None:
            return None
        return Session(pool_id, *row[:10]), user_of(pool_id, row[10:])

    async def rotate(self, pool_id: str, session_id: str, *, generation: int, now: int) -> bool:
        """Whether this caller is the one that replaces that generation of the refresh token."""
        changed = await self._engine.run(
            "UPDATE sessions SET generation = generation + 1, rotated_at = ?"
            " WHERE pool_id = ? AND session_id = ? AND generation = ? AND revoked_at IS NULL",
            now, pool_id, session_id, generation,
        )  # fmt: skip
        return changed > 0

    async def revoke(self, pool_id: str, session_id: str, *, now: int) -> bool:
        """Whether there was such a session that had not been revoked."""
        changed = await self._engine.run(
            "UPDATE sessions SET revoked_at = ? WHERE pool_id = ? AND session_id = ? AND revoked_at IS NULL",
            now, pool_id, session_id,
        )  # fmt: skip
        return changed > 0

    async def revoke_all(self, pool_id: str, sub: str, *, now: int, but: str | None = None) -> None:
        """Ends every session of the user, less one where `but` names it."""
        await self._engine.run(
            "UPDATE sessions SET revoked_at = ?"
            " WHERE pool_id = ? AND sub = ? AND revoked_at IS NULL AND session_id <> ?",
            now, pool_id, sub, but or "",
        )  # fmt: skip

    async def end_refreshing(self, pool_id: str, sub: str, device_key: str, *, now: int) -> None:
        """Lets the refresh tokens of a device's sessions expire; access tokens live out their own time."""
        await self._engine.run(
            "UPDATE sessions SET expires_at = ? WHERE pool_id = ? AND sub = ? AND device_key = ? AND expires_at > ?",
            now, pool_id, sub, device_key, now,
        )  # fmt: skip
