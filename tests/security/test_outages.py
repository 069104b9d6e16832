"""A database that is gone, a disk that is full: an error without detail, nothing by halves, and then on as before."""

import contextlib
import itertools
import resource
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.calls import PASSWORD, sign_in
from tests.conftest import free_port
from tests.local_functions import eventually
from tests.postgres import OwnPostgres, PostgresServer
from tests.process import Process, serving
from tests.security.raw import Answer, ask, call
from tests.security.requests import BUILT, minimal

ERROR = ("InternalError", "Internal server error")
# What no answer may hold, whatever is wrong behind it.
DETAILS = (
    "sqlite",
    "postgres",
    "asyncpg",
    "disk",
    "database is",
    "socket",
    "/tmp",
    "Errno",
    "Traceback",
    "SELECT",
    "INSERT",
)


class Site:
    """A pool with a client on one process, and one user signed in."""

    def __init__(self, process: Process) -> None:
        self.process, self.idp = process, process.idp()
        self.pool = str(self.idp.create_user_pool(PoolName="p")["UserPool"]["Id"])
        client = self.idp.create_user_pool_client(
            UserPoolId=self.pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )
        self.app = str(client["UserPoolClient"]["ClientId"])
        self.add("ada")
        self.idp.admin_confirm_sign_up(UserPoolId=self.pool, Username="ada")
        self.token = str(sign_in(self.idp, self.app, "ada")["AccessToken"])
        self.numbers = itertools.count()

    def add(self, name: str) -> None:
        self.idp.sign_up(ClientId=self.app, Username=name, Password=PASSWORD)

    def try_to_add(self) -> tuple[str, bool]:
        """Signs a new user up; whether that was answered well."""
        name = f"user-{next(self.numbers):05}"
        try:
            self.add(name)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InternalErrorException", error
            return name, False
        except BotoCoreError:
            return name, False
        return name, True

    def names(self) -> set[str]:
        pages = self.idp.get_paginator("list_users").paginate(UserPoolId=self.pool)
        return {user["Username"] for page in pages for user in page["Users"]}

    def assert_whole(self, tried: list[tuple[str, bool]]) -> None:
        """Who was answered is there; who is there is there with name, password and all."""
        there = self.names() - {"ada"}
        assert {name for name, added in tried if added} <= there <= {name for name, _ in tried}
        for name in sorted(there):
            self.idp.admin_confirm_sign_up(UserPoolId=self.pool, Username=name)
            assert sign_in(self.idp, self.app, name)["AccessToken"]
        for name in sorted({name for name, _ in tried} - there)[:5]:
            self.add(name)  # nothing of it is in the way


def without_detail(answer: Answer) -> bool:
    text = answer.body.decode() + str(answer.headers)
    return answer.status == 500 and answer.error == ERROR and not any(word in text for word in DETAILS)


# PostgreSQL


@pytest.fixture
def own_postgres(postgres_server: PostgresServer) -> OwnPostgres:
    if not isinstance(postgres_server, OwnPostgres):
        pytest.skip("a server that is not ours is not stopped")
    return postgres_server


@pytest.fixture
def site(own_postgres: OwnPostgres, tmp_path: Path) -> Iterator[Site]:
    url = own_postgres.create_database()
    try:
        with serving(tmp_path / "data", free_port(), "--database", url) as process:
            yield Site(process)
    finally:
        own_postgres.drop_database(url)


def test_without_its_database_every_operation_answers_an_error_that_tells_nothing(
    own_postgres: OwnPostgres, site: Site
) -> None:
    url = site.process.url
    names = {"UserPoolId": site.pool, "ClientId": site.app, "Username": "ada", "AccessToken": site.token}
    jwks = f"/{site.pool}/.well-known/jwks.json"
    with own_postgres.down():
        said = {operation: call(url, operation, minimal(operation, **names)) for operation in sorted(BUILT)}
        # Some see that the request is wrong before they look anything up.
        refused = {name: answer for name, answer in said.items() if answer.status == 500}
        assert {"GetUser", "SignUp", "InitiateAuth", "DescribeUserPool", "ListUsers"} <= set(refused)
        assert [name for name, answer in refused.items() if not without_detail(answer)] == []
        assert [name for name, answer in said.items() if answer.status == 200] == []
        assert ask(url, "GET", "/health").status == 200
        for path, body in {"/ready": b"database unavailable\n", jwks: None, "/_cenote/outbox": None}.items():
            answer = ask(url, "GET", path)
            assert answer.status == 503
            assert body is None or answer.body == body
            assert "max-age" not in answer.headers.get("cache-control", "")
            assert not any(word in answer.body.decode() for word in DETAILS if word != "database is")
    # By itself, without a restart of ours.
    eventually(lambda: ask(url, "GET", "/ready").status == 200)
    assert site.idp.get_user(AccessToken=site.token)["Username"] == "ada"
    assert ask(url, "GET", jwks).status == 200
    site.add("after")
    assert "Traceback (most recent call last)" not in site.process.log.read_text()


def test_a_database_that_goes_away_in_the_middle_leaves_nothing_by_halves(
    own_postgres: OwnPostgres, site: Site
) -> None:
    tried: list[tuple[str, bool]] = []
    enough, over = threading.Event(), threading.Event()

    def sign_up() -> None:
        while not over.is_set():
            tried.append(site.try_to_add())
            if len(tried) > 40:
                enough.set()

    with ThreadPoolExecutor(6) as threads:
        for _ in range(6):
            threads.submit(sign_up)
        assert enough.wait(30)
        with own_postgres.down():
            pass
        eventually(lambda: tried[-1][1])
        over.set()
    assert any(not added for _, added in tried)
    site.assert_whole(tried)


# A full disk


@contextlib.contextmanager
def full_disk(process: Process, data: Path) -> Iterator[None]:
    """No file of the server may grow any more; to a writer that is what a full disk is."""
    pids = [process.popen.pid, *children(process.popen.pid)]
    largest = max(path.stat().st_size for path in data.rglob("*") if path.is_file())
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest + 8192, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def children(parent: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(entry.name)


def test_a_full_disk_refuses_writes_answers_reads_and_is_recovered_from(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    with serving(data, port, CENOTE_METRICS="false") as process:
        site, url = Site(process), process.url
        tried = [site.try_to_add() for _ in range(10)]
        assert all(added for _, added in tried)
        with full_disk(process, data):
            with ThreadPoolExecutor(4) as threads:
                tried += threads.map(lambda _: site.try_to_add(), range(100))
            assert [added for _, added in tried[-20:]] == [False] * 20
            request = {"ClientId": site.app, "Username": "one-more", "Password": PASSWORD}
            assert without_detail(call(url, "SignUp", request))
            assert site.idp.get_user(AccessToken=site.token)["Username"] == "ada"
            assert site.names() >= {"ada"}
            assert ask(url, "GET", f"/{site.pool}/.well-known/jwks.json").status == 200
            # A wrong password cannot be counted, so it is not judged either: full disks buy no guesses.
            parameters = {"USERNAME": "ada", "PASSWORD": "wrong"}
            guess = {"ClientId": site.app, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
            assert without_detail(call(url, "InitiateAuth", guess))
        eventually(lambda: call(url, "SignUp", request).status == 200)
        assert sign_in(site.idp, site.app, "ada")
        site.idp.admin_delete_user(UserPoolId=site.pool, Username="one-more")
        site.assert_whole(tried)
        assert process.stop() == 0
    with serving(data, port) as process:
        idp = process.idp()
        assert idp.get_user(AccessToken=site.token)["Username"] == "ada"
        everybody: Any = idp.get_paginator("list_users").paginate(UserPoolId=site.pool)
        assert {name for name, added in tried if added} <= {
            user["Username"] for page in everybody for user in page["Users"]
        }
