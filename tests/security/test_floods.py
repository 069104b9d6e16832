"""Slow, huge, deep and many: the real process answers or hangs up, does not grow, and goes on answering (case 83)."""

import contextlib
import os
import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import free_port
from tests.process import Process, serving
from tests.security.raw import JSON, PREFIX, call

MIB = 1 << 20
LIMIT = 2 * MIB
CALL = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nX-Amz-Target: {PREFIX}.GetUser\r\n"
FORM = "POST /confirmUser HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
# Requests that are begun and never ended, and how the answer to them begins.
UNENDED = {
    "nothing": ("", b""),
    "half a request line": ("POS", b""),
    "half a header": ("POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b""),
    "half a body": (f"{CALL}Content-Length: 1000\r\n\r\n{{", b"HTTP/1.1 408"),
    "half a chunk": (f"{CALL}Transfer-Encoding: chunked\r\n\r\n100\r\n{{", b"HTTP/1.1 408"),
    "half a form": (f"{FORM}Content-Length: 1000\r\n\r\nclient_id=", b"HTTP/1.1 408"),
    # Answered without being read.
    "too large a body": (f"{CALL}Content-Length: {LIMIT + 1}\r\n\r\n{{", b"HTTP/1.1 413"),
    "a body of no call": ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx", b"HTTP/1.1 404"),
    "a body for no page": ("POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx", b"HTTP/1.1 404"),
    "a question's body": ("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx", b"HTTP/1.1 200"),
}
OF_EACH = 150


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("flooded")
    with serving(folder / "data", free_port(), "--body-timeout", "1", "--log-format", "json") as one:
        assert one.get("/metrics")[0] == 200  # so that no page is first loaded under a flood
        yield one
        assert one.popen.poll() is None
        assert "traceback" not in one.log.read_text().lower()


def memory(process: Process) -> int:
    """Bytes of memory of the process and its workers."""
    total = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if process.popen.pid in (int(entry.name), int(parent)):
                total += int((entry / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total


@contextlib.contextmanager
def many_files() -> Iterator[None]:
    """This process may hold that many sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def begun(process: Process, text: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", process.port), timeout=20)
    connection.sendall(text.encode())
    return connection


def rest(connection: socket.socket) -> bytes:
    """What still comes until the server hangs up."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def test_case_83_slow_clients_are_hung_up_on_and_shut_nobody_out(process: Process) -> None:
    before = memory(process)
    with many_files(), contextlib.ExitStack() as stack:
        waiting = {
            name: [stack.enter_context(begun(process, text)) for _ in range(OF_EACH)]
            for name, (text, _) in UNENDED.items()
        }
        assert process.get("/health")[0] == 200
        assert call(process.url, "GetUser", {"AccessToken": "x.y.z"}).error[0] == "NotAuthorized"
        assert memory(process) - before < 40 * MIB
        said = {name: {rest(each)[:12] for each in group} for name, group in waiting.items()}
    assert said == {name: {answer} for name, (_, answer) in UNENDED.items()}
    assert process.get("/health")[0] == 200
    assert memory(process) - before < 40 * MIB


def declared(process: Process) -> bytes:
    with begun(process, f"{CALL}Content-Length: {LIMIT + 1}\r\n\r\n{{") as connection:
        return rest(connection)


def in_chunks(process: Process) -> bytes:
    with begun(process, f"{CALL}Transfer-Encoding: chunked\r\n\r\n") as connection:
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(200):
                connection.sendall(chunk)
        return rest(connection)


@pytest.mark.parametrize("send", [declared, in_chunks])
def test_case_83_a_body_without_end_is_not_read_to_its_end(
    process: Process, send: Callable[[Process], bytes]
) -> None:
    assert send(process)[:12] in {b"HTTP/1.1 413", b""}
    assert process.get("/health")[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * LIMIT,
        b'{"a":' * (LIMIT // 5),
        b'{"AccessToken":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b'{"AccessToken":{"a":' * 50_000 + b"1" + b"}}" * 50_000,
        b'{"AccessToken":' + b"9" * 1_000_000 + b"}",
        b'{"AccessToken":"' + b"\\u0041" * 300_000 + b'"}',
        b'{"AccessToken":' + b'"' * 1_000_000,
        b"{" + b",".join(b'"%d":1' % number for number in range(150_000)) + b"}",
        b'{"AccessToken":"x.' + b"e" * 1_000_000 + b'.y"}',
        b'{"AccessToken":"' + b"." * 1_000_000 + b'"}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_case_83_deep_and_wide_bodies_are_refused_in_passing(process: Process, body: bytes) -> None:
    answer = call(process.url, "GetUser", body)
    assert answer.status == 400
    assert answer.error[0] in {"Serialization", "InvalidParameter", "NotAuthorized"}
    assert len(answer.body) < 10_000


def test_case_83_headers_without_end_are_refused(process: Process) -> None:
    for text in ("X-Long: " + "a" * MIB, "".join(f"X-{number}: a\r\n" for number in range(50_000))):
        with begun(process, "") as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(f"{CALL}{text}\r\n\r\n".encode())
            assert rest(connection)[:12] in {b"HTTP/1.1 431", b"HTTP/1.1 400", b""}
    assert process.get("/health")[0] == 200


def test_case_83_memory_does_not_grow_with_what_is_refused(process: Process) -> None:
    def rounds(times: int) -> None:
        for _ in range(times):
            call(process.url, "GetUser", b'{"AccessToken":"' + b"A" * (LIMIT - 100) + b'"}')
            call(process.url, "GetUser", b"[" * LIMIT)
            call(process.url, "InitiateAuth", b'{"AuthParameters":{' + b'"a":"b",' * 200_000)

    rounds(5)
    before = memory(process)
    rounds(25)
    assert memory(process) - before < 30 * MIB


def test_case_83_a_client_that_never_reads_holds_up_nobody(process: Process) -> None:
    """Answers pile up in the sockets, not in the server."""
    before = memory(process)
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            connection = stack.enter_context(begun(process, ""))
            connection.settimeout(0.2)
            with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
                connection.sendall(request * 500)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.get("/health")[0] != 200:
            pass
        assert call(process.url, "GetUser", {"AccessToken": "x.y.z"}).status == 400
        assert memory(process) - before < 60 * MIB
