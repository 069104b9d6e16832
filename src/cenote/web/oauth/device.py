"""The device authorization endpoint (RFC 8628 3.1)."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from cenote.domain import device_codes as rules
from cenote.domain.oauth import Grant, OAuthError
from cenote.flows import device_codes
from cenote.web.http import Answer, Request, json
from cenote.web.oauth import device_tickets, requests
from cenote.web.oauth.client_authentication import authenticated

if TYPE_CHECKING:
    from cenote.web.router import Web

# Of what an authorize request may ask for, what a device may.
CHECKS = (requests.check_form, requests.check_scope, requests.check_resource, requests.check_provider)


async def authorize_device(web: "Web", request: Request) -> Answer:
    """A code for the device and one for its user, who is to type it in at `verification_uri`."""
    ctx = web.context(request)
    pool, client = await authenticated(ctx, request)
    if not device_tickets.is_on(pool, client):
        raise OAuthError("unauthorized_client")
    wanted = requests.AuthorizeRequest(pool, client, request.form)
    for check in CHECKS:
        check(wanted)
    grant = Grant(wanted.scopes, wanted.resource)
    device_code, user_code = await device_codes.begin(ctx, pool, client, grant)
    site = await web.sites.of_pool(pool.pool_id)
    # At the base host the client says which pool it is.
    known = {} if site.pool_id else {"client_id": client.client_id}
    return json(
        200,
        {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": address(site.base_url, known),
            "verification_uri_complete": address(site.base_url, {**known, "user_code": user_code}),
            "expires_in": rules.LIFETIME // 1000,
            "interval": rules.INTERVAL // 1000,
        },
    )


def address(base_url: str, query: dict[str, str]) -> str:
    return f"{base_url}/device?{urlencode(query)}" if query else f"{base_url}/device"
