"""One suite for both engines: whatever takes `engine` runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import PostgresServer, postgres_server, postgres_url

from cenote import __version__
from cenote.store import Store
from cenote.store.engine import Engine
from cenote.store.migrating import migrate
from cenote.store.pools import Pool
from cenote.store.postgres import PostgresEngine
from cenote.store.sealing import Keyring
from cenote.store.sqlite import SqliteEngine

__all__ = ["postgres_server", "postgres_url"]

POOL = "eu-central-1_Abcdefghi"
NOW = 1_790_000_000_000

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


@pytest.fixture
async def store(engine: Engine, tmp_path: Path) -> Store:
    await migrate(engine, __version__)
    return await Store.opened(engine, Keyring.load(tmp_path, {}))


@pytest.fixture
async def pool(store: Store) -> Pool:
    async with store.transaction():
        return await store.pools.add(POOL, "eu-central-1", {}, now=NOW)
