"""ListUsers: filters, pages, attributes. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import attributes_of, pairs, refusal
from tests.conftest import PoolFactory

ABSENT = "eu-central-1_Absent000"


def add(idp: Any, pool: str, name: str, **attributes: str) -> None:
    idp.admin_create_user(
        UserPoolId=pool, Username=name, MessageAction="SUPPRESS", UserAttributes=pairs(attributes)
    )


@pytest.fixture(scope="module")
def pool(idp: Any, make: PoolFactory) -> str:
    """Four users; Bob is disabled."""
    pool = make.pool()
    add(
        idp,
        pool,
        "Ada",
        email="ada@Example.com",
        given_name="Ada",
        family_name="Lovelace",
        phone_number="+15550100",
    )
    add(idp, pool, "bob", email="bob@example.com", given_name="Bob", preferred_username="bobby")
    add(idp, pool, "bobby-tables", email="robert@example.org", given_name="Robert")
    make.user(pool, "zoe", given_name="Zoë 100% _sure_\\")
    idp.admin_disable_user(UserPoolId=pool, Username="bob")
    return pool


def names(idp: Any, pool: str, text: str = "", **request: Any) -> list[str]:
    """The user names found, sorted."""
    if text:
        request["Filter"] = text
    return sorted(user["Username"] for user in idp.list_users(UserPoolId=pool, **request)["Users"])


EVERYBODY = ["Ada", "bob", "bobby-tables", "zoe"]


def test_all_users_are_listed_with_all_of_them(idp: Any, pool: str) -> None:
    assert names(idp, pool) == EVERYBODY
    listed = {user["Username"]: user for user in idp.list_users(UserPoolId=pool)["Users"]}
    ada = listed["Ada"]
    seen = idp.admin_get_user(UserPoolId=pool, Username="ada")
    assert attributes_of(ada) == attributes_of(seen)
    assert (ada["UserStatus"], ada["Enabled"]) == ("FORCE_CHANGE_PASSWORD", True)
    assert ada["UserCreateDate"] == seen["UserCreateDate"]
    assert listed["bob"]["Enabled"] is False


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # documented: user names and `status` with their case, everything else without
        ('username = "Ada"', ["Ada"]),
        ('username = "ada"', []),
        ('username ^= "bob"', ["bob", "bobby-tables"]),
        ('email = "ADA@example.com"', ["Ada"]),
        ('email ^= "bo"', ["bob"]),
        ('email^="ro"', ["bobby-tables"]),
        ('phone_number = "+15550100"', ["Ada"]),
        ('phone_number ^= "+1555"', ["Ada"]),
        ('given_name = "bob"', ["bob"]),
        ('family_name ^= "Love"', ["Ada"]),
        ('preferred_username = "bobby"', ["bob"]),
        ('cognito:user_status = "force_change_password"', ["Ada", "bob", "bobby-tables"]),
        ('cognito:user_status ^= "CONF"', ["zoe"]),
        ('status = "Enabled"', ["Ada", "bobby-tables", "zoe"]),
        ('status = "Disabled"', ["bob"]),
        ('status = "disabled"', []),
        ('status ^= "Dis"', ["bob"]),
        ('status ^= ""', EVERYBODY),
        ('cognito:user_status ^= ""', EVERYBODY),
        ('cognito:user_status = "CONF"', []),
        ('cognito:user_status = "confirmed"', ["zoe"]),
        ('given_name = "zoë 100% _sure_\\\\"', ["zoe"]),
        ('given_name ^= "zoë 100% _"', ["zoe"]),
        ('name = "nobody"', []),
        ("", EVERYBODY),
    ],
)
def test_a_filter_finds_whom_it_fits(idp: Any, pool: str, text: str, found: list[str]) -> None:
    assert names(idp, pool, text) == found


def test_a_sub_is_searched_like_the_rest(idp: Any, pool: str) -> None:
    sub = attributes_of(idp.admin_get_user(UserPoolId=pool, Username="zoe"))["sub"]
    assert names(idp, pool, f'sub = "{sub}"') == ["zoe"]
    assert names(idp, pool, f'sub ^= "{sub[:20].upper()}"') == ["zoe"]


def test_what_a_user_was_called_before_is_found_no_more(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    make.user(pool, "changed", email="old@example.com")
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="changed", UserAttributes=pairs({"email": "New@example.com"})
    )
    assert names(idp, pool, 'email = "old@example.com"') == []
    assert names(idp, pool, 'email = "new@example.com"') == ["changed"]


@pytest.mark.parametrize(
    "text",
    [
        'email = "x" or "1" = "1"',
        "email = 'x'",
        'email = "x',
        'email "x"',
        'email != "x"',
        'email = "x\\"',
        "(" * 200,
        '"; DROP TABLE users; --',
        'email = "a" and given_name = "b"',
    ],
)
def test_case_80_a_filter_that_is_none_is_refused_and_runs_no_sql(idp: Any, pool: str, text: str) -> None:
    assert refusal(idp.list_users, UserPoolId=pool, Filter=text) == (
        "InvalidParameter",
        "Error while parsing filter.",
    )
    assert names(idp, pool) == EVERYBODY


@pytest.mark.parametrize("attribute", ["custom:tier", "password", "attributes", "u.sub", "locale"])
def test_case_80_what_is_not_searchable_is_refused(idp: Any, pool: str, attribute: str) -> None:
    # assumed text
    assert refusal(idp.list_users, UserPoolId=pool, Filter=f'{attribute} = "x"') == (
        "InvalidParameter",
        f"Invalid search attribute: {attribute}",
    )


@pytest.mark.parametrize("value", ["' OR 1=1 --", "%", "_", "a' UNION SELECT 1", '\\" OR \\"'])
def test_case_80_a_value_is_only_ever_a_value(idp: Any, pool: str, value: str) -> None:
    assert names(idp, pool, f'email = "{value}"') == []
    assert names(idp, pool, f'email ^= "{value}"') == []


def test_pages_hold_everybody_once(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    for number in range(7):
        add(idp, pool, f"user-{number}")
    seen: list[str] = []
    request: dict[str, Any] = {"UserPoolId": pool, "Limit": 3}
    sizes = []
    while True:
        page = idp.list_users(**request)
        sizes.append(len(page["Users"]))
        seen += [user["Username"] for user in page["Users"]]
        if "PaginationToken" not in page:
            break
        request["PaginationToken"] = page["PaginationToken"]
    assert sizes == [3, 3, 1]
    assert sorted(seen) == [f"user-{number}" for number in range(7)]


@pytest.mark.parametrize(
    "text", ['email ^= "page"', 'username ^= "page-"', 'given_name ^= "P"', 'given_name = "p"']
)
def test_every_filter_has_pages_that_hold_everybody_once(idp: Any, make: PoolFactory, text: str) -> None:
    pool = make.pool()
    add(idp, pool, "Other", email="other@example.com")
    for number in range(5):
        # Several users have one name, and addresses differ by case only.
        email = f"{'PAGE' if number % 2 else 'page'}@example.com"
        add(idp, pool, f"page-{number}", email=email, given_name="P")
    request: dict[str, Any] = {"UserPoolId": pool, "Filter": text, "Limit": 2}
    pages = []
    while True:
        page = idp.list_users(**request)
        pages.append([user["Username"] for user in page["Users"]])
        if "PaginationToken" not in page:
            break
        request["PaginationToken"] = page["PaginationToken"]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(name for page in pages for name in page) == [f"page-{number}" for number in range(5)]


def test_a_filter_has_pages_too(idp: Any, pool: str) -> None:
    request: dict[str, Any] = {"UserPoolId": pool, "Filter": 'status = "Enabled"', "Limit": 2}
    first = idp.list_users(**request)
    second = idp.list_users(**request, PaginationToken=first["PaginationToken"])
    found = [user["Username"] for user in first["Users"] + second["Users"]]
    assert sorted(found) == ["Ada", "bobby-tables", "zoe"]
    assert "PaginationToken" not in second


def test_case_76_a_pagination_token_is_good_for_its_own_call_only(
    idp: Any, make: PoolFactory, pool: str
) -> None:
    token = idp.list_users(UserPoolId=pool, Limit=1)["PaginationToken"]
    forged = ("InvalidParameter", "Invalid pagination token.")
    other = make.pool()
    assert refusal(idp.list_users, UserPoolId=other, PaginationToken=token) == forged
    assert refusal(idp.list_users, UserPoolId=pool, Filter='email = "x"', PaginationToken=token) == forged
    assert refusal(idp.list_groups, UserPoolId=pool, NextToken=token) == forged
    for wrong in (token[:-1], token + "A", token[:-2] + "AA", "x", "' OR 1=1 --".replace(" ", "+")):
        assert refusal(idp.list_users, UserPoolId=pool, PaginationToken=wrong) == forged


def test_a_limit_of_nothing_is_the_default(idp: Any, pool: str) -> None:
    assert names(idp, pool, Limit=0) == EVERYBODY  # assumed: the model allows 0


def test_only_the_attributes_asked_for_are_listed(idp: Any, pool: str) -> None:
    users = idp.list_users(UserPoolId=pool, Filter='username = "Ada"', AttributesToGet=["email", "sub"])[
        "Users"
    ]
    assert set(attributes_of(users[0])) == {"email", "sub"}


def test_an_attribute_that_somebody_listed_lacks_is_refused(idp: Any, pool: str) -> None:
    # documented at AttributesToGet
    expected = ("InvalidParameter", "One or more requested attributes do not exist.")
    assert refusal(idp.list_users, UserPoolId=pool, AttributesToGet=["email"]) == expected
    assert refusal(idp.list_users, UserPoolId=pool, AttributesToGet=["custom:none"]) == expected


def test_case_77_users_of_another_pool_are_not_listed(idp: Any, make: PoolFactory, pool: str) -> None:
    other = make.pool()
    make.user(other, "stranger", email="ada@example.com")
    assert names(idp, other) == ["stranger"]
    assert names(idp, pool, 'email = "ada@example.com"') == ["Ada"]


def test_a_pool_that_is_not_there_lists_nobody(idp: Any) -> None:
    assert refusal(idp.list_users, UserPoolId=ABSENT) == (
        "ResourceNotFound",
        f"User pool {ABSENT} does not exist.",
    )
