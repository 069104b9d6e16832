"""Signatures in the way of a call."""

import json
from typing import Any

from cenote.wire.dispatch import Dispatcher
from cenote.wire.sigv4 import SignatureVerifier, SignedRequest

from .asgi import a_scope, call
from .signing import BODY, FORMS, KEY, Now, secret_of, signed, with_header


def as_scope(request: SignedRequest) -> Any:
    return dict(a_scope()) | {
        "headers": request.headers,
        "query_string": request.query,
        "raw_path": request.path,
    }


def a_server(clock: Now) -> Dispatcher[Any]:
    async def handler(ctx: Any, _req: Any) -> Any:
        return {
            "UserPool": {"Name": f"{ctx.access_key_id} {ctx.region}"},
            "Username": "u",
            "UserAttributes": [],
        }

    return Dispatcher(
        {"cognito_idp": {"DescribeUserPool": handler, "GetUser": handler}},
        context=lambda facts: facts,
        signatures=SignatureVerifier(secret_of, clock),
        clock=clock,
    )


@FORMS
async def test_a_signed_call_is_answered_with_its_signer_and_region(auth: Any, now: Now) -> None:
    answer = await call(a_server(now), as_scope(signed(region="ap-south-1", auth=auth)), BODY)
    assert answer.status == 200
    assert answer.json["UserPool"]["Name"] == f"{KEY} ap-south-1"


async def test_an_unsigned_call_of_a_signed_operation_is_refused(now: Now) -> None:
    answer = await call(a_server(now), as_scope(with_header(signed(), "authorization", None)), BODY)
    assert (answer.status, answer.error) == (
        400,
        ("MissingAuthenticationTokenException", "Missing Authentication Token"),
    )


async def test_a_call_with_an_altered_body_is_refused(now: Now) -> None:
    answer = await call(a_server(now), as_scope(signed()), BODY + b" ")
    assert answer.error[0] == "InvalidSignatureException"


async def test_an_operation_that_aws_does_not_sign_needs_no_signature(now: Now) -> None:
    answer = await call(a_server(now), a_scope("GetUser", authorization="Bearer x"), b'{"AccessToken":"t"}')
    assert answer.status == 200


async def test_a_refused_signature_says_nothing_of_the_request(now: Now) -> None:
    answer = await call(a_server(now), as_scope(signed(secret="other")), BODY)
    assert b"Abc123XYZ" not in answer.body
    assert json.loads(answer.body).keys() == {"__type", "message"}
