"""CORS: browsers call the API directly, from any origin, and never with cookies.

The answer is the same for every origin (`*`), so a browser sends no credentials and none can be borrowed; access
is decided by tokens and signatures alone.
"""

from cenote.wire.errors import Headers

# What SDKs in browsers send. Names that start so are let through too: SDKs keep adding to them.
_HEADERS = frozenset(
    {"authorization", "cache-control", "content-type", "x-amz-target", "x-amz-user-agent", "x-amz-date"}
)
_PREFIXES = ("amz-sdk-", "x-amz-")

_ANY_ORIGIN = (b"access-control-allow-origin", b"*")
_EXPOSED = (
    b"access-control-expose-headers",
    b"x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
)


def answer_headers(headers: dict[bytes, bytes]) -> Headers:
    """What an answer to a request with these headers carries: nothing unless it comes from a browser's page."""
    return [_ANY_ORIGIN, _EXPOSED] if b"origin" in headers else []


def preflight_headers(headers: dict[bytes, bytes]) -> Headers:
    """The answer to a preflight: of the headers asked for, those that the API knows.

    The age is AWS's (recorded from Kinesis, same framework, by mhart/kinesalite).
    """
    asked = headers.get(b"access-control-request-headers", b"").decode("latin-1").lower()
    names = {name.strip() for name in asked.split(",")}
    known = sorted(
        name for name in names if name in _HEADERS or (name.startswith(_PREFIXES) and _plain(name))
    )
    return [
        _ANY_ORIGIN,
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", ",".join(known or sorted(_HEADERS)).encode("ascii")),
        (b"access-control-max-age", b"172800"),
    ]


def _plain(name: str) -> bool:
    return name.isascii() and name.replace("-", "").isalnum() and len(name) <= 64
