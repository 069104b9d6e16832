"""Mail by SES's API: moto's SES takes it, and a server of our own shows what was asked."""

import base64
import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from tests.aws import Aws, Recorder, aws_services, recorder
from tests.outbound.mail.test_letter import DEFAULT, message

from cenote.domain.messages import Message
from cenote.outbound.aws import Credentials, Service
from cenote.outbound.functions.connections import Connections
from cenote.outbound.mail.ses import Ses
from cenote.outbound.transports import Refused, Undelivered, Unreachable

IDENTITY = "arn:aws:ses:eu-west-1:123456789012:identity/larkspur.example"


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder() as one:
        yield one


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with aws_services() as services:
        yield services


async def sent(url: str, letter: Message) -> None:
    connections = Connections(guard=lambda: None)
    service = Service(
        "ses", url, "eu-central-1", Credentials("A", "B"), connections, lambda: 1_793_620_800_000
    )
    try:
        async with Ses(service, DEFAULT).connected() as conversation:
            await conversation.send(letter)
    finally:
        await connections.close()


def mail_of(body: bytes) -> Any:
    raw = base64.b64decode(json.loads(body)["Content"]["Raw"]["Data"])
    return message_from_bytes(raw, policy=default)


async def test_moto_takes_a_mail_from_a_verified_sender(aws: Aws) -> None:
    from moto.backends import get_backend  # noqa: PLC0415 - moto is slow to import

    aws.client("sesv2").create_email_identity(EmailIdentity="larkspur.example")
    await sent(aws.url, message(source="Larkspur <hello@larkspur.example>"))
    (kept,) = get_backend("sesv2")["123456789012"]["eu-central-1"].core_backend.sent_messages
    assert "ada@example.com" in str(vars(kept))


async def test_moto_refuses_one_from_anybody_else(aws: Aws) -> None:
    with pytest.raises(Refused, match="MessageRejected"):
        await sent(aws.url, message(source="eve@evil.example"))


async def test_the_pools_settings_are_what_ses_is_asked_for(server: Recorder) -> None:
    await sent(
        server.url,
        message(
            source="Larkspur <hello@larkspur.example>",
            reply_to="help@larkspur.example",
            configuration_set="codes",
            identity=IDENTITY,
        ),
    )
    ((_, path, headers, body),) = server.requests
    assert path == "/v2/email/outbound-emails"
    assert "/eu-west-1/ses/" in headers["authorization"]
    request = json.loads(body)
    assert request["Destination"] == {"ToAddresses": ["ada@example.com"]}
    assert request["ConfigurationSetName"] == "codes"
    assert request["FromEmailAddressIdentityArn"] == IDENTITY
    mail = mail_of(body)
    assert mail["From"] == "Larkspur <hello@larkspur.example>"
    assert mail["Reply-To"] == "help@larkspur.example"


async def test_what_the_pool_does_not_say_is_not_asked_for(server: Recorder) -> None:
    await sent(server.url, message())
    assert set(json.loads(server.bodies[0])) == {"Destination", "Content"}


async def test_case_81_no_user_text_adds_a_header_or_a_recipient(server: Recorder) -> None:
    await sent(
        server.url, message(subject="Hi\r\nBcc: eve@example.com", body="x\r\n\r\nBcc: eve@example.com")
    )
    mail = mail_of(server.bodies[0])
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: eve@example.com"
    for to in (
        "ada@example.com, eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "<ada@example.com>,x",
    ):
        with pytest.raises(Refused):
            await sent(server.url, message(to=to))
    assert len(server.requests) == 1


async def test_an_address_that_ses_cannot_take_is_not_sent(server: Recorder) -> None:
    with pytest.raises(Refused, match="SMTPUTF8"):
        await sent(server.url, message(to="ädä@example.com"))
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "BadRequestException", Refused),
        (404, "NotFoundException", Undelivered),
        (400, "SendingPausedException", Undelivered),
        (429, "TooManyRequestsException", Undelivered),
        (503, "", Undelivered),
        (403, "SignatureDoesNotMatch", Unreachable),
    ],
)
async def test_a_refusal_is_told_by_its_name_only(
    server: Recorder, status: int, name: str, kind: type[Exception]
) -> None:
    server.status, server.headers = status, {"x-amzn-errortype": name}
    server.answer = b'{"message":"ada@example.com is suppressed"}'
    with pytest.raises(kind) as raised:
        await sent(server.url, message())
    assert str(raised.value) == f"{status} {name}".strip()
