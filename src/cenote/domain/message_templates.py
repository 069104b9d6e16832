"""What messages say: a pool's templates, or Cognito's own where it has none.

A template is its administrator's, in e-mail bodies HTML; what is filled in is not. User names and passwords are
escaped there, are never read as templates in their turn, and never reach a subject, which is always one line
(SECURITY.md case 81).
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final, Literal, TypeAlias

import msgspec

Document: TypeAlias = Mapping[str, Any]
Medium: TypeAlias = Literal["EMAIL", "SMS"]

# Cognito's own, as CDK documents them and DescribeUserPool has shown them. Those of a reset are assumed.
_VERIFICATION: Final = {
    "EmailSubject": "Your verification code",
    "EmailMessage": "Your verification code is {####}",
    "EmailSubjectByLink": "Your verification link",
    "EmailMessageByLink": "Please click the link below to verify your email address. {##Verify Email##}",
    "SmsMessage": "Your verification code is {####}.",
}
_RESET: Final = {
    "EmailSubject": "Your password reset code",
    "EmailMessage": "Your password reset code is {####}",
    "SmsMessage": "Your password reset code is {####}.",
}
_INVITATION: Final = {
    "EmailSubject": "Your temporary password",
    "EmailMessage": "Your username is {username} and temporary password is {####}.",
    "SMSMessage": "Your username is {username} and temporary password is {####}.",
}
# For who signs in by codes and has no password; assumed.
_WITHOUT_PASSWORD: Final = {
    "EmailSubject": "Your account",
    "EmailMessage": "Your username is {username}. Sign in with it and a code that you are sent.",
    "SMSMessage": "Your username is {username}. Sign in with it and a code that you are sent.",
}
# Recorded for SMS (SmsAuthenticationMessage's default); assumed for e-mail.
_SIGN_IN: Final = {
    "EmailSubject": "Your authentication code",
    "EmailMessage": "Your authentication code is {####}.",
    "SmsMessage": "Your authentication code is {####}.",
}
# Members of the pool that say the same as VerificationMessageTemplate's, from before it existed.
_OLDER: Final = {
    "EmailSubject": "EmailVerificationSubject",
    "EmailMessage": "EmailVerificationMessage",
    "SmsMessage": "SmsVerificationMessage",
}

# No brace within a link's text: so no template, however it is made, takes more than one look at each letter.
_PLACEHOLDER: Final = re.compile(r"\{####\}|\{username\}|\{##([^{}]*)##\}")
_LINE_BREAKING: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class Content(msgspec.Struct, frozen=True):
    """A message but for its address: `subject` is empty for SMS, the body of an e-mail is HTML."""

    subject: str
    body: str
    code: str | None
    link: str | None


def verifies_by_link(pool: Document) -> bool:
    """Tell whether sign-ups confirm their e-mail by following a link instead of typing a code."""
    return bool(pool.get("VerificationMessageTemplate", {}).get("DefaultEmailOption") == "CONFIRM_WITH_LINK")


def verification(pool: Document, medium: Medium, code: str, link: str | None = None) -> Content:
    """Write the message that verifies an attribute: with a link, where one is given, in place of the code."""
    template = _verification_template(pool, _VERIFICATION)
    if medium == "SMS":
        return _sms(template["SmsMessage"], code)
    if link is not None:
        body = _filled(template["EmailMessageByLink"], {"{####}": escape(code)}, link)
        return Content(_one_line(template["EmailSubjectByLink"]), body, code, link)
    return _email(template["EmailSubject"], template["EmailMessage"], code)


def password_reset(pool: Document, medium: Medium, code: str) -> Content:
    """Write the message with a password reset code: in the pool's own verification template, if it has one."""
    template = _verification_template(pool, _RESET)
    if medium == "SMS":
        return _sms(template["SmsMessage"], code)
    return _email(template["EmailSubject"], template["EmailMessage"], code)


def invitation(pool: Document, medium: Medium, username: str, password: str | None) -> Content:
    """Write the message that tells a new user the user name and temporary password an administrator gave.

    Who has no password gets the pool's own template too if that speaks of none.
    """
    own = pool.get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
    if password is None:
        own = {name: text for name, text in own.items() if text and "{####}" not in text}
    defaults = _INVITATION if password is not None else _WITHOUT_PASSWORD
    template = defaults | {name: text for name, text in own.items() if text}
    if medium == "SMS":
        return _sms(template["SMSMessage"], password, username)
    return _email(template["EmailSubject"], template["EmailMessage"], password, username)


def sign_in(pool: Document, medium: Medium, code: str) -> Content:
    """Write the message with a code to sign in by: SmsAuthenticationMessage, or the e-mail of the MFA configuration."""
    if medium == "SMS":
        return _sms(pool.get("SmsAuthenticationMessage") or _SIGN_IN["SmsMessage"], code)
    own = pool.get("EmailMfaConfiguration", {})
    subject, text = (
        own.get("Subject") or _SIGN_IN["EmailSubject"],
        own.get("Message") or _SIGN_IN["EmailMessage"],
    )
    return _email(subject, text, code)


def _verification_template(pool: Document, defaults: Mapping[str, str]) -> dict[str, str]:
    template = dict(defaults)
    template |= {name: pool[older] for name, older in _OLDER.items() if pool.get(older)}
    template |= {name: text for name, text in pool.get("VerificationMessageTemplate", {}).items() if text}
    return template


def _sms(template: str, code: str | None, username: str | None = None) -> Content:
    return Content("", _filled(template, _values(code, username)), code, None)


def _email(subject: str, template: str, code: str | None, username: str | None = None) -> Content:
    values = {name: escape(value) for name, value in _values(code, username).items()}
    return Content(_one_line(subject), _filled(template, values), code, None)


def _values(code: str | None, username: str | None) -> dict[str, str]:
    # Documented: {username} means nothing in a verification message.
    values = {"{####}": code, "{username}": username}
    return {name: value for name, value in values.items() if value is not None}


def _filled(template: str, values: Mapping[str, str], link: str | None = None) -> str:
    """Fill in all placeholders in one pass, so that nothing filled in is taken for one."""

    def replacement(found: re.Match[str]) -> str:
        if found[1] is not None and link is not None:
            return f'<a href="{escape(link)}">{found[1]}</a>'
        return values.get(found[0], found[0])

    return _PLACEHOLDER.sub(replacement, template)


def _one_line(subject: str) -> str:
    """Keep a subject from ending its header: the model lets white space of any kind into it."""
    return _LINE_BREAKING.sub(" ", subject).strip()
