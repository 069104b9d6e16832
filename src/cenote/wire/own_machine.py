"""Who may make signed calls of a server that takes any credentials: programs and pages of its own machine.

A browser lets any page send requests to this machine, and the API answers pages of every origin. What AWS signs is then
kept from them by where the page is from, or by the name that it had to rebind to this machine (DNS rebinding).
"""

from collections.abc import Mapping

from cenote.domain.loopback import is_loopback_host, is_loopback_origin
from cenote.wire.errors import AccessDenied

_INSTEAD = (
    "as this server is for its own machine and takes any credentials. To open it to others, make an access key "
    "(cenote keys create) and set public_url; signatures are verified then."
)


def check_caller(headers: Mapping[bytes, bytes], operation: str) -> None:
    """AccessDenied for a page of another origin, and for a host name that is not this machine's."""
    origin = headers.get(b"origin")
    if origin is not None and not is_loopback_origin(origin.decode("latin-1")):
        raise AccessDenied(f"{operation} is not open to web pages of another origin, {_INSTEAD}")
    if not is_loopback_host(headers.get(b"host", b"").decode("latin-1")):
        raise AccessDenied(f"{operation} is not open under a host name other than localhost, {_INSTEAD}")
