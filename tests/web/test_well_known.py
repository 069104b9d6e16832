"""A JWKS that is at hand is what the one is that is read, and no older."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.security.raw import ask, kids

PATH = "/.well-known/jwks.json"


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[RunningServer]:
    with running(settings_for(tmp_path / "data", database="")) as one:
        yield one


@pytest.fixture
def other(embedded: RunningServer) -> Iterator[RunningServer]:
    """A second one on the same database."""
    with running(settings_for(Path(embedded.app.settings.data), database="")) as one:
        yield one


def at_hand(server: RunningServer, path: str, method: str = "GET") -> bytes | None:
    async def asked() -> bytes | None:
        found = server.app.at_hand(method, path)
        return None if found is None else found[1]

    return server.run(asked())


def test_it_is_at_hand_once_it_was_read(embedded: RunningServer) -> None:
    path = f"/{PoolFactory(embedded).pool()}{PATH}"
    # The pool is remembered from its making; its keys were not looked at yet.
    assert at_hand(embedded, path) is None
    read = ask(embedded.url, "GET", path)
    assert at_hand(embedded, path) == read.body
    assert read.status == 200
    again = ask(embedded.url, "GET", path)
    assert again.lasting == read.lasting
    head = ask(embedded.url, "HEAD", path)
    assert head.lasting == (*read.lasting[:2], b"")
    # Spelled another way, it is the same.
    assert ask(embedded.url, "GET", path.replace("jwks", "%6Awks") + "?v=1").lasting == read.lasting


def test_keys_that_another_one_rotated_are_shown_at_once(
    embedded: RunningServer, other: RunningServer
) -> None:
    pool = PoolFactory(embedded).pool()
    before = kids(embedded.url, pool)
    other.run(other.app.signing.rotate(pool, now=other.clock()))
    assert at_hand(embedded, f"/{pool}{PATH}") is None
    after = kids(embedded.url, pool)
    assert set(before) < set(after)
    assert len(after) == 4
    assert kids(other.url, pool) == after
    assert at_hand(embedded, f"/{pool}{PATH}") is not None


def test_that_of_a_pool_that_another_one_deleted_is_gone(
    embedded: RunningServer, other: RunningServer
) -> None:
    pool = PoolFactory(embedded).pool()
    kids(embedded.url, pool)
    other.idp.delete_user_pool(UserPoolId=pool)
    gone = ask(embedded.url, "GET", f"/{pool}{PATH}")
    assert (gone.status, gone.headers["cache-control"]) == (404, "no-store")
    assert gone.body == b'{"message":"User pool does not exist."}'


def test_a_database_that_fails_is_told_as_ever(embedded: RunningServer) -> None:
    pool = PoolFactory(embedded).pool()
    before = kids(embedded.url, pool)
    with closing(sqlite3.connect(embedded.app.settings.database_path)) as database:
        database.execute("ALTER TABLE pools RENAME TO elsewhere")
        failed = ask(embedded.url, "GET", f"/{pool}{PATH}")
        assert (failed.status, failed.headers["cache-control"]) == (503, "no-store")
        assert b"elsewhere" not in failed.body
        assert b"pools" not in failed.body
        database.execute("ALTER TABLE elsewhere RENAME TO pools")
    assert kids(embedded.url, pool) == before


@pytest.mark.parametrize("path", ["/openid-configuration", "/jwks.json/", "/jwks.json.json"])
def test_nothing_else_is_at_hand(embedded: RunningServer, path: str) -> None:
    pool = PoolFactory(embedded).pool()
    kids(embedded.url, pool)
    assert at_hand(embedded, f"/{pool}{PATH}") is not None
    assert at_hand(embedded, f"/{pool}/.well-known{path}") is None
    for other in (f"/x/{pool}{PATH}", f"//{pool}{PATH}", PATH, f"/{pool[:-1]}{PATH}"):
        assert at_hand(embedded, other) is None
        assert ask(embedded.url, "GET", other).status == 404
    assert at_hand(embedded, f"/{pool}{PATH}", "POST") is None


def test_where_the_database_is_elsewhere_it_is_asked_in_a_task(server: RunningServer) -> None:
    pool = PoolFactory(server).pool()
    kids(server.url, pool)
    embedded = (Path(server.app.settings.data) / "cenote.db").exists()
    assert (at_hand(server, f"/{pool}{PATH}") is not None) == embedded
