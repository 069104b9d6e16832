"""What links in mails lead to: the confirmation of a sign-up, and what its user says of a risky sign-in.

Cognito acts on GET. Mail scanners fetch what they find in a mail, so here GET asks and POST acts (SECURITY.md case
51). What the link carries is what authorises, from whichever browser: no cookie is involved that a foreign page could
ride on.
"""

from typing import TYPE_CHECKING, Final

from cenote.domain.errors import CognitoError
from cenote.domain.risk import ONE_CLICK
from cenote.flows import risk_notices, sign_up
from cenote.web.http import Answer, Request
from cenote.web.oauth import requests
from cenote.web.pages import visits
from cenote.web.pages.visits import Visit
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web

CONFIRMATION: Final = ("client_id", "user_name", "confirmation_code")
FEEDBACK: Final = ("client_id", "user_name", "event_id", "feedback_token", "feedback_value")
# As long as the longest members of ConfirmSignUp and UpdateAuthEventFeedback.
LONGEST: Final = 2048


async def confirmation_shown(web: "Web", request: Request) -> Answer:
    visit = await begun(web, request, CONFIRMATION)
    return await visit.show("confirm_link.html", done=False)


async def confirmed(web: "Web", request: Request) -> Answer:
    """Confirms the user as ConfirmSignUp does, and says what came of it."""
    visit, given = await begun(web, request, CONFIRMATION), request.query
    try:
        await sign_up.confirm(
            visit.ctx, visit.pool, visit.client, given["user_name"], given["confirmation_code"]
        )
    except CognitoError as error:
        return await visit.show("confirm_link.html", done=False, error=visit.told(error))
    return await visit.show("confirm_link.html", done=True)


async def feedback_shown(web: "Web", request: Request) -> Answer:
    visit = await begun(web, request, FEEDBACK)
    return await visit.show("feedback_link.html", said=request.query["feedback_value"], done=False)


async def feedback_given(web: "Web", request: Request) -> Answer:
    """Keeps what the link says of its sign-in, as UpdateAuthEventFeedback does."""
    visit, given = await begun(web, request, FEEDBACK), request.query
    said = given["feedback_value"]
    try:
        await risk_notices.answered(
            visit.ctx, visit.pool, given["user_name"], given["event_id"], given["feedback_token"], said
        )
    except CognitoError:
        return await visit.show("feedback_link.html", said=said, done=False, error="This link is not valid.")
    return await visit.show("feedback_link.html", said=said, done=True)


async def begun(web: "Web", request: Request, fields: tuple[str, ...]) -> Visit:
    """The visit of a link with all of these, in the look of its client."""
    given = request.query
    if any(not 0 < len(given.get(name, "")) <= LONGEST or name in given.repeated for name in fields):
        raise Problem("link_incomplete")
    if given.get("feedback_value", "Valid") not in ONE_CLICK.values():
        raise Problem("link_incomplete")
    ctx = web.context(request)
    pool, client = await requests.client_of(ctx, request.site, given["client_id"])
    visit = visits.begun(web, request, ctx, pool, client, request.query_string, "")
    visit.begins_at = request.path
    return visit
