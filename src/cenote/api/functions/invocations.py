"""Invoke: `POST /2015-03-31/functions/<name>/invocations`, as documented in Lambda's API reference."""

import asyncio
import base64
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from cenote.domain.errors import CognitoError
from cenote.outbound.functions import Unreachable
from cenote.outbound.functions.local.hosting import Busy, HostedFunction
from cenote.outbound.functions.local.invocations import LARGEST_PAYLOAD, Outcome, header_json
from cenote.outbound.functions.targets import Functions, name_of_local
from cenote.wire.bodies import BodyReader, ClientGone, Receive
from cenote.wire.errors import RequestEntityTooLarge, RequestTimeout
from cenote.wire.own_machine import check_caller
from cenote.wire.sigv4 import SignatureVerifier, SignedRequest

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Observe = Callable[[str, str | None, float], None]

OPERATION: Final = "Invoke"
SERVICE: Final = "lambda"
PREFIX: Final = "/2015-03-31/functions/"
_PATH: Final = re.compile(rf"{PREFIX}([^/]+)/invocations").fullmatch
KINDS: Final = ("Event", "RequestResponse", "DryRun")
# Documented in "Lambda quotas" and with X-Amz-Client-Context, in bytes.
LARGEST_EVENT: Final = 1_048_576
LARGEST_CONTEXT: Final = 3583
TAIL: Final = 4096
# What a worker runs, and lets wait, for callers that wait for nothing.
MOST_EVENTS: Final = 100
VERSION: Final = (b"x-amz-executed-version", b"$LATEST")
JSON: Final = (b"content-type", b"application/json")

log = logging.getLogger("cenote.functions")


class Refused(Exception):
    """An error of the API: its wire name, its status and its text."""

    def __init__(self, code: str, status: int, text: str, **more: str) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.body = {"Type": "User", "message": text, **more}


@dataclass(frozen=True, slots=True)
class Answer:
    """`error` is the wire name of what went wrong with the call; a function's own error is none."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    error: str | None = None


class Invocations:
    """An ASGI application for the paths below `PREFIX`. Without `signatures`, this machine calls as it likes."""

    def __init__(
        self,
        functions: Functions,
        *,
        signatures: SignatureVerifier | None,
        body_timeout: float,
        observe: Observe | None = None,
    ) -> None:
        self._functions = functions
        self._signatures = signatures
        self._bodies = BodyReader(body_timeout)
        self._observe = observe
        self._events: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        try:
            answer = await self._answer(scope, receive, request_id)
        except ClientGone:
            return
        except Refused as refused:
            answer = refusal(refused.code, refused.status, refused.body)
        except CognitoError as error:
            # What REST services answer to a signature that is none (recorded: 403 and `message`).
            status = error.status if isinstance(error, RequestTimeout) else 403
            answer = refusal(error.code, status, {"message": error.message})
        except Unreachable:
            body = {"Type": "Service", "message": "An error occurred and the request cannot be processed."}
            answer = refusal("ServiceException", 500, body)
        headers = [(b"x-amzn-requestid", request_id.encode()), (b"content-length", b"%d" % len(answer.body))]
        if answer.status in {408, 413}:
            # The rest of the body is still on its way: nothing more can be read from this connection.
            headers.append((b"connection", b"close"))
        start = {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [*headers, *answer.headers],
        }
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})
        if self._observe is not None:
            self._observe(OPERATION, answer.error, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        headers = dict(scope["headers"])
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        asked = _PATH(raw.partition(b"?")[0].decode("latin-1"))
        if asked is None or scope["method"] != "POST":
            raise Refused("UnknownOperationException", 404, "There is no such operation here.")
        kind = headers.get(b"x-amz-invocation-type", b"RequestResponse").decode("latin-1")
        limit = LARGEST_EVENT if kind == "Event" else LARGEST_PAYLOAD
        try:
            body = await self._bodies.read(receive, headers.get(b"content-length"), limit)
        except RequestEntityTooLarge:
            # recorded text
            text = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
            raise Refused("RequestTooLargeException", 413, text) from None
        await self._check_signature(scope, headers, raw, body)
        if kind not in KINDS:
            raise invalid_choice("invocationType", kind, KINDS)
        log_type = headers.get(b"x-amz-log-type", b"None").decode("latin-1")
        if log_type not in {"None", "Tail"}:
            raise invalid_choice("logType", log_type, ("None", "Tail"))
        function = self._function(unquote(asked[1]))
        payload, context = payload_of(body), context_of(headers.get(b"x-amz-client-context"))
        if kind == "DryRun":
            return Answer(204, (VERSION,))
        if kind == "Event":
            self._later(function, payload, context, request_id)
            return Answer(202)
        return await called(function, payload, context, request_id, tail=log_type == "Tail")

    async def _check_signature(
        self, scope: Scope, headers: dict[bytes, bytes], raw: bytes, body: bytes
    ) -> None:
        if self._signatures is None:
            check_caller(headers, OPERATION)
            return
        request = SignedRequest(
            method=scope["method"],
            path=raw.partition(b"?")[0],
            query=scope.get("query_string", b""),
            headers=list(scope["headers"]),
            body=body,
        )
        await self._signatures.verify(request, SERVICE)

    def _function(self, named: str) -> HostedFunction:
        function = self._functions.hosted.get(name_of_local(named))
        if function is None:
            raise Refused("ResourceNotFoundException", 404, f"Function not found: {named}")
        return function

    def _later(self, function: HostedFunction, payload: bytes, context: str, request_id: str) -> None:
        """Runs what nobody waits for: once, and lost where the server stops before."""
        if len(self._events) >= MOST_EVENTS:
            raise too_many()
        task = asyncio.create_task(unattended(function, payload, context, request_id))
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def close(self) -> None:
        events = list(self._events)
        for task in events:
            task.cancel()
        await asyncio.gather(*events, return_exceptions=True)


async def called(
    function: HostedFunction, payload: bytes, context: str, request_id: str, *, tail: bool
) -> Answer:
    began = time.perf_counter()
    try:
        outcome = await function.run(payload, context, request_id=request_id)
    except Busy:
        raise too_many() from None
    headers = [JSON, VERSION]
    if outcome.failed:
        headers.append((b"x-amz-function-error", b"Unhandled"))
    if tail:
        text = told(outcome, function, 1000 * (time.perf_counter() - began))
        headers.append((b"x-amz-log-result", base64.b64encode(text)))
    return Answer(200, tuple(headers), outcome.payload)


async def unattended(function: HostedFunction, payload: bytes, context: str, request_id: str) -> None:
    try:
        outcome = await function.run(payload, context, request_id=request_id, patient=True)
        failed = outcome.failed
    except Unreachable:
        failed = True
    if failed:
        named = {"function": function.definition.name, "request_id": request_id}
        log.warning("an event came to nothing", extra=named)


def told(outcome: Outcome, function: HostedFunction, milliseconds: float) -> bytes:
    """The end of what the function wrote, between the lines that Lambda writes around it (recorded)."""
    named = f"RequestId: {outcome.request_id}"
    ending = (
        f"END {named}\n"
        f"REPORT {named}\tDuration: {milliseconds:.2f} ms\tBilled Duration: {milliseconds:.0f} ms\t"
        f"Memory Size: {function.definition.memory} MB\n"
    )
    written = outcome.log if outcome.log.endswith(b"\n") or not outcome.log else outcome.log + b"\n"
    return (f"START {named} Version: $LATEST\n".encode() + written + ending.encode())[-TAIL:]


def payload_of(body: bytes) -> bytes:
    """The event; an empty object where there is none, as at AWS."""
    if not body:
        return b"{}"
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
        body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The beginning is recorded; what follows there is its parser's own.
        text = "Could not parse request body into json: Could not parse payload into json"
        raise Refused("InvalidRequestContentException", 400, text) from None
    return body


def context_of(header: bytes | None) -> str:
    """The client context, as JSON that fits into a header; the text of the refusal is assumed."""
    if not header:
        return ""
    text = "Client context must be a valid Base64-encoded JSON object."
    if len(header) > LARGEST_CONTEXT:
        raise Refused("InvalidRequestContentException", 400, text)
    try:
        decoded = base64.b64decode(header, validate=True)
        return header_json(msgspec.json.decode(decoded, type=dict[str, Any]))
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise Refused("InvalidRequestContentException", 400, text) from None


def invalid_choice(member: str, value: str, allowed: tuple[str, ...]) -> Refused:
    """assumed, after the text that AWS's other services have for it."""
    return Refused(
        "ValidationException",
        400,
        f"1 validation error detected: Value '{value[:64]}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(allowed)}]",
    )


def too_many() -> Refused:
    """recorded: `Rate Exceeded.`, with the reason beside it."""
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    return Refused("TooManyRequestsException", 429, "Rate Exceeded.", Reason=reason)


def refusal(code: str, status: int, body: dict[str, str]) -> Answer:
    return Answer(status, (JSON, (b"x-amzn-errortype", code.encode())), msgspec.json.encode(body), code)
