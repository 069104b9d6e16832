"""Text messages by Amazon SNS's API (Publish), at AWS or at any server that speaks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from cenote.domain.messages import Message
from cenote.outbound import aws
from cenote.outbound.roles import Roles
from cenote.outbound.sms import number
from cenote.outbound.transports import Conversation

VERSION: Final = "2010-03-31"
# Which of SNS's errors say that the message itself is at fault.
FINAL: Final = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "OptedOut"})


@dataclass(frozen=True, slots=True)
class Sns:
    """Publishes in the region that the pool's SmsConfiguration names.

    With `roles` as the role that it names (SnsCallerArn, with its ExternalId), else by the server's own credentials.
    """

    service: aws.Service
    roles: Roles | None = None

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
            await self._service_of(message),
            urlencode(fields).encode(),
            {"content-type": "application/x-www-form-urlencoded"},
            region=(message.sms or {}).get("SnsRegion", ""),
        )
        aws.judge(reply, FINAL)

    async def _service_of(self, message: Message) -> aws.Service:
        configured = message.sms or {}
        role = configured.get("SnsCallerArn")
        if self.roles is None or not role:
            return self.service
        credentials = await self.roles.assumed(role, configured.get("ExternalId", ""))
        return replace(self.service, credentials=credentials)
