"""Forms that only the browser they were given to can send back (SECURITY.md cases 50 and 51).

Each browser has a random id in a cookie. A form carries a token, sealed by the pool and bound to that id, to the
client and to what the form is for; it also holds what the next step needs to know. A form from anywhere else, or
without its browser's cookie, is no answer to anything.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import msgspec

from cenote.domain import sealed_tokens
from cenote.flows import browser_sessions
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Request, cookie

BROWSER_ID_SIZE: Final = 32
BROWSER_LIFETIME: Final = 365 * 24 * 3600
LIFETIME: Final = 3600 * 1000
PURPOSE: Final = "form"


class Form(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed in a form's token. `session` is a digest of the engine's `Session`, which travels beside it."""

    page: str
    browser: bytes
    client_id: str
    session: bytes
    expires_at: int
    data: dict[str, str]


_decode = msgspec.msgpack.Decoder(Form).decode


def cookie_name(*, secure: bool) -> str:
    return browser_sessions.cookie_name("browser", secure=secure)


def browser_of(request: Request) -> str | None:
    """The browser's id, if it has one that we could have given it."""
    value = request.cookies.get(cookie_name(secure=request.site.secure), "")
    return value if len(value) == 2 * BROWSER_ID_SIZE and value.isascii() else None


def browser_cookie(request: Request, browser: str) -> str:
    name = cookie_name(secure=request.site.secure)
    return cookie(name, browser, secure=request.site.secure, max_age=BROWSER_LIFETIME)


def token(
    ctx: Context,
    pool: Pool,
    client: Client,
    browser: str,
    page: str,
    *,
    session: str = "",
    data: Mapping[str, str],
    lifetime: int = LIFETIME,
) -> str:
    form = Form(
        page,
        digest(browser),
        client.client_id,
        digest(session) if session else b"",
        ctx.clock() + lifetime,
        dict(data),
    )
    key, nonce = pool.sealer.derive("pages"), ctx.entropy(sealed_tokens.NONCE_SIZE)
    return sealed_tokens.seal(key, nonce, PURPOSE, msgspec.msgpack.encode(form))


def opened(ctx: Context, pool: Pool, client: Client, request: Request, page: str) -> Form | None:
    """The form that this browser was given for this page and client; None for any other."""
    if request.form.repeated:
        return None
    given = request.form
    return read(ctx, pool, client, request, page, given.get("form", ""), session=given.get("session", ""))


def read(
    ctx: Context, pool: Pool, client: Client, request: Request, page: str, text: str, *, session: str = ""
) -> Form | None:
    """What is in a token of `token`, if this browser was given it for this page and client."""
    browser = browser_of(request)
    payload = sealed_tokens.open_(pool.sealer.derive("pages"), PURPOSE, text)
    if payload is None or browser is None:
        return None
    form = _decode(payload)
    ours = (
        hmac.compare_digest(form.browser, digest(browser))
        and form.client_id == client.client_id
        and form.page == page
        and form.session == (digest(session) if session else b"")
        and form.expires_at > ctx.clock()
    )
    return form if ours else None


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
