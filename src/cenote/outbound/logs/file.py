"""Events to a file of JSON lines, whatever their pools name, which several processes may append to."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cenote.outbound.logs import Entry
from cenote.outbound.transports import Undelivered


@dataclass(frozen=True, slots=True)
class File:
    path: Path

    async def write(self, pool_id: str, arn: str, entries: Sequence[Entry]) -> None:  # noqa: ARG002 - the Protocol's
        data = b"".join(entry.body + b"\n" for entry in entries)
        try:
            # Opened anew each time: somebody may have moved the file away.
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # One write, so that lines of two processes are never mixed.
                if os.write(file, data) != len(data):
                    raise Undelivered("the disk is full")
            finally:
                os.close(file)
        except OSError as error:
            raise Undelivered(type(error).__name__) from None
