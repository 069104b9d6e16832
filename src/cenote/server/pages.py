"""The pages of whoever runs the server: a welcome, the outbox, metrics. Built at the first request for one.

Here is decided who sees what; the pages themselves are rendered in `console/`.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from cenote.console import home, outbox
from cenote.domain.loopback import is_loopback, is_loopback_host
from cenote.server import example
from cenote.store.engine import StoreError

if TYPE_CHECKING:
    from cenote.domain.messages import Message
    from cenote.server.app import Application

# A request with one of these was passed on by somebody; who asked in truth is not known for sure.
FORWARDING: Final = frozenset(
    {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server",
     "x-forwarded-port", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}
)  # fmt: skip
PRIVATE: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


def pages(app: Application) -> Starlette:
    """An ASGI application of every page; 404 for any other path."""
    shown = Pages(app)
    application = Starlette(
        routes=[
            Route("/", shown.home),
            Route("/_cenote/outbox", shown.outbox),
            Route("/_cenote/outbox.json", shown.outbox_json),
            Route("/metrics", shown.metrics),
        ],
        exception_handlers={404: not_found, StoreError: unavailable},
    )
    # A redirect to the path with or without its last slash would be built from the Host header (case 73).
    application.router.redirect_slashes = False
    return application


async def not_found(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("Not found\n", 404)


async def unavailable(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("The database cannot answer now.\n", 503, PRIVATE)


def templates() -> jinja2.Environment:
    """The templates beside the modules that fill them in. Whatever is filled in is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent.parent / "console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Pages:
    def __init__(self, app: Application) -> None:
        self._app = app
        self._templates = templates()

    async def home(self, request: Request) -> Response:
        """For a developer who opens the server's address."""
        if not self._is_private(request):
            return await not_found(request, KeyError())
        settings, nonce = self._app.settings, self._nonce()
        url = settings.base_url
        snippets, login, account, redemption = {"AWS CLI": example.first_step(url)}, "", "", ""
        if settings.example:
            snippets, login = example.snippets(url, settings.region), example.login_url(url)
            account = f"{example.USERNAME} / {example.PASSWORD}"
            redemption = example.redemption(url, request.query_params.get("code", ""))
        page = home.page(
            self._templates,
            url=url,
            snippets=snippets,
            login=login,
            account=account,
            redemption=redemption,
            nonce=nonce,
        )
        return html(page, nonce)

    async def outbox(self, request: Request) -> Response:
        if not self._is_private(request):
            return await not_found(request, KeyError())
        to = request.query_params.get("to", "").strip()
        nonce = self._nonce()
        page = outbox.page(
            self._templates,
            await self._messages(to),
            to=to,
            nonce=nonce,
            routes=self._app.outgoing.routes,
        )
        return html(page, nonce)

    async def outbox_json(self, request: Request) -> Response:
        if not self._is_private(request):
            return await not_found(request, KeyError())
        messages = await self._messages(request.query_params.get("to", "").strip())
        return Response(outbox.listed(messages), 200, PRIVATE, "application/json")

    async def _messages(self, to: str) -> list[Message]:
        return await self._app.store.messages.list_(to=to or None, limit=outbox.SHOWN)

    async def metrics(self, request: Request) -> Response:
        """Open where only this machine can ask; for anybody else, to who has the token."""
        metrics = self._app.metrics
        if metrics is None:
            return await not_found(request, KeyError())
        if not self._is_private(request) and not self._has_token(request):
            return PlainTextResponse("Unauthorized\n", 401, {"www-authenticate": "Bearer", **PRIVATE})
        counts = await self._app.store.messages.counts()
        return Response(metrics.rendered(counts), 200, PRIVATE, "text/plain; version=0.0.4; charset=utf-8")

    def _has_token(self, request: Request) -> bool:
        token = self._app.settings.metrics_token.encode()
        given = request.headers.get("authorization", "").encode()
        return bool(token) and hmac.compare_digest(given, b"Bearer " + token)

    def _nonce(self) -> str:
        return self._app.entropy(16).hex()

    def _is_private(self, request: Request) -> bool:
        """Whether only this machine can reach the server, and the request came from it under one of its names.

        Another name in Host means a foreign page that rebound its own name to this machine (DNS rebinding).
        """
        return (
            self._app.settings.private
            and request.client is not None
            and is_loopback(request.client.host)
            and FORWARDING.isdisjoint(request.headers.keys())
            and [is_loopback_host(host) for host in request.headers.getlist("host")] == [True]
        )


def html(page: str, nonce: str) -> Response:
    """A page that runs nothing but its own style and script (SECURITY.md cases 12 to 14)."""
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(page, 200, {"content-security-policy": policy, "x-frame-options": "DENY", **PRIVATE})
