"""Text messages by any gateway that takes an HTTP request, made after a template in the settings.

{to} and {text} are filled in where they stand in strings of the template, which is data already: a value cannot end
its string, add a field or reach another host, whatever is in it (SECURITY.md case 81).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from cenote.outbound.functions import Unreachable as NoAnswer
from cenote.outbound.sms import number
from cenote.outbound.transports import STEP_SECONDS, Conversation, Refused, Undelivered, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cenote.domain.messages import Message
    from cenote.outbound.functions.connections import Connections

# What a gateway says when it is busy; 401 and 403 mean that it knows us no more.
LATER: Final = frozenset({408, 425, 429})
UNKNOWN_TO: Final = frozenset({401, 403, 404, 405})


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[sms_gateway]`: `json` or `form` is the body; one with neither has to be told all in its URL."""

    url: str
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = {}
    json: Any = None
    form: dict[str, str] | None = None


_decode = msgspec.json.Decoder(Template).decode


def parsed(text: str) -> Template:
    """The template from JSON; ValueError with a sentence that quotes no secret."""
    try:
        template = _decode(text)
    except msgspec.ValidationError as error:
        raise ValueError(f"sms_gateway: {error}.") from None
    except msgspec.DecodeError:
        raise ValueError("sms_gateway must be JSON, or a table [sms_gateway] in the settings file.") from None
    try:
        parts = urlsplit(template.url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not template.url.isascii() or "{" in parts.netloc or parts.username is not None:
        raise ValueError("sms_gateway: url must look like https://host/path, without a user name.")
    if template.json is not None and template.form is not None:
        raise ValueError("sms_gateway: give json or form, not both.")
    whole = msgspec.json.encode([template.url, template.json, template.form])
    if b"{to}" not in whole or b"{text}" not in whole:
        raise ValueError("sms_gateway: {to} and {text} have to be in the url, the json or the form.")
    if any(
        not (name + value).isprintable() or not (name + value).isascii()
        for name, value in template.headers.items()
    ):
        raise ValueError("sms_gateway: headers are one line of ASCII each.")
    return template


@dataclass(frozen=True, slots=True)
class Gateway:
    template: Template
    connections: Connections

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Conversation]:
        yield self

    async def send(self, message: Message) -> None:
        values = {"{to}": number(message), "{text}": message.body}
        body, headers = self._body(values)
        url = str(filled(self.template.url, {name: quote(value, safe="") for name, value in values.items()}))
        try:
            async with asyncio.timeout(STEP_SECONDS):
                reply = await self.connections.send(self.template.method, url, body, headers)
        except NoAnswer as failure:
            raise Unreachable(str(failure)) from None
        except TimeoutError:
            raise Unreachable("timeout") from None
        if 200 <= reply.status < 300:
            return
        reason = f"status {reply.status}"
        if reply.status in LATER or reply.status >= 500:
            raise Undelivered(reason)
        if 300 <= reply.status < 400 or reply.status in UNKNOWN_TO:
            raise Unreachable(reason)
        raise Refused(reason)

    def _body(self, values: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        headers = {name.lower(): value for name, value in self.template.headers.items()}
        if self.template.json is not None:
            body = msgspec.json.encode(filled(self.template.json, values))
            return body, {"content-type": "application/json", **headers}
        if self.template.form is not None:
            body = urlencode(filled(self.template.form, values)).encode()
            return body, {"content-type": "application/x-www-form-urlencoded", **headers}
        return b"", headers


def filled(template: Any, values: dict[str, str]) -> Any:
    """The template with the values in its strings, in one pass: a value is never read as a template."""
    if isinstance(template, str):
        head, *rest = template.split("{to}")
        texts = [values["{text}"].join(part.split("{text}")) for part in (head, *rest)]
        return values["{to}"].join(texts)
    if isinstance(template, dict):
        return {name: filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    return template
