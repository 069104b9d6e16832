"""Resource servers: APIs that a pool's clients ask scopes for. A scope's whole name is `identifier/name`."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from cenote.domain.errors import InvalidParameter

Document: TypeAlias = Mapping[str, Any]

# AWS's quota (documented in "Quotas in Amazon Cognito").
MOST: Final = 25
# Scopes of Cognito's own begin so; nobody else's API may.
RESERVED: Final = "aws.cognito"
# The scope for registering clients, which no resource server has (documented in "Dynamic client registration").
REGISTER: Final = "aws.cognito/dcr/register"


def checked(request: Document) -> dict[str, Any]:
    """The document of a request; InvalidParameter for a scope named twice, or an identifier of Cognito's own."""
    if request["Identifier"].startswith(RESERVED):
        raise InvalidParameter(f"{request['Identifier']} is reserved.")  # assumed
    names = [scope["ScopeName"] for scope in request.get("Scopes", ())]
    if len(set(names)) < len(names):
        raise InvalidParameter("Duplicate scopes are not allowed.")  # assumed
    return {
        "UserPoolId": request["UserPoolId"],
        "Identifier": request["Identifier"],
        "Name": request["Name"],
        "Scopes": list(request.get("Scopes", ())),
    }


def scopes(document: Document) -> Iterable[str]:
    """The whole names of its scopes."""
    return (f"{document['Identifier']}/{scope['ScopeName']}" for scope in document["Scopes"])
