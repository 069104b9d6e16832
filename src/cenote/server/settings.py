"""Settings: from flags, then CENOTE_* variables, then one TOML file, then defaults.

`FIELDS` is the one list: the command line, the environment, the file and docs/settings.md come from it.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cenote.domain.loopback import is_loopback_name
from cenote.domain.pools import is_mailbox
from cenote.outbound.functions import targets
from cenote.outbound.mail import smtp
from cenote.server import endpoints

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(Exception):
    """An operator's mistake, in one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: its name in Python and in the file, its default and what it means."""

    name: str
    default: str | int | bool | None
    meaning: str
    choices: tuple[str, ...] = ()
    secret: bool = False

    @property
    def flag(self) -> str:
        """Its flag; empty for what other users of the machine must not read on a command line."""
        if self.name == "master_key":
            return ""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "CENOTE_" + self.name.upper()


FIELDS: tuple[Field, ...] = (
    Field("host", "127.0.0.1", "Address to listen on. Where others can reach it, signed calls need an access key."),
    Field("port", 9400, "Port to listen on."),
    Field("data", "cenote-data", "Directory of the embedded database and the master key."),
    Field("database", "", "postgresql://… for PostgreSQL; empty for SQLite in the data directory.", secret=True),
    Field("workers", 1, "Worker processes; 0 for one per core."),
    Field("public_url", "", "The URL that clients reach this server at; empty for http://HOST:PORT. Signed calls"
          " need an access key where it is not this machine's."),
    Field("issuer", "own", "Form of `iss`: own (PUBLIC_URL/POOL) or aws.", choices=("own", "aws")),
    Field("region", "us-east-1", "Region of new pools where a call's signature names none."),
    Field("account", "000000000000", "Account id in ARNs: 12 digits."),
    Field("trusted_proxies", "", "Addresses or networks, comma-separated, whose X-Forwarded-For is believed. With"
          " any, signed calls need an access key."),
    Field("example", False, "Make an example pool, app client and user at the first start."),
    Field("access_log", False, "Log a line for each request."),
    Field("log_format", "auto", "auto: text on a terminal, JSON elsewhere.", choices=("auto", "json", "text")),
    Field("log_level", "info", "Lowest level that is logged.", choices=("debug", "info", "warning", "error")),
    Field("max_body", 2_097_152, "Largest request body, in bytes."),
    Field("body_timeout", 10, "Seconds within which a request's body must have arrived."),
    Field("stop_timeout", 30, "Seconds that a stop waits for requests to finish."),
    Field("tls_cert", "", "Path of a PEM certificate chain; with tls_key, serves HTTPS."),
    Field("tls_key", "", "Path of the certificate's PEM private key."),
    Field("metrics", True, "Serve Prometheus metrics at /metrics (where others can reach it: to metrics_token only)."),
    Field("metrics_token", "", "Bearer token that /metrics asks for.", secret=True),
    Field("smtp_url", "", "smtp://user:password@host:587 or smtps://… (?starttls=required, auto or never; &ca=FILE);"
          " empty to keep mail in the outbox.", secret=True),
    Field("mail_from", "no-reply@verificationemail.com", "Sender of e-mails where the pool names none."),
    Field("ses_endpoint", "", "https://email.{region}.amazonaws.com, or one that speaks SES's API: mail goes out by"
          " it; with smtp_url, that of pools whose EmailSendingAccount is DEVELOPER."),
    Field("sns_endpoint", "", "https://sns.{region}.amazonaws.com, or one that speaks SNS's API: for text messages."),
    Field("sts_endpoint", "", "https://sts.{region}.amazonaws.com, or a server with its API: assumes SnsCallerArn to"
          " publish; empty to publish with the server's own credentials."),
    Field("sms_gateway", "", "What a gateway for text messages takes: table [sms_gateway], or JSON.", secret=True),
    Field("kms_endpoint", "", "https://kms.{region}.amazonaws.com, or one that speaks KMS's API: encrypts codes for"
          " custom senders under the pool's key."),
    Field("sender_key", "", "32 bytes in base64 that encrypt codes for custom senders in place of KMS.", secret=True),
    Field("logs_endpoint", "", "https://logs.{region}.amazonaws.com, or a server with its API: for logs that pools"
          " export."),
    Field("firehose_endpoint", "", "https://firehose.{region}.amazonaws.com, or a server with its API: the same."),
    Field("s3_endpoint", "", "https://s3.{region}.amazonaws.com, or a server with its API: the same."),
    Field("log_export_file", "", "Path of a file for logs that pools export to a service without an endpoint."),
    Field("aws_region", "", "Region of calls to AWS's services where a pool names none; empty for region."),
    Field("aws_access_key_id", "", "Access key of calls to AWS's services."),
    Field("aws_secret_access_key", "", "Its secret.", secret=True),
    Field("messages_per_hour", 30, "Most messages an hour that users may have sent to one address or number; 0 for any"
          " number."),
    Field("functions", "", "What triggers call: tables [functions.NAME] in the file, or JSON; see docs/triggers.md.",
          secret=True),
    Field("function_timeout", 5, "Seconds that a function may take for one try."),
    Field("function_tries", 3, "How often a function that does not answer is called."),
    Field("breached_passwords", "", "Path of a file of breached passwords: sorted SHA-1 hashes, one a line."),
    Field("master_key", "", "The master keys themselves, newest first, in place of a file.", secret=True),
    Field("master_key_file", "", "Path of the master key file; empty for master.key in the data directory."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """See `FIELDS` for what each means."""

    host: str
    port: int
    data: str
    database: str
    workers: int
    public_url: str
    issuer: str
    region: str
    account: str
    trusted_proxies: str
    example: bool
    access_log: bool
    log_format: str
    log_level: str
    max_body: int
    body_timeout: int
    stop_timeout: int
    tls_cert: str
    tls_key: str
    metrics: bool
    metrics_token: str
    smtp_url: str
    mail_from: str
    ses_endpoint: str
    sns_endpoint: str
    sts_endpoint: str
    sms_gateway: str
    kms_endpoint: str
    sender_key: str
    logs_endpoint: str
    firehose_endpoint: str
    s3_endpoint: str
    log_export_file: str
    aws_region: str
    aws_access_key_id: str
    aws_secret_access_key: str
    messages_per_hour: int
    functions: str
    function_timeout: int
    function_tries: int
    breached_passwords: str
    master_key: str
    master_key_file: str

    @property
    def loopback(self) -> bool:
        return self.host in LOOPBACK

    @property
    def private(self) -> bool:
        """Whether only this machine can reach the server, as far as its settings tell: nothing is passed on to it."""
        own = not self.public_url or is_loopback_name(urlsplit(self.public_url).hostname or "")
        return self.loopback and own and not self.trusted_proxies.strip()

    @property
    def database_path(self) -> str | Path:
        """The PostgreSQL URL, or the path of the SQLite file."""
        return self.database or Path(self.data) / "cenote.db"

    @property
    def base_url(self) -> str:
        """The public URL without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        scheme = "https" if self.tls_cert else "http"
        host = "localhost" if self.loopback or self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"{scheme}://{host}:{self.port}"


def load(flags: Mapping[str, Any], environ: Mapping[str, str], file: str | None = None) -> Settings:
    """Settings from their sources, checked; SettingsError names the one that is wrong."""
    path = file or environ.get("CENOTE_CONFIG")
    from_file = read_file(Path(path)) if path else {}
    values: dict[str, Any] = {}
    for field in FIELDS:
        if field.flag and flags.get(field.name) is not None:
            value, source = flags[field.name], field.flag
        elif field.variable in environ:
            value, source = environ[field.variable], field.variable
        elif field.name in from_file:
            value, source = from_file[field.name], f"{field.name} in {path}"
        else:
            value, source = field.default, "the default"
        values[field.name] = converted(field, value, source)
    settings = Settings(**values)
    check(settings)
    return settings


def read_file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from None
    unknown = sorted(set(content) - {field.name for field in FIELDS})
    if unknown:
        raise SettingsError(
            f"The settings file {path} has an unknown setting, {unknown[0]}; see docs/settings.md."
        )
    return content


def converted(field: Field, value: Any, source: str) -> Any:
    """The value in the field's type; environment variables and flags are strings."""
    if field.name in {"functions", "sms_gateway"} and isinstance(value, dict):
        # Tables in the file; one text elsewhere, as workers get it.
        value = msgspec.json.encode(value).decode()
    kind = type(field.default)
    if kind is bool and isinstance(value, str):
        lowered = value.strip().lower()
        if lowered not in {"1", "true", "yes", "on", "0", "false", "no", "off", ""}:
            raise SettingsError(f"{source} must be true or false, not {value!r}.")
        return lowered in {"1", "true", "yes", "on"}
    if kind is int and not isinstance(value, bool):
        try:
            return int(value)
        except (TypeError, ValueError):
            raise SettingsError(f"{source} must be a whole number, not {value!r}.") from None
    if not isinstance(value, kind):
        raise SettingsError(f"{source} must be a {'string' if kind is str else kind.__name__}.")
    if field.choices and value not in field.choices:
        raise SettingsError(f"{source} must be one of {', '.join(field.choices)}, not {value!r}.")
    return value


def check(settings: Settings) -> None:
    """What no single value can be blamed for."""
    if not 0 <= settings.port <= 65535:
        raise SettingsError(f"port must be between 0 and 65535, not {settings.port}.")
    if not 0 <= settings.workers <= 256:
        raise SettingsError(f"workers must be between 0 and 256, not {settings.workers}.")
    if not (settings.account.isascii() and settings.account.isdigit() and len(settings.account) == 12):
        raise SettingsError(f"account must be 12 digits, not {settings.account!r}.")
    if settings.public_url and not is_url(settings.public_url):
        raise SettingsError(
            f"public_url must be a URL that begins with http:// or https://, not {settings.public_url!r}."
        )
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingsError("tls_cert and tls_key go together; one of them is missing.")
    if settings.example and not settings.private:
        raise SettingsError(
            "example makes a user whose password everybody knows: on a loopback host only, and behind no proxy."
        )
    check_mail(settings)
    check_functions(settings)
    check_endpoints(settings)
    if settings.database and not settings.database.startswith(("postgresql://", "postgres://")):
        raise SettingsError("database must be a postgresql:// URL; leave it out for the embedded database.")


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def check_mail(settings: Settings) -> None:
    if settings.smtp_url:
        try:
            server = smtp.parsed(settings.smtp_url)
        except ValueError as error:
            raise SettingsError(str(error)) from None
        if server.ca_file and not os.access(server.ca_file, os.R_OK):
            raise SettingsError(f"The certificates that smtp_url names, {server.ca_file}, cannot be read.")
    if not is_mailbox(settings.mail_from):
        raise SettingsError(f"mail_from must be an address, or Name <address>, not {settings.mail_from!r}.")


def check_endpoints(settings: Settings) -> None:
    try:
        endpoints.check(settings)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def check_functions(settings: Settings) -> None:
    try:
        targets.parsed(settings.functions)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if not 1 <= settings.function_timeout <= 900:
        raise SettingsError(f"function_timeout must be between 1 and 900, not {settings.function_timeout}.")
    if not 1 <= settings.function_tries <= 10:
        raise SettingsError(f"function_tries must be between 1 and 10, not {settings.function_tries}.")


def worker_count(settings: Settings) -> int:
    """How many workers to start: one per core this process may use where the setting is 0."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return settings.workers or cores


def make_data(settings: Settings) -> None:
    """Makes the data directory for its owner only; SettingsError where that cannot be done."""
    data = Path(settings.data)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The data directory {data} cannot be made ({error.strerror}): choose another with --data."
        ) from None
    if not os.access(data, os.W_OK | os.X_OK):
        raise SettingsError(f"The data directory {data} cannot be written: choose another with --data.")
