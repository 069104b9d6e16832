"""One call of a function that runs here, and how calls end that no answer came to, in the words of Lambda."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

# Documented in "Lambda quotas"; Lambda itself takes 100 bytes more of an answer (recorded).
LARGEST_PAYLOAD: Final = 6_291_456
LARGEST_ANSWER: Final = 6_291_556


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to. `failed` says that the payload is a function's error; `log` is the end of what it wrote."""

    request_id: str
    payload: bytes
    failed: bool = False
    log: bytes = b""


@dataclass(slots=True)
class Invocation:
    """A call on its way. `deadline` is in epoch milliseconds; `client_context` is JSON, or empty."""

    request_id: str
    trace_id: str
    payload: bytes
    arn: str
    deadline: int
    client_context: str
    outcome: "asyncio.Future[Outcome]"
    log: bytearray = field(default_factory=bytearray)


def header_json(value: Mapping[str, Any]) -> str:
    """JSON that fits into a header: in ASCII, on one line."""
    return json.dumps(value, separators=(",", ":"))


def failure(request_id: str, kind: str, text: str) -> Outcome:
    payload = msgspec.json.encode({"errorType": kind, "errorMessage": text})
    return Outcome(request_id, payload, failed=True)


def timed_out(request_id: str, seconds: float) -> Outcome:
    """recorded: seek-oss/logger's changelog, and AWS's own emulator of the Runtime API."""
    text = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return failure(request_id, "Sandbox.Timedout", text)


def exited(request_id: str, status: int | None) -> Outcome:
    """recorded: "… Error: Runtime exited with error: exit status 129" (aws-amplify/amplify-js#9127)."""
    if not status:
        how = "Runtime exited without providing a reason"
    elif status < 0:
        how = f"Runtime exited with error: signal {-status}"
    else:
        how = f"Runtime exited with error: exit status {status}"
    return failure(request_id, "Runtime.ExitError", f"RequestId: {request_id} Error: {how}")


def too_large(request_id: str, size: int) -> Outcome:
    text = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes)."
    return failure(request_id, "Function.ResponseSizeTooLarge", text)
