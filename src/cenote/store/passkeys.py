"""Passkeys: each of one user, with the counter that its next signature has to exceed."""

from typing import Any

from cenote.domain.passkeys import Passkey
from cenote.store.engine import Engine, UniqueViolation
from cenote.store.pools import Pool

COLUMNS = (
    "credential_id, sub, public_key_sealed, sign_count, relying_party, attachment, transports, created_at"
)


class PasskeyTaken(Exception):
    """The credential id is somebody's already."""


class Passkeys:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def of_user(self, pool: Pool, sub: str) -> list[Passkey]:
        """All of a user's, oldest first."""
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM passkeys WHERE pool_id = ? AND sub = ? ORDER BY created_at, credential_id",
            pool.pool_id, sub,
        )  # fmt: skip
        return [passkey_of(pool, row) for row in rows]

    async def find(self, pool: Pool, credential_id: str) -> Passkey | None:
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM passkeys WHERE pool_id = ? AND credential_id = ?",
            pool.pool_id, credential_id,
        )  # fmt: skip
        return None if row is None else passkey_of(pool, row)

    async def add(self, pool: Pool, passkey: Passkey) -> None:
        """PasskeyTaken for an id that somebody has, the same user included."""
        sealed = pool.sealer.seal(
            passkey.public_key, table="passkeys", row=row_of(passkey.sub, passkey.credential_id)
        )
        try:
            await self._engine.run(
                f"INSERT INTO passkeys (pool_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                pool.pool_id, passkey.credential_id, passkey.sub, sealed, passkey.sign_count,
                passkey.relying_party, passkey.attachment, " ".join(passkey.transports), passkey.created_at,
            )  # fmt: skip
        except UniqueViolation:
            raise PasskeyTaken from None

    async def count_up(self, pool_id: str, passkey: Passkey, sign_count: int) -> bool:
        """Whether the passkey is still there and the counter has grown; one that always shows zero has none.

        The update is the gate: of two assertions with one count, one is taken.
        """
        changed = await self._engine.run(
            "UPDATE passkeys SET sign_count = ? WHERE pool_id = ? AND credential_id = ? AND sub = ?"
            " AND (sign_count < ? OR (sign_count = 0 AND ? = 0))",
            sign_count, pool_id, passkey.credential_id, passkey.sub, sign_count, sign_count,
        )  # fmt: skip
        return changed > 0

    async def remove(self, pool_id: str, sub: str, credential_id: str) -> bool:
        """Whether the user had it."""
        removed = await self._engine.run(
            "DELETE FROM passkeys WHERE pool_id = ? AND credential_id = ? AND sub = ?",
            pool_id,
            credential_id,
            sub,
        )
        return removed > 0


def passkey_of(pool: Pool, row: tuple[Any, ...]) -> Passkey:
    """A row of `COLUMNS` as a passkey."""
    credential_id, sub, sealed, sign_count, relying_party, attachment, transports, created_at = row
    return Passkey(
        credential_id,
        sub,
        pool.sealer.open(sealed, table="passkeys", row=row_of(sub, credential_id)),
        sign_count,
        relying_party,
        attachment,
        tuple(transports.split()),
        created_at,
    )


def row_of(sub: str, credential_id: str) -> str:
    return f"{sub}/{credential_id}"
