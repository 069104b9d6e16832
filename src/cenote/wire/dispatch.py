"""The way of one API call: target, body, signature, validation, handler, answer.

A raw ASGI callable for `/`. It finds the operation in the model and the handler in a mapping that it is given;
what the handler works with is made by a context factory that it is given too.
"""

import logging
import os
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from email.utils import formatdate
from typing import Any, Generic, TypeVar

import msgspec

from cenote.domain import identifiers
from cenote.domain.errors import CognitoError, InternalError
from cenote.domain.request import RequestFacts
from cenote.wire import cors
from cenote.wire.answers import encode_answer, misfits
from cenote.wire.bodies import BodyReader, ClientGone, Receive
from cenote.wire.errors import (
    COMMON,
    CONTENT_TYPE,
    Headers,
    RequestEntityTooLarge,
    RequestTimeout,
    Serialization,
    UnknownOperation,
    error_body,
    error_headers,
)
from cenote.wire.model import Model, Operation, load_model
from cenote.wire.own_machine import check_caller
from cenote.wire.sigv4 import Credential, SignatureVerifier, SignedRequest, claimed_credential
from cenote.wire.validation import Validator

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Ctx = TypeVar("Ctx")
Handler = Callable[[Ctx, Any], Awaitable[Any]]
Observe = Callable[[str, str | None, float], None]

log = logging.getLogger("cenote.wire")

# Documented for the largest requests there are, branding with its images (CreateManagedLoginBranding).
MAX_BODY = 2 * 1024 * 1024
BODY_SECONDS = 20.0

_decode = msgspec.json.Decoder().decode

# Recorded from Cognito (amazon-archives/amazon-cognito-js#64).
_NOT_A_CALL = (
    b'{"code":"BadRequest","message":"The server did not understand the operation that was requested.",'
    b'"type":"client"}'
)


class _Reply(msgspec.Struct, frozen=True):
    """What is answered. `error` is the wire name of one, for who counts them."""

    status: int
    body: bytes
    headers: Headers = []
    error: str | None = None


class _Route(Generic[Ctx]):
    """One operation of the model; without a handler, one that is not built."""

    __slots__ = ("_compiled", "_validator", "handler", "model", "name", "operation")

    def __init__(self, name: str, model: Model, validator: Validator, handler: Handler[Ctx] | None) -> None:
        self.name = name
        self.model = model
        self.operation: Operation = model.operations[name]
        self.handler = handler
        self._validator = validator
        self._compiled: Callable[[Any], dict[str, Any]] | None = None

    def validate(self, value: Any) -> dict[str, Any]:
        if self._compiled is None:
            self._compiled = self._validator.compile(self.operation)
        return self._compiled(value)


class Dispatcher(Generic[Ctx]):
    """Answers API calls of the given services: handlers by operation, under the model's name (`cognito_idp`).

    `signatures` None means that nothing is verified and any credentials pass, none included, from this machine.
    `clock` (epoch milliseconds) dates the answers. `max_body` is in bytes, `body_timeout` in seconds. `observe` is told
    each call's operation (empty for an unknown one), its error's wire name or None, and its seconds.

    With `conforming`, for tests, an error that the model does not list for an operation and an answer that is
    not of its output shape become a 500 that says so.
    """

    def __init__(
        self,
        services: Mapping[str, Mapping[str, Handler[Ctx]]],
        *,
        context: Callable[[RequestFacts], Ctx],
        signatures: SignatureVerifier | None,
        clock: Callable[[], int],
        max_body: int = MAX_BODY,
        body_timeout: float = BODY_SECONDS,
        conforming: bool = False,
        observe: Observe | None = None,
    ) -> None:
        self._context = context
        self._signatures = signatures
        self._clock = clock
        self._max_body = max_body
        self._bodies = BodyReader(body_timeout)
        self._conforming = conforming
        self._observe = observe
        self._dated = (0, b"")
        self._routes: dict[bytes, _Route[Ctx]] = {}
        for service, handlers in services.items():
            self._add(service, handlers)

    def _add(self, service: str, handlers: Mapping[str, Handler[Ctx]]) -> None:
        model = load_model(service)
        if strangers := sorted(set(handlers) - set(model.operations)):
            raise ValueError(f"{service} has no operation {', '.join(strangers)}")
        validator = Validator(model)
        for name in model.operations:
            target = f"{model.target_prefix}.{name}".encode("ascii")
            self._routes[target] = _Route(name, model, validator, handlers.get(name))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = dict(scope["headers"])
        request_id = identifiers.new_uuid(os.urandom(16))
        if scope["method"] != "POST":
            await self._answer_no_call(scope, headers, request_id, send)
            return
        route = self._routes.get(headers.get(b"x-amz-target", b""))
        # Of an error, only what is answered is kept: its traceback would hold this frame, and the frame the error, and
        # so the unread body and its connection, until the garbage collector comes by.
        try:
            body = await self._bodies.read(receive, headers.get(b"content-length"), self._max_body)
            reply = _Reply(200, await self._payload(route, scope, headers, body, request_id))
        except ClientGone:
            return
        except CognitoError as error:
            reply = _refusal(self._told(error, route, request_id))
        except Exception as error:  # noqa: BLE001 (whatever it was, the client gets an answer and no detail)
            reply = _refusal(_unforeseen(error, route, request_id))
        await self._send(send, reply, headers, request_id)
        if self._observe is not None:
            elapsed = time.perf_counter() - started
            self._observe(route.name if route else "", reply.error, elapsed)

    async def _payload(
        self,
        route: _Route[Ctx] | None,
        scope: Scope,
        headers: dict[bytes, bytes],
        body: bytes,
        request_id: str,
    ) -> bytes:
        """The body of a good answer. The order of the checks is that of AWS's JSON services."""
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != CONTENT_TYPE:
            raise UnknownOperation(f"The content type must be {CONTENT_TYPE.decode()}.")
        value = _decoded(body)
        if route is None:
            raise UnknownOperation
        if route.handler is None:
            raise UnknownOperation(f"{route.name} is not built yet in Cenote.")
        credential = await self._credential(route, scope, headers, body)
        request = route.validate(value)
        client = scope.get("client")
        facts = RequestFacts(
            request_id=request_id,
            region=credential.region if credential else None,
            address=client[0] if client else "",
            user_agent=headers.get(b"user-agent", b"").decode("latin-1"),
            access_key_id=credential.access_key_id if credential else None,
            operation=route.name,
        )
        answer = await route.handler(self._context(facts), request)
        output = route.operation.output
        if self._conforming and (wrong := misfits(route.model, output, answer)):
            raise InternalError(f"{route.name} answered out of its shape: {'; '.join(wrong)}")
        return encode_answer(route.model, output, answer)

    async def _credential(
        self, route: _Route[Ctx], scope: Scope, headers: dict[bytes, bytes], body: bytes
    ) -> Credential | None:
        query = scope.get("query_string", b"")
        if self._signatures is None and route.operation.signed:
            check_caller(headers, route.name)
        if self._signatures is None or not route.operation.signed:
            return claimed_credential(headers, query)
        request = SignedRequest(
            method=scope["method"],
            path=scope.get("raw_path") or scope["path"].encode(),
            query=query,
            headers=list(scope["headers"]),
            body=body,
        )
        return await self._signatures.verify(request, route.model.signing_name)

    def _told(self, error: CognitoError, route: _Route[Ctx] | None, request_id: str) -> CognitoError:
        """The error that the client gets for one that was raised on purpose."""
        if self._conforming and route and error.code not in route.operation.errors | COMMON:
            error = InternalError(
                f"{route.name} failed with {error.code}, which the model does not list for it: {error.message}"
            )
        if isinstance(error, InternalError):
            _log(error, route, request_id)
        return error

    async def _answer_no_call(
        self, scope: Scope, headers: dict[bytes, bytes], request_id: str, send: Send
    ) -> None:
        """Answers a method that is no API call; of these only a browser's preflight has a use."""
        if scope["method"] == "OPTIONS" and b"origin" in headers:
            start = [*cors.preflight_headers(headers), *self._common(request_id), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 200, "headers": start})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._send(send, _Reply(404, _NOT_A_CALL), headers, request_id)

    async def _send(self, send: Send, reply: _Reply, asked: dict[bytes, bytes], request_id: str) -> None:
        headers = self._common(request_id)
        headers.append((b"content-type", CONTENT_TYPE))
        headers.append((b"content-length", b"%d" % len(reply.body)))
        headers += reply.headers
        headers += cors.answer_headers(asked)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def _common(self, request_id: str) -> Headers:
        """The id, and the date by our clock: SDKs correct their own by it when a signature is out of time."""
        second = self._clock() // 1000
        if self._dated[0] != second:
            self._dated = (second, formatdate(second, usegmt=True).encode("ascii"))
        return [(b"x-amzn-requestid", request_id.encode("ascii")), (b"date", self._dated[1])]


def _refusal(error: CognitoError) -> _Reply:
    extra = error_headers(error)
    if isinstance(error, (RequestEntityTooLarge, RequestTimeout)):
        # The rest of the body is still on its way: nothing more can be read from this connection.
        extra.append((b"connection", b"close"))
    return _Reply(error.status, error_body(error), extra, error.code)


def _decoded(body: bytes) -> Any:
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Serialization from None
    if not isinstance(value, (dict, list)):
        raise Serialization
    return value


def _unforeseen(error: Exception, route: _Route[Any] | None, request_id: str) -> CognitoError:
    _log(error, route, request_id)
    return InternalError("Internal server error")


def _log(error: BaseException, route: _Route[Any] | None, request_id: str) -> None:
    """Where it happened and in what class of error: messages of exceptions quote values, and are left out."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < 5:
        frames = "".join(traceback.format_list(traceback.extract_tb(cause.__traceback__)))
        parts.append(f"{type(cause).__module__}.{type(cause).__qualname__}\n{frames}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    operation = route.name if route else "an unknown operation"
    log.error("request %s: %s failed: %s", request_id, operation, "after ".join(parts))
