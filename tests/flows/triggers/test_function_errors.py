"""A function's error, a bad answer and none at all, at the doors that no other test comes by: twins and refreshes."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.calls import PASSWORD, refusal
from tests.conftest import PoolFactory
from tests.flows.triggers.conftest import triggers
from tests.functions import FunctionServer, refusing

CHALLENGED = "NEW_PASSWORD_REQUIRED"
TEMPORARY = "Brief-Horse-1"
KIND = "PreTokenGeneration"


@pytest.fixture(params=["UserLambdaValidation", "InvalidLambdaResponse", "UnexpectedLambda"])
def error(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fail(error: str, functions: FunctionServer) -> Callable[[str], None]:
    """Lets a function fail with this error from here on."""
    answers = {
        "UserLambdaValidation": refusing("no"),
        "InvalidLambdaResponse": lambda _: b"[]",
        "UnexpectedLambda": functions.hang,
    }

    def failing(kind: str) -> None:
        functions.answers[kind] = answers[error]

    return failing


@pytest.fixture
def pool(make: PoolFactory) -> str:
    pool = make.pool(**triggers("PreAuthentication", KIND))
    make.user(pool, "ada")
    return pool


@pytest.fixture
def app(make: PoolFactory, pool: str) -> str:
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    return str(make.client(pool, ExplicitAuthFlows=flows)["ClientId"])


def begin(idp: Any, pool: str, app: str, password: str = PASSWORD) -> Any:
    return idp.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=app,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": password},
    )


def test_before_a_sign_in_by_an_administrator(
    idp: Any, pool: str, app: str, error: str, fail: Callable[[str], None]
) -> None:
    fail("PreAuthentication")
    assert refusal(begin, idp, pool, app)[0] == error


def test_at_the_end_of_a_sign_in_by_an_administrator(
    idp: Any, pool: str, app: str, error: str, fail: Callable[[str], None]
) -> None:
    idp.admin_set_user_password(UserPoolId=pool, Username="ada", Password=TEMPORARY, Permanent=False)
    asked = begin(idp, pool, app, TEMPORARY)
    assert asked["ChallengeName"] == CHALLENGED
    fail(KIND)
    refused = refusal(
        idp.admin_respond_to_auth_challenge,
        UserPoolId=pool,
        ClientId=app,
        ChallengeName=CHALLENGED,
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": PASSWORD},
    )
    assert refused[0] == error


def test_at_a_refresh_which_may_be_tried_again(
    idp: Any, pool: str, app: str, functions: FunctionServer, error: str, fail: Callable[[str], None]
) -> None:
    tokens = begin(idp, pool, app)["AuthenticationResult"]
    request = {"ClientId": app, "RefreshToken": tokens["RefreshToken"]}
    fail(KIND)
    assert refusal(idp.get_tokens_from_refresh_token, **request)[0] == error
    functions.reset()
    assert idp.get_tokens_from_refresh_token(**request)["AuthenticationResult"]["AccessToken"]
