"""Triggers that run at a Lambda endpoint that is not ours: ordinary Lambda code, invoked by the Lambda API."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.ministack import KEY, REGION, SECRET, add_function, ministack

ARN = "arn:aws:lambda:eu-central-1:000000000000:function:"
PRE_SIGN_UP = """
def handler(event, context):
    if event["userName"].startswith("bad"):
        raise ValueError("no bad names, please")
    event["response"]["autoConfirmUser"] = True
    return event
"""
TOKENS = """
def handler(event, context):
    event["response"]["claimsOverrideDetails"] = {
        "claimsToAddOrOverride": {"from_lambda": context.function_name, "pool": event["userPoolId"]}
    }
    return event
"""
CRASH = """
import os

def handler(event, context):
    os._exit(3)
"""


@pytest.fixture(scope="module")
def lambdas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ministack(tmp_path_factory.mktemp("ministack")) as url:
        for name, code in (("pre-sign-up", PRE_SIGN_UP), ("tokens", TOKENS), ("crash", CRASH)):
            add_function(url, name, code)
        yield url


@pytest.fixture(scope="module")
def cenote(lambdas: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    target = {
        "endpoint": lambdas,
        "region": REGION,
        "access_key_id": KEY,
        "secret_access_key": SECRET,
    }
    targets = json.dumps(dict.fromkeys(("pre-sign-up", "tokens", "crash", "missing"), target))
    data = tmp_path_factory.mktemp("data")
    # Its first call of a function starts a process.
    with running(settings_for(data, functions=targets, function_timeout=60)) as one:
        yield one


def app(cenote: RunningServer, **triggers: str) -> tuple[str, str]:
    make = PoolFactory(cenote)
    pool = make.pool(LambdaConfig={kind: ARN + name for kind, name in triggers.items()})
    return pool, str(make.client(pool)["ClientId"])


def sign_up(cenote: RunningServer, client_id: str, name: str) -> Any:
    return cenote.idp.sign_up(ClientId=client_id, Username=name, Password="Correct-Horse-9")


def test_a_function_there_confirms_a_sign_up_and_adds_claims(cenote: RunningServer) -> None:
    pool, client_id = app(cenote, PreSignUp="pre-sign-up", PreTokenGeneration="tokens")
    assert sign_up(cenote, client_id, "ada")["UserConfirmed"] is True
    answer = cenote.idp.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Correct-Horse-9"},
    )

    payload = answer["AuthenticationResult"]["IdToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert (claims["from_lambda"], claims["pool"]) == ("tokens", pool)


def test_an_error_of_a_function_there_reaches_the_caller(cenote: RunningServer) -> None:
    _, client_id = app(cenote, PreSignUp="pre-sign-up")
    with pytest.raises(
        cenote.idp.exceptions.UserLambdaValidationException,
        match="PreSignUp failed with error no bad names, please",
    ):
        sign_up(cenote, client_id, "bad-name")


def test_a_function_that_dies_there_fails_the_call(cenote: RunningServer) -> None:
    _, client_id = app(cenote, PreSignUp="crash")
    with pytest.raises(
        (
            cenote.idp.exceptions.UserLambdaValidationException,
            cenote.idp.exceptions.UnexpectedLambdaException,
        )
    ):
        sign_up(cenote, client_id, "ada")


def test_a_function_that_is_not_there_fails_the_call(cenote: RunningServer) -> None:
    _, client_id = app(cenote, PreSignUp="missing")
    with pytest.raises(cenote.idp.exceptions.UnexpectedLambdaException):
        sign_up(cenote, client_id, "ada")
