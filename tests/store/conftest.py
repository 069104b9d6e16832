"""One suite for both engines: whatever takes `engine` runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import PostgresServer, postgres_server, postgres_url

from cenote.store.engine import Engine
from cenote.store.postgres import PostgresEngine
from cenote.store.sqlite import SqliteEngine

__all__ = ["postgres_server", "postgres_url"]

# Opens one more engine on the test's database, as another worker process would; closed after the test.
OpenEngine = Callable[..., Awaitable[Engine]]


# On a slow disk SQLite's commits are done by a thread: another way for everything to be interleaved.
SLOW = "sqlite-on-a-slow-disk"


@pytest.fixture(params=["sqlite", SLOW, "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database: the path of a file, or a URL."""
    if request.param != "postgres":
        yield str(tmp_path / "cenote.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture
async def open_engine(database: str, request: pytest.FixtureRequest) -> AsyncIterator[OpenEngine]:
    """Opens engines with any limits on the test's database."""
    engines: list[Engine] = []
    slow = {"slow_disk": 0.0} if SLOW in request.node.callspec.params.values() else {}

    async def opened(**limits: Any) -> Engine:
        engine: Engine
        if database.startswith("postgresql:"):
            engine = await PostgresEngine.open(database, **limits)
        else:
            engine = await SqliteEngine.open(Path(database), **{**slow, **limits})
        engines.append(engine)
        return engine

    yield opened
    for engine in engines:
        await engine.close()


@pytest.fixture
async def engine(open_engine: OpenEngine) -> Engine:
    return await open_engine()
