"""Calling a trigger's function: who calls, what AWS calls the event's common parts, and how failures read.

The texts are recorded: `PreSignUp failed with error …` (many), `Unrecognizable lambda output`, `Invalid lambda function
output : Invalid JSON`, `… invocation failed due to error Socket timeout while invoking Lambda function.`
(furaiev/amazon-cognito-identity-dart-2#204), `… invocation failed due to configuration.` (aws-amplify/amplify-js#4300).
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from cenote.domain.errors import InvalidLambdaResponse, UnexpectedLambda, UserLambdaValidation
from cenote.domain.users import User
from cenote.flows.context import Context
from cenote.outbound.functions import FunctionFailed, Unknown, Unreachable
from cenote.store.clients import Client
from cenote.store.pools import Pool

T = TypeVar("T")
Attributes = Mapping[str, str]

UNRECOGNIZABLE: Final = "Unrecognizable lambda output"
INVALID_JSON: Final = "Invalid lambda function output : Invalid JSON"
TIMED_OUT: Final = "Socket timeout while invoking Lambda function"
# What a call of no app client has in callerContext (recorded).
NO_CLIENT: Final = "CLIENT_ID_NOT_APPLICABLE"
_SDK: Final = re.compile(r"aws-sdk-([\w-]{1,32})/([\w.-]{1,32})")

log = logging.getLogger("cenote.triggers")


class Occasion(msgspec.Struct, frozen=True):
    """The request in which a trigger fires. `client` is None for calls of administrators that name none."""

    ctx: Context
    pool: Pool
    client: Client | None = None
    metadata: Mapping[str, str] = {}

    def function_of(self, kind: str) -> str | None:
        """The ARN of the pool's function of this kind (a key of LambdaConfig), if it has one."""
        arn: str | None = self.pool.document.get("LambdaConfig", {}).get(kind)
        return arn

    @property
    def hides_users(self) -> bool:
        """Whether functions are to be told of names that nobody has (PreventUserExistenceErrors)."""
        return self.client is not None and not self.client.reveals_users


class Answer(msgspec.Struct):
    """What every function answers with: the event, of which only the response counts."""

    response: msgspec.Raw


_answer = msgspec.json.Decoder(Answer)


async def fire(
    occasion: Occasion,
    kind: str,
    source: str,
    username: str,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    answer: type[T],
    *,
    arn: str,
    version: str = "1",
) -> T:
    """Calls the function and reads the `response` of its answer.

    `request` and `response` are the event's own parts. UserLambdaValidation for a function that ended with an error,
    InvalidLambdaResponse for an answer that is none, UnexpectedLambda for no answer.
    """
    event = opened(occasion, source, username, version) | {"request": request, "response": response}
    body = await called(occasion, kind, arn, msgspec.json.encode(event))
    try:
        return msgspec.json.decode(_answer.decode(body).response, type=answer)
    except msgspec.ValidationError:
        text = INVALID_JSON if body.strip() == b"null" else UNRECOGNIZABLE
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = INVALID_JSON
    log.warning("a function's answer cannot be read", extra=named(occasion, kind, arn) | {"reason": text})
    raise InvalidLambdaResponse(text)


def opened(occasion: Occasion, source: str, username: str, version: str = "1") -> dict[str, Any]:
    """What every event begins with: the common parameters."""
    return {
        "version": version,
        "region": occasion.pool.pool_id.partition("_")[0],
        "userPoolId": occasion.pool.pool_id,
        "userName": username,
        "callerContext": {
            "awsSdkVersion": sdk_of(occasion.ctx.request.user_agent),
            "clientId": NO_CLIENT if occasion.client is None else occasion.client.client_id,
        },
        "triggerSource": source,
    }


async def called(occasion: Occasion, kind: str, arn: str, payload: bytes) -> bytes:
    """The function's answer, tried again where none comes in time, with the same idempotency key (documented in
    "Things to know about Lambda triggers": three times five seconds).
    """
    functions = occasion.ctx.functions
    key = hashlib.sha256(occasion.ctx.request.request_id.encode() + payload).hexdigest()[:32]
    reason = ""
    for _ in range(functions.tries):
        try:
            function = functions.get(arn)
            async with asyncio.timeout(functions.time_limit):
                return await function.invoke(payload, key=key)
        except FunctionFailed as failure:
            raise UserLambdaValidation(f"{kind} failed with error {failure}.") from None
        except TimeoutError:
            reason, text = "timeout", f"{kind} invocation failed due to error {TIMED_OUT}."
        except Unknown as failure:
            log.warning("a function has no target", extra=named(occasion, kind, arn))
            raise UnexpectedLambda(f"{kind} invocation failed due to configuration.") from failure
        except Unreachable as failure:
            # assumed, after the recorded "… failed due to error AccessDeniedException."
            reason, text = str(failure), f"{kind} invocation failed due to error ServiceException."
    log.warning("a function does not answer", extra=named(occasion, kind, arn) | {"reason": reason})
    raise UnexpectedLambda(text)


def named(occasion: Occasion, kind: str, arn: str) -> dict[str, str]:
    """What the log says of a call: neither of whom nor what it was about."""
    return {"pool_id": occasion.pool.pool_id, "trigger": kind, "function": arn}


def sdk_of(user_agent: str) -> str:
    """The caller's SDK as callerContext has it; `aws-sdk-unknown-unknown` (recorded) for all others."""
    found = _SDK.search(user_agent)
    return f"aws-sdk-{found[1]}-{found[2]}" if found else "aws-sdk-unknown-unknown"


def user_attributes(user: User) -> dict[str, str]:
    """A user as events have them: sub, status and attributes (recorded)."""
    return {"sub": user.sub, "cognito:user_status": user.status, **user.attributes}


def with_metadata(occasion: Occasion, request: dict[str, Any]) -> dict[str, Any]:
    """The event's request with ClientMetadata, if there was any."""
    return {**request, "clientMetadata": dict(occasion.metadata)} if occasion.metadata else request
