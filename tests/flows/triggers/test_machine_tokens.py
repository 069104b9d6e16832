"""PreTokenGeneration of version 3 before a client's own token (client_credentials).

The event is documented to be version 2's; that `userName` is the client is assumed.
"""

from typing import Any

import pytest
from tests.browser import App, claims, oauth_app
from tests.conftest import PoolFactory
from tests.functions import FunctionServer, answering, arn, refusing

KIND = "PreTokenGeneration"


def machine(make: PoolFactory, version: str) -> App:
    """A client for itself, of a pool whose function is made for this version."""
    config = {"LambdaVersion": version, "LambdaArn": arn(KIND)}
    pool = make.pool(LambdaConfig={"PreTokenGenerationConfig": config})
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")]
    make.server.idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="api", Scopes=scopes)
    return oauth_app(
        make,
        pool=pool,
        secret=True,
        with_user=False,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read", "api/write"],
    )


@pytest.fixture(scope="module")
def third(make: PoolFactory) -> App:
    return machine(make, "V3_0")


def token(app: App, **form: str) -> Any:
    return app.token(grant_type="client_credentials", redirect_uri=None, **form)


def test_the_function_is_told_of_the_client_and_its_scopes(third: App, functions: FunctionServer) -> None:
    page = token(third, scope="api/read", aws_client_metadata='{"why": "because"}')
    assert claims(page.document["access_token"])["scope"] == "api/read"
    assert functions.event(KIND) == {
        "version": "3",
        "region": "eu-central-1",
        "userPoolId": third.pool,
        "userName": third.id,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": third.id},
        "triggerSource": "TokenGeneration_ClientCredentials",
        "request": {
            "userAttributes": {},
            "groupConfiguration": {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None},
            "scopes": ["api/read"],
            "clientMetadata": {"why": "because"},
        },
        "response": {"claimsAndScopeOverrideDetails": None},
    }


def test_case_34_it_adds_claims_and_takes_scopes_away_and_the_rest_stays(
    third: App, functions: FunctionServer
) -> None:
    reserved = dict.fromkeys(["sub", "iss", "client_id", "token_use", "exp"], "forged")
    functions.answers[KIND] = answering(
        claimsAndScopeOverrideDetails={
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"tenant": {"id": 1}, **reserved},
                "scopesToSuppress": ["api/write"],
            }
        }
    )
    given = claims(token(third).document["access_token"])
    assert (given["tenant"], given["scope"]) == ({"id": 1}, "api/read")
    assert (given["sub"], given["client_id"], given["token_use"]) == (third.id, third.id, "access")
    assert "forged" not in given.values()


@pytest.mark.parametrize("way", ["error", "bad answer", "no JSON", "too late"])
def test_an_error_a_bad_answer_or_none_gives_no_token(
    third: App, functions: FunctionServer, way: str
) -> None:
    functions.answers[KIND] = {
        "error": refusing("not you"),
        "bad answer": answering(claimsAndScopeOverrideDetails={"accessTokenGeneration": 5}),
        "no JSON": lambda _: b"ok",
        "too late": functions.hang,
    }[way]
    page = token(third)
    assert (page.status, page.document["error"]) == (400, "invalid_request")
    assert "access_token" not in page.document


@pytest.mark.parametrize("version", ["V1_0", "V2_0"])
def test_older_versions_are_not_told(make: PoolFactory, functions: FunctionServer, version: str) -> None:
    """documented"""
    assert token(machine(make, version)).status == 200
    assert functions.calls == []
