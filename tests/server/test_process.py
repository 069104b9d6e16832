"""The process as an operator has it: start, restart, stop, death, workers, keys."""

import concurrent.futures
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.conftest import free_port
from tests.process import Process, access_key, cenote, serving

PASSWORD = "Correct-Horse-9"


def new_pool(process: Process) -> tuple[str, str]:
    idp = process.idp()
    pool_id = idp.create_user_pool(PoolName="p")["UserPool"]["Id"]
    client = idp.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="c",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    return pool_id, client["UserPoolClient"]["ClientId"]


def sign_in(idp: Any, client_id: str, name: str, password: str = PASSWORD) -> dict[str, Any]:
    answer = idp.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return dict(answer["AuthenticationResult"])


def test_the_first_screen_names_what_it_made_and_that_signs_in(tmp_path: Path) -> None:
    with serving(tmp_path / "data", free_port(), "--example") as process:
        assert "AccessToken" in sign_in(process.idp(), "1cenote0example0client0000", "alice", "Cenote-2026!")
        with pytest.raises(ClientError, match="Incorrect username or password"):
            sign_in(process.idp(), "1cenote0example0client0000", "alice", "wrong")
        screen = [line.strip() for line in process.log.read_text().splitlines()]
        url = process.url.replace("127.0.0.1", "localhost")
        shown = "\n".join(screen)
        for expected in (
            url,
            "eu-central-1_Example01",
            "1cenote0example0client0000",
            "alice",
            "/_cenote/outbox",
            f'userPoolEndpoint: "{url}"',
            f'boto3.client("cognito-idp", endpoint_url="{url}"',
        ):
            assert expected in shown
        # What is there to be pasted does what it says.
        begins = next(
            at for at, line in enumerate(screen) if line.startswith("aws cognito-idp initiate-auth")
        )
        ends = next(at for at in itertools.count(begins) if not screen[at].endswith("\\"))
        pasted = "\n".join(screen[begins : ends + 1])
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", pasted],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "AccessToken" in json.loads(done.stdout)["AuthenticationResult"]
        assert process.stop() == 0


def test_state_survives_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "data", port) as process:
        pool_id, client_id = new_pool(process)
        idp = process.idp()
        idp.sign_up(ClientId=client_id, Username="ann", Password=PASSWORD)
        idp.admin_confirm_sign_up(UserPoolId=pool_id, Username="ann")
        tokens = sign_in(idp, client_id, "ann")
        assert process.stop() == 0
    with serving(tmp_path / "data", port) as process:
        idp = process.idp()
        assert idp.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ann"
        answer = idp.get_tokens_from_refresh_token(RefreshToken=tokens["RefreshToken"], ClientId=client_id)
        assert "AccessToken" in answer["AuthenticationResult"]
        idp.admin_user_global_sign_out(UserPoolId=pool_id, Username="ann")
        with pytest.raises(ClientError, match="Access Token has been revoked"):
            idp.get_user(AccessToken=tokens["AccessToken"])


def test_a_kill_at_any_moment_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """Four rounds of sign-ups, refreshes that rotate, and a SIGKILL in the middle of them."""
    port, data = free_port(), tmp_path / "data"
    with serving(data, port) as process:
        idp = process.idp()
        pool_id = idp.create_user_pool(PoolName="p")["UserPool"]["Id"]
        client_id = idp.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="c",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
            RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 60},
        )["UserPoolClient"]["ClientId"]
        process.stop()
    answered: list[str] = []
    newest: dict[int, str] = {}
    numbers = itertools.count()
    for _ in range(4):
        with serving(data, port) as process:
            stop_after = len(answered) + 15
            enough = threading.Event()
            with concurrent.futures.ThreadPoolExecutor(6) as threads:
                for _ in range(4):
                    threads.submit(sign_up_on, process, client_id, numbers, answered, enough, stop_after)
                for worker in range(2):
                    threads.submit(refresh_on, process, pool_id, client_id, worker, newest, enough)
                assert enough.wait(60)
                process.kill()
    with serving(data, port) as process:
        idp = process.idp()
        names = {user["Username"] for page in pages(idp, pool_id) for user in page["Users"]}
        assert len(answered) >= 60
        assert set(answered) <= names
        for token in newest.values():
            assert idp.get_tokens_from_refresh_token(RefreshToken=token, ClientId=client_id)


def pages(idp: Any, pool_id: str) -> Any:
    return idp.get_paginator("list_users").paginate(UserPoolId=pool_id)


def sign_up_on(
    process: Process,
    client_id: str,
    numbers: "itertools.count[int]",
    answered: list[str],
    enough: threading.Event,
    stop_after: int,
) -> None:
    idp = process.idp()
    with contextlib.suppress(BotoCoreError):
        while True:
            name = f"user{next(numbers)}"
            idp.sign_up(ClientId=client_id, Username=name, Password=PASSWORD)
            answered.append(name)
            if len(answered) >= stop_after:
                enough.set()


def refresh_on(
    process: Process,
    pool_id: str,
    client_id: str,
    worker: int,
    newest: dict[int, str],
    enough: threading.Event,
) -> None:
    idp, name = process.idp(), f"refresher{worker}"
    with contextlib.suppress(BotoCoreError):
        if worker not in newest:
            idp.admin_create_user(UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS")
            idp.admin_set_user_password(UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True)
            newest[worker] = sign_in(idp, client_id, name)["RefreshToken"]
        while not enough.is_set() or process.popen.poll() is None:
            answer = idp.get_tokens_from_refresh_token(RefreshToken=newest[worker], ClientId=client_id)
            newest[worker] = answer["AuthenticationResult"]["RefreshToken"]


def test_a_stop_finishes_what_was_accepted(tmp_path: Path) -> None:
    """A sign-up whose body is still on its way when the stop comes is answered, and what was answered is kept."""
    port, data = free_port(), tmp_path / "data"
    with serving(data, port) as process:
        pool_id, client_id = new_pool(process)
        body = json.dumps({"ClientId": client_id, "Username": "late", "Password": PASSWORD}).encode()
        head = (
            f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-amz-json-1.1\r\n"
            "X-Amz-Target: AWSCognitoIdentityProviderService.SignUp\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(head.encode() + body[:10])
            # The server has read what was sent before it answers what is asked after.
            for _ in range(3):
                assert process.get("/health")[0] == 200
            process.popen.terminate()
            connection.sendall(body[10:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert process.popen.wait(30) == 0
    with serving(data, port) as process:
        assert process.idp().admin_get_user(UserPoolId=pool_id, Username="late")["Username"] == "late"


def test_several_workers_share_one_file_and_their_metrics(tmp_path: Path) -> None:
    with serving(tmp_path / "data", free_port(), "--workers", "2") as process:
        pool_id, client_id = new_pool(process)

        def sign_up(number: int) -> None:
            process.idp().sign_up(ClientId=client_id, Username=f"user{number}", Password=PASSWORD)

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            list(threads.map(sign_up, range(40)))
        assert sum(len(page["Users"]) for page in pages(process.idp(), pool_id)) == 40
        status, metrics = process.get("/metrics")
        assert status == 200
        assert 'cenote_requests_total{error="",operation="SignUp"} 40.0' in metrics


REACHABLE = [
    ("--host", "0.0.0.0"),
    ("--public-url", "https://login.example.com"),
    ("--trusted-proxies", "10.0.0.0/8"),
]


@pytest.mark.parametrize("reachable", REACHABLE)
def test_beyond_loopback_nothing_starts_without_an_access_key(
    tmp_path: Path, reachable: tuple[str, str]
) -> None:
    refused = cenote("serve", "--data", str(tmp_path / "data"), *reachable, "--port", str(free_port()))
    assert refused.returncode == 2
    assert "cenote keys create" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("reachable", REACHABLE)
def test_beyond_loopback_signed_calls_need_the_key_and_public_ones_do_not(
    tmp_path: Path, reachable: tuple[str, str]
) -> None:
    data = tmp_path / "data"
    key_id, secret = access_key("--data", str(data))
    good = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
    with serving(data, free_port(), *reachable) as process:
        pool_id = process.idp(**good).create_user_pool(PoolName="p")["UserPool"]["Id"]
        for bad in ({}, {**good, "aws_secret_access_key": "wrong"}):
            with pytest.raises(ClientError) as refused:
                process.idp(**bad).describe_user_pool(UserPoolId=pool_id)
            assert refused.value.response["Error"]["Code"] in {
                "UnrecognizedClientException",
                "InvalidSignatureException",
            }
        with pytest.raises(ClientError) as unknown:
            process.idp(**good).get_user(AccessToken="x.y.z")
        assert unknown.value.response["Error"]["Code"] == "NotAuthorizedException"
        assert process.get("/_cenote/outbox.json")[0] == 404
        assert process.get("/metrics")[0] in {401, 404}


def test_the_master_key_is_rotated_while_the_server_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, free_port()) as process:
        pool_id, client_id = new_pool(process)
        idp = process.idp()
        idp.sign_up(ClientId=client_id, Username="ann", Password=PASSWORD)
        idp.admin_confirm_sign_up(UserPoolId=pool_id, Username="ann")
        before = (data / "master.key").read_bytes()
        rotated = cenote("keys", "rotate", "--data", str(data))
        assert rotated.returncode == 0, rotated.stderr
        # A process may still be about to wrap with the key before: it is not forgotten at once.
        assert "a little later" in cenote("keys", "prune", "--data", str(data)).stderr
        assert (data / "master.key").read_bytes() != before
        assert (data / "master.key").stat().st_mode & 0o077 == 0
        assert sign_in(idp, client_id, "ann")
        assert new_pool(process)
        process.kill()
    with serving(data, free_port()) as process:
        assert sign_in(process.idp(), client_id, "ann")


def test_signing_keys_are_rotated_and_old_tokens_stay_good(tmp_path: Path) -> None:
    """SECURITY.md case 35."""
    data = tmp_path / "data"
    with serving(data, free_port(), "--example") as process:
        idp, client_id = process.idp(), "1cenote0example0client0000"
        path = "/eu-central-1_Example01/.well-known/jwks.json"
        old = sign_in(idp, client_id, "alice", "Cenote-2026!")
        kids = {key["kid"] for key in json.loads(process.get(path)[1])["keys"]}
        assert cenote("keys", "rotate-signing", "eu-central-1_Example01", "--data", str(data)).returncode == 0
        published = {key["kid"] for key in json.loads(process.get(path)[1])["keys"]}
        assert len(kids) == 2
        assert kids < published
        assert len(published) == 4
        assert idp.get_user(AccessToken=old["AccessToken"])["Username"] == "alice"
        new = sign_in(idp, client_id, "alice", "Cenote-2026!")
        assert new["AccessToken"].split(".")[0] != old["AccessToken"].split(".")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "many"], "--port must be a whole number"),
        (["--issuer", "mine"], "--issuer must be one of own, aws"),
        (["--account", "12"], "account must be 12 digits"),
        (["--database", "mysql://x"], "postgresql://"),
        (["--config", "/nowhere.toml"], "cannot be read"),
        (["--tls-cert", "x.pem"], "go together"),
        (["--example", "--host", "0.0.0.0"], "loopback"),
        (["--example", "--public-url", "https://login.example.com"], "behind no proxy"),
        (["--public-url", "login.example.com"], "public_url must be a URL"),
        (["--public-url", "http://[login"], "public_url must be a URL"),
        (["--data", "/dev/null/x"], "choose another with --data"),
    ],
)
def test_an_operators_mistake_gets_one_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    refused = cenote("serve", "--data", str(tmp_path / "data"), *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
