"""PreAuthentication: when somebody begins to sign in, before anything is checked."""

from typing import Any

import msgspec

from cenote.domain.users import User
from cenote.flows.triggers.firing import Occasion, fire, user_attributes

KIND = "PreAuthentication"
SOURCE = "PreAuthentication_Authentication"


class Response(msgspec.Struct):
    """Nothing that could be said is heard."""


async def asked(occasion: Occasion, user: User | None, typed: str) -> None:
    """Lets the function refuse the sign-in.

    It hears of names that nobody has only where PreventUserExistenceErrors is on (documented), and then with nothing
    about them. ClientMetadata arrives as validationData (documented at InitiateAuth).
    """
    arn = occasion.function_of(KIND)
    if arn is None or (user is None and not occasion.hides_users):
        return
    username = typed if user is None else user.username
    request: dict[str, Any] = {
        "userAttributes": {} if user is None else user_attributes(user),
        "validationData": dict(occasion.metadata) or None,
    }
    if occasion.hides_users:
        request["userNotFound"] = user is None
    await fire(occasion, KIND, SOURCE, username, request, {}, Response, arn=arn)
