"""Device codes: a row each until it is redeemed. The write is the gate."""

import msgspec

from cenote.domain import device_codes as rules
from cenote.domain.device_codes import DeviceCode, State
from cenote.domain.oauth import Grant
from cenote.store.engine import Engine

COLUMNS = "device_hash, user_hash, client_id, oauth_grant, expires_at, state, sub, auth_time"

encode = msgspec.json.Encoder().encode
decode_grant = msgspec.json.Decoder(Grant).decode


class DeviceCodes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, code: DeviceCode, *, interval: int) -> bool:
        """Whether its user code is nobody else's."""
        row = await self._engine.one(
            "INSERT INTO device_codes (pool_id, device_hash, user_hash, client_id, state, oauth_grant,"
            " poll_interval, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (pool_id, user_hash) DO NOTHING RETURNING device_hash",
            code.pool_id, code.device_hash, code.user_hash, code.client_id, State.PENDING.value,
            encode(code.grant).decode(), interval, code.expires_at,
        )  # fmt: skip
        return row is not None

    async def find(self, pool_id: str, device_hash: str) -> DeviceCode | None:
        return await self._found(pool_id, "device_hash", device_hash)

    async def find_by_user_code(self, pool_id: str, user_hash: str) -> DeviceCode | None:
        return await self._found(pool_id, "user_hash", user_hash)

    async def _found(self, pool_id: str, column: str, value: str) -> DeviceCode | None:
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM device_codes WHERE pool_id = ? AND {column} = ?", pool_id, value
        )
        if row is None:
            return None
        device_hash, user_hash, client_id, grant, expires_at, state, sub, auth_time = row
        return DeviceCode(
            pool_id,
            device_hash,
            user_hash,
            client_id,
            decode_grant(grant),
            expires_at,
            State(state),
            sub or "",
            auth_time or 0,
        )

    async def poll(self, pool_id: str, device_hash: str, *, now: int) -> bool:
        """Whether the device has waited long enough since it asked last. One that has not is to wait longer."""
        changed = await self._engine.run(
            "UPDATE device_codes SET polled_at = ? WHERE pool_id = ? AND device_hash = ?"
            " AND (polled_at IS NULL OR polled_at + poll_interval <= ?)",
            now, pool_id, device_hash, now + rules.PATIENCE,
        )  # fmt: skip
        if not changed:
            await self._engine.run(
                "UPDATE device_codes SET polled_at = ?,"
                " poll_interval = CASE WHEN poll_interval < ? THEN poll_interval + ? ELSE poll_interval END"
                " WHERE pool_id = ? AND device_hash = ?",
                now, rules.LONGEST_INTERVAL, rules.SLOWER_BY, pool_id, device_hash,
            )  # fmt: skip
        return changed > 0

    async def approve(
        self, pool_id: str, device_hash: str, *, sub: str, auth_time: int, grant: Grant, now: int
    ) -> bool:
        """Whether this caller is the one that decided it, in time."""
        changed = await self._engine.run(
            "UPDATE device_codes SET state = ?, sub = ?, auth_time = ?, oauth_grant = ?"
            " WHERE pool_id = ? AND device_hash = ? AND state = ? AND expires_at > ?",
            State.APPROVED.value, sub, auth_time, encode(grant).decode(),
            pool_id, device_hash, State.PENDING.value, now,
        )  # fmt: skip
        return changed > 0

    async def deny(self, pool_id: str, device_hash: str, *, now: int) -> bool:
        """Whether this caller is the one that decided it, in time."""
        changed = await self._engine.run(
            "UPDATE device_codes SET state = ?"
            " WHERE pool_id = ? AND device_hash = ? AND state = ? AND expires_at > ?",
            State.DENIED.value, pool_id, device_hash, State.PENDING.value, now,
        )  # fmt: skip
        return changed > 0

    async def take(self, pool_id: str, device_hash: str) -> bool:
        """Whether this caller is the one that redeems it."""
        removed = await self._engine.run(
            "DELETE FROM device_codes WHERE pool_id = ? AND device_hash = ? AND state = ?",
            pool_id, device_hash, State.APPROVED.value,
        )  # fmt: skip
        return removed > 0
