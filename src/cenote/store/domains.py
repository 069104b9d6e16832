"""Domains of user pools, which are found by name over all pools."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cenote.domain.domains import Domain
from cenote.domain.errors import InvalidParameter
from cenote.store.engine import Engine, UniqueViolation

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, Any]).decode

COLUMNS = "pool_id, name, document, custom_at, created_at"


class Domains:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, name: str) -> Domain | None:
        """The domain of this prefix, or of this whole name."""
        row = await self._engine.one(f"SELECT {COLUMNS} FROM domains WHERE name = ?", name)
        return None if row is None else domain_of(row)

    async def of_pool(self, pool_id: str) -> list[Domain]:
        """A prefix, a custom domain, both or none; a custom one first."""
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM domains WHERE pool_id = ? ORDER BY custom_at IS NULL, name", pool_id
        )
        return [domain_of(row) for row in rows]

    async def add(self, domain: Domain) -> None:
        try:
            await self._engine.run(
                f"INSERT INTO domains ({COLUMNS}) VALUES (?, ?, ?, ?, ?)",
                domain.pool_id, domain.name, encode(domain.document).decode(), domain.custom_at,
                domain.created_at,
            )  # fmt: skip
        except UniqueViolation:
            raise InvalidParameter("Domain already associated with another user pool.") from None

    async def set_document(self, pool_id: str, name: str, document: Mapping[str, Any]) -> None:
        await self._engine.run(
            "UPDATE domains SET document = ? WHERE pool_id = ? AND name = ?",
            encode(document).decode(), pool_id, name,
        )  # fmt: skip

    async def remove(self, pool_id: str, name: str) -> bool:
        """Whether the pool had such a domain."""
        removed = await self._engine.run("DELETE FROM domains WHERE pool_id = ? AND name = ?", pool_id, name)
        return removed > 0


def domain_of(row: tuple[Any, ...]) -> Domain:
    pool_id, name, document, custom_at, created_at = row
    return Domain(pool_id, name, decode(document), custom_at, created_at)
