"""Keeps out who is on a list."""

import os
from typing import Any

BARRED = os.environ["BARRED"].split(",")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if event["userName"] in BARRED:
        raise PermissionError("not today")
    return event
