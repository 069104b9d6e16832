"""A pool's signing keys in use: made, remembered, rotated, published."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from cenote.domain import jwt
from cenote.store import Store
from cenote.store.pools import CACHE_LIMIT, Pool, SigningKey

KEY_BITS = 2048
# A token lives for a day at most; a retired key is published for two.
RETIRED_KEY_LIFETIME = 2 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, eq=False)
class PoolSigner:
    """The keys of one revision of a pool: two to sign with, all to verify with, the JWKS as sent."""

    revision: int
    id_key: jwt.SigningKey
    access_key: jwt.SigningKey
    verifier: jwt.Verifier
    jwks: bytes


class Signing:
    """Makes and remembers pool signers. Losing its memory costs time only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._signers: dict[str, PoolSigner] = {}
        self._seen = jwt.Seen()
        self._maker: ThreadPoolExecutor | None = None

    async def of(self, pool: Pool) -> PoolSigner:
        signer = self._signers.get(pool.pool_id)
        if signer is None or signer.revision != pool.revision:
            signer = signer_of(pool, await self._store.pools.signing_keys(pool), self._seen)
            if len(self._signers) >= CACHE_LIMIT:
                self._signers.pop(next(iter(self._signers)))
            self._signers[pool.pool_id] = signer
        return signer

    async def new_pair(self, *, now: int) -> tuple[SigningKey, SigningKey]:
        """A key for ID tokens and one for access tokens, made off the event loop."""
        if self._maker is None:
            self._maker = ThreadPoolExecutor(1, thread_name_prefix="keys")
        loop = asyncio.get_running_loop()
        id_key = await loop.run_in_executor(self._maker, new_key, "id", now)
        access_key = await loop.run_in_executor(self._maker, new_key, "access", now)
        return id_key, access_key

    async def rotate(self, pool_id: str, *, now: int) -> None:
        """Gives the pool new signing keys. What the old ones signed is good until it expires."""
        pair = await self.new_pair(now=now)
        async with self._store.transaction():
            pool = await self._store.pools.get(pool_id)
            await self._store.pools.remove_signing_keys(pool_id, retired_before=now - RETIRED_KEY_LIFETIME)
            await self._store.pools.retire_signing_keys(pool_id, now=now)
            for key in pair:
                await self._store.pools.add_signing_key(pool, key)
            await self._store.pools.touch(pool_id)


def signer_of(pool: Pool, keys: list[SigningKey], seen: jwt.Seen) -> PoolSigner:
    """The signer of these keys, newest first; `seen` is the memory of all pools' verifiers."""
    current = {key.token_use: key for key in reversed(keys) if key.private_der is not None}
    return PoolSigner(
        revision=pool.revision,
        id_key=loaded(current["id"]),
        access_key=loaded(current["access"]),
        verifier=jwt.Verifier({key.kid: jwt.load_public_jwk(key.public_jwk) for key in keys}, seen),
        jwks=jwt.jwks(key.public_jwk for key in keys),
    )


def loaded(key: SigningKey) -> jwt.SigningKey:
    if key.private_der is None:
        raise ValueError("a retired key signs nothing")
    return jwt.SigningKey(key.kid, jwt.load_private_key(key.private_der))


def new_key(token_use: str, now: int) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    der = jwt.private_key_der(private)
    kid = jwt.thumbprint(private.public_key())
    return SigningKey(kid, token_use, der, jwt.public_jwk(private.public_key(), kid), now, None)
