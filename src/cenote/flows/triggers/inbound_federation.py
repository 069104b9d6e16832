"""InboundFederation: what another provider tells of a user, changed before it becomes their attributes.

Documented in "Inbound federation Lambda trigger": called at every sign-in by a provider, once its answer is verified
and before the user is made or updated. Nobody signs in so yet: LambdaConfig refuses it until something calls this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cenote.flows.triggers.firing import Occasion, fire

KIND = "InboundFederation"
SOURCE = "InboundFederation_ExternalProvider"


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider answered; parts that its kind does not have are None.

    `provider_type` is one of OIDC, SAML, Facebook, Google, SignInWithApple, LoginWithAmazon.
    """

    provider_name: str
    provider_type: str
    token_response: Mapping[str, Any] | None = None
    id_token: Mapping[str, Any] | None = None
    user_info: Mapping[str, Any] | None = None
    saml_response: Mapping[str, Any] | None = None

    @property
    def attributes(self) -> dict[str, dict[str, str]]:
        """The event's: only those parts that there are."""
        parts = {
            "tokenResponse": self.token_response,
            "idToken": self.id_token,
            "userInfo": self.user_info,
            "samlResponse": self.saml_response,
        }
        return {name: texts(part) for name, part in parts.items() if part is not None}


class Response(msgspec.Struct, rename="camel"):
    user_attributes_to_map: dict[str, str] | None = None


async def mapped(occasion: Occasion, username: str, told: Told) -> dict[str, str] | None:
    """The provider's attributes as the function wants them, all that it left out being dropped.

    None where they stay as they are: the pool has no such function, or its answer is empty (documented).
    """
    config: Any = occasion.pool.document.get("LambdaConfig", {}).get(KIND)
    if not config:
        return None
    request = {
        "providerName": told.provider_name,
        "providerType": told.provider_type,
        "attributes": told.attributes,
    }
    answer = await fire(
        occasion,
        KIND,
        SOURCE,
        username,
        request,
        {"userAttributesToMap": {}},
        Response,
        arn=config["LambdaArn"],
    )
    return answer.user_attributes_to_map or None


def texts(part: Mapping[str, Any]) -> dict[str, str]:
    """Every value as a text: what is none becomes JSON (recorded: an object in a claim arrives as its JSON)."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in part.items()
    }
