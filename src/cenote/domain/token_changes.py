"""What a pre-token-generation function may change in tokens, and what it may not (SECURITY.md case 34).

The lists are documented in "Pre token generation Lambda trigger", but for `act`, which says who acts for whom and is
written by token exchange alone. A change to what it may not touch is left out, as is a scope that only the server
gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

RESERVED: Final = frozenset(
    [
        "acr",
        "act",
        "amr",
        "at_hash",
        "auth_time",
        "azp",
        "cnf",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "sub",
        "token_use",
    ]
)
RESERVED_ID: Final = RESERVED | {"aud", "cognito:username", "identities"}
RESERVED_ACCESS: Final = RESERVED | {"aud", "client_id", "device_key", "scope", "username", "version"}
# Developer attributes belong to identity pools; scopes of this kind open the server's own operations.
RESERVED_PREFIX: Final = "dev:"
RESERVED_SCOPES: Final = ("aws.cognito.", "aws.cognito/")
GROUP_CLAIMS: Final = ("cognito:groups", "cognito:roles", "cognito:preferred_role")


@dataclass(frozen=True, slots=True)
class GroupOverride:
    """The groups that tokens tell of, in place of the user's own."""

    groups: Sequence[str] = ()
    roles: Sequence[str] = ()
    preferred_role: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimChanges:
    """Claims to set and to leave out of one token; what is in both is left out (documented)."""

    add: Mapping[str, Any]
    suppress: frozenset[str]

    def applied(self, claims: Mapping[str, Any], reserved: frozenset[str]) -> dict[str, Any]:
        added = {name: value for name, value in self.add.items() if changeable(name, reserved)}
        hidden = {name for name in self.suppress if changeable(name, reserved)}
        return {name: value for name, value in {**claims, **added}.items() if name not in hidden}


NO_CHANGES: Final = ClaimChanges({}, frozenset())


@dataclass(frozen=True, slots=True)
class TokenChanges:
    """All that one answer changes."""

    id_token: ClaimChanges = NO_CHANGES
    access_token: ClaimChanges = NO_CHANGES
    add_scopes: Sequence[str] = ()
    suppress_scopes: Sequence[str] = ()
    groups: GroupOverride | None = None

    def of_id_token(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        return self.id_token.applied(regrouped(claims, self.groups, roles=True), RESERVED_ID)

    def of_access_token(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """An audience may be added, if it is the app client itself (documented)."""
        changed = self.access_token.applied(regrouped(claims, self.groups, roles=False), RESERVED_ACCESS)
        if self.access_token.add.get("aud") == claims["client_id"]:
            changed["aud"] = claims["client_id"]
        scopes = [name for name in str(claims.get("scope", "")).split() if name not in self.suppress_scopes]
        added = [name for name in self.add_scopes if is_scope(name) and name not in self.suppress_scopes]
        changed["scope"] = " ".join(dict.fromkeys((*scopes, *added)))
        if not changed["scope"]:
            del changed["scope"]
        return changed


def changeable(name: str, reserved: frozenset[str]) -> bool:
    return name not in reserved and not name.startswith(RESERVED_PREFIX)


def is_scope(name: str) -> bool:
    """Whether a function may add this: no white space (documented), and none of the server's own."""
    return bool(name) and not name.startswith(RESERVED_SCOPES) and name.split() == [name]


def regrouped(claims: Mapping[str, Any], groups: GroupOverride | None, *, roles: bool) -> Mapping[str, Any]:
    if groups is None:
        return claims
    values = (
        list(groups.groups),
        list(groups.roles) if roles else None,
        groups.preferred_role if roles else None,
    )
    kept = {name: value for name, value in claims.items() if name not in GROUP_CLAIMS}
    return kept | {name: value for name, value in zip(GROUP_CLAIMS, values, strict=True) if value}
