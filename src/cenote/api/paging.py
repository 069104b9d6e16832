"""Pagination tokens: where a list goes on, sealed, and bound to the call that it continues."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from cenote.domain import sealed_tokens
from cenote.domain.errors import InvalidParameter
from cenote.flows.context import Context

T = TypeVar("T")


def _purpose(ctx: Context, scope: Sequence[str]) -> str:
    """What a token is bound to: the operation and what its list is of, as an unambiguous digest."""
    bound = hashlib.sha256()
    for part in (ctx.request.operation, *scope):
        bound.update(len(part).to_bytes(4, "big") + part.encode())
    return f"page {bound.hexdigest()}"


def begin(ctx: Context, token: str | None, *scope: str) -> str:
    """The key behind which the page begins: empty for the first. InvalidParameter for a token of another call."""
    if token is None:
        return ""
    key = sealed_tokens.open_(ctx.store.server.derive("paging"), _purpose(ctx, scope), token)
    if key is None:
        raise InvalidParameter("Invalid pagination token.")
    return key.decode()


def cut(
    ctx: Context, rows: Sequence[T], limit: int, key: Callable[[T], str], *scope: str
) -> tuple[Sequence[T], str | None]:
    """The page of at most `limit` rows, and the token of the next. The caller fetched one row more than that."""
    if len(rows) <= limit:
        return rows, None
    page = rows[:limit]
    nonce = ctx.entropy(sealed_tokens.NONCE_SIZE)
    secret = ctx.store.server.derive("paging")
    return page, sealed_tokens.seal(secret, nonce, _purpose(ctx, scope), key(page[-1]).encode())
