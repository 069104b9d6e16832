"""Answers as they go out, and held to the model where tests ask for it."""

import json
from typing import Any

import pytest

from cenote.domain.errors import CodeMismatch, UserNotFound

from .asgi import GOOD, POOL, a_scope, answering, call, dispatcher, failing


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
