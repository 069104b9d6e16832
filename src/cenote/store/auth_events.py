"""The history of a user's account, in pools with threat protection."""

import msgspec

from cenote.domain.auth_events import AuthEvent, Feedback
from cenote.domain.origins import Origin
from cenote.domain.risk import Known
from cenote.store.engine import Engine, Row

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode

COLUMNS = (
    "event_id, event_type, created_at, response, address, network, device, device_name, timezone, risk_level,"
    " risk_decision, compromised_at, challenges, feedback, feedback_by, feedback_at"
)


class AuthEvents:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def put(self, event: AuthEvent) -> None:
        """Adds the event, or takes down how one that was added went on."""
        origin = event.origin
        await self._engine.run(
            "INSERT INTO auth_events (pool_id, sub, event_id, event_type, created_at, response, address, network,"
            " device, device_name, timezone, risk_level, risk_decision, compromised_at, challenges)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (pool_id, sub, event_id) DO UPDATE SET response = excluded.response,"
            " risk_level = excluded.risk_level, risk_decision = excluded.risk_decision,"
            " compromised_at = excluded.compromised_at, challenges = excluded.challenges",
            event.pool_id, event.sub, event.event_id, event.event_type, event.created_at, event.response,
            origin.address, origin.network, origin.device, origin.device_name, origin.timezone,
            event.risk_level or None, event.risk_decision, event.created_at if event.compromised else None,
            encode(event.challenges).decode(),
        )  # fmt: skip

    async def known(self, pool_id: str, sub: str, origin: Origin) -> Known:
        """What the user's sign-ins tell of that device and network.

        A sign-in that went well counts unless somebody called it invalid, any other only if somebody called it valid.
        """
        row = await self._engine.one(
            "SELECT COUNT(*), SUM(CASE WHEN device = ? THEN 1 ELSE 0 END),"
            " SUM(CASE WHEN network = ? THEN 1 ELSE 0 END) FROM auth_events"
            " WHERE pool_id = ? AND sub = ? AND event_type = 'SignIn'"
            " AND (feedback = 'Valid' OR (response = 'Pass' AND feedback IS NULL))",
            origin.device, origin.network, pool_id, sub,
        )  # fmt: skip
        count, device, network = row or (0, 0, 0)
        return Known(any=bool(count), device=bool(device), network=bool(network))

    async def list_(self, pool_id: str, sub: str, *, before: str, limit: int) -> list[AuthEvent]:
        """The user's events, newest first, beginning after `before`, an event's id or empty."""
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM auth_events WHERE pool_id = ? AND sub = ? AND event_id < ?"
            " ORDER BY event_id DESC LIMIT ?",
            pool_id, sub, before or "~", limit,
        )  # fmt: skip
        return [_event(pool_id, sub, row) for row in rows]

    async def set_feedback(self, pool_id: str, sub: str, event_id: str, feedback: Feedback) -> bool:
        """Whether there is such an event."""
        changed = await self._engine.run(
            "UPDATE auth_events SET feedback = ?, feedback_by = ?, feedback_at = ?"
            " WHERE pool_id = ? AND sub = ? AND event_id = ?",
            feedback.value, feedback.by, feedback.at, pool_id, sub, event_id,
        )  # fmt: skip
        return changed > 0

    async def remove_old(self, *, before: int, limit: int) -> int:
        """Removes at most `limit` events that are older than that; how many went."""
        return await self._engine.run(
            "DELETE FROM auth_events WHERE (pool_id, sub, event_id) IN (SELECT pool_id, sub, event_id"
            " FROM auth_events WHERE created_at < ? ORDER BY created_at LIMIT ?)",
            before, limit,
        )  # fmt: skip


def _event(pool_id: str, sub: str, row: Row) -> AuthEvent:
    event_id, event_type, created_at, response, *origin = row[:9]
    level, decision, compromised_at, challenges, value, by, at = row[9:]
    return AuthEvent(
        pool_id,
        sub,
        event_id,
        event_type,
        created_at,
        response,
        Origin(*origin),
        risk_level=level or "",
        risk_decision=decision,
        compromised=compromised_at is not None,
        challenges=decode(challenges),
        feedback=None if value is None else Feedback(value, by, at),
    )
