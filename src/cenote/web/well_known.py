"""What verifiers fetch: a pool's JWKS and its discovery document.

Answered by raw ASGI: a JWKS is asked for by every verifier there is and costs less than a route.
"""

from typing import Any

import msgspec

from cenote.domain.deployment import Deployment
from cenote.flows.signing import Signing
from cenote.store import Store

JWKS_PATH = "/.well-known/jwks.json"
DISCOVERY_PATH = "/.well-known/openid-configuration"
# Long enough to spare us, short enough that a rotation is seen: the old key stays published for days.
HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"public, max-age=300"),
    (b"access-control-allow-origin", b"*"),
)
NOT_FOUND = b'{"message":"User pool does not exist."}'


class WellKnown:
    """The two documents of every pool, by the path `/{pool id}/.well-known/…`."""

    def __init__(self, store: Store, signing: Signing, deployment: Deployment) -> None:
        self._store = store
        self._signing = signing
        self._deployment = deployment

    async def answer(self, path: str) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        """Status, headers and body for one of the two paths."""
        pool_id, _, rest = path[1:].partition("/")
        pool = await self._store.pools.find(pool_id)
        if pool is None:
            return 404, HEADERS, NOT_FOUND
        if f"/{rest}" == JWKS_PATH:
            return 200, HEADERS, (await self._signing.of(pool)).jwks
        return 200, HEADERS, msgspec.json.encode(discovery(self._deployment, pool_id))


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
