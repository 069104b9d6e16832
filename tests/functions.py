"""Functions for a Cenote to call: a real HTTP server in this process, which answers as a test tells it to."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a secret that both sides know"


class Refusal(Exception):
    """A function's error."""


@dataclass(frozen=True)
class Call:
    """One call as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class FunctionServer:
    """`answers` has a function for each path: it is given the event and gives the answer, as JSON or bytes."""

    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    redirect_to: str = ""
    url: str = ""

    def reset(self) -> None:
        self.answers.clear()
        self.calls.clear()
        self.redirect_to = ""

    def targets(self, *names: str) -> str:
        """The setting that puts functions of these names here."""
        return json.dumps({name: {"url": f"{self.url}/{name}", "secret": SECRET} for name in names})

    def events(self, name: str) -> list[Any]:
        return [call.event for call in self.calls if call.path == f"/{name}"]

    def event(self, name: str) -> Any:
        """The only event that a function was called with."""
        (event,) = self.events(name)
        return event

    def hang(self, event: Any) -> Any:
        """Answers nothing until the test run is over."""
        self.over.wait()
        return event

    def answer(self, call: Call) -> tuple[int, bytes]:
        function = self.answers.get(call.path.removeprefix("/"), lambda event: event)
        try:
            answer = function(call.event)
        except Refusal as refusal:
            return 400, json.dumps({"errorMessage": str(refusal)}).encode()
        return 200, answer if isinstance(answer, bytes) else json.dumps(answer).encode()


@contextlib.contextmanager
def function_server() -> Iterator[FunctionServer]:
    functions = FunctionServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            call = Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            functions.calls.append(call)
            status, answer = (302, b"") if functions.redirect_to else functions.answer(call)
            self.send_response(status)
            if functions.redirect_to:
                self.send_header("location", functions.redirect_to)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 (the parent's name)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    functions.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="functions", daemon=True)
    thread.start()
    try:
        yield functions
    finally:
        functions.over.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def arn(name: str, region: str = "eu-central-1") -> str:
    return f"arn:aws:lambda:{region}:000000000000:function:{name}"


def answering(**response: Any) -> Callable[[Any], Any]:
    """A function that sets these parts of the event's response."""

    def answer(event: Any) -> Any:
        return {**event, "response": {**event["response"], **response}}

    return answer


def refusing(text: str) -> Callable[[Any], Any]:
    """A function that ends with an error."""

    def refuse(event: Any) -> Any:
        raise Refusal(text)

    return refuse
