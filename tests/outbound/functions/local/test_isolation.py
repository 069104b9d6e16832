"""One function cannot have another's events nor answer for it, and nobody else of the machine can."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.local_functions import Machine, called, eventually, number_in

from cenote.outbound.functions import FunctionFailed
from cenote.outbound.functions.local import peers

ADDRESS = """
    import os

    def handler(event, context):
        return os.environ["AWS_LAMBDA_RUNTIME_API"]
"""
# Tells where it is and who called it, and waits until the file is there.
SECRETIVE = """
    import json, os, time

    def handler(event, context):
        told = {"address": os.environ["AWS_LAMBDA_RUNTIME_API"], "id": context.aws_request_id}
        with open(event + ".told", "w") as file:
            json.dump(told, file)
        open(event + ".begun", "w").write("1")
        while not os.path.exists(event):
            time.sleep(0.005)
        return "my own answer"
"""
# Asks another Runtime API what the event says, and tells what came back.
THIEF = """
    import http.client

    def handler(event, context):
        connection = http.client.HTTPConnection(event["address"], timeout=10)
        try:
            connection.request(event["method"], event["path"], body=event.get("body"))
            answer = connection.getresponse()
            return [answer.status, answer.read().decode()]
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
"""
SHUT = {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError"}
NEXT = "/2018-06-01/runtime/invocation/next"


def told_at(gate: Path) -> dict[str, str]:
    return dict(json.loads(Path(f"{gate}.told").read_text()))


async def asked(address: str, request: bytes) -> bytes:
    """What a stranger gets: everything until the connection is closed."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    found = b""
    with contextlib.suppress(ConnectionError):
        writer.write(request)
        async with asyncio.timeout(30):
            found = await reader.read()
    writer.close()
    return found


async def test_a_stranger_gets_nothing_and_keeps_nothing_from_working(machine: Machine) -> None:
    function = machine.host(ADDRESS)
    address = await called(function)
    assert await asked(address, f"GET {NEXT} HTTP/1.1\r\nhost: x\r\n\r\n".encode()) == b""
    assert await called(function) == address


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can be another user for a moment.")
async def test_another_user_of_the_machine_gets_nothing(machine: Machine) -> None:
    function = machine.host(ADDRESS)
    host, port = (await called(function)).split(":")
    code = (
        "import socket, sys\n"
        f"s = socket.create_connection(('{host}', {port}), timeout=20)\n"
        f"s.sendall(b'GET {NEXT} HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n')\n"
        "try:\n    print(s.recv(100))\nexcept ConnectionError:\n    print(b'')\n"
    )
    said = await asyncio.create_subprocess_exec(
        "/usr/bin/env", "python3", "-c", code, stdout=subprocess.PIPE, user=65534, group=65534, cwd="/"
    )
    assert (await said.communicate())[0] == b"b''\n"
    assert await called(function)


@pytest.mark.parametrize("way", ["next", "response", "error", "init"])
async def test_another_function_neither_gets_an_event_nor_answers_it(
    machine: Machine, tmp_path: Path, way: str
) -> None:
    """Though it knows the port, and even the id of what runs."""
    victim = machine.host(SECRETIVE, name="victim", timeout=60)
    thief = machine.host(THIEF, name="thief", timeout=60)
    gate = tmp_path / "gate"
    running = asyncio.create_task(called(victim, str(gate)))
    await asyncio.to_thread(eventually, lambda: number_in(Path(f"{gate}.begun")))
    told = told_at(gate)
    invocation = f"/2018-06-01/runtime/invocation/{told['id']}"
    attempts = {
        "next": {"method": "GET", "path": NEXT},
        "response": {"method": "POST", "path": f"{invocation}/response", "body": '"forged"'},
        "error": {"method": "POST", "path": f"{invocation}/error", "body": "{}"},
        "init": {"method": "POST", "path": "/2018-06-01/runtime/init/error", "body": "{}"},
    }
    assert await called(thief, {"address": told["address"], **attempts[way]}) in SHUT
    gate.touch()
    assert await running == "my own answer"


OWN = """
    import http.client, os

    def handler(event, context):
        if event is None:
            return "works"
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"], timeout=10)
        answers = []
        for method, path in event:
            connection.request(method, path.replace("ID", context.aws_request_id), body='"first"')
            answer = connection.getresponse()
            answers.append([answer.status, answer.read().decode()])
        raise RuntimeError(str(answers))
"""
REPORT = "/2018-06-01/runtime/invocation/{}/response"


async def test_a_function_answers_for_the_invocation_that_it_has_and_for_no_other(machine: Machine) -> None:
    """documented: 400 for another id; here, the id's own letters in another case are another id"""
    function = machine.host(OWN)
    for path in (REPORT.format("00000000-0000-0000-0000-000000000000"), REPORT.format("x" * 5000)):
        with pytest.raises(FunctionFailed, match=r"\[\[400, .*InvalidRequestID"):
            await called(function, [["POST", path]])
    assert await called(function) == "works"


async def test_the_first_answer_is_the_answer(machine: Machine) -> None:
    function = machine.host(OWN)
    own = ["POST", REPORT.format("ID")]
    assert await called(function, [own, own]) == "first"
    assert await called(function) == "works"


async def test_what_is_not_of_the_runtime_api_is_not_found(machine: Machine) -> None:
    function = machine.host(OWN)
    with pytest.raises(FunctionFailed, match=r"\[\[404, .*\[404, "):
        await called(function, [["GET", "/"], ["PUT", NEXT]])


RUDE = """
    import os, socket

    def handler(event, context):
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        if event == "garbage":
            connection = socket.create_connection((host, int(port)), timeout=10)
            connection.sendall(b"\\x00\\xff nonsense\\r\\n\\r\\n")
            try:
                return connection.recv(100).decode()
            except ConnectionResetError:
                return ""
        held, shut = [], 0
        for _ in range(30):
            connection = socket.create_connection((host, int(port)), timeout=10)
            held.append(connection)
        for connection in held[20:]:
            try:
                connection.sendall(b"GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
                shut += connection.recv(100) == b""
            except ConnectionError:
                shut += 1
        return shut
"""


async def test_who_speaks_no_http_is_not_spoken_to(machine: Machine) -> None:
    function = machine.host(RUDE)
    assert await called(function, "garbage") == ""
    assert await called(function, "garbage") == ""


async def test_what_a_function_says_before_it_is_answered_is_not_kept(machine: Machine) -> None:
    """Else what it writes behind its question for the next event would fill the server's memory."""
    source = f"""
        import os, socket

        def handler(event, context):
            host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
            connection = socket.create_connection((host, int(port)), timeout=20)
            connection.sendall(b"GET {NEXT} HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
            sent = 0
            try:
                while sent < 200_000_000:
                    sent += connection.send(b"x" * 65536)
            except ConnectionError:
                return "shut"
            return "kept"
    """
    assert await called(machine.host(source, timeout=60)) == "shut"


async def test_a_process_has_only_so_many_connections(machine: Machine) -> None:
    assert await called(machine.host(RUDE), "many") == 10


def test_a_connection_is_known_by_the_process_that_holds_it() -> None:
    """The tables of Linux, asked directly: of this process's session it is, of another's it is not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        own = server.getsockname()
        with socket.create_connection(own) as client:
            peer = client.getsockname()
            child = subprocess.Popen(
                [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
            )
            try:
                assert peers.is_of(os.getsid(0), peer, own)
                assert not peers.is_of(child.pid, peer, own)
                assert not peers.is_of(os.getsid(0), ("127.0.0.1", 1), own)
            finally:
                child.communicate()
        assert peers.inode_of(peer, ("127.0.0.1", own[1] ^ 1)) is None
