"""What tests of operations share: how a call is refused, how a user signs in."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import jwt
import pytest
from botocore.exceptions import ClientError

T = TypeVar("T")

PASSWORD = "Correct-Horse-9"


def refusal(call: Callable[..., Any], *args: Any, **request: Any) -> tuple[str, str]:
    """The error that a call gets, as its code less `Exception`, and its text."""
    with pytest.raises(ClientError) as refused:
        call(*args, **request)
    error = refused.value.response["Error"]
    return error["Code"].removesuffix("Exception"), error["Message"]


def outcome(call: Callable[..., Any], *args: Any, **request: Any) -> str:
    """`ok`, or the text of the error that a call gets."""
    try:
        call(*args, **request)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return "ok"


def sign_in(
    idp: Any, client_id: str, name: str, password: str = PASSWORD, **parameters: str
) -> dict[str, Any]:
    """The tokens of a user by USER_PASSWORD_AUTH."""
    return dict(attempt(idp, client_id, name, password, **parameters)["AuthenticationResult"])


def attempt(
    idp: Any, client_id: str, name: str, password: str = PASSWORD, **parameters: str
) -> dict[str, Any]:
    """The answer to a sign-in by USER_PASSWORD_AUTH."""
    return dict(
        idp.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password, **parameters},
        )
    )


def refresh(idp: Any, client_id: str, token: str, **parameters: str) -> dict[str, Any]:
    """The tokens that REFRESH_TOKEN_AUTH gives."""
    answer = idp.initiate_auth(
        ClientId=client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token, **parameters},
    )
    return dict(answer["AuthenticationResult"])


def secret_hash(client: dict[str, Any], name: str) -> str:
    message = (name + client["ClientId"]).encode()
    return base64.b64encode(
        hmac.new(client["ClientSecret"].encode(), message, hashlib.sha256).digest()
    ).decode()


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def at_once(call: Callable[[int], T], times: int) -> list[T]:
    """The results of so many calls in parallel."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(call, range(times)))


def attributes_of(user: dict[str, Any]) -> dict[str, str]:
    """The attributes of AdminGetUser's and GetUser's answers, or of a user in a list."""
    listed = user.get("UserAttributes", user.get("Attributes", ()))
    return {entry["Name"]: entry["Value"] for entry in listed}


def pairs(attributes: dict[str, str]) -> list[dict[str, str]]:
    """Attributes as a request lists them."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
