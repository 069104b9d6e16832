"""Users' devices, their sealed secrets, and the sign-ins that wait for one to prove itself."""

import msgspec

from cenote.domain.devices import REMEMBERED, Device, DeviceSecret
from cenote.domain.errors import DeviceKeyExists, ResourceNotFound
from cenote.store.engine import Engine
from cenote.store.pools import Pool

COLUMNS = "device_key, name, status, address, created_at, updated_at, authenticated_at"
# recorded
NO_SUCH_DEVICE = "Device does not exist."


class Devices:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, pool_id: str, sub: str, device_key: str) -> Device | None:
        """The user's device of that key; another user's is none."""
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM devices WHERE pool_id = ? AND sub = ? AND device_key = ?",
            pool_id, sub, device_key,
        )  # fmt: skip
        return None if row is None else Device(pool_id, sub, *row)

    async def get(self, pool_id: str, sub: str, device_key: str) -> Device:
        """The user's device of that key, or ResourceNotFound with AWS's text."""
        device = await self.find(pool_id, sub, device_key)
        if device is None:
            raise ResourceNotFound(NO_SUCH_DEVICE)
        return device

    async def list_(
        self, pool_id: str, sub: str, *, only_remembered: bool, after: str, limit: int
    ) -> list[Device]:
        """The user's devices by their keys, beginning behind `after`."""
        condition = f" AND status = '{REMEMBERED}'" if only_remembered else ""
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM devices WHERE pool_id = ? AND sub = ? AND device_key > ?{condition}"
            " ORDER BY device_key LIMIT ?",
            pool_id, sub, after, limit,
        )  # fmt: skip
        return [Device(pool_id, sub, *row) for row in rows]

    async def add(self, pool: Pool, device: Device, secret: DeviceSecret) -> None:
        """Adds a device; DeviceKeyExists for every caller but the first."""
        sealed = pool.sealer.seal(
            msgspec.msgpack.encode(secret), table="devices", row=_row(device.sub, device.device_key)
        )
        added = await self._engine.run(
            f"INSERT INTO devices (pool_id, sub, secret_sealed, {COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (pool_id, sub, device_key) DO NOTHING",
            device.pool_id, device.sub, sealed, device.device_key, device.name, device.status, device.address,
            device.created_at, device.updated_at, device.authenticated_at,
        )  # fmt: skip
        if added == 0:
            raise DeviceKeyExists("Device already exists.")  # assumed

    async def secret(self, pool: Pool, sub: str, device_key: str) -> DeviceSecret:
        """What a remembered device proves itself by; ResourceNotFound for one that is not."""
        row = await self._engine.one(
            "SELECT secret_sealed FROM devices WHERE pool_id = ? AND sub = ? AND device_key = ? AND status = ?",
            pool.pool_id, sub, device_key, REMEMBERED,
        )  # fmt: skip
        if row is None:
            raise ResourceNotFound(NO_SUCH_DEVICE)
        opened = pool.sealer.open(row[0], table="devices", row=_row(sub, device_key))
        return msgspec.msgpack.decode(opened, type=DeviceSecret)

    async def set_status(self, pool_id: str, sub: str, device_key: str, status: str, *, now: int) -> None:
        """ResourceNotFound if the user has no such device."""
        changed = await self._engine.run(
            "UPDATE devices SET status = ?, updated_at = ? WHERE pool_id = ? AND sub = ? AND device_key = ?",
            status, now, pool_id, sub, device_key,
        )  # fmt: skip
        if changed == 0:
            raise ResourceNotFound(NO_SUCH_DEVICE)

    async def set_authenticated(
        self, pool_id: str, sub: str, device_key: str, *, address: str, now: int
    ) -> bool:
        """Notes a sign-in with the device. Whether it is still there."""
        changed = await self._engine.run(
            "UPDATE devices SET authenticated_at = ?, address = ? WHERE pool_id = ? AND sub = ? AND device_key = ?",
            now, address, pool_id, sub, device_key,
        )  # fmt: skip
        return changed > 0

    async def remove(self, pool_id: str, sub: str, device_key: str) -> None:
        """ResourceNotFound if the user has no such device."""
        removed = await self._engine.run(
            "DELETE FROM devices WHERE pool_id = ? AND sub = ? AND device_key = ?", pool_id, sub, device_key
        )
        if removed == 0:
            raise ResourceNotFound(NO_SUCH_DEVICE)

    async def set_chain(self, pool: Pool, handle: str, ticket: str, *, expires_at: int) -> None:
        """Keeps the ticket of a sign-in that waits for a device's proof, in the place of one with the same handle."""
        sealed = pool.sealer.seal(ticket.encode(), table="device_chains", row=handle)
        await self._engine.run(
            "INSERT INTO device_chains (pool_id, handle, ticket_sealed, expires_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (pool_id, handle) DO UPDATE SET"
            " ticket_sealed = excluded.ticket_sealed, expires_at = excluded.expires_at",
            pool.pool_id, handle, sealed, expires_at,
        )  # fmt: skip

    async def chain(self, pool: Pool, handle: str) -> str | None:
        """The ticket that waits under the handle; that it is used once is the ticket's own gate."""
        row = await self._engine.one(
            "SELECT ticket_sealed FROM device_chains WHERE pool_id = ? AND handle = ?", pool.pool_id, handle
        )
        return None if row is None else pool.sealer.open(row[0], table="device_chains", row=handle).decode()


def _row(sub: str, device_key: str) -> str:
    return f"{sub}/{device_key}"
