"""Messages delivered off the request's path, and old ones swept away."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.calls import PASSWORD, pairs
from tests.conftest import PoolFactory, RunningServer, free_port, running, settings_for
from tests.outbox import messages_to
from tests.post_office import OK, Gate, PostOffice, post_office

from cenote.server.jobs import BACK_OFF, LEASE, RETENTION, Courier, WayOut, swept


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


@pytest.fixture
def server(tmp_path: Path, office: PostOffice) -> Iterator[RunningServer]:
    with running(sending(tmp_path, office.port)) as one:
        yield one


def sending(folder: Path, port: int, **changes: Any) -> Any:
    """Settings of a server whose mail goes out by the SMTP server on that port."""
    return settings_for(folder / "data", smtp_url=f"smtp://127.0.0.1:{port}", **changes)


def app_of(server: RunningServer, **pool: Any) -> str:
    make = PoolFactory(server)
    return str(make.client(make.pool(AutoVerifiedAttributes=["email"], **pool))["ClientId"])


def sign_up(server: RunningServer, app: str, name: str) -> None:
    server.idp.sign_up(
        ClientId=app,
        Username=name,
        Password=PASSWORD,
        UserAttributes=pairs({"email": f"{name}@example.com"}),
    )


def states(server: RunningServer) -> list[tuple[str, int, str | None]]:
    """State, tries and last error of every message, oldest first."""
    sql = "SELECT state, tries, last_error FROM messages ORDER BY created_at, message_id"
    return list(server.run(server.app.store.engine.all(sql)))


def deliver(server: RunningServer) -> None:
    """One round of a courier, as the job makes them."""
    server.run(Courier(server.app, mail(server)).deliver())


def mail(server: RunningServer) -> WayOut:
    return next(way for way in server.app.outgoing.ways_out if "COGNITO_DEFAULT" in way.routes)


def wait_for_states(server: RunningServer, *wanted: str) -> None:
    """Returns once the messages have these states; the job works on its own."""
    done = threading.Event()
    for _ in range(1500):
        if [state for state, _, _ in states(server)] == list(wanted):
            return
        done.wait(0.01)
    raise AssertionError(f"{states(server)} never became {wanted}")


def test_a_code_is_mailed_soon_after_the_answer(server: RunningServer, office: PostOffice) -> None:
    sign_up(server, app_of(server), "ada")
    received = office.next()
    assert received.recipients == ["ada@example.com"]
    assert received.sender == "no-reply@verificationemail.com"
    shown = messages_to(server.url, "ada@example.com")[0]
    text = received.mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == f"Your verification code is {shown['code']}"
    wait_for_states(server, "sent")


def test_the_pools_templates_and_sender_are_mailed(server: RunningServer, office: PostOffice) -> None:
    app = app_of(
        server,
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_LINK",
            "EmailMessageByLink": "<h1>Hello</h1> {##Come in##}",
            "EmailSubjectByLink": "Welcome",
        },
        EmailConfiguration={
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": "arn:aws:ses:eu-central-1:123456789012:identity/larkspur.example",
            "From": "Larkspur <hello@larkspur.example>",
            "ReplyToEmailAddress": "help@larkspur.example",
        },
    )
    sign_up(server, app, "ada")
    mail = office.next().mail
    assert mail["From"] == "Larkspur <hello@larkspur.example>"
    assert mail["Reply-To"] == "help@larkspur.example"
    assert mail["Subject"] == "Welcome"
    html = mail.get_body(("html",))
    assert html is not None
    assert f'<a href="{server.url.replace("127.0.0.1", "localhost")}/confirmUser?' in html.get_content()


def test_case_81_a_template_adds_no_header_and_no_recipient(
    server: RunningServer, office: PostOffice
) -> None:
    app = app_of(
        server,
        VerificationMessageTemplate={
            "EmailSubject": "Hi\r\nBcc: eve@example.com",
            "EmailMessage": "{####}\r\n.\r\nMAIL FROM:<eve@example.com>\r\n",
        },
    )
    sign_up(server, app, "ada")
    received = office.next()
    assert received.recipients == ["ada@example.com"]
    assert received.mail["Subject"] == "Hi Bcc: eve@example.com"
    assert received.mail["Bcc"] is None
    wait_for_states(server, "sent")
    assert office.received.empty()


def test_what_is_refused_for_good_is_not_tried_again(server: RunningServer, office: PostOffice) -> None:
    office.on_recipient = lambda address: "550 no such user" if address.startswith("bad") else OK
    app = app_of(server)
    sign_up(server, app, "bad")
    wait_for_states(server, "dead")
    sign_up(server, app, "good")
    assert office.next().recipients == ["good@example.com"]
    wait_for_states(server, "dead", "sent")
    assert states(server)[0] == ("dead", 1, "550")
    server.clock.advance(hours=1)
    deliver(server)
    assert office.tries == 2


def test_what_is_put_off_is_tried_again_later(server: RunningServer, office: PostOffice) -> None:
    office.on_mail = lambda _: "451 greylisted"
    sign_up(server, app_of(server), "ada")
    server.run(until_tried(server))
    assert states(server) == [("due", 1, "451")]
    office.on_mail = lambda _: OK
    deliver(server)
    assert office.received.empty()
    server.clock.advance(ms=BACK_OFF[0])
    assert office.next().recipients == ["ada@example.com"]
    wait_for_states(server, "sent")
    assert states(server) == [("sent", 2, None)]


async def until_tried(server: RunningServer) -> None:
    """Returns once every message has been tried and put off."""
    import asyncio  # noqa: PLC0415 - the server's own loop

    sql = "SELECT COUNT(*) FROM messages WHERE last_error IS NULL"
    while True:
        row = await server.app.store.engine.one(sql)
        if row is not None and row[0] == 0:
            return
        await asyncio.sleep(0.01)


def test_an_outage_is_waited_out(tmp_path: Path) -> None:
    port = free_port()
    with running(sending(tmp_path, port)) as server:
        app = app_of(server)
        for name in ("one", "two", "three"):
            sign_up(server, app, name)
        server.run(until_tried(server))
        assert {state for state, _, _ in states(server)} == {"due"}
        with post_office(port) as office:
            server.clock.advance(ms=BACK_OFF[0])
            names = {office.next().recipients[0] for _ in range(3)}
        assert names == {"one@example.com", "two@example.com", "three@example.com"}


def test_after_the_last_try_a_message_is_given_up(tmp_path: Path) -> None:
    with running(sending(tmp_path, free_port())) as server:
        sign_up(server, app_of(server), "ada")
        server.run(until_tried(server))
        for tries, pause in enumerate(BACK_OFF, start=1):
            assert states(server) == [("due", tries, "SMTPConnectError")]
            server.clock.advance(ms=pause)
            deliver(server)
            wait_for_tries(server, tries + 1)
        assert states(server) == [("dead", len(BACK_OFF) + 1, "SMTPConnectError")]


def wait_for_tries(server: RunningServer, tries: int) -> None:
    """Returns once a try is over, made by the test's round or a moment earlier by the job's own."""
    sql = "SELECT state, tries, due_at FROM messages"
    for _ in range(1500):
        state, made, due_at = server.run(server.app.store.engine.one(sql))
        if made == tries and (state == "dead" or due_at - server.clock() != pytest.approx(LEASE, abs=30_000)):
            return
        threading.Event().wait(0.01)
    raise AssertionError(states(server))


def test_what_is_older_than_its_code_is_not_sent_any_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    with running(sending(tmp_path, port)) as server:
        sign_up(server, app_of(server), "ada")
        server.run(until_tried(server))
        server.clock.advance(hours=25)
        with post_office(port) as office:
            deliver(server)
            wait_for_states(server, "dead")
            assert office.tries == 0
        assert states(server)[0][2] == "too old"
        said = [vars(record) for record in caplog.records if record.message == "a message was given up"]
        assert [record["reason"] for record in said] == ["too old"]


def test_a_queued_message_survives_a_restart(tmp_path: Path) -> None:
    with running(sending(tmp_path, free_port())) as server:
        sign_up(server, app_of(server), "ada")
        server.run(until_tried(server))
    with post_office() as office, running(sending(tmp_path, office.port)) as again:
        again.clock.advance(ms=BACK_OFF[0])
        assert office.next().recipients == ["ada@example.com"]
        wait_for_states(again, "sent")


def test_a_stop_finishes_the_message_in_hand_and_leaves_the_rest(tmp_path: Path) -> None:
    gate = Gate()
    with post_office() as office:
        office.on_mail = gate
        with running(sending(tmp_path, office.port)) as server:
            app = app_of(server)
            sign_up(server, app, "in-hand")
            assert gate.knocked.wait(15)
            sign_up(server, app, "waiting")
            threading.Timer(0.2, gate.opened.set).start()
        assert office.next().recipients == ["in-hand@example.com"]
        office.on_mail = lambda _: OK
        with running(sending(tmp_path, office.port)) as again:
            assert office.next().recipients == ["waiting@example.com"]
            wait_for_states(again, "sent", "sent")
        assert office.received.empty()


def test_two_workers_never_send_one_message_both(tmp_path: Path) -> None:
    port = free_port()
    with running(sending(tmp_path, port)) as server:
        app = app_of(server)
        for index in range(20):
            sign_up(server, app, f"user{index}")
        server.run(until_tried(server))
        with post_office(port) as office:
            server.clock.advance(ms=BACK_OFF[0])
            server.run(several_couriers(server, 4))
            wait_for_states(server, *["sent"] * 20)
            received = [office.next().recipients[0] for _ in range(20)]
            assert office.received.empty()
        assert sorted(received) == sorted(f"user{index}@example.com" for index in range(20))


async def several_couriers(server: RunningServer, count: int) -> None:
    import asyncio  # noqa: PLC0415 - the server's own loop

    await asyncio.gather(*(Courier(server.app, mail(server)).deliver() for _ in range(count)))


def test_a_message_whose_worker_died_is_taken_up_by_another(
    server: RunningServer, office: PostOffice
) -> None:
    async def die_with_it() -> None:
        store = server.app.store
        async with store.transaction():
            assert await store.messages.take_due(
                routes=mail(server).routes, now=server.clock(), lease=LEASE, limit=1
            )

    gate = Gate()
    office.on_mail = gate
    app = app_of(server)
    sign_up(server, app, "first")
    assert gate.knocked.wait(15)  # the job is busy
    sign_up(server, app, "orphan")
    server.run(die_with_it())
    gate.opened.set()
    assert office.next().recipients == ["first@example.com"]
    deliver(server)
    assert office.received.empty()
    server.clock.advance(ms=LEASE)
    assert office.next().recipients == ["orphan@example.com"]


def test_without_a_mail_server_messages_are_kept_for_the_outbox(own_server: RunningServer) -> None:
    sign_up(own_server, app_of(own_server), "ada")
    assert states(own_server) == [("kept", 0, None)]
    assert len(messages_to(own_server.url, "ada@example.com")) == 1


def test_text_messages_are_kept_with_a_mail_server_too(server: RunningServer) -> None:
    make = PoolFactory(server)
    pool = make.pool(
        AutoVerifiedAttributes=["phone_number"],
        SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
    )
    server.idp.sign_up(
        ClientId=make.client(pool)["ClientId"],
        Username="ada",
        Password=PASSWORD,
        UserAttributes=pairs({"phone_number": "+15550100"}),
    )
    assert states(server) == [("kept", 0, None)]


def test_case_84_the_log_names_no_recipient_and_no_code(
    server: RunningServer, office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="cenote")
    office.on_recipient = lambda address: f"550 <{address}> is unknown here"
    sign_up(server, app_of(server), "private")
    wait_for_states(server, "dead")
    code = messages_to(server.url, "private@example.com")[0]["code"]
    said = " ".join(str(vars(record)) for record in caplog.records if record.name.startswith("cenote"))
    assert "a message was refused" in said
    assert "private@example.com" not in said
    assert code not in said


def test_old_messages_are_swept_away_and_new_ones_stay(own_server: RunningServer) -> None:
    app = app_of(own_server)
    sign_up(own_server, app, "old")
    own_server.clock.advance(ms=RETENTION - 60_000)
    sign_up(own_server, app, "new")
    own_server.run(swept(own_server.app))
    assert len(states(own_server)) == 2
    own_server.clock.advance(ms=120_000)
    own_server.run(swept(own_server.app))
    assert messages_to(own_server.url, "old@example.com") == []
    assert len(messages_to(own_server.url, "new@example.com")) == 1


def test_counts_whose_time_is_over_are_swept_away(own_server: RunningServer) -> None:
    app = app_of(own_server)
    sign_up(own_server, app, "ada")
    own_server.idp.resend_confirmation_code(ClientId=app, Username="ada")
    count = "SELECT COUNT(*) FROM quotas"
    engine = own_server.app.store.engine
    own_server.run(swept(own_server.app))
    assert own_server.run(engine.one(count)) == (1,)
    own_server.clock.advance(hours=2)
    own_server.run(swept(own_server.app))
    assert own_server.run(engine.one(count)) == (0,)
