"""Asks what opens the cave."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if event["request"]["challengeName"] == "CUSTOM_CHALLENGE":
        event["response"]["publicChallengeParameters"] = {"question": "What opens the cave?"}
        event["response"]["privateChallengeParameters"] = {"answer": "open sesame"}
        event["response"]["challengeMetadata"] = "CAVE"
    return event
