"""Brings a database to the shape this code expects: the numbered files of `migrations/`, forward only.

A file is `NNNN_name.sql`; its line `-- oldest-code: 0.1.0` tells the oldest version of the code that can
still run on the database after it. Statements end with a semicolon and stay in what SQLite, PostgreSQL and
CockroachDB speak. Each file is one transaction, under the lock of one row: whoever comes second waits and
finds it done.
"""

import re
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cenote.store.engine import Conflict, Engine, NoSuchTable, StoreError, UniqueViolation
from cenote.store.transactions import retrying

MIGRATIONS = Path(__file__).parent / "migrations"

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_OLDEST_CODE = re.compile(r"^-- oldest-code: (\d+\.\d+\.\d+)$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|;|[^-/'";]+|[-/]""", re.DOTALL)
# The row of version 0 is no migration: it is locked while one runs.
_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL, oldest_code TEXT NOT NULL)"
)


class CodeTooOld(StoreError):
    """The database has been migrated beyond what this version of the code can run on."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    oldest_code: str
    statements: tuple[str, ...]


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """The migrations in order; ValueError if a file is not as it must be."""
    found: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        named, text = _FILE.fullmatch(path.name), path.read_text(encoding="utf-8")
        oldest = _OLDEST_CODE.search(text)
        if named is None or oldest is None:
            raise ValueError(f"{path.name} is not named NNNN_name.sql, or has no line -- oldest-code: X.Y.Z")
        version = int(named[1])
        if version in found or version == 0:
            raise ValueError(f"{path.name} has no number of its own")
        found[version] = Migration(version, named[2], oldest[1], tuple(statements(text)))
    return list(found.values())


def statements(text: str) -> list[str]:
    """The statements of an SQL text, without comments; ValueError if a quote or a comment has no end."""
    parts, current, position = [], "", 0
    for token in _TOKEN.finditer(text):
        if token.start() != position:
            break
        position = token.end()
        if token[0] == ";":
            parts.append(current.strip())
            current = ""
        elif _COMMENT.fullmatch(token[0]):
            current += " "
        else:
            current += token[0]
    if position != len(text) or current.strip() or "/*" in current:
        raise ValueError(f"this has no end: {text[position:] or current.strip()}")
    return [part for part in parts if part]


async def migrate(engine: Engine, code_version: str, *, folder: Path = MIGRATIONS) -> list[str]:
    """Applies what the database lacks and returns the names; one SELECT if that is nothing.

    Raises CodeTooOld if a newer version of the code has made the database unfit for this one.
    """
    known = read_migrations(folder)
    try:
        applied = await _applied(engine, code_version)
    except NoSuchTable:
        applied = set()
        await retrying(partial(_prepare, engine))
    lacking = [migration for migration in known if migration.version not in applied]
    return [
        migration.name
        for migration in lacking
        if await retrying(partial(_apply, engine, migration, code_version))
    ]


async def _applied(engine: Engine, code_version: str) -> set[int]:
    rows = await engine.all("SELECT version, oldest_code FROM schema_migrations WHERE version > 0")
    oldest = max((oldest for _, oldest in rows), key=_comparable, default="0")
    if _comparable(code_version) < _comparable(oldest):
        raise CodeTooOld(
            f"This database has been upgraded for Cenote {oldest} or newer, and this is Cenote {code_version}:"
            " start the newer version."
        )
    return {version for version, _ in rows}


async def _prepare(engine: Engine) -> None:
    try:
        async with engine.transaction(patient=True):
            await engine.run(_TABLE)
            await engine.run(
                "INSERT INTO schema_migrations (version, name, applied_at, oldest_code)"
                " VALUES (0, 'lock', 0, '0.0.0') ON CONFLICT (version) DO NOTHING"
            )
    except UniqueViolation as error:
        # PostgreSQL's IF NOT EXISTS does not see a table that another transaction is just making.
        raise Conflict("the table of migrations is being made by another process") from error


async def _apply(engine: Engine, migration: Migration, code_version: str) -> bool:
    """Whether it was still to be done."""
    async with engine.transaction(patient=True):
        await engine.run("UPDATE schema_migrations SET applied_at = 0 WHERE version = 0")
        if migration.version in await _applied(engine, code_version):
            return False
        for statement in migration.statements:
            await engine.run(statement)
        await engine.run(
            "INSERT INTO schema_migrations (version, name, applied_at, oldest_code) VALUES (?, ?, ?, ?)",
            migration.version, migration.name, time.time_ns() // 1_000_000, migration.oldest_code,
        )  # fmt: skip
    return True


def _comparable(version: str) -> tuple[int, ...]:
    """(0, 1, 0) of "0.1.0.dev2": what follows the numbers does not count."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    parts = [int(part) for part in numbers[0].split(".")[:3]] if numbers else []
    return (*parts, 0, 0, 0)[:3]
