"""The revocation endpoint (RFC 7009): ends the session of a refresh token, and with it its access tokens."""

from typing import TYPE_CHECKING

from cenote.domain.errors import Unauthorized, UnsupportedOperation, UnsupportedTokenType
from cenote.domain.oauth import OAuthError
from cenote.flows import tokens
from cenote.web.http import Answer, Request, json
from cenote.web.oauth.client_authentication import authenticated
from cenote.web.oauth.grants import required

if TYPE_CHECKING:
    from cenote.web.router import Web


async def revoke(web: "Web", request: Request) -> Answer:
    """200 for a token that is none of ours, as for one that is over (RFC 7009 2.2)."""
    ctx = web.context(request)
    pool, client = await authenticated(ctx, request)
    token = required(request.form, "token")
    try:
        await tokens.revoke(ctx, pool, client, token)
    except UnsupportedTokenType:
        raise OAuthError("unsupported_token_type") from None
    except UnsupportedOperation as error:
        raise OAuthError("invalid_request", error.message) from None
    except Unauthorized:
        raise OAuthError("unauthorized_client") from None
    return json(200, {})
