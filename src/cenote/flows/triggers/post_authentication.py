"""PostAuthentication: when a user has proved everything, before they get tokens."""

import msgspec

from cenote.domain.users import User
from cenote.flows.triggers.firing import Occasion, fire, user_attributes, with_metadata

KIND = "PostAuthentication"
SOURCE = "PostAuthentication_Authentication"


class Response(msgspec.Struct):
    """Nothing that could be said is heard."""


async def told(occasion: Occasion, user: User, *, new_device: bool) -> None:
    """Tells the function; its error keeps the tokens from the user.

    `new_device`: the pool tracks devices, and the user came with none that it knows (documented).
    """
    arn = occasion.function_of(KIND)
    if arn is not None:
        request = with_metadata(
            occasion, {"userAttributes": user_attributes(user), "newDeviceUsed": new_device}
        )
        await fire(occasion, KIND, SOURCE, user.username, request, {}, Response, arn=arn)
