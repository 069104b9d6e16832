"""Functions behind a URL: what is sent, how a receiver checks it, what its answers mean."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.functions import SECRET, FunctionServer, answering, function_server, refusing

from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.functions.connections import MAX_ANSWER, Connections
from cenote.outbound.functions.http import HttpFunction, key_of, signature

NOW = 1_793_620_800_123


@pytest.fixture(scope="module")
def running() -> Iterator[FunctionServer]:
    with function_server() as server:
        yield server


@pytest.fixture
def functions(running: FunctionServer) -> FunctionServer:
    running.reset()
    return running


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    one = Connections(guard=lambda: None)
    yield one
    await one.close()


def function(functions: FunctionServer, connections: Connections, name: str = "f") -> HttpFunction:
    return HttpFunction(f"{functions.url}/{name}", key_of(SECRET), connections, lambda: NOW)


async def test_the_answer_is_the_body(functions: FunctionServer, connections: Connections) -> None:
    functions.answers["f"] = answering(one=1)
    answer = await function(functions, connections).invoke(b'{"response":{}}', key="k")
    assert answer == b'{"response": {"one": 1}}'


async def test_a_receiver_can_check_who_calls(functions: FunctionServer, connections: Connections) -> None:
    """By the five lines of docs/triggers.md, written anew."""
    await function(functions, connections).invoke(b'{"a":"\xc3\xa9"}', key="0123456789abcdef")
    (call,) = functions.calls
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert call.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert call.headers["webhook-timestamp"] == str(NOW // 1000)
    assert call.headers["webhook-id"] == "0123456789abcdef"
    assert call.headers["content-type"] == "application/json"


def test_the_signature_is_that_of_the_standard_webhooks_specification() -> None:
    """Its published test vector (standard-webhooks, libraries/python/tests)."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "short", "whsec_", "whsec_AAAA", "whsec_not base64!"])
def test_a_secret_that_could_be_guessed_is_none(secret: str) -> None:
    with pytest.raises(ValueError, match=r"16 bytes|base64"):
        key_of(secret)


@pytest.mark.parametrize("mark", ["-", "_", " ", "\n", "ä"])
def test_a_secret_in_another_base64_is_none(mark: str) -> None:
    """Letters passed over would make another key than the receiver's, and no call would ever be believed."""
    with pytest.raises(ValueError, match="base64"):
        key_of(f"whsec_MfKQ9r8GKYqr{mark}TwjUPD8ILPZIo2LaLaSw")


async def test_a_refusal_has_its_text(functions: FunctionServer, connections: Connections) -> None:
    functions.answers["f"] = refusing("no")
    with pytest.raises(FunctionFailed, match=r"^no$"):
        await function(functions, connections).invoke(b"{}", key="k")


async def test_other_answers_are_none(functions: FunctionServer, connections: Connections) -> None:
    functions.redirect_to = f"{functions.url}/g"
    with pytest.raises(Unreachable, match="302"):
        await function(functions, connections).invoke(b"{}", key="k")
    assert [call.path for call in functions.calls] == ["/f"]


async def test_an_answer_without_end_is_cut_off(functions: FunctionServer, connections: Connections) -> None:
    functions.answers["f"] = lambda _: b"x" * (MAX_ANSWER + 1)
    with pytest.raises(Unreachable, match="too long"):
        await function(functions, connections).invoke(b"{}", key="k")


async def test_nobody_listening_is_no_answer(connections: Connections) -> None:
    nowhere = HttpFunction("http://127.0.0.1:1/f", b"k" * 16, connections, lambda: NOW)
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        await nowhere.invoke(b"{}", key="k")


async def test_nothing_is_called_where_the_guard_forbids_it(functions: FunctionServer) -> None:
    def guard() -> None:
        raise RuntimeError("a transaction is open")

    with pytest.raises(RuntimeError, match="transaction"):
        await function(functions, Connections(guard=guard)).invoke(b"{}", key="k")
    assert functions.calls == []
