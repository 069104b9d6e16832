"""Signature Version 4, verified: in the `Authorization` header, or in the query of a presigned URL.

The texts, and the order of the checks, are those that architect/dynalite and mhart/kinesalite kept from AWS.
The body is always hashed: `UNSIGNED-PAYLOAD` is not accepted. Session tokens are not looked into: they have no
meaning here, but must be signed where they are sent.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

from cenote.wire.errors import (
    IncompleteSignature,
    InvalidSignature,
    MissingAuthenticationToken,
    UnrecognizedClient,
)

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=5)
_LONGEST_PRESIGNED = 604_800  # seconds: a week, as AWS documents

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)
_BASIC = "%Y%m%dT%H%M%SZ"
_REGION = re.compile(r"[a-z0-9-]{1,32}").fullmatch
_CLAIM = re.compile(rb"([^/,\s&=]{1,128})/\d{8}/([^/,\s&=]{1,128})/")
_DATE_PARTS = ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15))
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What of a request a signature covers. `path` is as sent, percent-encoded; header names are lower case."""

    method: str
    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Credential:
    """Who signed, and for which region."""

    access_key_id: str
    region: str


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says about its own signature, not yet believed."""

    algorithm: str
    credential: str
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    lifetime: timedelta | None
    presigned: bool


class SignatureVerifier:
    """Verifies requests against the secrets that `secret_of` finds; `clock` gives epoch milliseconds."""

    def __init__(self, secret_of: Callable[[str], Awaitable[str | None]], clock: Callable[[], int]) -> None:
        self._secret_of = secret_of
        self._clock = clock

    async def verify(self, request: SignedRequest, service: str) -> Credential:
        """The signer of a request to `service`. Raises AWS's authentication errors."""
        claim = _read_claim(request)
        date = _fresh_date(claim, self._clock())
        _check_signed_headers(claim, request)
        if claim.algorithm != ALGORITHM:
            raise IncompleteSignature(
                f"Unsupported AWS 'algorithm': '{claim.algorithm}' (only AWS4-HMAC-SHA256 for now). "
            )
        access_key_id, scope = _check_scope(claim, service, date)
        secret = await self._secret_of(access_key_id)
        if secret is None:
            raise UnrecognizedClient
        signed = "\n".join((ALGORITHM, date, "/".join(scope), _sha256(_canonical(claim, request))))
        expected = hmac.new(_signing_key(secret, scope), signed.encode(), "sha256").digest().hex()
        if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
            raise InvalidSignature(_MISMATCH)
        return Credential(access_key_id, scope[1])


def claimed_credential(headers: dict[bytes, bytes], query: bytes) -> Credential | None:
    """Who a request says signed it, unverified: for servers that check no signatures, and for the region.

    The region is whatever the request says, and need not be one.
    """
    authorization = headers.get(b"authorization", b"")
    if authorization.startswith(b"AWS4-"):
        _, found, text = authorization.partition(b"Credential=")
    elif query:
        _, found, text = query.partition(b"X-Amz-Credential=")
        text = unquote_to_bytes(text.partition(b"&")[0])
    else:
        return None
    match = _CLAIM.match(text) if found else None
    return Credential(match[1].decode("latin-1"), match[2].decode("latin-1")) if match else None


def _read_claim(request: SignedRequest) -> _Claim:
    authorization = _header(request, b"authorization")
    presigned = "X-Amz-Algorithm" in dict(_query(request)) if request.query else False
    if authorization and presigned:
        raise InvalidSignature(
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
        )
    if presigned:
        return _query_claim(request)
    if authorization is None or not authorization.lstrip().startswith("AWS4-"):
        raise MissingAuthenticationToken
    return _header_claim(request, authorization.strip())


def _header_claim(request: SignedRequest, authorization: str) -> _Claim:
    algorithm, _, rest = authorization.partition(" ")
    parts: dict[str, str] = {}
    for part in filter(None, re.split(r"[,\s]+", rest)):
        name, equals, value = part.partition("=")
        if not equals:
            raise IncompleteSignature(
                f"'{name}' not a valid key=value pair (missing equal-sign) in Authorization header: "
                f"'{_without_signature(authorization)}'."
            )
        parts[name] = value
    missing = "".join(
        f"Authorization header requires '{name}' parameter. "
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    )
    date = _header(request, b"x-amz-date") or _http_date(_header(request, b"date"))
    if not date:
        missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
    if missing or not date:
        raise IncompleteSignature(f"{missing}Authorization={_without_signature(authorization)}")
    return _Claim(
        algorithm=algorithm,
        credential=parts["Credential"],
        signed_headers=tuple(parts["SignedHeaders"].lower().split(";")),
        signature=parts["Signature"],
        date=date,
        lifetime=None,
        presigned=False,
    )


def _query_claim(request: SignedRequest) -> _Claim:
    query = dict(_query(request))
    missing = "".join(
        f"AWS query-string parameters must include '{name}'. "
        for name in (
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders",
            "X-Amz-Date",
        )
        if not query.get(name)
    )
    if missing:
        raise IncompleteSignature(f"{missing}Re-examine the query-string parameters.")
    lifetime = None
    if "X-Amz-Expires" in query:
        text = query["X-Amz-Expires"]
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not 1 <= int(text) <= _LONGEST_PRESIGNED:
            raise IncompleteSignature(f"X-Amz-Expires must be between 1 and {_LONGEST_PRESIGNED} seconds.")
        lifetime = timedelta(seconds=int(text))
    return _Claim(
        algorithm=query["X-Amz-Algorithm"],
        credential=query["X-Amz-Credential"],
        signed_headers=tuple(query["X-Amz-SignedHeaders"].lower().split(";")),
        signature=query["X-Amz-Signature"],
        date=query["X-Amz-Date"],
        lifetime=lifetime,
        presigned=True,
    )


def _fresh_date(claim: _Claim, now_ms: int) -> str:
    """The claim's date, if it lies within five minutes of now; presigned, if its lifetime is not over."""
    date = claim.date
    if not re.fullmatch(r"\d{8}T\d{6}Z", date, re.ASCII):
        raise IncompleteSignature(
            f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )
    try:
        # Slices and not strptime, which takes as long as all the hashing.
        year, month, day, hour, minute, second = (int(date[a:b]) for a, b in _DATE_PARTS)
        signed = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise IncompleteSignature(
            f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ) from None
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    lifetime = claim.lifetime or SKEW
    if signed < now - lifetime:
        raise InvalidSignature(
            f"Signature expired: {date} is now earlier than {now - lifetime:{_BASIC}} "
            f"({now:{_BASIC}} - {_minutes(lifetime)})"
        )
    if signed > now + SKEW:
        raise InvalidSignature(
            f"Signature not yet current: {date} is still later than {now + SKEW:{_BASIC}} "
            f"({now:{_BASIC}} + {_minutes(SKEW)})"
        )
    return date


def _minutes(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60} min." if seconds % 60 == 0 else f"{seconds} sec."


def _check_signed_headers(claim: _Claim, request: SignedRequest) -> None:
    """The host must be signed, and everything that says what is asked for, when, and by whom."""
    if "host" not in claim.signed_headers:
        raise InvalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    for name in ("X-Amz-Target", "X-Amz-Date", "X-Amz-Security-Token"):
        lower = name.lower()
        if lower not in claim.signed_headers and _header(request, lower.encode()) is not None:
            raise InvalidSignature(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    if not claim.presigned and not {"x-amz-date", "date"} & set(claim.signed_headers):
        raise InvalidSignature("'Date' must be a 'SignedHeader' in the AWS Authorization.")


def _check_scope(claim: _Claim, service: str, date: str) -> tuple[str, tuple[str, str, str, str]]:
    """The key id and the scope (date, region, service, terminator) of a credential that fits the request."""
    # An access key id has no slash in it, though S3 lets one have: the last four parts are the scope.
    parts = claim.credential.rstrip("/").split("/")
    if len(parts) != 5:
        raise IncompleteSignature(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
            f"'{claim.credential}'"
        )
    access_key_id, day, region, named, terminator = parts
    wrong = ""
    if not _REGION(region):
        wrong += f"Credential should be scoped to a valid region, not '{region}'. "
    if named != service:
        wrong += f"Credential should be scoped to correct service: '{service}'. "
    if terminator != "aws4_request":
        wrong += f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. "
    if day != date[:8]:
        wrong += (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day}' != '{date[:8]}', from '{date}'."
        )
    if wrong:
        raise InvalidSignature(wrong)
    return access_key_id, (day, region, named, terminator)


def _canonical(claim: _Claim, request: SignedRequest) -> str:
    """The canonical request of AWS's documentation."""
    body_hash = hashlib.sha256(request.body).hexdigest()
    declared = _header(request, b"x-amz-content-sha256")
    if declared is not None and not hmac.compare_digest(declared.encode(), body_hash.encode()):
        raise InvalidSignature(_MISMATCH)
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name.decode("latin-1"), []).append(" ".join(value.decode("latin-1").split()))
    names = sorted(claim.signed_headers)
    query = sorted(
        (quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED))
        for name, value in _query(request)
        if not (claim.presigned and name == "X-Amz-Signature")
    )
    return "\n".join(
        (
            request.method,
            # Each segment is encoded once more: AWS does so for every service but S3.
            quote(_normal_path(request.path.decode("latin-1")), safe="/" + _UNRESERVED),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{','.join(headers.get(name, ()))}" for name in names),
            "",
            ";".join(names),
            body_hash,
        )
    )


def _normal_path(path: str) -> str:
    """RFC 3986's path without dot segments and doubled slashes."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    return "/" + "/".join(segments) + ("/" if segments and path.endswith("/") else "")


def _query(request: SignedRequest) -> list[tuple[str, str]]:
    pairs = (part.partition(b"=") for part in request.query.split(b"&") if part)
    return [
        (
            unquote_to_bytes(name).decode("utf-8", "replace"),
            unquote_to_bytes(value).decode("utf-8", "replace"),
        )
        for name, _, value in pairs
    ]


def _header(request: SignedRequest, name: bytes) -> str | None:
    for held, value in request.headers:
        if held == name:
            return value.decode("latin-1")
    return None


def _http_date(text: str | None) -> str | None:
    """A `Date` header in the form that signatures use; left alone where it is none that HTTP knows."""
    if text is None:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 (SDKs send X-Amz-Date; email costs 20 ms)

    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime(_BASIC)
    except ValueError:
        return text


def _without_signature(authorization: str) -> str:
    return re.sub(r"Signature=[^,\s]*", "Signature=…", authorization)


def _signing_key(secret: str, scope: tuple[str, ...]) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in scope:
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
