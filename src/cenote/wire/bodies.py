"""Reading a request's body, within a size and a time."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cenote.wire.errors import RequestEntityTooLarge, RequestTimeout

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client hung up before it had sent the whole request."""


async def read_body(receive: Receive, declared: bytes | None, limit: int, seconds: float) -> bytes:
    """The whole body, of at most `limit` bytes, if it is there within `seconds`.

    `declared` is the request's Content-Length: too large a body is refused before it is read. Raises
    `RequestEntityTooLarge`, `RequestTimeout` or `ClientGone`.
    """
    if declared is not None and (len(declared) > 18 or not declared.isdigit() or int(declared) > limit):
        raise RequestEntityTooLarge(limit)
    try:
        async with asyncio.timeout(seconds):
            return await _chunks(receive, limit)
    except TimeoutError:
        raise RequestTimeout from None


async def _chunks(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise RequestEntityTooLarge(limit)
        if not message.get("more_body", False):
            return b"".join((*chunks, chunk)) if chunks else chunk
        chunks.append(chunk)
