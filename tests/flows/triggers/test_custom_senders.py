"""CustomEmailSender and CustomSMSSender: the functions read the codes as real ones do, with the AWS Encryption SDK.

The keys are moto's KMS, over HTTP, or the one of the settings. The event's shape is recorded (a logged
CustomEmailSender_SignUp), and for account take-over that of AWS's type definitions for Lambda functions.
"""

import base64
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aws_encryption_sdk
import pytest
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.key_providers.kms import KMSMasterKey, KMSMasterKeyConfig
from tests.aws import KEY, Aws, aws_services
from tests.calls import PASSWORD, pairs
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.domain.test_encrypted_messages import WRAPPING_KEY, keyring
from tests.functions import FunctionServer, Refusal, arn, function_server
from tests.outbox import messages_to
from tests.server.test_jobs import states

from cenote.flows.triggers import custom_senders
from cenote.server.jobs import BACK_OFF, FUNCTION_TRIES, TRIES

TO = "ada@example.com"
NUMBER = "+15550100"


@dataclass
class House:
    """A server, its functions, a KMS, and everything that the functions were called with."""

    server: RunningServer
    functions: FunctionServer
    aws: Aws
    key: str
    reading: bool = True
    events: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.functions.answers["email"] = self.functions.answers["sms"] = self.received

    def received(self, event: Any) -> Any:
        self.events.append(event)
        return None

    def next(self, source: str) -> Any:
        """The newest event of this source, once it is there."""
        for _ in range(1500):
            found = [event for event in self.events if event["triggerSource"] == source]
            if found:
                self.events.remove(found[0])
                return found[0]
            threading.Event().wait(0.01)
        raise AssertionError(f"{source} was never called: {self.events}")

    def read(self, event: Any) -> tuple[str, dict[str, str]]:
        """The code as a function with a KMS keyring reads it, and what it was bound to."""
        provider = KMSMasterKey(config=KMSMasterKeyConfig(key_id=self.key, client=self.aws.client("kms")))
        client = aws_encryption_sdk.EncryptionSDKClient(
            commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        )
        data = base64.b64decode(event["request"]["code"])
        code, header = client.decrypt(source=data, key_provider=provider)
        return code.decode(), header.encryption_context

    def pool(self, **request: Any) -> str:
        make = PoolFactory(self.server)
        return make.pool(
            LambdaConfig={
                "CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": arn("email")},
                "CustomSMSSender": {"LambdaVersion": "V1_0", "LambdaArn": arn("sms")},
                "KMSKeyID": self.key,
            },
            SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
            **{"AutoVerifiedAttributes": ["email"], **request},
        )

    def app(self, pool: str) -> str:
        return str(PoolFactory(self.server).client(pool)["ClientId"])


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with aws_services() as services:
        yield services


@pytest.fixture
def house(tmp_path: Path, aws: Aws) -> Iterator[House]:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    with function_server() as functions:
        settings = settings_for(
            tmp_path / "data", functions=functions.targets("email", "sms"), kms_endpoint=aws.url, **KEY
        )
        with running(settings) as server:
            yield House(server, functions, aws, key)


def sign_up(house: House, app: str, name: str = "ada", **more: Any) -> Any:
    attributes = {"email": TO, "phone_number": NUMBER}
    return house.server.idp.sign_up(
        ClientId=app, Username=name, Password=PASSWORD, UserAttributes=pairs(attributes), **more
    )


def test_a_sign_up_calls_the_function_with_the_event_that_cognito_has(house: House) -> None:
    pool = house.pool()
    app = house.app(pool)
    sub = sign_up(house, app)["UserSub"]
    event = house.next("CustomEmailSender_SignUp")
    code = event["request"].pop("code")
    assert event == {
        "version": "1",
        "triggerSource": "CustomEmailSender_SignUp",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": event["callerContext"]["awsSdkVersion"], "clientId": app},
        "request": {
            "type": "customEmailSenderRequestV1",
            "clientMetadata": None,
            "userAttributes": {
                "sub": sub,
                "cognito:user_status": "UNCONFIRMED",
                "email": TO,
                "email_verified": "false",
                "phone_number": NUMBER,
                "phone_number_verified": "false",
            },
        },
    }
    plain, bound = house.read({"request": {"code": code}})
    assert bound == {"userpool-id": pool}
    house.server.idp.confirm_sign_up(ClientId=app, Username="ada", ConfirmationCode=plain)


def test_a_text_message_is_the_other_functions(house: House) -> None:
    pool = house.pool(AutoVerifiedAttributes=["phone_number"])
    app = house.app(pool)
    sub = sign_up(house, app, ClientMetadata={"lang": "fr"})["UserSub"]
    event = house.next("CustomSMSSender_SignUp")
    code, _ = house.read(event)
    del event["request"]["code"]
    assert event == {
        "version": "1",
        "triggerSource": "CustomSMSSender_SignUp",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": event["callerContext"]["awsSdkVersion"], "clientId": app},
        "request": {
            "type": "customSMSSenderRequestV1",
            "clientMetadata": {"lang": "fr"},
            "userAttributes": {
                "sub": sub,
                "cognito:user_status": "UNCONFIRMED",
                "email": TO,
                "email_verified": "false",
                "phone_number": NUMBER,
                "phone_number_verified": "false",
            },
        },
    }
    house.server.idp.confirm_sign_up(ClientId=app, Username="ada", ConfirmationCode=code)


def test_every_kind_of_message_has_its_source(house: House) -> None:
    pool = house.pool()
    app, idp = house.app(pool), house.server.idp
    sign_up(house, app)
    house.next("CustomEmailSender_SignUp")
    idp.resend_confirmation_code(ClientId=app, Username="ada")
    code, _ = house.read(house.next("CustomEmailSender_ResendCode"))
    idp.confirm_sign_up(ClientId=app, Username="ada", ConfirmationCode=code)
    idp.forgot_password(ClientId=app, Username="ada")
    code, _ = house.read(house.next("CustomEmailSender_ForgotPassword"))
    idp.confirm_forgot_password(ClientId=app, Username="ada", ConfirmationCode=code, Password=PASSWORD + "9")
    token = idp.initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD + "9"},
    )["AuthenticationResult"]["AccessToken"]
    idp.update_user_attributes(AccessToken=token, UserAttributes=pairs({"email": "new@example.com"}))
    event = house.next("CustomEmailSender_UpdateUserAttribute")
    assert event["request"]["userAttributes"]["email"] == "new@example.com"
    idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    code, _ = house.read(house.next("CustomEmailSender_VerifyUserAttribute"))
    idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    idp.admin_create_user(
        UserPoolId=pool,
        Username="bob",
        TemporaryPassword="Temp-Pass-9",
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=pairs({"email": "bob@example.com"}),
    )
    event = house.next("CustomEmailSender_AdminCreateUser")
    assert house.read(event)[0] == "Temp-Pass-9"
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"


def test_a_second_factor_is_sent_by_the_function(house: House) -> None:
    pool = house.pool()
    app, idp = house.app(pool), house.server.idp
    idp.set_user_pool_mfa_config(
        UserPoolId=pool,
        SmsMfaConfiguration={"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}},
        MfaConfiguration="ON",
    )
    PoolFactory(house.server).user(pool, "ada", PASSWORD, phone_number=NUMBER, phone_number_verified="true")
    asked = idp.initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    code, _ = house.read(house.next("CustomSMSSender_Authentication"))
    answer = idp.respond_to_auth_challenge(
        ClientId=app,
        ChallengeName="SMS_MFA",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "SMS_MFA_CODE": code},
    )
    assert answer["AuthenticationResult"]["AccessToken"]


def test_a_function_that_fails_is_called_three_times_in_all(house: House) -> None:
    def refuse(event: Any) -> Any:
        house.events.append(event)
        raise Refusal("the code was 123456")

    house.functions.answers["email"] = refuse
    sign_up(house, house.app(house.pool()))
    for tries in range(1, FUNCTION_TRIES + 1):
        house.next("CustomEmailSender_SignUp")
        wait_for(house, tries)
        house.server.clock.advance(ms=BACK_OFF[tries - 1])
    assert states(house.server) == [("dead", FUNCTION_TRIES, "the function failed")]
    keys = {call.headers["webhook-id"] for call in house.functions.calls}
    assert len(keys) == 1


@pytest.mark.parametrize("medium", ["email", "sms"])
@pytest.mark.parametrize("answer", [b"", b"no JSON", b'{"response": 5}', b"[" * 100_000])
def test_whatever_a_function_answers_the_message_is_sent(house: House, medium: str, answer: bytes) -> None:
    """documented: nothing is expected of these"""

    def answered(event: Any) -> Any:
        house.events.append(event)
        return answer

    house.functions.answers[medium] = answered
    attribute = {"email": "email", "sms": "phone_number"}[medium]
    sign_up(house, house.app(house.pool(AutoVerifiedAttributes=[attribute])))
    for _ in range(1500):
        if states(house.server) == [("sent", 1, None)]:
            return
        threading.Event().wait(0.01)
    raise AssertionError(states(house.server))


@pytest.mark.parametrize("medium", ["email", "sms"])
def test_a_function_that_does_not_answer_is_called_again_later_with_its_key(
    house: House, medium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custom_senders, "STEP_SECONDS", 1)
    house.functions.answers[medium] = house.functions.hang
    attribute = {"email": "email", "sms": "phone_number"}[medium]
    sign_up(house, house.app(house.pool(AutoVerifiedAttributes=[attribute])))
    wait_for(house, 1)
    assert states(house.server) == [("due", 1, "function: timeout")]
    monkeypatch.undo()
    house.functions.answers[medium] = house.received
    house.server.clock.advance(ms=BACK_OFF[0])
    source = {"email": "CustomEmailSender_SignUp", "sms": "CustomSMSSender_SignUp"}[medium]
    assert house.read(house.next(source))
    assert len({call.headers["webhook-id"] for call in house.functions.calls}) == 1


def test_what_kms_refuses_is_tried_again_later(house: House, aws: Aws) -> None:
    alias, key = "arn:aws:kms:eu-central-1:123456789012:alias/later", house.key
    house.key = alias
    sign_up(house, house.app(house.pool()))
    wait_for(house, 1)
    assert states(house.server) == [("due", 1, "function: KMS: status 400")]
    assert house.events == []
    aws.client("kms").create_alias(AliasName="alias/later", TargetKeyId=key.rpartition("/")[2])
    house.key = key
    house.server.clock.advance(ms=BACK_OFF[0])
    assert house.read(house.next("CustomEmailSender_SignUp"))


def test_a_function_without_a_target_is_not_called(house: House) -> None:
    house.server.app.functions._functions.pop("email")
    sign_up(house, house.app(house.pool()))
    wait_for(house, 1)
    ((state, tries, error),) = states(house.server)
    assert (state, tries) == ("due", 1)
    assert error is not None
    assert "no target" in error
    assert TRIES > FUNCTION_TRIES


def test_no_custom_message_is_asked_for_what_a_function_delivers(house: House) -> None:
    pool = house.pool()
    config = house.server.idp.describe_user_pool(UserPoolId=pool)["UserPool"]["LambdaConfig"]
    house.server.idp.update_user_pool(
        UserPoolId=pool,
        AutoVerifiedAttributes=["email"],
        SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
        LambdaConfig={**config, "CustomMessage": arn("nowhere")},
    )
    sign_up(house, house.app(pool))
    house.next("CustomEmailSender_SignUp")


def test_case_84_no_code_is_in_the_event_or_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def refuse(event: Any) -> Any:
        house.events.append(event)
        raise Refusal("ada@example.com did not get " + house.read(event)[0])

    house.functions.answers["email"] = refuse
    sign_up(house, house.app(house.pool()))
    event = house.next("CustomEmailSender_SignUp")
    wait_for(house, 1)
    code = messages_to(house.server.url, TO)[0]["code"]
    assert house.read(event)[0] == code
    assert code.encode() not in house.functions.calls[0].body
    said = " ".join(str(vars(record)) for record in caplog.records if record.name.startswith("cenote"))
    assert "put off" in said
    assert code not in said
    assert TO not in said


def test_without_kms_the_settings_key_is_what_a_raw_keyring_opens(tmp_path: Path) -> None:
    with function_server() as functions:
        settings = settings_for(
            tmp_path / "data",
            functions=functions.targets("email"),
            sender_key=base64.b64encode(WRAPPING_KEY).decode(),
        )
        with running(settings) as server:
            house = House(server, functions, Aws(""), "alias/any")
            pool = PoolFactory(server).pool(
                AutoVerifiedAttributes=["email"],
                LambdaConfig={
                    "CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": arn("email")},
                    "KMSKeyID": "arn:aws:kms:eu-central-1:123456789012:key/any",
                },
            )
            sign_up(house, house.app(pool))
            event = house.next("CustomEmailSender_SignUp")
            code = messages_to(server.url, TO)[0]["code"]
    client = aws_encryption_sdk.EncryptionSDKClient()
    data = base64.b64decode(event["request"]["code"])
    plain, header = client.decrypt(source=data, key_provider=keyring())
    assert (plain.decode(), header.encryption_context) == (code, {"userpool-id": pool})


def test_without_any_key_nothing_is_sent(tmp_path: Path) -> None:
    with function_server() as functions:
        with running(settings_for(tmp_path / "data", functions=functions.targets("email"))) as server:
            house = House(server, functions, Aws(""), "arn:aws:kms:eu-central-1:123456789012:key/any")
            sign_up(house, house.app(house.pool()))
            wait_for(house, 1)
            assert states(server)[0][2] == "function: custom senders need kms_endpoint or sender_key"
        assert functions.calls == []


def wait_for(house: House, tries: int) -> None:
    """Returns once the one message was tried so often, and what came of it is written down."""
    sql = "SELECT state, tries, last_error FROM messages"
    for _ in range(1500):
        state, made, error = house.server.run(house.server.app.store.engine.one(sql))
        if made == tries and error is not None and (state == "dead" or house_is_idle(house)):
            return
        threading.Event().wait(0.01)
    raise AssertionError(states(house.server))


def house_is_idle(house: House) -> bool:
    """Whether nobody holds the message any more: its next try is not a whole lease away."""
    row = house.server.run(house.server.app.store.engine.one("SELECT due_at FROM messages"))
    return bool(row[0] - house.server.clock() <= BACK_OFF[1])
