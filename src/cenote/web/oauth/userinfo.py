"""The userInfo endpoint: the attributes that an access token's scopes open (OpenID Connect Core 5.3)."""

from typing import TYPE_CHECKING

from cenote.domain import attributes, dpop, jwt, oauth
from cenote.domain.errors import CognitoError
from cenote.domain.oauth import OAuthError
from cenote.flows import accounts
from cenote.web.http import Answer, Request, json
from cenote.web.oauth import proofs

if TYPE_CHECKING:
    from cenote.web.router import Web

# Documented in "userInfo endpoint".
REFUSED = "Access token is expired, disabled, or deleted, or the user has globally signed out."


async def userinfo(web: "Web", request: Request) -> Answer:
    """Values as Cognito writes them: strings, `email_verified` too (documented)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    scheme, token = scheme.lower(), token.strip()
    # What a token says of itself chooses the wording alone; nothing is opened by it.
    bound = "cnf" in (jwt.unverified_claims(token) or {})
    if not token or scheme not in ({"bearer", "dpop"} if bound else {"bearer"}):
        return challenged(
            400 if scheme else 401, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint"
        )
    ctx = web.context(request)
    try:
        access = await accounts.by_access_token(ctx, token, scope=None, bound=scheme == "dpop")
        client = await access.client(ctx)
    except CognitoError:
        return challenged(401, "invalid_token", REFUSED, bound=bound)
    if request.site.pool_id not in {None, access.pool.pool_id}:
        return challenged(401, "invalid_token", REFUSED, bound=bound)
    key = ""
    if bound:
        try:
            key = await proofs.proved(ctx, request, access.pool, token=token)
        except OAuthError as error:
            return challenged(401, error.code, error.description, bound=True, nonce=error.nonce)
        if access.claims["cnf"] != {"jkt": key}:
            return challenged(401, "invalid_token", "The access token is bound to another key.", bound=True)
    scopes = str(access.claims.get("scope", "")).split(" ")
    if oauth.OPENID not in scopes:
        description = "The access token does not have the scope openid."
        return challenged(403, "insufficient_scope", description, bound=bound)
    readable = attributes.readable(client.document, access.user.attributes)
    shown = {"sub": access.user.sub, **oauth.disclosed(scopes, readable), "username": access.user.username}
    return json(200, shown, *proofs.next_nonce(ctx, access.pool, key))


def challenged(status: int, code: str, description: str, *, bound: bool = False, nonce: str = "") -> Answer:
    """RFC 6750 3: what was wrong stands in WWW-Authenticate, and in the body for those who cannot read it.

    For a token that is bound to a key, the scheme is DPoP (RFC 9449 7.1).
    """
    header = f'{"DPoP" if bound else "Bearer"} error="{code}", error_description="{description}"'
    if bound:
        header += f', algs="{" ".join(dpop.ALGORITHMS)}"'
    return json(
        status,
        {"error": code, "error_description": description},
        (b"www-authenticate", header.encode("latin-1")),
        *([(b"dpop-nonce", nonce.encode())] if nonce else []),
    )
