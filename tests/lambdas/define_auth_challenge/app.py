"""The password first, where the client begins so; then a question, three times."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    session = event["request"]["session"]
    names = [passed["challengeName"] for passed in session]
    response = event["response"]
    response["issueTokens"] = response["failAuthentication"] = False
    if names == ["SRP_A"]:
        response["challengeName"] = "PASSWORD_VERIFIER"
    elif names and names[-1] == "CUSTOM_CHALLENGE" and session[-1]["challengeResult"]:
        response["issueTokens"] = True
    elif names.count("CUSTOM_CHALLENGE") >= 3:
        response["failAuthentication"] = True
    else:
        response["challengeName"] = "CUSTOM_CHALLENGE"
    return event
