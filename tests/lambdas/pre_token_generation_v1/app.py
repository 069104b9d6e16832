"""Adds a claim to the ID token, takes one away, and replaces the groups."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    event["response"]["claimsOverrideDetails"] = {
        "claimsToAddOrOverride": {"tenant": "t1", "sub": "forged"},
        "claimsToSuppress": ["email"],
        "groupOverrideDetails": {"groupsToOverride": ["readers"]},
    }
    return event
