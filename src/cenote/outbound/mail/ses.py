"""Mail by Amazon SES's API (version 2, SendEmail), at AWS or at any server that speaks it.

What is sent is the same mail that an SMTP server would get, so its headers are as safe; `Destination` names the one
recipient.
"""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.policy import SMTP
from typing import Any, Final

import msgspec

from cenote.domain.messages import Message
from cenote.outbound import aws
from cenote.outbound.kms import region_of
from cenote.outbound.mail.letter import written
from cenote.outbound.transports import Conversation, Refused

PATH: Final = "/v2/email/outbound-emails"
# Which of SES's errors say that the mail itself is at fault.
FINAL: Final = frozenset({"MessageRejected", "BadRequestException"})


@dataclass(frozen=True, slots=True)
class Ses:
    """`default_sender` is who mail is from where its pool does not say."""

    service: aws.Service
    default_sender: str

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Conversation]:
        yield self

    async def send(self, message: Message) -> None:
        letter = written(message, default_sender=self.default_sender)
        if not (letter.sender + letter.recipient).isascii():
            raise Refused("SMTPUTF8")  # documented: SES takes none
        request: dict[str, Any] = {
            "Destination": {"ToAddresses": [letter.recipient]},
            "Content": {"Raw": {"Data": base64.b64encode(letter.content.as_bytes(policy=SMTP)).decode()}},
        }
        if message.configuration_set:
            request["ConfigurationSetName"] = message.configuration_set
        if message.identity:
            request["FromEmailAddressIdentityArn"] = message.identity
        reply = await aws.asked(
            self.service,
            msgspec.json.encode(request),
            {"content-type": "application/json"},
            path=PATH,
            region=region_of(message.identity or ""),
        )
        aws.judge(reply, FINAL)
