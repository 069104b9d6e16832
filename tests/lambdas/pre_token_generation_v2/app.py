"""Adds claims to both tokens, and a scope."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    event["response"]["claimsAndScopeOverrideDetails"] = {
        "idTokenGeneration": {"claimsToAddOrOverride": {"plan": {"seats": 3}}},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"roles": ["a", "b"], "iss": "https://evil.example"},
            "scopesToAdd": ["photos/read"],
        },
    }
    return event
