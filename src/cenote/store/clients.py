"""App clients and their secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cenote.domain.clients import Lifetimes, lifetimes
from cenote.domain.errors import ResourceNotFound
from cenote.store.documents import Documents
from cenote.store.engine import Engine
from cenote.store.pools import CACHE_LIMIT, Pool, Pools
from cenote.store.transactions import in_transaction

encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class ClientSecret:
    secret_id: str
    value: str
    created_at: int


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """An app client: its document in AWS's shape, and its secrets, oldest first (none, one or two).

    `lifetimes` are what the document says of its tokens', which is asked for with each of them.
    """

    pool_id: str
    client_id: str
    document: Mapping[str, Any]
    secrets: tuple[ClientSecret, ...]
    revision: int
    created_at: int
    updated_at: int
    lifetimes: Lifetimes

    @property
    def reveals_users(self) -> bool:
        """Whether errors may tell that a user does not exist (PreventUserExistenceErrors is LEGACY)."""
        return bool(self.document.get("PreventUserExistenceErrors") != "ENABLED")


class Clients:
    def __init__(self, engine: Engine, pools: Pools) -> None:
        self._engine = engine
        self._pools = pools
        self._cache: dict[str, Client] = {}
        self._documents = Documents()

    async def resolve(self, client_id: str) -> tuple[Pool, Client]:
        """The client and its pool, for calls that name no pool; ResourceNotFound with AWS's text."""
        row = await self._engine.one(
            "SELECT p.pool_id, p.revision, c.revision FROM clients c JOIN pools p ON p.pool_id = c.pool_id"
            " WHERE c.client_id = ?",
            client_id,
        )
        if row is None:
            raise ResourceNotFound(f"User pool client {client_id} does not exist.")
        pool = await self._pools.at(row[0], row[1])
        return pool, await self.at(pool, client_id, row[2])

    async def get(self, pool: Pool, client_id: str) -> Client:
        """A client of this pool; ResourceNotFound with AWS's text for any other id."""
        row = await self._engine.one(
            "SELECT revision FROM clients WHERE pool_id = ? AND client_id = ?", pool.pool_id, client_id
        )
        if row is None:
            raise ResourceNotFound(f"User pool client {client_id} does not exist.")
        return await self.at(pool, client_id, row[0])

    async def exists(self, pool_id: str, client_id: str) -> bool:
        row = await self._engine.one(
            "SELECT 1 FROM clients WHERE pool_id = ? AND client_id = ?", pool_id, client_id
        )
        return row is not None

    async def at(self, pool: Pool, client_id: str, revision: int) -> Client:
        """A client of this pool, from this process's memory if it holds that revision."""
        client = self._cache.get(client_id)
        if client is None or client.revision != revision or client.pool_id != pool.pool_id:
            client = await self._load(pool, client_id)
        return client

    async def _load(self, pool: Pool, client_id: str) -> Client:
        row = await self._engine.one(
            "SELECT document, revision, created_at, updated_at FROM clients WHERE pool_id = ? AND client_id = ?",
            pool.pool_id, client_id,
        )  # fmt: skip
        if row is None:
            raise ResourceNotFound(f"User pool client {client_id} does not exist.")
        secrets = await self._engine.all(
            "SELECT secret_id, secret_sealed, created_at FROM client_secrets"
            " WHERE pool_id = ? AND client_id = ? ORDER BY created_at, secret_id",
            pool.pool_id, client_id,
        )  # fmt: skip
        opened = tuple(
            ClientSecret(
                secret_id,
                pool.sealer.open(sealed, table="client_secrets", row=f"{client_id}/{secret_id}").decode(),
                created_at,
            )
            for secret_id, sealed, created_at in secrets
        )
        document = self._documents.read(row[0])
        client = Client(
            pool.pool_id, client_id, document, opened, row[1], row[2], row[3], lifetimes(document)
        )
        if not in_transaction():  # what may yet be rolled back is not remembered
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.pop(next(iter(self._cache)))
            self._cache[client_id] = client
        return client

    async def add(self, pool: Pool, client_id: str, document: Mapping[str, Any], *, now: int) -> None:
        await self._engine.run(
            "INSERT INTO clients (pool_id, client_id, document, revision, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            pool.pool_id, client_id, encode(document).decode(), now, now, now,
        )  # fmt: skip

    async def has_room(self, pool_id: str, limit: int) -> bool:
        """Whether the pool may have one more client. In the caller's transaction, in which nobody else asks."""
        await self._engine.run("UPDATE pools SET updated_at = updated_at WHERE pool_id = ?", pool_id)
        row = await self._engine.one("SELECT COUNT(*) FROM clients WHERE pool_id = ?", pool_id)
        return row is None or int(row[0]) < limit

    async def set_document(
        self, pool_id: str, client_id: str, document: Mapping[str, Any], *, now: int
    ) -> None:
        await self._engine.run(
            "UPDATE clients SET document = ?, revision = revision + 1, updated_at = ?"
            " WHERE pool_id = ? AND client_id = ?",
            encode(document).decode(), now, pool_id, client_id,
        )  # fmt: skip

    async def add_secret(self, pool: Pool, client_id: str, secret: ClientSecret) -> None:
        sealed = pool.sealer.seal(
            secret.value.encode(), table="client_secrets", row=f"{client_id}/{secret.secret_id}"
        )
        await self._engine.run(
            "INSERT INTO client_secrets (pool_id, client_id, secret_id, secret_sealed, created_at)"
            " VALUES (?, ?, ?, ?, ?)",
            pool.pool_id, client_id, secret.secret_id, sealed, secret.created_at,
        )  # fmt: skip
        await self._touch(pool.pool_id, client_id)

    async def remove_secret(self, pool_id: str, client_id: str, secret_id: str) -> bool:
        """Whether there was such a secret."""
        removed = await self._engine.run(
            "DELETE FROM client_secrets WHERE pool_id = ? AND client_id = ? AND secret_id = ?",
            pool_id, client_id, secret_id,
        )  # fmt: skip
        await self._touch(pool_id, client_id)
        return removed > 0

    async def remove(self, pool_id: str, client_id: str) -> None:
        """Removes the client, its secrets and every session that it began."""
        await self._engine.run("DELETE FROM clients WHERE pool_id = ? AND client_id = ?", pool_id, client_id)
        self._cache.pop(client_id, None)

    async def list_(self, pool: Pool, *, after: str, limit: int) -> list[Client]:
        rows = await self._engine.all(
            "SELECT client_id FROM clients WHERE pool_id = ? AND client_id > ? ORDER BY client_id LIMIT ?",
            pool.pool_id, after, limit,
        )  # fmt: skip
        return [await self.get(pool, client_id) for (client_id,) in rows]

    async def _touch(self, pool_id: str, client_id: str) -> None:
        await self._engine.run(
            "UPDATE clients SET revision = revision + 1 WHERE pool_id = ? AND client_id = ?",
            pool_id,
            client_id,
        )
