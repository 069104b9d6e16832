"""What callers of the API hear of functions of this machine that fail: AWS's exceptions, with Lambda's own texts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.calls import PASSWORD, at_once, outcome, refusal
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.functions import arn
from tests.local_functions import PYTHON_CLIENT, Machine, eventually, number_in

pytestmark = pytest.mark.skipif(not PYTHON_CLIENT, reason="awslambdaric is not installed, as it needs Linux.")

HANDLER = "def handler(event, context):\n    "
LAMBDA = "UserLambdaValidation"
FAILED = "PreSignUp failed with error "
ID = "[0-9a-f-]{36}"
# The code of each function, and what a sign-up hears of it. The texts are recorded, in AWS's frame.
FAILURES = {
    "error": (HANDLER + "raise ValueError('not you')", LAMBDA, rf"{FAILED}not you\."),
    "slow": (
        HANDLER + "while True: pass",
        LAMBDA,
        rf"{FAILED}RequestId: {ID} Error: Task timed out after 1\.00 seconds\.",
    ),
    "crash": (
        HANDLER + "__import__('os')._exit(129)",
        LAMBDA,
        rf"{FAILED}RequestId: {ID} Error: Runtime exited with error: exit status 129\.",
    ),
    "import": (
        "import nosuch",
        LAMBDA,
        rf"{FAILED}Unable to import module 'app': No module named 'nosuch'\.",
    ),
    "nothing": (
        HANDLER + "return None",
        "InvalidLambdaResponse",
        "Invalid lambda function output : Invalid JSON",
    ),
    "text": (HANDLER + "return 'ok'", "InvalidLambdaResponse", "Unrecognizable lambda output"),
    "wrong": (
        HANDLER + "event['response']['autoConfirmUser'] = 'maybe'\n    return event",
        "InvalidLambdaResponse",
        "Unrecognizable lambda output",
    ),
    "gone": (
        HANDLER + "return event",
        "UnexpectedLambda",
        r"PreSignUp invocation failed due to error ServiceException\.",
    ),
}
SLOWER = """
    import time

    def handler(event, context):
        path = "{folder}/tries"
        with open(path, "a") as file:
            file.write("1")
        time.sleep(1000)
"""
COUNTING = """
    import os, uuid

    def handler(event, context):
        open(os.path.join("{folder}", "calls", str(uuid.uuid4())), "w").close()
        event["response"]["autoConfirmUser"] = True
        return event
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("machine")
    (made / "calls").mkdir()
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RunningServer]:
    machine, tables = Machine(folder), {}
    codes = {name: code for name, (code, _, _) in FAILURES.items()}
    codes["slower"] = SLOWER.format(folder=folder)
    for name, code in codes.items():
        path = str(machine.code(name, code))
        tables[name] = {"runtime": "python", "handler": "app.handler", "path": path, "timeout": 1}
    tables["gone"]["interpreter"] = "./nosuch"
    tables["slower"]["timeout"] = 60
    settings = settings_for(
        folder / "data",
        functions=json.dumps(tables),
        function_timeout=2,
        function_tries=2,
        log_level="error",
    )
    with running(settings) as one:
        yield one


def app_with(server: RunningServer, function: str) -> tuple[str, str]:
    make = PoolFactory(server)
    pool = make.pool(LambdaConfig={"PreSignUp": arn(function)})
    return pool, str(make.client(pool)["ClientId"])


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_reads_as_it_does_at_aws_and_nobody_is_made(server: RunningServer, name: str) -> None:
    pool, app = app_with(server, name)
    _, expected, text = FAILURES[name]
    code, said = refusal(server.idp.sign_up, ClientId=app, Username="ada", Password=PASSWORD)
    assert code == expected
    assert re.fullmatch(text, said), said
    assert server.idp.list_users(UserPoolId=pool)["Users"] == []


def test_one_that_takes_longer_than_a_trigger_may_is_tried_again_as_at_aws(
    server: RunningServer, folder: Path
) -> None:
    """documented: three times five seconds; here twice two. The function's own limit is its own."""
    _, app = app_with(server, "slower")
    assert refusal(server.idp.sign_up, ClientId=app, Username="ada", Password=PASSWORD) == (
        "UnexpectedLambda",
        "PreSignUp invocation failed due to error Socket timeout while invoking Lambda function.",
    )
    assert eventually(lambda: number_in(folder / "tries") == 11)


def test_race_fifty_sign_ups_at_once_call_it_fifty_times(folder: Path, tmp_path: Path) -> None:
    path = str(Machine(tmp_path).code("counting", COUNTING.format(folder=folder)))
    table = {"runtime": "python", "handler": "app.handler", "path": path, "timeout": 60, "concurrency": 3}
    settings = settings_for(tmp_path / "data", functions=json.dumps({"counting": table}), function_timeout=60)
    with running(settings) as server:
        pool, app = app_with(server, "counting")

        def sign_up(number: int) -> str:
            return outcome(server.idp.sign_up, ClientId=app, Username=f"user{number}", Password=PASSWORD)

        assert at_once(sign_up, 50) == ["ok"] * 50
        users = server.idp.list_users(UserPoolId=pool, Limit=60)["Users"]
    assert {user["UserStatus"] for user in users} == {"CONFIRMED"}
    assert len(users) == len(list((folder / "calls").iterdir())) == 50
