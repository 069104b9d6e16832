"""HTTP as the endpoints of a pool's domain see it: a request read once, an answer written once.

Raw ASGI, without a framework: a token answer is little more than its signature (decision 14).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, unquote_to_bytes, urlsplit

import msgspec

from cenote.web.sites import Site

LARGEST_FORM: Final = 65_536
LARGEST_QUERY: Final = 16_384
MOST_FIELDS: Final = 100
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

# What nobody may keep, pass on or take for something else (SECURITY.md case 12).
PRIVATE: Final = (
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
# Open to every origin, without its cookies (case 85).
OPEN: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"www-authenticate, dpop-nonce"),
)

PROOF: Final = b"dpop"

encode: Final = msgspec.json.Encoder().encode

# What each letter of ASCII is in a form: to look it up takes half as long as to work it out.
_QUOTED: Final = {number: quote_plus(chr(number)) for number in range(128)}


class Malformed(Exception):
    """Parameters that no form encoder writes."""


class Parameters(dict[str, str]):
    """The parameters of a query or a form, each once; those without a value are as good as left out (RFC 6749 3.1).

    `repeated` are those that were given more than once, of which the first counts.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        repeated: set[str] = set()
        for name, value in pairs:
            if name in self:
                repeated.add(name)
            elif value:
                self[name] = value
        self.repeated = frozenset(repeated)


def parameters(encoded: bytes) -> Parameters:
    """Malformed for too many, or for what is not UTF-8."""
    try:
        fields = encoded.decode("ascii").split("&")
        if len(fields) > MOST_FIELDS:
            raise Malformed
        return Parameters([read(field) for field in fields if field])
    except UnicodeError:
        raise Malformed from None


def read(field: str) -> tuple[str, str]:
    """The name and the value of a form's field, as `parse_qsl` reads them: most are written plainly."""
    name, _, value = field.partition("=")
    return unquoted(name), unquoted(value)


def unquoted(text: str) -> str:
    """Of text in ASCII alone; UnicodeError for what is not UTF-8."""
    if "+" in text:
        text = text.replace("+", " ")
    return unquote_to_bytes(text).decode() if "%" in text else text


def written(fields: Iterable[tuple[str, str]]) -> str:
    """As `urlencode` writes them; the names are plain."""
    return "&".join([f"{name}={quoted(value)}" for name, value in fields])


def quoted(text: str) -> str:
    return text.translate(_QUOTED) if text.isascii() else quote_plus(text)


NOTHING: Final = Parameters([])


class Request(msgspec.Struct, frozen=True):
    """One request to an endpoint of a site. Header names are lower case; of repeated headers the first counts.

    `query_string` is the query as sent, `form` the fields of a posted form, `body` posted JSON; `address` is the
    client's. `used` is what it has used up, which counts once though it be run again after a conflict.
    """

    method: str
    path: str
    site: Site
    query: Parameters
    form: Parameters
    headers: Mapping[str, str]
    address: str
    query_string: str
    body: bytes = b""
    used: set[str] = set()

    @property
    def parameters(self) -> Parameters:
        """Those of the form, for a POST; else of the query."""
        return self.form if self.method == "POST" else self.query

    @property
    def cookies(self) -> dict[str, str]:
        return cookies(self.headers.get("cookie", ""))

    @property
    def user_agent(self) -> str:
        return self.headers.get("user-agent", "")


def cookies(header: str) -> dict[str, str]:
    """The cookies of a Cookie header, the first of each name."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name not in found:
            found[name] = value
    return found


def headers_of(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in raw:
        if name == PROOF and "dpop" in found:
            # More than one proof is none (RFC 9449 4.3).
            found["dpop"] = ""
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found


@dataclass(slots=True)
class Answer:
    """An answer; nobody keeps it unless `cacheable` says so."""

    status: int
    body: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    cacheable: bool = False

    def set_cookie(self, cookie: str) -> "Answer":
        self.headers.append((b"set-cookie", cookie.encode("latin-1")))
        return self

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        kept = self.headers if self.cacheable else [*PRIVATE, *self.headers]
        return [*kept, (b"content-length", str(len(self.body)).encode())]


def json(status: int, content: Any, *headers: tuple[bytes, bytes]) -> Answer:
    """A JSON answer that pages of every origin may read."""
    kind = (b"content-type", b"application/json;charset=UTF-8")
    return Answer(status, encode(content), [kind, *OPEN, *headers])


def redirect(url: str, *, after_post: bool = False) -> Answer:
    """To `url` with GET, whatever the request was: what was posted goes nowhere else (case 11)."""
    return Answer(303 if after_post else 302, b"", [(b"location", url.encode("ascii", "backslashreplace"))])


def page(status: int, html: bytes, nonce: str, *, goes_to: str = "") -> Answer:
    """A page that runs only what carries its nonce, and that nobody may frame (cases 13 and 14).

    `goes_to` is where its form may lead in the end: browsers hold redirects after a form to `form-action` as well.
    """
    targets = f"'self' {origin_source(goes_to)}".rstrip()
    policy = (
        f"default-src 'none'; style-src 'self' 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' data:; "
        f"connect-src 'self'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    return Answer(
        status,
        html,
        [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-security-policy", policy.encode("ascii")),
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin-allow-popups"),
        ],
    )


def origin_source(url: str) -> str:
    """The source expression of a URL's origin; of an app's own scheme, the scheme. Empty for anything else."""
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and parts.netloc.isascii() and not set(parts.netloc) & set(";, '\""):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if parts.scheme and parts.scheme.isascii() else ""


def cookie(name: str, value: str, *, secure: bool, max_age: int) -> str:
    """A Set-Cookie value for this host alone, that no script reads (case 52). `max_age` is in seconds; 0 removes it.

    Names and values are ours: hexadecimal digits, ids, tags of languages.
    """
    return f"{name}={value}; HttpOnly; Max-Age={max_age}; Path=/; SameSite=Lax{'; Secure' if secure else ''}"
