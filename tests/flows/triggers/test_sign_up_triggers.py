"""PreSignUp and PostConfirmation. Events are recorded, in the Powertools' and others' test data, or documented."""

from typing import Any

import pytest
from tests.calls import PASSWORD, attributes_of, pairs, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.flows.triggers.conftest import triggers
from tests.functions import FunctionServer, answering, refusing
from tests.outbox import code_to, messages_to

from cenote.domain.request import RequestFacts
from cenote.domain.users import EXTERNAL_PROVIDER, User
from cenote.flows.triggers.firing import Occasion
from cenote.flows.triggers.pre_sign_up import Source, approved

CONTEXT = {"awsSdkVersion": "aws-sdk-unknown-unknown"}
ADMINISTRATOR = {**CONTEXT, "clientId": "CLIENT_ID_NOT_APPLICABLE"}
TIMEOUT = "invocation failed due to error Socket timeout while invoking Lambda function."


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
        **triggers("PreSignUp", "PostConfirmation"),
    )


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def sign_up(idp: Any, app: str, name: str, email: str | None = None, **request: Any) -> Any:
    attributes = pairs({"email": email or f"{name}@example.com"}) if email != "" else []
    return idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=attributes, **request)


def test_pre_sign_up_is_told_who_signs_up(idp: Any, pool: str, app: str, functions: FunctionServer) -> None:
    sign_up(
        idp,
        app,
        "ada",
        ValidationData=[{"Name": "invitation", "Value": "123"}],
        ClientMetadata={"campaign": "spring"},
    )
    assert functions.event("PreSignUp") == {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {**CONTEXT, "clientId": app},
        "triggerSource": "PreSignUp_SignUp",
        "request": {
            "userAttributes": {"email": "ada@example.com"},
            "validationData": {"invitation": "123"},
            "clientMetadata": {"campaign": "spring"},
        },
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    assert functions.events("PostConfirmation") == []


def test_without_validation_data_the_event_has_null(idp: Any, app: str, functions: FunctionServer) -> None:
    """recorded"""
    sign_up(idp, app, "bea")
    assert functions.event("PreSignUp")["request"] == {
        "userAttributes": {"email": "bea@example.com"},
        "validationData": None,
    }


def test_pre_sign_up_confirms_and_verifies(
    idp: Any, server: RunningServer, pool: str, app: str, functions: FunctionServer
) -> None:
    functions.answers["PreSignUp"] = answering(autoConfirmUser=True, autoVerifyEmail=True)
    answer = sign_up(idp, app, "cora")
    assert answer["UserConfirmed"] is True
    assert "CodeDeliveryDetails" not in answer
    assert messages_to(server.url, "cora@example.com") == []
    user = idp.admin_get_user(UserPoolId=pool, Username="cora")
    assert user["UserStatus"] == "CONFIRMED"
    assert attributes_of(user)["email_verified"] == "true"
    assert sign_in(idp, app, "cora@example.com")["AccessToken"]
    event = functions.event("PostConfirmation")
    assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"


def test_an_alias_that_is_verified_so_moves_to_the_new_user(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    """documented"""
    functions.answers["PreSignUp"] = answering(autoConfirmUser=True, autoVerifyEmail=True)
    sign_up(idp, app, "dan", "shared@example.com")
    sign_up(idp, app, "dora", "shared@example.com")
    assert idp.admin_get_user(UserPoolId=pool, Username="shared@example.com")["Username"] == "dora"
    assert attributes_of(idp.admin_get_user(UserPoolId=pool, Username="dan"))["email_verified"] == "false"


def test_verifying_what_is_not_there_is_a_bad_answer(idp: Any, app: str, functions: FunctionServer) -> None:
    """documented: an error; its text is assumed"""
    functions.answers["PreSignUp"] = answering(autoVerifyPhone=True)
    assert refusal(sign_up, idp, app, "eve") == ("InvalidLambdaResponse", "Unrecognizable lambda output")


def test_pre_sign_up_refuses_with_its_own_words(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    functions.answers["PreSignUp"] = refusing("by invitation only")
    assert refusal(sign_up, idp, app, "finn") == (
        "UserLambdaValidation",
        "PreSignUp failed with error by invitation only.",
    )
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="finn")[0] == "UserNotFound"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"", "Invalid lambda function output : Invalid JSON"),
        (b"<html>", "Invalid lambda function output : Invalid JSON"),
        (b"null", "Invalid lambda function output : Invalid JSON"),
        (b'{"response": ' + b"[" * 100_000, "Invalid lambda function output : Invalid JSON"),
        (
            b'{"response": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
            "Invalid lambda function output : Invalid JSON",
        ),
        (b"[]", "Unrecognizable lambda output"),
        (b'{"response": null}', "Unrecognizable lambda output"),
        (b'{"statusCode": 200}', "Unrecognizable lambda output"),
        (b'{"response": {"autoConfirmUser": "yes"}}', "Unrecognizable lambda output"),
        (b'{"response": {"autoConfirmUser": true, "autoVerifyEmail": 1}}', "Unrecognizable lambda output"),
    ],
)
def test_a_bad_answer_signs_nobody_up(
    idp: Any, pool: str, app: str, functions: FunctionServer, answer: bytes, text: str
) -> None:
    functions.answers["PreSignUp"] = lambda _: answer
    assert refusal(sign_up, idp, app, "gil") == ("InvalidLambdaResponse", text)
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="gil")[0] == "UserNotFound"


def test_no_answer_in_time_signs_nobody_up_and_the_tries_share_their_key(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    functions.answers["PreSignUp"] = functions.hang
    assert refusal(sign_up, idp, app, "hal") == ("UnexpectedLambda", f"PreSignUp {TIMEOUT}")
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="hal")[0] == "UserNotFound"
    first, second = functions.calls
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_administrators_make_users_who_stay_as_they_are(
    idp: Any, pool: str, functions: FunctionServer
) -> None:
    """documented: the response of PreSignUp_AdminCreateUser is ignored"""
    functions.answers["PreSignUp"] = answering(autoConfirmUser=True, autoVerifyEmail=True)
    idp.admin_create_user(
        UserPoolId=pool,
        Username="ida",
        MessageAction="SUPPRESS",
        UserAttributes=pairs({"email": "ida@example.com"}),
        ValidationData=pairs({"desk": "4"}),
        ClientMetadata={"by": "hand"},
    )
    event = functions.event("PreSignUp")
    assert event["triggerSource"] == "PreSignUp_AdminCreateUser"
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    assert event["request"] == {
        "userAttributes": {"email": "ida@example.com"},
        "validationData": {"desk": "4"},
        "clientMetadata": {"by": "hand"},
    }
    assert idp.admin_get_user(UserPoolId=pool, Username="ida")["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_administrators_hear_the_function_refuse(idp: Any, pool: str, functions: FunctionServer) -> None:
    functions.answers["PreSignUp"] = refusing("no more")
    request = {"UserPoolId": pool, "Username": "jim", "MessageAction": "SUPPRESS"}
    assert refusal(idp.admin_create_user, **request) == (
        "UserLambdaValidation",
        "PreSignUp failed with error no more.",
    )
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="jim")[0] == "UserNotFound"


def test_post_confirmation_is_told_who_confirmed(
    idp: Any, server: RunningServer, pool: str, app: str, functions: FunctionServer
) -> None:
    sub = sign_up(idp, app, "kim")["UserSub"]
    code = code_to(server.url, "kim@example.com")
    idp.confirm_sign_up(ClientId=app, Username="kim", ConfirmationCode=code, ClientMetadata={"a": "b"})
    assert functions.event("PostConfirmation") == {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "kim",
        "callerContext": {**CONTEXT, "clientId": app},
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "request": {
            "userAttributes": {
                "sub": sub,
                "cognito:user_status": "CONFIRMED",
                "email": "kim@example.com",
                "email_verified": "true",
            },
            "clientMetadata": {"a": "b"},
        },
        "response": {},
    }


def test_a_wrong_code_tells_nobody(idp: Any, app: str, functions: FunctionServer) -> None:
    sign_up(idp, app, "lea")
    assert (
        refusal(idp.confirm_sign_up, ClientId=app, Username="lea", ConfirmationCode="x")[0] == "CodeMismatch"
    )
    assert functions.events("PostConfirmation") == []


def test_an_error_after_the_confirmation_undoes_nothing(
    idp: Any, server: RunningServer, pool: str, app: str, functions: FunctionServer
) -> None:
    """documented for users; the user stays confirmed"""
    sign_up(idp, app, "mia")
    functions.answers["PostConfirmation"] = refusing("oh")
    code = code_to(server.url, "mia@example.com")
    assert refusal(idp.confirm_sign_up, ClientId=app, Username="mia", ConfirmationCode=code) == (
        "UserLambdaValidation",
        "PostConfirmation failed with error oh.",
    )
    assert idp.admin_get_user(UserPoolId=pool, Username="mia")["UserStatus"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"ok", ("InvalidLambdaResponse", "Invalid lambda function output : Invalid JSON")),
        (b'{"response": 5}', ("InvalidLambdaResponse", "Unrecognizable lambda output")),
        (None, ("UnexpectedLambda", f"PostConfirmation {TIMEOUT}")),
    ],
    ids=["no JSON", "another shape", "too late"],
)
def test_a_bad_answer_or_none_after_the_confirmation_undoes_nothing(
    idp: Any,
    pool: str,
    app: str,
    functions: FunctionServer,
    answer: bytes | None,
    expected: tuple[str, str],
    request: pytest.FixtureRequest,
) -> None:
    name = f"ned-{request.node.callspec.id.replace(' ', '-')}"
    sign_up(idp, app, name)
    functions.answers["PostConfirmation"] = functions.hang if answer is None else lambda _: answer
    assert refusal(idp.admin_confirm_sign_up, UserPoolId=pool, Username=name) == expected
    assert idp.admin_get_user(UserPoolId=pool, Username=name)["UserStatus"] == "CONFIRMED"


def test_nothing_that_is_answered_after_the_confirmation_is_heard(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    """documented: no response is expected"""
    sign_up(idp, app, "nora")
    functions.answers["PostConfirmation"] = answering(autoConfirmUser=False, userAttributes={"name": "x"})
    idp.admin_confirm_sign_up(UserPoolId=pool, Username="nora")
    user = idp.admin_get_user(UserPoolId=pool, Username="nora")
    assert user["UserStatus"] == "CONFIRMED"
    assert "name" not in attributes_of(user)


def test_somebody_whom_another_provider_brings_has_a_source_of_their_own(
    server: RunningServer, pool: str, app: str, functions: FunctionServer
) -> None:
    """Fired as a first sign-in by another provider will fire it: what the function confirms counts (documented)."""
    found, client = server.run(server.app.store.clients.resolve(app))
    context = server.app.context(RequestFacts("a request", None, "127.0.0.1", "", None, ""))
    user = User(found.pool_id, "sub", "Company_1", EXTERNAL_PROVIDER, {"email": "pia@example.com"}, 0, 0)
    functions.answers["PreSignUp"] = answering(autoVerifyEmail=True)
    made = server.run(
        approved(Occasion(context, found, client), user, Source.EXTERNAL_PROVIDER, validation_data=None)
    )
    assert functions.event("PreSignUp") == {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "Company_1",
        "callerContext": {**CONTEXT, "clientId": app},
        "triggerSource": "PreSignUp_ExternalProvider",
        "request": {"userAttributes": {"email": "pia@example.com"}, "validationData": None},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    assert (made.attributes["email_verified"], made.status) == ("true", EXTERNAL_PROVIDER)


def test_an_administrators_confirmation_is_told_too(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    """documented at AdminConfirmSignUp"""
    sign_up(idp, app, "nik")
    idp.admin_confirm_sign_up(UserPoolId=pool, Username="nik", ClientMetadata={"a": "b"})
    event = functions.event("PostConfirmation")
    assert event["callerContext"] == ADMINISTRATOR
    assert event["request"]["clientMetadata"] == {"a": "b"}
    assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"


def test_a_replaced_password_is_told(
    idp: Any, server: RunningServer, pool: str, app: str, functions: FunctionServer
) -> None:
    functions.answers["PreSignUp"] = answering(autoConfirmUser=True, autoVerifyEmail=True)
    sign_up(idp, app, "ole")
    functions.reset()
    idp.forgot_password(ClientId=app, Username="ole")
    idp.confirm_forgot_password(
        ClientId=app,
        Username="ole",
        ConfirmationCode=code_to(server.url, "ole@example.com"),
        Password="Another-Horse-9",
    )
    event = functions.event("PostConfirmation")
    assert event["triggerSource"] == "PostConfirmation_ConfirmForgotPassword"
    assert event["request"]["userAttributes"]["email"] == "ole@example.com"
