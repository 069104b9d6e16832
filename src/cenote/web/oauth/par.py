"""The pushed authorization request endpoint (RFC 9126 2)."""

from typing import TYPE_CHECKING

from cenote.domain.oauth import OAuthError
from cenote.web.http import Answer, Parameters, Request, json
from cenote.web.oauth import proofs, pushed, requests
from cenote.web.oauth.client_authentication import authenticated
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web


async def push(web: "Web", request: Request) -> Answer:
    """A `request_uri` for an authorize request that is good in all that can be known before its user comes."""
    ctx = web.context(request)
    pool, client = await authenticated(ctx, request)
    if not pushed.is_on(pool, client):
        raise OAuthError("unauthorized_client")
    if "request_uri" in request.form:
        raise OAuthError("invalid_request", "request_uri cannot be pushed")
    key = await proofs.key_of(ctx, request, pool, client) if "dpop" in request.headers else ""
    given = Parameters([*request.form.items()])
    # A client that shows its secret in the header need not name itself again.
    given["client_id"] = client.client_id
    if key:
        # The proof names the key as `dpop_jkt` would (RFC 9449 10.1).
        if given.get(requests.KEY, key) != key:
            raise OAuthError("invalid_request", "dpop_jkt is not the key of the proof")
        given[requests.KEY] = key
    try:
        wanted = await requests.checked(ctx, request.site, given, pushing=True)
    except Problem as problem:
        raise OAuthError("invalid_request", problem.code) from None
    except requests.Redirected as refused:
        raise refused.error from None
    kept = Parameters(requests.carried_on(pool, client, given))
    uri = pushed.sealed(ctx, pool, wanted.client, kept, pushed.PUSHED)
    answer = {"request_uri": uri, "expires_in": pushed.LIFETIME // 1000}
    return json(201, answer, *proofs.next_nonce(ctx, pool, key))
