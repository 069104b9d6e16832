"""PreSignUp: before a user is made, by SignUp or AdminCreateUser (later by a first federated sign-in)."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from cenote.domain import users
from cenote.domain.attributes import VERIFIED_FLAGS
from cenote.domain.errors import InvalidLambdaResponse
from cenote.domain.users import User
from cenote.flows.triggers.firing import UNRECOGNIZABLE, Occasion, fire, with_metadata

KIND = "PreSignUp"


class Source(StrEnum):
    """Who makes the user."""

    SIGN_UP = "PreSignUp_SignUp"
    ADMIN_CREATE_USER = "PreSignUp_AdminCreateUser"
    EXTERNAL_PROVIDER = "PreSignUp_ExternalProvider"


class Response(msgspec.Struct, rename="camel"):
    auto_confirm_user: bool | None = False
    auto_verify_email: bool | None = False
    auto_verify_phone: bool | None = False


async def approved(
    occasion: Occasion, user: User, source: Source, validation_data: Mapping[str, str] | None
) -> User:
    """The user as the function lets them be made: confirmed and verified where it says so.

    What it says of users whom administrators make counts for nothing but an error (documented: the response of
    PreSignUp_AdminCreateUser is ignored).
    """
    arn = occasion.function_of(KIND)
    if arn is None:
        return user
    response = await fire(
        occasion,
        KIND,
        source,
        user.username,
        with_metadata(
            occasion,
            # Recorded: null where there is no validation data.
            {"userAttributes": as_asked(user), "validationData": validation_data or None},
        ),
        {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        Response,
        arn=arn,
    )
    return user if source is Source.ADMIN_CREATE_USER else as_answered(user, response)


def as_asked(user: User) -> dict[str, str]:
    """The attributes that were asked for: no sub and no status yet, and no flag that is off (recorded)."""
    return {
        name: value
        for name, value in user.attributes.items()
        if name not in VERIFIED_FLAGS or value == "true"
    }


def as_answered(user: User, response: Response) -> User:
    """InvalidLambdaResponse where the user has nothing that could be verified (documented: that is an error)."""
    attributes = dict(user.attributes)
    for name, verified in (
        ("email", response.auto_verify_email),
        ("phone_number", response.auto_verify_phone),
    ):
        if verified and not attributes.get(name):
            raise InvalidLambdaResponse(UNRECOGNIZABLE)
        if verified:
            attributes[f"{name}_verified"] = "true"
    status = users.CONFIRMED if response.auto_confirm_user else user.status
    return replace(user, attributes=attributes, status=status)
