"""Custom authentication as amazon-cognito-identity-js drives it, with three functions that answer over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients.drivers import App, Node, Person, public_url
from tests.conftest import PoolFactory, running, settings_for
from tests.functions import FunctionServer, arn, function_server

PROGRAM = "custom_auth.js"
KINDS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
ANSWER = "open sesame"


def define(event: Any) -> Any:
    """The password first, where the client begins so; then the question, three times."""
    session = event["request"]["session"]
    names = [passed["challengeName"] for passed in session]
    done = (
        bool(session)
        and session[-1]["challengeName"] == "CUSTOM_CHALLENGE"
        and session[-1]["challengeResult"]
    )
    event["response"] = {
        "challengeName": "PASSWORD_VERIFIER" if names == ["SRP_A"] else "CUSTOM_CHALLENGE",
        "issueTokens": done,
        "failAuthentication": names.count("CUSTOM_CHALLENGE") >= 3 and not done,
    }
    return event


def create(event: Any) -> Any:
    event["response"]["publicChallengeParameters"] = {"question": "What opens the cave?"}
    event["response"]["privateChallengeParameters"] = {"answer": ANSWER}
    event["response"]["challengeMetadata"] = "CAVE"
    return event


def verify(event: Any) -> Any:
    request = event["request"]
    event["response"]["answerCorrect"] = (
        request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    )
    return event


@pytest.fixture(scope="module")
def functions() -> Iterator[FunctionServer]:
    with function_server() as server:
        server.answers.update(dict(zip(KINDS, (define, create, verify), strict=True)))
        yield server


@pytest.fixture(scope="module")
def cave(tmp_path_factory: pytest.TempPathFactory, functions: FunctionServer) -> Iterator[tuple[App, Person]]:
    """An app that asks a question, and somebody who uses it."""
    data: Path = tmp_path_factory.mktemp("data")
    with running(settings_for(data, functions=functions.targets(*KINDS))) as server:
        make, person = PoolFactory(server), Person()
        pool = make.pool(LambdaConfig={kind: arn(kind) for kind in KINDS})
        make.user(pool, person.username, person.password)
        flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = make.client(pool, ExplicitAuthFlows=flows)["ClientId"]
        yield App(public_url(server), server.region, pool, client), person


def test_a_question_without_a_password(
    node: Node, cave: tuple[App, Person], functions: FunctionServer
) -> None:
    app, person = cave
    result = node.run(PROGRAM, "withoutPassword", app, person, answer=ANSWER)
    question = {"USERNAME": person.username, "question": "What opens the cave?"}
    assert result["first"] == {"challenge": question}
    assert result["wrong"] == {"challenge": question}
    assert result["right"]["signedIn"]["cognito:username"] == person.username


def test_a_password_by_srp_and_then_a_question(
    node: Node, cave: tuple[App, Person], functions: FunctionServer
) -> None:
    """documented in "Define Auth challenge": the session begins with SRP_A and PASSWORD_VERIFIER"""
    app, person = cave
    functions.calls.clear()
    result = node.run(PROGRAM, "withPassword", app, person, answer=ANSWER)
    assert result["refused"] == {
        "name": "NotAuthorizedException",
        "message": "Incorrect username or password.",
    }
    assert result["first"]["challenge"]["question"] == "What opens the cave?"
    assert result["right"]["signedIn"]["cognito:username"] == person.username
    sessions = [event["request"]["session"] for event in functions.events("DefineAuthChallenge")]
    srp = {"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None}
    password = {"challengeName": "PASSWORD_VERIFIER", "challengeResult": True, "challengeMetadata": None}
    cave_ = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "CAVE"}
    assert sessions == [[srp], [srp], [srp, password], [srp, password, cave_]]
