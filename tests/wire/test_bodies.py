"""Bodies: malformed, too large, too slow, cut off."""

import asyncio
import json
from typing import Any

import pytest

from cenote.wire.bodies import BodyReader
from cenote.wire.errors import RequestTimeout

from .asgi import GOOD, a_scope, answering, call, dispatcher, messages, never


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"1",
        b'"x"',
        b"{}x",
        b"{'a':1}",
        b'{"ClientId":}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 100_000 + b"}",
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00x"}',
        b'{"a":"\x00"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
async def test_malformed_json_is_a_serialization_error_without_text(body: bytes) -> None:
    # recorded from Athena and Kinesis, same framework: no text
    answer = await call(dispatcher(InitiateAuth=never), a_scope(), body)
    assert answer.status == 400
    assert answer.json == {"__type": "SerializationException"}


async def test_a_wrong_type_spells_its_message_with_a_capital() -> None:
    # recorded: aws-amplify/amplify-js#4738
    body = json.dumps({"AuthFlow": "USER_SRP_AUTH", "ClientId": "abc", "AuthParameters": "x"}).encode()
    answer = await call(dispatcher(InitiateAuth=never), a_scope(), body)
    assert answer.json == {"__type": "SerializationException", "Message": "Expected map or null"}


async def test_of_duplicate_keys_the_last_counts() -> None:
    body = b'{"AuthFlow":"USER_SRP_AUTH","ClientId":"no good!","ClientId":"abc"}'
    assert (await call(dispatcher(InitiateAuth=answering({})), a_scope(), body)).status == 200


async def test_a_broken_constraint_never_reaches_the_handler() -> None:
    answer = await call(dispatcher(InitiateAuth=never), a_scope(), b"{}")
    assert answer.error == (
        "InvalidParameterException",
        (
            "2 validation errors detected: "
            "Value null at 'clientId' failed to satisfy constraint: Member must not be null; "
            "Value null at 'authFlow' failed to satisfy constraint: Member must not be null"
        ),
    )


async def test_case_83_a_body_declared_too_large_is_refused_unread() -> None:
    server = dispatcher(InitiateAuth=never, max_body=1000)
    for declared in ("1001", "9" * 5000, "-1", "x"):
        (start, body) = await messages(server, a_scope(content_length=declared))
        assert start["status"] == 413
        assert json.loads(body["body"])["__type"] == "RequestEntityTooLargeException"
        assert (b"connection", b"close") in start["headers"]


async def test_case_83_a_body_that_grows_too_large_is_not_read_on() -> None:
    server = dispatcher(InitiateAuth=never, max_body=1000)
    chunk = {"type": "http.request", "body": b" " * 600, "more_body": True}
    (start, _) = await messages(server, a_scope(), chunk, chunk)
    assert start["status"] == 413


async def test_a_body_of_the_largest_size_is_read() -> None:
    server = dispatcher(InitiateAuth=answering({}), max_body=1000)
    body = GOOD + b" " * (1000 - len(GOOD))
    assert (await call(server, a_scope(content_length="1000"), body[:400], body[400:])).status == 200


async def test_case_83_a_body_that_does_not_come_times_out() -> None:
    server = dispatcher(InitiateAuth=never, body_timeout=0.001)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await server(a_scope(), receive, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["__type"] == "RequestTimeoutException"


async def test_case_83_each_body_has_its_own_time() -> None:
    """One timer serves all: whoever comes later ends later, and what is there in time is read."""
    reader, last = BodyReader(0.01), asyncio.Event()

    async def never_there() -> Any:
        await asyncio.Event().wait()

    async def there_in_the_end() -> Any:
        await last.wait()
        return {"type": "http.request", "body": b"x"}

    for _ in range(3):
        slow = [asyncio.create_task(reader.read(never_there, None, 10)) for _ in range(20)]
        quick = asyncio.create_task(BodyReader(60).read(there_in_the_end, None, 10))
        ended = await asyncio.gather(*slow, return_exceptions=True)
        assert {type(error) for error in ended} == {RequestTimeout}
        last.set()
        assert await quick == b"x"
        assert await reader.read(there_in_the_end, None, 10) == b"x"


async def test_who_stops_a_request_that_is_being_read_stops_it() -> None:
    reading = asyncio.create_task(BodyReader(60).read(asyncio.Event().wait, None, 10))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_client_that_hangs_up_is_not_answered() -> None:
    chunk = {"type": "http.request", "body": b"{", "more_body": True}
    assert await messages(dispatcher(InitiateAuth=never), a_scope(), chunk, {"type": "http.disconnect"}) == []
