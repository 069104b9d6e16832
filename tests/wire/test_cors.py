"""Browsers: preflights, and what a page may read; and methods that are no calls."""

import pytest

from .asgi import GOOD, a_scope, answering, call, dispatcher, never


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_understood(method: str) -> None:
    # recorded: amazon-archives/amazon-cognito-js#64
    answer = await call(dispatcher(InitiateAuth=never), a_scope(method=method))
    assert answer.status == 404
    assert answer.json == {
        "code": "BadRequest",
        "message": "The server did not understand the operation that was requested.",
        "type": "client",
    }


async def test_a_browsers_preflight_lets_the_sdks_headers_through() -> None:
    asked = (
        "X-Amz-Target, x-amz-user-agent,authorization,content-type,amz-sdk-invocation-id,cache-control,cookie"
    )
    scope = a_scope(method="OPTIONS", origin="https://app.example", access_control_request_headers=asked)
    answer = await call(dispatcher(), scope)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert set(answer.headers["access-control-allow-headers"].split(",")) == {
        "x-amz-target",
        "x-amz-user-agent",
        "authorization",
        "content-type",
        "amz-sdk-invocation-id",
        "cache-control",
    }
    assert answer.headers["access-control-max-age"] == "172800"


async def test_a_preflight_does_not_echo_what_is_no_header_name() -> None:
    asked = "x-amz-\r\nset-cookie: a=b,x-amz-" + "y" * 1000
    scope = a_scope(method="OPTIONS", origin="https://app.example", access_control_request_headers=asked)
    allowed = (await call(dispatcher(), scope)).headers["access-control-allow-headers"]
    assert "cookie" not in allowed
    assert len(allowed) < 200


async def test_case_85_no_origin_is_reflected_and_no_credentials_are_allowed() -> None:
    server = dispatcher(InitiateAuth=answering({}))
    for answer in (
        await call(server, a_scope(origin="https://evil.example"), GOOD),
        await call(server, a_scope(origin="null"), b"{"),
        await call(server, a_scope(method="OPTIONS", origin="https://evil.example")),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


async def test_browsers_may_read_the_headers_of_answers_and_errors() -> None:
    answer = await call(dispatcher(), a_scope(origin="https://app.example"), b"{")
    exposed = answer.headers["access-control-expose-headers"].lower().split(",")
    assert {"x-amzn-requestid", "x-amzn-errortype", "x-amzn-errormessage", "date"} <= set(exposed)


async def test_without_an_origin_there_is_no_cors() -> None:
    answer = await call(dispatcher(InitiateAuth=answering({})), a_scope(), GOOD)
    assert not [name for name in answer.headers if name.startswith("access-control")]
