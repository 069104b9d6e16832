"""What a function that runs here is: its folder, how its processes are started, and what they find around them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What the server's environment gives its functions, so that programs are found; all the rest stays with the server.
INHERITED: Final = ("PATH",)
PYTHON_CLIENT: Final = "awslambdaric"
NODE_CLIENT: Final = "aws-lambda-ric"
COMPILED: Final = "rapid-client.node"
# An interpreter that says nothing for so long says nothing at all.
ASKING_SECONDS: Final = 60
ENDINGS: Final = {"python": (".py",), "nodejs": (".js", ".mjs", ".cjs")}


class Unrunnable(Exception):
    """Something of a function is missing on this machine: a sentence that says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Definition:
    """`folder` is absolute; `timeout` is in seconds, `memory` in MB (functions are told it, nothing holds them to it).

    `command` takes the place of interpreter and client.
    """

    name: str
    folder: Path
    runtime: str
    handler: str
    environment: Mapping[str, str]
    concurrency: int
    timeout: float
    memory: int
    interpreter: str
    command: tuple[str, ...]
    region: str
    account: str

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    def argv(self) -> list[str]:
        """The command that starts a process; Unrunnable where this machine has not what it needs."""
        if self.command:
            return [self.program(self.command[0]), *self.command[1:]]
        if self.runtime == "python":
            return [self.program(self.interpreter or sys.executable), "-m", PYTHON_CLIENT, self.handler]
        return [self.program(self.interpreter or "node"), str(self.node_client()), self.handler]

    def program(self, named: str) -> str:
        """A path in the folder, or a program on the PATH."""
        found = shutil.which(str(self.folder / named) if os.sep in named else named)
        if found is None:
            raise Unrunnable(f"the program {named} is not there: install it, or name another as interpreter")
        return found

    def node_client(self) -> Path:
        """aws-lambda-ric as Node.js would find it from the folder, or where `npm install -g` puts it."""
        folders = [self.folder / "node_modules"]
        folders += [parent / "node_modules" for parent in self.folder.parents]
        node = Path(self.program(self.interpreter or "node")).resolve()
        folders.append(node.parent.parent / "lib" / "node_modules")
        for folder in folders:
            package = folder / NODE_CLIENT
            if (package / "package.json").is_file():
                if not any((package / part / COMPILED).is_file() for part in (".", "dist")):
                    raise Unrunnable(
                        f"AWS's runtime client for Node.js, {package}, was not compiled: run `npm rebuild"
                        f" {NODE_CLIENT}` there, with cmake, make and g++ installed"
                    )
                return package / entry_of(package)
        raise Unrunnable(
            f"AWS's runtime client for Node.js is not there: run `npm install {NODE_CLIENT}` in {self.folder}"
        )

    def variables(self, address: str, stream: str) -> dict[str, str]:
        """The environment of a process, as documented in "Defined runtime environment variables".

        Of the server's own there is but the PATH: neither its settings nor its credentials. HOME is the folder, so
        that no file of the server's user is taken for the function's.
        """
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        usual = {
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "HOME": str(self.folder),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }
        if self.runtime == "python":
            usual["PYTHONPATH"] = str(self.folder)
        fixed = {
            "_HANDLER": self.handler,
            "LAMBDA_TASK_ROOT": str(self.folder),
            "LAMBDA_RUNTIME_DIR": str(self.folder),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        }
        return {**kept, **usual, **self.environment, **fixed}


def entry_of(package: Path) -> str:
    """The program that a package of Node.js names; Unrunnable where its description cannot be read."""
    try:
        named = json.loads((package / "package.json").read_text())["bin"]
        return str(named if isinstance(named, str) else named[NODE_CLIENT])
    except (OSError, ValueError, LookupError, TypeError):
        raise Unrunnable(
            f"AWS's runtime client for Node.js, {package}, is damaged: install {NODE_CLIENT} again"
        ) from None


def check(definition: Definition, *, thorough: bool = False) -> None:
    """Unrunnable for what can be seen to be missing; `thorough` runs an interpreter of the function's own for that."""
    if not sys.platform.startswith("linux"):
        raise Unrunnable(
            "functions of one's own machine need Linux, as AWS's runtime clients do: give it a url"
        )
    folder = definition.folder
    if not folder.is_dir():
        raise Unrunnable(f"the folder {folder} is not there: make it, or name another as path")
    argv = definition.argv()
    if definition.runtime in ENDINGS and not definition.command:
        check_handler(definition)
        if definition.runtime == "python":
            check_python_client(definition, argv[0], thorough=thorough)


def check_handler(definition: Definition) -> None:
    module, endings = definition.handler.rpartition(".")[0], ENDINGS[definition.runtime]
    path = definition.folder / (module.replace(".", "/") if definition.runtime == "python" else module)
    there = any(path.with_name(path.name + ending).is_file() for ending in endings)
    if not there and not (definition.runtime == "python" and (path / "__init__.py").is_file()):
        name = f"{path.name}{' or '.join(endings[:1])}"
        raise Unrunnable(f"the handler {definition.handler} has no file {name} in {path.parent}")


def check_python_client(definition: Definition, program: str, *, thorough: bool) -> None:
    if not definition.interpreter:
        from importlib.util import find_spec  # noqa: PLC0415 (only where a function runs here)

        if find_spec(PYTHON_CLIENT) is None:
            raise Unrunnable(
                "AWS's runtime client for Python is not installed: run `pip install 'cenote[functions]'`, or name the"
                f" interpreter of a virtual environment that has {PYTHON_CLIENT}"
            )
    elif thorough:
        try:
            asked = subprocess.run(  # noqa: S603 (what the operator's settings say)
                [program, "-c", f"import {PYTHON_CLIENT}"],
                capture_output=True,
                check=False,
                cwd=definition.folder,
                # What is run here may be the function's own: it gets no more of the server's than the function does.
                env=definition.variables("", ""),
                timeout=ASKING_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unrunnable(
                f"{program} cannot be asked for {PYTHON_CLIENT}: {type(error).__name__}"
            ) from None
        if asked.returncode:
            raise Unrunnable(
                f"AWS's runtime client for Python is not installed: run `{program} -m pip install {PYTHON_CLIENT}`"
            )
