"""A running Cenote for tests: the real application on a real socket, with the clock in the test's hands."""

import asyncio
import contextlib
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvloop
from botocore.config import Config
from tests.errors import impossible, witnessed
from tests.names import misfits
from tests.postgres import OwnPostgres, PostgresServer
from xdist.scheduler import LoadScopeScheduling

from cenote.server.app import Application
from cenote.server.http.listeners import Listener
from cenote.server.run import listening
from cenote.server.settings import Settings, load

REGION = "eu-central-1"
HERE = Path(__file__).parent


# What looks back at the tests of a folder runs in one process with them.
TOGETHER = {
    "tests/test_errors.py": ("tests/api/idp/", "tests/flows/"),
    "tests/web/pages/test_rare_walk.py": ("tests/web/pages/",),
}


def share_of(nodeid: str) -> str:
    """Of what a test is a part where processes share a run: of its file, or of all that is looked back at together."""
    path = nodeid.partition("::")[0]
    return next(
        (looking for looking, folders in TOGETHER.items() if path.startswith((looking, *folders))), path
    )


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # without types
    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares:
    return Shares(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever looks back at the run comes last, and is left out of one that is only of some tests."""
    last = [item for item in items if item.get_closest_marker("whole_run")]
    there = {item.path for item in items}
    narrowed = any(config.getoption(name, None) for name in ("keyword", "markexpr", "lf", "deselect"))
    narrowed = narrowed or any("::" in argument for argument in config.args)

    def is_whole(item: pytest.Item) -> bool:
        folders = TOGETHER[item.nodeid.partition("::")[0]]
        return not narrowed and there.issuperset(
            path for folder in folders for path in (HERE.parent / folder).rglob("test_*.py")
        )

    items[:] = [item for item in items if item not in last] + [item for item in last if is_whole(item)]


@dataclass
class Clock:
    """The present time, moved only by tests; epoch milliseconds."""

    offset: int = 0
    frozen: int | None = None

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset if self.frozen is None else self.frozen

    def freeze(self, at: int | None = None) -> None:
        """Stops time, at this moment where one is given; `advance` moves it on."""
        self.frozen = self() if at is None else at

    def advance(
        self, *, ms: int = 0, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        step = ms + int((seconds + 60 * minutes + 3600 * hours + 86400 * days) * 1000)
        if self.frozen is None:
            self.offset += step
        else:
            self.frozen += step


@dataclass
class RunningServer:
    """One Cenote in this process, listening on 127.0.0.1."""

    app: Application
    clock: Clock
    loop: asyncio.AbstractEventLoop
    url: str
    region: str = REGION
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def idp(self) -> Any:
        """A boto3 client of it."""
        return self.client("cognito-idp")

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=self.region,
                aws_access_key_id="any",
                aws_secret_access_key="any",
                config=Config(retries={"total_max_attempts": 1}, max_pool_connections=100),
            )
        return self.clients[service]

    def run(self, work: Any) -> Any:
        """Runs a coroutine in the server's event loop: for looking into its store."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


def ports() -> Iterator[int]:
    """Those of this process: each that shares a run has its own, below those that systems give to connections.

    So nobody else takes a port between its being found free and its being used.
    """
    begin = 10_000 + 4_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw4").removeprefix("gw"))
    while True:
        yield from random.sample(range(begin, begin + 4_000), 4_000)


PORTS = ports()


def free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


class Databases:
    """With `--postgres`: what stands for the file of an embedded database, one for each data directory."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._made: dict[Path, str] = {}

    def of(self, data: Path) -> str:
        if data not in self._made:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._made[data] = self.server.create_database()
        return self._made[data]


databases: list[Databases] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres", action="store_true", help="servers in this process keep their state in PostgreSQL"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--postgres"):
        databases.append(Databases(OwnPostgres()))


def pytest_unconfigure() -> None:
    for one in databases:
        one.server.stop()


def settings_for(data: Path, **changes: Any) -> Settings:
    for one in databases:
        changes.setdefault("database", one.of(data))
    port = free_port()
    flags = {"data": str(data), "port": port, "region": REGION, "log_level": "warning", **changes}
    return load(flags, {})


@contextlib.contextmanager
def running(settings: Settings, **options: Any) -> Iterator[RunningServer]:
    """The application served in a thread of this process, until the block is left."""
    clock = Clock()
    app = Application(settings, clock=clock, conforming=True, **options)
    started, stops = threading.Event(), []
    failure: list[BaseException] = []

    async def main() -> None:
        stop = asyncio.Event()
        stops.append((asyncio.get_running_loop(), stop))
        listener = Listener(witnessed(app), at_hand=app.at_hand)
        await app.start()
        await listener.start(listening(settings))
        started.set()
        await stop.wait()
        await listener.stop(30)
        await app.stop()

    def serve() -> None:
        try:
            uvloop.run(main())
        except BaseException as error:
            failure.append(error)
            raise
        finally:
            started.set()

    thread = threading.Thread(target=serve, name="cenote-under-test")
    thread.start()
    assert started.wait(30)
    assert not failure, failure
    loop, stop = stops[0]
    one = RunningServer(app, clock, loop, f"http://{settings.host}:{settings.port}")
    try:
        if not settings.private:
            one.run(admit(app, "any", "any"))
        yield one
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        assert not thread.is_alive(), "the server did not stop"


async def admit(app: Application, access_key_id: str, secret: str) -> None:
    """Makes the credentials of `RunningServer.idp` good where signatures are verified."""
    async with app.store.transaction():
        if await app.store.access_keys.find_secret(access_key_id) is None:
            await app.store.access_keys.add(access_key_id, secret, now=app.clock())


@pytest.fixture(scope="session", autouse=True)
def only_errors_that_can_occur_were_answered() -> Iterator[None]:
    """Looks back at whatever ran in this process: see `tests/errors.py`."""
    yield
    assert sorted(impossible()) == []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests that leave its clock alone."""
    data = tmp_path_factory.mktemp("data")
    with running(settings_for(data)) as one:
        yield one
    if (data / "cenote.db").exists():
        assert misfits(data / "cenote.db") == []


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of the test's own, whose clock it may move."""
    with running(settings_for(tmp_path / "data")) as one:
        yield one


@pytest.fixture(scope="session")
def idp(server: RunningServer) -> Any:
    return server.idp


@dataclass
class PoolFactory:
    """Makes pools, clients and users on one server, as an administrator would."""

    server: RunningServer

    def pool(self, **request: Any) -> str:
        request.setdefault("PoolName", f"pool-{uuid.uuid4().hex[:8]}")
        return str(self.server.idp.create_user_pool(**request)["UserPool"]["Id"])

    def client(self, pool_id: str, **request: Any) -> dict[str, Any]:
        request.setdefault("ClientName", "app")
        request.setdefault(
            "ExplicitAuthFlows",
            [
                "ALLOW_USER_PASSWORD_AUTH",
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
                "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            ],
        )
        answer = self.server.idp.create_user_pool_client(UserPoolId=pool_id, **request)
        return dict(answer["UserPoolClient"])

    def user(self, pool_id: str, name: str, password: str = "Correct-Horse-9", **attributes: str) -> str:
        """A confirmed user; returns its sub."""
        idp = self.server.idp
        answer = idp.admin_create_user(
            UserPoolId=pool_id,
            Username=name,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        idp.admin_set_user_password(UserPoolId=pool_id, Username=name, Password=password, Permanent=True)
        attributes_of = {entry["Name"]: entry["Value"] for entry in answer["User"]["Attributes"]}
        return str(attributes_of["sub"])


@pytest.fixture(scope="session")
def make(server: RunningServer) -> PoolFactory:
    return PoolFactory(server)


@pytest.fixture
def own(own_server: RunningServer) -> PoolFactory:
    return PoolFactory(own_server)
