"""The authorize endpoint: from a client's request to its user, and back with a code or tokens."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cenote.domain.errors import CognitoError
from cenote.domain.oauth import OAuthError
from cenote.flows import browser_sessions, grants
from cenote.flows.browser_sessions import Live
from cenote.flows.context import Context
from cenote.web.http import Answer, Request, redirect, written
from cenote.web.oauth.logout import hinted_subject
from cenote.web.oauth.requests import AuthorizeRequest, Redirected, checked
from cenote.web.pages import form_post
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web


async def authorize(web: "Web", request: Request) -> Answer:
    """Back to the client at once for a user whom this browser's session knows; to the pages for any other."""
    ctx = web.context(request)
    wanted = await checked(ctx, request.site, request.parameters, entering=request.used)
    live = await browser_sessions.live(ctx, wanted.pool, request.cookies, secure=request.site.secure)
    known = live is not None and suits(ctx, wanted, live) and await is_meant(ctx, wanted, live)
    if "none" in wanted.prompts:
        if live is None or not known:
            raise Redirected(wanted, OAuthError("login_required"))
        if wanted.asks_consent:
            raise Redirected(wanted, OAuthError("consent_required"))
        return await finished(ctx, web, request, wanted, live)
    if live is None or not known or "login" in wanted.prompts:
        return redirect(f"/login?{wanted.query}")
    if "select_account" in wanted.prompts:
        return redirect(f"/selectAccount?{wanted.query}")
    if wanted.asks_consent:
        return redirect(f"/consent?{wanted.query}")
    return await finished(ctx, web, request, wanted, live)


def suits(ctx: Context, wanted: AuthorizeRequest, live: Live) -> bool:
    """Whether the session is fresh enough for the client, and for this request of it."""
    now, session = ctx.clock(), live.session
    if wanted.max_age is not None and now >= session.auth_time + wanted.max_age * 1000:
        return False
    return browser_sessions.reusable(wanted.client, session, now=now)


async def is_meant(ctx: Context, wanted: AuthorizeRequest, live: Live) -> bool:
    """Whether the session is of the user whom `id_token_hint` names (OpenID Connect Core 3.1.2.1), if it names one."""
    hint = wanted.parameters.get("id_token_hint")
    if hint is None:
        return True
    try:
        return await hinted_subject(ctx, wanted.pool, wanted.client, hint) == live.user.sub
    except Problem:
        raise Redirected(
            wanted, OAuthError("invalid_request", "id_token_hint is no ID token of this client")
        ) from None


async def finished(
    ctx: Context, web: "Web", request: Request, wanted: AuthorizeRequest, live: Live
) -> Answer:
    """The way back to the client, with what it asked for."""
    if wanted.device is not None:
        raise TypeError("what a device asks for is decided at the consent page")
    pool, client = wanted.pool, wanted.client
    try:
        if wanted.response_type == "code":
            given = {"code": grants.code_for(ctx, pool, client, live, wanted.authorization)}
        else:
            result = await grants.implicit(ctx, pool, client, live, wanted.authorization)
            given = rendered(result)
    except CognitoError as error:
        raise Redirected(wanted, grants.as_oauth_error(error)) from None
    except OAuthError as error:
        raise Redirected(wanted, error) from None
    return answered(web, request, wanted, given)


def refused(web: "Web", request: Request, wanted: AuthorizeRequest, error: OAuthError) -> Answer:
    """The way back to the client with an error (RFC 6749 4.1.2.1)."""
    given = {"error": error.code}
    if error.description:
        given["error_description"] = error.description
    return answered(web, request, wanted, given)


def answered(web: "Web", request: Request, wanted: AuthorizeRequest, given: dict[str, str]) -> Answer:
    """An authorization response, with the issuer in it (RFC 9207, case 10), in the mode that was asked for."""
    fields = dict(given)
    if wanted.state is not None:
        fields["state"] = wanted.state
    fields["iss"] = web.deployment.issuer(wanted.pool.pool_id)
    if wanted.response_mode == "form_post":
        return form_post.page(web, request, wanted.redirect_uri, fields)
    parts = urlsplit(wanted.redirect_uri)
    encoded = written(fields.items())
    if wanted.response_mode == "fragment":
        return redirect(f"{wanted.redirect_uri}#{encoded}", after_post=request.method == "POST")
    separator = "&" if parts.query else "" if wanted.redirect_uri.endswith("?") else "?"
    return redirect(f"{wanted.redirect_uri}{separator}{encoded}", after_post=request.method == "POST")


def rendered(result: dict[str, object]) -> dict[str, str]:
    """An AuthenticationResultType as the parameters of an answer."""
    fields = {
        "access_token": str(result["AccessToken"]),
        "token_type": str(result["TokenType"]),
        "expires_in": str(result["ExpiresIn"]),
    }
    if "IdToken" in result:
        fields["id_token"] = str(result["IdToken"])
    return fields
