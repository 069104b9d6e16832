"""A device's code typed in by its user, and what becomes of it. Between the two stand sign-in and consent, as ever."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from cenote.domain import tags
from cenote.domain.errors import LimitExceeded
from cenote.flows import device_codes as flow
from cenote.flows import grants
from cenote.flows.browser_sessions import Live
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Answer, Parameters, Request, redirect
from cenote.web.oauth import authorize, device_tickets, requests
from cenote.web.pages import visits
from cenote.web.pages.visits import STALE, Visit
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web

PAGE: Final = "device"
PATH: Final = "/device"
LONGEST_SHOWN: Final = 16
WRONG: Final = "This code is not right, or it is over. Please look at your device again."


async def shown(web: "Web", request: Request) -> Answer:
    """A code in the address is filled in, and still has to be sent by its user (RFC 8628 3.3.1)."""
    visit = await begun(web, request)
    return await form(visit, request.query.get("user_code", ""))


async def form(visit: Visit, user_code: str, *, error: str = "", faulty: str = "user_code") -> Answer:
    shown = user_code if len(user_code) <= LONGEST_SHOWN else ""
    return await visit.show("device.html", page=PAGE, error=error, faulty=faulty, user_code=shown)


async def posted(web: "Web", request: Request) -> Answer:
    """On to the sign-in, or straight to consent for who has signed in in this browser."""
    visit, text = await begun(web, request), request.form.get("user_code", "")
    if visit.form(PAGE) is None:
        return await form(visit, text, error=STALE, faulty="")
    ctx, pool = visit.ctx, visit.pool
    try:
        found = await flow.entered(ctx, pool, text)
    except LimitExceeded as limit:
        return await form(visit, text, error=limit.message)
    client = None if found is None else await ctx.store.clients.get(pool, found[0].client_id)
    if found is None or client is None or not device_tickets.is_on(pool, client):
        return await form(visit, text, error=WRONG)
    ticket = device_tickets.sealed(ctx, pool, *found, visit.browser)
    given = Parameters([("client_id", client.client_id), (device_tickets.PARAMETER, ticket)])
    wanted = await requests.checked(ctx, request.site, given)
    live = await visit.live()
    path = "/login" if live is None or not authorize.suits(ctx, wanted, live) else "/consent"
    return visit.kept(redirect(f"{path}?{wanted.query}", after_post=True))


async def begun(web: "Web", request: Request) -> Visit:
    """The visit of the page, which belongs to the pool; it wears the look of one of its clients, without the name."""
    ctx = web.context(request)
    pool, client = await entrance(web, request)
    named = "client_id" in request.query
    query = urlencode({"client_id": client.client_id}) if named else ""
    visit = visits.begun(web, request, ctx, pool, client, query, "")
    visit.named, visit.begins_at = named, PATH
    return visit


async def entrance(web: "Web", request: Request) -> tuple[Pool, Client]:
    """The pool of the site, or of the client that is named, if it has anything to do with devices."""
    ctx, named = web.context(request), request.query.get("client_id")
    if "client_id" in request.query.repeated:
        raise Problem("invalid_request")
    if named is not None or request.site.pool_id is None:
        pool, client = await requests.client_of(ctx, request.site, named)
        if device_tickets.is_on(pool, client):
            return pool, client
        raise Problem("client_unknown", status=404)
    pool = await ctx.store.pools.get(request.site.pool_id)
    for client_id in tags.extended_clients(pool.document):
        on = tags.DEVICE in tags.client_options(pool.document, client_id)
        if on and await ctx.store.clients.exists(pool.pool_id, client_id):
            return pool, await ctx.store.clients.get(pool, client_id)
    raise Problem("client_unknown", status=404)


async def decided(visit: Visit, live: Live, ticket: device_tickets.Ticket, *, allowed: bool) -> Answer:
    """What the user said at the consent page, for the device to hear when it asks next."""
    ctx, pool = visit.ctx, visit.pool
    if allowed:
        grant = grants.granted_through(visit.wanted.authorization, live)
        done = await flow.approve(ctx, pool, ticket.device_hash, live, grant)
    else:
        done = await flow.deny(ctx, pool, ticket.device_hash)
    if not done:
        raise Problem("expired_token")
    return await visit.show("device_done.html", allowed=allowed)
