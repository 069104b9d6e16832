"""PreTokenGeneration in its three versions. Events are recorded (Powertools' and others' test data)."""

from typing import Any

import pytest
from tests.calls import PASSWORD, attempt, claims_of, refresh, refusal, sign_in
from tests.conftest import PoolFactory
from tests.flows.triggers.conftest import triggers
from tests.functions import FunctionServer, answering, arn, refusing

ROLE = "arn:aws:iam::123456789012:role/readers"
SELF_SERVICE = "aws.cognito.signin.user.admin"


def pool_with(make: PoolFactory, version: str, **request: Any) -> tuple[str, str, str]:
    """A pool whose function is made for a version; its id, an app client's and a user's."""
    config = {"LambdaVersion": version, "LambdaArn": arn("PreTokenGeneration")}
    pool = make.pool(LambdaConfig={"PreTokenGenerationConfig": config})
    make.server.idp.create_group(UserPoolId=pool, GroupName="readers", RoleArn=ROLE, Precedence=1)
    sub = make.user(pool, "ada", email="ada@example.com")
    make.server.idp.admin_add_user_to_group(UserPoolId=pool, Username="ada", GroupName="readers")
    return pool, str(make.client(pool, **request)["ClientId"]), sub


@pytest.fixture(scope="module")
def first(make: PoolFactory) -> tuple[str, str, str]:
    return pool_with(make, "V1_0")


@pytest.fixture(scope="module")
def second(make: PoolFactory) -> tuple[str, str, str]:
    return pool_with(make, "V2_0")


def event(pool: str, app: str, sub: str, source: str) -> dict[str, Any]:
    return {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": app},
        "triggerSource": source,
        "request": {
            "userAttributes": {
                "sub": sub,
                "cognito:user_status": "CONFIRMED",
                "email": "ada@example.com",
            },
            "groupConfiguration": {
                "groupsToOverride": ["readers"],
                "iamRolesToOverride": [ROLE],
                "preferredRole": ROLE,
            },
        },
        "response": {"claimsOverrideDetails": None},
    }


def v2(**details: Any) -> Any:
    return answering(claimsAndScopeOverrideDetails=details)


def test_version_1_is_told_of_a_sign_in(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer
) -> None:
    pool, app, sub = first
    assert claims_of(sign_in(idp, app, "ada")["IdToken"])["cognito:groups"] == ["readers"]
    assert functions.event("PreTokenGeneration") == event(pool, app, sub, "TokenGeneration_Authentication")


@pytest.mark.parametrize("version", ["V2_0", "V3_0"])
def test_later_versions_are_told_the_scopes_too(
    idp: Any, make: PoolFactory, functions: FunctionServer, version: str
) -> None:
    pool, app, sub = pool_with(make, version)
    sign_in(idp, app, "ada")
    expected = event(pool, app, sub, "TokenGeneration_Authentication")
    expected["version"] = version[1]
    expected["request"]["scopes"] = [SELF_SERVICE]
    expected["response"] = {"claimsAndScopeOverrideDetails": None}
    assert functions.event("PreTokenGeneration") == expected


def test_version_1_changes_the_id_token(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer
) -> None:
    functions.answers["PreTokenGeneration"] = answering(
        claimsOverrideDetails={
            "claimsToAddOrOverride": {"tenant": "t1", "family_name": "Lovelace"},
            "claimsToSuppress": ["email"],
        }
    )
    result = sign_in(idp, first[1], "ada")
    claims = claims_of(result["IdToken"])
    assert (claims["tenant"], claims["family_name"]) == ("t1", "Lovelace")
    assert "email" not in claims
    assert claims["cognito:groups"] == ["readers"]
    assert "tenant" not in claims_of(result["AccessToken"])


def test_groups_are_replaced_in_both_tokens(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer
) -> None:
    groups = {"groupsToOverride": ["x", "y"], "iamRolesToOverride": [], "preferredRole": None}
    functions.answers["PreTokenGeneration"] = answering(
        claimsOverrideDetails={"groupOverrideDetails": groups}
    )
    result = sign_in(idp, first[1], "ada")
    claims = claims_of(result["IdToken"])
    assert claims["cognito:groups"] == ["x", "y"]
    assert "cognito:roles" not in claims
    assert claims_of(result["AccessToken"])["cognito:groups"] == ["x", "y"]


@pytest.mark.parametrize("groups", [None, {}])
def test_groups_without_content_are_hidden(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer, groups: Any
) -> None:
    """documented"""
    functions.answers["PreTokenGeneration"] = answering(
        claimsOverrideDetails={"groupOverrideDetails": groups}
    )
    assert "cognito:groups" not in claims_of(sign_in(idp, first[1], "ada")["IdToken"])


def test_version_2_changes_both_tokens_with_any_json(
    idp: Any, second: tuple[str, str, str], functions: FunctionServer
) -> None:
    functions.answers["PreTokenGeneration"] = v2(
        idTokenGeneration={"claimsToAddOrOverride": {"plan": {"seats": 3}}, "claimsToSuppress": ["email"]},
        accessTokenGeneration={
            "claimsToAddOrOverride": {"roles": ["a", "b"], "limit": 5, "beta": True},
            "scopesToAdd": ["photos/read"],
            "scopesToSuppress": [],
        },
    )
    result = sign_in(idp, second[1], "ada")
    claims, access = claims_of(result["IdToken"]), claims_of(result["AccessToken"])
    assert claims["plan"] == {"seats": 3}
    assert "email" not in claims
    assert (access["roles"], access["limit"], access["beta"]) == (["a", "b"], 5, True)
    assert access["scope"] == f"{SELF_SERVICE} photos/read"
    assert idp.get_user(AccessToken=result["AccessToken"])["Username"] == "ada"


def test_without_its_scope_a_token_opens_nothing_here(
    idp: Any, second: tuple[str, str, str], functions: FunctionServer
) -> None:
    functions.answers["PreTokenGeneration"] = v2(accessTokenGeneration={"scopesToSuppress": [SELF_SERVICE]})
    token = sign_in(idp, second[1], "ada")["AccessToken"]
    expected = ("NotAuthorized", "Access Token does not have required scopes")
    assert refusal(idp.get_user, AccessToken=token) == expected


def test_case_34_reserved_claims_stay_what_they_are(
    idp: Any, second: tuple[str, str, str], functions: FunctionServer
) -> None:
    """documented: these cannot be modified"""
    plain = sign_in(idp, second[1], "ada")
    names = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "token_use",
        "auth_time",
        "cognito:username",
        "client_id",
        "username",
    ]
    forged = {"claimsToAddOrOverride": dict.fromkeys(names, "forged"), "claimsToSuppress": names}
    functions.answers["PreTokenGeneration"] = v2(idTokenGeneration=forged, accessTokenGeneration=forged)
    result = sign_in(idp, second[1], "ada")
    times = {"exp", "iat", "auth_time"}
    for kind in ("IdToken", "AccessToken"):
        before, after = claims_of(plain[kind]), claims_of(result[kind])
        for name in set(names) & set(before) - times:
            assert after[name] == before[name]
        assert all(isinstance(after[name], int) for name in times)
    assert idp.get_user(AccessToken=result["AccessToken"])["Username"] == "ada"


def test_a_refresh_is_told_too(
    idp: Any, make: PoolFactory, second: tuple[str, str, str], functions: FunctionServer
) -> None:
    """documented at GetTokensFromRefreshToken: ClientMetadata goes to this function"""
    app = make.client(
        second[0], RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
    )["ClientId"]  # fmt: skip
    token = sign_in(idp, app, "ada")["RefreshToken"]
    functions.reset()
    functions.answers["PreTokenGeneration"] = v2(accessTokenGeneration={"claimsToAddOrOverride": {"n": 1}})
    answer = idp.get_tokens_from_refresh_token(ClientId=app, RefreshToken=token, ClientMetadata={"a": "b"})
    assert claims_of(answer["AuthenticationResult"]["AccessToken"])["n"] == 1
    told = functions.event("PreTokenGeneration")
    assert told["triggerSource"] == "TokenGeneration_RefreshTokens"
    assert told["request"]["clientMetadata"] == {"a": "b"}


def test_a_refresh_by_auth_flow_is_told_too(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer
) -> None:
    token = sign_in(idp, first[1], "ada")["RefreshToken"]
    functions.reset()
    refresh(idp, first[1], token)
    assert functions.event("PreTokenGeneration")["triggerSource"] == "TokenGeneration_RefreshTokens"


def test_a_failed_refresh_uses_no_rotating_token_up(
    idp: Any, make: PoolFactory, second: tuple[str, str, str], functions: FunctionServer
) -> None:
    app = make.client(
        second[0], RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
    )["ClientId"]  # fmt: skip
    token = sign_in(idp, app, "ada")["RefreshToken"]
    functions.answers["PreTokenGeneration"] = refusing("later")
    assert refusal(idp.get_tokens_from_refresh_token, ClientId=app, RefreshToken=token) == (
        "UserLambdaValidation",
        "PreTokenGeneration failed with error later.",
    )
    functions.reset()
    assert idp.get_tokens_from_refresh_token(ClientId=app, RefreshToken=token)["AuthenticationResult"]


def test_a_new_password_has_a_source_of_its_own(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer
) -> None:
    pool, app, _ = first
    idp.admin_create_user(
        UserPoolId=pool, Username="tim", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    asked = attempt(idp, app, "tim")
    assert functions.calls == []
    idp.respond_to_auth_challenge(
        ClientId=app,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "tim", "NEW_PASSWORD": "Another-Horse-9"},
        ClientMetadata={"a": "b"},
    )
    told = functions.event("PreTokenGeneration")
    assert told["triggerSource"] == "TokenGeneration_NewPasswordChallenge"
    assert told["request"]["clientMetadata"] == {"a": "b"}
    assert told["request"]["groupConfiguration"] == {
        "groupsToOverride": [],
        "iamRolesToOverride": [],
        "preferredRole": None,
    }


def test_the_functions_error_keeps_the_tokens(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer
) -> None:
    functions.answers["PreTokenGeneration"] = refusing("no tenant")
    expected = ("UserLambdaValidation", "PreTokenGeneration failed with error no tenant.")
    assert refusal(attempt, idp, first[1], "ada") == expected


@pytest.mark.parametrize("value", [["a"], 5, True, None, {"a": "b"}])
def test_version_1_takes_strings_only(
    idp: Any, first: tuple[str, str, str], functions: FunctionServer, value: Any
) -> None:
    """recorded for arrays"""
    functions.answers["PreTokenGeneration"] = answering(
        claimsOverrideDetails={"claimsToAddOrOverride": {"tenant": value}}
    )
    expected = ("InvalidLambdaResponse", "Unrecognizable lambda output")
    assert refusal(attempt, idp, first[1], "ada") == expected


@pytest.mark.parametrize("version", ["V1_0", "V2_0", "V3_0"])
def test_an_error_a_bad_answer_or_none_gives_no_tokens_in_any_version(
    idp: Any, make: PoolFactory, functions: FunctionServer, version: str
) -> None:
    app = pool_with(make, version)[1]
    functions.answers["PreTokenGeneration"] = refusing("no tenant")
    expected = ("UserLambdaValidation", "PreTokenGeneration failed with error no tenant.")
    assert refusal(attempt, idp, app, "ada") == expected
    details = {"V1_0": "claimsOverrideDetails"}.get(version, "claimsAndScopeOverrideDetails")
    functions.answers["PreTokenGeneration"] = answering(**{details: ["x"]})
    assert refusal(attempt, idp, app, "ada") == ("InvalidLambdaResponse", "Unrecognizable lambda output")
    functions.answers["PreTokenGeneration"] = functions.hang
    assert refusal(attempt, idp, app, "ada") == (
        "UnexpectedLambda",
        "PreTokenGeneration invocation failed due to error Socket timeout while invoking Lambda function.",
    )


@pytest.mark.parametrize(
    "details",
    [
        {"idTokenGeneration": {"claimsToAddOrOverride": [1]}},
        {"accessTokenGeneration": {"claimsToSuppress": "email"}},
        {"accessTokenGeneration": {"scopesToAdd": [5]}},
        {"groupOverrideDetails": {"groupsToOverride": "readers"}},
    ],
)
def test_what_version_2_cannot_read_gives_no_tokens(
    idp: Any, second: tuple[str, str, str], functions: FunctionServer, details: Any
) -> None:
    functions.answers["PreTokenGeneration"] = v2(**details)
    expected = ("InvalidLambdaResponse", "Unrecognizable lambda output")
    assert refusal(attempt, idp, second[1], "ada") == expected


def test_the_older_member_means_version_1_and_shows_with_the_newer(
    idp: Any, make: PoolFactory, functions: FunctionServer
) -> None:
    pool = make.pool(**triggers("PreTokenGeneration"))
    make.user(pool, "ada")
    sign_in(idp, make.client(pool)["ClientId"], "ada")
    assert functions.event("PreTokenGeneration")["version"] == "1"
    function = arn("PreTokenGeneration")
    assert idp.describe_user_pool(UserPoolId=pool)["UserPool"]["LambdaConfig"] == {
        "PreTokenGeneration": function,
        "PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": function},
    }


def test_two_functions_before_tokens_are_refused(make: PoolFactory) -> None:
    config = {
        "PreTokenGeneration": arn("one"),
        "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn("two")},
    }
    assert refusal(make.pool, LambdaConfig=config)[0] == "InvalidParameter"
