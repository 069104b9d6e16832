"""migrate: bring the database to this version's shape."""

import argparse
import asyncio

from cenote import __version__
from cenote.cli.arguments import add_settings, settings_of
from cenote.server.settings import Settings, make_data


def arguments(command: argparse.ArgumentParser) -> None:
    add_settings(command)


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    make_data(settings)
    return asyncio.run(migrated(settings))


async def migrated(settings: Settings) -> int:
    from cenote.store.engine import open_engine  # noqa: PLC0415 (--help needs no database)
    from cenote.store.migrating import migrate  # noqa: PLC0415

    engine = await open_engine(settings.database_path)
    try:
        done = await migrate(engine, __version__)
    finally:
        await engine.close()
    for name in done:
        print(f"applied {name}")
    if not done:
        print("The database is up to date.")
    return 0
