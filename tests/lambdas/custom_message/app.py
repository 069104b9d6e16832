"""Words the messages of a sign-up and of a forgotten password."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    code = event["request"]["codeParameter"]
    if event["triggerSource"] == "CustomMessage_SignUp":
        event["response"]["emailSubject"] = "Welcome"
        event["response"]["emailMessage"] = f"Your own code is {code}."
    elif event["triggerSource"] == "CustomMessage_ForgotPassword":
        event["response"]["emailSubject"] = "Forgotten?"
        event["response"]["emailMessage"] = f"Once more: {code}."
    return event
