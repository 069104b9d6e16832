"""CustomMessage: the pool's function words a message, around a placeholder for the code.

The function is asked before the transaction in which the message is queued, and never sees the code. What it answers
takes the place of the pool's templates for this one message.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

import msgspec

from cenote.domain import message_templates
from cenote.domain.errors import InvalidLambdaResponse
from cenote.domain.users import User
from cenote.flows.triggers import custom_senders
from cenote.flows.triggers.firing import UNRECOGNIZABLE, Occasion, fire, user_attributes, with_metadata
from cenote.store.pools import Pool

KIND = "CustomMessage"
CODE: Final = "{####}"
USERNAME: Final = "{username}"
_LINK: Final = re.compile(r"\{##[^{}]*##\}")
# Documented: the lengths that a message may have.
LONGEST: Final = {"EMAIL": 20_000, "SMS": 140}


class Source(StrEnum):
    """What the message is for."""

    SIGN_UP = "CustomMessage_SignUp"
    ADMIN_CREATE_USER = "CustomMessage_AdminCreateUser"
    RESEND_CODE = "CustomMessage_ResendCode"
    FORGOT_PASSWORD = "CustomMessage_ForgotPassword"
    UPDATE_ATTRIBUTE = "CustomMessage_UpdateUserAttribute"
    VERIFY_ATTRIBUTE = "CustomMessage_VerifyUserAttribute"
    AUTHENTICATION = "CustomMessage_Authentication"

    @property
    def reason(self) -> str:
        """The same without the trigger's name: custom senders are told it after their own."""
        return self.value.partition("_")[2]


class Response(msgspec.Struct, rename="camel"):
    sms_message: str | None = None
    email_message: str | None = None
    email_subject: str | None = None


async def worded(
    occasion: Occasion, user: User, source: Source, media: Collection[str], *, secret: bool = True
) -> Pool:
    """The pool, with the function's wording in the place of its templates; `media` are those to be sent through.

    The pool itself where it has no such function, or nothing is to be sent. `secret` tells that the message has a
    code or a password to tell: all but the invitation of who signs in without a password have one.
    """
    arn, pool = occasion.function_of(KIND), occasion.pool
    # Who delivers messages of a medium on their own words them, too.
    media = [medium for medium in media if not custom_senders.delivers(pool.document, medium)]
    if arn is None or not media:
        return pool
    request = {
        "userAttributes": user_attributes(user),
        # Recorded: all three are there, the last for invitations only.
        "codeParameter": CODE,
        "linkParameter": "{##Click Here##}",
        "usernameParameter": USERNAME if source is Source.ADMIN_CREATE_USER else None,
    }
    nothing = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
    response = await fire(
        occasion, KIND, source, user.username, with_metadata(occasion, request), nothing, Response, arn=arn
    )
    by_link = source in {Source.SIGN_UP, Source.RESEND_CODE} and message_templates.verifies_by_link(
        pool.document
    )
    for medium, text in (("EMAIL", response.email_message), ("SMS", response.sms_message)):
        if medium in media and text:
            invites = source is Source.ADMIN_CREATE_USER
            check(text, medium, secret=secret, invites=invites, by_link=by_link)
    return replace(pool, document=reworded(pool.document, response))


def check(text: str, medium: str, *, secret: bool, invites: bool, by_link: bool) -> None:
    """InvalidLambdaResponse for a message that does not have what it is sent for (documented; text assumed)."""
    coded = not secret or CODE in text or (by_link and medium == "EMAIL" and _LINK.search(text) is not None)
    if not coded or (invites and USERNAME not in text) or len(text) > LONGEST[medium]:
        raise InvalidLambdaResponse(UNRECOGNIZABLE)


def reworded(document: Mapping[str, Any], response: Response) -> dict[str, Any]:
    """The document with these texts, wherever a template of one stands; what is left out stays."""
    mail = {"EmailSubject": response.email_subject, "EmailMessage": response.email_message}
    by_link = {f"{name}ByLink": text for name, text in mail.items()}
    verification = {**mail, **by_link, "SmsMessage": response.sms_message}
    invitation = {**mail, "SMSMessage": response.sms_message}
    mfa = {"Subject": response.email_subject, "Message": response.email_message}
    admin = document.get("AdminCreateUserConfig", {})
    return {
        **document,
        "VerificationMessageTemplate": over(document.get("VerificationMessageTemplate"), verification),
        "AdminCreateUserConfig": {
            **admin,
            "InviteMessageTemplate": over(admin.get("InviteMessageTemplate"), invitation),
        },
        "EmailMfaConfiguration": over(document.get("EmailMfaConfiguration"), mfa),
        "SmsAuthenticationMessage": response.sms_message or document.get("SmsAuthenticationMessage"),
    }


def over(template: Mapping[str, str] | None, texts: Mapping[str, str | None]) -> dict[str, str]:
    return {**(template or {}), **{name: text for name, text in texts.items() if text}}
