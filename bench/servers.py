"""The servers measured: how each is installed, started and known to be ready. To add one, add a class."""

import compileall
import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.machine import BenchError, CpuMeter, ProcessTree, pinned

REPOSITORY = Path(__file__).parent.parent
WORK = REPOSITORY / ".work" / "bench"


class NotHere(Exception):
    """A server that can't be installed or started on this machine, and why."""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHere(str(error)) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise NotHere(f"`{Path(command[0]).name}` failed: {lines[-1]}")
    return done.stdout.strip()


class Server:
    """One kind of server. It lives in its folder of `.work/bench/peers` and in a run's data directory."""

    name: str
    keeps: str  # where it keeps its state while measured
    ready_path = "/health"
    ours = False

    def install(self) -> str:
        """Make it startable; its version."""
        raise NotImplementedError

    def command(self, data: Path, port: int, workers: int) -> list[str | Path]:
        raise NotImplementedError

    def environment(self, data: Path, port: int) -> dict[str, str]:
        del data, port
        return {}

    @property
    def folder(self) -> Path:
        return WORK / "peers" / self.name


class Cenote(Server):
    name = "cenote"
    keeps = "SQLite, every answered write on disk"
    ours = True

    def install(self) -> str:
        if not self._program.exists():
            raise NotHere(f"{self._program} is not there: install the package first")
        # As pip does with what it installs; of an editable package it leaves that to the first run.
        compileall.compile_dir(REPOSITORY / "src", quiet=1)
        return importlib.metadata.version("cenote")

    @property
    def _program(self) -> Path:
        return Path(sys.executable).parent / "cenote"

    def command(self, data: Path, port: int, workers: int) -> list[str | Path]:
        options: list[str | Path] = [
            "--data",
            data,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            str(workers),
        ]
        return [self._program, "serve", *options]


class PythonPeer(Server):
    """A PyPI package in a virtual environment of its own: peers pin what others need newer."""

    requirements: tuple[str, ...]

    def install(self) -> str:
        python = self.folder / "bin" / "python"
        if not python.exists():
            run(sys.executable, "-m", "venv", self.folder)
        asked = (python, "-c", f"import importlib.metadata as m; print(m.version('{self.name}'))")
        try:
            return run(*asked)
        except NotHere:
            run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *self.requirements)
            return run(*asked)


class Moto(PythonPeer):
    name = "moto"
    keeps = "memory"
    requirements = ("moto[cognitoidp,server]>=5.1",)
    ready_path = "/moto-api/"

    def command(self, data: Path, port: int, workers: int) -> list[str | Path]:
        del data, workers
        return [self.folder / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)]


class Ministack(PythonPeer):
    name = "ministack"
    keeps = "memory"
    # Without the second it puts random bytes where a token's signature belongs.
    requirements = ("ministack>=1.5", "cryptography>=46")
    ready_path = "/_ministack/health"

    def command(self, data: Path, port: int, workers: int) -> list[str | Path]:
        del data, port, workers
        return [self.folder / "bin" / "ministack"]

    def environment(self, data: Path, port: int) -> dict[str, str]:
        return {"GATEWAY_PORT": str(port), "STATE_DIR": str(data), "MINISTACK_STATE_DIR": str(data)}


class CognitoLocal(Server):
    name = "cognito-local"
    keeps = "JSON files"

    def install(self) -> str:
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise NotHere("Node.js and npm are not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        package = self.folder / "node_modules" / "cognito-local"
        if not package.exists():
            run("npm", "install", "--no-audit", "--no-fund", "cognito-local@5", cwd=self.folder)
        return run("node", "-p", f"require({str(package / 'package.json')!r}).version")

    def command(self, data: Path, port: int, workers: int) -> list[str | Path]:
        del port, workers
        (data / ".cognito").mkdir(exist_ok=True)
        # Its default signs in by e-mail address only.
        (data / ".cognito" / "config.json").write_text('{"UserPoolDefaults": {"UsernameAttributes": []}}')
        return ["node", self.folder / "node_modules" / "cognito-local" / "lib" / "bin" / "start.js"]

    def environment(self, data: Path, port: int) -> dict[str, str]:
        del data
        return {"PORT": str(port), "HOST": "127.0.0.1"}


SERVERS: tuple[Server, ...] = (Cenote(), Moto(), Ministack(), CognitoLocal())


@dataclass(frozen=True, slots=True)
class Running:
    server: Server
    address: tuple[str, int]
    data: Path
    tree: ProcessTree
    ready_after: float  # seconds from the start of its process to the first answer 200

    def meter(self) -> CpuMeter:
        return CpuMeter(self.tree)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotHere(f"it ended with {process.returncode}: {log.read_text(errors='replace')[-600:]}")
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.002)
    raise NotHere(f"no answer from {url} within 60 s")


@contextmanager
def started(
    server: Server, cores: set[int], *, workers: int = 1, data: Path | None = None
) -> Iterator[Running]:
    """The server, ready, on these cores, in a fresh data directory (or a kept one)."""
    WORK.mkdir(parents=True, exist_ok=True)
    home = data or Path(tempfile.mkdtemp(prefix=f"{server.name}-", dir=WORK))
    port = free_port()
    log = home / "server.log"
    # As it ships: no setting of the person who measures, such as that modules are compiled anew at every start.
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("CENOTE_", "PYTHON"))
    }
    environment = {**inherited, "HOME": str(home), **server.environment(home, port)}
    command = server.command(home, port, workers)
    began = time.monotonic()
    with log.open("ab") as output, pinned(*cores):
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}{server.ready_path}", log)
        yield Running(server, ("127.0.0.1", port), home, ProcessTree(process.pid), time.monotonic() - began)
    finally:
        stop(process)
        if data is None:
            shutil.rmtree(home, ignore_errors=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist: the session that we started and no other process."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)


def chosen(names: list[str] | None) -> list[Server]:
    by_name = {server.name: server for server in SERVERS}
    for name in names or ():
        if name not in by_name:
            raise BenchError(f"no server {name!r}: there are {', '.join(by_name)}")
    return [by_name[name] for name in names] if names else list(SERVERS)
