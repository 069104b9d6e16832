"""Mail by SMTP (RFC 5321), over TLS wherever it can be had."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from cenote.outbound.mail.letter import written
from cenote.outbound.transports import STEP_SECONDS, Refused, Undelivered, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import aiosmtplib

    from cenote.domain.messages import Message

Tls = Literal["implicit", "required", "offered", "never"]

# Seconds for each answer of the server. RFC 5321 would allow minutes, which no queue should wait for.
ANSWER_SECONDS: Final = 20
PORTS: Final = {"smtp": 587, "smtps": 465}
STARTTLS: Final[dict[str, Tls]] = {"required": "required", "auto": "offered", "never": "never"}
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
FORM: Final = "smtp_url must look like smtp://user:password@host:587 or smtps://user:password@host"


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server as a URL names it: see `parsed`."""

    host: str
    port: int
    username: str
    password: str
    tls: Tls
    ca_file: str


def parsed(url: str) -> Server:
    """`smtp://user:password@host:587` or `smtps://…:465`; ValueError with a sentence that quotes no password.

    `smtp://` turns TLS on by STARTTLS where the server offers it, and insists on it where there is a password to
    send beyond this machine. `?starttls=required|auto|never` says otherwise; `?ca=FILE` names the certificates to
    trust in place of the system's.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise ValueError(f"{FORM}.") from None
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise ValueError(f"{FORM}.")
    if set(options) - {"starttls", "ca"} or options.get("starttls", "auto") not in STARTTLS:
        raise ValueError(
            f"{FORM}, with ?starttls=required, auto or never and &ca=FILE where they are needed."
        )
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "smtps":
        tls: Tls = "implicit"
    elif "starttls" in options:
        tls = STARTTLS[options["starttls"]]
    else:
        tls = "required" if username and parts.hostname not in LOOPBACK else "offered"
    return Server(parts.hostname, port or PORTS[parts.scheme], username, password, tls, options.get("ca", ""))


class Smtp:
    """The way out by one server. `default_sender` is who mail is from where its pool does not say; `guard` raises where
    nothing may go out: inside a transaction.
    """

    def __init__(self, server: Server, *, default_sender: str, guard: Callable[[], None]) -> None:
        self._server = server
        self._sender = default_sender
        self._guard = guard

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca_file or None)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """A conversation, begun and in the end closed in good order; Unreachable if it cannot be begun."""
        import aiosmtplib  # noqa: PLC0415 (60 ms, and only where mail is sent)

        self._guard()
        server = self._server
        try:
            client = aiosmtplib.SMTP(
                hostname=server.host,
                port=server.port,
                username=server.username or None,
                password=server.password or None,
                timeout=ANSWER_SECONDS,
                use_tls=server.tls == "implicit",
                start_tls={"required": True, "offered": None}.get(server.tls, False),
                tls_context=None if server.tls == "never" else self._trust,
            )
            async with asyncio.timeout(STEP_SECONDS):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unreachable(reason(error)) from None
        try:
            yield Connection(client, self._sender, self._guard)
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            client.close()


class Connection:
    """A conversation with the server, for one mail after the other."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str, guard: Callable[[], None]) -> None:
        self._client = client
        self._sender = sender
        self._guard = guard

    async def send(self, message: Message) -> None:
        """Returns once the server has taken the mail over; raises Refused, Undelivered or Unreachable otherwise."""
        import aiosmtplib  # noqa: PLC0415 (see `connected`)

        self._guard()
        letter = written(message, default_sender=self._sender)
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await self._client.send_message(
                    letter.content, sender=letter.sender, recipients=[letter.recipient]
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise judged(error.recipients[0].code) from None
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            raise judged(error.code) from None
        except aiosmtplib.SMTPNotSupported:
            raise Refused("SMTPUTF8") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unreachable(reason(error)) from None


def judged(code: int) -> Refused | Undelivered:
    """A reply of 5xx to an envelope or a mail is for good, one of 4xx is for now (RFC 5321, 4.2.1)."""
    return Refused(str(code)) if code >= 500 else Undelivered(str(code))


def reason(error: Exception) -> str:
    """What went wrong, without the server's words: they quote addresses."""
    code = getattr(error, "code", None)
    name = type(error).__name__
    return f"{name} {code}" if isinstance(code, int) else name
