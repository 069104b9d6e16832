"""ministack, an AWS emulator that is not ours, with its own Lambda: run from a virtual environment of its own, since it
pins an older botocore than the tests use.
"""

import contextlib
import io
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from tests.conftest import free_port

VERSION = "1.5.33"
HOME = Path(__file__).parent.parent / ".work" / "ministack"
# It knows its callers' account by the key.
KEY, SECRET, REGION = "000000000000", "a secret key", "eu-central-1"


def program() -> Path:
    """ministack's command, installed once."""
    command = HOME / VERSION / "bin" / "ministack"
    if not command.exists():
        environment = HOME / VERSION
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"ministack=={VERSION}"]
        subprocess.run([environment / "bin" / "python", *install], check=True)
    return command


@contextlib.contextmanager
def ministack(state: Path) -> Iterator[str]:
    """Its URL, while it runs."""
    port = free_port()
    environment = {
        "PATH": f"{program().parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(state),
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(state),
        "MINISTACK_STATE_DIR": str(state),
    }
    with (state / "log").open("wb") as log:
        process = subprocess.Popen([program()], cwd=state, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/_ministack/health", process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "ministack ended"
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError("ministack did not start")


def client(url: str) -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )


def add_function(url: str, name: str, code: str) -> None:
    """A Python function of this name, whose module has a `handler`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("index.py", code)
    client(url).create_function(
        FunctionName=name,
        Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
