"""What verifiers fetch: a pool's JWKS and its discovery document.

Answered by raw ASGI: a JWKS is asked for by every verifier there is and costs less than a route.
"""

from typing import Any

import msgspec

from cenote.domain.deployment import Deployment
from cenote.domain.errors import ResourceNotFound
from cenote.flows.signing import Signing
from cenote.store import Store
from cenote.store.engine import StoreError, Unstorable
from cenote.store.pools import Pool

JWKS_PATH = "/.well-known/jwks.json"
DISCOVERY_PATH = "/.well-known/openid-configuration"
# Long enough to spare us, short enough that a rotation is seen: the old key stays published for days.
HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"public, max-age=300"),
    (b"access-control-allow-origin", b"*"),
)
# Not kept by anybody: the pool may be made, and the database answer, a moment later.
ERROR_HEADERS = (*HEADERS[:1], (b"cache-control", b"no-store"), *HEADERS[2:])
NOT_FOUND = 404, ERROR_HEADERS, b'{"message":"User pool does not exist."}'
UNAVAILABLE = 503, ERROR_HEADERS, b'{"message":"The database cannot answer now."}'

Answer = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]


class WellKnown:
    """The two documents of every pool, by the path `/{pool id}/.well-known/…`."""

    def __init__(self, store: Store, signing: Signing, deployment: Deployment) -> None:
        self._store = store
        self._signing = signing
        self._deployment = deployment
        self._documents = {JWKS_PATH[1:]: self._jwks, DISCOVERY_PATH[1:]: self._discovery}

    async def answer(self, path: str) -> Answer:
        """Status, headers and body for one of the two paths."""
        pool_id, _, rest = path[1:].partition("/")
        write = self._documents.get(rest)
        try:
            pool = await self._store.pools.find(pool_id) if write else None
            return NOT_FOUND if write is None or pool is None else (200, HEADERS, await write(pool))
        except (Unstorable, ResourceNotFound):
            return NOT_FOUND
        except StoreError:
            return UNAVAILABLE

    async def _jwks(self, pool: Pool) -> bytes:
        return (await self._signing.of(pool)).jwks

    async def _discovery(self, pool: Pool) -> bytes:
        return msgspec.json.encode(discovery(self._deployment, pool.pool_id))


def discovery(deployment: Deployment, pool_id: str) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0, of what is there today. Endpoints of a pool's domain join when it has one.

    The JWKS is fetched from this server whatever the issuer's form is.
    """
    return {
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": deployment.issuer(pool_id),
        "jwks_uri": f"{deployment.public_url}/{pool_id}{JWKS_PATH}",
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
    }
