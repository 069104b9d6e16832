"""Mail given to a real SMTP server: TLS, passwords, refusals."""

from pathlib import Path

import pytest
from tests.outbound.mail.test_letter import DEFAULT, message
from tests.post_office import Certificate, PostOffice, certificate, free_port, post_office

from cenote.outbound.mail.smtp import Server, Smtp, parsed
from cenote.outbound.transports import Refused, Undelivered, Unreachable

LETTER = message()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


async def sent(url: str) -> None:
    async with Smtp(parsed(url), default_sender=DEFAULT, guard=lambda: None).connected() as connection:
        await connection.send(LETTER)


async def test_a_mail_arrives_as_it_was_written() -> None:
    with post_office() as office:
        await sent(f"smtp://127.0.0.1:{office.port}")
        received = office.next()
    assert (received.sender, received.recipients) == ("no-reply@cenote.example", ["ada@example.com"])
    assert received.mail["Subject"] == "Your verification code"
    assert received.mail.get_body(("plain",)).get_content().strip() == "Your code is 123456"  # type: ignore[union-attr]
    assert received.over_tls is False


async def test_tls_is_used_where_it_is_offered(trusted: Certificate) -> None:
    with post_office(tls=trusted.server) as office:
        await sent(f"smtp://localhost:{office.port}?ca={trusted.file}")
        assert office.next().over_tls is True


async def test_tls_from_the_first_byte(trusted: Certificate) -> None:
    with post_office(implicit_tls=trusted.server) as office:
        await sent(f"smtps://localhost:{office.port}?ca={trusted.file}")
        assert office.next().over_tls is True


async def test_a_server_that_nobody_vouches_for_gets_nothing(trusted: Certificate) -> None:
    with post_office(tls=trusted.server) as office:
        for url in (f"smtp://localhost:{office.port}", f"smtp://localhost:{office.port}?starttls=required"):
            with pytest.raises(Unreachable):
                await sent(url)
        assert office.tries == 0


async def test_without_tls_nothing_is_sent_where_it_is_required() -> None:
    with post_office() as office:
        with pytest.raises(Unreachable):
            await sent(f"smtp://127.0.0.1:{office.port}?starttls=required")
        assert office.tries == 0


async def test_a_password_is_given_over_tls(trusted: Certificate) -> None:
    with post_office(tls=trusted.server, password=("cenote", "p@ss:word/ü")) as office:
        login = "cenote:p%40ss%3Aword%2F%C3%BC"
        await sent(f"smtp://{login}@localhost:{office.port}?ca={trusted.file}")
        received = office.next()
    assert (received.login, received.over_tls) == ("cenote", True)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_wrong_password_is_the_operators_matter_not_the_mails() -> None:
    with post_office(password=("cenote", "right")) as office:
        with pytest.raises(Unreachable, match="SMTPAuthenticationError 535"):
            await sent(f"smtp://cenote:wrong@127.0.0.1:{office.port}")
        await sent(f"smtp://cenote:right@127.0.0.1:{office.port}")
        assert office.next().login == "cenote"


async def test_a_refusal_is_for_good_or_for_now_as_the_server_says() -> None:
    with post_office() as office:
        office.on_recipient = lambda address: f"550 5.1.1 <{address}>: no such user"
        with pytest.raises(Refused, match=r"^550$"):
            await sent(f"smtp://127.0.0.1:{office.port}")
        office.on_recipient = PostOffice.on_recipient
        office.on_mail = lambda _: "554 5.7.1 spam"
        with pytest.raises(Refused, match=r"^554$"):
            await sent(f"smtp://127.0.0.1:{office.port}")
        office.on_mail = lambda _: "451 4.7.1 greylisted"
        with pytest.raises(Undelivered, match=r"^451$") as caught:
            await sent(f"smtp://127.0.0.1:{office.port}")
        assert not isinstance(caught.value, Unreachable)


async def test_one_conversation_carries_many_mails_past_a_refused_one() -> None:
    with post_office() as office:
        office.on_recipient = lambda address: "550 no" if address.startswith("bad") else "250 OK"
        smtp = Smtp(parsed(f"smtp://127.0.0.1:{office.port}"), default_sender=DEFAULT, guard=lambda: None)
        async with smtp.connected() as connection:
            with pytest.raises(Refused):
                await connection.send(message(to="bad@example.com"))
            await connection.send(LETTER)
        assert office.next().recipients == ["ada@example.com"]


async def test_an_absent_server_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        await sent(f"smtp://127.0.0.1:{free_port()}")


async def test_nothing_goes_out_while_the_guard_forbids_it() -> None:
    def guard() -> None:
        raise RuntimeError("inside a transaction")

    with post_office() as office:
        smtp = Smtp(parsed(f"smtp://127.0.0.1:{office.port}"), default_sender=DEFAULT, guard=guard)
        with pytest.raises(RuntimeError, match="inside a transaction"):
            async with smtp.connected():
                pass
        assert office.tries == 0


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server("mail.example", 587, "", "", "offered", "")),
        ("smtp://mail.example:25/", Server("mail.example", 25, "", "", "offered", "")),
        ("smtps://mail.example", Server("mail.example", 465, "", "", "implicit", "")),
        ("smtp://a:b@mail.example", Server("mail.example", 587, "a", "b", "required", "")),
        ("smtp://a:b@localhost:1025", Server("localhost", 1025, "a", "b", "offered", "")),
        ("smtp://a:b@[::1]:1025", Server("::1", 1025, "a", "b", "offered", "")),
        ("smtp://m.example?starttls=never", Server("m.example", 587, "", "", "never", "")),
        (
            "smtp://m.example?starttls=required&ca=/a.pem",
            Server("m.example", 587, "", "", "required", "/a.pem"),
        ),
    ],
)
def test_a_url_names_a_server(url: str, server: Server) -> None:
    assert parsed(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example:25",
        "http://mail.example",
        "smtp://",
        "smtp://:s3cret@",
        "smtp://a:s3cret@mail.example:port",
        "smtp://a:s3cret@mail.example/path",
        "smtp://a:s3cret@mail.example?tls=1",
        "smtp://a:s3cret@mail.example?starttls=maybe",
        "smtp://a:s3cret@[::1",
    ],
)
def test_case_84_a_wrong_url_is_refused_without_quoting_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="smtp_url must look like") as refused:
        parsed(url)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_missing_ca_file_is_named_by_its_error(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="FileNotFoundError"):
        await sent(f"smtp://localhost?ca={tmp_path}/none.pem")
