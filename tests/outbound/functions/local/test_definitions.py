"""What a function needs on this machine, and the sentence that says what is missing."""

import importlib.util
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cenote.outbound.functions.local import definitions
from cenote.outbound.functions.local.definitions import Definition, Unrunnable, check
from cenote.outbound.functions.targets import Place, Target, definition_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Functions need Linux.")


def definition(folder: Path, **settings: Any) -> Definition:
    table = {"runtime": "python", "handler": "app.handler", "path": str(folder), **settings}
    return definition_of("f", Target(**table), Place())


def with_node_client(folder: Path, *, compiled: bool, named: Any = "./index.mjs") -> Path:
    package = folder / "node_modules" / "aws-lambda-ric"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"bin": named}))
    if compiled:
        (package / "rapid-client.node").touch()
    return package


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Node.js that is alone on the PATH, and has nothing installed beside it."""
    program = tmp_path / "prefix" / "bin" / "node"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


@pytest.mark.parametrize(
    "handler", ["app.handler", "package.app.handler", "package/app.handler", "package.handler"]
)
def test_a_python_handler_is_in_a_module_of_the_folder(tmp_path: Path, handler: str) -> None:
    (tmp_path / "package").mkdir()
    for name in ("app.py", "package/app.py", "package/__init__.py"):
        (tmp_path / name).touch()
    check(definition(tmp_path, handler=handler))


@pytest.mark.parametrize("handler", ["other.handler", "package.other.handler"])
def test_a_handler_without_a_file_is_missing(tmp_path: Path, handler: str) -> None:
    (tmp_path / "app.py").touch()
    with pytest.raises(Unrunnable, match=f"the handler {handler} has no file other.py in {tmp_path}"):
        check(definition(tmp_path, handler=handler))


def test_without_the_python_client_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unrunnable, match=r"pip install 'cenote\[functions\]'"):
        check(definition(tmp_path))
    check(definition(tmp_path, interpreter=sys.executable))


def test_without_linux_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(Unrunnable, match="need Linux"):
        check(definition(tmp_path))


def test_without_the_node_client_the_sentence_says_what_to_install(tmp_path: Path, node: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "app.mjs").touch()
    with pytest.raises(Unrunnable, match=f"run `npm install aws-lambda-ric` in {tmp_path / 'f'}"):
        check(definition(tmp_path / "f", runtime="nodejs"))


def test_a_node_client_that_was_not_compiled_is_none(tmp_path: Path, node: Path) -> None:
    (tmp_path / "app.mjs").touch()
    with_node_client(tmp_path, compiled=False)
    with pytest.raises(Unrunnable, match="was not compiled"):
        check(definition(tmp_path, runtime="nodejs"))


@pytest.mark.parametrize("description", ["{", "[]", "{}", '{"bin": null}', '{"bin": {"other": "x"}}'])
def test_a_node_client_whose_description_cannot_be_read_is_damaged(
    tmp_path: Path, node: Path, description: str
) -> None:
    (tmp_path / "app.mjs").touch()
    package = with_node_client(tmp_path, compiled=True)
    (package / "package.json").write_text(description)
    with pytest.raises(Unrunnable, match="is damaged"):
        check(definition(tmp_path, runtime="nodejs"))


def test_case_84_an_interpreter_that_is_asked_for_the_client_sees_nothing_of_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the function's own, and runs whatever its folder calls awslambdaric."""
    monkeypatch.setenv("CENOTE_MASTER_KEY", "a master key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the server's")
    (tmp_path / "app.py").touch()
    source = f"import os\nopen({str(tmp_path / 'seen')!r}, 'w').write(str(dict(os.environ)))\n"
    (tmp_path / "awslambdaric.py").write_text(source)
    check(definition(tmp_path, interpreter=sys.executable), thorough=True)
    seen = (tmp_path / "seen").read_text()
    assert "PATH" in seen
    assert "master" not in seen
    assert "server" not in seen


def test_an_interpreter_that_says_nothing_is_a_sentence_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "ASKING_SECONDS", 0.2)
    (tmp_path / "app.py").touch()
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 1000\n")
    slow.chmod(0o755)
    with pytest.raises(Unrunnable, match="cannot be asked for awslambdaric: TimeoutExpired"):
        check(definition(tmp_path, interpreter="./slow"), thorough=True)


@pytest.mark.parametrize("where", ["f", ".", "prefix/lib"])
@pytest.mark.parametrize("named", ["./index.mjs", {"aws-lambda-ric": "./index.mjs"}])
def test_the_node_client_is_found_as_node_finds_it(
    tmp_path: Path, node: Path, where: str, named: Any
) -> None:
    """In the folder, above it, or where npm puts what is for everybody."""
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "app.cjs").touch()
    package = with_node_client(tmp_path / where, compiled=True, named=named)
    made = definition(folder, runtime="nodejs")
    check(made)
    assert made.argv() == [str(node), str(package / "index.mjs"), "app.handler"]


def test_a_relative_program_is_one_of_the_folder_and_a_bare_name_one_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never one of the directory that the server happens to run in."""
    here, folder = tmp_path / "here", tmp_path / "f"
    for place in (here, folder):
        place.mkdir()
        shutil.copy("/bin/sh", place / "program")
    monkeypatch.chdir(here)
    made = definition(folder, runtime="provided", command=["./program", "x"])
    assert made.argv() == [str(folder / "program"), "x"]
    with pytest.raises(Unrunnable, match="the program program is not there"):
        replace(made, command=("program",)).argv()
