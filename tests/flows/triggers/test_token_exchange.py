"""PreTokenGeneration before a derived token. The model lists a function's errors; the trigger's source is assumed."""

from typing import Any

import pytest
from tests.browser import claims
from tests.calls import refusal
from tests.conftest import PoolFactory
from tests.exchanges import HELD, TYPE, Exchange, exchange, exchanger
from tests.functions import FunctionServer, answering, arn, refusing

KIND = "PreTokenGeneration"


@pytest.fixture(scope="module")
def one(make: PoolFactory) -> Exchange:
    config = {"LambdaVersion": "V2_0", "LambdaArn": arn(KIND)}
    return exchange(make, pool=make.pool(LambdaConfig={"PreTokenGenerationConfig": config}))


@pytest.fixture(autouse=True)
def reached(functions: FunctionServer) -> None:
    functions.answers[KIND] = answering()


def adding(**details: Any) -> Any:
    return answering(claimsAndScopeOverrideDetails={"accessTokenGeneration": details})


def test_the_function_is_told_of_an_exchange(one: Exchange, functions: FunctionServer) -> None:
    token = one.subject()["access_token"]
    functions.answers[KIND] = adding(claimsToAddOrOverride={"tenant": "a"})
    given = claims(one.derive(token)["IssuedToken"])
    event = functions.events(KIND)[-1]
    assert (event["triggerSource"], event["request"]["scopes"]) == (
        "TokenGeneration_TokenExchange",
        ["files/read"],
    )
    assert (event["userName"], event["callerContext"]["clientId"]) == (one.app.user, one.service.id)
    assert given["tenant"] == "a"


def test_the_token_endpoint_passes_metadata_on(one: Exchange, functions: FunctionServer) -> None:
    token = one.subject()["access_token"]
    one.post(token, aws_client_metadata='{"why": "because"}')
    assert functions.events(KIND)[-1]["request"]["clientMetadata"] == {"why": "because"}


def test_case_34_a_function_changes_nothing_that_makes_the_token_what_it_is(
    one: Exchange, functions: FunctionServer
) -> None:
    token = one.subject()["access_token"]
    overriding = dict.fromkeys(["sub", "iss", "exp", "token_use", "act", "origin_jti"], "changed")
    functions.answers[KIND] = adding(
        claimsToAddOrOverride={**overriding, "aud": one.service.id, "client_id": one.app.id},
        claimsToSuppress=["act", "aud", "origin_jti"],
        scopesToAdd=["files/write", "files/admin", "openid", "aws.cognito/dcr/register"],
    )
    given = claims(one.delegated(token, Audiences=["billing"])["IssuedToken"])
    assert (given["sub"], given["token_use"], given["aud"]) == (one.app.sub, "access", "billing")
    assert (given["client_id"], given["scope"]) == (one.service.id, "files/read")
    assert given["act"]["sub"] == one.service.id
    assert given["origin_jti"] == claims(token)["origin_jti"]


def test_nobody_but_the_server_says_who_acts(one: Exchange, functions: FunctionServer) -> None:
    functions.answers[KIND] = adding(claimsToAddOrOverride={"act": {"sub": "somebody"}})
    token = one.subject()["access_token"]
    assert "act" not in claims(token)
    assert "act" not in claims(one.derive(token)["IssuedToken"])


def test_a_function_takes_scopes_away(one: Exchange, functions: FunctionServer) -> None:
    token = one.subject()["access_token"]
    functions.answers[KIND] = adding(scopesToSuppress=["files/read"])
    assert "Scopes" not in one.derive(token)


def test_a_functions_errors_reach_the_caller(one: Exchange, functions: FunctionServer) -> None:
    token = one.subject()["access_token"]
    functions.answers[KIND] = refusing("not you")
    assert refusal(one.derive, token) == (
        "UserLambdaValidation",
        "PreTokenGeneration failed with error not you.",
    )
    assert one.post(token).document["error"] == "invalid_request"
    functions.answers[KIND] = lambda event: b"no JSON"
    assert refusal(one.derive, token)[0] == "InvalidLambdaResponse"
    functions.redirect_to = "http://127.0.0.1:9/"
    assert refusal(one.derive, token)[0] == "UnexpectedLambda"


def permitting(one: Exchange, functions: FunctionServer, may_act: Any) -> str:
    """A subject token that says who may act for its user (RFC 8693 4.4)."""
    functions.answers[KIND] = adding(claimsToAddOrOverride={"may_act": may_act})
    token = str(one.subject()["access_token"])
    functions.answers[KIND] = answering()
    return token


def test_may_act_lets_the_party_act_that_it_names(one: Exchange, functions: FunctionServer) -> None:
    token = permitting(one, functions, {"sub": one.service.id})
    given = claims(one.delegated(token)["IssuedToken"])
    assert given["act"]["sub"] == one.service.id
    # It stays with what is derived, so that nobody else goes on from there.
    assert given["may_act"] == {"sub": one.service.id}
    assert one.derive(token)
    other = Exchange(one.make, one.app, exchanger(one.make, one.app.pool))
    for exchanged in (other.delegated, other.derive):
        assert refusal(exchanged, token)[0] == "NotAuthorized"
    page = other.post(token, actor_token=other.own(), actor_token_type=f"{TYPE}access_token")
    assert page.document["error"] == "invalid_request"


@pytest.mark.parametrize("malformed", ["somebody", [], {}, {"sub": None}, True])
def test_a_may_act_that_cannot_be_read_lets_nobody_act(
    one: Exchange, functions: FunctionServer, malformed: Any
) -> None:
    token = permitting(one, functions, malformed)
    assert refusal(one.delegated, token)[0] == "NotAuthorized"


def test_the_may_act_of_a_subject_is_not_for_the_function_to_change(
    one: Exchange, functions: FunctionServer
) -> None:
    token = permitting(one, functions, {"sub": one.service.id})
    functions.answers[KIND] = adding(claimsToSuppress=["may_act"])
    assert claims(one.delegated(token)["IssuedToken"])["may_act"] == {"sub": one.service.id}


def test_an_id_token_is_changed_as_well(make: PoolFactory, one: Exchange, functions: FunctionServer) -> None:
    settings = {"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": HELD}
    service = Exchange(make, one.app, exchanger(make, one.app.pool, **settings))
    token = one.subject()["access_token"]
    functions.answers[KIND] = answering(
        claimsAndScopeOverrideDetails={
            "idTokenGeneration": {"claimsToAddOrOverride": {"tenant": "a", "azp": "x"}}
        }
    )
    given = claims(service.derive(token, RequestedTokenType="ID_TOKEN")["IssuedToken"])
    assert given["tenant"] == "a"
    assert "azp" not in given
