"""The userInfo endpoint: the attributes that an access token's scopes open (OpenID Connect Core 5.3)."""

from typing import TYPE_CHECKING

from cenote.domain import attributes, oauth
from cenote.domain.errors import CognitoError
from cenote.flows import accounts
from cenote.web.http import Answer, Request, json

if TYPE_CHECKING:
    from cenote.web.router import Web

# Documented in "userInfo endpoint".
REFUSED = "Access token is expired, disabled, or deleted, or the user has globally signed out."


async def userinfo(web: "Web", request: Request) -> Answer:
    """Values as Cognito writes them: strings, `email_verified` too (documented)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return challenged(
            400 if scheme else 401, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint"
        )
    ctx = web.context(request)
    try:
        access = await accounts.by_access_token(ctx, token.strip(), scope=None)
        client = await access.client(ctx)
    except CognitoError:
        return challenged(401, "invalid_token", REFUSED)
    if request.site.pool_id not in {None, access.pool.pool_id}:
        return challenged(401, "invalid_token", REFUSED)
    scopes = str(access.claims.get("scope", "")).split(" ")
    if oauth.OPENID not in scopes:
        return challenged(403, "insufficient_scope", "The access token does not have the scope openid.")
    readable = attributes.readable(client.document, access.user.attributes)
    shown = {"sub": access.user.sub, **oauth.disclosed(scopes, readable), "username": access.user.username}
    return json(200, shown)


def challenged(status: int, code: str, description: str) -> Answer:
    """RFC 6750 3: what was wrong stands in WWW-Authenticate, and in the body for those who cannot read it."""
    header = f'Bearer error="{code}", error_description="{description}"'
    return json(
        status,
        {"error": code, "error_description": description},
        (b"www-authenticate", header.encode("latin-1")),
    )
