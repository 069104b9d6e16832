"""The pages beside the API: a welcome, the outbox, metrics, confirmation links. Built at the first request for one.

Here is decided who sees what; the pages themselves are rendered in `console/` and `web/`.
"""

from __future__ import annotations

import asyncio
import hmac
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from cenote.console import home, outbox
from cenote.domain.loopback import is_loopback, is_loopback_host
from cenote.domain.request import RequestFacts
from cenote.flows.verification import CONFIRM_PATH
from cenote.server import example
from cenote.store.engine import StoreError
from cenote.store.transactions import retrying
from cenote.web import confirm_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cenote.domain.messages import Message
    from cenote.server.app import Application

# A request with one of these was passed on by somebody; who asked in truth is not known for sure.
FORWARDING: Final = frozenset(
    {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server",
     "x-forwarded-port", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}
)  # fmt: skip
LARGEST_FORM: Final = 16_384
PRIVATE: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
# Where the rest of the body is still on its way, nothing more can be read from the connection.
UNREAD: Final = {"connection": "close", **PRIVATE}


def pages(app: Application) -> Starlette:
    """An ASGI application of every page; 404 for any other path."""
    shown = Pages(app)
    application = Starlette(
        routes=[
            Route("/", shown.home),
            Route("/_cenote/outbox", shown.outbox),
            Route("/_cenote/outbox.json", shown.outbox_json),
            Route("/metrics", shown.metrics),
            Route(CONFIRM_PATH, shown.confirm, methods=["GET"]),
            Route(CONFIRM_PATH, shown.confirmed, methods=["POST"]),
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
    house = Path(__file__).parent.parent
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([house / "console", house / "web"]),
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
        snippets, login, account = {"AWS CLI": example.first_step(url)}, "", ""
        if settings.example:
            snippets, login = example.snippets(url, settings.region), example.login_url(url)
            account = f"{example.USERNAME} / {example.PASSWORD}"
        page = home.page(
            self._templates, url=url, snippets=snippets, login=login, account=account, nonce=nonce
        )
        return html(200, page, nonce, script=True)

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
        return html(200, page, nonce, script=True)

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

    async def confirm(self, request: Request) -> Response:
        nonce = self._nonce()
        return html(*confirm_user.asking(self._templates, request.query_params, nonce=nonce), nonce)

    async def confirmed(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(self._app.settings.body_timeout):
                fields = await form(request)
        except TimeoutError:
            return PlainTextResponse("Too slow\n", 408, UNREAD)
        if fields is None:
            return PlainTextResponse("Too large\n", 413, UNREAD)
        nonce = self._nonce()
        ctx = self._app.context(facts(request))
        status, page = await retrying(
            lambda: confirm_user.confirming(ctx, self._templates, fields, nonce=nonce)
        )
        return html(status, page, nonce)

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


async def form(request: Request) -> Mapping[str, str] | None:
    """The fields of a posted form; None for one that is too large to be ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            return None
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
    except ValueError:
        return None


def facts(request: Request) -> RequestFacts:
    return RequestFacts(
        request_id="",
        region=None,
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        access_key_id=None,
        operation="ConfirmSignUp",
    )


def html(status: int, page: str, nonce: str, *, script: bool = False) -> Response:
    """A page that runs nothing but its own style and, if need be, script (SECURITY.md cases 12 to 14)."""
    policy = [
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    if script:
        policy += [f"script-src 'nonce-{nonce}'", "connect-src 'self'"]
    headers = {"content-security-policy": "; ".join(policy), "x-frame-options": "DENY", **PRIVATE}
    return HTMLResponse(page, status, headers)
