"""The DPoP header: which key a request to a pool's endpoints proves to hold (RFC 9449)."""

from cenote.domain import tags
from cenote.domain.oauth import OAuthError
from cenote.flows import dpop
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Request


async def key_of(ctx: Context, request: Request, pool: Pool, client: Client) -> str:
    """The thumbprint of the key; empty for a request without a proof, and for a client that has not turned DPoP on."""
    options = tags.client_options(pool.document, client.client_id)
    if tags.DPOP not in options:
        return ""
    if "dpop" in request.headers:
        return await proved(ctx, request, pool)
    if tags.DPOP_REQUIRED in options:
        raise OAuthError(dpop.INVALID, "the request needs a DPoP proof")
    return ""


async def proved(ctx: Context, request: Request, pool: Pool, *, token: str | None = None) -> str:
    return await dpop.proved(
        ctx,
        pool,
        request.headers.get("dpop", ""),
        method=request.method,
        url=request.site.base_url + request.path,
        used=request.used,
        token=token,
    )


def next_nonce(ctx: Context, pool: Pool, key: str) -> tuple[tuple[bytes, bytes], ...]:
    """The header with the nonce for the next proof, after a request that had one (RFC 9449 8.2)."""
    return ((b"dpop-nonce", dpop.nonce(ctx, pool).encode()),) if key else ()
