"""Consent: where a client asks for it, its user says whether it may have what it asks for."""

from typing import Final

from cenote.domain.oauth import OAuthError
from cenote.web.http import Answer, origin_source
from cenote.web.oauth import authorize
from cenote.web.oauth.requests import Redirected
from cenote.web.pages import device, login
from cenote.web.pages.visits import STALE, Visit, page

PAGE: Final = "consent"
# What the standard scopes open, in words; others are shown by their names.
SCOPES: Final = {
    "openid": "Know who you are",
    "email": "See your e-mail address",
    "phone": "See your phone number",
    "profile": "See your profile",
    "aws.cognito.signin.user.admin": "Change your account",
}


@page
async def shown(visit: Visit) -> Answer:
    return await form(visit)


async def form(visit: Visit) -> Answer:
    live = await visit.live()
    if live is None or not await visit.lets_on(live):
        return await login.form(visit)
    ticket = visit.wanted.device
    scopes = [SCOPES.get(scope, scope) for scope in visit.wanted.scopes]
    return await visit.show(
        "consent.html",
        page=PAGE,
        data=visit.bound_to(live),
        scopes=scopes,
        name=login.display_name(live),
        # Who named the app may be anybody (dynamic registration): where it is, its user sees for themselves.
        goes_to=origin_source(visit.wanted.redirect_uri) if ticket is None else "",
        user_code="" if ticket is None else ticket.user_code,
    )


@page
async def posted(visit: Visit) -> Answer:
    """The form is given only to a session that may go on with this request; it is good for no other of either."""
    live, kept = await visit.live(), visit.form(PAGE)
    if live is None or kept is None or kept.data != visit.bound_to(live):
        return await login.form(visit, error=STALE)
    allowed, ticket = visit.request.form.get("choice") == "allow", visit.wanted.device
    if ticket is not None:
        return await device.decided(visit, live, ticket, allowed=allowed)
    if not allowed:
        raise Redirected(visit.wanted, OAuthError("access_denied"))
    return visit.kept(await authorize.finished(visit.ctx, visit.web, visit.request, visit.wanted, live))
