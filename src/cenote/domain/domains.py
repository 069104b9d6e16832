"""A pool's domains: a prefix of the base host, a name of its own, or both (documented in "Configuring a domain")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cenote.domain.errors import FeatureUnavailableInTier, InvalidParameter

Document: TypeAlias = Mapping[str, Any]

PREFIX: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
CUSTOM: Final = re.compile(rf"(?:{PREFIX.pattern}\.)+{PREFIX.pattern}", re.ASCII)
# Words that no prefix contains (documented).
RESERVED: Final = ("aws", "amazon", "cognito")
CLASSIC, MANAGED = 1, 2


@dataclass(frozen=True, slots=True)
class Domain:
    """`name` is a prefix, or for a custom domain all of its name; `document` what was asked for, in AWS's shape."""

    pool_id: str
    name: str
    document: Document
    custom_at: int | None
    created_at: int

    @property
    def is_custom(self) -> bool:
        return self.custom_at is not None

    @property
    def managed_login_version(self) -> int:
        return int(self.document.get("ManagedLoginVersion", CLASSIC))


def check_name(name: str, *, custom: bool) -> None:
    """InvalidParameter for a name that is no domain of its kind."""
    if custom:
        if not CUSTOM.fullmatch(name):
            raise InvalidParameter("Custom domain is not a valid subdomain.")  # the first half is recorded
        return
    if not PREFIX.fullmatch(name):
        raise InvalidParameter(
            f"1 validation error detected: Value '{name}' at 'domain' failed to satisfy constraint: Member must"
            " satisfy regular expression pattern: ^[a-z0-9](?:[a-z0-9\\-]{0,61}[a-z0-9])?$"
        )
    for word in RESERVED:
        if word in name:
            raise InvalidParameter(f"Domain cannot contain reserved word: {word}")


def check_routing(request: Document, *, custom: bool) -> None:
    """InvalidParameter for Routing: it fails over between regions, for custom domains only (documented)."""
    if not request.get("Routing"):
        return
    if not custom:
        raise InvalidParameter("Routing is supported for custom domains only.")  # assumed
    raise InvalidParameter(
        "Routing: a pool of Cenote has no replica in another region; let DNS or a load balancer choose the node."
    )


def check_tier(pool: Document, document: Document) -> None:
    """FeatureUnavailableInTier for managed login in the LITE tier (documented at ManagedLoginVersion, text assumed)."""
    if document.get("ManagedLoginVersion") == MANAGED and pool["UserPoolTier"] == "LITE":
        raise FeatureUnavailableInTier("Managed login is not available in the LITE tier.")


def created(pool: Document, request: Document) -> dict[str, Any]:
    """What is kept of a request, for a domain of this pool."""
    version = request.get("ManagedLoginVersion", CLASSIC)
    if version not in {CLASSIC, MANAGED}:
        raise InvalidParameter("ManagedLoginVersion must be 1 or 2.")  # assumed
    document: dict[str, Any] = {"ManagedLoginVersion": version}
    if "CustomDomainConfig" in request:
        document["CustomDomainConfig"] = request["CustomDomainConfig"]
    check_tier(pool, document)
    return document


def updated(pool: Document, document: Document, request: Document) -> dict[str, Any]:
    """After UpdateUserPoolDomain: what is left out stays (documented at ManagedLoginVersion)."""
    return created(pool, {**document, **request})
