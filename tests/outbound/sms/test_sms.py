"""Text messages by SNS's API (moto's takes them) and by gateways, each of which a server of our own plays."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.aws import Aws, Recorder, aws_services, recorder

from cenote.domain.messages import Message
from cenote.outbound.aws import Credentials, Service
from cenote.outbound.functions.connections import Connections
from cenote.outbound.sms import gateway
from cenote.outbound.sms.gateway import Gateway, parsed
from cenote.outbound.sms.sns import Sns
from cenote.outbound.transports import Refused, Transport, Undelivered, Unreachable

NUMBER = "+15550100"
# Everything that could end a string, a field, a line or a template.
HOSTILE = 'code {to} {text} "},{"to":"+1666" &to=+1666\r\nX-To: +1666 %22 \\" </a>'


def message(text: str = "Your code is 123456.", to: str = NUMBER, **more: Any) -> Message:
    return Message("eu-central-1_a", "id", "SMS", to, "", text, "123456", None, 0, html=False, **more)


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder() as one:
        yield one


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with aws_services() as services:
        yield services


async def sent(make: Callable[[Connections], Transport], text: Message) -> None:
    connections = Connections(guard=lambda: None)
    try:
        async with make(connections).connected() as conversation:
            await conversation.send(text)
    finally:
        await connections.close()


async def by_sns(url: str, text: Message) -> None:
    def sns(connections: Connections) -> Sns:
        key = Credentials("A", "B")
        return Sns(Service("sns", url, "eu-central-1", key, connections, lambda: 1_793_620_800_000))

    await sent(sns, text)


async def by_gateway(template: dict[str, Any], text: Message) -> None:
    await sent(lambda connections: Gateway(parsed(json.dumps(template)), connections), text)


# SNS


async def test_moto_takes_a_text_message_in_the_pools_region(aws: Aws) -> None:
    from moto.backends import get_backend  # noqa: PLC0415 - moto is slow to import

    await by_sns(aws.url, message(sms={"SnsRegion": "us-west-2"}))
    backend = get_backend("sns")["123456789012"]["us-west-2"]
    assert [entry[:2] for entry in backend.sms_messages.values()] == [(NUMBER, "Your code is 123456.")]


async def test_sns_is_asked_to_hurry(server: Recorder) -> None:
    await by_sns(server.url, message(HOSTILE))
    fields = parse_qs(server.bodies[0].decode(), strict_parsing=True)
    assert fields["Message"] == [HOSTILE]
    assert fields["PhoneNumber"] == [NUMBER]
    assert fields["MessageAttributes.entry.1.Value.StringValue"] == ["Transactional"]
    assert "/eu-central-1/sns/" in server.requests[0][2]["authorization"]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "InvalidParameter", Refused),
        (400, "OptedOut", Refused),
        (400, "Throttling", Undelivered),
        (500, "InternalError", Undelivered),
        (403, "AuthorizationError", Unreachable),
    ],
)
async def test_snss_refusals(server: Recorder, status: int, code: str, kind: type[Exception]) -> None:
    server.status = status
    server.answer = f"<ErrorResponse><Error><Code>{code}</Code><Message>{NUMBER}</Message>".encode()
    with pytest.raises(kind) as raised:
        await by_sns(server.url, message())
    assert type(raised.value) is kind
    assert str(raised.value) == f"{status} {code}"


# Gateways


async def test_case_81_a_gateway_of_json_gets_the_text_as_one_string(server: Recorder) -> None:
    template = {
        "url": f"{server.url}/send",
        "headers": {"Authorization": "Bearer secret"},
        "json": {"messages": [{"to": "{to}", "body": "Larkspur: {text}", "flash": False, "ttl": 60}]},
    }
    await by_gateway(template, message(HOSTILE))
    ((method, path, headers, body),) = server.requests
    assert (method, path) == ("POST", "/send")
    assert headers["authorization"] == "Bearer secret"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "messages": [{"to": NUMBER, "body": f"Larkspur: {HOSTILE}", "flash": False, "ttl": 60}]
    }


async def test_case_81_a_gateway_of_forms_gets_the_text_as_one_field(server: Recorder) -> None:
    form = {"To": "{to}", "Body": "{text}", "From": "+15550199"}
    await by_gateway({"url": server.url, "form": form}, message(HOSTILE))
    fields = parse_qs(server.bodies[0].decode(), strict_parsing=True)
    assert fields == {"To": [NUMBER], "Body": [HOSTILE], "From": ["+15550199"]}


async def test_case_81_a_gateway_of_urls_gets_the_text_as_one_parameter(server: Recorder) -> None:
    url = f"{server.url}/send/{{to}}?text={{text}}&key=1"
    await by_gateway({"url": url, "method": "GET"}, message(HOSTILE + "/../#?"))
    ((method, path, _, body),) = server.requests
    parts = urlsplit(path)
    assert (method, parts.path, body) == ("GET", "/send/%2B15550100", b"")
    assert parse_qs(parts.query) == {"text": [HOSTILE + "/../#?"], "key": ["1"]}


@pytest.mark.parametrize(
    "to", ["", "15550100", "+1555 0100", "+15550100,+1666", "+15550100\n", "ada@example.com"]
)
async def test_case_81_what_is_not_one_number_gets_nothing(server: Recorder, to: str) -> None:
    for send in (
        by_sns(server.url, message(to=to)),
        by_gateway({"url": server.url + "/{to}{text}"}, message(to=to)),
    ):
        with pytest.raises(Refused):
            await send
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, None), (201, None), (202, None), (204, None),
        (400, Refused), (422, Refused),
        (408, Undelivered), (429, Undelivered), (500, Undelivered), (503, Undelivered),
        (301, Unreachable), (401, Unreachable), (403, Unreachable), (404, Unreachable),
    ],
)  # fmt: skip
async def test_only_2xx_means_that_a_gateway_took_it(
    server: Recorder, status: int, kind: type[Exception] | None
) -> None:
    server.status, server.answer = status, b""
    template = {"url": server.url, "form": {"a": "{to}", "b": "{text}"}}
    if kind is None:
        await by_gateway(template, message())
        return
    with pytest.raises(kind) as raised:
        await by_gateway(template, message())
    assert type(raised.value) is kind
    assert str(raised.value) == f"status {status}"


async def test_a_gateway_that_does_not_answer_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else limits its time, and every later message waits behind this one."""
    monkeypatch.setattr(gateway, "STEP_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{{to}}{{text}}"
        with pytest.raises(Unreachable, match="timeout"):
            await by_gateway({"url": url}, message())


@pytest.mark.parametrize(
    "template",
    [
        "",
        "[]",
        "{",
        '{"url": "https://x/{to}{text}", "surprise": 1}',
        '{"url": "ftp://x/{to}{text}"}',
        '{"url": "https://{to}/{text}"}',
        '{"url": "https://user:secret@x/{to}{text}"}',
        '{"url": "https://x/{to}"}',
        '{"url": "https://x", "form": {"a": "{to}"}, "json": "{text}"}',
        '{"url": "https://x/{to}{text}", "method": "DELETE"}',
        '{"url": "https://x/{to}{text}", "headers": {"a": "b\\r\\nc: d"}}',
    ],
)
def test_a_template_that_cannot_work_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="sms_gateway") as raised:
        parsed(template)
    assert "secret" not in str(raised.value)
