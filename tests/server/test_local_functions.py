"""Functions of this machine as an operator has them: in a settings file, with a server that stops and is killed."""

import json
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.conftest import free_port
from tests.local_functions import PYTHON_CLIENT, eventually, is_running, number_in
from tests.process import Process, cenote, serving

pytestmark = pytest.mark.skipif(not PYTHON_CLIENT, reason="awslambdaric is not installed, as it needs Linux.")

# Starts a child, says who they are, and works without end where it is told so.
BUSY = """
import os, subprocess

def handler(event, context):
    folder = os.environ["FOLDER"]
    if event.get("forever"):
        child = subprocess.Popen(["sleep", "1000"])
        open(folder + "/child", "w").write(str(child.pid))
        open(folder + "/own", "w").write(str(os.getpid()))
        while True:
            pass
    return os.getpid()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory with functions/busy in it, where a server is started."""
    folder = tmp_path / "functions" / "busy"
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(BUSY)
    (tmp_path / "cenote.toml").write_text(
        f"""
        [functions.busy]
        runtime = "python"
        handler = "app.handler"
        path = "{folder}"
        timeout = 60
        environment = {{ FOLDER = "{tmp_path}" }}
        """
    )
    return tmp_path


@pytest.fixture
def process(home: Path) -> Iterator[Process]:
    with serving(home / "data", free_port(), "--config", str(home / "cenote.toml")) as one:
        yield one


def lambda_client(process: Process) -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=process.url,
        region_name="eu-central-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )


def invoke(process: Process, event: Any, **request: Any) -> Any:
    answer = lambda_client(process).invoke(FunctionName="busy", Payload=json.dumps(event), **request)
    body = answer["Payload"].read()
    return json.loads(body) if body else None


def children(process: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == process:
                found.append(int(entry.name))
    return found


def works_forever(process: Process, home: Path) -> list[int]:
    """A function at work without end: the processes that it has."""
    invoke(process, {"forever": True}, InvocationType="Event")
    return [eventually(partial(number_in, home / name)) for name in ("child", "own")]


def all_gone(processes: list[int]) -> bool:
    return not any(is_running(process) for process in processes)


def test_a_function_runs_for_the_lambda_api_of_the_server(process: Process) -> None:
    assert is_running(invoke(process, {}))


def test_a_stop_ends_functions_idle_and_at_work(process: Process, home: Path) -> None:
    idle = invoke(process, {})
    working = works_forever(process, home)
    workers = children(process.popen.pid)
    others = [child for worker in workers for child in children(worker)]
    assert {idle, working[1]} <= set(others)
    assert process.stop() == 0
    eventually(lambda: all_gone([idle, *working, *others]))


def test_a_server_that_is_killed_hard_leaves_no_function_behind(process: Process, home: Path) -> None:
    """Neither the process that works without end nor what that one started: nothing of the server could end them."""
    idle = invoke(process, {})
    working = works_forever(process, home)
    process.kill()
    eventually(lambda: all_gone([idle, *working]))


def test_a_worker_that_is_killed_hard_leaves_none_either_and_the_next_has_its_own(
    process: Process, home: Path
) -> None:
    idle = invoke(process, {})
    working = works_forever(process, home)
    (worker,) = [child for child in children(process.popen.pid) if idle in children(child)]
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: all_gone([idle, *working]))
    eventually(lambda: is_ready(process))
    assert is_running(invoke(process, {}))


def is_ready(process: Process) -> bool:
    try:
        return process.get("/ready")[0] == 200
    except OSError:
        return False


def test_its_lines_are_in_the_servers_log(process: Process, home: Path) -> None:
    (home / "functions" / "busy" / "app.py").write_text("def handler(event, context):\n    print('a line')\n")
    invoke(process, {})
    assert process.stop() == 0
    lines = [json.loads(line) for line in process.log.read_text().splitlines() if '"a line"' in line]
    assert [(line["function"], line["level"]) for line in lines] == [("busy", "info")]


TABLE = {"runtime": "python", "handler": "app.handler"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "nowhere"}, "the folder {home}/nowhere is not there"),
        ({"handler": "other.handler"}, "the handler other.handler has no file other.py"),
        ({"interpreter": "nosuch-python"}, "the program nosuch-python is not there"),
        ({"runtime": "provided", "command": ["./bootstrap"]}, "the program ./bootstrap is not there"),
        ({"runtime": "nodejs", "interpreter": "nosuch-node"}, "the program nosuch-node is not there"),
    ],
)
def test_serve_and_doctor_say_in_a_sentence_what_a_function_lacks(
    home: Path, change: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    table = json.dumps({"busy": {**TABLE, "path": "functions/busy", **change}})
    said = said.format(home=home)
    refused = cenote("serve", "--data", "data", "--port", str(free_port()), CENOTE_FUNCTIONS=table)
    assert refused.returncode == 2
    assert refused.stderr.startswith("cenote: functions.busy: ")
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
    found = cenote("doctor", "--data", "data", "--port", str(free_port()), CENOTE_FUNCTIONS=table)
    assert found.returncode == 1
    assert any(
        line.startswith("FAIL  function busy: ") and said in line for line in found.stdout.splitlines()
    )


def test_doctor_asks_another_interpreter_for_the_runtime_client(home: Path, tmp_path: Path) -> None:
    bare = tmp_path / "functions" / "busy" / "python"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    table = {**TABLE, "path": str(bare.parent), "interpreter": "./python"}
    found = cenote("doctor", "--data", str(tmp_path / "data"), CENOTE_FUNCTIONS=json.dumps({"busy": table}))
    assert f"run `{bare} -m pip install awslambdaric`" in found.stdout


def test_doctor_is_content_with_a_function_that_can_run(home: Path) -> None:
    table = json.dumps({"busy": {**TABLE, "path": str(home / "functions" / "busy")}})
    found = cenote("doctor", "--data", str(home / "data"), "--port", str(free_port()), CENOTE_FUNCTIONS=table)
    assert "ok    function busy can run" in found.stdout
    assert found.returncode == 0
