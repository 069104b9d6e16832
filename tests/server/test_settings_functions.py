"""Where functions run, as settings say it: tables in the file, JSON in the environment, by which workers get it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.process import clean

from cenote.outbound.functions import Unknown
from cenote.outbound.functions.http import HttpFunction
from cenote.outbound.functions.lambda_api import LambdaFunction
from cenote.outbound.functions.local.hosting import HostedFunction
from cenote.outbound.functions.targets import Functions, name_of, parsed
from cenote.server.settings import SettingsError, load

TABLES = """
function_timeout = 7

[functions.pre-sign-up]
url = "https://hooks.example.com/pre"
secret = "a secret that both sides know"

[functions.here]
runtime = "python"
handler = "app.handler"
environment = { TABLE = "users" }
timeout = 1.5

[functions.other]
endpoint = "http://127.0.0.1:4566/"
region = "eu-west-1"
access_key_id = "AK"
secret_access_key = "SK"
function = "renamed"
"""
HTTP = {"url": "https://h.example.com", "secret": "s" * 16}
LOCAL = {"runtime": "python", "handler": "app.handler"}
LAMBDA = {"endpoint": "https://l.example.com", "access_key_id": "AK", "secret_access_key": "SK"}


def functions(text: str) -> Functions:
    return Functions(parsed(text), time_limit=5, tries=3, clock=lambda: 0, guard=lambda: None)


def test_tables_of_the_file_reach_a_worker_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "cenote.toml"
    file.write_text(TABLES)
    settings = load({}, {}, str(file))
    assert settings.function_timeout == 7
    worker = load({}, {"CENOTE_FUNCTIONS": str(settings.functions)})
    assert parsed(worker.functions) == parsed(settings.functions)
    ready = functions(worker.functions)
    here = ready.get("arn:aws:lambda:r:1:function:here")
    assert isinstance(here, HostedFunction)
    assert here is ready.hosted["here"]
    assert (here.definition.folder, here.definition.timeout) == (Path.cwd() / "functions" / "here", 1.5)
    assert here.definition.environment == {"TABLE": "users"}
    assert isinstance(ready.get("arn:aws:lambda:r:1:function:pre-sign-up:live"), HttpFunction)
    other = ready.get("arn:aws:lambda:r:1:function:other")
    assert isinstance(other, LambdaFunction)
    assert (other.endpoint, other.region, other.name) == ("http://127.0.0.1:4566", "eu-west-1", "renamed")


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ({}, "either a url"),
        ({**HTTP, **LAMBDA}, "either a url"),
        ({**HTTP, "secret": "short"}, "16 bytes"),
        ({**HTTP, "url": "file:///etc/passwd"}, "https://host/path"),
        ({**HTTP, "url": "https://user:password@h.example.com"}, "without a user name"),
        ({**HTTP, "url": "https://[broken"}, "https://host/path"),
        ({**LAMBDA, "endpoint": "https://l.example.com/?a=b"}, "no query"),
        ({**LAMBDA, "secret_access_key": ""}, "secret_access_key"),
        ({**HTTP, "sercet": "x"}, "sercet"),
        ({**HTTP, **LOCAL}, "either a url"),
        ({**LOCAL, "runtime": "java"}, "java"),
        ({"runtime": "python"}, "app.handler"),
        ({**LOCAL, "handler": "app"}, "app.handler"),
        ({**LOCAL, "handler": "-m.handler"}, "app.handler"),
        ({**LOCAL, "handler": "/etc/app.handler "}, "app.handler"),
        ({"runtime": "provided"}, "needs a command"),
        ({**LOCAL, "concurrency": 0}, "between 1 and 1000"),
        ({**LOCAL, "timeout": 901}, "between 1 and 900"),
        ({**LOCAL, "timeout": 0}, "between 1 and 900"),
        ({**LOCAL, "environment": {"A=B": "x"}}, "environment has names"),
        ({**LOCAL, "environment": {"A": "x\0y"}}, "environment has names"),
    ],
)
def test_a_target_that_cannot_be_called_is_refused_without_its_secrets(
    target: dict[str, Any], word: str
) -> None:
    with pytest.raises(SettingsError, match=word) as refused:
        load({}, {"CENOTE_FUNCTIONS": json.dumps({"f": target})})
    assert "password@" not in str(refused.value)


@pytest.mark.parametrize("name", ["a b", "../x", "a/b", "ä", "x" * 65, ""])
def test_a_function_of_this_machine_has_a_name_as_lambda_lets_one_have(name: str) -> None:
    with pytest.raises(SettingsError, match="64 letters"):
        load({}, {"CENOTE_FUNCTIONS": json.dumps({name: LOCAL})})


def test_nothing_of_hosting_is_loaded_where_no_function_runs_here(tmp_path: Path) -> None:
    """A start has 0.6 seconds for everything."""
    code = """
import asyncio, sys
from cenote.server import run
from cenote.server.app import Application
from cenote.server.settings import load

async def main():
    app = Application(load({"data": sys.argv[1]}, {"CENOTE_FUNCTIONS": sys.argv[2]}))
    await app.start()
    await app.stop()

asyncio.run(main())
late = ("cenote.outbound.functions.local", "cenote.api.functions")
print(sorted(name for name in late if name in sys.modules))
"""
    for table, loaded in (
        (HTTP, []),
        (LOCAL, ["cenote.api.functions", "cenote.outbound.functions.local"]),
    ):
        command = [sys.executable, "-c", code, str(tmp_path), json.dumps({"f": table})]
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=clean({}))
        assert said.stdout.strip() == str(loaded)


@pytest.mark.parametrize("text", ["{", "[]", '{"f": "https://h.example.com"}'])
def test_what_is_no_table_of_targets_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="functions"):
        load({}, {"CENOTE_FUNCTIONS": text})


@pytest.mark.parametrize(
    ("name", "value"), [("TIMEOUT", "0"), ("TIMEOUT", "901"), ("TRIES", "0"), ("TRIES", "11")]
)
def test_limits_stay_within_reason(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match="between"):
        load({}, {f"CENOTE_FUNCTION_{name}": value})


def test_case_70_a_name_without_a_target_is_called_nowhere() -> None:
    ready = functions(json.dumps({"f": HTTP}))
    for arn in (
        "arn:aws:lambda:r:1:function:g",
        "https://169.254.169.254/f",
        "",
        "arn:aws:lambda:r:1:function:",
    ):
        if name_of(arn) != "f":
            with pytest.raises(Unknown):
                ready.get(arn)


def test_law_3_no_function_is_found_where_the_guard_forbids_it() -> None:
    def guard() -> None:
        raise RuntimeError("a transaction is open")

    targets = parsed(json.dumps({"f": HTTP}))
    ready = Functions(targets, time_limit=5, tries=3, clock=lambda: 0, guard=guard)
    with pytest.raises(RuntimeError, match="transaction"):
        ready.get("arn:aws:lambda:r:1:function:f")
