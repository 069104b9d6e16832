"""Access keys: the credentials of administrators, for SigV4."""

from dataclasses import dataclass

from cenote.store.engine import Engine
from cenote.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class AccessKey:
    access_key_id: str
    created_at: int


class AccessKeys:
    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer

    async def find_secret(self, access_key_id: str) -> str | None:
        row = await self._engine.one(
            "SELECT secret_sealed FROM access_keys WHERE access_key_id = ?", access_key_id
        )
        if row is None:
            return None
        return self._sealer.open(row[0], table="access_keys", row=access_key_id).decode()

    async def add(self, access_key_id: str, secret: str, *, now: int) -> None:
        sealed = self._sealer.seal(secret.encode(), table="access_keys", row=access_key_id)
        await self._engine.run(
            "INSERT INTO access_keys (access_key_id, secret_sealed, created_at) VALUES (?, ?, ?)",
            access_key_id, sealed, now,
        )  # fmt: skip

    async def remove(self, access_key_id: str) -> bool:
        """Whether there was such a key."""
        return await self._engine.run("DELETE FROM access_keys WHERE access_key_id = ?", access_key_id) > 0

    async def list_(self) -> list[AccessKey]:
        rows = await self._engine.all(
            "SELECT access_key_id, created_at FROM access_keys ORDER BY created_at, access_key_id"
        )
        return [AccessKey(*row) for row in rows]
