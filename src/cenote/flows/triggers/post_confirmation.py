"""PostConfirmation: after a sign-up was confirmed, or a forgotten password replaced."""

from enum import StrEnum

import msgspec

from cenote.domain.users import User
from cenote.flows.triggers.firing import Occasion, fire, user_attributes, with_metadata

KIND = "PostConfirmation"


class Source(StrEnum):
    """What was confirmed."""

    SIGN_UP = "PostConfirmation_ConfirmSignUp"
    FORGOT_PASSWORD = "PostConfirmation_ConfirmForgotPassword"


class Response(msgspec.Struct):
    """Nothing that could be said is heard."""


async def told(occasion: Occasion, user: User, source: Source) -> None:
    """Tells the function of a user who is confirmed by now: its error reaches the caller, and undoes nothing."""
    arn = occasion.function_of(KIND)
    if arn is not None:
        request = with_metadata(occasion, {"userAttributes": user_attributes(user)})
        await fire(occasion, KIND, source, user.username, request, {}, Response, arn=arn)
