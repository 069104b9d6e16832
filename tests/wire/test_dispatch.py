"""One API call after another, straight into the ASGI callable."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.errors import CodeMismatch, InternalError, NotAuthorized, UserNotFound
from cenote.domain.request import RequestFacts
from cenote.wire.dispatch import Dispatcher

from .asgi import a_scope, call, messages

NOW = 1_800_000_000_123
GOOD = json.dumps({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "abc"}).encode()
POOL = "eu-central-1_Abc123XYZ"


def dispatcher(**options: Any) -> Dispatcher[RequestFacts]:
    """A dispatcher with the given handlers, whose context is just the facts of the request."""
    known = {"signatures", "max_body", "body_timeout", "conforming", "observe"}
    handlers = {name: handler for name, handler in options.items() if name not in known}
    rest: dict[str, Any] = {"signatures": None} | {name: options[name] for name in options if name in known}
    return Dispatcher(
        {"cognito_idp": handlers, "cognito_identity": {}},
        context=lambda facts: facts,
        clock=lambda: NOW,
        **rest,
    )


def answering(answer: Mapping[str, Any] | None) -> Callable[[Any, Any], Any]:
    async def handler(_ctx: Any, _req: Any) -> Any:
        return answer

    return handler


def failing(error: Exception) -> Callable[[Any, Any], Any]:
    async def handler(_ctx: Any, _req: Any) -> Any:
        raise error

    return handler


async def never(_ctx: Any, _req: Any) -> Any:
    raise AssertionError("a handler was reached")


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


async def test_an_operation_without_an_output_answers_with_an_empty_body() -> None:
    # recorded from Kinesis, same framework (mhart/kinesalite)
    body = json.dumps({"UserPoolId": POOL, "Username": "u"}).encode()
    answer = await call(dispatcher(AdminDeleteUser=answering(None)), a_scope("AdminDeleteUser"), body)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == "0"


async def test_members_that_are_none_are_left_out_and_nulls_in_documents_stay() -> None:
    branding = {"ClientId": None, "ManagedLoginBranding": {"UserPoolId": None, "Settings": {"a": None}}}
    body = json.dumps({"UserPoolId": POOL, "ClientId": "abc"}).encode()
    server = dispatcher(
        CreateManagedLoginBranding=answering({"ManagedLoginBranding": branding["ManagedLoginBranding"]})
    )
    answer = await call(server, a_scope("CreateManagedLoginBranding"), body)
    assert answer.json == {"ManagedLoginBranding": {"Settings": {"a": None}}}


async def test_a_text_that_says_null_stays() -> None:
    server = dispatcher(
        InitiateAuth=answering({"Session": "null", "ChallengeParameters": {"a": "b", "c": None}})
    )
    answer = await call(server, a_scope(), GOOD)
    assert answer.json == {"Session": "null", "ChallengeParameters": {"a": "b"}}


async def test_blobs_are_base64_and_timestamps_seconds() -> None:
    answer_ = {"UICustomization": {"CSS": "x", "LastModifiedDate": 1_700_000_000.5}}
    server = dispatcher(GetUICustomization=answering(answer_))
    answer = await call(server, a_scope("GetUICustomization"), json.dumps({"UserPoolId": POOL}).encode())
    assert b'"LastModifiedDate":1700000000.5' in answer.body


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


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"1",
        b'"x"',
        b"{}x",
        b"{'a':1}",
        b'{"ClientId":}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 100_000 + b"}",
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00x"}',
        b'{"a":"\x00"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
async def test_malformed_json_is_a_serialization_error_without_text(body: bytes) -> None:
    # recorded from Athena and Kinesis, same framework: no text
    answer = await call(dispatcher(InitiateAuth=never), a_scope(), body)
    assert answer.status == 400
    assert answer.json == {"__type": "SerializationException"}


async def test_a_wrong_type_spells_its_message_with_a_capital() -> None:
    # recorded: aws-amplify/amplify-js#4738
    body = json.dumps({"AuthFlow": "USER_SRP_AUTH", "ClientId": "abc", "AuthParameters": "x"}).encode()
    answer = await call(dispatcher(InitiateAuth=never), a_scope(), body)
    assert answer.json == {"__type": "SerializationException", "Message": "Expected map or null"}


async def test_of_duplicate_keys_the_last_counts() -> None:
    body = b'{"AuthFlow":"USER_SRP_AUTH","ClientId":"no good!","ClientId":"abc"}'
    assert (await call(dispatcher(InitiateAuth=answering({})), a_scope(), body)).status == 200


async def test_a_broken_constraint_never_reaches_the_handler() -> None:
    answer = await call(dispatcher(InitiateAuth=never), a_scope(), b"{}")
    assert answer.error == (
        "InvalidParameterException",
        (
            "2 validation errors detected: "
            "Value null at 'clientId' failed to satisfy constraint: Member must not be null; "
            "Value null at 'authFlow' failed to satisfy constraint: Member must not be null"
        ),
    )


async def test_case_83_a_body_declared_too_large_is_refused_unread() -> None:
    server = dispatcher(InitiateAuth=never, max_body=1000)
    for declared in ("1001", "9" * 5000, "-1", "x"):
        (start, body) = await messages(server, a_scope(content_length=declared))
        assert start["status"] == 413
        assert json.loads(body["body"])["__type"] == "RequestEntityTooLargeException"
        assert (b"connection", b"close") in start["headers"]


async def test_case_83_a_body_that_grows_too_large_is_not_read_on() -> None:
    server = dispatcher(InitiateAuth=never, max_body=1000)
    chunk = {"type": "http.request", "body": b" " * 600, "more_body": True}
    (start, _) = await messages(server, a_scope(), chunk, chunk)
    assert start["status"] == 413


async def test_a_body_of_the_largest_size_is_read() -> None:
    server = dispatcher(InitiateAuth=answering({}), max_body=1000)
    body = GOOD + b" " * (1000 - len(GOOD))
    assert (await call(server, a_scope(content_length="1000"), body[:400], body[400:])).status == 200


async def test_case_83_a_body_that_does_not_come_times_out() -> None:
    server = dispatcher(InitiateAuth=never, body_timeout=0.001)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await server(a_scope(), receive, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["__type"] == "RequestTimeoutException"


async def test_over_http_2_the_connection_is_left_open() -> None:
    scope = a_scope(content_length="9999999")
    scope["http_version"] = "2"
    (start, _) = await messages(dispatcher(), scope)
    assert b"connection" not in dict(start["headers"])


async def test_a_client_that_hangs_up_is_not_answered() -> None:
    chunk = {"type": "http.request", "body": b"{", "more_body": True}
    assert await messages(dispatcher(InitiateAuth=never), a_scope(), chunk, {"type": "http.disconnect"}) == []


# Not calls


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


# Observed, and held to the model


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


async def test_conforming_an_error_that_the_model_does_not_list_is_loud() -> None:
    handlers = {"InitiateAuth": failing(CodeMismatch("Wrong."))}
    assert (await call(dispatcher(**handlers), a_scope(), GOOD)).error[0] == "CodeMismatchException"
    answer = await call(dispatcher(**handlers, conforming=True), a_scope(), GOOD)
    assert (answer.status, answer.error) == (
        500,
        (
            "InternalErrorException",
            "InitiateAuth failed with CodeMismatchException, which the model does not list for it: Wrong.",
        ),
    )


async def test_conforming_listed_and_common_errors_pass() -> None:
    server = dispatcher(InitiateAuth=failing(UserNotFound("User does not exist.")), conforming=True)
    assert (await call(server, a_scope(), GOOD)).error[0] == "UserNotFoundException"
    assert (await call(server, a_scope(), b"{")).error[0] == "SerializationException"
    assert (await call(server, a_scope("SignUp"), b"{}")).error[0] == "UnknownOperationException"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"Sesion": "x"}, "InitiateAuthResponse.Sesion is not in the model"),
        ({"Session": 1}, "InitiateAuthResponse.Session is a int, not a string"),
        ({"ChallengeName": "COFFEE"}, "InitiateAuthResponse.ChallengeName is 'COFFEE', none of SMS_MFA"),
        ({"ChallengeParameters": {"a": 1}}, "InitiateAuthResponse.ChallengeParameters['a'] is a int"),
        ({"AvailableChallenges": ["x"]}, "InitiateAuthResponse.AvailableChallenges[0] is 'x'"),
        (
            {"AuthenticationResult": {"ExpiresIn": True}},
            "AuthenticationResult.ExpiresIn is a bool, not a integer",
        ),
        ([], "InitiateAuthResponse is a list, not a structure"),
    ],
)
async def test_conforming_an_answer_out_of_its_shape_is_loud(wrong: Any, text: str) -> None:
    answer = await call(dispatcher(InitiateAuth=answering(wrong), conforming=True), a_scope(), GOOD)
    assert answer.status == 500
    assert text in answer.json["message"]


async def test_conforming_a_required_member_must_be_there() -> None:
    server = dispatcher(GetUser=answering({"Username": "u", "UserAttributes": None}), conforming=True)
    answer = await call(server, a_scope("GetUser"), b'{"AccessToken":"t"}')
    assert "GetUserResponse.UserAttributes is missing" in answer.json["message"]


async def test_conforming_an_operation_without_output_must_not_answer() -> None:
    body = json.dumps({"UserPoolId": POOL, "Username": "u"}).encode()
    server = dispatcher(AdminDeleteUser=answering({"a": "b"}), conforming=True)
    assert (await call(server, a_scope("AdminDeleteUser"), body)).status == 500


async def test_conforming_a_fitting_answer_passes() -> None:
    answer_ = {
        "Username": "u",
        "UserAttributes": [{"Name": "email", "Value": "a@b.c"}],
        "MFAOptions": None,
        "UserMFASettingList": ["SMS_MFA"],
    }
    server = dispatcher(GetUser=answering(answer_), conforming=True)
    answer = await call(server, a_scope("GetUser"), b'{"AccessToken":"t"}')
    assert (answer.status, answer.json) == (200, {key: item for key, item in answer_.items() if item})


@given(st.binary(max_size=200), st.text(max_size=30))
def test_no_bytes_lead_to_a_stack_trace(body: bytes, target: str) -> None:
    scope = a_scope()
    scope["headers"].append((b"authorization", target.encode("utf-8", "replace")))
    scope["query_string"] = body[:50]
    answer = asyncio.run(call(dispatcher(InitiateAuth=never), scope, body))
    assert answer.status == 400
