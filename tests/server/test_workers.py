"""The worker processes: that they share the socket, are replaced, and never outlive who watches over them."""

import http.client
import json
import os
import signal
import socket
from pathlib import Path

import pytest
from botocore.exceptions import SSLError
from tests.conftest import free_port
from tests.local_functions import eventually, is_running
from tests.post_office import certificate
from tests.process import Process, cenote, serving


def workers(process: Process) -> list[int]:
    """The processes that serve; a worker has none of its own but the one that watches its functions, if any."""
    children = Path(f"/proc/{process.popen.pid}/task/{process.popen.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def answers(process: Process) -> bool:
    try:
        return process.get("/ready")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def refuses(process: Process) -> bool:
    try:
        socket.create_connection(("127.0.0.1", process.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path / "data", free_port(), "--workers", "2", "--log-format", "json") as process:
        before = workers(process)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len(set(workers(process)) - set(before)) == 1 and before[1] in workers(process))
        eventually(lambda: answers(process))
        assert f'"event":"a worker ended","worker":{before[0]},"status":-9' in process.log.read_text()
        assert process.stop() == 0
        assert not any(is_running(pid) for pid in before)


def test_the_only_worker_is_replaced_too(tmp_path: Path) -> None:
    with serving(tmp_path / "data", free_port()) as process:
        (before,) = workers(process)
        os.kill(before, signal.SIGKILL)
        eventually(lambda: before not in workers(process) and answers(process))
        assert process.stop() == 0


def test_workers_end_with_the_process_that_watches_over_them(tmp_path: Path) -> None:
    with serving(tmp_path / "data", free_port(), "--workers", "2") as process:
        left = workers(process)
        process.popen.kill()
        process.popen.wait(30)
        eventually(lambda: not any(is_running(pid) for pid in left))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", process.port))


def test_who_asks_twice_does_not_wait(tmp_path: Path) -> None:
    with serving(tmp_path / "data", free_port(), "--body-timeout", "60") as process:
        pids = workers(process)
        with socket.create_connection(("127.0.0.1", process.port)) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            for _ in range(3):
                assert answers(process)
            process.popen.terminate()
            # It listens no more once it has begun to stop.
            eventually(lambda: refuses(process))
            assert process.popen.poll() is None
            process.popen.terminate()
            assert process.popen.wait(30) == 0
        assert not any(is_running(pid) for pid in pids)


def test_a_stop_by_the_keyboard_is_a_stop(tmp_path: Path) -> None:
    """Ctrl-C reaches the workers as well as their parent."""
    with serving(tmp_path / "data", free_port(), "--workers", "2") as process:
        os.killpg(process.popen.pid, signal.SIGINT)
        assert process.popen.wait(30) == 0
        assert "Traceback" not in process.log.read_text()


def test_what_cannot_start_says_why_and_ends(tmp_path: Path) -> None:
    unreachable = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    port = str(free_port())
    told = cenote("serve", "--data", str(tmp_path), "--database", unreachable, "--port", port)
    assert told.returncode == 1
    assert "PostgreSQL cannot be reached" in told.stderr
    assert told.stderr.count("\n") == 1
    assert told.stdout == ""


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with serving(tmp_path / "one", free_port()) as process:
        told = cenote("serve", "--data", str(tmp_path / "two"), "--port", str(process.port))
        assert told.returncode == 2
        assert told.stderr.count("\n") == 1
        assert (
            f"127.0.0.1, port {process.port}, cannot be listened on: Address already in use." in told.stderr
        )


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "no.pem"
    file.write_text("no certificate")
    where = ["--data", str(tmp_path / "data"), "--port", str(free_port())]
    told = cenote("serve", *where, "--tls-cert", str(file), "--tls-key", str(file))
    assert told.returncode == 2
    assert f"tls_cert, {file}, and tls_key, {file}, are no certificate and its key" in told.stderr
    assert told.stderr.count("\n") == 1


def test_by_tls_it_answers_who_trusts_its_certificate(tmp_path: Path) -> None:
    file = str(certificate(tmp_path).file)
    with serving(tmp_path / "data", free_port(), "--tls-cert", file, "--tls-key", file) as process:
        pool_id = process.idp().create_user_pool(PoolName="p")["UserPool"]["Id"]
        document = json.loads(process.get(f"/{pool_id}/.well-known/openid-configuration")[1])
        assert document["issuer"] == f"{process.url}/{pool_id}"
        with pytest.raises(SSLError):
            process.idp(verify=True).list_user_pools(MaxResults=1)
