"""How a message becomes a mail, and what cannot get into one."""

import pytest

from cenote.domain.messages import Message
from cenote.outbound.mail.letter import mailbox, written
from cenote.outbound.transports import Refused

DEFAULT = "Cenote <no-reply@cenote.example>"


def message(**changes: object) -> Message:
    content: dict[str, object] = {
        "pool_id": "eu-central-1_Abcdefghi",
        "message_id": "0192f0c0a000-0011223344556677",
        "medium": "EMAIL",
        "to": "ada@example.com",
        "subject": "Your verification code",
        "body": "Your code is <b>123456</b>",
        "code": "123456",
        "link": None,
        "created_at": 1_790_000_000_000,
    }
    return Message(**(content | changes))  # type: ignore[arg-type]


def test_a_mail_says_who_to_whom_what_and_when() -> None:
    letter = written(message(), default_sender=DEFAULT)
    assert (letter.sender, letter.recipient) == ("no-reply@cenote.example", "ada@example.com")
    assert letter.content["From"] == DEFAULT
    assert letter.content["To"] == "ada@example.com"
    assert letter.content["Subject"] == "Your verification code"
    assert letter.content["Date"] == "Mon, 21 Sep 2026 14:13:20 +0000"
    assert letter.content["Message-ID"] == "<0192f0c0a000-0011223344556677@cenote.example>"
    assert letter.content["Auto-Submitted"] == "auto-generated"


def test_a_body_of_html_has_its_text_beside_it() -> None:
    letter = written(message(), default_sender=DEFAULT)
    text, html = letter.content.iter_parts()
    assert (text.get_content_type(), text.get_content().strip()) == ("text/plain", "Your code is 123456")
    assert html.get_content_type() == "text/html"
    assert html.get_content().strip() == "Your code is <b>123456</b>"


def test_a_body_of_text_stays_alone() -> None:
    letter = written(message(html=False, body="1 < 2"), default_sender=DEFAULT)
    assert letter.content.get_content_type() == "text/plain"
    assert letter.content.get_content().strip() == "1 < 2"


def test_the_pools_own_sender_is_used() -> None:
    own = message(source='"Larkspur, Inc." <hello@larkspur.example>', reply_to="help@larkspur.example")
    letter = written(own, default_sender=DEFAULT)
    assert letter.sender == "hello@larkspur.example"
    assert letter.content["From"].addresses[0].display_name == "Larkspur, Inc."
    assert letter.content["Reply-To"] == "help@larkspur.example"


def test_case_81_a_subject_is_one_line() -> None:
    letter = written(message(subject="Hello\r\nBcc: eve@example.com\n\nBody"), default_sender=DEFAULT)
    assert letter.content["Subject"] == "Hello Bcc: eve@example.com Body"
    assert letter.content["Bcc"] is None


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com, eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com>\r\nRCPT TO:<eve@example.com",
        "ada@example.com eve@example.com",
        "ada@example.com\x00",
        "ada@",
        "@example.com",
        "ada",
        "",
        "ada@-example.com",
        "ada@" + "d" * 80 + ".com",
    ],
)
def test_case_81_what_is_not_one_address_gets_no_mail(to: str) -> None:
    with pytest.raises(Refused):
        written(message(to=to), default_sender=DEFAULT)
    with pytest.raises(Refused):
        written(message(source=to or "x"), default_sender=DEFAULT)
    with pytest.raises(Refused):
        written(message(reply_to=to or "x"), default_sender=DEFAULT)


def test_case_81_a_name_beside_the_address_stays_a_name() -> None:
    address = mailbox('Ada "x" <evil@example.com>, <ada@example.com>')
    assert address.addr_spec == "ada@example.com"
    letter = written(message(source='Ada "x" <evil@example.com>, <ada@example.com>'), default_sender=DEFAULT)
    assert [one.addr_spec for one in letter.content["From"].addresses] == ["ada@example.com"]


def test_a_domain_is_written_as_every_server_reads_it() -> None:
    assert mailbox("ada@bücher.example").addr_spec == "ada@xn--bcher-kva.example"
    assert mailbox("ädä@bücher.example").addr_spec == "ädä@bücher.example"
