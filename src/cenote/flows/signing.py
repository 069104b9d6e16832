"""A pool's signing keys in use: made, remembered, rotated, published."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cenote.domain import claims, jwt, tags
from cenote.store import Store
from cenote.store.pools import CACHE_LIMIT, Pool, SigningKey
from cenote.store.transactions import retrying

KEY_BITS = 2048
USES = ("id", "access")
# A token lives for a day at most; a retired key is published for two.
RETIRED_KEY_LIFETIME = 2 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, eq=False)
class KeyPair:
    """A key for ID tokens and one for access tokens."""

    id_key: jwt.AnyKey
    access_key: jwt.AnyKey


@dataclass(frozen=True, slots=True, eq=False)
class PoolSigner(KeyPair):
    """The keys of one revision of a pool: two to sign with, all to verify with, the JWKS as sent.

    `curve` are two for ES256, once a client has asked for it.
    """

    revision: int
    verifier: jwt.Verifier
    jwks: bytes
    curve: KeyPair | None


class Signing:
    """Makes and remembers pool signers. Losing its memory costs time only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._signers: dict[str, PoolSigner] = {}
        self._seen = jwt.Seen()
        self._maker: ThreadPoolExecutor | None = None

    def pool_of(self, token: str) -> str | None:
        """The pool that a token says it is of. Nothing is trusted yet: the token may be anybody's."""
        seen = self._seen.get(token)
        return claims.pool_of(token) if seen is None else claims.pool_named(str(seen[1].get("iss", "")))

    def at_hand(self, pool: Pool) -> PoolSigner | None:
        """The signer of this revision of the pool, if it is remembered."""
        signer = self._signers.get(pool.pool_id)
        return None if signer is None or signer.revision != pool.revision else signer

    async def of(self, pool: Pool) -> PoolSigner:
        signer = self.at_hand(pool)
        if signer is None:
            signer = signer_of(pool, await self._store.pools.signing_keys(pool), self._seen)
            if len(self._signers) >= CACHE_LIMIT:
                self._signers.pop(next(iter(self._signers)))
            self._signers[pool.pool_id] = signer
        return signer

    async def pair_for(self, pool: Pool, client_id: str, *, now: int) -> KeyPair:
        """What tokens of this client are signed with."""
        signer = await self.of(pool)
        if tags.ES256 not in tags.client_options(pool.document, client_id):
            return signer
        if signer.curve is not None:
            return signer.curve
        return await retrying(lambda: self._curve(pool, now))

    async def _curve(self, pool: Pool, now: int) -> KeyPair:
        """The pool's keys for ES256, made where it has none yet; of many at once one makes them."""
        async with self._store.transaction():
            # Whoever else is at it waits here, and then finds what was made.
            await self._store.pools.touch(pool.pool_id)
            keys = await self._store.pools.signing_keys(pool)
            found = pair_of(keys, jwt.ES256)
            if found is None:
                for key in new_curve_pair(now=now):
                    await self._store.pools.add_signing_key(pool, key)
                found = pair_of(await self._store.pools.signing_keys(pool), jwt.ES256)
        if found is None:
            raise RuntimeError("keys that were just made are not there")
        return found

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
            curved = pair_of(await self._store.pools.signing_keys(pool), jwt.ES256) is not None
            await self._store.pools.remove_signing_keys(pool_id, retired_before=now - RETIRED_KEY_LIFETIME)
            await self._store.pools.retire_signing_keys(pool_id, now=now)
            for key in (*pair, *(new_curve_pair(now=now) if curved else ())):
                await self._store.pools.add_signing_key(pool, key)
            await self._store.pools.touch(pool_id)


def signer_of(pool: Pool, keys: list[SigningKey], seen: jwt.Seen) -> PoolSigner:
    """The signer of these keys, newest first; `seen` is the memory of all pools' verifiers."""
    pair = pair_of(keys, jwt.RS256)
    if pair is None:
        raise ValueError("a pool has keys for RS256")
    return PoolSigner(
        revision=pool.revision,
        id_key=pair.id_key,
        access_key=pair.access_key,
        curve=pair_of(keys, jwt.ES256),
        verifier=jwt.Verifier({key.kid: jwt.load_public_jwk(key.public_jwk) for key in keys}, seen),
        jwks=jwt.jwks(key.public_jwk for key in keys),
    )


def pair_of(keys: list[SigningKey], algorithm: str) -> KeyPair | None:
    """The newest keys that still sign with an algorithm, of keys newest first."""
    current = {
        key.token_use: (key.kid, key.private_der)
        for key in reversed(keys)
        if key.private_der is not None and key.algorithm == algorithm
    }
    if not current:
        return None
    id_key, access_key = (jwt.loaded(*current[token_use]) for token_use in USES)
    return KeyPair(id_key, access_key)


def new_curve_pair(*, now: int) -> tuple[SigningKey, SigningKey]:
    """A pair for ES256: made in no time."""
    made = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    id_key, access_key = (kept(key, token_use, now) for key, token_use in zip(made, USES, strict=True))
    return id_key, access_key


def new_key(token_use: str, now: int) -> SigningKey:
    return kept(rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS), token_use, now)


def kept(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, token_use: str, now: int) -> SigningKey:
    der = jwt.private_key_der(private)
    kid = jwt.thumbprint(private.public_key())
    return SigningKey(kid, token_use, der, jwt.public_jwk(private.public_key(), kid), now, None)
