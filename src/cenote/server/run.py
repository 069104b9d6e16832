"""Running the process: Granian with this house's settings, and the words on the terminal."""

import asyncio
import gc
import http.client
import os
import resource
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from cenote.outbound.functions import targets
from cenote.outbound.functions.targets import hosted_functions
from cenote.server import logs
from cenote.server.app import Application, opened_store
from cenote.server.settings import FIELDS, Settings, SettingsError, load, make_data, worker_count


class Server(MPServer):
    """Granian, which runs `once_started` in a thread as soon as there are workers.

    Not before: they are forked, and would wait for ever for whatever a thread held at that moment, such as a module
    that it was importing.
    """

    once_started: Callable[[], None]

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        threading.Thread(target=self.once_started, daemon=True).start()


# One connection costs 10 KB. What is beyond waits in the kernel's queue: a flood does not grow in memory.
CONNECTIONS = 8192
# What a worker opens beside connections: the database, logs, libraries.
OWN_FILES = 128


def application() -> Application:
    """What each worker serves, built in the worker; its settings come by the environment."""
    settings = load({}, os.environ)
    logs.configure(log_format=settings.log_format, log_level=settings.log_level)
    # What is loaded by now stays: the collector need not look at it again, nor so often at what requests leave.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    return Application(settings)


def serve(settings: Settings, *, on_ready: Callable[[], None]) -> None:
    """Serves until a signal, then stops taking requests, finishes those it has, and returns."""
    for field in FIELDS:
        os.environ[field.variable] = str(getattr(settings, field.name))
    workers = worker_count(settings)
    if workers > 1 and settings.metrics:
        share_metrics(Path(settings.data))
    logs.configure(log_format=settings.log_format, log_level=settings.log_level)
    server = Server(
        "cenote.server.run:application",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        # One thread for the network beside the one that runs Python: with several, each request changes threads.
        runtime_mode=RuntimeModes.st,
        http=HTTPModes.auto if settings.tls_cert else HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536),
        websockets=False,
        backlog=2048,
        backpressure=most_connections(),
        log_level=LogLevels.warning,
        log_dictconfig=logs.granian_config(),
        respawn_failed_workers=True,
        workers_kill_timeout=settings.stop_timeout,
        ssl_cert=Path(settings.tls_cert) if settings.tls_cert else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
    )
    server.once_started = lambda: announce(settings, on_ready)
    server.serve()


def most_connections() -> int:
    """How many connections each worker holds at a time, once this process may open as many files as it needs for them.

    Idle ones count: with too few, clients that keep theirs open would shut the others out.
    """
    wanted = CONNECTIONS + OWN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(min(CONNECTIONS, soft - OWN_FILES), 1)


def share_metrics(data: Path) -> None:
    """Gives the workers a directory to count in, empty at each start. Read by prometheus_client at its import."""
    directory = data / "metrics"
    directory.mkdir(parents=True, exist_ok=True)
    for file in directory.glob("*.db"):
        file.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def announce(settings: Settings, on_ready: Callable[[], None]) -> None:
    """Calls `on_ready` once the server answers."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "localhost"} else settings.host  # noqa: S104
    while not is_ready(host, settings):
        time.sleep(0.02)
    on_ready()
    sys.stdout.flush()


def is_ready(host: str, settings: Settings) -> bool:
    connection: http.client.HTTPConnection
    if settings.tls_cert:
        # It is our own port on this machine, and the certificate is for another name.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001
        connection = http.client.HTTPSConnection(host, settings.port, timeout=1, context=context)
    else:
        connection = http.client.HTTPConnection(host, settings.port, timeout=1)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def check_before_start(settings: Settings) -> None:
    """What would otherwise fail in a worker, where nobody reads it: the data directory, the certificate, what
    functions of this machine need, the access key that signed calls need.
    """
    make_data(settings)
    for name in ("tls_cert", "tls_key"):
        path = getattr(settings, name)
        if path and not os.access(path, os.R_OK):
            raise SettingsError(f"{name}, {path}, cannot be read.")
    for name, missing in hosted_functions(targets.parsed(settings.functions)).items():
        if missing:
            raise SettingsError(f"functions.{name}: {missing}.")
    if not settings.private and not asyncio.run(has_access_key(settings)):
        raise SettingsError(
            f"At {settings.base_url} others can reach this server, so signed calls need an access key, and there"
            " is none yet: run `cenote keys create` with the same --data or --database first."
        )


async def has_access_key(settings: Settings) -> bool:
    async with opened_store(settings) as (store, _):
        return bool(await store.access_keys.list_())
