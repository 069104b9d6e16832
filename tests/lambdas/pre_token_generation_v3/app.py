"""Adds to the tokens of machines, too."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    machine = event["triggerSource"] == "TokenGeneration_ClientCredentials"
    event["response"]["claimsAndScopeOverrideDetails"] = {
        "accessTokenGeneration": {"claimsToAddOrOverride": {"kind": "machine" if machine else "person"}},
    }
    return event
