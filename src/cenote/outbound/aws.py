"""Calls to AWS's own services, or to servers that speak as they do: signed with Signature Version 4."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from cenote.outbound.functions import Unreachable as NoAnswer
from cenote.outbound.functions.connections import Connections, Reply
from cenote.outbound.transports import STEP_SECONDS, Refused, Undelivered, Unreachable

REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}", re.ASCII)
PLACEHOLDER: Final = "{region}"
_JSON_TYPE: Final = re.compile(rb'"(?:__type|code)"\s*:\s*"([\w.#-]{1,200})"')
_XML_CODE: Final = re.compile(rb"<Code>([\w.]{1,100})</Code>")


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key_id: str
    secret_access_key: str
    session_token: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service, by its name in signatures, at one endpoint.

    `endpoint` has no trailing slash; `{region}` in it is the region of the call. `clock` gives epoch milliseconds.
    """

    name: str
    endpoint: str
    region: str
    credentials: Credentials
    connections: Connections
    clock: Callable[[], int]

    async def call(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        path: str = "/",
        method: str = "POST",
        region: str = "",
    ) -> Reply:
        """The reply to a signed request; Unreachable (of functions) where none comes.

        `path` is encoded as it is to be sent. `region` is the server's own where it is none that AWS could have: a
        pool's administrator writes it, and it must not name a host of their choice (SECURITY.md case 70).
        """
        region = region if REGION.fullmatch(region) else self.region
        parts = urlsplit(self.endpoint.replace(PLACEHOLDER, region))
        path = parts.path.rstrip("/") + path
        signed = {
            **headers,
            "host": parts.netloc,
            "x-amz-date": datetime.fromtimestamp(self.clock() / 1000, UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        if self.name == "s3":
            signed["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
        if self.credentials.session_token:
            signed["x-amz-security-token"] = self.credentials.session_token
        signed["authorization"] = authorization(
            self.credentials, region, self.name, path, signed, body, method=method
        )
        url = f"{parts.scheme}://{parts.netloc}{path}"
        return await self.connections.send(method, url, body, signed)


def authorization(
    credentials: Credentials,
    region: str,
    service: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str = "POST",
) -> str:
    """The header that signs a request without a query (documented in "Create a signed AWS API request").

    All of `headers` are signed; their names are in lower case. `path` is as sent: the canonical request has each of
    its percent signs encoded once more, but for S3's.
    """
    names = sorted(headers)
    signed = ";".join(names)
    canonical = "\n".join(
        (
            method,
            path if service == "s3" else quote(path, safe="/-_.~"),
            "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            signed,
            hashlib.sha256(body).hexdigest(),
        )
    )
    date = headers["x-amz-date"]
    scope = (date[:8], region, service, "aws4_request")
    text = "\n".join(
        ("AWS4-HMAC-SHA256", date, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest())
    )
    key = b"AWS4" + credentials.secret_access_key.encode()
    for part in scope:
        key = hmac.new(key, part.encode(), "sha256").digest()
    given = f"{credentials.access_key_id}/{'/'.join(scope)}"
    proof = hmac.new(key, text.encode(), "sha256").digest().hex()
    return f"AWS4-HMAC-SHA256 Credential={given}, SignedHeaders={signed}, Signature={proof}"


async def asked(
    service: Service,
    body: bytes,
    headers: Mapping[str, str],
    *,
    path: str = "/",
    method: str = "POST",
    region: str = "",
) -> Reply:
    """The reply to a call of a service that messages or events go to; Unreachable (of transports) where none comes."""
    try:
        async with asyncio.timeout(STEP_SECONDS):
            return await service.call(body, headers, path=path, method=method, region=region)
    except NoAnswer as failure:
        raise Unreachable(str(failure)) from None
    except TimeoutError:
        raise Unreachable("timeout") from None


def judge(reply: Reply, final: Collection[str]) -> None:
    """Returns for a reply of 200.

    Refused for an error among `final`; Unreachable for one that says who we are is not known there; Undelivered for
    any other, which somebody may set right yet. The texts are status and error name.
    """
    if reply.status == 200:
        return
    name = error_name(reply)
    reason = f"{reply.status} {name}".strip()
    if reply.status in {400, 404, 409} and name in final:
        raise Refused(reason)
    if reply.status in {401, 403} or 300 <= reply.status < 400:
        raise Unreachable(reason)
    raise Undelivered(reason)


def error_name(reply: Reply) -> str:
    """An error's name, from the header of REST services, the body of JSON ones or the XML of older ones."""
    text = reply.headers.get("x-amzn-errortype", "")
    if not text:
        found = _JSON_TYPE.search(reply.body[:4096]) or _XML_CODE.search(reply.body[:4096])
        text = found[1].decode() if found else ""
    name = text.partition(":")[0].rpartition("#")[2]
    return name if name.isidentifier() else ""
