"""Which pool a request is for, by the host it came to.

`<prefix>.auth.<host of the public URL>` and custom domains are a pool's own; on the base host the client id says it.
A Host header only chooses: every URL that is written is made from the public URL and the domain's record (SECURITY.md
case 73).
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cenote.domain.deployment import Deployment
from cenote.domain.domains import Domain
from cenote.store import Store

# What stands between the prefix of a pool's domain and the base host.
LABEL: Final = "auth"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a request came to: its URL without a trailing slash, and whose domain it is, if a pool's.

    `managed_login_version` is that domain's: which of a client's looks its pages have. The base host has none.
    """

    base_url: str
    pool_id: str | None = None
    managed_login_version: int | None = None

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")


class Sites:
    """The hosts that this installation answers for."""

    def __init__(self, store: Store, deployment: Deployment) -> None:
        self.store = store
        parts = urlsplit(deployment.public_url)
        self._scheme = parts.scheme
        self._host = (parts.hostname or "localhost").lower()
        self._port = f":{parts.port}" if parts.port else ""
        self._suffix = f".{LABEL}.{self._host}"
        self._base = Site(deployment.public_url)

    async def of(self, host: str) -> Site:
        """The site of a Host header; the base host's for one that belongs to no pool."""
        name = host_name(host)
        if name == self._host:
            return self._base
        prefix = name.removesuffix(self._suffix)
        asked = prefix if prefix != name else name
        domain = await self.store.domains.find(asked)
        if domain is None or domain.is_custom is (asked != name):
            return self._base
        return self._site(domain)

    async def of_pool(self, pool_id: str) -> Site:
        """Where the pool is found: at its own domain, a custom one first, or at the base host."""
        for domain in await self.store.domains.of_pool(pool_id):
            return self._site(domain)
        return self._base

    def _site(self, domain: Domain) -> Site:
        url = self.url(domain.name, is_custom=domain.is_custom)
        return Site(url, domain.pool_id, domain.managed_login_version)

    def url(self, name: str, *, is_custom: bool) -> str:
        host = name if is_custom else name + self._suffix
        return f"{self._scheme}://{host}{self._port}"


def host_name(host: str) -> str:
    """The name in a Host header, in lower case and without its port."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")
