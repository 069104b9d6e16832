"""Unmodified Lambda code on both of AWS's runtime clients: what it is told, and how what it does comes back."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.local_functions import Machine, called, need_node

from cenote.outbound.functions import FunctionFailed
from cenote.outbound.functions.local.hosting import HostedFunction

TELLING = {
    "python": """
        import os

        def handler(event, context):
            return {
                "event": event,
                "environment": dict(os.environ),
                "id": context.aws_request_id,
                "name": context.function_name,
                "version": context.function_version,
                "arn": context.invoked_function_arn,
                "memory": context.memory_limit_in_mb,
                "left": context.get_remaining_time_in_millis(),
                "custom": context.client_context.custom,
                "group": context.log_group_name,
                "stream": context.log_stream_name,
            }
    """,
    "nodejs": """
        export const handler = async (event, context) => ({
          event,
          environment: { ...process.env },
          id: context.awsRequestId,
          name: context.functionName,
          version: context.functionVersion,
          arn: context.invokedFunctionArn,
          memory: context.memoryLimitInMB,
          left: context.getRemainingTimeInMillis(),
          custom: context.clientContext.custom,
          group: context.logGroupName,
          stream: context.logStreamName,
        })
    """,
}
FAILING = {
    "python": """
        def handler(event, context):
            raise ValueError("not you " + "é" * event)
    """,
    "nodejs": """
        export const handler = async (event) => {
          throw new Error("not you " + "é".repeat(event))
        }
    """,
}
NOT_THERE = {
    "python": "import nosuch\n",
    "nodejs": "import nosuch from 'nosuch'\n",
}
WITHOUT_HANDLER = {"python": "def other(event, context): ...\n", "nodejs": "export const other = 1\n"}


@pytest.fixture(params=["python", "nodejs"])
def runtime(request: pytest.FixtureRequest) -> str:
    if request.param == "nodejs":
        need_node()
    return str(request.param)


async def test_the_context_tells_what_it_does_at_aws(machine: Machine, runtime: str) -> None:
    """documented in "Using the Lambda context object" for each runtime"""
    function = machine.host(TELLING[runtime], name="who-am-i", runtime=runtime, timeout=7, memory=256)
    told = await called(function, {"ä": 1}, key="a key")
    assert told["event"] == {"ä": 1}
    assert len(told["id"]) == 36
    assert told["name"] == "who-am-i"
    assert told["version"] == "$LATEST"
    assert told["arn"] == "arn:aws:lambda:eu-central-1:123456789012:function:who-am-i"
    assert told["memory"] == "256"
    assert 0 < told["left"] <= 7000
    assert told["custom"] == {"idempotency_key": "a key"}
    assert told["group"] == "/aws/lambda/who-am-i"
    assert "/[$LATEST]" in told["stream"]


async def test_the_environment_has_lambdas_variables_and_the_functions_own_and_nothing_of_the_servers(
    machine: Machine, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """documented in "Defined runtime environment variables"; SECURITY.md case 84 for what must not be there"""
    monkeypatch.setenv("CENOTE_MASTER_KEY", "a master key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the server's")
    monkeypatch.setenv("PGPASSWORD", "the server's")
    monkeypatch.setenv("HOME", "/root")
    own = {"TABLE": "users", "AWS_ACCESS_KEY_ID": "of the function"}
    function = machine.host(TELLING[runtime], runtime=runtime, environment=own)
    environment = (await called(function))["environment"]
    folder = str(function.definition.folder)
    expected = {
        **own,
        "_HANDLER": "app.handler",
        "LAMBDA_TASK_ROOT": folder,
        "LAMBDA_RUNTIME_DIR": folder,
        "HOME": folder,
        "TZ": ":UTC",
        "LANG": "C.UTF-8",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
    }
    assert expected.items() <= environment.items()
    changing = {"PATH", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_LOG_STREAM_NAME", "_X_AMZN_TRACE_ID"}
    assert set(environment) - set(expected) <= {*changing, "PYTHONPATH"}
    assert not any("server" in value or "master" in value for value in environment.values())


@pytest.mark.parametrize("length", [0, 50_000])
async def test_an_error_of_the_function_comes_with_its_text(
    machine: Machine, runtime: str, length: int
) -> None:
    """However long: the runtime clients put the stack into a header as well."""
    function = machine.host(FAILING[runtime], runtime=runtime)
    with pytest.raises(FunctionFailed) as failed:
        await called(function, length)
    assert str(failed.value) == "not you " + "é" * length


async def test_a_module_that_cannot_be_imported_fails_the_call_with_the_reason(
    machine: Machine, runtime: str
) -> None:
    function = machine.host(NOT_THERE[runtime], runtime=runtime)
    with pytest.raises(FunctionFailed, match="nosuch"):
        await called(function)


async def test_a_handler_that_is_not_in_its_file_fails_the_call(machine: Machine, runtime: str) -> None:
    function = machine.host(WITHOUT_HANDLER[runtime], runtime=runtime)
    with pytest.raises(FunctionFailed, match=r"app\.handler|Handler 'handler' missing"):
        await called(function)


ANSWERS: dict[str, tuple[str, str, Any]] = {
    "nothing": ("return None", "return undefined", None),
    "text": ('return "é€😀"', 'return "é€😀"', "é€😀"),
    "list": ("return [1, 2.5, True]", "return [1, 2.5, true]", [1, 2.5, True]),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_any_json_is_an_answer(machine: Machine, runtime: str, answer: str) -> None:
    python, javascript, expected = ANSWERS[answer]
    source = {
        "python": f"def handler(event, context):\n    {python}\n",
        "nodejs": f"export const handler = async () => {{ {javascript} }}\n",
    }
    function = machine.host(source[runtime], runtime=runtime)
    if runtime == "nodejs" and answer == "nothing":
        assert await function.invoke(b"{}", key="k") in {b"null", b""}
    else:
        assert await called(function) == expected


async def test_what_is_no_json_is_no_answer(machine: Machine) -> None:
    function = machine.host("def handler(event, context):\n    return object()\n")
    with pytest.raises(FunctionFailed, match="Unable to marshal response"):
        await called(function)


BIG = {
    "python": "def handler(event, context):\n    return {'size': len(event['text']), 'text': 'x' * event['want']}\n",
    "nodejs": "export const handler = async (e) => ({ size: e.text.length, text: 'x'.repeat(e.want) })\n",
}


async def asked_for(function: HostedFunction, given: int, want: int) -> Any:
    return await called(function, {"text": "x" * given, "want": want})


async def test_events_and_answers_go_through_up_to_lambdas_limit(machine: Machine, runtime: str) -> None:
    function = machine.host(BIG[runtime], runtime=runtime)
    room = 6_291_456 - len(json.dumps({"text": "", "want": 0}))
    assert (await asked_for(function, room, 0))["size"] == room
    assert len((await asked_for(function, 0, 6_291_000))["text"]) == 6_291_000


async def test_an_answer_beyond_the_limit_is_an_error_and_the_next_call_is_none(
    machine: Machine, runtime: str
) -> None:
    """documented in "Lambda quotas": 6 MB each for request and response"""
    function = machine.host(BIG[runtime], runtime=runtime)
    with pytest.raises(FunctionFailed, match=r"exceeded maximum allowed payload size \(6291556 bytes\)"):
        await asked_for(function, 0, 7_000_000)
    assert (await asked_for(function, 5, 0))["size"] == 5


async def test_an_interpreter_of_the_functions_own_runs_it(machine: Machine) -> None:
    """A virtual environment in the folder, or whatever else; here a wrapper, whose child is the runtime."""
    folder = machine.code("f", "")
    wrapper = folder / "bin" / "python"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nWRAPPED=yes {sys.executable} "$@"\nexit $?\n')
    wrapper.chmod(0o755)
    source = "import os\ndef handler(event, context):\n    return os.environ['WRAPPED']\n"
    assert await called(machine.host(source, interpreter="bin/python")) == "yes"


async def test_the_function_of_the_documentation_runs_as_it_stands_there(machine: Machine) -> None:
    page = (Path(__file__).parents[4] / "docs" / "triggers.md").read_text()
    section = page.partition("## Functions in a folder")[2]
    code = section.partition("```python\n")[2].partition("```")[0]
    event = json.loads(section.partition("--payload '")[2].partition("'")[0])
    answer = await called(machine.host(code), event)
    assert answer == {**event, "response": {"autoConfirmUser": True}}


async def test_a_command_takes_the_place_of_all(machine: Machine) -> None:
    source = "def handler(event, context):\n    return 'by a command'\n"
    command = [sys.executable, "-m", "awslambdaric", "app.handler"]
    assert await called(machine.host(source, runtime="provided", command=command)) == "by a command"
