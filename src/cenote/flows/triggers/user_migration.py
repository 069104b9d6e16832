"""UserMigration: whether another directory knows a user whom this pool does not, and what it knows."""

from enum import StrEnum
from typing import Any, Literal

import msgspec

from cenote.flows.triggers.firing import Occasion, fire, with_metadata

KIND = "UserMigration"


class Source(StrEnum):
    """What the user wanted to do. Only in a sign-in with the password itself can it be handed on (documented)."""

    AUTHENTICATION = "UserMigration_Authentication"
    FORGOT_PASSWORD = "UserMigration_ForgotPassword"


class Response(msgspec.Struct):
    """The user as they are to be made. All but the attributes may be left out."""

    userAttributes: dict[str, str] | None = None  # noqa: N815 (AWS's names, two of them beyond any rule)
    finalUserStatus: Literal["CONFIRMED", "RESET_REQUIRED"] | None = None  # noqa: N815
    messageAction: Literal["SUPPRESS", "RESEND"] | None = None  # noqa: N815
    desiredDeliveryMediums: list[str] | None = None  # noqa: N815
    forceAliasCreation: bool | None = None  # noqa: N815
    enableSMSMFA: bool | None = None  # noqa: N815


async def known(occasion: Occasion, arn: str, source: Source, typed: str, password: str | None) -> Response:
    """Asks the function. ClientMetadata is validationData at a sign-in, clientMetadata otherwise (documented)."""
    request: dict[str, Any] = {"password": password, "validationData": None}
    if source is Source.AUTHENTICATION:
        request["validationData"] = dict(occasion.metadata) or None
    else:
        request = with_metadata(occasion, {"validationData": None})
    nothing = dict.fromkeys(Response.__struct_fields__)
    return await fire(occasion, KIND, source, typed, request, nothing, Response, arn=arn)
