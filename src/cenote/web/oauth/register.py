"""The registration endpoint (RFC 7591 3). Registered clients are managed by AWS's operations: there is no RFC 7592."""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from cenote.domain.errors import CognitoError, ResourceNotFound
from cenote.domain.oauth import OAuthError
from cenote.flows import registration
from cenote.flows.context import Context
from cenote.store.pools import Pool
from cenote.web.http import Answer, Request, json

if TYPE_CHECKING:
    from cenote.web.router import Web

PATH: Final = "/oauth2/register"
# Says on the base host which pool is meant, where no token does: no client id can.
POOL: Final = "user_pool_id"

_metadata = msgspec.json.Decoder(dict[str, Any]).decode


async def register(web: "Web", request: Request) -> Answer:
    ctx = web.context(request)
    try:
        token = bearer(request)
        pool = await pool_of(ctx, request, token)
        return json(201, await registration.register(ctx, pool, metadata(request), token))
    except OAuthError as error:
        if error.status not in {401, 403}:
            raise
        return challenged(error)
    except CognitoError as error:
        raise OAuthError("invalid_client_metadata", error.message) from None


def bearer(request: Request) -> str | None:
    """The initial access token; invalid_token for another kind of credentials, which must not count as none."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise OAuthError("invalid_token", "the initial access token is sent as a bearer token", status=401)
    return token.strip()


async def pool_of(ctx: Context, request: Request, token: str | None) -> Pool:
    """The pool of the host; on the base host the one that the query names, or the token."""
    named = request.site.pool_id or request.query.get(POOL) or (ctx.signing.pool_of(token) if token else None)
    if named is None or request.query.repeated:
        raise OAuthError("invalid_request", f"{POOL} is missing, or given more than once")
    try:
        return await ctx.store.pools.get(named)
    except ResourceNotFound:
        raise OAuthError("invalid_request", "the user pool does not exist") from None


def metadata(request: Request) -> dict[str, Any]:
    try:
        return _metadata(request.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise OAuthError("invalid_client_metadata", "the metadata must be a JSON object") from None


def challenged(error: OAuthError) -> Answer:
    """RFC 6750 3: what is wrong with the token stands in WWW-Authenticate as well."""
    content = {"error": error.code, "error_description": error.description}
    header = (b"www-authenticate", f'Bearer error="{error.code}"'.encode("ascii"))
    return json(error.status, content, *([header] if error.code != "access_denied" else []))
