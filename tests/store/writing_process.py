"""A process that writes to an SQLite file, for tests that need several or kill one.

python writing_process.py <file> count <transactions>   counts up, four at a time, and ends
python writing_process.py <file> write <name>           writes rows for ever; prints each once it is durable
python writing_process.py <file> hold                   opens a transaction, prints a line, and stays in it
python writing_process.py <file> limit                  meets a disk that takes no more, and then does again
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from cenote.store.engine import Unavailable
from cenote.store.sqlite import SqliteEngine


async def count(engine: SqliteEngine, transactions: int) -> None:
    async def some() -> None:
        for _ in range(transactions // 4):
            async with engine.transaction():
                await engine.run("UPDATE counters SET value = value + 1")

    await asyncio.gather(*(some() for _ in range(4)))


async def write(engine: SqliteEngine, name: str) -> None:
    async def some(writer: int) -> None:
        number = 0
        while True:
            key = f"{name}/{writer}/{number}"
            async with engine.transaction():
                await engine.run("INSERT INTO rows (key, half) VALUES (?, 1)", key)
                await engine.run("INSERT INTO rows (key, half) VALUES (?, 2)", key)
            os.write(1, f"{key}\n".encode())
            number += 1

    await asyncio.gather(*(some(writer) for writer in range(4)))


async def hold(engine: SqliteEngine) -> None:
    async with engine.transaction(patient=True):
        await engine.run("INSERT INTO rows (key, half) VALUES ('held', 1)")
        os.write(1, b"holding\n")
        await asyncio.Event().wait()


async def limit(engine: SqliteEngine) -> None:
    async def row(key: str) -> bool:
        try:
            async with engine.transaction():
                await engine.run("INSERT INTO rows (key, half) VALUES (?, 1)", key)
        except Unavailable:
            return False
        return True

    assert await row("before")
    # No file may grow: the log cannot take the commit.
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    refused = await asyncio.gather(*(row(f"during {number}") for number in range(20)))
    readable = await engine.one("SELECT COUNT(*) FROM rows")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    accepted = await asyncio.gather(*(row(f"after {number}") for number in range(20)))
    sys.stdout.write(f"{sum(refused)} {readable} {sum(accepted)}\n")


async def main(database: str, mode: str, *arguments: str) -> None:
    slow = float(os.environ.get("SLOW_DISK", "0.0005"))
    engine = await SqliteEngine.open(Path(database), wait_limit=60, slow_disk=slow)
    if mode == "count":
        await count(engine, int(arguments[0]))
    elif mode == "write":
        await write(engine, arguments[0])
    elif mode == "hold":
        await hold(engine)
    elif mode == "limit":
        await limit(engine)
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
