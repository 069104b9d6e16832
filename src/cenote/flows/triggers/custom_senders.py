"""CustomEmailSender and CustomSMSSender: the pool's function delivers, in place of the server.

The event waits in the queue like any message, without its code; that is put in when the function is called, encrypted
so that only who has the pool's key reads it. What the function answers counts for nothing (documented); one that fails
is called again, two times, as Lambda does with what it runs asynchronously (documented: custom senders are the only
triggers that Cognito does not wait for).
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cenote.domain import encrypted_messages
from cenote.domain.encrypted_messages import MESSAGE_ID_SIZE
from cenote.domain.messages import Message
from cenote.flows.triggers.firing import opened, user_attributes
from cenote.outbound import transports
from cenote.outbound.functions import FunctionFailed, Unreachable
from cenote.outbound.transports import STEP_SECONDS, Failed, Undelivered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from cenote.domain.delivery import Delivery
    from cenote.domain.users import User
    from cenote.flows.triggers.firing import Occasion
    from cenote.outbound.functions.targets import Functions
    from cenote.outbound.kms import DataKeys

KINDS: Final = {"EMAIL": "CustomEmailSender", "SMS": "CustomSMSSender"}
TYPES: Final = {"EMAIL": "customEmailSenderRequestV1", "SMS": "customSMSSenderRequestV1"}
TAKE_OVER: Final = "AccountTakeOverNotification"


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that a function delivers: its name, the KMS key of the pool, and the event but for its code."""

    function: str
    key_id: str
    event: dict[str, Any]


def delivers(pool: Mapping[str, Any], medium: str) -> bool:
    """Whether a function of the pool (its document) delivers what goes by this medium."""
    return bool(pool.get("LambdaConfig", {}).get(KINDS[medium]))


def handed(
    occasion: Occasion, user: User, reason: str, to: Delivery, attributes: Mapping[str, str] | None = None
) -> Handed | None:
    """What the pool's function for the medium will be called with; None where the pool has none.

    `reason` is what follows the trigger's name in `triggerSource`. The address in the user's attributes is the one
    that the code goes to, even while it waits to become theirs; `attributes` take the place of all of them.
    """
    config = occasion.pool.document.get("LambdaConfig", {})
    kind = KINDS[to.medium]
    if kind not in config:
        return None
    told = {**user_attributes(user), to.attribute: to.destination} if attributes is None else attributes
    request = {
        "type": TYPES[to.medium],
        "code": None,
        # Recorded: null where there is none.
        "clientMetadata": dict(occasion.metadata) or None,
        "userAttributes": dict(told),
    }
    event = opened(occasion, f"{kind}_{reason}", user.username) | {"request": request}
    return Handed(config[kind]["LambdaArn"], config["KMSKeyID"], event)


class CustomSenders:
    """The way out by functions. Without `keys` there is no way to tell them a code."""

    def __init__(self, functions: Functions, keys: DataKeys | None, entropy: Callable[[int], bytes]) -> None:
        self._functions = functions
        self._keys = keys
        self._entropy = entropy

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[transports.Conversation]:
        yield self

    async def send(self, message: Message) -> None:
        """Calls the function, with one idempotency key at every try; Undelivered where it did not end well.

        Nothing of that keeps another message from going out, so nothing is called out of reach.
        """
        handed_over = message.handed
        if handed_over is None:
            raise transports.Refused("no function")
        try:
            async with asyncio.timeout(STEP_SECONDS):
                event = await self._with_code(message, handed_over)
                function = self._functions.get(handed_over["function"])
                await function.invoke(msgspec.json.encode(event), key=message.message_id)
        except FunctionFailed:
            # Not its text, which may quote the code.
            raise Failed("the function failed") from None
        except Unreachable as failure:
            raise Undelivered(f"function: {failure}") from None
        except TimeoutError:
            raise Undelivered("function: timeout") from None

    async def _with_code(self, message: Message, handed_over: Mapping[str, Any]) -> dict[str, Any]:
        event = dict(handed_over["event"])
        if message.code is None:
            return event
        if self._keys is None:
            raise Unreachable("custom senders need kms_endpoint or sender_key")
        context = {"userpool-id": message.pool_id}
        data_key, key = await self._keys.new(handed_over["key_id"], context)
        code = encrypted_messages.written(
            message.code.encode(), data_key, self._entropy(MESSAGE_ID_SIZE), key, context
        )
        return event | {"request": event["request"] | {"code": base64.b64encode(code).decode()}}
