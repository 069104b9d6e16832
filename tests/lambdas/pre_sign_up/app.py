"""Who signs up with an address of the company is let in at once; one domain is kept out."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    domain = event["request"]["userAttributes"].get("email", "").partition("@")[2]
    if domain == "blocked.example":
        raise ValueError("nobody from there")
    if domain == "company.example" and event["triggerSource"] == "PreSignUp_SignUp":
        event["response"]["autoConfirmUser"] = True
        event["response"]["autoVerifyEmail"] = True
    return event
