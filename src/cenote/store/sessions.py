"""Sessions: what a refresh token and an access token are checked against."""

import msgspec
from msgspec.structs import replace

from cenote.domain.oauth import Grant
from cenote.domain.session_tracking import Activity, TrackedSession
from cenote.domain.sessions import Session
from cenote.domain.users import User
from cenote.store.browser_sessions import ACTIVE as BROWSER_ACTIVE
from cenote.store.engine import Engine
from cenote.store.users import COLUMNS as USER_COLUMNS
from cenote.store.users import user_of

COLUMNS = (
    "s.session_id, s.sub, s.client_id, s.auth_time, s.expires_at, s.revoked_at, s.generation, s.rotated_at,"
    " c.revision, s.device_key, p.revision, s.oauth_grant,"
    " EXISTS (SELECT 1 FROM memberships m WHERE m.pool_id = s.pool_id AND m.sub = s.sub)"
)

encode = msgspec.json.Encoder().encode
decode_grant = msgspec.json.Decoder(Grant).decode

# A session that is tracked and not over, at a time that is the parameter.
ACTIVE = "revoked_at IS NULL AND last_active_at IS NOT NULL AND expires_at > ?"

_ADDING = (
    "INSERT INTO sessions (pool_id, session_id, sub, client_id, auth_time, expires_at, device_key, oauth_grant,"
    " browser_session_id, generation) {} ON CONFLICT (pool_id, session_id) DO NOTHING"
    " RETURNING EXISTS (SELECT 1 FROM memberships m WHERE m.pool_id = ? AND m.sub = ?)"
)
ADDING = _ADDING.format("VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")
ADDING_THROUGH_A_BROWSER = _ADDING.format(
    "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, 0 WHERE EXISTS"
    f" (SELECT 1 FROM browser_sessions WHERE pool_id = ? AND session_id = ? AND {BROWSER_ACTIVE})"
)


class Sessions:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, session: Session, *, now: int) -> Session | None:
        """The session, knowing whether its user is in groups.

        None if it was there before (of many that add one at once, one does), or if the browser session that its grant
        came through is over.
        """
        grant = session.grant
        through = "" if grant is None else grant.browser_session_id
        row = await self._engine.one(
            ADDING_THROUGH_A_BROWSER if through else ADDING,
            session.pool_id, session.session_id, session.sub, session.client_id, session.auth_time,
            session.expires_at, session.device_key, None if grant is None else encode(grant).decode(),
            through or None,
            *((session.pool_id, through, now) if through else ()),
            session.pool_id, session.sub,
        )  # fmt: skip
        return None if row is None else replace(session, grouped=bool(row[0]))

    async def find(self, pool_id: str, session_id: str) -> tuple[Session, User] | None:
        """The session and its user; None once either is gone. A session ended by a sign-out is `revoked_at`."""
        row = await self._engine.one(
            f"SELECT {COLUMNS}, {USER_COLUMNS} FROM sessions s"
            " JOIN users u ON u.pool_id = s.pool_id AND u.sub = s.sub"
            " JOIN clients c ON c.pool_id = s.pool_id AND c.client_id = s.client_id"
            " JOIN pools p ON p.pool_id = s.pool_id"
            " WHERE s.pool_id = ? AND s.session_id = ?",
            pool_id, session_id,
        )  # fmt: skip
        if row is None:
            return None
        grant = None if row[11] is None else decode_grant(row[11])
        return Session(pool_id, *(*row[:11], grant, bool(row[12]))), user_of(pool_id, row[13:])

    async def track(self, pool_id: str, session_id: str, activity: Activity) -> bool:
        """Keeps who used the session last; False for one that is over."""
        changed = await self._engine.run(
            "UPDATE sessions SET last_active_at = ?, device = ?, address = ?"
            " WHERE pool_id = ? AND session_id = ? AND revoked_at IS NULL",
            activity.at, activity.device, activity.address, pool_id, session_id,
        )  # fmt: skip
        return changed > 0

    async def evict(self, pool_id: str, sub: str, *, keep: int, now: int) -> None:
        """Ends all but the `keep` tracked sessions of the user that were used last.

        Of several at once one comes after the other: each locks the user first, and then sees what the last one did.
        """
        await self._hold(pool_id, sub)
        await self._engine.run(
            f"UPDATE sessions SET revoked_at = ? WHERE pool_id = ? AND sub = ? AND {ACTIVE} AND session_id NOT IN"
            f" (SELECT session_id FROM sessions WHERE pool_id = ? AND sub = ? AND {ACTIVE}"
            " ORDER BY last_active_at DESC, session_id DESC LIMIT ?)",
            now, pool_id, sub, now, pool_id, sub, now, keep,
        )  # fmt: skip

    async def list_active(
        self, pool_id: str, sub: str, *, now: int, before: str, limit: int
    ) -> list[TrackedSession]:
        """The user's tracked sessions, newest first, beginning after `before`, a session's id or empty."""
        rows = await self._engine.all(
            "SELECT session_id, client_id, auth_time, last_active_at, device, address, browser_session_id FROM sessions"
            f" WHERE pool_id = ? AND sub = ? AND {ACTIVE} AND session_id < ? ORDER BY session_id DESC LIMIT ?",
            pool_id, sub, now, before or "~", limit,
        )  # fmt: skip
        return [
            TrackedSession(session_id, client_id, created_at, Activity(at, device, address), origin=origin)
            for session_id, client_id, created_at, at, device, address, origin in rows
        ]

    async def revoke_active(self, pool_id: str, sub: str, session_id: str, *, now: int) -> bool:
        """Whether it was a tracked session of this user that was not over yet."""
        changed = await self._engine.run(
            "UPDATE sessions SET revoked_at = ?"
            f" WHERE pool_id = ? AND sub = ? AND session_id = ? AND {ACTIVE}",
            now, pool_id, sub, session_id, now,
        )  # fmt: skip
        return changed > 0

    async def origin(self, pool_id: str, sub: str, session_id: str) -> str | None:
        """The browser session that a session of this user came through."""
        row = await self._engine.one(
            "SELECT browser_session_id FROM sessions WHERE pool_id = ? AND sub = ? AND session_id = ?",
            pool_id, sub, session_id,
        )  # fmt: skip
        return None if row is None else row[0]

    async def revoke_through(self, pool_id: str, sub: str, browser_session_id: str, *, now: int) -> None:
        """Ends the user's sessions that came through a browser session, which the caller has ended."""
        await self._engine.run(
            "UPDATE sessions SET revoked_at = ?"
            " WHERE pool_id = ? AND sub = ? AND browser_session_id = ? AND revoked_at IS NULL",
            now, pool_id, sub, browser_session_id,
        )  # fmt: skip

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
        """Ends every session of the user, their browsers' too, less one where `but` names it."""
        await self._hold(pool_id, sub)
        for table in ("sessions", "browser_sessions"):
            await self._engine.run(
                f"UPDATE {table} SET revoked_at = ?"
                " WHERE pool_id = ? AND sub = ? AND revoked_at IS NULL AND session_id <> ?",
                now, pool_id, sub, but or "",
            )  # fmt: skip

    async def _hold(self, pool_id: str, sub: str) -> None:
        """Whoever begins a session of the user holds the user, too: so it is begun before what follows, or after."""
        if self._engine.row_lock:
            await self._engine.one(
                f"SELECT 1 FROM users WHERE pool_id = ? AND sub = ?{self._engine.row_lock}", pool_id, sub
            )

    async def end_refreshing(self, pool_id: str, sub: str, device_key: str, *, now: int) -> None:
        """Lets the refresh tokens of a device's sessions expire; access tokens live out their own time."""
        await self._engine.run(
            "UPDATE sessions SET expires_at = ? WHERE pool_id = ? AND sub = ? AND device_key = ? AND expires_at > ?",
            now, pool_id, sub, device_key, now,
        )  # fmt: skip
