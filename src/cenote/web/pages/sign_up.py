"""Signing up: the form with what the pool asks for, and the code that confirms it."""

from dataclasses import dataclass
from typing import Any, Final

from cenote.domain import attributes as attribute_rules
from cenote.domain import first_factors
from cenote.domain.errors import CognitoError
from cenote.domain.sign_in import Flow
from cenote.flows import sign_in
from cenote.flows import sign_up as flow
from cenote.flows.attempt import Door
from cenote.store.pools import Pool
from cenote.web.http import Answer
from cenote.web.pages import login
from cenote.web.pages.challenges import policy_of
from cenote.web.pages.visits import STALE, Visit, page

PAGE: Final = "signup"
CONFIRM: Final = "confirm"
LABELS: Final = {
    "email": "E-mail address",
    "phone_number": "Phone number",
    "name": "Name",
    "given_name": "Given name",
    "family_name": "Family name",
    "middle_name": "Middle name",
    "nickname": "Nickname",
    "preferred_username": "Preferred user name",
    "birthdate": "Date of birth",
    "address": "Address",
    "gender": "Gender",
    "locale": "Language",
    "zoneinfo": "Time zone",
    "website": "Website",
    "profile": "Profile page",
    "picture": "Picture",
    "updated_at": "Updated at",
}
TYPES: Final = {"email": "email", "phone_number": "tel", "birthdate": "date", "website": "url"}
COMPLETE: Final = {
    "email": "email", "phone_number": "tel", "name": "name", "given_name": "given-name",
    "family_name": "family-name", "middle_name": "additional-name", "nickname": "nickname",
    "birthdate": "bday", "address": "street-address", "website": "url",
}  # fmt: skip

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


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute to fill in, as HTML wants it."""

    name: str
    label: str
    type: str
    autocomplete: str
    required: bool
    value: str


def fields(pool: Pool, given: dict[str, str]) -> list[Field]:
    """What the pool requires, and the address or number that its users are found or verified by."""
    document = pool.document
    required = set(attribute_rules.required(document["SchemaAttributes"])) - {"sub"}
    by = set(document.get("UsernameAttributes", ()))
    wanted = required | set(document.get("AutoVerifiedAttributes", ()))
    # The name that users sign in by is asked for first, in a field of its own.
    names = [name for name in (*LABELS, *sorted(wanted - set(LABELS))) if name in wanted and by != {name}]
    return [
        Field(
            name,
            LABELS.get(name, name.removeprefix("custom:")),
            TYPES.get(name, "text"),
            COMPLETE.get(name, "off"),
            name in required,
            given.get(name, ""),
        )
        for name in names
    ]


@page
async def shown(visit: Visit) -> Answer:
    return await form(visit)


async def form(visit: Visit, *, given: dict[str, str] | None = None, error: str = "") -> Answer:
    if not flow.is_open(visit.pool):
        return await login.form(visit, error="Signing up is not open here.")
    given = given or {}
    return await visit.show(
        "sign_up.html",
        page=PAGE,
        error=error,
        username=given.get("username", ""),
        signs_in_by="+".join(sorted(visit.pool.document.get("UsernameAttributes", ()))) or "username",
        fields=fields(visit.pool, given),
        policy=policy_of(visit.pool),
        password_optional=first_factors.has_codes(visit.pool.document),
        terms=await terms(visit),
    )


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
        name.removeprefix("attribute."): value
        for name, value in given.items()
        if name.startswith("attribute.")
    }
    typed = {
        name: value
        for name, value in typed.items()
        if name in {field.name for field in fields(visit.pool, {})}
    }
    username = given.get("username", "")
    again: dict[str, str] = {**typed, "username": username}
    if visit.form(PAGE) is None:
        return await form(visit, given=again, error=STALE)
    if not username:
        return await form(visit, given=again, error="Enter your user name.")
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
        return await form(visit, given=again, error=error.message)
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
    notice: str = "",
) -> Answer:
    data = {"username": username, "destination": destination}
    return await visit.show(
        "confirm.html",
        page=CONFIRM,
        data=data,
        session=session or "",
        error=error,
        notice=notice,
        username=username,
        destination=destination,
    )


@page
async def confirm_shown(visit: Visit) -> Answer:
    """Where a user comes with a code and nothing else."""
    return await confirmation(visit, visit.wanted.login_hint)


@page
async def confirmed(visit: Visit) -> Answer:
    """Confirms the user, and signs them in at once where the client's flows let the code stand for that."""
    given, kept = visit.request.form, visit.form(CONFIRM)
    if kept is None:
        return await confirmation(visit, given.get("username", ""), error=STALE)
    username = kept.data.get("username") or given.get("username", "")
    destination, session = kept.data.get("destination", ""), given.get("session")
    try:
        if given.get("choice") == "resend":
            details: Any = await flow.resend(visit.ctx, visit.pool, visit.client, username, metadata={})
            return await confirmation(
                visit,
                username,
                destination=details["Destination"],
                session=session,
                notice="We sent you a new code.",
            )
        signing_in = await flow.confirm(
            visit.ctx, visit.pool, visit.client, username, given.get("answer", ""), signed_up=session
        )
    except CognitoError as error:
        return await confirmation(
            visit, username, destination=destination, session=session, error=error.message
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
