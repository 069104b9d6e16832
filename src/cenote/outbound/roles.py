"""Roles that a pool names, assumed by STS's AssumeRole, at AWS or at any server that speaks it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from cenote.outbound import aws
from cenote.outbound.aws import Credentials
from cenote.outbound.transports import Undelivered, Unreachable

VERSION: Final = "2011-06-15"
# What the other side's log calls us, and how long before their end credentials are asked for anew (ms).
SESSION: Final = "cenote"
EARLY: Final = 5 * 60 * 1000
# More pools than any worker sends text messages for at once.
MOST: Final = 1000
_FIELD: Final = re.compile(
    rb"<(AccessKeyId|SecretAccessKey|SessionToken|Expiration)>\s*([^<\s]{1,8192})\s*</\1>"
)


@dataclass(frozen=True, slots=True)
class Roles:
    """Assumed roles, each remembered for as long as its credentials are good."""

    service: aws.Service
    _held: dict[tuple[str, str], tuple[Credentials, int]] = field(default_factory=dict)

    async def assumed(self, arn: str, external_id: str = "") -> Credentials:
        """Credentials of the role; Undelivered where it may not be assumed, Unreachable where STS is away."""
        now = self.service.clock()
        credentials, until = self._held.get((arn, external_id), (None, 0))
        if credentials is not None and now < until - EARLY:
            return credentials
        fields = {"Action": "AssumeRole", "Version": VERSION, "RoleArn": arn, "RoleSessionName": SESSION}
        if external_id:
            fields["ExternalId"] = external_id
        headers = {"content-type": "application/x-www-form-urlencoded"}
        reply = await aws.asked(self.service, urlencode(fields).encode(), headers)
        if reply.status == 403 and aws.error_name(reply) == "AccessDenied":
            # One pool's mistake, which keeps no other's messages.
            raise Undelivered("403 AccessDenied")
        aws.judge(reply, frozenset())
        credentials, until = read(reply.body)
        if len(self._held) >= MOST:
            self._held.clear()
        self._held[arn, external_id] = credentials, until
        return credentials


def read(body: bytes) -> tuple[Credentials, int]:
    """The credentials of an answer and when they end (epoch ms); Unreachable for what is none."""
    found = {name.decode(): value.decode("ascii", "replace") for name, value in _FIELD.findall(body)}
    try:
        until = datetime.fromisoformat(found["Expiration"])
        credentials = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    except (KeyError, ValueError):
        raise Unreachable("STS: the answer cannot be read") from None
    return credentials, int(until.timestamp() * 1000)
