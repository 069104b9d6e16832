"""A function behind the Lambda Invoke API, at AWS or at any server that speaks it.

The call is synchronous (RequestResponse) and signed with Signature Version 4. The idempotency key travels in the
client context, where a function reads `context.client_context.custom`.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import msgspec

from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.functions.connections import Connections

API = "/2015-03-31/functions/"


class Failure(msgspec.Struct):
    """A failed function's payload."""

    errorMessage: str = ""  # noqa: N815 (Lambda's name)


_failure = msgspec.json.Decoder(Failure).decode


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key_id: str
    secret_access_key: str
    session_token: str = ""


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
        path = f"{urlsplit(self.endpoint).path}{API}{quote(self.name, safe='')}/invocations"
        headers = {
            "content-type": "application/json",
            "host": urlsplit(self.endpoint).netloc,
            "x-amz-client-context": client_context(key),
            "x-amz-date": datetime.fromtimestamp(self.clock() / 1000, UTC).strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-invocation-type": "RequestResponse",
        }
        if self.credentials.session_token:
            headers["x-amz-security-token"] = self.credentials.session_token
        headers["authorization"] = authorization(self.credentials, self.region, path, headers, payload)
        origin = self.endpoint.removesuffix(urlsplit(self.endpoint).path)
        reply = await self.connections.post(origin + path, payload, headers)
        if reply.status != 200:
            raise Unreachable(f"status {reply.status} {reply.headers.get('x-amzn-errortype', '')}".strip())
        if "x-amz-function-error" in reply.headers:
            raise FunctionFailed(error_text(reply.body))
        return reply.body


def error_text(body: bytes) -> str:
    """What the function said; empty where its payload is none that a Lambda runtime writes."""
    try:
        return _failure(body).errorMessage
    except msgspec.MsgspecError:
        return ""


def client_context(key: str) -> str:
    return base64.b64encode(msgspec.json.encode({"custom": {"idempotency_key": key}})).decode()


def authorization(
    credentials: Credentials, region: str, path: str, headers: Mapping[str, str], body: bytes
) -> str:
    """The header that signs a POST without a query (documented in "Create a signed AWS API request").

    All of `headers` are signed; their names are in lower case. `path` is as sent: the canonical request has each of
    its percent signs encoded once more.
    """
    names = sorted(headers)
    signed = ";".join(names)
    canonical = "\n".join(
        (
            "POST",
            quote(path, safe="/-_.~"),
            "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            signed,
            hashlib.sha256(body).hexdigest(),
        )
    )
    date = headers["x-amz-date"]
    scope = (date[:8], region, "lambda", "aws4_request")
    text = "\n".join(
        ("AWS4-HMAC-SHA256", date, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest())
    )
    key = b"AWS4" + credentials.secret_access_key.encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    given = f"{credentials.access_key_id}/{'/'.join(scope)}"
    proof = hmac.digest(key, text.encode(), "sha256").hex()
    return f"AWS4-HMAC-SHA256 Credential={given}, SignedHeaders={signed}, Signature={proof}"
