"""The names of this machine that no other machine answers to."""

from ipaddress import ip_address


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own; False for what is no address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback_name(name: str) -> bool:
    """Whether a host's name or address can only be this machine; browsers resolve *.localhost themselves."""
    lowered = name.lower()
    return lowered == "localhost" or lowered.endswith(".localhost") or is_loopback(lowered)


def is_loopback_host(host: str) -> bool:
    """The same of `name[:port]`, as in a Host header."""
    if host.startswith("["):
        name, closed, rest = host[1:].partition("]")
        port = rest.removeprefix(":")
        plain = bool(closed) and (not rest or rest.startswith(":"))
    else:
        name, _, port = host.partition(":")
        plain = True
    return plain and (not port or port.isdigit()) and is_loopback_name(name)


def is_loopback_origin(origin: str) -> bool:
    """The same of an Origin header; `null`, which hides where a page is from, is none of this machine's."""
    scheme, _, host = origin.partition("://")
    return scheme in {"http", "https"} and is_loopback_host(host)
