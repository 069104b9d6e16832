"""One pool of kept-alive connections for all functions of this process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cenote.outbound.functions import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx2

# What Lambda itself lets a function answer with at most.
MAX_ANSWER: Final = 6 * 1024 * 1024
MAX_CONNECTIONS: Final = 200
KEPT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """`guard` raises where nothing may go out: inside a transaction."""

    def __init__(self, *, guard: Callable[[], None]) -> None:
        self._guard = guard

    @cached_property
    def _client(self) -> httpx2.AsyncClient:
        import httpx2  # noqa: PLC0415 (200 ms, and only where a trigger calls a function)

        return httpx2.AsyncClient(
            # A redirect would lead where the operator did not send us. Time is limited by who calls.
            follow_redirects=False,
            # Neither proxies nor passwords (.netrc) that happen to be in the environment.
            trust_env=False,
            timeout=None,
            limits=httpx2.Limits(
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_CONNECTIONS,
                keepalive_expiry=KEPT_SECONDS,
            ),
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return await self.send("POST", url, body, headers)

    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Unreachable where no answer comes, or one that is too long."""
        import httpx2  # noqa: PLC0415 (see `_client`)

        self._guard()
        try:
            async with self._client.stream(method, url, content=body, headers=headers) as response:
                chunks, size = [], 0
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    if size > MAX_ANSWER:
                        raise Unreachable("the answer is too long")
                    chunks.append(chunk)
                return Reply(response.status_code, dict(response.headers), b"".join(chunks))
        except httpx2.HTTPError as error:
            raise Unreachable(type(error).__name__) from None

    async def close(self) -> None:
        if "_client" in self.__dict__:
            await self._client.aclose()
