"""Signing in: the page, and what follows once the engine knows its user."""

from cenote.domain import browser_sessions as session_rules
from cenote.domain import first_factors
from cenote.domain.clients import auth_flows
from cenote.domain.errors import CognitoError, PasswordResetRequired, UserNotConfirmed
from cenote.domain.oauth import OAuthError
from cenote.domain.sign_in import Flow, allows_flow
from cenote.flows import browser_sessions, sign_in, usernameless
from cenote.flows import sign_up as sign_up_flow
from cenote.flows.attempt import Door
from cenote.flows.browser_sessions import Live
from cenote.store.pools import Pool
from cenote.web.http import Answer, cookie, redirect
from cenote.web.oauth import authorize
from cenote.web.oauth.requests import Redirected
from cenote.web.pages import challenges, devices, forgot_password, passkeys, sign_up
from cenote.web.pages.visits import STALE, Visit, page

PAGE = "login"


def is_choice_based(visit: Visit) -> bool:
    """Whether the client lets users choose how to sign in, and there is a choice."""
    offered = first_factors.allowed(visit.pool.document)
    return allows_flow(auth_flows(visit.client.document), Flow.USER_AUTH) and len(offered) > 1


@page
async def shown(visit: Visit) -> Answer:
    """Who is known in this browser is asked whether to go on as that user."""
    live = await visit.live()
    if live is not None and await visit.lets_on(live):
        return await accounts(visit, live)
    return await form(visit)


@page
async def again(visit: Visit) -> Answer:
    """Where a page that only follows another is asked for by its address, the way begins anew."""
    return redirect(f"/login?{visit.query}")


async def form(
    visit: Visit, *, username: str = "", error: str = "", faulty: str = "", notice: str = ""
) -> Answer:
    asked = None
    if takes_any_passkey(visit):
        asked = await usernameless.ask(visit.ctx, visit.pool, visit.client)
    return await visit.show(
        "sign_in.html",
        page=PAGE,
        session="" if asked is None else asked.session or "",
        error=error,
        faulty=faulty,
        notice=notice,
        username=username or visit.wanted.login_hint,
        with_password=not is_choice_based(visit),
        passkey="" if asked is None else asked.parameters["CREDENTIAL_REQUEST_OPTIONS"],
        signs_in_by=kinds(visit.pool),
        can_sign_up=sign_up_flow.is_open(visit.pool),
    )


def takes_any_passkey(visit: Visit) -> bool:
    """Whether a passkey that the browser offers by itself signs its user in, without a name."""
    return is_choice_based(visit) and usernameless.is_possible(visit.pool)


def kinds(pool: Pool) -> str:
    """What users of the pool type to say who they are: the label of the field."""
    document = pool.document
    names = [*document.get("UsernameAttributes", ())]
    if not names:
        aliases = document.get("AliasAttributes", ())
        names = ["username", *(name for name in ("email", "phone_number") if name in aliases)]
    return "+".join(sorted(names))


@page
async def posted(visit: Visit) -> Answer:
    given = visit.request.form
    username = sign_up.name_of(visit, given)
    if visit.form(PAGE) is None:
        return await form(visit, username=username, error=STALE)
    if "answer" in given and takes_any_passkey(visit):
        return await passkey_given(visit, given.get("session", ""), given["answer"])
    if not username:
        return await form(visit, error="Enter your user name.", faulty="username")
    parameters = {"USERNAME": username}
    flow = Flow.USER_AUTH
    if not is_choice_based(visit):
        flow = Flow.USER_PASSWORD_AUTH
        if "password" not in given:
            return await form(visit, username=username, error="Enter your password.", faulty="password")
        parameters["PASSWORD"] = given["password"]
    try:
        outcome = await sign_in.initiate(
            visit.ctx,
            visit.pool,
            visit.client,
            flow,
            parameters,
            {},
            door=Door.PAGES,
            kept_devices=devices.kept(visit.request, visit.pool),
        )
    except CognitoError as error:
        faulty = "password" if flow is Flow.USER_PASSWORD_AUTH else "username"
        return await refused(visit, username, error, faulty=faulty)
    return await went_on(visit, username, outcome)


async def refused(visit: Visit, username: str, error: CognitoError, *, faulty: str = "") -> Answer:
    """Where a sign-in that failed leads: to what its user has to do first, or to its beginning."""
    if isinstance(error, UserNotConfirmed):
        notice = "Confirm your account with the code that we sent you."
        return await sign_up.confirmation(visit, username, notice=notice)
    if isinstance(error, PasswordResetRequired):
        return await forgot_password.form(visit, username=username, error=error.message, faulty="")
    return await form(visit, username=username, error=error.message, faulty=faulty)


async def passkey_given(visit: Visit, session: str, credential: str) -> Answer:
    try:
        username, outcome = await usernameless.answer(
            visit.ctx, visit.pool, visit.client, session, credential
        )
    except CognitoError as error:
        return await form(visit, error=error.message)
    return await went_on(visit, username, outcome)


async def went_on(visit: Visit, username: str, outcome: sign_in.Outcome) -> Answer:
    """The next question of the engine, or the way on for who has answered them all."""
    if isinstance(outcome, sign_in.Asking):
        return await challenges.asked(visit, username, outcome)
    if not isinstance(outcome, sign_in.Recognised):
        raise TypeError("a sign-in on the pages ends with a browser session")
    secure = visit.request.site.secure
    name = browser_sessions.cookie_name(visit.pool.pool_id, secure=secure)
    seconds = session_rules.LIFETIME // 1000
    visit.cookies.append(cookie(name, outcome.cookie, secure=secure, max_age=seconds))
    live = Live(outcome.session, outcome.user)
    if not await authorize.is_meant(visit.ctx, visit.wanted, live):
        raise Redirected(visit.wanted, OAuthError("login_required", "somebody else has signed in"))
    await devices.remember(visit, outcome)
    if await passkeys.should_be_offered(visit, live):
        return visit.leave("/passkeys/add", live)
    return await entered(visit, live)


async def entered(visit: Visit, live: Live) -> Answer:
    """Back to the client, unless its user is asked for consent. Only for a session that `lets_on`."""
    if visit.wanted.asks_consent:
        return visit.leave("/consent", live)
    return visit.kept(await authorize.finished(visit.ctx, visit.web, visit.request, visit.wanted, live))


ACCOUNT = "account"


async def accounts(visit: Visit, live: Live, *, error: str = "") -> Answer:
    return await visit.show("account.html", page=ACCOUNT, error=error, name=display_name(live))


def display_name(live: Live) -> str:
    attributes = live.user.attributes
    return attributes.get("email") or attributes.get("phone_number") or live.user.username


@page
async def account_shown(visit: Visit) -> Answer:
    live = await visit.live()
    return await form(visit) if live is None else await accounts(visit, live)


@page
async def account_chosen(visit: Visit) -> Answer:
    """On as the user who is known here, if the client's request lets that do."""
    live = await visit.live()
    if live is None or visit.request.form.get("choice") != "continue":
        return await form(visit)
    if visit.form(ACCOUNT) is None:
        return await accounts(visit, live, error=STALE)
    if not await visit.lets_on(live):
        return await form(visit, username=live.user.username)
    return await entered(visit, live)
