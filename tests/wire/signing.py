"""Requests signed by botocore."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cenote.domain.errors import CognitoError
from cenote.wire.sigv4 import Credential, SignatureVerifier, SignedRequest

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
BODY = b'{"UserPoolId":"eu-central-1_Abc123XYZ"}'
MISMATCH = "The request signature we calculated does not match the signature you provided."


class Now:
    """The present, as botocore signed it: its own clock cannot be set, so ours follows it."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> int:
        return int((datetime.now(UTC) + self.offset).timestamp() * 1000)


async def secret_of(access_key_id: str) -> str | None:
    return {KEY: SECRET}.get(access_key_id)


class Presigner(SigV4QueryAuth):  # type: ignore[misc]
    """botocore's presigner, less its habit of moving a body into the query, which no JSON service can read."""

    body = b""

    def _modify_request_before_signing(self, request: Any) -> None:
        self.body, request.data = request.data, None
        super()._modify_request_before_signing(request)

    def payload(self, _request: Any) -> str:
        return hashlib.sha256(self.body).hexdigest()


def signed(
    url: str = "https://cenote.example/",
    *,
    body: bytes = BODY,
    secret: str = SECRET,
    key: str = KEY,
    token: str | None = None,
    region: str = "eu-central-1",
    service: str = "cognito-idp",
    headers: dict[str, str] | None = None,
    auth: Callable[..., Any] = SigV4Auth,
) -> SignedRequest:
    """A request as botocore signs it and as ASGI shows it."""
    request = AWSRequest(
        method="POST",
        url=url,
        data=body,
        headers={
            "X-Amz-Target": "AWSCognitoIdentityProviderService.DescribeUserPool",
            "Content-Type": "application/x-amz-json-1.1",
            **(headers or {}),
        },
    )
    auth(Credentials(key, secret, token), service, region).add_auth(request)
    sent = request.prepare()
    parts = urlsplit(sent.url)
    shown = {"host": parts.netloc, **{name.lower(): value for name, value in sent.headers.items()}}
    return SignedRequest(
        method="POST",
        path=parts.path.encode(),
        query=parts.query.encode(),
        headers=[
            (name.encode(), value if isinstance(value, bytes) else str(value).encode())
            for name, value in shown.items()
        ],
        body=body,
    )


def with_header(request: SignedRequest, name: str, value: str | None) -> SignedRequest:
    kept = [pair for pair in request.headers if pair[0] != name.encode()]
    return replace(request, headers=kept if value is None else [*kept, (name.encode(), value.encode())])


def header(request: SignedRequest, name: str) -> str:
    return dict(request.headers)[name.encode()].decode()


async def verify(request: SignedRequest, clock: Now, service: str = "cognito-idp") -> Credential:
    return await SignatureVerifier(secret_of, clock).verify(request, service)


async def refusal(
    request: SignedRequest, clock: Now, error: type[CognitoError], service: str = "cognito-idp"
) -> str:
    with pytest.raises(error) as caught:
        await verify(request, clock, service)
    return caught.value.message


FORMS = pytest.mark.parametrize("auth", [SigV4Auth, Presigner])
