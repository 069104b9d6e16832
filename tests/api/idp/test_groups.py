"""Groups and membership. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import at_once, claims_of, outcome, refusal, sign_in
from tests.conftest import PoolFactory

ABSENT = "eu-central-1_Absent000"
NO_POOL = ("ResourceNotFound", f"User pool {ABSENT} does not exist.")
NO_GROUP = ("ResourceNotFound", "Group not found.")
NOBODY = ("UserNotFound", "User does not exist.")
ROLE = "arn:aws:iam::000000000000:role/{}"


@pytest.fixture
def pool(make: PoolFactory) -> str:
    return make.pool()


def names(groups: list[dict[str, Any]]) -> list[str]:
    return [group["GroupName"] for group in groups]


def test_a_group_is_answered_as_it_is_then_seen(idp: Any, pool: str) -> None:
    details = {"Description": "Those who decide", "RoleArn": ROLE.format("admin"), "Precedence": 0}
    made = idp.create_group(UserPoolId=pool, GroupName="admins", **details)["Group"]
    assert {name: made[name] for name in details} == details
    assert (made["GroupName"], made["UserPoolId"]) == ("admins", pool)
    assert made["CreationDate"] == made["LastModifiedDate"]
    assert idp.get_group(UserPoolId=pool, GroupName="admins")["Group"] == made
    assert idp.list_groups(UserPoolId=pool)["Groups"] == [made]


def test_a_group_shows_only_what_it_was_given(idp: Any, pool: str) -> None:
    made = idp.create_group(UserPoolId=pool, GroupName="plain")["Group"]
    assert set(made) == {"GroupName", "UserPoolId", "CreationDate", "LastModifiedDate"}


def test_a_name_is_one_groups_with_its_case(idp: Any, pool: str) -> None:
    idp.create_group(UserPoolId=pool, GroupName="staff")
    assert refusal(idp.create_group, UserPoolId=pool, GroupName="staff") == (
        "GroupExists",
        "A group with the name already exists.",
    )
    idp.create_group(UserPoolId=pool, GroupName="Staff")
    assert names(idp.list_groups(UserPoolId=pool)["Groups"]) == ["Staff", "staff"]


def test_of_many_at_once_one_makes_the_group(idp: Any, pool: str) -> None:
    results = at_once(lambda _: outcome(idp.create_group, UserPoolId=pool, GroupName="race"), 20)
    assert sorted(results) == ["A group with the name already exists."] * 19 + ["ok"]


def test_a_group_is_changed_member_by_member(idp: Any, pool: str) -> None:
    idp.create_group(UserPoolId=pool, GroupName="staff", Description="Old", Precedence=3)
    changed = idp.update_group(UserPoolId=pool, GroupName="staff", Description="New")["Group"]
    assert (changed["Description"], changed["Precedence"]) == ("New", 3)  # documented
    changed = idp.update_group(UserPoolId=pool, GroupName="staff", Precedence=0)["Group"]
    assert (changed["Description"], changed["Precedence"]) == ("New", 0)
    assert idp.get_group(UserPoolId=pool, GroupName="staff")["Group"] == changed


def test_a_deleted_group_is_left_by_all(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "ada")
    idp.create_group(UserPoolId=pool, GroupName="brief")
    idp.admin_add_user_to_group(UserPoolId=pool, Username="ada", GroupName="brief")
    idp.delete_group(UserPoolId=pool, GroupName="brief")
    assert refusal(idp.get_group, UserPoolId=pool, GroupName="brief") == NO_GROUP
    assert idp.admin_list_groups_for_user(UserPoolId=pool, Username="ada")["Groups"] == []
    idp.create_group(UserPoolId=pool, GroupName="brief")
    assert idp.list_users_in_group(UserPoolId=pool, GroupName="brief")["Users"] == []


def test_users_come_and_go(idp: Any, make: PoolFactory, pool: str) -> None:
    for name in ("ada", "bob"):
        make.user(pool, name)
    idp.create_group(UserPoolId=pool, GroupName="crew")
    for name in ("Ada", "bob", "ada"):  # whoever is in it stays in it
        idp.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName="crew")
    users = idp.list_users_in_group(UserPoolId=pool, GroupName="crew")["Users"]
    assert sorted(user["Username"] for user in users) == ["ada", "bob"]
    assert {user["UserStatus"] for user in users} == {"CONFIRMED"}
    for _ in range(2):  # whoever is not in it is not in it
        idp.admin_remove_user_from_group(UserPoolId=pool, Username="ada", GroupName="crew")
    assert names(idp.admin_list_groups_for_user(UserPoolId=pool, Username="ada")["Groups"]) == []
    assert names(idp.admin_list_groups_for_user(UserPoolId=pool, Username="bob")["Groups"]) == ["crew"]


def test_groups_show_in_the_tokens_of_the_next_sign_in(idp: Any, make: PoolFactory, pool: str) -> None:
    app = make.client(pool)["ClientId"]
    make.user(pool, "ada")
    for name, precedence in (("low", 9), ("high", 1)):
        idp.create_group(UserPoolId=pool, GroupName=name, Precedence=precedence, RoleArn=ROLE.format(name))
        idp.admin_add_user_to_group(UserPoolId=pool, Username="ada", GroupName=name)
    tokens = sign_in(idp, app, "ada")
    claims = claims_of(tokens["IdToken"])
    assert claims["cognito:groups"] == ["high", "low"]
    assert claims["cognito:roles"] == [ROLE.format("high"), ROLE.format("low")]
    assert claims["cognito:preferred_role"] == ROLE.format("high")
    assert claims_of(tokens["AccessToken"])["cognito:groups"] == ["high", "low"]


@pytest.mark.parametrize(
    ("operation", "request_of"),
    [
        ("get_group", {}),
        ("update_group", {}),
        ("delete_group", {}),
        ("list_users_in_group", {}),
        ("admin_add_user_to_group", {"Username": "ada"}),
        ("admin_remove_user_from_group", {"Username": "ada"}),
    ],
)
def test_a_group_that_is_not_there_is_not_found(
    idp: Any, make: PoolFactory, pool: str, operation: str, request_of: dict[str, str]
) -> None:
    make.user(pool, "ada")
    call = getattr(idp, operation)
    assert refusal(call, UserPoolId=pool, GroupName="none", **request_of) == NO_GROUP
    assert refusal(call, UserPoolId=ABSENT, GroupName="none", **request_of) == NO_POOL


def test_nobody_is_in_no_group(idp: Any, pool: str) -> None:
    idp.create_group(UserPoolId=pool, GroupName="crew")
    for call in (idp.admin_add_user_to_group, idp.admin_remove_user_from_group):
        assert refusal(call, UserPoolId=pool, Username="nobody", GroupName="crew") == NOBODY
    assert refusal(idp.admin_list_groups_for_user, UserPoolId=pool, Username="nobody") == NOBODY
    for call, rest in (
        (idp.create_group, {"GroupName": "x"}),
        (idp.list_groups, {}),
        (idp.admin_list_groups_for_user, {"Username": "ada"}),
    ):
        assert refusal(call, UserPoolId=ABSENT, **rest) == NO_POOL


@pytest.mark.parametrize("wrong", [{"RoleArn": "no-arn-but-twenty-characters"}, {"GroupName": "a b"}])
def test_what_is_no_group_is_refused(idp: Any, pool: str, wrong: dict[str, Any]) -> None:
    request: dict[str, Any] = {"UserPoolId": pool, "GroupName": "fine", **wrong}
    code, text = refusal(idp.create_group, **request)
    assert code == "InvalidParameter"
    assert "failed to satisfy constraint: Member must satisfy regular expression pattern" in text


def test_groups_have_pages(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "ada")
    made = [f"group-{n}" for n in range(5)]
    for name in made:
        idp.create_group(UserPoolId=pool, GroupName=name)
        idp.admin_add_user_to_group(UserPoolId=pool, Username="ada", GroupName=name)
    for call, rest in ((idp.list_groups, {}), (idp.admin_list_groups_for_user, {"Username": "ada"})):
        request: dict[str, Any] = {"UserPoolId": pool, "Limit": 2, **rest}
        pages = []
        while True:
            page = call(**request)
            pages.append(names(page["Groups"]))
            if "NextToken" not in page:
                break
            request["NextToken"] = page["NextToken"]
        assert pages == [made[:2], made[2:4], made[4:]]


def test_members_have_pages(idp: Any, make: PoolFactory, pool: str) -> None:
    idp.create_group(UserPoolId=pool, GroupName="crew")
    for n in range(3):
        make.user(pool, f"user-{n}")
        idp.admin_add_user_to_group(UserPoolId=pool, Username=f"user-{n}", GroupName="crew")
    request: dict[str, Any] = {"UserPoolId": pool, "GroupName": "crew", "Limit": 2}
    first = idp.list_users_in_group(**request)
    second = idp.list_users_in_group(**request, NextToken=first["NextToken"])
    assert [len(page["Users"]) for page in (first, second)] == [2, 1]
    found = {user["Username"] for page in (first, second) for user in page["Users"]}
    assert found == {"user-0", "user-1", "user-2"}
    assert "NextToken" not in second


def test_case_76_a_page_token_is_good_for_its_own_list_only(idp: Any, make: PoolFactory, pool: str) -> None:
    for name in ("ada", "bob"):
        make.user(pool, name)
        for group in ("one", "two"):
            if name == "ada":
                idp.create_group(UserPoolId=pool, GroupName=group)
            idp.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    forged = ("InvalidParameter", "Invalid pagination token.")
    of_groups = idp.list_groups(UserPoolId=pool, Limit=1)["NextToken"]
    of_ada = idp.admin_list_groups_for_user(UserPoolId=pool, Username="ada", Limit=1)["NextToken"]
    of_one = idp.list_users_in_group(UserPoolId=pool, GroupName="one", Limit=1)["NextToken"]
    assert refusal(idp.list_groups, UserPoolId=make.pool(), NextToken=of_groups) == forged
    assert refusal(idp.list_groups, UserPoolId=pool, NextToken=of_ada) == forged
    assert (
        refusal(idp.admin_list_groups_for_user, UserPoolId=pool, Username="bob", NextToken=of_ada) == forged
    )
    assert refusal(idp.list_users_in_group, UserPoolId=pool, GroupName="two", NextToken=of_one) == forged
    assert refusal(idp.list_users_in_group, UserPoolId=pool, GroupName="one", NextToken=of_one[:-1]) == forged


def test_case_77_groups_of_one_pool_are_nothing_in_another(idp: Any, make: PoolFactory, pool: str) -> None:
    other = make.pool()
    make.user(pool, "ada")
    make.user(other, "ada")
    idp.create_group(UserPoolId=pool, GroupName="crew")
    assert refusal(idp.get_group, UserPoolId=other, GroupName="crew") == NO_GROUP
    assert (
        refusal(idp.admin_add_user_to_group, UserPoolId=other, Username="ada", GroupName="crew") == NO_GROUP
    )
    idp.create_group(UserPoolId=other, GroupName="crew")
    idp.admin_add_user_to_group(UserPoolId=other, Username="ada", GroupName="crew")
    assert idp.list_users_in_group(UserPoolId=pool, GroupName="crew")["Users"] == []
