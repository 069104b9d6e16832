"""The roles that groups put into tokens (documented at GroupType.Precedence)."""

from cenote.domain import groups
from cenote.domain.groups import Group


def group(name: str, precedence: int | None, role: str | None = None) -> Group:
    return Group("p_1", name, None, role, precedence, 0, 0)


def test_the_lowest_precedence_gives_the_preferred_role() -> None:
    assert (
        groups.preferred_role([group("b", 5, "arn:b"), group("a", 1, "arn:a"), group("c", None, "arn:c")])
        == "arn:a"
    )


def test_zero_is_the_highest_precedence() -> None:
    assert groups.preferred_role([group("a", 1, "arn:a"), group("z", 0, "arn:z")]) == "arn:z"


def test_no_precedence_is_the_lowest() -> None:
    assert groups.preferred_role([group("a", None, "arn:a"), group("b", 900, "arn:b")]) == "arn:b"


def test_equal_groups_with_different_roles_give_no_preferred_role() -> None:
    assert groups.preferred_role([group("a", 1, "arn:a"), group("b", 1, "arn:b")]) is None
    assert groups.preferred_role([group("a", None, "arn:a"), group("b", None, "arn:b")]) is None


def test_equal_groups_with_the_same_role_give_that_role() -> None:
    assert groups.preferred_role([group("a", 1, "arn:x"), group("b", 1, "arn:x")]) == "arn:x"


def test_a_group_without_a_role_has_no_say() -> None:
    assert groups.preferred_role([group("a", 0), group("b", 3, "arn:b")]) == "arn:b"
    assert groups.preferred_role([group("a", 0)]) is None
    assert groups.preferred_role([]) is None


def test_roles_come_once_each_by_precedence() -> None:
    members = [group("c", None, "arn:x"), group("b", 2, "arn:y"), group("a", 1, "arn:x"), group("n", 0)]
    assert groups.roles(members) == ["arn:x", "arn:y"]


def test_group_names_come_by_precedence_then_name() -> None:
    assert groups.names([group("b", None), group("z", 1), group("a", None)]) == ["z", "a", "b"]
