"""Compares the answer with the one that was kept."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    request = event["request"]
    expected = request["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = request["challengeAnswer"] == expected
    return event
