"""What the tests of real clients share: an app's settings, a person who uses it, its mail, and Node.js."""

import json
import os
import shutil
import subprocess
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import RunningServer

FOLDER = Path(__file__).parent
# What a program may take before it counts as hanging, in seconds; the slowest takes about two.
PATIENCE = 60


def or_fail(missing: str) -> None:
    """Leaves a test out where a tool is missing; in CI, where everything has to be there, fails it."""
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def public_url(server: RunningServer) -> str:
    """The URL that clients are told: issuers are built from it, and some clients build them from it too."""
    return server.app.settings.base_url


@dataclass(frozen=True)
class App:
    """What an app is configured with: the server, a pool and one of its clients."""

    url: str
    region: str
    pool_id: str
    client_id: str
    client_secret: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The same for a program in JavaScript."""
        named = {
            "url": self.url,
            "region": self.region,
            "userPoolId": self.pool_id,
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
        }
        return {name: value for name, value in named.items() if value is not None}


def unique() -> str:
    return uuid.uuid4().hex[:10]


@dataclass(frozen=True)
class Person:
    """Somebody who signs up, with names that no other test uses."""

    username: str = field(default_factory=lambda: f"ada-{unique()}")
    password: str = "Correct-Horse-9"
    new_password: str = "Battery-Staple-8"

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"

    @property
    def new_email(self) -> str:
        return f"{self.username}@example.org"

    def parameters(self) -> dict[str, str]:
        return {
            "username": self.username,
            "password": self.password,
            "newPassword": self.new_password,
            "email": self.email,
            "newEmail": self.new_email,
        }


@dataclass(frozen=True)
class Outbox:
    """The messages that a server sent, as its developer page has them."""

    url: str

    def messages(self, to: str) -> list[dict[str, Any]]:
        asked = f"{self.url}/_cenote/outbox.json?{urllib.parse.urlencode({'to': to})}"
        with urllib.request.urlopen(asked, timeout=10) as response:
            return list(json.load(response))

    def code(self, to: str) -> str:
        """The newest code that was sent there."""
        return str(self.messages(to)[-1]["code"])


@dataclass(frozen=True)
class Node:
    """Runs the programs of this folder with Node.js."""

    executable: str

    @classmethod
    def found(cls) -> "Node":
        executable = shutil.which("node")
        if executable is None:
            or_fail("Node.js is not installed: no JavaScript client is driven.")
        if not (FOLDER / "node_modules").is_dir():
            or_fail("The JavaScript clients are not installed: run `make node`.")
        return cls(str(executable))

    def run(self, program: str, scenario: str, *parts: App | Person, **parameters: Any) -> Any:
        """The JSON that the program answers to one of its scenarios."""
        given = {"scenario": scenario}
        for part in parts:
            given |= part.parameters()
        done = subprocess.run(
            [self.executable, str(FOLDER / program)],
            input=json.dumps({**given, **parameters}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            cwd=FOLDER,
            check=False,
        )
        assert done.returncode == 0, f"{program}, {scenario}:\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)


def named(attributes: Iterable[dict[str, str]]) -> dict[str, str]:
    """AWS's list of {Name, Value} by name."""
    return {attribute["Name"]: attribute["Value"] for attribute in attributes}


def other_code(code: str) -> str:
    """A code of the right form that is not this one."""
    return "000001" if code == "000000" else "000000"
