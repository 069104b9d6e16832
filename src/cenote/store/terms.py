"""The terms documents of clients."""

from typing import Any

import msgspec

from cenote.domain.errors import ResourceNotFound, TermsExists
from cenote.domain.terms import Terms
from cenote.store.engine import Engine, UniqueViolation

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, Any]).decode

COLUMNS = "pool_id, terms_id, client_id, name, document, created_at, updated_at"
EXISTS = "Terms with this name already exist for the client."  # assumed


class TermsDocuments:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, pool_id: str, terms_id: str) -> Terms:
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM terms WHERE pool_id = ? AND terms_id = ?", pool_id, terms_id
        )
        if row is None:
            raise ResourceNotFound(f"Terms {terms_id} do not exist.")  # assumed
        return terms_of(row)

    async def of_client(self, pool_id: str, client_id: str) -> list[Terms]:
        """The client's documents, by name: privacy policy, terms of use."""
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM terms WHERE pool_id = ? AND client_id = ? ORDER BY name",
            pool_id, client_id,
        )  # fmt: skip
        return [terms_of(row) for row in rows]

    async def list_(self, pool_id: str, *, after: str, limit: int) -> list[Terms]:
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM terms WHERE pool_id = ? AND terms_id > ? ORDER BY terms_id LIMIT ?",
            pool_id, after, limit,
        )  # fmt: skip
        return [terms_of(row) for row in rows]

    async def add(self, terms: Terms) -> None:
        try:
            await self._engine.run(
                f"INSERT INTO terms ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                terms.pool_id, terms.terms_id, terms.client_id, terms.name,
                encode(terms.document).decode(), terms.created_at, terms.updated_at,
            )  # fmt: skip
        except UniqueViolation:
            raise TermsExists(EXISTS) from None

    async def set_document(self, terms: Terms) -> None:
        """Keeps the name and document of these; TermsExists if the client has others of that name."""
        try:
            await self._engine.run(
                "UPDATE terms SET name = ?, document = ?, updated_at = ? WHERE pool_id = ? AND terms_id = ?",
                terms.name, encode(terms.document).decode(), terms.updated_at, terms.pool_id, terms.terms_id,
            )  # fmt: skip
        except UniqueViolation:
            raise TermsExists(EXISTS) from None

    async def remove(self, pool_id: str, terms_id: str) -> None:
        await self._engine.run("DELETE FROM terms WHERE pool_id = ? AND terms_id = ?", pool_id, terms_id)


def terms_of(row: tuple[Any, ...]) -> Terms:
    pool_id, terms_id, client_id, name, document, created_at, updated_at = row
    return Terms(pool_id, terms_id, client_id, name, decode(document), created_at, updated_at)
