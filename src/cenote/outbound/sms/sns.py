"""Text messages by Amazon SNS's API (Publish), at AWS or at any server that speaks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from cenote.domain.messages import Message
from cenote.outbound import aws
from cenote.outbound.sms import number
from cenote.outbound.transports import Conversation

VERSION: Final = "2010-03-31"
# Which of SNS's errors say that the message itself is at fault.
FINAL: Final = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "OptedOut"})


@dataclass(frozen=True, slots=True)
class Sns:
    """Publishes in the region that the pool's SmsConfiguration names, under the server's own credentials."""

    service: aws.Service

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Conversation]:
        yield self

    async def send(self, message: Message) -> None:
        fields = {
            "Action": "Publish",
            "Version": VERSION,
            "PhoneNumber": number(message),
            "Message": message.body,
            # Codes are not to wait behind newsletters.
            "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType",
            "MessageAttributes.entry.1.Value.DataType": "String",
            "MessageAttributes.entry.1.Value.StringValue": "Transactional",
        }
        reply = await aws.asked(
            self.service,
            urlencode(fields).encode(),
            {"content-type": "application/x-www-form-urlencoded"},
            region=(message.sms or {}).get("SnsRegion", ""),
        )
        aws.judge(reply, FINAL)
