"""What verifiers fetch: a pool's JWKS and its discovery document.

Answered by raw ASGI, and a remembered JWKS by bytes alone: every verifier there is asks for one, and it costs less than
a route or a task.
"""

from typing import Any, Final

import msgspec

from cenote.domain import device_codes, dpop, jwt, oauth, registration, tags, token_exchange
from cenote.domain.deployment import Deployment
from cenote.domain.errors import ResourceNotFound
from cenote.flows.signing import Signing
from cenote.store import Store
from cenote.store.engine import StoreError, Unstorable
from cenote.store.pools import Pool
from cenote.web.oauth import register
from cenote.web.oauth.requests import PROMPTS
from cenote.web.pages.languages import NAMES
from cenote.web.sites import Site, Sites

AUTHENTICATION: Final = ("client_secret_basic", "client_secret_post", "none")
IMPLICIT: Final = "implicit"
GRANT_TYPES: Final = (
    "authorization_code", IMPLICIT, "refresh_token", "client_credentials", token_exchange.GRANT_TYPE,
)  # fmt: skip
CLAIMS: Final = (
    "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "email", "email_verified", "phone_number",
    "phone_number_verified", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
    "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "address",
)  # fmt: skip
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

    def __init__(self, store: Store, signing: Signing, deployment: Deployment, sites: Sites) -> None:
        self._store = store
        self._sites = sites
        self._signing = signing
        self._deployment = deployment
        self._documents = {JWKS_PATH[1:]: self._jwks, DISCOVERY_PATH[1:]: self._discovery}

    def jwks_at_hand(self, path: str) -> bytes | None:
        """The JWKS at the path, answered as ever with 200 and HEADERS, where nothing has to be waited for."""
        try:
            pool = self._store.pools.at_hand(path[1 : -len(JWKS_PATH)])
        except StoreError:
            return None
        signer = None if pool is None else self._signing.at_hand(pool)
        return None if signer is None else signer.jwks

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
        site = await self._sites.of_pool(pool.pool_id)
        document = discovery(self._deployment, pool, site.base_url)
        extend(document, await self._options(pool), site.base_url)
        if registration.is_on(pool.document):
            document["registration_endpoint"] = registration_endpoint(site, pool.pool_id)
        return msgspec.json.encode(document)

    async def _options(self, pool: Pool) -> frozenset[str]:
        """What any client of the pool has turned on; the tag of a client that is gone means nothing."""
        found: frozenset[str] = frozenset()
        for client_id in tags.extended_clients(pool.document):
            if await self._store.clients.exists(pool.pool_id, client_id):
                found |= tags.client_options(pool.document, client_id)
        return found


def extend(document: dict[str, Any], options: frozenset[str], base_url: str) -> None:
    """What goes beyond Cognito, where a client has turned it on (RFC 9449 5.1, RFC 9126 5, RFC 8628 4)."""
    if tags.DPOP in options:
        document["dpop_signing_alg_values_supported"] = list(dpop.ALGORITHMS)
    if tags.PAR in options:
        document["pushed_authorization_request_endpoint"] = f"{base_url}/oauth2/par"
        # Each client says whether it has to: what is true of all of them is this.
        document["require_pushed_authorization_requests"] = False
    if tags.DEVICE in options:
        document["device_authorization_endpoint"] = f"{base_url}/oauth2/device_authorization"
        document["grant_types_supported"].append(device_codes.GRANT_TYPE)
    if tags.ES256 in options:
        document["id_token_signing_alg_values_supported"] = [jwt.RS256, jwt.ES256]


def registration_endpoint(site: Site, pool_id: str) -> str:
    """Where clients register; on the base host, which is no pool's own, the query says in which."""
    url = site.base_url + register.PATH
    return url if site.pool_id is not None else f"{url}?{register.POOL}={pool_id}"


def discovery(deployment: Deployment, pool: Pool, base_url: str) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 and RFC 8414; `base_url` is where the pool's endpoints are.

    The JWKS is fetched from this server whatever the issuer's form is. No strict pool has the implicit grant.
    """
    strict = tags.is_strict(pool.document)
    return {
        "authorization_endpoint": f"{base_url}/oauth2/authorize",
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "claims_supported": list(CLAIMS),
        "code_challenge_methods_supported": [oauth.S256],
        "end_session_endpoint": f"{base_url}/logout",
        "grant_types_supported": [grant for grant in GRANT_TYPES if not strict or grant != IMPLICIT],
        "id_token_signing_alg_values_supported": [jwt.RS256],
        "issuer": deployment.issuer(pool.pool_id),
        "jwks_uri": f"{deployment.public_url}/{pool.pool_id}{JWKS_PATH}",
        "prompt_values_supported": sorted(PROMPTS),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"] if strict else ["code", "token"],
        "revocation_endpoint": f"{base_url}/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": list(AUTHENTICATION),
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": f"{base_url}/oauth2/token",
        "token_endpoint_auth_methods_supported": list(AUTHENTICATION),
        "ui_locales_supported": list(NAMES),
        "userinfo_endpoint": f"{base_url}/oauth2/userInfo",
    }
