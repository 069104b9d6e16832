"""Roles assumed by STS: moto's gives credentials, and a server of our own gives answers that are none."""

from collections.abc import Iterator

import pytest
from tests.aws import Aws, Recorder, aws_services, recorder
from tests.outbound.sms.test_sms import NUMBER, message

from cenote.outbound.aws import Credentials, Service
from cenote.outbound.functions.connections import Connections
from cenote.outbound.roles import EARLY, Roles, read
from cenote.outbound.sms.sns import Sns
from cenote.outbound.transports import Undelivered, Unreachable

ROLE = "arn:aws:iam::123456789012:role/sms"
NOW = 1_793_620_800_000
ANSWER = b"""<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>
<SecretAccessKey>se/cret+1</SecretAccessKey><SessionToken>tok==</SessionToken>
<Expiration>2026-11-02T13:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
UNTIL = 1_793_624_400_000


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder() as one:
        one.answer = ANSWER
        yield one


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with aws_services() as services:
        yield services


def roles(url: str, connections: Connections, now: int = NOW) -> Roles:
    return Roles(Service("sts", url, "eu-central-1", Credentials("A", "B"), connections, lambda: now))


async def test_moto_lets_a_role_be_assumed(aws: Aws) -> None:
    connections = Connections(guard=lambda: None)
    credentials = await roles(aws.url, connections).assumed(ROLE, "external")
    await connections.close()
    assert credentials.access_key_id.startswith("ASIA")
    assert credentials.session_token


async def test_a_role_is_assumed_once_and_used_to_publish(server: Recorder) -> None:
    connections = Connections(guard=lambda: None)
    with recorder() as sns:
        sms = {"SnsCallerArn": ROLE, "ExternalId": "the external id"}
        service = Service("sns", sns.url, "eu-central-1", Credentials("own", "x"), connections, lambda: NOW)
        transport = Sns(service, roles(server.url, connections))
        for _ in range(2):
            await transport.send(message(sms=sms))
        await transport.send(message(to=NUMBER))
        used = [headers["authorization"].partition("Credential=")[2][:5] for _, _, headers, _ in sns.requests]
        tokens = [headers.get("x-amz-security-token") for _, _, headers, _ in sns.requests]
    await connections.close()
    assert used == ["ASIA1", "ASIA1", "own/2"]
    assert tokens == ["tok==", "tok==", None]
    (body,) = server.bodies
    assert b"ExternalId=the+external+id" in body
    assert b"RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fsms" in body


async def test_credentials_are_asked_for_anew_before_they_end(server: Recorder) -> None:
    connections = Connections(guard=lambda: None)
    times = iter([NOW, UNTIL - EARLY - 1, UNTIL - EARLY])
    current = [next(times)]
    one = Roles(
        Service("sts", server.url, "eu-central-1", Credentials("A", "B"), connections, lambda: current[0])
    )
    counts = []
    for _ in range(3):
        await one.assumed(ROLE)
        counts.append(len(server.requests))
        current[0] = next(times, 0)
    await connections.close()
    assert counts == [1, 1, 2]


async def test_each_external_id_is_asked_for_on_its_own(server: Recorder) -> None:
    connections = Connections(guard=lambda: None)
    one = roles(server.url, connections)
    await one.assumed(ROLE, "a")
    await one.assumed(ROLE, "b")
    await connections.close()
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (403, b"<Code>AccessDenied</Code>", Undelivered),
        (403, b"<Code>InvalidClientTokenId</Code>", Unreachable),
        (500, b"", Undelivered),
        (200, b"<html>", Unreachable),
    ],
)
async def test_a_role_that_is_not_given_publishes_nothing(
    server: Recorder, status: int, answer: bytes, kind: type[Exception]
) -> None:
    server.status, server.answer = status, answer
    connections = Connections(guard=lambda: None)
    with pytest.raises(kind) as raised:
        await roles(server.url, connections).assumed(ROLE)
    await connections.close()
    assert type(raised.value) is kind


def test_an_answer_without_all_its_parts_is_none() -> None:
    assert read(ANSWER) == (Credentials("ASIA1", "se/cret+1", "tok=="), UNTIL)
    for part in (b"AccessKeyId", b"SessionToken", b"Expiration", b"2026-11-02T13:00:00Z"):
        with pytest.raises(Unreachable):
            read(ANSWER.replace(part, b"x"))
