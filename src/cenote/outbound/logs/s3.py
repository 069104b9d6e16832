"""Events to an S3 bucket: an object of JSON lines, under the pool's id and the day.

The bucket stands in the path, which every server with S3's API understands. An object has its first event's id, so a
second delivery of the same events takes the first one's place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from cenote.outbound import aws
from cenote.outbound.logs import FINAL, Entry, name_in


@dataclass(frozen=True, slots=True)
class S3:
    service: aws.Service

    async def write(self, pool_id: str, arn: str, entries: Sequence[Entry]) -> None:
        first = entries[0]
        day = datetime.fromtimestamp(first.at / 1000, UTC).strftime("%Y/%m/%d")
        key = f"{name_in(arn, '').strip('/')}/{pool_id}/{day}/{first.id}.json"
        body = b"".join(entry.body + b"\n" for entry in entries)
        headers = {"content-type": "application/x-ndjson"}
        aws.judge(
            await aws.asked(self.service, body, headers, path="/" + quote(key, safe="/-_.~"), method="PUT"),
            FINAL,
        )
