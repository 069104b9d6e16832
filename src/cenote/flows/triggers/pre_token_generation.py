"""PreTokenGeneration: before tokens are signed, in three versions.

Version 1 changes the ID token, with strings only; versions 2 and 3 both tokens and the scopes, with any JSON. What no
function may change stands in `domain/token_changes.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from cenote.domain import groups as group_rules
from cenote.domain.groups import Group
from cenote.domain.token_changes import ClaimChanges, GroupOverride, TokenChanges
from cenote.domain.users import User
from cenote.flows.triggers.firing import Occasion, fire, user_attributes, with_metadata

KIND = "PreTokenGeneration"
CONFIG = "PreTokenGenerationConfig"


class Source(StrEnum):
    """How the tokens came about."""

    HOSTED_AUTH = "TokenGeneration_HostedAuth"
    AUTHENTICATION = "TokenGeneration_Authentication"
    NEW_PASSWORD = "TokenGeneration_NewPasswordChallenge"
    DEVICE = "TokenGeneration_AuthenticateDevice"
    REFRESH = "TokenGeneration_RefreshTokens"
    CLIENT_CREDENTIALS = "TokenGeneration_ClientCredentials"
    TOKEN_EXCHANGE = (
        "TokenGeneration_TokenExchange"  # assumed: the model lists a function's errors, no source
    )


class Groups(msgspec.Struct, rename="camel"):
    """All of it may be left out; empty or null, it hides the groups (documented)."""

    groups_to_override: list[str] | None = None
    iam_roles_to_override: list[str] | None = None
    preferred_role: str | None = None


class ClaimsV1(msgspec.Struct, rename="camel"):
    claims_to_add_or_override: dict[str, str] | None = None
    claims_to_suppress: list[str] | None = None
    group_override_details: Groups | UnsetType | None = UNSET


class ResponseV1(msgspec.Struct, rename="camel"):
    claims_override_details: ClaimsV1 | None = None


class Token(msgspec.Struct, rename="camel"):
    claims_to_add_or_override: dict[str, Any] | None = None
    claims_to_suppress: list[str] | None = None
    scopes_to_add: list[str] | None = None
    scopes_to_suppress: list[str] | None = None


class ClaimsV2(msgspec.Struct, rename="camel"):
    id_token_generation: Token | None = None
    access_token_generation: Token | None = None
    group_override_details: Groups | UnsetType | None = UNSET


class ResponseV2(msgspec.Struct, rename="camel"):
    claims_and_scope_override_details: ClaimsV2 | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """The pool's function, and which version of the event it is made for."""

    arn: str
    version: str


def function_of(occasion: Occasion) -> Function | None:
    config: Any = occasion.pool.document.get("LambdaConfig", {}).get(CONFIG)
    if config:
        return Function(config["LambdaArn"], config["LambdaVersion"][1])
    arn = occasion.function_of(KIND)
    return None if arn is None else Function(arn, "1")


async def changes(
    occasion: Occasion, user: User, source: Source, scopes: Sequence[str]
) -> TokenChanges | None:
    """What the function changes in the tokens; None where the pool has none."""
    function = function_of(occasion)
    if function is None:
        return None
    groups = await occasion.ctx.store.groups.of_user(user.pool_id, user.sub)
    request: dict[str, Any] = {
        "userAttributes": user_attributes(user),
        "groupConfiguration": configuration(groups),
    }
    if function.version == "1":
        first = await fire(
            occasion, KIND, source, user.username, with_metadata(occasion, request),
            {"claimsOverrideDetails": None}, ResponseV1, arn=function.arn,
        )  # fmt: skip
        return of_v1(first.claims_override_details)
    request["scopes"] = list(scopes)
    later = await fire(
        occasion, KIND, source, user.username, with_metadata(occasion, request),
        {"claimsAndScopeOverrideDetails": None}, ResponseV2, arn=function.arn, version=function.version,
    )  # fmt: skip
    return of_v2(later.claims_and_scope_override_details)


async def machine_changes(occasion: Occasion, client_id: str, scopes: Sequence[str]) -> TokenChanges | None:
    """What a function of version 3 changes in a client's own token; others hear of none (documented)."""
    function = function_of(occasion)
    if function is None or function.version != "3":
        return None
    request: dict[str, Any] = {
        "userAttributes": {},
        "groupConfiguration": configuration(()),
        "scopes": list(scopes),
    }
    answer = await fire(
        occasion, KIND, Source.CLIENT_CREDENTIALS, client_id, with_metadata(occasion, request),
        {"claimsAndScopeOverrideDetails": None}, ResponseV2, arn=function.arn, version=function.version,
    )  # fmt: skip
    return of_v2(answer.claims_and_scope_override_details)


def configuration(groups: Sequence[Group]) -> dict[str, Any]:
    return {
        "groupsToOverride": group_rules.names(groups),
        "iamRolesToOverride": group_rules.roles(groups),
        "preferredRole": group_rules.preferred_role(groups),
    }


def of_v1(details: ClaimsV1 | None) -> TokenChanges:
    if details is None:
        return TokenChanges()
    return TokenChanges(
        id_token=claims(details.claims_to_add_or_override, details.claims_to_suppress),
        groups=override(details.group_override_details),
    )


def of_v2(details: ClaimsV2 | None) -> TokenChanges:
    if details is None:
        return TokenChanges()
    id_token, access = details.id_token_generation or Token(), details.access_token_generation or Token()
    return TokenChanges(
        id_token=claims(id_token.claims_to_add_or_override, id_token.claims_to_suppress),
        access_token=claims(access.claims_to_add_or_override, access.claims_to_suppress),
        add_scopes=access.scopes_to_add or (),
        suppress_scopes=access.scopes_to_suppress or (),
        groups=override(details.group_override_details),
    )


def claims(added: dict[str, Any] | None, suppressed: list[str] | None) -> ClaimChanges:
    return ClaimChanges(added or {}, frozenset(suppressed or ()))


def override(groups: Groups | UnsetType | None) -> GroupOverride | None:
    if groups is UNSET:
        return None
    if not isinstance(groups, Groups):
        return GroupOverride()
    return GroupOverride(
        groups.groups_to_override or (), groups.iam_roles_to_override or (), groups.preferred_role
    )
