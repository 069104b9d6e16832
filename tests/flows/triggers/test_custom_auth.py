"""Custom authentication: three functions say what is asked and when it is enough. Events are documented."""

from pathlib import Path
from typing import Any

import pytest
from tests.calls import at_once, outcome, refusal
from tests.conftest import PoolFactory, running, settings_for
from tests.flows.triggers.conftest import triggers
from tests.functions import FunctionServer, answering, refusing

ALL = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
FAILED = ("NotAuthorized", "Incorrect username or password.")
ENDED = ("NotAuthorized", "Invalid session for the user.")
UNRECOGNIZABLE = ("InvalidLambdaResponse", "Unrecognizable lambda output")


def define(event: Any) -> Any:
    """Three tries, as AWS's examples have it."""
    session = event["request"]["session"]
    right = bool(session) and session[-1]["challengeResult"]
    event["response"] = {
        "challengeName": "CUSTOM_CHALLENGE",
        "issueTokens": right,
        "failAuthentication": not right and len(session) >= 3,
    }
    return event


def create(event: Any) -> Any:
    event["response"] = {
        "publicChallengeParameters": {"question": "6 * 7"},
        "privateChallengeParameters": {"answer": "42"},
        "challengeMetadata": "SUM",
    }
    return event


def verify(event: Any) -> Any:
    right = event["request"]["privateChallengeParameters"]["answer"] == event["request"]["challengeAnswer"]
    event["response"]["answerCorrect"] = right
    return event


@pytest.fixture
def functions(functions: FunctionServer) -> FunctionServer:
    functions.answers.update(dict(zip(ALL, (define, create, verify), strict=True)))
    return functions


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(**triggers(*ALL, "PostAuthentication"))


@pytest.fixture(scope="module")
def ada(make: PoolFactory, pool: str) -> str:
    return make.user(pool, "ada", email="ada@example.com", email_verified="true")


def custom_client(make: PoolFactory, pool: str, **request: Any) -> str:
    return str(make.client(pool, ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH"], **request)["ClientId"])


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str, ada: str) -> str:
    return custom_client(make, pool)


@pytest.fixture(scope="module")
def hiding(make: PoolFactory, pool: str, ada: str) -> str:
    return custom_client(make, pool, PreventUserExistenceErrors="ENABLED")


def begin(idp: Any, app: str, name: str = "ada", **parameters: str) -> Any:
    return idp.initiate_auth(
        ClientId=app, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": name, **parameters}
    )


def answer(idp: Any, app: str, asked: Any, given: str, name: str = "ada", **request: Any) -> Any:
    return idp.respond_to_auth_challenge(
        ClientId=app,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "ANSWER": given},
        **request,
    )


def test_a_right_answer_signs_in(idp: Any, app: str, functions: FunctionServer) -> None:
    asked = begin(idp, app)
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert asked["ChallengeParameters"] == {"USERNAME": "ada", "question": "6 * 7"}
    result = answer(idp, app, asked, "42")["AuthenticationResult"]
    assert idp.get_user(AccessToken=result["AccessToken"])["Username"] == "ada"
    assert len(functions.events("PostAuthentication")) == 1


def test_the_functions_are_told_who_and_what_was_asked(
    idp: Any, pool: str, app: str, ada: str, functions: FunctionServer
) -> None:
    answer(idp, app, begin(idp, app), "42", ClientMetadata={"a": "b"})
    attributes = {
        "sub": ada,
        "cognito:user_status": "CONFIRMED",
        "email": "ada@example.com",
        "email_verified": "true",
    }
    common = {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": app},
    }
    done = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "SUM"}
    assert functions.events("DefineAuthChallenge") == [
        {
            **common,
            "triggerSource": "DefineAuthChallenge_Authentication",
            "request": {"userAttributes": attributes, "session": []},
            "response": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
        },
        {
            **common,
            "triggerSource": "DefineAuthChallenge_Authentication",
            "request": {"userAttributes": attributes, "session": [done], "clientMetadata": {"a": "b"}},
            "response": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
        },
    ]
    assert functions.event("CreateAuthChallenge") == {
        **common,
        "triggerSource": "CreateAuthChallenge_Authentication",
        "request": {"userAttributes": attributes, "challengeName": "CUSTOM_CHALLENGE", "session": []},
        "response": {
            "publicChallengeParameters": None,
            "privateChallengeParameters": None,
            "challengeMetadata": None,
        },
    }
    assert functions.event("VerifyAuthChallengeResponse") == {
        **common,
        "triggerSource": "VerifyAuthChallengeResponse_Authentication",
        "request": {
            "userAttributes": attributes,
            "privateChallengeParameters": {"answer": "42"},
            "challengeAnswer": "42",
            "clientMetadata": {"a": "b"},
        },
        "response": {"answerCorrect": None},
    }


def test_a_wrong_answer_is_asked_again_until_the_function_ends_it(
    idp: Any, app: str, functions: FunctionServer
) -> None:
    asked = begin(idp, app)
    for tries in (1, 2):
        asked = answer(idp, app, asked, "41")
        assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
        session = functions.events("CreateAuthChallenge")[-1]["request"]["session"]
        assert [passed["challengeResult"] for passed in session] == [False] * tries
    assert refusal(answer, idp, app, asked, "41") == FAILED
    assert refusal(answer, idp, app, asked, "42") == ENDED


def test_case_41_a_session_answers_once(idp: Any, app: str, functions: FunctionServer) -> None:
    asked = begin(idp, app)
    answer(idp, app, asked, "41")
    assert refusal(answer, idp, app, asked, "42") == ENDED


def test_case_44_of_fifty_right_answers_at_once_one_signs_in(
    tmp_path: Path, functions: FunctionServer
) -> None:
    settings = settings_for(tmp_path / "data", functions=functions.targets(*ALL), function_timeout=60)
    with running(settings) as patient:
        idp, make = patient.idp, PoolFactory(patient)
        pool = make.pool(**triggers(*ALL))
        make.user(pool, "ada")
        app = custom_client(make, pool)
        asked = begin(idp, app)
        outcomes = at_once(lambda _: outcome(answer, idp, app, asked, "42"), 50)
    assert outcomes.count("ok") == 1
    assert set(outcomes) == {"ok", ENDED[1]}


def test_an_answer_is_for_its_own_user_client_and_challenge(
    idp: Any, make: PoolFactory, pool: str, app: str, hiding: str, functions: FunctionServer
) -> None:
    make.user(pool, "bob")
    asked = begin(idp, app)
    assert refusal(answer, idp, app, asked, "42", "bob") == ENDED
    assert refusal(answer, idp, hiding, asked, "42") == ENDED
    other = {"USERNAME": "ada", "NEW_PASSWORD": "Another-Horse-9"}
    assert (
        refusal(
            idp.respond_to_auth_challenge,
            ClientId=app,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=asked["Session"],
            ChallengeResponses=other,
        )
        == ENDED
    )


def test_no_answer_is_refused(idp: Any, app: str, functions: FunctionServer) -> None:
    asked = begin(idp, app)
    assert refusal(answer, idp, app, asked, "") == ("InvalidParameter", "Missing required parameter ANSWER")
    assert functions.events("VerifyAuthChallengeResponse") == []


def test_a_disabled_user_is_not_signed_in_whatever_functions_say(
    idp: Any, make: PoolFactory, pool: str, app: str, functions: FunctionServer
) -> None:
    make.user(pool, "dan")
    asked = begin(idp, app, "dan")
    idp.admin_disable_user(UserPoolId=pool, Username="dan")
    assert refusal(answer, idp, app, asked, "42", "dan") == ("NotAuthorized", "User is disabled.")


def test_a_name_that_nobody_has_is_hidden_and_never_signed_in(
    idp: Any, app: str, hiding: str, functions: FunctionServer
) -> None:
    """documented: userNotFound, with PreventUserExistenceErrors"""
    assert refusal(begin, idp, app, "nobody")[0] == "UserNotFound"
    assert functions.calls == []
    asked = begin(idp, hiding, "nobody")
    assert asked["ChallengeParameters"] == {"USERNAME": "nobody", "question": "6 * 7"}
    assert refusal(answer, idp, hiding, asked, "42", "nobody") == FAILED
    for event in (event for kind in ALL for event in functions.events(kind)):
        assert event["userName"] == "nobody"
        assert event["request"]["userAttributes"] == {}
        assert event["request"]["userNotFound"] is True
    functions.calls.clear()
    begin(idp, hiding)
    assert functions.event("DefineAuthChallenge")["request"]["userNotFound"] is False


def test_tokens_at_once_if_the_function_says_so(idp: Any, app: str, functions: FunctionServer) -> None:
    functions.answers["DefineAuthChallenge"] = answering(issueTokens=True)
    assert begin(idp, app)["AuthenticationResult"]["AccessToken"]


def test_failing_wins_over_tokens(idp: Any, app: str, functions: FunctionServer) -> None:
    functions.answers["DefineAuthChallenge"] = answering(issueTokens=True, failAuthentication=True)
    assert refusal(begin, idp, app) == FAILED


@pytest.mark.parametrize("name", [None, "", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "MY_CHALLENGE"])
def test_a_challenge_that_cannot_be_asked_is_a_bad_answer(
    idp: Any, app: str, functions: FunctionServer, name: str | None
) -> None:
    functions.answers["DefineAuthChallenge"] = answering(challengeName=name)
    assert refusal(begin, idp, app) == UNRECOGNIZABLE


@pytest.mark.parametrize(
    ("kind", "response"),
    [
        ("DefineAuthChallenge", {"issueTokens": "true"}),
        ("CreateAuthChallenge", {"publicChallengeParameters": {"n": 5}}),
        ("CreateAuthChallenge", {"privateChallengeParameters": ["42"]}),
        ("VerifyAuthChallengeResponse", {"answerCorrect": "yes"}),
    ],
)
def test_a_bad_answer_signs_nobody_in(
    idp: Any, app: str, functions: FunctionServer, kind: str, response: Any
) -> None:
    functions.answers[kind] = answering(**response)

    def whole() -> None:
        answer(idp, app, begin(idp, app), "42")

    assert refusal(whole) == UNRECOGNIZABLE


@pytest.mark.parametrize("kind", ALL)
def test_an_error_or_no_answer_signs_nobody_in(
    idp: Any, app: str, functions: FunctionServer, kind: str
) -> None:
    def whole() -> None:
        answer(idp, app, begin(idp, app), "42")

    functions.answers[kind] = refusing("no")
    assert refusal(whole) == ("UserLambdaValidation", f"{kind} failed with error no.")
    functions.answers[kind] = functions.hang
    assert refusal(whole) == (
        "UnexpectedLambda",
        f"{kind} invocation failed due to error Socket timeout while invoking Lambda function.",
    )


def test_a_session_has_room_for_a_thousand_bytes_of_secrets(
    idp: Any, make: PoolFactory, pool: str, app: str, functions: FunctionServer
) -> None:
    """Cenote's own limit: the model has 2048 characters for a `Session`."""
    name = "n" * 128
    make.user(pool, name)
    functions.answers["CreateAuthChallenge"] = answering(privateChallengeParameters={"answer": "x" * 980})
    asked = begin(idp, app, name)
    assert answer(idp, app, asked, "x" * 980, name)["AuthenticationResult"]
    functions.answers["CreateAuthChallenge"] = answering(privateChallengeParameters={"answer": "x" * 1001})
    assert refusal(begin, idp, app) == UNRECOGNIZABLE


def test_verify_saying_nothing_is_a_wrong_answer(idp: Any, app: str, functions: FunctionServer) -> None:
    functions.answers["VerifyAuthChallengeResponse"] = lambda event: event
    assert answer(idp, app, begin(idp, app), "42")["ChallengeName"] == "CUSTOM_CHALLENGE"


def test_without_functions_there_is_no_custom_authentication(idp: Any, make: PoolFactory) -> None:
    """recorded text"""
    pool = make.pool()
    make.user(pool, "ada")
    assert refusal(begin, idp, custom_client(make, pool)) == (
        "InvalidParameter",
        "Custom auth lambda trigger is not configured for the user pool.",
    )


def test_a_client_without_the_flow_is_refused(idp: Any, make: PoolFactory, pool: str, ada: str) -> None:
    app = make.client(pool)["ClientId"]
    assert refusal(begin, idp, app) == ("InvalidParameter", "CUSTOM_AUTH flow not enabled for this client")


def test_an_administrator_begins_it_too(idp: Any, pool: str, app: str, functions: FunctionServer) -> None:
    asked = idp.admin_initiate_auth(
        UserPoolId=pool, ClientId=app, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    done = idp.admin_respond_to_auth_challenge(
        UserPoolId=pool,
        ClientId=app,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": "42"},
    )
    assert done["AuthenticationResult"]["IdToken"]
