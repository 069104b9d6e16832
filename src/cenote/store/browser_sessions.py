"""Browser sessions: what the cookie of a pool's pages is checked against."""

from cenote.domain.browser_sessions import BrowserSession
from cenote.domain.session_tracking import Activity, Kind, TrackedSession
from cenote.domain.users import User
from cenote.store.engine import Engine
from cenote.store.users import COLUMNS as USER_COLUMNS
from cenote.store.users import user_of

# A session that is not over, at a time that is the parameter.
ACTIVE = "revoked_at IS NULL AND expires_at > ?"


class BrowserSessions:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, session: BrowserSession, secret_hash: bytes, activity: Activity) -> None:
        await self._engine.run(
            "INSERT INTO browser_sessions (pool_id, session_id, secret_hash, sub, client_id, auth_time, amr,"
            " expires_at, last_active_at, device, address, device_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            session.pool_id, session.session_id, secret_hash, session.sub, session.client_id, session.auth_time,
            " ".join(session.amr), session.expires_at, activity.at, activity.device, activity.address,
            session.device_key,
        )  # fmt: skip

    async def find(self, pool_id: str, session_id: str) -> tuple[BrowserSession, bytes, User] | None:
        """The session, the hash of its secret, and its user; None once either is gone. It may be over."""
        row = await self._engine.one(
            "SELECT b.sub, b.client_id, b.auth_time, b.amr, b.expires_at, b.revoked_at, b.secret_hash,"
            " b.device_key,"
            f" {USER_COLUMNS} FROM browser_sessions b"
            " JOIN users u ON u.pool_id = b.pool_id AND u.sub = b.sub WHERE b.pool_id = ? AND b.session_id = ?",
            pool_id, session_id,
        )  # fmt: skip
        if row is None:
            return None
        sub, client_id, auth_time, amr, expires_at, revoked_at, secret_hash, device_key = row[:8]
        session = BrowserSession(
            pool_id,
            session_id,
            sub,
            client_id,
            auth_time,
            tuple(amr.split()),
            expires_at,
            revoked_at,
            device_key,
        )
        return session, secret_hash, user_of(pool_id, row[8:])

    async def track(self, pool_id: str, session_id: str, activity: Activity) -> None:
        await self._engine.run(
            "UPDATE browser_sessions SET last_active_at = ?, device = ?, address = ?"
            " WHERE pool_id = ? AND session_id = ? AND revoked_at IS NULL",
            activity.at, activity.device, activity.address, pool_id, session_id,
        )  # fmt: skip

    async def list_active(
        self, pool_id: str, sub: str, *, now: int, before: str, limit: int
    ) -> list[TrackedSession]:
        """The user's sessions, newest first, beginning after `before`, a session's id or empty."""
        rows = await self._engine.all(
            "SELECT session_id, client_id, auth_time, last_active_at, device, address FROM browser_sessions"
            f" WHERE pool_id = ? AND sub = ? AND {ACTIVE} AND session_id < ? ORDER BY session_id DESC LIMIT ?",
            pool_id, sub, now, before or "~", limit,
        )  # fmt: skip
        return [
            TrackedSession(session_id, client_id, auth_time, Activity(at, device, address), Kind.SSO)
            for session_id, client_id, auth_time, at, device, address in rows
        ]

    async def revoke(self, pool_id: str, sub: str, session_id: str, *, now: int) -> bool:
        """Whether it was a session of this user that was not over yet."""
        changed = await self._engine.run(
            "UPDATE browser_sessions SET revoked_at = ?"
            f" WHERE pool_id = ? AND sub = ? AND session_id = ? AND {ACTIVE}",
            now, pool_id, sub, session_id, now,
        )  # fmt: skip
        return changed > 0
