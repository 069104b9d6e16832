"""Knows the users of an old directory, and their passwords."""

from typing import Any

DIRECTORY = {"old-ada": "old password"}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    name = event["userName"]
    if name not in DIRECTORY:
        raise LookupError("Bad user")
    if event["triggerSource"] == "UserMigration_Authentication":
        if event["request"]["password"] != DIRECTORY[name]:
            raise LookupError("Bad password")
        event["response"]["finalUserStatus"] = "CONFIRMED"
    event["response"]["userAttributes"] = {"email": f"{name}@example.com", "email_verified": "true"}
    event["response"]["messageAction"] = "SUPPRESS"
    return event
