"""A function behind the Lambda Invoke API, at AWS or at any server that speaks it.

The call is synchronous (RequestResponse) and signed with Signature Version 4. The idempotency key travels in the
client context, where a function reads `context.client_context.custom`.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from cenote.outbound.aws import Credentials, Service
from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.functions.connections import Connections

API = "/2015-03-31/functions/"


class Failure(msgspec.Struct):
    """A failed function's payload."""

    errorMessage: str = ""  # noqa: N815 (Lambda's name)


_failure = msgspec.json.Decoder(Failure).decode


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """`endpoint` has no trailing slash; `name` may be an ARN; `clock` gives epoch milliseconds."""

    endpoint: str
    region: str
    name: str
    credentials: Credentials
    connections: Connections
    clock: Callable[[], int]

    async def invoke(self, payload: bytes, *, key: str) -> bytes:
        headers = {
            "content-type": "application/json",
            "x-amz-client-context": client_context(key),
            "x-amz-invocation-type": "RequestResponse",
        }
        service = Service(
            "lambda", self.endpoint, self.region, self.credentials, self.connections, self.clock
        )
        reply = await service.call(payload, headers, path=f"{API}{quote(self.name, safe='')}/invocations")
        if reply.status != 200:
            raise Unreachable(f"status {reply.status} {reply.headers.get('x-amzn-errortype', '')}".strip())
        if "x-amz-function-error" in reply.headers:
            raise FunctionFailed(error_text(reply.body))
        return reply.body


def error_text(body: bytes) -> str:
    """What the function said; empty where its payload is none that a Lambda runtime writes."""
    try:
        return _failure(body).errorMessage
    except (msgspec.MsgspecError, RecursionError):
        return ""


def client_context(key: str) -> str:
    return base64.b64encode(msgspec.json.encode({"custom": {"idempotency_key": key}})).decode()
