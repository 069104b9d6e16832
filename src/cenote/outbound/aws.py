"""Calls to AWS's own services, or to servers that speak as they do: signed with Signature Version 4."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from cenote.outbound.functions.connections import Connections, Reply

REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}", re.ASCII)
PLACEHOLDER: Final = "{region}"


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
        key = hmac.digest(key, part.encode(), "sha256")
    given = f"{credentials.access_key_id}/{'/'.join(scope)}"
    proof = hmac.digest(key, text.encode(), "sha256").hex()
    return f"AWS4-HMAC-SHA256 Credential={given}, SignedHeaders={signed}, Signature={proof}"
