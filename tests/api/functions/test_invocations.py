"""Lambda's Invoke API, as boto3 and the AWS CLI call it; facts are documented in Lambda's API reference."""

import base64
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.calls import at_once
from tests.conftest import REGION, RunningServer, running, settings_for
from tests.local_functions import PYTHON_CLIENT, Machine, clean_environment, eventually, number_in

from cenote.api.functions import invocations

pytestmark = pytest.mark.skipif(not PYTHON_CLIENT, reason="awslambdaric is not installed, as it needs Linux.")

ECHO = """
import os, time

def handler(event, context):
    print("heard")
    if isinstance(event, dict) and "error" in event:
        raise ValueError(event["error"])
    if isinstance(event, dict) and "write" in event:
        while not os.path.exists(event["after"]):
            time.sleep(0.005)
        open(event["write"], "w").write("1")
    client = context.client_context
    return {"event": event, "id": context.aws_request_id, "custom": client.custom if client else None}
"""
PATH = "/2015-03-31/functions/echo/invocations"


def functions(folder: Path) -> str:
    machine = Machine(folder)
    table = {"runtime": "python", "handler": "app.handler"}
    elsewhere = {"url": "https://h.example.com", "secret": "s" * 16}
    return json.dumps(
        {
            "echo": {**table, "path": str(machine.code("echo", ECHO)), "timeout": 60},
            "one": {**table, "path": str(machine.code("one", ECHO)), "timeout": 1, "concurrency": 1},
            "elsewhere": elsewhere,
        }
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("machine")
    with running(settings_for(folder / "data", functions=functions(folder))) as one:
        yield one


@pytest.fixture(scope="module")
def api(server: RunningServer) -> Any:
    return server.client("lambda")


def answer(response: Any) -> Any:
    return json.loads(response["Payload"].read())


def refused(call: Any, **request: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as failed:
        call(**request)
    response = failed.value.response
    return (
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Code"],
        response["Error"]["Message"],
    )


def raw(
    server: RunningServer, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.app.settings.port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=named)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "name",
    [
        "echo",
        "echo:live",
        "000000000000:function:echo",
        f"arn:aws:lambda:{REGION}:000000000000:function:echo",
        f"arn:aws:lambda:{REGION}:000000000000:function:echo:$LATEST",
    ],
)
def test_a_function_is_called_by_each_of_its_names(api: Any, name: str) -> None:
    response = api.invoke(FunctionName=name, Payload=b'{"a": 1}')
    assert (response["StatusCode"], response["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in response
    assert "LogResult" not in response
    told = answer(response)
    assert (told["event"], told["custom"]) == ({"a": 1}, None)
    assert told["id"] == response["ResponseMetadata"]["RequestId"]


def test_a_qualifier_may_be_given_beside_the_name(api: Any) -> None:
    assert api.invoke(FunctionName="echo", Qualifier="live")["StatusCode"] == 200


def test_without_a_payload_the_event_is_an_empty_object(api: Any) -> None:
    assert answer(api.invoke(FunctionName="echo"))["event"] == {}


def test_the_client_context_reaches_the_function(api: Any) -> None:
    context = base64.b64encode(json.dumps({"custom": {"schlüssel": "é"}}).encode()).decode()
    assert answer(api.invoke(FunctionName="echo", ClientContext=context))["custom"] == {"schlüssel": "é"}


@pytest.mark.parametrize("context", ["!", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode()])
def test_a_client_context_that_is_none_is_refused(api: Any, context: str) -> None:
    assert refused(api.invoke, FunctionName="echo", ClientContext=context) == (
        400,
        "InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object.",
    )


def test_an_error_of_the_function_is_an_answer_that_says_so(api: Any) -> None:
    response = api.invoke(FunctionName="echo", Payload=b'{"error": "no"}')
    assert (response["StatusCode"], response["FunctionError"]) == (200, "Unhandled")
    told = answer(response)
    assert (told["errorMessage"], told["errorType"]) == ("no", "ValueError")
    assert told["stackTrace"]


def test_the_end_of_the_log_comes_with_the_answer_if_asked_for(api: Any) -> None:
    response = api.invoke(FunctionName="echo", LogType="Tail")
    request_id = response["ResponseMetadata"]["RequestId"]
    start, line, end, report = base64.b64decode(response["LogResult"]).decode().splitlines()
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert line == "heard"
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")


def test_a_dry_run_calls_nothing(api: Any) -> None:
    response = api.invoke(FunctionName="echo", InvocationType="DryRun")
    assert (response["StatusCode"], response["Payload"].read()) == (204, b"")
    assert refused(api.invoke, FunctionName="nosuch", InvocationType="DryRun")[0] == 404


def test_an_event_is_taken_at_once_and_run_later(api: Any, tmp_path: Path) -> None:
    event = {"write": str(tmp_path / "written"), "after": str(tmp_path / "gate")}
    response = api.invoke(FunctionName="echo", InvocationType="Event", Payload=json.dumps(event))
    assert (response["StatusCode"], response["Payload"].read()) == (202, b"")
    assert number_in(tmp_path / "written") == 0
    (tmp_path / "gate").touch()
    assert eventually(lambda: number_in(tmp_path / "written")) == 1


def test_only_so_many_events_wait(api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(invocations, "MOST_EVENTS", 2)
    event = json.dumps({"write": str(tmp_path / "written"), "after": str(tmp_path / "gate")})

    def send() -> Any:
        return api.invoke(FunctionName="echo", InvocationType="Event", Payload=event)

    assert [send()["StatusCode"] for _ in range(2)] == [202, 202]
    assert refused(send) == (429, "TooManyRequestsException", "Rate Exceeded.")
    (tmp_path / "gate").touch()
    eventually(lambda: number_in(tmp_path / "written"))


def test_where_all_processes_are_busy_a_call_is_told_so(api: Any, server: RunningServer) -> None:
    turns = server.app.functions.hosted["one"]._turns
    server.run(turns.acquire())
    try:
        assert refused(api.invoke, FunctionName="one") == (429, "TooManyRequestsException", "Rate Exceeded.")
    finally:
        server.loop.call_soon_threadsafe(turns.release)


@pytest.mark.parametrize("name", ["nosuch", "elsewhere"])
def test_what_does_not_run_here_is_not_found(api: Any, name: str) -> None:
    """Functions elsewhere neither: calling them for others would lend out the server's credentials (case 70)."""
    arn = f"arn:aws:lambda:{REGION}:000000000000:function:{name}"
    assert refused(api.invoke, FunctionName=arn) == (
        404,
        "ResourceNotFoundException",
        f"Function not found: {arn}",
    )


@pytest.mark.parametrize("payload", [b"{", b'"\xff"', b"[" * 100_000, b"nothing"])
def test_a_payload_that_is_no_json_is_refused(api: Any, payload: bytes) -> None:
    """recorded beginning"""
    status, code, text = refused(api.invoke, FunctionName="echo", Payload=payload)
    assert (status, code) == (400, "InvalidRequestContentException")
    assert text.startswith("Could not parse request body into json: ")


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6_291_456), ("Event", 1_048_576)])
def test_a_payload_beyond_the_limit_is_refused(api: Any, kind: str, limit: int) -> None:
    """recorded text"""
    payload = b'"' + b"x" * limit + b'"'
    assert refused(api.invoke, FunctionName="echo", InvocationType=kind, Payload=payload) == (
        413,
        "RequestTooLargeException",
        f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
    )


def test_a_payload_of_six_megabytes_goes_through(api: Any) -> None:
    text = "x" * 6_000_000
    assert answer(api.invoke(FunctionName="echo", Payload=json.dumps(text)))["event"] == text


@pytest.mark.parametrize("name", ["x_amz_invocation_type", "x_amz_log_type"])
def test_a_type_that_there_is_not_is_refused(server: RunningServer, name: str) -> None:
    """assumed text"""
    status, body = raw(server, "POST", PATH, b"{}", **{name: "Nonsense"})
    assert status == 400
    assert b"Value 'Nonsense' at" in body


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", PATH), ("POST", "/2015-03-31/functions/echo"), ("POST", f"{PATH}/more"), ("DELETE", PATH)],
)
def test_other_operations_are_not_there(server: RunningServer, method: str, path: str) -> None:
    assert raw(server, method, path)[0] == 404


def test_race_fifty_calls_at_once_each_get_their_own_answer(api: Any) -> None:
    def invoke(number: int) -> Any:
        return answer(api.invoke(FunctionName="echo", Payload=json.dumps(number)))["event"]

    assert at_once(invoke, 50) == list(range(50))


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"host": "evil.example:9400"}]
)
def test_pages_of_another_origin_call_nothing_on_ones_own_machine(
    server: RunningServer, headers: dict[str, str]
) -> None:
    status, body = raw(server, "POST", PATH, b"{}", **headers)
    assert status == 403
    assert b"Invoke is not open" in body
    assert raw(server, "POST", PATH, b"{}", origin="http://localhost:3000")[0] == 200


def test_a_server_without_functions_of_its_own_has_no_such_api(tmp_path: Path) -> None:
    with running(settings_for(tmp_path / "data")) as other:
        assert raw(other, "POST", PATH, b"{}")[0] == 404


def test_the_aws_cli_invokes(server: RunningServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "awscli", "lambda", "invoke", "--endpoint-url", server.url]
    command += ["--region", REGION, "--function-name", "echo", "--payload", '{"from": "cli"}', "out.json"]
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**clean_environment(), **keys},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads((tmp_path / "out.json").read_text())["event"] == {"from": "cli"}


@pytest.fixture(scope="module")
def reachable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that others can reach: signatures are verified."""
    folder = tmp_path_factory.mktemp("machine")
    settings = settings_for(
        folder / "data", functions=functions(folder), public_url="https://login.example.com"
    )
    with running(settings) as one:
        yield one


def signed(server: RunningServer, secret: str, service: str = "lambda") -> Any:
    config = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": secret}
    return boto3.client(service, endpoint_url=server.url, region_name=REGION, config=config, **keys)


@pytest.mark.parametrize("name", ["echo", f"arn:aws:lambda:{REGION}:000000000000:function:echo:live"])
def test_where_others_can_reach_the_server_a_call_is_signed(reachable: RunningServer, name: str) -> None:
    response = signed(reachable, "any").invoke(FunctionName=name, Qualifier="live", Payload=b"{}")
    assert answer(response)["event"] == {}


def test_where_others_can_reach_the_server_another_signature_calls_nothing(reachable: RunningServer) -> None:
    """recorded: 403 from REST services"""
    status, code, _ = refused(signed(reachable, "wrong").invoke, FunctionName="echo")
    assert (status, code) == (403, "InvalidSignatureException")
    status, body = raw(reachable, "POST", PATH, b"{}")
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})


def test_a_signature_for_another_service_calls_nothing(reachable: RunningServer) -> None:
    client = signed(reachable, "any")
    client._request_signer._signing_name = "cognito-idp"
    status, code, text = refused(client.invoke, FunctionName="echo")
    assert (status, code) == (403, "InvalidSignatureException")
    assert "Credential should be scoped to correct service: 'lambda'" in text


def test_a_name_that_nobody_signed_for_is_not_told_whether_it_is_there(reachable: RunningServer) -> None:
    paths = [PATH, PATH.replace("echo", "nosuch")]
    answers = {raw(reachable, "POST", path, b"{}") for path in paths}
    assert len(answers) == 1


def test_calls_are_counted(server: RunningServer, api: Any) -> None:
    api.invoke(FunctionName="echo")
    refused(api.invoke, FunctionName="nosuch")
    metrics = raw(server, "GET", "/metrics")[1].decode()
    assert 'operation="Invoke"' in metrics
    assert 'error="ResourceNotFoundException",operation="Invoke"' in metrics
