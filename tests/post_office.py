"""A real SMTP server that keeps what it is given, and refuses what it is told to."""

import asyncio
import contextlib
import datetime as dt
import queue
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OK = "250 OK"


@dataclass
class Received:
    """One mail as it came: its envelope, its content, and how."""

    sender: str
    recipients: list[str]
    mail: EmailMessage
    over_tls: bool
    login: str | None


@dataclass
class PostOffice:
    """What the server does and has. `on_recipient` and `on_mail` give its reply, given the recipient."""

    port: int = 0
    received: "queue.Queue[Received]" = field(default_factory=queue.Queue)
    on_recipient: Callable[[str], str] = lambda _: OK
    on_mail: Callable[[str], str] = lambda _: OK
    tries: int = 0

    def next(self) -> Received:
        return self.received.get(timeout=15)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        self.tries += 1
        reply = self.on_recipient(address)
        if reply == OK:
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        reply = self.on_mail(envelope.rcpt_tos[0])
        if reply == OK:
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            over_tls = server.transport.get_extra_info("ssl_object") is not None
            login = session.auth_data.login.decode() if session.auth_data else None
            self.received.put(Received(envelope.mail_from, list(envelope.rcpt_tos), mail, over_tls, login))
        return reply


class Counter(Controller):
    """aiosmtpd's server; what it speaks with is closed before its loop is, which aiosmtpd leaves to luck."""

    def __init__(self, office: PostOffice, **options: Any) -> None:
        self.conversations: list[SMTP] = []
        super().__init__(office, hostname="127.0.0.1", **options)

    def factory(self) -> SMTP:
        self.conversations.append(SMTP(self.handler, **self.SMTP_kwargs))
        return self.conversations[-1]

    async def hang_up(self) -> None:
        assert self.server is not None
        self.server.close()
        for _ in range(20):  # an end of one layer is told to the next in the turn after
            for one in self.conversations:
                if one.transport is not None:
                    one.transport.abort()  # type: ignore[attr-defined]
            await asyncio.sleep(0)

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self.hang_up(), self.loop).result(30)
        super().stop(no_assert)


@contextlib.contextmanager
def post_office(
    port: int = 0,
    *,
    tls: ssl.SSLContext | None = None,
    implicit_tls: ssl.SSLContext | None = None,
    password: tuple[str, str] | None = None,
) -> Iterator[PostOffice]:
    """The server, on 127.0.0.1 until the block is left; `tls` for STARTTLS, `password` as user and password."""
    office = PostOffice()

    def authenticate(*arguments: Any) -> AuthResult:
        given = arguments[-1]
        assert isinstance(given, LoginPassword)
        right = (given.login.decode(), given.password.decode()) == password
        return AuthResult(success=right, auth_data=given, handled=False)

    options: dict[str, Any] = {"tls_context": tls}
    if password is not None:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": tls is not None}
    controller = Counter(office, port=port or free_port(), ssl_context=implicit_tls, **options)
    controller.start()
    office.port = controller.port
    try:
        yield office
    finally:
        controller.stop()


def free_port() -> int:
    from tests.conftest import free_port  # noqa: PLC0415 - a cycle otherwise

    return free_port()


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost that only its own file makes trusted."""

    file: Path

    @property
    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


def certificate(folder: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "localhost.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return Certificate(file)


class Gate:
    """Holds a mail at the server's door until the test lets it through."""

    def __init__(self) -> None:
        self.knocked = threading.Event()
        self.opened = threading.Event()

    def __call__(self, _recipient: str) -> str:
        self.knocked.set()
        self.opened.wait(15)
        return OK
