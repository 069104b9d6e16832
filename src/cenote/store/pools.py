"""User pools and their signing keys."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cenote.domain import identifiers
from cenote.domain.errors import InvalidParameter, ResourceNotFound
from cenote.store.documents import Documents
from cenote.store.engine import Engine, UniqueViolation
from cenote.store.sealing import Keyring, Sealer
from cenote.store.transactions import in_transaction

encode = msgspec.json.Encoder().encode

# Parsed pools kept per process; an entry is used only while its revision is the database's.
CACHE_LIMIT = 4096
REVISION = "SELECT revision FROM pools WHERE pool_id = ?"


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """A user pool: its document in AWS's shape, and the sealer of everything that belongs to it."""

    pool_id: str
    region: str
    document: Mapping[str, Any]
    revision: int
    sealer: Sealer
    created_at: int
    updated_at: int

    @property
    def name(self) -> str:
        """What follows `_` in the id: the pool's name in SRP."""
        return identifiers.pool_name(self.pool_id)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair: `private_der` is PKCS8, gone once the key is retired; `public_jwk` is JSON text."""

    kid: str
    token_use: str
    private_der: bytes | None
    public_jwk: str
    created_at: int
    retired_at: int | None

    @property
    def algorithm(self) -> str:
        return str(msgspec.json.decode(self.public_jwk)["alg"])


class Pools:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring
        self._cache: dict[str, Pool] = {}
        self._documents = Documents()

    async def get(self, pool_id: str) -> Pool:
        """The pool, or ResourceNotFound with AWS's text.

        Inside a transaction nobody else changes the pool until it ends, nor what belongs to it as settings do: its
        clients, domains, looks, groups. So what is changed of them begins with this.
        """
        pool = await self.find(pool_id)
        if pool is None:
            raise ResourceNotFound(f"User pool {pool_id} does not exist.")
        return pool

    async def find(self, pool_id: str) -> Pool | None:
        """The pool, if there is one. Locked as by `get`."""
        lock = self._engine.row_lock if in_transaction() else ""
        row = await self._engine.one(f"{REVISION}{lock}", pool_id)
        return None if row is None else await self.at(pool_id, row[0])

    def remembered(self, pool_id: str) -> Pool | None:
        """The pool as this process last saw it. It may have changed: whoever asks compares the revision later."""
        return self._cache.get(pool_id)

    def at_hand(self, pool_id: str) -> Pool | None:
        """The pool, if it is remembered as it is now, and the engine can tell so at once."""
        pool = self._cache.get(pool_id)
        if pool is None:
            return None
        row = self._engine.at_once(REVISION, pool_id)
        return None if row is None or row[0] != pool.revision else pool

    async def at(self, pool_id: str, revision: int) -> Pool:
        """The pool, from this process's memory if it holds that revision."""
        pool = self._cache.get(pool_id)
        if pool is not None and pool.revision == revision:
            return pool
        row = await self._engine.one(
            "SELECT region, document, revision, seal_key, created_at, updated_at FROM pools WHERE pool_id = ?",
            pool_id,
        )
        if row is None:
            raise ResourceNotFound(f"User pool {pool_id} does not exist.")
        data_key = self._keyring.unwrap(row[3], table="pools", row=pool_id)
        pool = Pool(pool_id, row[0], self._documents.read(row[1]), row[2], Sealer(data_key), row[4], row[5])
        if not in_transaction():  # what may yet be rolled back is not remembered
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.pop(next(iter(self._cache)))
            self._cache[pool_id] = pool
        return pool

    async def add(self, pool_id: str, region: str, document: Mapping[str, Any], *, now: int) -> Pool:
        """Adds a pool with a data key of its own; InvalidParameter if the id is taken.

        Revisions count up from the time of creation, so that a pool created again under the same id is never
        mistaken for the one that a process remembers.
        """
        data_key = os.urandom(32)
        wrapped = self._keyring.wrap(data_key, table="pools", row=pool_id)
        try:
            await self._engine.run(
                "INSERT INTO pools (pool_id, region, document, revision, seal_key, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                pool_id, region, encode(document).decode(), now, wrapped, now, now,
            )  # fmt: skip
        except UniqueViolation:
            raise InvalidParameter(f"User pool {pool_id} exists already.") from None
        return Pool(pool_id, region, document, now, Sealer(data_key), now, now)

    async def set_document(self, pool_id: str, document: Mapping[str, Any], *, now: int) -> None:
        await self._engine.run(
            "UPDATE pools SET document = ?, revision = revision + 1, updated_at = ? WHERE pool_id = ?",
            encode(document).decode(), now, pool_id,
        )  # fmt: skip

    async def remove(self, pool_id: str) -> None:
        """Removes the pool and all that is in it."""
        await self._engine.run("DELETE FROM pools WHERE pool_id = ?", pool_id)
        self._cache.pop(pool_id, None)

    async def list_(self, region: str, *, after: str, limit: int) -> list[Pool]:
        rows = await self._engine.all(
            "SELECT pool_id, revision FROM pools WHERE region = ? AND pool_id > ? ORDER BY pool_id LIMIT ?",
            region, after, limit,
        )  # fmt: skip
        return [await self.at(pool_id, revision) for pool_id, revision in rows]

    async def count_users(self, pool_id: str) -> int:
        """How many users the pool has: exact up to 100,000, and the same figure for more."""
        row = await self._engine.one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM users WHERE pool_id = ? LIMIT 100000) AS counted", pool_id
        )
        return int(row[0]) if row else 0

    async def add_signing_key(self, pool: Pool, key: SigningKey) -> None:
        """Adds a key; the caller bumps the pool's revision with `touch` once its keys are complete."""
        if key.private_der is None:
            raise ValueError("a new signing key has a private part")
        sealed = pool.sealer.seal(key.private_der, table="signing_keys", row=f"{pool.pool_id}/{key.kid}")
        await self._engine.run(
            "INSERT INTO signing_keys (pool_id, kid, token_use, private_sealed, public_jwk, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            pool.pool_id, key.kid, key.token_use, sealed, key.public_jwk, key.created_at,
        )  # fmt: skip

    async def retire_signing_keys(self, pool_id: str, *, now: int) -> None:
        """Ends the signing of the current keys; they stay in the JWKS until `remove_signing_keys`."""
        await self._engine.run(
            "UPDATE signing_keys SET retired_at = ?, private_sealed = NULL"
            " WHERE pool_id = ? AND retired_at IS NULL",
            now, pool_id,
        )  # fmt: skip

    async def remove_signing_keys(self, pool_id: str, *, retired_before: int) -> None:
        await self._engine.run(
            "DELETE FROM signing_keys WHERE pool_id = ? AND retired_at < ?", pool_id, retired_before
        )

    async def signing_keys(self, pool: Pool) -> list[SigningKey]:
        """All keys that verifiers may meet, newest first."""
        rows = await self._engine.all(
            "SELECT kid, token_use, private_sealed, public_jwk, created_at, retired_at FROM signing_keys"
            " WHERE pool_id = ? ORDER BY created_at DESC, kid",
            pool.pool_id,
        )
        opened = pool.sealer.open
        return [
            SigningKey(
                kid,
                token_use,
                opened(sealed, table="signing_keys", row=f"{pool.pool_id}/{kid}") if sealed else None,
                public_jwk,
                created_at,
                retired_at,
            )
            for kid, token_use, sealed, public_jwk, created_at, retired_at in rows
        ]

    async def touch(self, pool_id: str) -> None:
        """Tells every process that what it remembers of the pool is old."""
        await self._engine.run("UPDATE pools SET revision = revision + 1 WHERE pool_id = ?", pool_id)
