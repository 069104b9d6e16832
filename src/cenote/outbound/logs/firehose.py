"""Events to a Firehose stream: one record of JSON lines."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from cenote.outbound import aws
from cenote.outbound.kms import region_of
from cenote.outbound.logs import FINAL, Entry, name_in

TARGET: Final = "Firehose_20150804.PutRecord"


@dataclass(frozen=True, slots=True)
class Firehose:
    service: aws.Service

    async def write(self, pool_id: str, arn: str, entries: Sequence[Entry]) -> None:  # noqa: ARG002 - the Protocol's
        data = b"".join(entry.body + b"\n" for entry in entries)
        request = {
            "DeliveryStreamName": name_in(arn, "deliverystream/"),
            "Record": {"Data": base64.b64encode(data).decode()},
        }
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": TARGET}
        aws.judge(
            await aws.asked(self.service, msgspec.json.encode(request), headers, region=region_of(arn)), FINAL
        )
