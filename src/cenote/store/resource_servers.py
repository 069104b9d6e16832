"""Resource servers of a user pool."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cenote.domain import resource_servers as rules
from cenote.domain.errors import InvalidParameter, LimitExceeded, ResourceNotFound
from cenote.store.engine import Engine, UniqueViolation

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, Any]).decode


class ResourceServers:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, pool_id: str, identifier: str) -> dict[str, Any]:
        row = await self._engine.one(
            "SELECT document FROM resource_servers WHERE pool_id = ? AND identifier = ?", pool_id, identifier
        )
        if row is None:
            raise ResourceNotFound(f"Resource server {identifier} does not exist.")  # assumed
        return decode(row[0])

    async def add(self, pool_id: str, document: Mapping[str, Any]) -> None:
        """InvalidParameter for an identifier that is taken, LimitExceeded for one server too many.

        Nobody else adds one to this pool until the caller's transaction ends.
        """
        await self._engine.run("UPDATE pools SET updated_at = updated_at WHERE pool_id = ?", pool_id)
        row = await self._engine.one("SELECT COUNT(*) FROM resource_servers WHERE pool_id = ?", pool_id)
        if row is not None and row[0] >= rules.MOST:
            raise LimitExceeded(f"A user pool can have at most {rules.MOST} resource servers.")  # assumed
        identifier = document["Identifier"]
        try:
            await self._engine.run(
                "INSERT INTO resource_servers (pool_id, identifier, document) VALUES (?, ?, ?)",
                pool_id, identifier, encode(document).decode(),
            )  # fmt: skip
        except UniqueViolation:
            # Recorded in Terraform's issues.
            raise InvalidParameter(f"{identifier} already exists in user pool {pool_id}.") from None

    async def set_document(self, pool_id: str, document: Mapping[str, Any]) -> bool:
        """Whether there was such a server."""
        changed = await self._engine.run(
            "UPDATE resource_servers SET document = ? WHERE pool_id = ? AND identifier = ?",
            encode(document).decode(), pool_id, document["Identifier"],
        )  # fmt: skip
        return changed > 0

    async def remove(self, pool_id: str, identifier: str) -> bool:
        """Whether there was such a server."""
        removed = await self._engine.run(
            "DELETE FROM resource_servers WHERE pool_id = ? AND identifier = ?", pool_id, identifier
        )
        return removed > 0

    async def list_(self, pool_id: str, *, after: str, limit: int) -> list[dict[str, Any]]:
        rows = await self._engine.all(
            "SELECT document FROM resource_servers WHERE pool_id = ? AND identifier > ?"
            " ORDER BY identifier LIMIT ?",
            pool_id, after, limit,
        )  # fmt: skip
        return [decode(document) for (document,) in rows]

    async def scopes(self, pool_id: str) -> frozenset[str]:
        """The whole names of all scopes of the pool's servers."""
        rows = await self._engine.all("SELECT document FROM resource_servers WHERE pool_id = ?", pool_id)
        return frozenset(scope for (document,) in rows for scope in rules.scopes(decode(document)))
