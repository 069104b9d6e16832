"""The pages of signing out."""

from typing import TYPE_CHECKING

from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web import http
from cenote.web.http import Answer, Request

if TYPE_CHECKING:
    from cenote.web.router import Web


def confirmed(_web: "Web", _request: Request, _pool: Pool) -> bool:
    """Whether the request is the answer to the question of `asked`, from the browser that was asked."""
    return False


async def asked(web: "Web", _request: Request, _pool: Pool, _client: Client) -> Answer:
    return http.page(200, b"<!doctype html><title>Sign out</title><h1>Sign out?</h1>", web.nonce())


async def done(web: "Web", _request: Request, _pool: Pool, _client: Client) -> Answer:
    return http.page(200, b"<!doctype html><title>Signed out</title><h1>Signed out</h1>", web.nonce())
