"""The engine's questions, each as a page, and the answers to them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cenote.domain import mfa
from cenote.domain import passwords as password_rules
from cenote.domain.errors import (
    CognitoError,
    InvalidPassword,
    PasswordHistoryPolicyViolation,
    PasswordResetRequired,
    UserNotConfirmed,
)
from cenote.domain.sign_in import Flow
from cenote.flows import passwords, sign_in
from cenote.flows.attempt import Door
from cenote.store.pools import Pool
from cenote.web.http import Answer, Parameters
from cenote.web.pages import devices, fields, login, mfa_setup
from cenote.web.pages.visits import LONGEST, STALE, Visit, page
from cenote.web.problems import Problem

PAGE: Final = "challenge"
# Errors after which the same question cannot be answered any more.
OVER: Final = "Invalid session for the user"
# The questions of a sign-in by choice.
FIRST: Final = frozenset({"SELECT_CHALLENGE", "PASSWORD", "WEB_AUTHN"})
# Those of them whose codes are sent: as first factors, once more for who asks.
SENT: Final = frozenset({"EMAIL_OTP", "SMS_OTP"})
PASSWORD_ERRORS: Final = (InvalidPassword, PasswordHistoryPolicyViolation)
FACTORS: Final = {
    "PASSWORD": "Password",
    "PASSWORD_SRP": "Password",
    "EMAIL_OTP": "A code by e-mail",
    "SMS_OTP": "A code by text message",
    "WEB_AUTHN": "Passkey",
    "SMS_MFA": "A code by text message",
    "SOFTWARE_TOKEN_MFA": "Authenticator app",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A challenge on a page: its template, and the member of the answer that the field `answer` becomes."""

    template: str
    member: str


QUESTIONS: Final[Mapping[str, Question]] = {
    "SELECT_CHALLENGE": Question("choose.html", "ANSWER"),
    "PASSWORD": Question("password.html", "PASSWORD"),
    "EMAIL_OTP": Question("code.html", "EMAIL_OTP_CODE"),
    "SMS_OTP": Question("code.html", "SMS_OTP_CODE"),
    "SMS_MFA": Question("code.html", "SMS_MFA_CODE"),
    "SOFTWARE_TOKEN_MFA": Question("code.html", "SOFTWARE_TOKEN_MFA_CODE"),
    "SELECT_MFA_TYPE": Question("choose.html", "ANSWER"),
    "WEB_AUTHN": Question("passkey.html", "CREDENTIAL"),
    "NEW_PASSWORD_REQUIRED": Question("new_password.html", "NEW_PASSWORD"),
}


async def asked(
    visit: Visit, username: str, outcome: sign_in.Asking, *, error: str = "", notice: str = ""
) -> Answer:
    """The page of a question that the engine has just asked; with `error` or `notice`, once more."""
    parameters = dict(outcome.parameters)
    session = outcome.session or ""
    if outcome.challenge == mfa_setup.CHALLENGE:
        can_set_up = json.loads(parameters.get("MFAS_CAN_SETUP", "[]"))
        return await mfa_setup.asked(visit, username, session, can_set_up)
    if outcome.available:
        parameters["available"] = " ".join(outcome.available)
    return await question(visit, username, outcome.challenge, session, parameters, error=error, notice=notice)


async def question(
    visit: Visit,
    username: str,
    challenge: str,
    session: str,
    parameters: Mapping[str, str],
    *,
    error: str = "",
    faulty: str | None = None,
    notice: str = "",
) -> Answer:
    """`faulty` is the field that the error is about, by default the one that was asked for."""
    known = QUESTIONS.get(challenge)
    if known is None:
        return await login.form(
            visit, username=username, error="This way of signing in does not work on this page."
        )
    kept = {name: parameters[name] for name in CARRIED if name in parameters}
    data = {"challenge": challenge, "username": username, **kept}
    choices = factors(visit.pool, kept)["options"]
    return await visit.show(
        known.template,
        page=PAGE,
        data=data,
        session=session,
        error=error,
        faulty=FIELDS.get(known.member, "") if faulty is None else faulty,
        notice=notice,
        challenge=challenge,
        username=username,
        several=len(choices) > 1,
        resends=bool(choices) and challenge in SENT,
        **VALUES.get(challenge, nothing)(visit.pool, parameters),
    )


# The field that each answer is typed into, by its member; others are not typed.
FIELDS: Final[Mapping[str, str]] = {
    "PASSWORD": "password",
    "NEW_PASSWORD": "password",
    **dict.fromkeys(("EMAIL_OTP_CODE", "SMS_OTP_CODE", "SMS_MFA_CODE", "SOFTWARE_TOKEN_MFA_CODE"), "answer"),
}
PASSWORDS: Final = frozenset({"PASSWORD", "NEW_PASSWORD"})
ATTRIBUTE: Final = "attribute."
# What of a question's parameters its page needs when it is shown again.
CARRIED: Final = (
    "available",
    "CODE_DELIVERY_DESTINATION",
    "MFAS_CAN_CHOOSE",
    "requiredAttributes",
)


def nothing(_pool: Pool, _parameters: Mapping[str, str]) -> dict[str, Any]:
    return {}


def factors(_pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    """SRP is for apps: on a page it is the password."""
    names = [name for name in parameters.get("available", "").split() if name != "PASSWORD_SRP"]
    return {"options": [(name, FACTORS.get(name, name)) for name in names]}


def second_factors(_pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    names = json.loads(parameters.get("MFAS_CAN_CHOOSE", "[]"))
    return {"options": [(name, FACTORS.get(name, name)) for name in names]}


def code(pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    return {
        "destination": parameters.get("CODE_DELIVERY_DESTINATION", ""),
        "remember": devices.asks(pool) and mfa.is_on(pool.document),
    }


def passkey(_pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    return {"options": parameters.get("CREDENTIAL_REQUEST_OPTIONS", "{}")}


def new_password(pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    wanted = [
        fields.of(name, required=True, value=parameters.get(ATTRIBUTE + name, ""))
        for name in missing(parameters)
    ]
    return {"policy": policy_of(pool), "fields": wanted}


def missing(parameters: Mapping[str, str]) -> list[str]:
    """The attributes that a user still has to give, beside a new password."""
    names = json.loads(parameters.get("requiredAttributes", "[]"))
    return [name.removeprefix("userAttributes.") for name in names]


VALUES: Final[Mapping[str, Callable[[Pool, Mapping[str, str]], dict[str, Any]]]] = {
    "SELECT_CHALLENGE": factors,
    "SELECT_MFA_TYPE": second_factors,
    "EMAIL_OTP": code,
    "SMS_OTP": code,
    "SMS_MFA": code,
    "SOFTWARE_TOKEN_MFA": code,
    "WEB_AUTHN": passkey,
    "NEW_PASSWORD_REQUIRED": new_password,
}


def policy_of(pool: Pool) -> password_rules.Policy:
    return passwords.policy_of(pool)


def is_over(error: CognitoError) -> bool:
    """Whether nothing can be answered any more after this error."""
    return error.message.startswith(OVER)


@page
async def answered(visit: Visit) -> Answer:
    """Whatever is wrong with an answer, the engine says it; a question that is over begins again."""
    given, form = visit.request.form, visit.form(PAGE)
    if form is None:
        return await login.form(visit, error=STALE)
    challenge, username, session = form.data["challenge"], form.data["username"], given.get("session", "")
    if challenge == mfa_setup.CHALLENGE:
        return await mfa_setup.answered(visit, form.data, session)
    if visit.chooses_language:
        if challenge == "WEB_AUTHN":  # anew: what a passkey is to sign is in nobody's form
            return await anew(visit, username, challenge)
        return await question(visit, username, challenge, session, form.data)
    if "available" in form.data and given.get("choice") == "other":
        return await anew(visit, username)
    if "available" in form.data and challenge in SENT and given.get("choice") == "resend":
        return await anew(visit, username, challenge, notice="We sent you a new code.")
    kept = {**form.data, **typed(given)}
    for number, name in enumerate(missing(form.data), 1):
        if not kept.get(ATTRIBUTE + name):
            return await question(
                visit, username, challenge, session, kept, error=fields.MISSING, faulty=f"attribute-{number}"
            )
    try:
        outcome = await sign_in.respond(
            visit.ctx,
            visit.pool,
            visit.client,
            challenge,
            session,
            {"USERNAME": username, **responses(challenge, given)},
            {},
            Door.PAGES,
            devices.kept(visit.request, visit.pool),
        )
    except CognitoError as error:
        if is_over(error) or isinstance(error, (PasswordResetRequired, UserNotConfirmed)):
            return await login.refused(visit, username, error)
        if challenge in FIRST:
            return await again(visit, username, challenge, error)
        faulty = None
        if challenge == "NEW_PASSWORD_REQUIRED" and not isinstance(error, PASSWORD_ERRORS):
            asked_for = [fields.of(name, required=True) for name in missing(form.data)]
            faulty = fields.faulty(error.message, asked_for)
        return await question(visit, username, challenge, session, kept, error=error.message, faulty=faulty)
    return await login.went_on(visit, username, outcome)


async def again(visit: Visit, username: str, challenge: str, error: CognitoError) -> Answer:
    """A wrong first factor uses its question up, so that it is asked anew; after a passkey's, any may be chosen."""
    preferred = challenge if challenge == "PASSWORD" else ""
    return await anew(visit, username, preferred, error=error.message)


async def anew(
    visit: Visit, username: str, preferred: str = "", *, error: str = "", notice: str = ""
) -> Answer:
    """Asks for a first factor once more: for the one that is preferred, or for any."""
    parameters = {"USERNAME": username} | ({"PREFERRED_CHALLENGE": preferred} if preferred else {})
    try:
        outcome = await sign_in.initiate(
            visit.ctx,
            visit.pool,
            visit.client,
            Flow.USER_AUTH,
            parameters,
            {},
            door=Door.PAGES,
            kept_devices=devices.kept(visit.request, visit.pool),
        )
    except CognitoError as refusal:
        return await login.refused(visit, username, refusal)
    if not isinstance(outcome, sign_in.Asking):
        raise TypeError("a sign-in begins with a question")
    return await asked(visit, username, outcome, error=error, notice=notice)


def typed(given: Parameters) -> dict[str, str]:
    """The attributes of a posted form, by the names of their fields."""
    return {
        name: fields.cleaned(name.removeprefix(ATTRIBUTE), value)
        for name, value in given.items()
        if name.startswith(ATTRIBUTE)
    }


def responses(challenge: str, given: Parameters) -> dict[str, str]:
    """The ChallengeResponses of a posted form."""
    member, answer = QUESTIONS[challenge].member, given.get("answer", "")
    if member in PASSWORDS and len(answer) > LONGEST["password"]:
        raise Problem("invalid_request")
    found = {member: answer}
    if challenge == "NEW_PASSWORD_REQUIRED":
        found |= {
            f"userAttributes.{name.removeprefix(ATTRIBUTE)}": value for name, value in typed(given).items()
        }
    return {name: value for name, value in found.items() if value}
