"""Adding a passkey: offered after a sign-in to who has none, and to who asks for it."""

import msgspec

from cenote.domain import first_factors
from cenote.domain import passkeys as rules
from cenote.domain.errors import CognitoError
from cenote.domain.sign_in import Proof
from cenote.flows import passkeys as flow
from cenote.flows.browser_sessions import Live
from cenote.web.http import Answer
from cenote.web.pages import login
from cenote.web.pages.visits import STALE, Visit, page

PAGE = "add passkey"


async def should_be_offered(visit: Visit, live: Live) -> bool:
    """Whether the user could sign in by a passkey here, has none, and did not come with one."""
    document = visit.pool.document
    if not login.is_choice_based(visit) or "WEB_AUTHN" not in first_factors.allowed(document):
        return False
    if rules.relying_party(document) is None or Proof.PASSKEY in live.session.amr:
        return False
    return not await visit.ctx.store.passkeys.of_user(visit.pool, live.user.sub)


@page
async def shown(visit: Visit) -> Answer:
    live = await visit.live()
    if live is None or not await visit.lets_on(live):
        return await login.form(visit)
    return await offered(visit, live)


async def offered(visit: Visit, live: Live, *, error: str = "") -> Answer:
    """The page, for a session that may go on; on at once where the user can have no more passkeys."""
    try:
        options = await flow.offer(visit.ctx, visit.pool, live.user, visit.client.client_id)
    except CognitoError:
        return await login.entered(visit, live)
    return await visit.show(
        "add_passkey.html",
        page=PAGE,
        data=visit.bound_to(live),
        error=error,
        name=login.display_name(live),
        options=msgspec.json.encode(options).decode(),
    )


@page
async def posted(visit: Visit) -> Answer:
    """The form is given only to a session that may go on with this request; it is good for no other of either."""
    live, kept = await visit.live(), visit.form(PAGE)
    if live is None or kept is None or kept.data != visit.bound_to(live):
        return await login.form(visit, error=STALE)
    given = visit.request.form
    if given.get("choice") != "skip":
        try:
            credential = msgspec.json.decode(given.get("answer", ""))
            await flow.register(visit.ctx, visit.pool, live.user.sub, visit.client.client_id, credential)
        except (CognitoError, msgspec.DecodeError, RecursionError):
            return await offered(visit, live, error="That did not work. Please try again.")
    return await login.entered(visit, live)
