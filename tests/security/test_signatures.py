"""A server beyond loopback: no operation that AWS signs is done without a good signature, whichever it is (case 78)."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import RunningServer, admit, running, settings_for
from tests.security.raw import JSON, PREFIX, Answer, ask, call
from tests.security.requests import BUILT, MODEL, minimal
from tests.wire.signing import signed

KEY, SECRET = "AKIAOFTHISTEST000000", "a-secret-of-this-test-that-nobody-else-has"
SIGNED = sorted(name for name in BUILT if MODEL.operations[name].signed)
PUBLIC = sorted(BUILT - set(SIGNED))
MISMATCH = "InvalidSignature"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(settings_for(tmp_path_factory.mktemp("public") / "data", host="0.0.0.0")) as one:
        one.run(admit(one.app, KEY, SECRET))
        one.url = one.url.replace("0.0.0.0", "127.0.0.1")
        yield one


@pytest.fixture(scope="module")
def pool(server: RunningServer) -> str:
    answer = signed_call(server, "CreateUserPool", b'{"PoolName":"p"}')
    return str(answer.document["UserPool"]["Id"])


def signature(server: RunningServer, operation: str, body: bytes, **how: Any) -> dict[str, str]:
    """The headers of a call as botocore signs it, by the names that `call` wants."""
    headers = {"X-Amz-Target": f"{PREFIX}.{operation}", **how.pop("headers", {})}
    request = signed(f"{server.url}/", body=body, key=how.pop("key", KEY), secret=how.pop("secret", SECRET),
                     headers=headers, **how)  # fmt: skip
    return {name.decode().replace("-", "_"): value.decode() for name, value in request.headers}


def signed_call(server: RunningServer, operation: str, body: bytes, **how: Any) -> Answer:
    return call(server.url, operation, body, **signature(server, operation, body, **how))


def all_rows(server: RunningServer) -> Any:
    async def counted() -> Any:
        one = server.app.store.engine.one
        return [
            await one(f"SELECT COUNT(*) FROM {name}") for name in ("pools", "clients", "users", "user_groups")
        ]

    return server.run(counted())


@pytest.mark.parametrize("operation", SIGNED)
def test_case_78_no_signed_operation_is_done_without_a_good_signature(
    server: RunningServer, pool: str, operation: str
) -> None:
    request = minimal(operation, UserPoolId=pool)
    before = all_rows(server)
    body = b'{"UserPoolId":"%s"}' % pool.encode()
    assert call(server.url, operation, request).error[0] == "MissingAuthenticationToken"
    assert (
        call(server.url, operation, request, authorization="Bearer x.y.z").error[0]
        == "MissingAuthenticationToken"
    )
    wrong = {
        "UnrecognizedClient": {"key": "AKIANOBODYS0000000000"},
        MISMATCH: {"secret": SECRET + "x"},
    }
    for error, how in wrong.items():
        assert signed_call(server, operation, body, **how).error[0] == error
    assert signed_call(server, operation, body, service="sts").error[0] == MISMATCH
    assert all_rows(server) == before


def test_case_78_a_good_signature_is_what_was_missing(server: RunningServer, pool: str) -> None:
    """The measure of the test above."""
    body = b'{"UserPoolId":"%s"}' % pool.encode()
    assert signed_call(server, "DescribeUserPool", body).status == 200
    assert server.run(server.app.store.pools.find(pool)) is not None


@pytest.mark.parametrize("operation", PUBLIC)
def test_case_78_what_aws_does_not_sign_is_not_asked_for_a_signature(
    server: RunningServer, operation: str
) -> None:
    """And one that comes along is not looked at: SDKs with credentials at hand sign everything."""
    for headers in ({}, {"authorization": "AWS4-HMAC-SHA256 Credential=x"}, {"authorization": "Bearer x"}):
        answer = call(server.url, operation, minimal(operation), **headers)
        assert answer.status == 400 or operation == "RevokeToken"
        assert answer.error[0] not in {"MissingAuthenticationToken", "IncompleteSignature", MISMATCH}


def test_case_78_a_signature_is_for_one_body_operation_region_service_and_moment(
    server: RunningServer, pool: str
) -> None:
    body = b'{"UserPoolId":"%s"}' % pool.encode()
    headers = signature(server, "DescribeUserPool", body)

    def said(**changes: str) -> str:
        return call(server.url, "DescribeUserPool", body, **{**headers, **changes}).error[0]

    assert said() == ""
    authorization = headers["authorization"]
    other = body.replace(b"User", b"user")
    assert call(server.url, "DescribeUserPool", other, **headers).error[0] == MISMATCH
    assert said(x_amz_target=f"{PREFIX}.DeleteUserPool") == MISMATCH
    assert said(authorization=authorization.replace("/eu-central-1/", "/us-east-1/")) == MISMATCH
    assert said(authorization=authorization.replace("/cognito-idp/", "/cognito-identity/")) == MISMATCH
    assert said(authorization=authorization[:-1] + ("0" if authorization[-1] != "0" else "1")) == MISMATCH
    assert said(authorization=authorization.replace(";x-amz-target", "")) == MISMATCH
    assert said(x_amz_content_sha256="UNSIGNED-PAYLOAD") == MISMATCH
    assert said(x_amz_date="20200101T000000Z") == MISMATCH
    assert said(host="evil.example") == MISMATCH
    for minutes, expected in ((-6, MISMATCH), (6, MISMATCH), (-4, ""), (4, "")):
        server.clock.advance(minutes=minutes)
        try:
            assert said() == expected
        finally:
            server.clock.advance(minutes=-minutes)


def test_case_78_a_signature_in_the_query_is_held_to_the_same(server: RunningServer, pool: str) -> None:
    body = b'{"UserPoolId":"%s"}' % pool.encode()
    queries = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=x&X-Amz-SignedHeaders=host&X-Amz-Date=x",
        "X-Amz-Algorithm=none",
        "X-Amz-Credential=" + KEY,
    )
    target = {"content_type": JSON, "x_amz_target": f"{PREFIX}.DescribeUserPool"}
    for query in queries:
        answer = ask(server.url, "POST", f"/?{query}", body, **target)
        assert answer.status == 400
        assert answer.error[0] in {"MissingAuthenticationToken", "IncompleteSignature", MISMATCH}


@pytest.mark.parametrize(
    "authorization",
    ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=", "AWS4-",
     "AWS4-HMAC-SHA1 Credential=a/20260101/r/cognito-idp/aws4_request, SignedHeaders=host, Signature=0",
     "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0", "AWS4-HMAC-SHA256 " + "a=b," * 5000,
     "AWS4-HMAC-SHA256 Credential=\xff/20260101/r/cognito-idp/aws4_request, SignedHeaders=\xff, Signature=\xff",
     "AWS4-HMAC-SHA256 Credential=a/20260101/r/cognito-idp/aws4_request, SignedHeaders=;;;, Signature=é", "Basic YTpi"],
)  # fmt: skip
def test_case_78_what_is_no_signature_is_refused_as_none(
    server: RunningServer, pool: str, authorization: str
) -> None:
    body = b'{"UserPoolId":"%s"}' % pool.encode()
    answer = call(
        server.url, "DescribeUserPool", body, authorization=authorization, x_amz_date="20260101T000000Z"
    )
    assert answer.status == 400
    assert answer.error[0] in {"MissingAuthenticationToken", "IncompleteSignature", MISMATCH}
