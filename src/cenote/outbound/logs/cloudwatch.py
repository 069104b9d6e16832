"""Events to a log group of CloudWatch Logs, in one stream a pool, which is made when it is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from cenote.outbound import aws
from cenote.outbound.functions.connections import Reply
from cenote.outbound.kms import region_of
from cenote.outbound.logs import FINAL, Entry, name_in

TARGET: Final = "Logs_20140328"


@dataclass(frozen=True, slots=True)
class CloudWatch:
    service: aws.Service

    async def write(self, pool_id: str, arn: str, entries: Sequence[Entry]) -> None:
        stream = {"logGroupName": name_in(arn, "log-group:").removesuffix(":*"), "logStreamName": pool_id}
        events = [{"timestamp": entry.at, "message": entry.body.decode()} for entry in entries]
        reply = await self._asked("PutLogEvents", arn, {**stream, "logEvents": events})
        if aws.error_name(reply) == "ResourceNotFoundException":
            made = await self._asked("CreateLogStream", arn, stream)
            if aws.error_name(made) != "ResourceAlreadyExistsException":
                aws.judge(made, frozenset())
            reply = await self._asked("PutLogEvents", arn, {**stream, "logEvents": events})
        aws.judge(reply, FINAL)

    async def _asked(self, action: str, arn: str, request: Mapping[str, Any]) -> Reply:
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"{TARGET}.{action}"}
        return await aws.asked(self.service, msgspec.json.encode(request), headers, region=region_of(arn))
