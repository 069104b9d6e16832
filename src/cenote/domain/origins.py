"""Where a request comes from, as far as it can be told: an address, a device, a time zone.

Apps send what AWS's context data library gathers as EncodedData: base64 of JSON whose `payload` is JSON with
`contextData` in it (recorded: amazon-cognito-advanced-security-data). It is the caller's word: nothing is granted for
it but to be taken for the device that gave the same word before.
"""

import base64
import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cenote.domain import user_agents
from cenote.domain.errors import InvalidParameter
from cenote.domain.request import RequestFacts

# Longer context data than any library sends is not looked into.
LONGEST = 16_384


@dataclass(frozen=True, slots=True)
class Origin:
    """`network` and `device` are what is compared; the rest is for people to read."""

    address: str
    network: str
    device: str
    device_name: str
    timezone: str


def of(request: RequestFacts) -> Origin:
    """Where the request comes from. A device that names itself is that one, another is its kind of program."""
    context = context_of(request.context)
    kind = user_agents.described(request.user_agent)
    named = context.get("DeviceId") or context.get("DeviceFingerprint")
    return Origin(
        address=request.address,
        network=network(request.address),
        device=hashlib.sha256(f"{'id' if named else 'kind'} {named or kind}".encode()).hexdigest()[:32],
        device_name=str(context.get("DeviceName") or kind)[:256],
        timezone=str(context.get("ClientTimezone") or "")[:64],
    )


def context_of(encoded: str) -> Mapping[str, str]:
    """What EncodedData tells; nothing where it is none or cannot be read."""
    if not encoded or len(encoded) > LONGEST:
        return {}
    try:
        outer: Any = msgspec.json.decode(base64.b64decode(encoded + "==", altchars=b"-_"))
        payload: Any = msgspec.json.decode(outer["payload"])
        context = payload["contextData"]
        return {name: value for name, value in context.items() if isinstance(value, str)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def network(address: str) -> str:
    """What an address is recognised by: itself, or the 64 bits of an IPv6 address that are its site's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def is_within(address: str, ranges: Iterable[str]) -> bool:
    """Whether an address is in one of these ranges; one that cannot be read is in none."""
    try:
        parsed = ipaddress.ip_address(network(address) if address.startswith("::ffff:") else address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(each, strict=False) for each in ranges)


def check_range(text: str) -> None:
    """InvalidParameter for what is no range in CIDR notation (documented; the text is assumed)."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidParameter(f"{text} is not an IP address range in CIDR notation.") from None


def check_address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise InvalidParameter(f"{text} is not an IP address.") from None  # assumed
