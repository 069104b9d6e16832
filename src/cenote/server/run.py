"""Running the process: the socket, the workers on it, and the words on the terminal."""

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import uvloop

from cenote.outbound.functions import targets
from cenote.outbound.functions.targets import hosted_functions
from cenote.server import logs
from cenote.server.app import Application, opened_store
from cenote.server.http.listeners import BACKLOG, Listener
from cenote.server.settings import Settings, SettingsError, make_data, worker_count
from cenote.server.workers import Workers
from cenote.store.engine import StoreError
from cenote.store.master_key import MasterKeyError

log = logging.getLogger("cenote.server")

# Errors that say themselves what an operator has to change.
OPERATORS = (SettingsError, StoreError, MasterKeyError)
# One connection costs 10 KB, by TLS 50.
CONNECTIONS = 8192
# What a worker opens beside connections: the database, logs, libraries.
OWN_FILES = 128


def serve(settings: Settings, *, on_ready: Callable[[], None]) -> int:
    """Serves until a signal, then stops taking requests, finishes those it has, and returns the exit status."""
    logs.configure(log_format=settings.log_format, log_level=settings.log_level)
    count = worker_count(settings)
    if count > 1 and settings.metrics:
        share_metrics(Path(settings.data))
    tls = tls_context(settings)
    most = most_connections()
    with listening(settings) as taken:

        def work(ready: Callable[[], None], lifeline: int) -> None:
            # What is loaded by now stays: the collector need not look at it again, nor so often at what requests leave.
            gc.freeze()
            gc.set_threshold(20_000, 20, 50)
            gc.enable()
            application = Application(settings)
            listener = Listener(application, at_hand=application.at_hand, most=most, tls=tls)
            timeout = settings.stop_timeout
            uvloop.run(
                answer(application, listener, taken, stop_timeout=timeout, ready=ready, lifeline=lifeline)
            )

        def announce() -> None:
            on_ready()
            sys.stdout.flush()

        return Workers(count, work, stop_timeout=settings.stop_timeout).run(announce, taken.close)


async def answer(
    application: Application,
    listener: Listener,
    taken: socket.socket,
    *,
    stop_timeout: int,
    ready: Callable[[], None],
    lifeline: int,
) -> None:
    """One worker's life."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def left_alone() -> None:
        loop.remove_reader(lifeline)  # It stays readable: the loop would turn for nothing.
        told.set()

    try:
        # A signal ends the process until then: nothing was promised to anybody.
        await application.start()
    except OPERATORS as error:
        log.error("start failed: %s", error)  # noqa: TRY400 (it says itself what is wrong)
        raise SystemExit(1) from None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    loop.add_reader(lifeline, left_alone)
    try:
        await listener.start(taken)
        ready()
        await told.wait()
        await listener.stop(stop_timeout)
    finally:
        await application.stop()


def listening(settings: Settings) -> socket.socket:
    """The socket that all workers take connections from."""
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, settings.port),
            family=family,
            backlog=BACKLOG,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(
            f"{settings.host}, port {settings.port}, cannot be listened on: {reason}."
            " Choose others with --host and --port."
        ) from None


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # The password is for a key that has one: else it would be asked for on the terminal.
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except (OSError, ssl.SSLError):
        raise SettingsError(
            f"tls_cert, {settings.tls_cert}, and tls_key, {settings.tls_key}, are no certificate and its key in PEM."
        ) from None
    return context


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
