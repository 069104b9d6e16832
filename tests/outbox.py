"""Reading what a Cenote wrote to people, as a developer's tests do."""

import json
import urllib.parse
import urllib.request
from typing import Any


def messages_to(url: str, to: str) -> list[dict[str, Any]]:
    """What the Cenote at `url` wrote to an address or number, newest last."""
    query = urllib.parse.urlencode({"to": to})
    with urllib.request.urlopen(f"{url}/_cenote/outbox.json?{query}", timeout=10) as answer:
        return list(json.load(answer))


def newest_to(url: str, to: str) -> dict[str, Any]:
    return messages_to(url, to)[-1]


def code_to(url: str, to: str) -> str:
    """The newest code that was sent to an address or number."""
    return str(newest_to(url, to)["code"])


def wrong(code: str) -> str:
    """Another code of six digits."""
    return f"{(int(code) + 1) % 1_000_000:06}"
