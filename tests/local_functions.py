"""Functions of this machine for tests: folders with Lambda code, run by AWS's real runtime clients."""

import importlib.util
import json
import os
import shutil
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients.drivers import or_fail
from tests.conftest import REGION, Clock

from cenote.outbound.functions.local.hosting import HostedFunction
from cenote.outbound.functions.local.instances import Instance
from cenote.outbound.functions.targets import Functions, Place, parsed

CLIENTS = Path(__file__).parent / "clients"
NODE_CLIENT = CLIENTS / "node_modules" / "aws-lambda-ric"
PYTHON_CLIENT = bool(importlib.util.find_spec("awslambdaric"))


def need_node() -> None:
    """Leaves a test out where Node.js functions cannot run."""
    if shutil.which("node") is None:
        or_fail("Node.js is not installed: no function of Node.js is run.")
    if not (NODE_CLIENT / "rapid-client.node").exists():
        or_fail("aws-lambda-ric is not compiled: run `make node`, with cmake, make and g++ installed.")


@dataclass
class Machine:
    """A place for functions. `code` makes a folder; `host` makes it a function that can be called."""

    root: Path
    clock: Clock = field(default_factory=Clock)
    guard: Callable[[], None] = lambda: None
    reload: bool = False
    made: list[Functions] = field(default_factory=list)

    def code(self, name: str, source: str, file: str = "app.py") -> Path:
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        if file.endswith((".mjs", ".js")) and not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(NODE_CLIENT.parent)
        (folder / file).write_text(textwrap.dedent(source))
        return folder

    def host(self, source: str, name: str = "f", **settings: Any) -> HostedFunction:
        """A function of this Python code, or of JavaScript where the runtime is nodejs."""
        runtime = settings.setdefault("runtime", "python")
        folder = self.code(name, source, "app.mjs" if runtime == "nodejs" else "app.py")
        table = {"handler": "app.handler", "path": str(folder), **settings}
        functions = Functions(
            parsed(json.dumps({name: table})),
            time_limit=5,
            tries=3,
            clock=self.clock,
            guard=self.guard,
            place=Place(REGION, "123456789012", reload=self.reload),
        )
        self.made.append(functions)
        return functions.hosted[name]

    async def close(self) -> None:
        for functions in self.made:
            await functions.close()


async def called(function: HostedFunction, event: Any = None, key: str = "a key") -> Any:
    """What the function answers, decoded."""
    return json.loads(await function.invoke(json.dumps(event).encode(), key=key))


def instances(function: HostedFunction) -> list[Instance]:
    """The processes that it has now."""
    return list(function._instances)


def is_running(process: int) -> bool:
    """Whether there is such a process that is not just waiting to be reaped."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def eventually(condition: Callable[[], Any]) -> Any:
    """What the condition comes to, once it is true; for what another process does."""
    for _ in range(3000):
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it never came to that")


def number_in(path: Path) -> int:
    """The number that a function wrote into a file; 0 before it did."""
    return int(path.read_text() or 0) if path.exists() else 0


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CENOTE_")}
