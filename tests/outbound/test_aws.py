"""Calls to AWS's services: signatures as botocore makes them, regions that name no host, and how errors are read."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from tests.aws import Recorder, recorder
from tests.conftest import free_port

from cenote.outbound.aws import Credentials, Service, asked, judge
from cenote.outbound.functions.connections import Connections, Reply
from cenote.outbound.transports import Refused, Undelivered, Unreachable

NOW = 1_793_620_800_123
KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a token")


class Recorded(SigV4Auth):  # type: ignore[misc] # botocore has no types
    """Signs at the time that the request says, so that its signature must come out the same."""

    def sign(self, request: Any) -> str:
        request.context["timestamp"] = request.headers["X-Amz-Date"]
        canonical = self.canonical_request(request)
        return str(self.signature(self.string_to_sign(request, canonical), request))


class RecordedS3(Recorded, S3SigV4Auth):  # type: ignore[misc]
    pass


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder() as one:
        yield one


async def called(service: str, endpoint: str, region: str = "", **call: Any) -> Reply:
    connections = Connections(guard=lambda: None)
    try:
        one = Service(service, endpoint, "eu-central-1", KEY, connections, lambda: NOW)
        return await asked(one, b"body", {"content-type": "text/plain"}, region=region, **call)
    finally:
        await connections.close()


@pytest.mark.parametrize(
    ("service", "path", "method"),
    [
        ("sns", "/", "POST"),
        ("ses", "/v2/email/outbound-emails", "POST"),
        ("s3", "/bucket/a%20key/b.json", "PUT"),
        ("lambda", "/2015-03-31/functions/a%3Ab/invocations", "POST"),
    ],
)
async def test_a_call_is_signed_as_botocore_signs_it(
    server: Recorder, service: str, path: str, method: str
) -> None:
    await called(service, server.url, path=path, method=method)
    ((made, got_path, headers, body),) = server.requests
    assert (made, got_path, body) == (method, path, b"body")
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token", "content-type"} <= set(names)
    request = AWSRequest(method, server.url + path, {name: headers[name] for name in names}, body)
    signer = RecordedS3 if service == "s3" else Recorded
    credentials = BotoCredentials(KEY.access_key_id, KEY.secret_access_key)
    expected = signer(credentials, service, "eu-central-1").sign(request)
    assert headers["authorization"].endswith(f"Signature={expected}")


async def test_a_region_fills_its_place_in_the_endpoint(server: Recorder) -> None:
    await called("sns", server.url + "/{region}", region="eu-west-3")
    ((_, path, headers, _),) = server.requests
    assert path == "/eu-west-3/"
    assert "/eu-west-3/sns/" in headers["authorization"]


@pytest.mark.parametrize(
    "region", ["", "evil.example/", "x@evil", "EU-WEST-3", "eu-west-3\r\nx: y", "eu-west"]
)
async def test_case_70_what_is_no_region_changes_no_address(server: Recorder, region: str) -> None:
    await called("sns", server.url + "/{region}", region=region)
    assert server.requests[0][1] == "/eu-central-1/"


async def test_nobody_there_is_out_of_reach() -> None:
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        await called("sns", f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(400, {"x-amzn-errortype": "MessageRejected:http://x/"}, b""), Refused("400 MessageRejected")),
        (Reply(400, {}, b'{"__type":"com.amazonaws#MessageRejected"}'), Refused("400 MessageRejected")),
        (Reply(400, {}, b"<Error><Code>MessageRejected</Code>"), Refused("400 MessageRejected")),
        (Reply(400, {}, b'{"__type":"Throttling"}'), Undelivered("400 Throttling")),
        (Reply(429, {}, b'{"__type":"MessageRejected"}'), Undelivered("429 MessageRejected")),
        (Reply(400, {}, b"<html>ada@example.com"), Undelivered("400")),
        (Reply(500, {}, b""), Undelivered("500")),
        (Reply(403, {}, b'{"__type":"MessageRejected"}'), Unreachable("403 MessageRejected")),
        (Reply(302, {}, b""), Unreachable("302")),
    ],
)
def test_errors_are_told_apart_by_what_to_do_next(reply: Reply, error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        judge(reply, {"MessageRejected"})
    assert type(raised.value) is type(error)
    assert str(raised.value) == str(error)


def test_only_a_status_of_200_is_well() -> None:
    judge(Reply(200, {}, b"anything"), set())
    with pytest.raises(Undelivered):
        judge(Reply(202, {}, b""), set())
