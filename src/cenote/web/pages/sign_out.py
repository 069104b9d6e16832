"""The pages of signing out."""

from typing import TYPE_CHECKING, Final

from cenote.flows.browser_sessions import Live
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Answer, Request
from cenote.web.pages import forms, login, visits

if TYPE_CHECKING:
    from cenote.web.router import Web

PAGE: Final = "logout"


def confirmed(web: "Web", request: Request, pool: Pool, client: Client) -> bool:
    """Whether the request is the answer to the question of `asked`, from the browser that was asked."""
    if request.method != "POST":
        return False
    return forms.opened(web.context(request), pool, client, request, PAGE) is not None


async def asked(web: "Web", request: Request, pool: Pool, client: Client, live: Live) -> Answer:
    """The form leads to the same address, with all that was asked for."""
    visit = visits.begun(web, request, web.context(request), pool, client, request.query_string, "")
    return await visit.show("sign_out.html", page=PAGE, name=login.display_name(live))


async def done(web: "Web", request: Request, pool: Pool, client: Client) -> Answer:
    visit = visits.begun(web, request, web.context(request), pool, client, request.query_string, "")
    return await visit.show("signed_out.html")
