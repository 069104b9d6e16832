"""Where any credentials pass, only programs and pages of this machine may make the calls that AWS signs.

Any page that a developer visits can send requests to a port of this machine, under a name of its own choice even.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import PoolFactory, RunningServer, admit, running, settings_for
from tests.security.raw import Answer, call
from tests.security.requests import BUILT, MODEL, minimal
from tests.security.test_signatures import KEY, SECRET, signed_call

SIGNED = sorted(name for name in BUILT if MODEL.operations[name].signed)
PUBLIC = sorted(BUILT - set(SIGNED))

FOREIGN_ORIGINS = [
    "https://evil.example", "http://evil.example:9400", "null", "", "http://localhost.evil.example", "file://",
    "chrome-extension://localhost", "http://127.0.0.1.evil.example", "http://192.168.0.1", "http://0.0.0.0:9400",
]  # fmt: skip
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:9400",
    "localhost.evil.example",
    "192.168.0.1:9400",
    "0.0.0.0:9400",
]
OWN_ORIGINS = ["http://localhost:3000", "https://localhost", "http://127.0.0.1:5173", "http://[::1]:3000",
               "http://app.localhost:3000"]  # fmt: skip


def describe(server: RunningServer, pool: str, **headers: str) -> Answer:
    return call(server.url, "DescribeUserPool", {"UserPoolId": pool}, **headers)


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_page_of_another_origin_makes_no_signed_call(server: RunningServer, pool: str, origin: str) -> None:
    """`null` is a sandboxed frame's or a file's. The page may read why (a text of Cenote's own)."""
    answer = describe(server, pool, origin=origin)
    code, text = answer.error
    assert (answer.status, code) == (400, "AccessDenied")
    assert "web pages of another origin" in text
    assert "cenote keys create" in text
    assert pool not in answer.body.decode()
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("origin", OWN_ORIGINS)
def test_a_page_of_this_machine_makes_signed_calls(server: RunningServer, pool: str, origin: str) -> None:
    assert describe(server, pool, origin=origin).status == 200


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_no_signed_call_is_made_under_a_name_that_was_rebound_to_this_machine(
    server: RunningServer, pool: str, host: str
) -> None:
    """A page of that name is of the same origin as its calls, to the browser; some send no Origin then."""
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        assert describe(server, pool, **headers).error[0] == "AccessDenied"


@pytest.mark.parametrize("host", ["localhost:9400", "LOCALHOST", "[::1]:9400", "cenote.localhost:1"])
def test_signed_calls_are_made_under_every_name_of_this_machine(
    server: RunningServer, pool: str, host: str
) -> None:
    assert describe(server, pool, host=host).status == 200


@pytest.mark.parametrize("operation", SIGNED)
def test_no_operation_that_aws_signs_is_open_to_a_foreign_page_with_any_credentials(
    server: RunningServer, pool: str, operation: str
) -> None:
    scope = "any/20260101/eu-central-1/cognito-idp/aws4_request"
    key = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    request = minimal(operation, UserPoolId=pool)
    for headers in ({}, {"authorization": key}):
        answer = call(server.url, operation, request, origin="https://evil.example", **headers)
        assert answer.error[0] == "AccessDenied"
    assert describe(server, pool).status == 200


@pytest.mark.parametrize("operation", PUBLIC)
def test_what_aws_does_not_sign_stays_open_to_every_page_under_every_name(
    server: RunningServer, operation: str
) -> None:
    answer = call(
        server.url, operation, minimal(operation), origin="https://app.example", host="evil.example"
    )
    assert answer.error[0] != "AccessDenied"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.fixture(scope="module", params=[{"public_url": "https://id.example.com"}, {"trusted_proxies": "127.0.0.1"}],
                ids=["public_url", "trusted_proxies"])  # fmt: skip
def proxied(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on loopback that a proxy passes requests on to."""
    with running(settings_for(tmp_path_factory.mktemp("proxied") / "data", **request.param)) as one:
        one.run(admit(one.app, KEY, SECRET))
        yield one


def test_behind_a_proxy_credentials_are_verified_although_the_bind_is_loopback(
    proxied: RunningServer,
) -> None:
    create = b'{"PoolName":"p"}'
    assert call(proxied.url, "CreateUserPool", create).error[0] == "MissingAuthenticationToken"
    assert signed_call(proxied, "CreateUserPool", create, secret="other").error[0] == "InvalidSignature"
    assert signed_call(proxied, "CreateUserPool", create).status == 200


def test_behind_a_proxy_a_good_signature_is_enough_whatever_the_origin_and_host(
    proxied: RunningServer,
) -> None:
    headers = {"Origin": "https://admin.example.com"}
    assert signed_call(proxied, "CreateUserPool", b'{"PoolName":"p"}', headers=headers).status == 200


@pytest.mark.parametrize(
    "url", ["http://localhost:9400", "http://127.0.0.1:9400/", "http://cenote.localhost"]
)
def test_a_public_url_of_this_machine_opens_it_to_nobody(tmp_path_factory: Any, url: str) -> None:
    assert settings_for(tmp_path_factory.mktemp("own"), public_url=url).private
