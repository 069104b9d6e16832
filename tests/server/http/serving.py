"""A listener with a small application behind it, in a thread, and clients that speak byte by byte."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Self

import uvloop

from cenote.server.http.exchanges import Head
from cenote.server.http.listeners import Listener

Scope = MutableMapping[str, Any]


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> str:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *headers, "", ""])


class Site:
    """`/echo` answers with what was asked, `/wait` once `go` is set, `/big` with `BIG` bytes; others misbehave.

    What is below `/near/` is at hand. `asked` are the paths that reached the application.
    """

    BIG = 8 << 20

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.told: list[str] = []
        self.go = threading.Event()
        self.reached = threading.Event()

    def at_hand(self, method: str, path: str) -> tuple[Head, bytes] | None:
        if not path.startswith("/near/"):
            return None
        closing = [(b"connection", b"close")] if path == "/near/closing" else []
        body = b"x" * self.BIG if path == "/near/big" else f"{method} {path} at hand".encode()
        return Head(200, [(b"content-type", b"text/plain"), *closing]), body

    async def __call__(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Scope]],
        send: Callable[[Scope], Awaitable[None]],
    ) -> None:
        self.asked.append(scope["path"])
        self.reached.set()
        status, headers, body = 200, [(b"content-type", b"text/plain")], b"ok"
        match scope["path"]:
            case "/unread":
                pass
            case "/wait" | "/wait-and-fail":
                while not self.go.is_set():  # noqa: ASYNC110 (of a thread)
                    await asyncio.sleep(0.01)
                self.told.append("done")
                if scope["path"] != "/wait":
                    raise ValueError("secret")
            case "/cancelled":
                raise asyncio.CancelledError
            case "/twice":
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body})
            case "/coded":
                headers.append((b"transfer-encoding", b"chunked"))
            case "/big" | "/near/big":
                body = b"x" * self.BIG
            case "/parts":
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": b"one ", "more_body": True})
                await send({"type": "http.response.body", "body": b"two"})
                return
            case "/failing":
                raise ValueError("secret")
            case "/splitting":
                headers.append((b"x-name", b"a\r\nset-cookie: b"))
            case "/short":
                headers.append((b"content-length", b"1"))
            case "/closing":
                headers.append((b"connection", b"close"))
            case "/none":
                status, body = 204, b"no"
                headers.append((b"content-length", b"2"))
            case "/silent":
                return
            case _:
                body = await self._echo(scope, receive)
                if not body:
                    return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _echo(self, scope: Scope, receive: Callable[[], Awaitable[Scope]]) -> bytes:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.told.append("disconnect")
                return b""
            body += message["body"]
            if not message["more_body"]:
                break
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        seen = {name: scope[name] for name in ("method", "path", "http_version", "scheme")}
        seen["raw_path"], seen["query"] = scope["raw_path"].decode(), scope["query_string"].decode()
        return json.dumps({**seen, "headers": headers, "body": body.decode()}).encode()


class Served:
    def __init__(self, site: Site, listener: Listener, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self.site = site
        self.listener = listener
        self.port = port
        self._loop = loop

    @property
    def connections(self) -> frozenset[object]:
        return frozenset(self.listener._connections)

    def stop(self, seconds: float) -> Any:
        """A future of the listener's stop."""
        return asyncio.run_coroutine_threadsafe(self.listener.stop(seconds), self._loop)

    def client(self, text: str = "") -> "Client":
        return Client(self.port, text)

    def ask(self, text: str) -> bytes:
        """What is answered to one connection's bytes until the server hangs up."""
        with self.client(text) as client:
            return client.rest()


class Client:
    def __init__(self, port: int, text: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.say(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, text: str) -> None:
        self.socket.sendall(text.encode("latin-1"))

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """One answer with a length; its names in small letters."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            assert byte, head
            head += byte
        status, *lines = head.decode().split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        body, length = b"", int(headers.get("content-length", 0))
        while len(body) < length:
            body += self.socket.recv(length - len(body))
        return int(status.split(" ")[1]), headers, body

    def rest_so_far(self) -> bytes | None:
        """Empty where the server has hung up, None where nothing has come."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(65_536)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            return b""
        finally:
            self.socket.settimeout(30)

    def rest(self) -> bytes:
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := self.socket.recv(65_536):
                received += chunk
        return received


@contextlib.contextmanager
def serving(*, most: int = 100, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    site, made, ended = Site(), threading.Event(), threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    served: list[Served] = []

    async def main() -> None:
        listener = Listener(site, at_hand=site.at_hand, most=most, tls=tls)
        await listener.start(listening)
        served.append(Served(site, listener, asyncio.get_running_loop(), listening.getsockname()[1]))
        made.set()
        while not ended.is_set():  # noqa: ASYNC110 (of a thread)
            await asyncio.sleep(0.01)
        if not listener.stopping:
            await listener.stop(0)

    thread = threading.Thread(target=lambda: uvloop.run(main()))
    thread.start()
    assert made.wait(30)
    try:
        yield served[0]
    finally:
        site.go.set()
        ended.set()
        thread.join(30)
        listening.close()
    assert not thread.is_alive()
