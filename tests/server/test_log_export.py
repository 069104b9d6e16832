"""What pools export of their logs, delivered to moto's CloudWatch Logs, Firehose and S3, and to a file."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.aws import KEY, Aws, Recorder, aws_services, recorder
from tests.calls import PASSWORD, pairs
from tests.conftest import PoolFactory, RunningServer, free_port, running, settings_for

from cenote.server.log_export import BACK_OFF, delivered

GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:cognito"
STREAM = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/cognito"
BUCKET = "arn:aws:s3:::cognito-logs/exported"
CLOUDWATCH = {"CloudWatchLogsConfiguration": {"LogGroupArn": GROUP}}
NOTIFICATION = {"EventSource": "userNotification", "LogLevel": "ERROR", **CLOUDWATCH}
EVENTS = {"EventSource": "userAuthEvents", "LogLevel": "INFO", **CLOUDWATCH}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with aws_services() as services:
        yield services


@pytest.fixture
def far() -> Iterator[Recorder]:
    with recorder() as one:
        yield one


@pytest.fixture
def exporting(tmp_path: Path, aws: Aws) -> Iterator[RunningServer]:
    """A server that reaches all of moto's services, and no mail server."""
    settings = settings_for(
        tmp_path / "data",
        logs_endpoint=aws.url,
        firehose_endpoint=aws.url,
        s3_endpoint=aws.url,
        smtp_url=f"smtp://127.0.0.1:{free_port()}",
        **KEY,
    )
    with running(settings) as server:
        yield server


def pool_of(server: RunningServer, *configurations: dict[str, Any], **request: Any) -> str:
    make = PoolFactory(server)
    pool = make.pool(
        UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"}, DeletionProtection="INACTIVE",
        **request,
    )  # fmt: skip
    server.idp.set_log_delivery_configuration(UserPoolId=pool, LogConfigurations=list(configurations))
    return pool


def sign_in(server: RunningServer, pool: str, name: str = "ada") -> str:
    """The app that a new user signed in through."""
    make = PoolFactory(server)
    make.user(pool, name, PASSWORD)
    app = str(make.client(pool)["ClientId"])
    server.idp.initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    return app


def waiting(server: RunningServer) -> list[tuple[str, int]]:
    return list(server.run(server.app.store.engine.all("SELECT service, tries FROM log_events")))


def until(server: RunningServer, wanted: Any) -> None:
    """Returns once the queue is as wanted; the job works on its own."""
    for _ in range(1000):
        if wanted(waiting(server)):
            return
        threading.Event().wait(0.01)
    raise AssertionError(waiting(server))


def refusal(server: RunningServer, pool: str, *configurations: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        server.idp.set_log_delivery_configuration(UserPoolId=pool, LogConfigurations=list(configurations))
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_sign_in_is_logged_in_cloudwatch(exporting: RunningServer, aws: Aws) -> None:
    """The envelope and the names of all fields are recorded or documented; their spelling in parts assumed."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="cognito")
    pool = pool_of(exporting, EVENTS)
    app = sign_in(exporting, pool)
    until(exporting, lambda rows: not rows)
    events = logs.get_log_events(logGroupName="cognito", logStreamName=pool)["events"]
    event = json.loads(events[-1]["message"])
    said = event.pop("message")
    assert event == {
        "eventTimestamp": str(events[-1]["timestamp"]),
        "eventSource": "USER_AUTH_EVENTS",
        "logLevel": "INFO",
        "logSourceId": {"userPoolId": pool},
    }
    assert {name: said[name] for name in ("eventType", "userName", "clientId", "eventResponse")} == {
        "eventType": "SignIn",
        "userName": "ada",
        "clientId": app,
        "eventResponse": "Pass",
    }
    assert said["challenges"] == ["Password:Success"]
    assert said["ipAddress"] == "127.0.0.1"
    (history,) = exporting.idp.admin_list_user_auth_events(UserPoolId=pool, Username="ada")["AuthEvents"]
    assert said["eventId"] == history["EventId"]


def test_a_sign_in_is_a_record_of_firehose(exporting: RunningServer, aws: Aws) -> None:
    s3 = aws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="firehose")
    role = "arn:aws:iam::123456789012:role/firehose"
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName="cognito",
        S3DestinationConfiguration={"RoleARN": role, "BucketARN": "arn:aws:s3:::firehose"},
    )
    to_firehose = {
        "EventSource": "userAuthEvents",
        "LogLevel": "INFO",
        "FirehoseConfiguration": {"StreamArn": STREAM},
    }
    sign_in(exporting, pool_of(exporting, to_firehose))
    until(exporting, lambda rows: not rows)
    (object_,) = s3.list_objects_v2(Bucket="firehose")["Contents"][:1]
    line = s3.get_object(Bucket="firehose", Key=object_["Key"])["Body"].read().splitlines()[0]
    assert json.loads(line)["message"]["userName"] == "ada"


def test_a_sign_in_is_an_object_of_s3(exporting: RunningServer, aws: Aws) -> None:
    s3 = aws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="cognito-logs")
    to_s3 = {
        "EventSource": "userAuthEvents",
        "LogLevel": "INFO",
        "S3Configuration": {"BucketArn": BUCKET},
    }
    pool = pool_of(exporting, to_s3)
    sign_in(exporting, pool)
    until(exporting, lambda rows: not rows)
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="cognito-logs")["Contents"]]
    assert all(key.startswith(f"exported/{pool}/") and key.endswith(".json") for key in keys)
    line = s3.get_object(Bucket="cognito-logs", Key=keys[-1])["Body"].read().splitlines()[-1]
    assert json.loads(line)["message"]["userName"] == "ada"


def test_case_84_a_message_that_was_given_up_is_told_without_its_recipient(
    tmp_path: Path, far: Recorder
) -> None:
    far.status = 422
    gateway = json.dumps({"url": far.url, "form": {"to": "{to}", "text": "{text}"}})
    file = tmp_path / "log.jsonl"
    settings = settings_for(tmp_path / "data", sms_gateway=gateway, log_export_file=str(file))
    with running(settings) as server:
        pool = pool_of(
            server,
            NOTIFICATION,
            AutoVerifiedAttributes=["phone_number"],
            SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
        )
        app = PoolFactory(server).client(pool)["ClientId"]
        server.idp.sign_up(
            ClientId=app,
            Username="ada",
            Password=PASSWORD,
            UserAttributes=pairs({"phone_number": "+15550100"}),
        )
        until_written(file)
    text = file.read_text()
    (event,) = [json.loads(line) for line in text.splitlines()]
    assert event["eventSource"] == "USER_NOTIFICATION"
    assert event["logLevel"] == "ERROR"
    assert event["message"] == {"details": "SMS message could not be delivered: status 422"}
    assert "15550100" not in text
    assert "ada" not in text
    assert file.stat().st_mode & 0o077 == 0


def until_written(file: Path) -> None:
    for _ in range(1000):
        if file.exists() and file.read_text():
            return
        threading.Event().wait(0.01)
    raise AssertionError("nothing was written")


def test_an_outage_is_waited_out_and_a_refusal_is_not(tmp_path: Path, far: Recorder) -> None:
    far.status = 503
    with running(settings_for(tmp_path / "data", logs_endpoint=far.url, **KEY)) as server:
        pool = pool_of(server, EVENTS)
        sign_in(server, pool)
        until(server, lambda rows: rows and {tries for _, tries in rows} == {1} and settled(server))
        server.run(delivered(server.app))
        assert {tries for _, tries in waiting(server)} == {1}
        far.status, far.answer = 400, b'{"__type":"InvalidParameterException"}'
        server.clock.advance(ms=BACK_OFF[0])
        until(server, lambda rows: not rows)


def settled(server: RunningServer, tries: int = 1) -> bool:
    """Whether what was tried so often is put off, and in nobody's hands."""
    row = server.run(server.app.store.engine.one("SELECT MAX(due_at) FROM log_events"))
    return bool(abs(row[0] - server.clock() - BACK_OFF[tries - 1]) < 60_000)


def all_settled(server: RunningServer, tries: int, rows: list[tuple[str, int]]) -> bool:
    return {made for _, made in rows} == {tries} and settled(server, tries)


def test_after_the_last_try_an_event_is_given_up(tmp_path: Path, far: Recorder) -> None:
    far.status = 503
    with running(settings_for(tmp_path / "data", logs_endpoint=far.url, **KEY)) as server:
        sign_in(server, pool_of(server, EVENTS))
        for tries, pause in enumerate(BACK_OFF, start=1):
            until(server, partial(all_settled, server, tries))
            server.clock.advance(ms=pause)
        until(server, lambda rows: not rows)
        assert len(far.requests) >= len(BACK_OFF) + 1


def test_events_survive_a_restart(tmp_path: Path, far: Recorder) -> None:
    far.status = 503
    with running(settings_for(tmp_path / "data", logs_endpoint=far.url, **KEY)) as server:
        sign_in(server, pool_of(server, EVENTS))
        until(server, lambda rows: rows and settled(server))
    file = tmp_path / "log.jsonl"
    with running(settings_for(tmp_path / "data", log_export_file=str(file))) as again:
        again.clock.advance(ms=BACK_OFF[0])
        until(again, lambda rows: not rows)
    assert "SignIn" in file.read_text()


def test_what_is_queued_is_sealed_and_gone_with_the_pool(tmp_path: Path, far: Recorder) -> None:
    far.status = 503
    with running(settings_for(tmp_path / "data", logs_endpoint=far.url, **KEY)) as server:
        pool = pool_of(server, EVENTS)
        sign_in(server, pool, "secretname")
        rows = server.run(server.app.store.engine.all("SELECT * FROM log_events"))
        assert rows
        assert "secretname" not in repr(rows)
        server.idp.delete_user_pool(UserPoolId=pool)
        assert waiting(server) == []


def test_case_38_a_name_that_nobody_has_costs_an_event_that_goes_nowhere(
    tmp_path: Path, far: Recorder
) -> None:
    with running(settings_for(tmp_path / "data", logs_endpoint=far.url, **KEY)) as server:
        pool = pool_of(server, EVENTS)
        app = PoolFactory(server).client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
        with pytest.raises(ClientError):
            server.idp.initiate_auth(
                ClientId=app,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "nobody", "PASSWORD": PASSWORD},
            )
        server.run(delivered(server.app))
        until(server, lambda rows: not rows)
        assert far.requests == []


def test_the_configuration_is_shown_as_it_was_set(exporting: RunningServer) -> None:
    pool = pool_of(exporting, EVENTS, NOTIFICATION)
    get = exporting.idp.get_log_delivery_configuration
    shown = get(UserPoolId=pool)["LogDeliveryConfiguration"]
    assert shown == {"UserPoolId": pool, "LogConfigurations": [EVENTS, NOTIFICATION]}
    exporting.idp.update_user_pool(UserPoolId=pool, UserPoolTier="PLUS")
    assert get(UserPoolId=pool)["LogDeliveryConfiguration"] == shown
    exporting.idp.set_log_delivery_configuration(UserPoolId=pool, LogConfigurations=[])
    assert get(UserPoolId=pool)["LogDeliveryConfiguration"]["LogConfigurations"] == []
    sign_in(exporting, pool)
    assert waiting(exporting) == []


def test_a_configuration_that_cannot_work_is_refused(exporting: RunningServer) -> None:
    """Which go together is documented at LogConfigurationType; the texts are assumed."""
    pool = pool_of(exporting)
    bucket = {"S3Configuration": {"BucketArn": BUCKET}}
    for configurations in (
        [EVENTS, EVENTS],
        [EVENTS | {"LogLevel": "ERROR"}],
        [NOTIFICATION | {"LogLevel": "INFO"}],
        [EVENTS | bucket],
        [{"EventSource": "userAuthEvents", "LogLevel": "INFO"}],
        [{"EventSource": "userNotification", "LogLevel": "ERROR", **bucket}],
        [EVENTS | {"CloudWatchLogsConfiguration": {"LogGroupArn": STREAM}}],
        [EVENTS | {"CloudWatchLogsConfiguration": {}}],
    ):
        assert refusal(exporting, pool, *configurations)[0] == "InvalidParameterException"
    essentials = PoolFactory(exporting).pool()
    assert refusal(exporting, essentials, EVENTS)[0] == "FeatureUnavailableInTierException"


def test_without_a_way_out_nothing_is_promised(own_server: RunningServer) -> None:
    pool = PoolFactory(own_server).pool()
    code, text = refusal(own_server, pool, NOTIFICATION)
    assert code == "InvalidParameterException"
    assert "logs_endpoint" in text
