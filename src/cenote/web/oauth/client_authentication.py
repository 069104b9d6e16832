"""Which client a request to the token endpoint and its like is from, and the proof of it (RFC 6749 2.3)."""

import base64
import binascii
from urllib.parse import unquote

from cenote.domain.errors import NotAuthorized, ResourceNotFound
from cenote.domain.oauth import OAuthError
from cenote.flows import accounts
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Request


async def authenticated(ctx: Context, request: Request) -> tuple[Pool, Client]:
    """The client that the request proves to be from; invalid_client otherwise.

    By client_secret_basic or client_secret_post; a client without a secret only names itself.
    """
    if request.form.repeated:
        raise OAuthError("invalid_request", f"{min(request.form.repeated)} was given more than once")
    client_id, secret = credentials(request)
    try:
        pool, client = await ctx.store.clients.resolve(client_id)
    except ResourceNotFound:
        raise OAuthError("invalid_client") from None
    if request.site.pool_id not in {None, pool.pool_id}:
        raise OAuthError("invalid_client")
    try:
        accounts.check_client_secret(client, secret)
    except NotAuthorized:
        raise OAuthError("invalid_client") from None
    return pool, client


def credentials(request: Request) -> tuple[str, str | None]:
    """Client id and secret: from the Authorization header or from the form, never from both."""
    header, form = request.headers.get("authorization"), request.form
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if header is None:
        if client_id is None:
            raise OAuthError("invalid_request", "client_id is missing")
        return client_id, secret
    named, by_header = basic(header)
    if secret is not None or client_id not in {None, named}:
        raise OAuthError("invalid_request", "the client is given twice")
    return named, by_header


def basic(header: str) -> tuple[str, str]:
    """Id and secret of HTTP Basic; each is form-encoded first (RFC 6749 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon or not client_id:
        raise OAuthError("invalid_client")
    return unquote(client_id), unquote(secret)
