"""Keeps a record of everybody who is confirmed, once for each event."""

import json
import os
from pathlib import Path
from typing import Any

RECORDS = Path(os.environ["RECORDS"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    key = context.client_context.custom["idempotency_key"]
    (RECORDS / f"{event['triggerSource']}-{event['userName']}-{key}").write_text(json.dumps(event))
    return event
