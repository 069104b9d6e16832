"""doctor: check that this machine and these settings can serve."""

import argparse
import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from cenote.cli.arguments import add_settings, settings_of
from cenote.server.settings import Settings

Finding = tuple[bool, str]


def arguments(command: argparse.ArgumentParser) -> None:
    add_settings(command)


def run(args: argparse.Namespace) -> int:
    """Prints a line a check; exits with 1 if one fails."""
    settings = settings_of(args)
    checks: tuple[Callable[[Settings], Finding], ...] = (
        python,
        data,
        database,
        port,
        keys,
        mail,
        texts,
        given_up,
    )
    findings = [check(settings) for check in checks] + functions(settings)
    for good, text in findings:
        print(f"{'ok  ' if good else 'FAIL'}  {text}")
    return 0 if all(good for good, _ in findings) else 1


def python(_settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 11), f"Python {version}"


def data(settings: Settings) -> Finding:
    path = Path(settings.data).absolute()
    if not path.exists():
        return os.access(nearest(path), os.W_OK), f"data directory {path} will be made"
    free = shutil.disk_usage(path).free // 2**20
    good = os.access(path, os.W_OK) and free > 64
    return good, f"data directory {path}, {free} MiB free"


def nearest(path: Path) -> Path:
    return path if path.exists() else nearest(path.parent)


def database(settings: Settings) -> Finding:
    from cenote.store.engine import StoreError, open_engine  # noqa: PLC0415

    async def asked() -> Finding:
        try:
            engine = await open_engine(settings.database_path)
        except StoreError as error:
            return False, f"database: {error}"
        try:
            await engine.one("SELECT 1")
        except StoreError as error:
            return False, f"database: {error}"
        finally:
            await engine.close()
        return True, "database answers"

    if not settings.database and not Path(settings.data, "cenote.db").exists():
        return True, "database will be made"
    return asyncio.run(asked())


def port(settings: Settings) -> Finding:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return False, f"port {settings.port} on {settings.host}: {error.strerror}"
    return True, f"port {settings.port} on {settings.host} is free"


def keys(settings: Settings) -> Finding:
    if settings.private:
        return True, "loopback: any credentials pass"
    return True, "others can reach it: serve refuses to start until `cenote keys create` was run"


def mail(settings: Settings) -> Finding:
    ways = [name for name, set_ in (("SMTP", settings.smtp_url), ("SES", settings.ses_endpoint)) if set_]
    if ways:
        return True, f"mail goes out by {' and '.join(ways)}"
    return settings.private, "no smtp_url: mail stays in the outbox" + (
        "" if settings.private else ", which nobody can read where others can reach the server"
    )


def texts(settings: Settings) -> Finding:
    if settings.sns_endpoint or settings.sms_gateway:
        return True, f"text messages go out by {'SNS' if settings.sns_endpoint else 'a gateway'}"
    return True, "no sns_endpoint or sms_gateway: text messages stay in the outbox"


def functions(settings: Settings) -> list[Finding]:
    """Each function that is to run on this machine."""
    from cenote.outbound.functions.targets import hosted_functions, parsed  # noqa: PLC0415

    found = hosted_functions(parsed(settings.functions), thorough=True)
    return [
        (not missing, f"function {name}: {missing}" if missing else f"function {name} can run")
        for name, missing in found.items()
    ]


def given_up(settings: Settings) -> Finding:
    """Messages that nobody got, of the last three days."""
    from cenote.store.engine import StoreError, open_engine  # noqa: PLC0415
    from cenote.store.messages import counts  # noqa: PLC0415

    async def counted() -> int:
        engine = await open_engine(settings.database_path)
        try:
            return sum(count for (_, state), count in (await counts(engine)).items() if state == "dead")
        finally:
            await engine.close()

    if not settings.database and not Path(settings.data, "cenote.db").exists():
        return True, "no message was given up"
    try:
        dead = asyncio.run(counted())
    except StoreError:
        return True, "messages cannot be counted before the database is migrated"
    if dead:
        return False, f"{dead} messages were given up in three days: the log says why"
    return True, "no message was given up"
