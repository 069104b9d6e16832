"""Setting up a second factor while signing in, where the pool insists on one and its user has none yet.

What can be set up, the engine says. Where that is more than one, the user chooses first, and may choose again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cenote.domain import mfa, totp
from cenote.domain.errors import CognitoError
from cenote.flows import sign_in, software_tokens
from cenote.flows.attempt import Door
from cenote.flows.challenges.mfa_setup import EMAIL, PHONE_NUMBER
from cenote.web.http import Answer
from cenote.web.pages import challenges, devices, fields, login
from cenote.web.pages.visits import Visit

CHALLENGE: Final = "MFA_SETUP"


@dataclass(frozen=True, slots=True)
class Contact:
    """A factor whose codes are sent: the member of the answer, the attribute that it fills, the title of its page."""

    member: str
    attribute: str
    title: str


CONTACTS: Final[Mapping[str, Contact]] = {
    mfa.EMAIL: Contact(EMAIL, "email", "Set up codes by e-mail"),
    mfa.SMS: Contact(PHONE_NUMBER, "phone_number", "Set up codes by text message"),
}


@dataclass(frozen=True, slots=True)
class SettingUp:
    """Where a user is in setting one up: `factor` is empty until one is chosen, `secret` the app's that waits."""

    username: str
    session: str
    available: tuple[str, ...]
    factor: str = ""
    secret: str = ""

    @property
    def data(self) -> dict[str, str]:
        return {
            "challenge": CHALLENGE,
            "username": self.username,
            "available": " ".join(self.available),
            "factor": self.factor,
            "secret": self.secret,
        }


async def asked(visit: Visit, username: str, session: str, can_set_up: Sequence[str]) -> Answer:
    """The first page: which factor, or the only one."""
    available = tuple(name for name in (mfa.TOTP, *CONTACTS) if name in can_set_up)
    if len(available) == 1:
        return await begun(visit, username, session, available, available[0])
    return await choice(visit, SettingUp(username, session, available))


async def choice(visit: Visit, at: SettingUp) -> Answer:
    options = [(name, challenges.FACTORS[name]) for name in at.available]
    return await shown(visit, "set_up.html", replace(at, factor="", secret=""), options=options)


async def begun(visit: Visit, username: str, session: str, available: tuple[str, ...], factor: str) -> Answer:
    if factor in CONTACTS:
        return await contact_form(visit, SettingUp(username, session, available, factor))
    try:
        secret, session = await software_tokens.associate_in_session(visit.ctx, session)
    except CognitoError as error:
        return await login.refused(visit, username, error)
    return await app_form(visit, SettingUp(username, session, available, factor, secret))


async def app_form(visit: Visit, at: SettingUp, *, error: str = "") -> Answer:
    """The secret as text, as a link and as a QR code, in the form that authenticator apps read."""
    uri = totp.uri(totp.secret_of(at.secret), at.username, visit.pool.document["Name"])
    return await shown(
        visit,
        "set_up_app.html",
        at,
        error=error,
        remember=devices.asks(visit.pool),
        secret=at.secret,
        uri=uri,
        qr=visit.web.rendering.qr_code(uri),
    )


async def contact_form(visit: Visit, at: SettingUp, *, value: str = "", error: str = "") -> Answer:
    contact = CONTACTS[at.factor]
    field = fields.of(contact.attribute, required=True, value=value)
    return await shown(visit, "set_up_contact.html", at, error=error, heading=contact.title, field=field)


async def shown(visit: Visit, template: str, at: SettingUp, *, error: str = "", **values: Any) -> Answer:
    return await visit.show(
        template,
        page=challenges.PAGE,
        data=at.data,
        session=at.session,
        error=error,
        faulty="answer",
        username=at.username,
        several=len(at.available) > 1,
        **values,
    )


async def here(visit: Visit, at: SettingUp, *, value: str = "", error: str = "") -> Answer:
    """The page of where the user is."""
    if not at.factor:
        return await choice(visit, at)
    if at.factor in CONTACTS:
        return await contact_form(visit, at, value=value, error=error)
    return await app_form(visit, at, error=error)


async def answered(visit: Visit, data: Mapping[str, str], session: str) -> Answer:
    """What is wrong with an answer is said on its page; what is over begins again."""
    given = visit.request.form
    at = SettingUp(
        data["username"], session, tuple(data["available"].split()), data["factor"], data["secret"]
    )
    if given.get("choice") == "other":
        return await choice(visit, at)
    if visit.chooses_language:
        return await here(visit, at)
    answer = given.get("answer", "")
    if not at.factor:
        if answer not in at.available:
            return await choice(visit, at)
        return await begun(visit, at.username, session, at.available, answer)
    if at.factor in CONTACTS:
        answer = fields.cleaned(CONTACTS[at.factor].attribute, answer)
        if not answer:
            return await contact_form(visit, at, error=fields.MISSING)
    try:
        outcome = await responded(visit, at, answer)
    except CognitoError as error:
        if challenges.is_over(error):
            return await login.refused(visit, at.username, error)
        return await here(visit, at, value=answer, error=error.message)
    return await login.went_on(visit, at.username, outcome)


async def responded(visit: Visit, at: SettingUp, answer: str) -> sign_in.Outcome:
    session, responses = at.session, {"USERNAME": at.username}
    if at.factor in CONTACTS:
        responses[CONTACTS[at.factor].member] = answer
    else:
        session = await software_tokens.verify_in_session(visit.ctx, session, answer, "")
    return await sign_in.respond(
        visit.ctx,
        visit.pool,
        visit.client,
        CHALLENGE,
        session,
        responses,
        {},
        Door.PAGES,
        devices.kept(visit.request, visit.pool),
    )
