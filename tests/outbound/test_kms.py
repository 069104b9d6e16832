"""Data keys from KMS: what is asked for, and answers that are none."""

import base64
import json
from collections.abc import Iterator

import pytest
from tests.aws import Recorder, recorder

from cenote.outbound.aws import Credentials, Service
from cenote.outbound.functions import Unreachable
from cenote.outbound.functions.connections import Connections
from cenote.outbound.kms import Kms, parsed, region_of

ARN = "arn:aws:kms:eu-west-2:123456789012:key/1"
GOOD = {
    "Plaintext": base64.b64encode(bytes(32)).decode(),
    "CiphertextBlob": base64.b64encode(b"wrapped").decode(),
    "KeyId": ARN,
}


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder() as one:
        yield one


async def asked(server: Recorder, key_id: str = ARN) -> tuple[bytes, str, bytes, bytes]:
    connections = Connections(guard=lambda: None)
    service = Service(
        "kms", server.url, "eu-central-1", Credentials("A", "B"), connections, lambda: 1_793_620_800_000
    )
    try:
        data_key, wrapped = await Kms(service).new(key_id, {"userpool-id": "eu-west-2_a"})
    finally:
        await connections.close()
    return data_key, wrapped.provider, wrapped.info, wrapped.ciphertext


async def test_a_data_key_is_asked_for_under_the_pools_key_in_its_region(server: Recorder) -> None:
    server.answer = json.dumps(GOOD).encode()
    assert await asked(server) == (bytes(32), "aws-kms", ARN.encode(), b"wrapped")
    ((_, _, headers, body),) = server.requests
    assert json.loads(body) == {
        "KeyId": ARN,
        "NumberOfBytes": 32,
        "EncryptionContext": {"userpool-id": "eu-west-2_a"},
    }
    assert headers["x-amz-target"] == "TrentService.GenerateDataKey"
    assert "/eu-west-2/kms/aws4_request" in headers["authorization"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b'{"Plaintext": 1}',
        json.dumps(GOOD | {"Plaintext": "!"}).encode(),
        json.dumps(GOOD | {"Plaintext": "c2hvcnQ="}).encode(),
    ],
)
async def test_an_answer_that_is_none_makes_no_key(server: Recorder, answer: bytes) -> None:
    server.answer = answer
    with pytest.raises(Unreachable):
        await asked(server)


async def test_a_refusal_is_told_without_what_kms_says(server: Recorder) -> None:
    server.status, server.answer = 400, b'{"__type":"AccessDeniedException","message":"user secret"}'
    with pytest.raises(Unreachable, match=r"^KMS: status 400$"):
        await asked(server)


async def test_case_70_a_region_that_is_none_names_no_host(server: Recorder) -> None:
    server.answer = json.dumps(GOOD).encode()
    await asked(server, "arn:aws:kms:evil.example/:123456789012:key/1")
    assert "/eu-central-1/kms/" in server.requests[0][2]["authorization"]


def test_the_settings_key_has_32_bytes() -> None:
    assert parsed(base64.b64encode(bytes(32)).decode()) == bytes(32)
    for text in ("", "c2hvcnQ=", "not base64!", "ä" * 44, base64.b64encode(bytes(33)).decode()):
        with pytest.raises(ValueError, match="32 random bytes"):
            parsed(text)


def test_only_an_arn_names_a_region() -> None:
    assert region_of(ARN) == "eu-west-2"
    assert region_of("alias/x") == ""
