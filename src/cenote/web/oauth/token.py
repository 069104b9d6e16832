"""The token endpoint (RFC 6749 3.2)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cenote.domain.errors import CognitoError
from cenote.domain.oauth import OAuthError
from cenote.flows.grants import as_oauth_error
from cenote.web.http import Answer, Request, json
from cenote.web.oauth import proofs
from cenote.web.oauth.client_authentication import authenticated
from cenote.web.oauth.grants import GRANTS, required

if TYPE_CHECKING:
    from cenote.web.router import Web

# The members of an answer, in Cognito's order (documented in "Token endpoint").
MEMBERS: Final = (
    ("id_token", "IdToken"),
    ("access_token", "AccessToken"),
    ("refresh_token", "RefreshToken"),
    ("expires_in", "ExpiresIn"),
    ("token_type", "TokenType"),
    ("issued_token_type", "IssuedTokenType"),
    ("scope", "Scope"),
)


async def token(web: "Web", request: Request) -> Answer:
    ctx = web.context(request)
    pool, client = await authenticated(ctx, request)
    exchange = GRANTS.get(required(request.form, "grant_type"))
    if exchange is None:
        raise OAuthError("unsupported_grant_type")
    key = await proofs.key_of(ctx, request, pool, client)
    try:
        result = await exchange(ctx, pool, client, request.form, key=key)
    except CognitoError as error:
        raise as_oauth_error(error) from None
    return json(200, rendered(result), *proofs.next_nonce(ctx, pool, key))


def rendered(result: Mapping[str, Any]) -> dict[str, Any]:
    return {member: result[name] for member, name in MEMBERS if name in result}
