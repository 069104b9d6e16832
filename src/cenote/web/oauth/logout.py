"""The logout endpoint: in Cognito's form, and RP-initiated (OpenID Connect RP-Initiated Logout 1.0).

A link on a foreign page must not sign anybody out (SECURITY.md case 51). Cognito's form is answered at once, as apps
expect, because it leads to an address that the client has registered; in a strict pool it is not. Otherwise the request
has to prove where it comes from, by an ID token of the session, or the user is asked.
"""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from cenote.domain import jwt, tags
from cenote.flows import browser_sessions
from cenote.flows.browser_sessions import Live
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Answer, Parameters, Request, cookie, redirect
from cenote.web.oauth.requests import carried_on, client_of
from cenote.web.pages import sign_out
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web


async def logout(web: "Web", request: Request) -> Answer:
    """Ends the browser session and leads on; shows a page where nobody said where to."""
    ctx, given = web.context(request), request.query or request.form
    if given.repeated:
        raise Problem("invalid_request")
    hint = given.get("id_token_hint")
    client_id = given.get("client_id") or (None if hint is None else audience(hint))
    pool, client = await client_of(ctx, request.site, client_id)
    hinted = None if hint is None else await hinted_subject(ctx, pool, client, hint)
    target = destination(pool, client, given)
    live = await browser_sessions.live(ctx, pool, request.cookies, secure=request.site.secure)
    # Somebody else's ID token says nothing about who is signed in here.
    proved = hinted is not None and (live is None or hinted == live.user.sub)
    cognitos = bool({"logout_uri", "redirect_uri"} & set(given)) and not tags.is_strict(pool.document)
    sure = proved or cognitos
    if live is not None and not sure and not sign_out.confirmed(web, request, pool, client):
        return await sign_out.asked(web, request, pool, client, live)
    return await signed_out(web, request, pool, client, live, target)


async def signed_out(
    web: "Web", request: Request, pool: Pool, client: Client, live: Live | None, target: str | None
) -> Answer:
    if live is not None:
        await browser_sessions.end(web.context(request), live.session)
    if target is None:
        answer = await sign_out.done(web, request, pool, client)
    else:
        answer = redirect(target, after_post=request.method == "POST")
    name = browser_sessions.cookie_name(pool.pool_id, secure=request.site.secure)
    return answer.set_cookie(cookie(name, "", secure=request.site.secure, max_age=0))


def destination(pool: Pool, client: Client, given: Parameters) -> str | None:
    """Where to after signing out; Problem for what the client has not registered, letter for letter (case 5)."""
    document = client.document
    logout_uri = given.get("logout_uri") or given.get("post_logout_redirect_uri")
    if logout_uri is not None:
        if logout_uri not in document.get("LogoutURLs", ()):
            raise Problem("logout_mismatch")
        return with_state(logout_uri, given.get("state"))
    redirect_uri = given.get("redirect_uri")
    if redirect_uri is None:
        return None
    if redirect_uri not in document.get("CallbackURLs", ()):
        raise Problem("redirect_mismatch")
    # Documented at the logout endpoint: back to the sign-in page, with everything that was given.
    carried = [pair for pair in carried_on(pool, client, given) if pair[0] != "client_id"]
    return "/login?" + urlencode([("client_id", client.client_id), *carried])


def with_state(uri: str, state: str | None) -> str:
    if state is None:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"


def audience(hint: str) -> str | None:
    """The client that an ID token says it is for, to find its pool by. Nothing is trusted yet."""
    claims = jwt.unverified_claims(hint)
    named = claims.get("aud") if claims else None
    return named if isinstance(named, str) else None


async def hinted_subject(ctx: Context, pool: Pool, client: Client, hint: str) -> str:
    """The subject of an ID token of this client, which may have expired; Problem for any other token."""
    claims = (await ctx.signing.of(pool)).verifier.verify(hint)
    if claims is None or claims.get("token_use") != "id" or claims.get("aud") != client.client_id:
        raise Problem("id_token_hint")
    if claims.get("iss") != ctx.deployment.issuer(pool.pool_id):
        raise Problem("id_token_hint")
    return str(claims["sub"])
