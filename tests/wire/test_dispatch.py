"""One API call after another, straight into the ASGI callable."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.errors import InternalError, NotAuthorized
from cenote.domain.request import RequestFacts

from .asgi import GOOD, NOW, a_scope, answering, call, dispatcher, failing, never


async def test_a_good_call_reaches_its_handler_and_its_answer_the_client() -> None:
    seen: list[Any] = []

    async def initiate_auth(ctx: RequestFacts, req: Any) -> Any:
        seen.append((ctx, req))
        return {"ChallengeName": "SMS_MFA", "ChallengeParameters": {"A": "ü"}}

    scope = a_scope(user_agent="Boto3/1.44")
    answer = await call(dispatcher(InitiateAuth=initiate_auth), scope, GOOD[:10], GOOD[10:])
    assert answer.status == 200
    assert answer.json == {"ChallengeName": "SMS_MFA", "ChallengeParameters": {"A": "ü"}}
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.headers["content-length"] == str(len(answer.body))
    ((facts, request),) = seen
    assert request == {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "abc"}
    assert facts == RequestFacts(
        request_id=answer.headers["x-amzn-requestid"],
        region=None,
        address="192.0.2.7",
        user_agent="Boto3/1.44",
        access_key_id=None,
        operation="InitiateAuth",
    )


async def test_every_answer_has_an_id_of_its_own() -> None:
    server = dispatcher(InitiateAuth=answering({}))
    answers = [await call(server, a_scope(), GOOD), await call(server, a_scope(), b"?")]
    answers += [await call(server, a_scope("Nope"), GOOD), await call(server, a_scope(method="GET"))]
    assert len({answer.headers["x-amzn-requestid"] for answer in answers}) == 4


async def test_answers_are_dated_by_the_clock_that_signatures_are_checked_by() -> None:
    answer = await call(dispatcher(InitiateAuth=answering({})), a_scope(), GOOD)
    assert answer.headers["date"] == datetime.fromtimestamp(NOW // 1000, UTC).strftime(
        "%a, %d %b %Y %H:%M:%S GMT"
    )


async def test_the_region_and_key_that_a_caller_claims_are_handed_on() -> None:
    seen: list[RequestFacts] = []

    async def initiate_auth(ctx: RequestFacts, _req: Any) -> Any:
        seen.append(ctx)
        return {}

    claim = (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/ap-south-1/cognito-idp/aws4_request, Signature=0"
    )
    server = dispatcher(InitiateAuth=initiate_auth)
    await call(server, a_scope(authorization=claim), GOOD)
    await call(server, a_scope(authorization="Bearer abc"), GOOD)
    presigned = a_scope()
    presigned["query_string"] = b"X-Amz-Credential=AKID%2F20270115%2Feu-west-1%2Fcognito-idp%2Faws4_request"
    await call(server, presigned, GOOD)
    assert [(facts.region, facts.access_key_id) for facts in seen] == [
        ("ap-south-1", "AKIDEXAMPLE"),
        (None, None),
        ("eu-west-1", "AKID"),
    ]


# Errors


async def test_an_error_of_the_family_is_told_in_body_and_headers() -> None:
    # recorded: localstack/localstack#3201, the colon included
    server = dispatcher(InitiateAuth=failing(NotAuthorized("Incorrect username or password.")))
    answer = await call(server, a_scope(), GOOD)
    assert answer.status == 400
    assert answer.json == {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}
    assert answer.headers["x-amzn-errortype"] == "NotAuthorizedException:"
    assert answer.headers["x-amzn-errormessage"] == "Incorrect username or password."


async def test_an_error_text_cannot_break_its_header() -> None:
    text = "a\r\nSet-Cookie: x=y\u2028ü" + "z" * 5000
    answer = await call(dispatcher(InitiateAuth=failing(NotAuthorized(text))), a_scope(), GOOD)
    assert answer.json["message"] == text
    header = answer.headers["x-amzn-errormessage"]
    assert header.startswith("a??Set-Cookie: x=y??zzz")
    assert len(header) == 1024


async def test_case_84_an_unforeseen_error_tells_the_client_nothing_and_the_log_no_values(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def initiate_auth(_ctx: Any, req: Any) -> Any:
        try:
            {}[req["AuthParameters"]["PASSWORD"]]
        except KeyError as error:
            raise ValueError(f"no {req}") from error

    body = json.dumps(
        {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "abc", "AuthParameters": {"PASSWORD": "hunter2"}}
    ).encode()
    with caplog.at_level(logging.DEBUG):
        answer = await call(dispatcher(InitiateAuth=initiate_auth), a_scope(), body)
    assert answer.status == 500
    assert answer.json == {"__type": "InternalErrorException", "message": "Internal server error"}
    (record,) = caplog.records
    assert record.name == "cenote.wire"
    text = record.getMessage()
    assert answer.headers["x-amzn-requestid"] in text
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "in initiate_auth" in text
    assert "hunter2" not in text
    assert record.exc_info is None


async def test_an_answer_that_cannot_be_json_is_an_internal_error() -> None:
    for answer_ in ({"Session": object()}, {"Session": "\ud800"}):
        answer = await call(dispatcher(InitiateAuth=answering(answer_)), a_scope(), GOOD)
        assert answer.error == ("InternalErrorException", "Internal server error")


async def test_an_internal_error_is_a_500() -> None:
    answer = await call(dispatcher(InitiateAuth=failing(InternalError("No."))), a_scope(), GOOD)
    assert (answer.status, answer.error) == (500, ("InternalErrorException", "No."))


@pytest.mark.parametrize(
    "target", ["", "Nope", "AWSCognitoIdentityService.InitiateAuth", "x" * 10_000, "initiateauth"]
)
async def test_an_unknown_target(target: str) -> None:
    # recorded: aws/aws-sdk-net#1536, no text
    answer = await call(
        dispatcher(InitiateAuth=never), a_scope(f"{target}." if "." not in target else target), b"{}"
    )
    assert answer.status == 400
    assert answer.json == {"__type": "UnknownOperationException"}


async def test_no_target_at_all() -> None:
    scope = a_scope()
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"x-amz-target"]
    assert (await call(dispatcher(), scope, b"{}")).json == {"__type": "UnknownOperationException"}


async def test_an_operation_that_is_not_built_is_named() -> None:
    answer = await call(dispatcher(), a_scope("AdminInitiateAuth"), b"{}")
    assert answer.error == ("UnknownOperationException", "AdminInitiateAuth is not built yet in Cenote.")


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""]
)
async def test_another_content_type_is_no_call(content_type: str) -> None:
    # recorded from Kinesis for the error's name; its text is ours
    answer = await call(dispatcher(InitiateAuth=never), a_scope(content_type=content_type), GOOD)
    assert answer.error[0] == "UnknownOperationException"


async def test_a_charset_after_the_content_type_is_let_through() -> None:
    scope = a_scope(content_type="application/x-amz-json-1.1; charset=UTF-8")
    assert (await call(dispatcher(InitiateAuth=answering({})), scope, GOOD)).status == 200


def test_a_handler_for_an_operation_that_aws_does_not_have_stops_the_start() -> None:
    with pytest.raises(ValueError, match="cognito_idp has no operation MakeCoffee"):
        dispatcher(MakeCoffee=never)


async def test_each_call_is_observed_with_its_error() -> None:
    seen: list[tuple[str, str | None, float]] = []
    server = dispatcher(
        InitiateAuth=answering({}),
        GetUser=failing(NotAuthorized("no")),
        observe=lambda *call_: seen.append(call_),
    )
    await call(server, a_scope(), GOOD)
    await call(server, a_scope("GetUser"), b'{"AccessToken":"t"}')
    await call(server, a_scope("Nope"), b"{}")
    assert [(operation, error) for operation, error, _ in seen] == [
        ("InitiateAuth", None),
        ("GetUser", "NotAuthorizedException"),
        ("", "UnknownOperationException"),
    ]
    assert all(0 <= seconds < 5 for *_, seconds in seen)


@given(st.binary(max_size=200), st.text(max_size=30))
def test_no_bytes_lead_to_a_stack_trace(body: bytes, target: str) -> None:
    scope = a_scope()
    scope["headers"].append((b"authorization", target.encode("utf-8", "replace")))
    scope["query_string"] = body[:50]
    answer = asyncio.run(call(dispatcher(InitiateAuth=never), scope, body))
    assert answer.status == 400
