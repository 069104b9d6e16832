"""Signing up: the form with what the pool asks for, and the code that confirms it."""

from collections.abc import Mapping
from typing import Any, Final

from cenote.domain import first_factors
from cenote.domain.errors import CognitoError, InvalidPassword, UsernameExists
from cenote.domain.sign_in import Flow
from cenote.flows import sign_in
from cenote.flows import sign_up as flow
from cenote.flows.attempt import Door
from cenote.web.http import Answer
from cenote.web.pages import fields, login
from cenote.web.pages.challenges import ATTRIBUTE, policy_of
from cenote.web.pages.visits import STALE, Visit, page

PAGE: Final = "signup"
CONFIRM: Final = "confirm"
# The field that an error is about, where there is one for sure.
FAULTY: Final[Mapping[type[CognitoError], str]] = {InvalidPassword: "password", UsernameExists: "username"}
# What is said of the name itself (`domain/usernames.py`), or of an address that is one.
OF_USERNAME: Final = frozenset(
    {
        "Username should be an email.",
        "Username should be a phone number.",
        "Username should be either an email or a phone number.",
        "Username cannot be of email format, since user pool is configured for email alias.",
        "Username cannot be of phone number format, since user pool is configured for phone number alias.",
        "An account with the given email already exists.",
        "An account with the given phone_number already exists.",
    }
)
TERMS: Final = {"terms-of-use": "Terms of use", "privacy-policy": "Privacy policy"}
# The languages of the pages as the model calls them in links (LanguageIdType).
TERMS_LANGUAGES: Final = {
    "en": "cognito:english",
    "de": "cognito:german",
    "es": "cognito:spanish",
    "fr": "cognito:french",
    "id": "cognito:bahasa-indonesia",
    "it": "cognito:italian",
    "ja": "cognito:japanese",
    "ko": "cognito:korean",
    "pt-BR": "cognito:portuguese-brazil",
    "tr": "cognito:default",
    "zh-CN": "cognito:chinese-simplified",
    "zh-TW": "cognito:chinese-traditional",
}


@page
async def shown(visit: Visit) -> Answer:
    return await form(visit)


async def form(
    visit: Visit, *, given: dict[str, str] | None = None, error: str = "", faulty: str = ""
) -> Answer:
    if not flow.is_open(visit.pool):
        return await login.form(visit, error="Signing up is not open here.")
    given = given or {}
    return await visit.show(
        "sign_up.html",
        page=PAGE,
        error=error,
        faulty=faulty,
        username=given.get("username", ""),
        signs_in_by="+".join(sorted(visit.pool.document.get("UsernameAttributes", ()))) or "username",
        fields=fields.of_pool(visit.pool, given, visit.texts.language),
        policy=policy_of(visit.pool),
        password_optional=first_factors.has_codes(visit.pool.document),
        terms=await terms(visit),
    )


def name_of(visit: Visit, given: Mapping[str, str]) -> str:
    """The name that was typed; a phone number without what people write between its digits."""
    by_number = "phone_number" in visit.pool.document.get("UsernameAttributes", ())
    return fields.cleaned("phone_number" if by_number else "username", given.get("username", ""))


async def terms(visit: Visit) -> list[tuple[str, str]]:
    """What a user agrees to by signing up: names and addresses, in the language of the page where there is one."""
    documents = await visit.ctx.store.terms.of_client(visit.pool.pool_id, visit.client.client_id)
    language = TERMS_LANGUAGES[visit.texts.language]
    links = [(TERMS[document.name], document.link(language)) for document in documents]
    return [(label, address) for label, address in links if address is not None]


@page
async def posted(visit: Visit) -> Answer:
    given = dict(visit.request.form)
    typed = {
        name.removeprefix(ATTRIBUTE): fields.cleaned(name.removeprefix(ATTRIBUTE), value)
        for name, value in given.items()
        if name.startswith(ATTRIBUTE)
    }
    asked = fields.of_pool(visit.pool, typed, visit.texts.language)
    typed = {field.name: field.value for field in asked if field.value}
    username = name_of(visit, given)
    again: dict[str, str] = {**typed, "username": username}
    if visit.form(PAGE) is None:
        return await form(visit, given=again, error=STALE)
    if not username:
        return await form(visit, given=again, error="Enter your user name.", faulty="username")
    if not fields.is_name(username):
        return await form(visit, given=again, error=fields.SPACES, faulty="username")
    for number, field in enumerate(asked, 1):
        if field.required and not field.value:
            return await form(visit, given=again, error=fields.MISSING, faulty=f"attribute-{number}")
    try:
        signed_up = await flow.register(
            visit.ctx,
            visit.pool,
            visit.client,
            username,
            given.get("password", ""),
            typed,
            validation={},
            metadata={},
        )
    except CognitoError as error:
        faulty = fields.faulty(error.message, asked)
        if not faulty and (type(error) in FAULTY or error.message in OF_USERNAME):
            faulty = FAULTY.get(type(error), "username")
        return await form(visit, given=again, error=error.message, faulty=faulty)
    if signed_up.confirmed:
        return await login.form(visit, username=username, notice="Your account is ready. Sign in.")
    details: Any = signed_up.details or {}
    return await confirmation(
        visit, username, destination=details.get("Destination", ""), session=signed_up.session
    )


async def confirmation(
    visit: Visit,
    username: str,
    *,
    destination: str = "",
    session: str | None = None,
    error: str = "",
    faulty: str = "answer",
    notice: str = "",
) -> Answer:
    data = {"username": username, "destination": destination}
    return await visit.show(
        "confirm.html",
        page=CONFIRM,
        data=data,
        session=session or "",
        error=error,
        faulty=faulty,
        notice=notice,
        username=username,
        destination=destination,
    )


@page
async def confirm_shown(visit: Visit) -> Answer:
    """Where a user comes with a code and nothing else."""
    return await confirmation(visit, visit.wanted.login_hint)


@page
async def resent(visit: Visit) -> Answer:
    given, kept = visit.request.form, visit.form(CONFIRM)
    if kept is None:
        return await confirmation(visit, "", error=STALE, faulty="")
    username, session = kept.data["username"], given.get("session")
    try:
        details: Any = await flow.resend(visit.ctx, visit.pool, visit.client, username, metadata={})
    except CognitoError as error:
        destination = kept.data["destination"]
        return await confirmation(
            visit, username, destination=destination, session=session, error=error.message
        )
    destination, notice = details["Destination"], "We sent you a new code."
    return await confirmation(visit, username, destination=destination, session=session, notice=notice)


@page
async def confirmed(visit: Visit) -> Answer:
    """Confirms the user, and signs them in at once where the client's flows let the code stand for that."""
    given, kept = visit.request.form, visit.form(CONFIRM)
    if kept is None:
        return await confirmation(visit, given.get("username", ""), error=STALE, faulty="")
    username = kept.data.get("username") or given.get("username", "")
    destination, session = kept.data.get("destination", ""), given.get("session")
    if visit.chooses_language:
        return await confirmation(visit, username, destination=destination, session=session)
    try:
        signing_in = await flow.confirm(
            visit.ctx, visit.pool, visit.client, username, given.get("answer", ""), signed_up=session
        )
    except CognitoError as error:
        return await confirmation(
            visit, username, destination=destination, session=session, error=visit.told(error)
        )
    if signing_in is None:
        return await login.form(visit, username=username, notice="Your account is ready. Sign in.")
    try:
        outcome = await sign_in.initiate(
            visit.ctx,
            visit.pool,
            visit.client,
            Flow.USER_AUTH,
            {"USERNAME": username},
            {},
            session=signing_in,
            door=Door.PAGES,
        )
    except CognitoError as error:
        return await login.form(visit, username=username, error=error.message)
    return await login.went_on(visit, username, outcome)
