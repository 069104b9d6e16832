"""Requests to an ASGI callable without a server between."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cenote.domain.request import RequestFacts
from cenote.wire.dispatch import Dispatcher, Scope

TARGET = "AWSCognitoIdentityProviderService"
NOW = 1_800_000_000_123
GOOD = json.dumps({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "abc"}).encode()
POOL = "eu-central-1_Abc123XYZ"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[str, str | None]:
        """The wire name and the text of an error."""
        return self.json["__type"], self.json.get("message", self.json.get("Message"))


def a_scope(operation: str = "InitiateAuth", *, method: str = "POST", **headers: str) -> Scope:
    sent = {"host": "localhost:9400", "content-type": "application/x-amz-json-1.1"}
    sent["x-amz-target"] = operation if "." in operation or not operation else f"{TARGET}.{operation}"
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "client": ("192.0.2.7", 40_000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
    }


async def call(dispatcher: Dispatcher[Any], scope: Scope, *chunks: bytes) -> Answer:
    """One request with its body in chunks, and the answer to it."""
    sent = await messages(dispatcher, scope, *as_messages(chunks))
    start, *rest = sent
    return Answer(
        start["status"],
        {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
        b"".join(message["body"] for message in rest),
    )


def as_messages(chunks: Sequence[bytes]) -> list[dict[str, Any]]:
    *first, last = chunks or (b"",)
    return [
        *({"type": "http.request", "body": chunk, "more_body": True} for chunk in first),
        {"type": "http.request", "body": last, "more_body": False},
    ]


async def messages(dispatcher: Dispatcher[Any], scope: Scope, *incoming: dict[str, Any]) -> list[Any]:
    """What the dispatcher sends when it receives these messages, and not one more."""
    left = list(incoming)
    sent: list[Any] = []

    async def receive() -> Any:
        return left.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await dispatcher(scope, receive, send)
    return sent


def dispatcher(**options: Any) -> Dispatcher[RequestFacts]:
    """A dispatcher with the given handlers, whose context is just the facts of the request."""
    known = {"signatures", "max_body", "body_timeout", "conforming", "observe"}
    handlers = {name: handler for name, handler in options.items() if name not in known}
    rest: dict[str, Any] = {"signatures": None} | {name: options[name] for name in options if name in known}
    return Dispatcher(
        {"cognito_idp": handlers, "cognito_identity": {}},
        context=lambda facts: facts,
        clock=lambda: NOW,
        **rest,
    )


def answering(answer: Mapping[str, Any] | None) -> Callable[[Any, Any], Any]:
    async def handler(_ctx: Any, _req: Any) -> Any:
        return answer

    return handler


def failing(error: Exception) -> Callable[[Any, Any], Any]:
    async def handler(_ctx: Any, _req: Any) -> Any:
        raise error

    return handler


async def never(_ctx: Any, _req: Any) -> Any:
    raise AssertionError("a handler was reached")
