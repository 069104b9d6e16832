"""InboundFederation, called as a sign-in by another provider will call it. The event is documented."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.functions import FunctionServer, answering, arn, refusing

from cenote.domain.errors import CognitoError
from cenote.domain.request import RequestFacts
from cenote.flows.triggers import inbound_federation
from cenote.flows.triggers.firing import Occasion
from cenote.flows.triggers.inbound_federation import Told

KIND = "InboundFederation"
OIDC = Told(
    "ExampleProvider",
    "OIDC",
    token_response={"access_token": "abcDE", "token_type": "Bearer", "expires_in": 3600},
    id_token={"sub": "123", "email_verified": True, "groups": ["a", "b"]},
    user_info={"sub": "123", "given_name": "Adä"},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, all_functions: FunctionServer) -> Any:
    settings = settings_for(
        tmp_path_factory.mktemp("data"),
        functions=all_functions.targets(KIND),
        function_timeout=1,
        function_tries=2,
        log_level="error",
    )
    with running(settings) as one:
        yield one


@pytest.fixture(scope="module")
def occasion(server: RunningServer) -> Occasion:
    """A pool with the trigger, as none can be made yet, and an app client of it."""
    make = PoolFactory(server)
    pool_id = make.pool()
    client_id = make.client(pool_id)["ClientId"]
    pool, client = server.run(server.app.store.clients.resolve(client_id))
    config = {KIND: {"LambdaArn": arn(KIND), "LambdaVersion": "V1_0"}}
    request = RequestFacts("a request", None, "127.0.0.1", "", None, "")
    pool = replace(pool, document={**pool.document, "LambdaConfig": config})
    return Occasion(server.app.context(request), pool, client)


def mapped(server: RunningServer, occasion: Occasion, told: Told = OIDC) -> Any:
    return server.run(inbound_federation.mapped(occasion, "ExampleProvider_123", told))


def failed(server: RunningServer, occasion: Occasion) -> tuple[str, str]:
    with pytest.raises(CognitoError) as error:
        mapped(server, occasion)
    return error.value.code.removesuffix("Exception"), error.value.message


def test_the_function_is_told_what_the_provider_told(
    server: RunningServer, occasion: Occasion, functions: FunctionServer
) -> None:
    assert mapped(server, occasion) is None
    assert occasion.client is not None
    assert functions.event(KIND) == {
        "version": "1",
        "triggerSource": "InboundFederation_ExternalProvider",
        "region": "eu-central-1",
        "userPoolId": occasion.pool.pool_id,
        "userName": "ExampleProvider_123",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": occasion.client.client_id},
        "request": {
            "providerName": "ExampleProvider",
            "providerType": "OIDC",
            "attributes": {
                "tokenResponse": {"access_token": "abcDE", "token_type": "Bearer", "expires_in": "3600"},
                "idToken": {"sub": "123", "email_verified": "true", "groups": '["a","b"]'},
                "userInfo": {"sub": "123", "given_name": "Adä"},
            },
        },
        "response": {"userAttributesToMap": {}},
    }


def test_of_saml_it_is_told_the_assertion(
    server: RunningServer, occasion: Occasion, functions: FunctionServer
) -> None:
    told = Told("Company", "SAML", saml_response={"NameID": "ada", "groups": ["x"]})
    mapped(server, occasion, told)
    assert functions.event(KIND)["request"] == {
        "providerName": "Company",
        "providerType": "SAML",
        "attributes": {"samlResponse": {"NameID": "ada", "groups": '["x"]'}},
    }


def test_what_it_answers_takes_the_place_of_all(
    server: RunningServer, occasion: Occasion, functions: FunctionServer
) -> None:
    functions.answers[KIND] = answering(userAttributesToMap={"sub": "123", "custom:team": "blue"})
    assert mapped(server, occasion) == {"sub": "123", "custom:team": "blue"}


@pytest.mark.parametrize("response", [{"userAttributesToMap": {}}, {"userAttributesToMap": None}, {}])
def test_an_empty_answer_changes_nothing(
    server: RunningServer, occasion: Occasion, functions: FunctionServer, response: Any
) -> None:
    """documented for the empty object, assumed for the others"""
    functions.answers[KIND] = lambda event: {**event, "response": response}
    assert mapped(server, occasion) is None


def test_a_pool_without_it_calls_nothing(
    server: RunningServer, occasion: Occasion, functions: FunctionServer
) -> None:
    plain = msgspec.structs.replace(occasion, pool=replace(occasion.pool, document={"LambdaConfig": {}}))
    assert mapped(server, plain) is None
    assert functions.calls == []


def test_its_error_is_the_sign_ins(
    server: RunningServer, occasion: Occasion, functions: FunctionServer
) -> None:
    functions.answers[KIND] = refusing("not from there")
    text = "InboundFederation failed with error not from there."
    assert failed(server, occasion) == ("UserLambdaValidation", text)


@pytest.mark.parametrize("answer", [{"email": 1}, {"email": {"a": "b"}}, ["email"], "email"])
def test_attributes_that_are_no_texts_are_no_answer(
    server: RunningServer, occasion: Occasion, functions: FunctionServer, answer: Any
) -> None:
    functions.answers[KIND] = answering(userAttributesToMap=answer)
    assert failed(server, occasion) == ("InvalidLambdaResponse", "Unrecognizable lambda output")


def test_one_that_does_not_answer_in_time_fails_the_sign_in(
    server: RunningServer, occasion: Occasion, functions: FunctionServer
) -> None:
    functions.answers[KIND] = functions.hang
    text = "InboundFederation invocation failed due to error Socket timeout while invoking Lambda function."
    assert failed(server, occasion) == ("UnexpectedLambda", text)
    assert len(functions.calls) == 2
