"""The API over plain HTTP: whole answers to compare, and requests that no SDK would send."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PREFIX = "AWSCognitoIdentityProviderService"
JSON = "application/x-amz-json-1.1"
# What differs between any two answers.
OF_THE_MOMENT = frozenset({"x-amzn-requestid", "date"})


@dataclass(frozen=True)
class Answer:
    """One answer, whole. `headers` are by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.body or b"{}"))

    @property
    def error(self) -> tuple[str, str]:
        """The code less `Exception`, and the text; empty for a good answer."""
        document = self.document
        code = str(document.get("__type", ""))
        return code.removesuffix("Exception"), str(document.get("message", document.get("Message", "")))

    @property
    def lasting(self) -> tuple[int, dict[str, str], bytes]:
        """What would be the same for the same question at another time."""
        kept = {name: value for name, value in self.headers.items() if name not in OF_THE_MOMENT}
        return self.status, kept, self.body


def ask(url: str, method: str, path: str, body: bytes = b"", /, **headers: str) -> Answer:
    """One request over a connection of its own; header names have `_` for `-`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, fields, answer.read())
    finally:
        connection.close()


def call(url: str, operation: str, request: dict[str, Any] | bytes | str, /, **headers: str) -> Answer:
    """One API call, its body as given or written as JSON; unsigned unless `headers` say otherwise."""
    body = request if isinstance(request, bytes) else request.encode() if isinstance(request, str) else None
    sent = {"content_type": JSON, "x_amz_target": f"{PREFIX}.{operation}", **headers}
    return ask(url, "POST", "/", json.dumps(request).encode() if body is None else body, **sent)


def kids(url: str, pool: str) -> list[str]:
    """The ids of the keys that a server publishes for a pool, in their order."""
    published = ask(url, "GET", f"/{pool}/.well-known/jwks.json").document
    return [key["kid"] for key in published["keys"]]
