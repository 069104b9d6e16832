"""Forgotten passwords: a code asked for, and traded for a new password."""

from typing import Any, Final

from cenote.domain.errors import CognitoError
from cenote.flows import forgot_password as flow
from cenote.web.http import Answer
from cenote.web.pages import login, sign_up
from cenote.web.pages.challenges import PASSWORD_ERRORS, policy_of
from cenote.web.pages.visits import STALE, Visit, page

PAGE: Final = "forgot"
RESET: Final = "reset"


@page
async def shown(visit: Visit) -> Answer:
    return await form(visit, username=visit.wanted.login_hint)


async def form(visit: Visit, *, username: str = "", error: str = "", faulty: str = "username") -> Answer:
    return await visit.show(
        "forgot_password.html",
        page=PAGE,
        error=error,
        faulty=faulty,
        username=username,
        signs_in_by=login.kinds(visit.pool),
    )


@page
async def posted(visit: Visit) -> Answer:
    """What follows looks the same whether or not somebody has the name, where the client wants that (case 37)."""
    username = sign_up.name_of(visit, visit.request.form)
    if visit.form(PAGE) is None:
        return await form(visit, username=username, error=STALE, faulty="")
    if not username:
        return await form(visit, error="Enter your user name.")
    try:
        details: Any = await flow.ask(visit.ctx, visit.pool, visit.client, username, metadata={})
    except CognitoError as error:
        return await form(visit, username=username, error=error.message)
    return await reset_form(visit, username, details["Destination"])


async def reset_form(
    visit: Visit,
    username: str,
    destination: str,
    *,
    error: str = "",
    faulty: str = "answer",
    notice: str = "",
) -> Answer:
    return await visit.show(
        "reset_password.html",
        page=RESET,
        data={"username": username, "destination": destination},
        error=error,
        faulty=faulty,
        notice=notice,
        username=username,
        destination=destination,
        policy=policy_of(visit.pool),
    )


@page
async def reset(visit: Visit) -> Answer:
    given, kept = visit.request.form, visit.form(RESET)
    if kept is None:
        return await form(visit, error=STALE, faulty="")
    username, destination = kept.data["username"], kept.data["destination"]
    if visit.chooses_language:
        return await reset_form(visit, username, destination)
    try:
        if given.get("choice") == "resend":
            details: Any = await flow.ask(visit.ctx, visit.pool, visit.client, username, metadata={})
            return await reset_form(visit, username, details["Destination"], notice="We sent you a new code.")
        await flow.answer(
            visit.ctx,
            visit.pool,
            visit.client,
            username,
            given.get("answer", ""),
            given.get("password", ""),
            metadata={},
        )
    except CognitoError as error:
        faulty = "password" if isinstance(error, PASSWORD_ERRORS) else "answer"
        return await reset_form(visit, username, destination, error=visit.told(error), faulty=faulty)
    return await login.form(visit, username=username, notice="Your password was changed. Sign in.")
