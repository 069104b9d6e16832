"""Mail and text messages by the ways that the settings open, and how many go to one address or number."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ClientError
from tests.aws import KEY, Recorder, recorder
from tests.calls import PASSWORD, pairs
from tests.conftest import PoolFactory, RunningServer, free_port, running, settings_for
from tests.outbound.mail.test_ses import mail_of
from tests.outbox import messages_to
from tests.post_office import post_office
from tests.server.test_jobs import states, wait_for_states

from cenote.cli import doctor
from cenote.server.jobs import BACK_OFF, VOID_RETENTION, swept
from cenote.server.settings import SettingsError

NUMBER = "+15550100"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
IDENTITY = "arn:aws:ses:eu-central-1:123456789012:identity/hello@larkspur.example"


@pytest.fixture
def far() -> Iterator[Recorder]:
    """Whatever is on the other side."""
    with recorder() as one:
        yield one


def gateway(url: str) -> str:
    return json.dumps({"url": url, "form": {"to": "{to}", "text": "{text}"}})


def texting(server: RunningServer, **pool: Any) -> str:
    """An app client of a pool that confirms phone numbers."""
    make = PoolFactory(server)
    request = {"AutoVerifiedAttributes": ["phone_number"], "SmsConfiguration": SMS, **pool}
    return str(make.client(make.pool(**request))["ClientId"])


def sign_up(server: RunningServer, app: str, name: str, **attributes: str) -> None:
    server.idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=pairs(attributes))


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return str(raised.value.response["Error"]["Code"])


# Text messages


def test_a_code_is_texted_by_the_gateway(tmp_path: Path, far: Recorder) -> None:
    with running(settings_for(tmp_path / "data", sms_gateway=gateway(far.url))) as server:
        app = texting(server)
        sign_up(server, app, "ada", phone_number=NUMBER)
        wait_for_states(server, "sent")
        code = messages_to(server.url, NUMBER)[0]["code"]
        assert parse_qs(far.bodies[0].decode()) == {
            "to": [NUMBER],
            "text": [f"Your verification code is {code}."],
        }
        server.idp.confirm_sign_up(ClientId=app, Username="ada", ConfirmationCode=code)


def test_a_code_is_texted_by_sns_in_the_pools_region(tmp_path: Path, far: Recorder) -> None:
    with running(settings_for(tmp_path / "data", sns_endpoint=far.url, **KEY)) as server:
        app = texting(server, SmsConfiguration={**SMS, "SnsRegion": "us-west-2"})
        sign_up(server, app, "ada", phone_number=NUMBER)
        wait_for_states(server, "sent")
        assert parse_qs(far.bodies[0].decode())["PhoneNumber"] == [NUMBER]
        assert "/us-west-2/sns/" in far.requests[0][2]["authorization"]


def test_a_gateway_that_is_busy_is_tried_again_and_one_that_refuses_is_not(
    tmp_path: Path, far: Recorder
) -> None:
    far.status = 503
    with running(settings_for(tmp_path / "data", sms_gateway=gateway(far.url))) as server:
        app = texting(server)
        sign_up(server, app, "ada", phone_number=NUMBER)
        until_error(server, "status 503")
        far.status = 422
        server.clock.advance(ms=BACK_OFF[0])
        wait_for_states(server, "dead")
        assert states(server) == [("dead", 2, "status 422")]
        assert doctor.given_up(server.app.settings) == (
            False,
            "1 messages were given up in three days: the log says why",
        )
        with urllib.request.urlopen(f"{server.url}/metrics") as answer:
            metrics = answer.read().decode()
        assert 'cenote_messages{medium="SMS",state="dead"} 1.0' in metrics
        assert 'cenote_messages{medium="EMAIL",state="dead"} 0.0' in metrics
        (listed,) = messages_to(server.url, NUMBER)
        assert (listed["state"], listed["error"]) == ("dead", "status 422")


def test_an_outage_of_mail_holds_up_no_text_message(tmp_path: Path, far: Recorder) -> None:
    settings = settings_for(
        tmp_path / "data", sms_gateway=gateway(far.url), smtp_url=f"smtp://127.0.0.1:{free_port()}"
    )
    with running(settings) as server:
        make = PoolFactory(server)
        by_mail = str(make.client(make.pool(AutoVerifiedAttributes=["email"]))["ClientId"])
        sign_up(server, by_mail, "ada", email="ada@example.com")
        until_error(server, "SMTPConnectError")
        sign_up(server, texting(server), "ada", phone_number=NUMBER)
        wait_for_states(server, "due", "sent")


# Mail


def test_a_pool_with_an_account_of_its_own_uses_ses_and_others_the_mail_server(
    tmp_path: Path, far: Recorder
) -> None:
    own = {
        "EmailSendingAccount": "DEVELOPER",
        "SourceArn": IDENTITY,
        "ReplyToEmailAddress": "help@larkspur.example",
        "ConfigurationSet": "codes",
    }
    with post_office() as office:
        settings = settings_for(
            tmp_path / "data", ses_endpoint=far.url, smtp_url=f"smtp://127.0.0.1:{office.port}", **KEY
        )
        with running(settings) as server:
            make = PoolFactory(server)
            for name, email in (("default", {}), ("own", own)):
                pool = make.pool(AutoVerifiedAttributes=["email"], EmailConfiguration=email)
                app = str(make.client(pool)["ClientId"])
                sign_up(server, app, name, email=f"{name}@example.com")
            wait_for_states(server, "sent", "sent")
        assert office.next().recipients == ["default@example.com"]
        assert office.received.empty()
    (body,) = far.bodies
    request = json.loads(body)
    assert request["Destination"]["ToAddresses"] == ["own@example.com"]
    assert request["ConfigurationSetName"] == "codes"
    assert request["FromEmailAddressIdentityArn"] == IDENTITY
    mail = mail_of(body)
    assert (mail["From"], mail["Reply-To"]) == ("hello@larkspur.example", "help@larkspur.example")


def test_with_ses_alone_all_mail_goes_there(tmp_path: Path, far: Recorder) -> None:
    with running(settings_for(tmp_path / "data", ses_endpoint=far.url, **KEY)) as server:
        make = PoolFactory(server)
        app = str(make.client(make.pool(AutoVerifiedAttributes=["email"]))["ClientId"])
        sign_up(server, app, "ada", email="ada@example.com")
        wait_for_states(server, "sent")
    assert "FromEmailAddressIdentityArn" not in json.loads(far.bodies[0])


def test_a_configuration_set_is_told_to_a_mail_server_too(tmp_path: Path) -> None:
    with post_office() as office:
        settings = settings_for(tmp_path / "data", smtp_url=f"smtp://127.0.0.1:{office.port}")
        with running(settings) as server:
            make = PoolFactory(server)
            pool = make.pool(
                AutoVerifiedAttributes=["email"], EmailConfiguration={"ConfigurationSet": "codes"}
            )
            sign_up(server, str(make.client(pool)["ClientId"]), "ada", email="ada@example.com")
            assert office.next().mail["X-SES-CONFIGURATION-SET"] == "codes"


# How many to one


def test_case_81_one_number_gets_so_many_messages_under_whatever_names(tmp_path: Path, far: Recorder) -> None:
    settings = settings_for(tmp_path / "data", sms_gateway=gateway(far.url), messages_per_hour=3)
    with running(settings) as server:
        app, idp = texting(server), server.idp
        for name in ("one", "two", "three"):
            sign_up(server, app, name, phone_number=NUMBER)
        fourth = {"ClientId": app, "Username": "four", "Password": PASSWORD}
        assert refused(idp.sign_up, UserAttributes=pairs({"phone_number": NUMBER}), **fourth) == (
            "LimitExceededException"
        )
        # Somebody else's number is free, and so is this one when the hour is over.
        idp.sign_up(UserAttributes=pairs({"phone_number": "+15550101"}), **fourth)
        wait_for_states(server, *["sent"] * 4)
        server.clock.advance(minutes=61)
        sign_up(server, app, "five", phone_number=NUMBER)
        wait_for_states(server, *["sent"] * 5)


def given_up(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """Why messages were given up, as far as the log says so."""
    texts = ("a message was given up", "messages were given up")
    return [vars(record)["reason"] for record in caplog.records if record.getMessage() in texts]


def test_case_81_who_asks_by_a_name_does_not_hear_of_the_limit_behind_it(
    tmp_path: Path, far: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Else ForgotPassword would tell whose number it is that somebody flooded before."""
    settings = settings_for(tmp_path / "data", sms_gateway=gateway(far.url), messages_per_hour=1)
    with running(settings) as server:
        app, idp = texting(server), server.idp
        sign_up(server, app, "ada", phone_number=NUMBER)
        wait_for_states(server, "sent")
        details = idp.resend_confirmation_code(ClientId=app, Username="ada")["CodeDeliveryDetails"]
        assert details["Destination"] == "+****0100"
        assert states(server)[1] == ("dead", 0, "too many to one destination")
        assert given_up(caplog) == ["too many to one destination"]
        assert len(far.requests) == 1


def test_administrators_are_not_counted(tmp_path: Path, far: Recorder) -> None:
    settings = settings_for(tmp_path / "data", sms_gateway=gateway(far.url), messages_per_hour=1)
    with running(settings) as server:
        pool = PoolFactory(server).pool(SmsConfiguration=SMS)
        for name in ("one", "two", "three"):
            server.idp.admin_create_user(
                UserPoolId=pool, Username=name, UserAttributes=pairs({"phone_number": NUMBER})
            )
        wait_for_states(server, *["sent"] * 3)


def test_what_only_the_outbox_gets_has_no_limit(tmp_path: Path) -> None:
    with running(settings_for(tmp_path / "data", messages_per_hour=1)) as server:
        app = texting(server)
        for name in ("one", "two"):
            sign_up(server, app, name, phone_number=NUMBER)
        assert [state for state, _, _ in states(server)] == ["kept", "kept"]


# What stays


def test_messages_to_nobody_are_gone_in_a_minute(own_server: RunningServer) -> None:
    make = PoolFactory(own_server)
    pool = make.pool(AutoVerifiedAttributes=["email"])
    app = make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    for number in range(5):
        own_server.idp.forgot_password(ClientId=app, Username=f"nobody{number}")
    assert [state for state, _, _ in states(own_server)] == ["void"] * 5
    own_server.run(swept(own_server.app))
    assert len(states(own_server)) == 5
    own_server.clock.advance(ms=VOID_RETENTION + 1)
    own_server.run(swept(own_server.app))
    assert states(own_server) == []


def test_what_no_way_out_takes_any_more_is_given_up_in_a_day(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(tmp_path / "data", smtp_url=f"smtp://127.0.0.1:{free_port()}")
    with running(settings) as server:
        make = PoolFactory(server)
        app = str(make.client(make.pool(AutoVerifiedAttributes=["email"]))["ClientId"])
        sign_up(server, app, "ada", email="ada@example.com")
        until_error(server, "SMTPConnectError")
    with running(settings_for(tmp_path / "data")) as again:
        again.clock.advance(hours=23)
        again.run(swept(again.app))
        assert states(again)[0][0] == "due"
        again.clock.advance(hours=2)
        again.run(swept(again.app))
        assert states(again)[0] == ("dead", 1, "too old")
        assert given_up(caplog) == ["too old"]
        again.clock.advance(days=3)
        again.run(swept(again.app))
        assert states(again) == []


# Settings


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"ses_endpoint": "http://localhost:1"}, "needs aws_access_key_id"),
        ({"ses_endpoint": "ftp://localhost:1", **KEY}, "ses_endpoint must look like"),
        ({"ses_endpoint": "https://user:secret@localhost", **KEY}, "ses_endpoint must look like"),
        ({"sns_endpoint": "http://localhost:1", "sms_gateway": gateway("http://x"), **KEY}, "leave one out"),
        ({"kms_endpoint": "http://localhost:1", "sender_key": "x", **KEY}, "leave one out"),
        ({"sender_key": "secret"}, "32 random bytes"),
        ({"sms_gateway": "{}"}, "sms_gateway"),
        ({"messages_per_hour": -1}, "messages_per_hour"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingsError, match=text) as raised:
        settings_for(tmp_path, **changes)
    assert "secret" not in str(raised.value).replace("aws_secret_access_key", "")


def until_error(server: RunningServer, error: str) -> None:
    """Returns once the newest message was tried and put off for this reason."""
    for _ in range(1500):
        if states(server)[-1][2] == error:
            return
        threading.Event().wait(0.01)
    raise AssertionError(states(server))
