"""Whose word about the client's address is believed (SECURITY.md case 73)."""

from collections.abc import MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from cenote.server.settings import SettingsError


class Proxies:
    """The trusted proxies. Only X-Forwarded-For is read, from the right, up to the first address not trusted.

    Nothing else a proxy sends is used: URLs come from the public_url setting.
    """

    def __init__(self, listed: str) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in filter(None, (part.strip() for part in listed.split(","))):
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                raise SettingsError(
                    f"trusted_proxies must list addresses or networks, not {entry!r}."
                ) from None

    @property
    def any(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def applied(self, scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The scope with the client's real address, where a trusted proxy tells it."""
        client = scope.get("client")
        if not client or not self.trusts(client[0]):
            return scope
        hops: list[str] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                hops.extend(part.strip() for part in value.decode("latin-1").split(","))
        address = client[0]
        for hop in reversed(hops):
            try:
                address = str(ip_address(hop))
            except ValueError:
                break
            if not self.trusts(address):
                break
        return {**scope, "client": (address, 0)}
