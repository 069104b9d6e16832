"""Confirmation codes: the newest of a user for a purpose, and nothing but its hash."""

import msgspec

from cenote.store.engine import Engine


class StoredCode(msgspec.Struct, frozen=True):
    """`detail` is what the code confirms (an attribute and its value), where its purpose alone does not say."""

    code_hash: bytes
    detail: str | None
    expires_at: int
    tries_left: int


class Codes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def set_(self, pool_id: str, sub: str, purpose: str, code: StoredCode) -> None:
        """Makes this the only good code of the user for the purpose."""
        await self._engine.run(
            "INSERT INTO codes (pool_id, sub, purpose, code_hash, detail, expires_at, tries_left)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (pool_id, sub, purpose) DO UPDATE SET"
            " code_hash = excluded.code_hash, detail = excluded.detail, expires_at = excluded.expires_at,"
            " tries_left = excluded.tries_left",
            pool_id, sub, purpose, code.code_hash, code.detail, code.expires_at, code.tries_left,
        )  # fmt: skip

    async def spend_try(self, pool_id: str, sub: str, purpose: str) -> StoredCode | None:
        """The code, one try poorer, if it has a try left. The update is the gate: tries are never exceeded."""
        row = await self._engine.one(
            "UPDATE codes SET tries_left = tries_left - 1"
            " WHERE pool_id = ? AND sub = ? AND purpose = ? AND tries_left > 0"
            " RETURNING code_hash, detail, expires_at, tries_left",
            pool_id, sub, purpose,
        )  # fmt: skip
        return None if row is None else StoredCode(*row)

    async def find(self, pool_id: str, sub: str, purpose: str) -> StoredCode | None:
        row = await self._engine.one(
            "SELECT code_hash, detail, expires_at, tries_left FROM codes"
            " WHERE pool_id = ? AND sub = ? AND purpose = ?",
            pool_id, sub, purpose,
        )  # fmt: skip
        return None if row is None else StoredCode(*row)

    async def take(self, pool_id: str, sub: str, purpose: str, code_hash: bytes) -> bool:
        """Whether this caller is the one that used that code up."""
        removed = await self._engine.run(
            "DELETE FROM codes WHERE pool_id = ? AND sub = ? AND purpose = ? AND code_hash = ?",
            pool_id, sub, purpose, code_hash,
        )  # fmt: skip
        return removed > 0

    async def remove(self, pool_id: str, sub: str, purpose: str) -> None:
        await self._engine.run(
            "DELETE FROM codes WHERE pool_id = ? AND sub = ? AND purpose = ?", pool_id, sub, purpose
        )
