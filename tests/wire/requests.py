"""Requests to validate, and what is said of them."""

from collections.abc import Callable
from typing import Any

import pytest

from cenote.domain.errors import CognitoError, InvalidParameter
from cenote.wire.model import load_model
from cenote.wire.validation import Validator

IDP = load_model("cognito_idp")
IDENTITY = load_model("cognito_identity")
VALIDATORS = {id(model): Validator(model) for model in (IDP, IDENTITY)}

POOL = "eu-central-1_Abc123XYZ"
VISIBLE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"


def reader(operation: str) -> Callable[[Any], dict[str, Any]]:
    model = IDP if operation in IDP.operations else IDENTITY
    return VALIDATORS[id(model)].compile(model.operations[operation])


def refusal(operation: str, request: Any, error: type[CognitoError] = InvalidParameter) -> str:
    with pytest.raises(error) as caught:
        reader(operation)(request)
    return caught.value.message


def one(text: str) -> str:
    return f"1 validation error detected: {text}"
