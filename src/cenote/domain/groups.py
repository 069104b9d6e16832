"""Groups of a user pool, and the roles that a user's groups put into tokens."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """`precedence`: 0 is the highest, None the lowest. Times are epoch milliseconds."""

    pool_id: str
    name: str
    description: str | None
    role_arn: str | None
    precedence: int | None
    created_at: int
    updated_at: int


def names(groups: Iterable[Group]) -> list[str]:
    """`cognito:groups`: the group of highest precedence first, by name among equals."""
    return [group.name for group in sorted(groups, key=rank)]


def roles(groups: Iterable[Group]) -> list[str]:
    """`cognito:roles`: each role of the user's groups once, in the order of precedence."""
    return list(dict.fromkeys(group.role_arn for group in sorted(groups, key=rank) if group.role_arn))


def preferred_role(groups: Iterable[Group]) -> str | None:
    """`cognito:preferred_role`: the role of the group of highest precedence.

    None where groups of the same precedence disagree. Groups without a role have no say (documented at
    GroupType.Precedence).
    """
    with_role = [group for group in groups if group.role_arn]
    if not with_role:
        return None
    best = min(map(precedence_of, with_role))
    candidates = {group.role_arn for group in with_role if precedence_of(group) == best}
    return candidates.pop() if len(candidates) == 1 else None


def precedence_of(group: Group) -> float:
    return float("inf") if group.precedence is None else group.precedence


def rank(group: Group) -> tuple[float, str]:
    return precedence_of(group), group.name
