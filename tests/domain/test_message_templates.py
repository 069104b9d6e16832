"""What messages say."""

from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.message_templates import (
    Content,
    Medium,
    invitation,
    password_reset,
    verification,
    verifies_by_link,
)

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


class Seen(HTMLParser):
    """What a mail program makes of a body: its tags, and the text between them."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def template(**members: str) -> dict[str, Any]:
    return {"VerificationMessageTemplate": members}


def invite(**members: str) -> dict[str, Any]:
    return {"AdminCreateUserConfig": {"InviteMessageTemplate": members}}


def test_without_templates_messages_are_cognitos_own() -> None:
    # documented in CDK's UserVerificationConfig and UserInvitationConfig
    assert verification({}, "EMAIL", "123456") == Content(
        "Your verification code", "Your verification code is 123456", "123456", None
    )
    assert verification({}, "SMS", "123456").body == "Your verification code is 123456."
    assert invitation({}, "EMAIL", "ada", "Temp1!") == Content(
        "Your temporary password", "Your username is ada and temporary password is Temp1!.", "Temp1!", None
    )
    assert invitation({}, "SMS", "ada", "Temp1!").subject == ""
    # assumed
    assert password_reset({}, "EMAIL", "123456").body == "Your password reset code is 123456"


def test_a_link_stands_in_place_of_its_placeholder() -> None:
    link = "http://localhost:9400/confirmUser?client_id=a&code=123456"
    content = verification({}, "EMAIL", "123456", link)
    assert content.subject == "Your verification link"
    assert (content.code, content.link) == ("123456", link)
    seen = Seen(content.body)
    assert seen.links == [link]
    assert seen.text == "Please click the link below to verify your email address. Verify Email"


def test_the_pools_templates_are_used() -> None:
    pool = template(
        EmailSubject="Hello",
        EmailMessage="<b>{####}</b> and again {####}",
        SmsMessage="code {####}",
        EmailSubjectByLink="Click",
        EmailMessageByLink="{##Here##} or {##there##}",
    )
    assert verification(pool, "EMAIL", "1") == Content("Hello", "<b>1</b> and again 1", "1", None)
    assert verification(pool, "SMS", "1").body == "code 1"
    by_link = verification(pool, "EMAIL", "1", "https://x/?a&b")
    assert by_link.subject == "Click"
    assert by_link.body == '<a href="https://x/?a&amp;b">Here</a> or <a href="https://x/?a&amp;b">there</a>'


def test_a_password_reset_uses_the_pools_verification_templates() -> None:
    pool = template(EmailSubject="Hello", EmailMessage="it is {####}", SmsMessage="code {####}")
    assert password_reset(pool, "EMAIL", "1").body == "it is 1"
    assert password_reset(pool, "SMS", "1").body == "code 1"


def test_the_older_members_are_used_where_the_template_says_nothing() -> None:
    pool = {
        "EmailVerificationSubject": "old subject",
        "EmailVerificationMessage": "old {####}",
        "SmsVerificationMessage": "old sms {####}",
        **template(DefaultEmailOption="CONFIRM_WITH_CODE", SmsMessage="new sms {####}"),
    }
    assert verification(pool, "EMAIL", "1") == Content("old subject", "old 1", "1", None)
    assert verification(pool, "SMS", "1").body == "new sms 1"


def test_invitations_use_their_own_templates() -> None:
    pool = invite(EmailSubject="Welcome", EmailMessage="{username}: {####}", SMSMessage="{####} {username}")
    assert invitation(pool, "EMAIL", "ada", "pw") == Content("Welcome", "ada: pw", "pw", None)
    assert invitation(pool, "SMS", "ada", "pw").body == "pw ada"


@pytest.mark.parametrize(
    ("pool", "by_link"),
    [
        ({}, False),
        (template(DefaultEmailOption="CONFIRM_WITH_CODE"), False),
        (template(DefaultEmailOption="CONFIRM_WITH_LINK"), True),
    ],
)
def test_the_pool_says_whether_sign_ups_follow_a_link(pool: dict[str, Any], by_link: bool) -> None:
    assert verifies_by_link(pool) is by_link


def test_a_user_name_means_nothing_in_a_verification_message() -> None:
    # documented in "Message templates"
    assert verification(template(EmailMessage="{username} {####}"), "EMAIL", "1").body == "{username} 1"


@given(TEXT, TEXT)
def test_case_81_user_text_is_text_in_an_html_body(username: str, password: str) -> None:
    seen = Seen(invitation({}, "EMAIL", username, password).body)
    assert seen.tags == []
    assert seen.text == f"Your username is {username} and temporary password is {password}."


@given(TEXT, TEXT)
def test_an_sms_is_plain_text_and_escapes_nothing(username: str, password: str) -> None:
    body = invitation({}, "SMS", username, password).body
    assert body == f"Your username is {username} and temporary password is {password}."


@pytest.mark.parametrize("username", ["{####}", "{username}", "{##x##}", "\\1", "{####}{username}"])
@pytest.mark.parametrize("medium", ["EMAIL", "SMS"])
def test_case_81_user_text_is_never_read_as_a_template(username: str, medium: Medium) -> None:
    body = invitation({}, medium, username, "secret").body
    assert body == f"Your username is {username} and temporary password is secret."


def test_case_81_a_link_cannot_leave_its_attribute() -> None:
    seen = Seen(verification({}, "EMAIL", "1", 'https://x/"><script>alert(1)</script>').body)
    assert seen.tags == ["a"]


@pytest.mark.parametrize(
    "subject",
    ["Hi\r\nBcc: eve@example.com", "Hi\nBcc: eve@example.com", "Hi\u2028Bcc:", "Hi\x0bBcc:", "Hi\0\x85Bcc:"],
)
def test_case_81_a_subject_stays_one_line(subject: str) -> None:
    for content in (
        verification(template(EmailSubject=subject), "EMAIL", "1"),
        verification(template(EmailSubjectByLink=subject), "EMAIL", "1", "https://x"),
        password_reset(template(EmailSubject=subject), "EMAIL", "1"),
        invitation(invite(EmailSubject=subject), "EMAIL", "ada", "pw"),
    ):
        assert len(content.subject.splitlines()) == 1
        message = EmailMessage()
        message["Subject"] = content.subject
        assert message["Bcc"] is None


@pytest.mark.parametrize("unit", ["{##", "{", "#", "{##x", "{####", "##}", "{##x#"])
def test_the_longest_template_is_filled_in_at_once(unit: str) -> None:
    # 20,000 characters are the model's limit
    longest = (unit * 20_000)[:20_000]
    assert verification(template(EmailMessageByLink=longest), "EMAIL", "1", "https://x").body
