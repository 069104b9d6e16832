"""CustomMessage: the pool's function words a message. Documented; the event's three parameters are recorded."""

import uuid
from typing import Any

import pytest
from tests.calls import PASSWORD, attempt, attributes_of, pairs, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.flows.triggers.conftest import triggers
from tests.functions import FunctionServer, answering, refusing
from tests.outbox import messages_to, newest_to

UNRECOGNIZABLE = ("InvalidLambdaResponse", "Unrecognizable lambda output")


def wording(event: Any) -> Any:
    """Words for everything, with the source in them."""
    text = f"{event['triggerSource']}: {{####}}"
    if event["request"]["usernameParameter"]:
        text += f" for {event['request']['usernameParameter']}"
    event["response"] = {"smsMessage": text, "emailMessage": f"<b>{text}</b>", "emailSubject": "Own subject"}
    return event


@pytest.fixture
def functions(functions: FunctionServer) -> FunctionServer:
    functions.answers["CustomMessage"] = wording
    return functions


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"], **triggers("CustomMessage"))


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture(scope="module")
def hiding(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"])


def sign_up(idp: Any, app: str, name: str, **request: Any) -> Any:
    attributes = pairs({"email": f"{name}@example.com"})
    return idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=attributes, **request)


def worded(server: RunningServer, name: str, source: str) -> dict[str, Any]:
    """The newest message to somebody, once it is worded for this."""
    message = newest_to(server.url, f"{name}@example.com")
    assert message["subject"] == "Own subject"
    assert message["body"].startswith(f"<b>CustomMessage_{source}: {message['code']}")
    return message


def test_a_sign_up_is_worded_by_the_function(
    idp: Any, server: RunningServer, pool: str, app: str, functions: FunctionServer
) -> None:
    sub = sign_up(idp, app, "ada", ClientMetadata={"a": "b"})["UserSub"]
    message = worded(server, "ada", "SignUp")
    assert functions.event("CustomMessage") == {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": app},
        "triggerSource": "CustomMessage_SignUp",
        "request": {
            "userAttributes": {
                "sub": sub,
                "cognito:user_status": "UNCONFIRMED",
                "email": "ada@example.com",
                "email_verified": "false",
            },
            "codeParameter": "{####}",
            "linkParameter": "{##Click Here##}",
            "usernameParameter": None,
            "clientMetadata": {"a": "b"},
        },
        "response": {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    }
    assert message["code"] not in str(functions.event("CustomMessage"))
    idp.confirm_sign_up(ClientId=app, Username="ada", ConfirmationCode=message["code"])


def test_every_later_message_has_its_source(
    idp: Any, server: RunningServer, app: str, pool: str, functions: FunctionServer
) -> None:
    sign_up(idp, app, "bea")
    idp.resend_confirmation_code(ClientId=app, Username="bea")
    code = worded(server, "bea", "ResendCode")["code"]
    idp.confirm_sign_up(ClientId=app, Username="bea", ConfirmationCode=code)
    idp.forgot_password(ClientId=app, Username="bea")
    worded(server, "bea", "ForgotPassword")
    token = sign_in(idp, app, "bea")["AccessToken"]
    idp.update_user_attributes(AccessToken=token, UserAttributes=pairs({"email": "bea2@example.com"}))
    worded(server, "bea2", "UpdateUserAttribute")
    told = functions.events("CustomMessage")[-1]["request"]["userAttributes"]
    assert told["email"] == "bea2@example.com"
    idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    code = worded(server, "bea2", "VerifyUserAttribute")["code"]
    idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="bea", UserAttributes=pairs({"email": "bea3@example.com"})
    )
    worded(server, "bea3", "UpdateUserAttribute")
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="bea", UserAttributes=pairs({"email_verified": "true"})
    )
    functions.calls.clear()
    idp.admin_reset_user_password(UserPoolId=pool, Username="bea", ClientMetadata={"a": "b"})
    worded(server, "bea3", "ForgotPassword")
    assert functions.event("CustomMessage")["request"]["clientMetadata"] == {"a": "b"}


def test_an_invitation_is_worded_with_the_user_name(
    idp: Any, server: RunningServer, pool: str, functions: FunctionServer
) -> None:
    request = {
        "UserPoolId": pool,
        "Username": "carl",
        "TemporaryPassword": PASSWORD,
        "DesiredDeliveryMediums": ["EMAIL"],
        "UserAttributes": pairs({"email": "carl@example.com"}),
    }
    idp.admin_create_user(**request)
    assert worded(server, "carl", "AdminCreateUser")["body"].endswith("for carl</b>")
    assert functions.event("CustomMessage")["request"]["usernameParameter"] == "{username}"
    idp.admin_create_user(**request, MessageAction="RESEND")
    assert len(functions.events("CustomMessage")) == 2
    idp.admin_create_user(UserPoolId=pool, Username="carla", MessageAction="SUPPRESS")
    assert len(functions.events("CustomMessage")) == 2


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Come in, {username}!", "Come in, guest!"),
        ("{username} with {####}", "Your username is guest. Sign in with it and a code that you are sent."),
    ],
)
def test_an_invitation_without_a_password_needs_no_place_for_one(
    server: RunningServer, make: PoolFactory, functions: FunctionServer, text: str, body: str
) -> None:
    """Words that speak of a password are not for who has none."""
    functions.answers["CustomMessage"] = answering(emailMessage=text)
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = make.pool(Policies=factors, **triggers("CustomMessage"))
    address = f"{uuid.uuid4().hex}@example.com"
    server.idp.admin_create_user(
        UserPoolId=pool,
        Username="guest",
        UserAttributes=pairs({"email": address, "email_verified": "true"}),
        DesiredDeliveryMediums=["EMAIL"],
    )
    assert newest_to(server.url, address)["body"] == body


def test_a_code_for_signing_in_is_worded(
    idp: Any, server: RunningServer, make: PoolFactory, functions: FunctionServer
) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = make.pool(Policies=factors, **triggers("CustomMessage"))
    make.user(pool, "otto", email="otto@example.com", email_verified="true")
    app = make.client(pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"])["ClientId"]
    idp.initiate_auth(
        ClientId=app,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "otto", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )
    worded(server, "otto", "Authentication")


SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}


def test_text_messages_are_worded_too(
    idp: Any, server: RunningServer, make: PoolFactory, functions: FunctionServer
) -> None:
    number = "+15550177"
    pool = make.pool(
        AutoVerifiedAttributes=["phone_number"], SmsConfiguration=SMS, **triggers("CustomMessage")
    )
    app = make.client(pool)["ClientId"]
    by_phone = {"UserAttributes": pairs({"phone_number": number})}
    idp.sign_up(ClientId=app, Username="pat", Password=PASSWORD, **by_phone)
    message = newest_to(server.url, number)
    assert message["body"] == f"CustomMessage_SignUp: {message['code']}"
    idp.confirm_sign_up(ClientId=app, Username="pat", ConfirmationCode=message["code"])
    idp.set_user_pool_mfa_config(
        UserPoolId=pool, SmsMfaConfiguration={"SmsConfiguration": SMS}, MfaConfiguration="ON"
    )
    assert attempt(idp, app, "pat")["ChallengeName"] == "SMS_MFA"
    message = newest_to(server.url, number)
    assert message["body"] == f"CustomMessage_Authentication: {message['code']}"
    idp.admin_create_user(
        UserPoolId=pool, Username="pim", UserAttributes=pairs({"phone_number": "+15550178"})
    )
    message = newest_to(server.url, "+15550178")
    assert message["body"] == f"CustomMessage_AdminCreateUser: {message['code']} for pim"


@pytest.mark.parametrize("text", ["no code in it", "x" * 135 + "{####}"])
def test_a_text_message_without_the_code_or_too_long_is_a_bad_answer(
    idp: Any, server: RunningServer, make: PoolFactory, functions: FunctionServer, text: str
) -> None:
    """documented: a text message has 140 characters at most, its placeholder included"""
    number = "+15550179"
    pool = make.pool(
        AutoVerifiedAttributes=["phone_number"], SmsConfiguration=SMS, **triggers("CustomMessage")
    )
    functions.answers["CustomMessage"] = answering(smsMessage=text)
    request = {"Username": "pat", "Password": PASSWORD, "UserAttributes": pairs({"phone_number": number})}
    assert refusal(idp.sign_up, ClientId=make.client(pool)["ClientId"], **request) == UNRECOGNIZABLE
    assert messages_to(server.url, number) == []


def test_a_function_that_says_nothing_leaves_the_pools_templates(
    idp: Any, server: RunningServer, app: str, functions: FunctionServer
) -> None:
    functions.answers["CustomMessage"] = lambda event: event
    sign_up(idp, app, "dan")
    message = newest_to(server.url, "dan@example.com")
    assert message["body"] == f"Your verification code is {message['code']}"


@pytest.mark.parametrize(
    "text",
    ["no code in it", "{###}", "x" * 20_000 + "{####}", "{username}"],
    ids=["none", "near", "long", "name"],
)
def test_a_message_without_the_code_or_too_long_is_a_bad_answer(
    idp: Any, server: RunningServer, pool: str, app: str, functions: FunctionServer, text: str
) -> None:
    """documented as InvalidLambdaResponse"""
    functions.answers["CustomMessage"] = answering(emailMessage=text)
    assert refusal(sign_up, idp, app, "eve") == UNRECOGNIZABLE
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="eve")[0] == "UserNotFound"
    assert messages_to(server.url, "eve@example.com") == []


def test_an_invitation_without_the_user_name_is_a_bad_answer(
    idp: Any, pool: str, functions: FunctionServer
) -> None:
    functions.answers["CustomMessage"] = answering(emailMessage="{####}")
    request = {
        "UserPoolId": pool,
        "Username": "finn",
        "DesiredDeliveryMediums": ["EMAIL"],
        "UserAttributes": pairs({"email": "finn@example.com"}),
    }
    assert refusal(idp.admin_create_user, **request) == UNRECOGNIZABLE
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="finn")[0] == "UserNotFound"


def test_an_error_or_no_answer_sends_nothing(
    idp: Any, server: RunningServer, app: str, functions: FunctionServer
) -> None:
    functions.answers["CustomMessage"] = refusing("no words")
    expected = ("UserLambdaValidation", "CustomMessage failed with error no words.")
    assert refusal(sign_up, idp, app, "gil") == expected
    functions.answers["CustomMessage"] = functions.hang
    assert refusal(sign_up, idp, app, "gil")[0] == "UnexpectedLambda"
    assert messages_to(server.url, "gil@example.com") == []


def test_case_81_the_functions_subject_stays_one_line(
    idp: Any, server: RunningServer, app: str, functions: FunctionServer
) -> None:
    functions.answers["CustomMessage"] = answering(
        emailMessage="{####}", emailSubject="Hello\r\nBcc: eve@example.com"
    )
    sign_up(idp, app, "hal")
    assert newest_to(server.url, "hal@example.com")["subject"] == "Hello Bcc: eve@example.com"


def test_names_that_nobody_has_are_not_told(idp: Any, hiding: str, functions: FunctionServer) -> None:
    idp.forgot_password(ClientId=hiding, Username="nobody")
    idp.resend_confirmation_code(ClientId=hiding, Username="nobody")
    assert functions.calls == []


def test_nothing_sent_is_nothing_asked(
    idp: Any, make: PoolFactory, pool: str, app: str, functions: FunctionServer
) -> None:
    make.user(pool, "ida", email="ida@example.com", email_verified="true")
    token = sign_in(idp, app, "ida")["AccessToken"]
    idp.update_user_attributes(AccessToken=token, UserAttributes=pairs({"name": "Ida"}))
    assert functions.calls == []
    assert attributes_of(idp.get_user(AccessToken=token))["name"] == "Ida"
