"""Large data sets, made quickly."""

import itertools
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from bench.machine import BenchError
from bench.pool import PASSWORD, Account, Pool, new_name
from bench.servers import WORK


@contextmanager
def kept_directory(name: str) -> Iterator[Path]:
    """A data directory that outlives one start of a server, and is gone after the experiment."""
    WORK.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=WORK))
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


class ManyPools(Pool):
    """Looks like one pool, but every account is of the next."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        super().__init__(pools[0].pool_id, pools[0].client_id, [a for pool in pools for a in pool.accounts])
        self._turns = itertools.cycle(pools)

    def new_account(self, password: str = PASSWORD) -> Account:
        return next(self._turns).new_account(password)


def multiply_user(data: Path, username: str, count: int) -> None:
    """Copy all rows of one user under new names and subs, straight into the database of a stopped server.

    What is sealed is copied as it is and opens for nobody: these users are there to be in the way. A table that
    names a user has a column `sub`; nothing else of the schema is assumed.
    """
    files = [path for path in data.rglob("*") if is_sqlite(path)]
    if len(files) != 1:
        raise BenchError(f"{data} holds {len(files)} SQLite files")
    with closing(sqlite3.connect(files[0])) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -1000000")
        (sub,) = database.execute("SELECT sub FROM users WHERE username = ?", (username,)).fetchone()
        # In no order, as users come: it leaves as much room in a page as they do, for who comes next.
        subs = [str(uuid.uuid4()) for _ in range(count)]
        names = [new_name() for _ in range(count)]
        for table in ("users", *tables_with_sub(database)):
            for row in database.execute(f"SELECT * FROM {table} WHERE sub = ?", (sub,)).fetchall():
                marks = ", ".join("?" * len(row))
                database.executemany(
                    f"INSERT INTO {table} VALUES ({marks})",
                    copies(row, (sub, username), subs, names),
                )
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as opened:
        return opened.read(16) == b"SQLite format 3\0"


def tables_with_sub(database: sqlite3.Connection) -> list[str]:
    """But for `users`, which the others refer to, and what belongs to a single sign-in."""
    names = [
        name
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if any(column[1] == "sub" for column in database.execute(f"PRAGMA table_info({name})"))
    ]
    return [name for name in names if name not in {"users", "sessions"}]


def copies(
    row: Sequence[object], original: tuple[str, str], subs: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    sub, username = original
    for new_sub, name in zip(subs, names, strict=True):
        yield tuple(
            cell.replace(sub, new_sub).replace(username, name) if isinstance(cell, str) else cell
            for cell in row
        )
