"""Functions behind the Lambda Invoke API: a strict server that checks each signature as botocore would make it."""

import base64
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from cenote.outbound.aws import Credentials
from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.functions.connections import Connections
from cenote.outbound.functions.lambda_api import LambdaFunction

NOW = 1_793_620_800_123
KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@dataclass
class LambdaServer:
    """Knows one function, and answers what the test wants."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b'{"response":{}}'
    paths: list[str] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)


class Recorded(SigV4Auth):  # type: ignore[misc] # botocore has no types
    """Signs at the time that the request says, so that its signature must come out the same."""

    def sign(self, request: Any) -> str:
        request.context["timestamp"] = request.headers["X-Amz-Date"]
        canonical = self.canonical_request(request)
        return str(self.signature(self.string_to_sign(request, canonical), request))


def expected_signature(url: str, headers: dict[str, str], body: bytes) -> str:
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("POST", url, {name: headers[name] for name in names}, body)
    credentials = BotoCredentials(KEY.access_key_id, KEY.secret_access_key)
    return Recorded(credentials, "lambda", "eu-central-1").sign(request)


@pytest.fixture(scope="module")
def running() -> Iterator[LambdaServer]:
    state = LambdaServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.paths.append(self.path)
            state.seen.append(headers)
            given = headers["authorization"].partition("Signature=")[2]
            status, answer = state.status, state.answer
            if given != expected_signature(state.url + self.path, headers, body):
                status, answer = 403, b'{"message":"The request signature we calculated does not match"}'
            self.send_response(status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 (the parent's name)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with contextlib.closing(server.socket):
        yield state
        server.shutdown()
    thread.join(10)


@pytest.fixture
def lambdas(running: LambdaServer) -> LambdaServer:
    running.status, running.headers, running.answer = 200, {}, b'{"response":{}}'
    running.paths.clear()
    running.seen.clear()
    return running


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    one = Connections(guard=lambda: None)
    yield one
    await one.close()


def function(
    lambdas: LambdaServer, connections: Connections, name: str = "pre-sign-up", **changes: Any
) -> LambdaFunction:
    arguments: dict[str, Any] = {
        "endpoint": lambdas.url,
        "region": "eu-central-1",
        "credentials": KEY,
        **changes,
    }
    return LambdaFunction(name=name, connections=connections, clock=lambda: NOW, **arguments)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("pre-sign-up", "pre-sign-up"),
        (
            "arn:aws:lambda:eu-central-1:123456789012:function:f:live",
            "arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Af%3Alive",
        ),
    ],
)
async def test_a_signed_call_gets_the_answer(
    lambdas: LambdaServer, connections: Connections, name: str, path: str
) -> None:
    lambdas.answer = b'{"response":{"autoConfirmUser":true}}'
    answer = await function(lambdas, connections, name).invoke('{"a":"é"}'.encode(), key="k1")
    assert answer == lambdas.answer
    assert lambdas.paths == [f"/2015-03-31/functions/{path}/invocations"]
    (headers,) = lambdas.seen
    assert headers["x-amz-invocation-type"] == "RequestResponse"
    assert json.loads(base64.b64decode(headers["x-amz-client-context"])) == {
        "custom": {"idempotency_key": "k1"}
    }


async def test_temporary_credentials_send_their_token_signed(
    lambdas: LambdaServer, connections: Connections
) -> None:
    credentials = Credentials(KEY.access_key_id, KEY.secret_access_key, "the token")
    assert await function(lambdas, connections, credentials=credentials).invoke(b"{}", key="k")
    assert lambdas.seen[0]["x-amz-security-token"] == "the token"
    assert "x-amz-security-token" in lambdas.seen[0]["authorization"]


async def test_a_wrong_secret_is_refused(lambdas: LambdaServer, connections: Connections) -> None:
    wrong = Credentials(KEY.access_key_id, KEY.secret_access_key + "x")
    with pytest.raises(Unreachable, match="403"):
        await function(lambdas, connections, credentials=wrong).invoke(b"{}", key="k")


@pytest.mark.parametrize("kind", ["Unhandled", "Handled"])
async def test_a_function_error_has_its_text(
    lambdas: LambdaServer, connections: Connections, kind: str
) -> None:
    lambdas.headers = {"X-Amz-Function-Error": kind}
    lambdas.answer = b'{"errorMessage":"no more","errorType":"Exception","stackTrace":[]}'
    with pytest.raises(FunctionFailed, match=r"^no more$"):
        await function(lambdas, connections).invoke(b"{}", key="k")


async def test_a_function_error_without_a_text_is_one_still(
    lambdas: LambdaServer, connections: Connections
) -> None:
    lambdas.headers, lambdas.answer = {"X-Amz-Function-Error": "Unhandled"}, b"oh"
    with pytest.raises(FunctionFailed, match=r"^$"):
        await function(lambdas, connections).invoke(b"{}", key="k")


@pytest.mark.parametrize("status", [404, 429, 500, 302])
async def test_a_call_that_lambda_refuses_is_no_answer(
    lambdas: LambdaServer, connections: Connections, status: int
) -> None:
    lambdas.status, lambdas.headers = status, {"x-amzn-ErrorType": "SomeException"}
    with pytest.raises(Unreachable, match=f"status {status} SomeException"):
        await function(lambdas, connections).invoke(b"{}", key="k")
