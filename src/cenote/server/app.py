"""The composition root: builds one worker's house and answers its requests."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cenote import __version__
from cenote.api import OPERATIONS
from cenote.api.registry import Handler
from cenote.domain.deployment import Deployment
from cenote.domain.errors import InvalidParameter
from cenote.domain.request import RequestFacts
from cenote.flows.context import Context
from cenote.flows.signing import Signing
from cenote.flows.work import Work
from cenote.outbound.functions.targets import Functions, Place
from cenote.outbound.functions.targets import parsed as parsed_functions
from cenote.server import example, jobs, log_export
from cenote.server.http.exchanges import Head
from cenote.server.metrics import Metrics
from cenote.server.outgoing import Outgoing
from cenote.server.proxies import Proxies
from cenote.server.settings import Settings, SettingsError
from cenote.store import Store
from cenote.store.breached_passwords import BreachedPasswords, NoSuchFile
from cenote.store.engine import Conflict, ForeignKeyViolation, Unavailable, Unstorable, open_engine
from cenote.store.migrating import migrate
from cenote.store.sealing import Keyring
from cenote.store.transactions import forbid_in_transaction, retrying
from cenote.web.router import Web
from cenote.web.sites import Sites
from cenote.web.well_known import DISCOVERY_PATH, HEADERS, JWKS_PATH, WellKnown
from cenote.wire.dispatch import Dispatcher, Observe
from cenote.wire.sigv4 import SignatureVerifier

if TYPE_CHECKING:
    from cenote.api.functions.invocations import Invocations

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger("cenote.server")
access = logging.getLogger("cenote.access")
# What the server does of its own accord is nobody's request.
OWN_REQUEST = RequestFacts("", None, "", "", None, "")
# Where Lambda's Invoke API is, for functions that run here.
INVOKE = "/2015-03-31/functions/"
JOBS = (jobs.deliver_messages, jobs.sweep, log_export.deliver_log_events)
PLAIN = ((b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"))
JWKS_HEAD = Head(200, HEADERS)
READS = frozenset({"GET", "HEAD"})


def epoch_ms() -> int:
    return time.time_ns() // 1_000_000


class Application:
    """One worker as an ASGI application. What it holds is safe to lose: the store has everything."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], int] = epoch_ms,
        entropy: Callable[[int], bytes] = os.urandom,
        conforming: bool = False,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.entropy = entropy
        self._conforming = conforming
        self._proxies = Proxies(settings.trusted_proxies)
        self._pages: Any = None
        self._running: contextlib.AsyncExitStack | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._proxies.any:
            scope = self._proxies.applied(scope)
        path = scope["path"]
        if path == "/" and scope["method"] != "GET":
            await self.dispatcher(scope, receive, send)
        elif path.endswith((JWKS_PATH, DISCOVERY_PATH)) and scope["method"] in READS:
            await answer(send, *await self.well_known.answer(path))
        elif self.invocations is not None and path.startswith(INVOKE):
            await self.invocations(scope, receive, send)
        elif self.web.has(path):
            await self.web(scope, receive, send)
        elif path == "/health":
            await answer(send, 200, PLAIN, b"ok\n")
        elif path == "/ready":
            await answer(send, *await self._readiness())
        else:
            await self._page(scope, receive, send)

    def at_hand(self, method: str, path: str) -> tuple[Head, bytes] | None:
        """What is answered without a wait: a JWKS that is remembered. Every verifier there is asks for one."""
        if not path.endswith(JWKS_PATH) or method not in READS:
            return None
        jwks = self.well_known.jwks_at_hand(path)
        return None if jwks is None else (JWKS_HEAD, jwks)

    async def start(self) -> None:
        """Opens the store, migrating it if need be, and starts this worker's jobs."""
        settings = self.settings
        async with contextlib.AsyncExitStack() as stack:
            store, _ = await stack.enter_async_context(opened_store(settings))
            self.store = store
            self.functions = called_functions(settings, self.clock)
            stack.push_async_callback(self.functions.close)
            self.outgoing = Outgoing(settings, self.functions, clock=self.clock, entropy=self.entropy)
            stack.push_async_callback(self.outgoing.close)
            self.deployment = Deployment(
                region=settings.region,
                account_id=settings.account,
                public_url=settings.base_url,
                issuer_form="aws" if settings.issuer == "aws" else "own",
                routes=self.outgoing.routes,
                most_to_one=settings.messages_per_hour,
                log_sinks=frozenset(self.outgoing.log_sinks),
            )
            self.signing = Signing(store)
            self.work = Work()
            stack.callback(self.work.close)
            self.metrics = Metrics(several_workers=settings.workers != 1) if settings.metrics else None
            sites = Sites(store, self.deployment)
            self.web = Web(
                self.context,
                self.deployment,
                sites,
                entropy=self.entropy,
                body_timeout=settings.body_timeout,
                observe=self._observer(),
            )
            self.well_known = WellKnown(store, self.signing, self.deployment, sites)
            self.dispatcher = self._dispatcher()
            self.invocations = self._invocations()
            if self.invocations is not None:
                stack.push_async_callback(self.invocations.close)
            if settings.example:
                await example.make(self.context(OWN_REQUEST))
            background = [asyncio.create_task(job(self)) for job in JOBS]
            stack.push_async_callback(ended, background)
            self._running = stack.pop_all()

    async def stop(self) -> None:
        if self._running is not None:
            await self._running.aclose()
            self._running = None

    def context(self, request: RequestFacts) -> Context:
        return Context(
            self.store,
            self.deployment,
            self.signing,
            self.work,
            self.functions,
            self.clock,
            self.entropy,
            request,
        )

    def _signatures(self) -> SignatureVerifier | None:
        """None where any credentials pass: on one's own machine."""
        if self.settings.private:
            return None
        return SignatureVerifier(self.store.access_keys.find_secret, clock=self.clock)

    def _invocations(self) -> "Invocations | None":
        """Lambda's Invoke API, where functions run here."""
        if not self.functions.hosted:
            return None
        from cenote.api.functions.invocations import Invocations  # noqa: PLC0415 (few have such functions)

        return Invocations(
            self.functions,
            signatures=self._signatures(),
            body_timeout=self.settings.body_timeout,
            observe=self._observer(),
        )

    def _dispatcher(self) -> Dispatcher[Context]:
        settings = self.settings
        return Dispatcher(
            {service: hardened(handlers) for service, handlers in OPERATIONS.items()},
            context=self.context,
            signatures=self._signatures(),
            clock=self.clock,
            max_body=settings.max_body,
            body_timeout=settings.body_timeout,
            conforming=self._conforming,
            observe=self._observer(),
        )

    def _observer(self) -> Observe | None:
        """Who is told of each answered call: the metrics, the access log, both or nobody."""
        count = self.metrics.observe if self.metrics else None
        if not self.settings.access_log:
            return count

        def logged(operation: str, error: str | None, seconds: float) -> None:
            if count is not None:
                count(operation, error, seconds)
            extra = {"operation": operation, "error": error, "ms": round(seconds * 1000, 2)}
            access.info("answered", extra=extra)

        return logged

    async def _readiness(self) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        try:
            await self.store.engine.one("SELECT 1")
        except Unavailable:
            return 503, PLAIN, b"database unavailable\n"
        return 200, PLAIN, b"ready\n"

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._pages is None:
            from cenote.server.pages import pages  # noqa: PLC0415 (Starlette and Jinja: 150 ms that a start can spare)

            self._pages = pages(self)
        await self._pages(scope, receive, send)


def called_functions(settings: Settings, clock: Callable[[], int]) -> Functions:
    """The functions that triggers may call."""
    return Functions(
        parsed_functions(settings.functions),
        time_limit=settings.function_timeout,
        tries=settings.function_tries,
        clock=clock,
        guard=forbid_in_transaction,
        place=Place(settings.region, settings.account, reload=settings.private),
    )


def keyring(settings: Settings) -> Keyring:
    """The master keys, from where the settings say they are."""
    named = {"CENOTE_MASTER_KEY": settings.master_key, "CENOTE_MASTER_KEY_FILE": settings.master_key_file}
    return Keyring.load(Path(settings.data), {name: value for name, value in named.items() if value})


def breached_passwords(settings: Settings) -> BreachedPasswords:
    try:
        return BreachedPasswords(Path(settings.breached_passwords))
    except NoSuchFile as error:
        raise SettingsError(f"breached_passwords: {error}") from error


@contextlib.asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[tuple[Store, Keyring]]:
    """The migrated store of these settings; a server may be running on it."""
    engine = await open_engine(settings.database_path)
    try:
        await migrate(engine, __version__)
        keys = keyring(settings)
        store = await Store.opened(engine, keys)
        if settings.breached_passwords:
            store.breached_passwords = breached_passwords(settings)
        yield store, keys
    finally:
        await engine.close()


def hardened(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """The handlers, run again when another transaction was in the way, and with the store's errors as AWS's."""
    return {name: hard(handler) for name, handler in handlers.items()}


def hard(handler: Handler) -> Handler:
    async def once_more(ctx: Context, request: Any) -> Any:
        try:
            return await handler(ctx, request)
        except Unstorable:
            raise InvalidParameter("A value contains a character that cannot be stored.") from None
        except (Conflict, ForeignKeyViolation):
            # Nothing of it was written. What it referred to may be gone: run again, it sees that and says so.
            return await retrying(lambda: handler(ctx, request))

    return once_more


async def answer(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
