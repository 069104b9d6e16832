"""PreAuthentication and PostAuthentication; events are documented, their details recorded where a test says so."""

from typing import Any

import pytest
from tests.calls import PASSWORD, attempt, refusal, sign_in
from tests.conftest import PoolFactory
from tests.devices import TRACKED, unconfirmed
from tests.flows.triggers.conftest import triggers
from tests.functions import FunctionServer, arn, refusing

WRONG = ("NotAuthorized", "Incorrect username or password.")
TIMEOUT = "invocation failed due to error Socket timeout while invoking Lambda function."


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(**triggers("PreAuthentication", "PostAuthentication"))


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture(scope="module")
def ada(make: PoolFactory, pool: str) -> str:
    return make.user(pool, "ada", email="ada@example.com", email_verified="true")


def attributes(sub: str) -> dict[str, str]:
    return {
        "sub": sub,
        "cognito:user_status": "CONFIRMED",
        "email": "ada@example.com",
        "email_verified": "true",
    }


def common(pool: str, app: str, source: str) -> dict[str, Any]:
    return {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": app},
        "triggerSource": source,
        "response": {},
    }


def test_both_are_told_of_a_sign_in(
    idp: Any, pool: str, app: str, ada: str, functions: FunctionServer
) -> None:
    """ClientMetadata of InitiateAuth is PreAuthentication's validationData (documented)."""
    idp.initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        ClientMetadata={"device": "phone"},
    )
    assert functions.event("PreAuthentication") == {
        **common(pool, app, "PreAuthentication_Authentication"),
        "request": {"userAttributes": attributes(ada), "validationData": {"device": "phone"}},
    }
    assert functions.event("PostAuthentication") == {
        **common(pool, app, "PostAuthentication_Authentication"),
        "request": {"userAttributes": attributes(ada), "newDeviceUsed": False},
    }


def test_post_authentication_hears_of_a_new_device(make: PoolFactory, functions: FunctionServer) -> None:
    """documented: a flag of pools that remember devices"""
    pool = make.pool(**triggers("PostAuthentication"), **TRACKED)
    phone = unconfirmed(make, pool, str(make.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    phone.sign_in()
    flags = [event["request"]["newDeviceUsed"] for event in functions.events("PostAuthentication")]
    assert flags == [True, False]


def test_post_authentication_has_the_metadata_of_the_last_answer(
    idp: Any, make: PoolFactory, pool: str, app: str, functions: FunctionServer
) -> None:
    """documented at InitiateAuth and RespondToAuthChallenge"""
    idp.admin_create_user(
        UserPoolId=pool, Username="tim", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    asked = attempt(idp, app, "tim")
    assert functions.events("PostAuthentication") == []
    idp.respond_to_auth_challenge(
        ClientId=app,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "tim", "NEW_PASSWORD": "Another-Horse-9"},
        ClientMetadata={"a": "b"},
    )
    request = functions.event("PostAuthentication")["request"]
    assert request["clientMetadata"] == {"a": "b"}
    assert request["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert len(functions.events("PreAuthentication")) == 1


def test_pre_authentication_keeps_a_right_password_out(
    idp: Any, app: str, ada: str, functions: FunctionServer
) -> None:
    functions.answers["PreAuthentication"] = refusing("not from there")
    expected = ("UserLambdaValidation", "PreAuthentication failed with error not from there.")
    assert refusal(attempt, idp, app, "ada") == expected
    assert functions.events("PostAuthentication") == []


def test_post_authentication_keeps_the_tokens(
    idp: Any, app: str, ada: str, functions: FunctionServer
) -> None:
    functions.answers["PostAuthentication"] = refusing("too late")
    expected = ("UserLambdaValidation", "PostAuthentication failed with error too late.")
    assert refusal(attempt, idp, app, "ada") == expected


def test_post_authentication_hears_nothing_of_a_wrong_password(
    idp: Any, app: str, ada: str, functions: FunctionServer
) -> None:
    assert refusal(attempt, idp, app, "ada", "wrong") == WRONG
    assert len(functions.events("PreAuthentication")) == 1
    assert functions.events("PostAuthentication") == []


@pytest.mark.parametrize("kind", ["PreAuthentication", "PostAuthentication"])
def test_a_bad_answer_signs_nobody_in(
    idp: Any, app: str, ada: str, functions: FunctionServer, kind: str
) -> None:
    functions.answers[kind] = lambda _: b"ok"
    expected = ("InvalidLambdaResponse", "Invalid lambda function output : Invalid JSON")
    assert refusal(attempt, idp, app, "ada") == expected


@pytest.mark.parametrize("kind", ["PreAuthentication", "PostAuthentication"])
def test_no_answer_in_time_signs_nobody_in(
    idp: Any, app: str, ada: str, functions: FunctionServer, kind: str
) -> None:
    functions.answers[kind] = functions.hang
    assert refusal(attempt, idp, app, "ada") == ("UnexpectedLambda", f"{kind} {TIMEOUT}")


def test_names_that_nobody_has_are_told_only_where_they_are_hidden(
    idp: Any, make: PoolFactory, pool: str, app: str, functions: FunctionServer
) -> None:
    """documented: userNotFound, with PreventUserExistenceErrors"""
    assert refusal(attempt, idp, app, "nobody")[0] == "UserNotFound"
    assert functions.calls == []
    hiding = make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    assert refusal(attempt, idp, hiding, "nobody") == WRONG
    event = functions.event("PreAuthentication")
    assert event["userName"] == "nobody"
    assert event["request"] == {"userAttributes": {}, "validationData": None, "userNotFound": True}


def test_a_pool_without_triggers_calls_nothing(
    idp: Any, make: PoolFactory, functions: FunctionServer
) -> None:
    pool = make.pool()
    make.user(pool, "ada")
    assert sign_in(idp, make.client(pool)["ClientId"], "ada")["AccessToken"]
    assert functions.calls == []


def test_a_function_that_the_settings_do_not_know_is_not_called(
    idp: Any, make: PoolFactory, functions: FunctionServer
) -> None:
    """Case 70: an ARN is a name, never an address."""
    config = {"PreAuthentication": "arn:aws:lambda:eu-central-1:000000000000:function:169.254.169.254"}
    pool = make.pool(LambdaConfig=config)
    make.user(pool, "ada")
    expected = ("UnexpectedLambda", "PreAuthentication invocation failed due to configuration.")
    assert refusal(attempt, idp, make.client(pool)["ClientId"], "ada") == expected
    assert functions.calls == []


def test_an_alias_in_the_arn_is_no_part_of_the_name(
    idp: Any, make: PoolFactory, functions: FunctionServer
) -> None:
    config = {"PreAuthentication": "arn:aws:lambda:us-east-1:123456789012:function:PreAuthentication:live"}
    pool = make.pool(LambdaConfig=config)
    make.user(pool, "ada")
    assert sign_in(idp, make.client(pool)["ClientId"], "ada")["AccessToken"]
    assert len(functions.events("PreAuthentication")) == 1


def test_case_70_a_redirect_leads_nowhere(idp: Any, app: str, ada: str, functions: FunctionServer) -> None:
    functions.redirect_to = f"{functions.url}/elsewhere"
    expected = ("UnexpectedLambda", "PreAuthentication invocation failed due to error ServiceException.")
    assert refusal(attempt, idp, app, "ada") == expected
    assert {call.path for call in functions.calls} == {"/PreAuthentication"}


def test_triggers_that_are_not_built_are_refused(make: PoolFactory) -> None:
    federation = {"LambdaVersion": "V1_0", "LambdaArn": arn("f")}
    code, text = refusal(make.pool, LambdaConfig={"InboundFederation": federation})
    assert code == "InvalidParameter"
    assert "InboundFederation" in text
