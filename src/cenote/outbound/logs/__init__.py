"""Where pools' exported logs go: CloudWatch Logs, Firehose, S3 (or servers with their APIs), or a file."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from cenote.outbound.transports import Undelivered

# Errors of AWS's services that say what was sent will never be taken.
FINAL: Final = frozenset({"InvalidParameterException", "InvalidArgumentException", "ValidationException"})


class Entry(NamedTuple):
    """One event: its own id, when it was (epoch ms), and its JSON, which has no line break in it."""

    id: str
    at: int
    body: bytes


class Sink(Protocol):
    async def write(self, pool_id: str, arn: str, entries: Sequence[Entry]) -> None:
        """Returns once the other side has taken the entries, oldest first; Refused or Undelivered otherwise."""
        ...


def name_in(arn: str, kind: str) -> str:
    """What follows its kind in an ARN (`log-group:name`, `deliverystream/name`); Undelivered for another ARN."""
    resource = arn.split(":", 5)[-1]
    if not resource.startswith(kind) or len(resource) == len(kind):
        raise Undelivered("the ARN names something else")
    return resource.removeprefix(kind)
