"""A Cenote of its own process, started as an operator starts it."""

import contextlib
import http.client
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

CENOTE = [sys.executable, "-m", "cenote.cli.main"]


@dataclass
class Process:
    """A running `cenote serve`."""

    popen: "subprocess.Popen[str]"
    port: int
    log: Path
    key: tuple[str, str] = ("any", "any")
    # The certificate that it shows, where it speaks TLS.
    certificate: str = ""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.certificate else f"http://127.0.0.1:{self.port}"

    def idp(self, **options: Any) -> Any:
        options.setdefault("aws_access_key_id", self.key[0])
        options.setdefault("aws_secret_access_key", self.key[1])
        if self.certificate:
            options.setdefault("verify", self.certificate)
        return boto3.client(
            "cognito-idp",
            endpoint_url=self.url,
            region_name="eu-central-1",
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=50),
            **options,
        )

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        if self.certificate:
            trusting = ssl.create_default_context(cafile=self.certificate)
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=10, context=trusting)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9 for the whole process group: nothing gets to finish anything."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(10)

    def stop(self) -> int:
        """SIGTERM, as a supervisor does; the exit status."""
        self.popen.terminate()
        return self.popen.wait(30)


def cenote(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """One command, run to its end."""
    return subprocess.run(
        [*CENOTE, *arguments], capture_output=True, text=True, timeout=60, check=False, env=clean(environment)
    )


def access_key(*where: str) -> tuple[str, str]:
    """A new access key of the deployment that `where` names, as `cenote keys create` prints it."""
    made = cenote("keys", "create", *where)
    exports = dict(line.removeprefix("export ").split("=", 1) for line in made.stdout.splitlines())
    return exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"]


def clean(more: dict[str, str]) -> dict[str, str]:
    """This environment without settings of Cenote's, plus these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CENOTE_")}
    return {**kept, **more}


@contextlib.contextmanager
def serving(data: Path, port: int, *arguments: str, **environment: str) -> Iterator[Process]:
    """`cenote serve` on that port and data directory, ready; killed at the end if it still runs."""
    log = data.parent / f"serve-{port}.log"
    command = [
        *CENOTE,
        "serve",
        "--data",
        str(data),
        "--port",
        str(port),
        "--region",
        "eu-central-1",
        *arguments,
    ]
    with log.open("a") as sink:
        popen = subprocess.Popen(
            command,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=clean(environment),
        )
    process = Process(popen, port, log)
    if "--tls-cert" in arguments:
        process.certificate = arguments[arguments.index("--tls-cert") + 1]
    try:
        wait_until_ready(process)
        yield process
    finally:
        if popen.poll() is None:
            process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)


def wait_until_ready(process: Process) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.popen.poll() is not None:
            raise AssertionError(f"serve ended: {process.log.read_text()}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if process.get("/ready")[0] == 200:
                return
        time.sleep(0.02)
    raise AssertionError(f"serve was not ready in time: {process.log.read_text()}")
