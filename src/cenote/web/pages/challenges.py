"""The engine's questions, each as a page, and the answers to them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from cenote.domain import mfa
from cenote.domain import passwords as password_rules
from cenote.domain.errors import CognitoError, EnableSoftwareTokenMFA, PasswordResetRequired
from cenote.flows import passwords, sign_in, software_tokens
from cenote.flows.attempt import Door
from cenote.store.pools import Pool
from cenote.web.http import Answer, Parameters
from cenote.web.pages import devices, fields, login
from cenote.web.pages.visits import LONGEST, STALE, Visit, page
from cenote.web.problems import Problem

PAGE: Final = "challenge"
# Errors after which the same question cannot be answered any more.
OVER: Final = "Invalid session for the user"
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
    "MFA_SETUP": Question("set_up_app.html", "SOFTWARE_TOKEN_MFA_CODE"),
}


async def asked(visit: Visit, username: str, outcome: sign_in.Asking) -> Answer:
    """The page of a question that the engine has just asked."""
    parameters = dict(outcome.parameters)
    session = outcome.session or ""
    if outcome.challenge == "MFA_SETUP":
        return await set_up(visit, username, session)
    if outcome.available:
        parameters["available"] = " ".join(outcome.available)
    return await question(visit, username, outcome.challenge, session, parameters)


async def question(
    visit: Visit,
    username: str,
    challenge: str,
    session: str,
    parameters: Mapping[str, str],
    *,
    error: str = "",
) -> Answer:
    known = QUESTIONS.get(challenge)
    if known is None:
        return await login.form(
            visit, username=username, error="This way of signing in does not work on this page."
        )
    kept = {name: parameters[name] for name in CARRIED if name in parameters}
    data = {"challenge": challenge, "username": username, **kept}
    return await visit.show(
        known.template,
        page=PAGE,
        data=data,
        session=session,
        error=error,
        faulty="password" if known.member in PASSWORDS else "answer",
        challenge=challenge,
        username=username,
        **VALUES.get(challenge, nothing)(visit.pool, parameters),
    )


PASSWORDS: Final = frozenset({"PASSWORD", "NEW_PASSWORD"})
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
    shown = {**FACTORS, "EMAIL_OTP": "A code by e-mail"}
    return {"options": [(name, shown.get(name, name)) for name in names]}


def code(pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    return {
        "destination": parameters.get("CODE_DELIVERY_DESTINATION", ""),
        "remember": devices.asks(pool) and mfa.is_on(pool.document),
    }


def passkey(_pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    return {"options": parameters.get("CREDENTIAL_REQUEST_OPTIONS", "{}")}


def new_password(pool: Pool, parameters: Mapping[str, str]) -> dict[str, Any]:
    names = json.loads(parameters.get("requiredAttributes", "[]"))
    wanted = [name.removeprefix("userAttributes.") for name in names]
    return {"policy": policy_of(pool), "fields": [fields.of(name, required=True) for name in wanted]}


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


@page
async def answered(visit: Visit) -> Answer:
    """Whatever is wrong with an answer, the engine says it; a question that is over begins again."""
    given, form = visit.request.form, visit.form(PAGE)
    if form is None:
        return await login.form(visit, error=STALE)
    challenge, username, session = form.data["challenge"], form.data["username"], given.get("session", "")
    if given.get("choice") == "back":
        return await login.form(visit, username=username)
    try:
        if challenge == "MFA_SETUP":
            session = await software_tokens.verify_in_session(visit.ctx, session, given.get("answer", ""), "")
        outcome = await sign_in.respond(
            visit.ctx,
            visit.pool,
            visit.client,
            challenge,
            session,
            {"USERNAME": username, **responses(challenge, session, given)},
            {},
            Door.PAGES,
            devices.kept(visit.request, visit.pool),
        )
    except EnableSoftwareTokenMFA as error:
        return await app_form(visit, username, session, form.data["secret"], error=error.message)
    except (PasswordResetRequired, CognitoError) as error:
        if error.message.startswith(OVER) or challenge in {"WEB_AUTHN", "PASSWORD", "SELECT_CHALLENGE"}:
            return await login.form(visit, username=username, error=error.message)
        return await question(visit, username, challenge, session, form.data, error=error.message)
    return await login.went_on(visit, username, outcome)


def responses(challenge: str, session: str, given: Parameters) -> dict[str, str]:
    """The ChallengeResponses of a posted form."""
    if challenge == "MFA_SETUP":
        return {"SESSION": session}
    member, answer = QUESTIONS[challenge].member, given.get("answer", "")
    if member in PASSWORDS and len(answer) > LONGEST["password"]:
        raise Problem("invalid_request")
    found = {member: answer}
    if challenge == "NEW_PASSWORD_REQUIRED":
        found |= {
            f"userAttributes.{name.removeprefix('attribute.')}": value
            for name, value in given.items()
            if name.startswith("attribute.")
        }
    return {name: value for name, value in found.items() if value}


async def set_up(visit: Visit, username: str, session: str) -> Answer:
    """An authenticator app is what can be set up on a page."""
    try:
        secret, session = await software_tokens.associate_in_session(visit.ctx, session)
    except CognitoError:
        return await login.form(
            visit, username=username, error="This way of signing in does not work on this page."
        )
    return await app_form(visit, username, session, secret)


async def app_form(visit: Visit, username: str, session: str, secret: str, *, error: str = "") -> Answer:
    """The secret as text and as a QR code, in the form that authenticator apps read."""
    issuer = visit.pool.document["Name"]
    label = quote(f"{issuer}:{username}")
    uri = f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}"
    return await visit.show(
        "set_up_app.html",
        page=PAGE,
        data={"challenge": "MFA_SETUP", "username": username, "secret": secret},
        session=session,
        error=error,
        faulty="answer",
        remember=devices.asks(visit.pool),
        challenge="MFA_SETUP",
        username=username,
        secret=secret,
        qr=visit.web.rendering.qr_code(uri),
    )
