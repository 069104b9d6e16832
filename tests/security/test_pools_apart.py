"""Every operation with one pool's ids and another's objects: refused, and the other pool as before (cases 76, 77).

Requests are made from the model, so that an operation built later is tried without a word here. Two pools have
everything of the same kind under different names; an operation is given pool A and whatever it can name of pool B.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.calls import PASSWORD, attempt, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.rows import changes, rows
from tests.security.raw import Answer, call
from tests.security.requests import BUILT, MODEL, members, minimal, taking

TEMPORARY = "Temporary-1"
# Members that name an object of a pool.
NAMING = ("ClientId", "Username", "GroupName", "Session", "RefreshToken", "Token", "ClientSecretId")
PAGING = ("NextToken", "PaginationToken")
# These make what they name, and RevokeToken knows no token that is not the client's own (RFC 7009).
MAKING = {"AdminCreateUser", "CreateGroup", "SignUp", "RevokeToken"}
# These end what the others need.
LAST = ["AdminDeleteUser", "DeleteUser", "DeleteGroup", "DeleteUserPoolClient", "DeleteUserPool"]


@dataclass
class Estate:
    """A pool with one of everything, all named by its letter."""

    make: PoolFactory
    letter: str
    pool: str = ""
    client: dict[str, Any] = field(default_factory=dict)
    sub: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make, idp = self.make, self.make.server.idp
        self.pool = make.pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
        self.client = make.client(self.pool)
        names = {"UserPoolId": self.pool, "Username": self.name}
        self.sub = make.user(self.pool, self.name, email=self.email, email_verified="true")
        for number in range(3):
            idp.create_group(UserPoolId=self.pool, GroupName=f"{self.group}{number or ''}")
            idp.admin_add_user_to_group(**names, GroupName=f"{self.group}{number or ''}")
            make.client(self.pool)
        for number in range(2):
            make.user(self.pool, f"{self.name}-{number}")
            idp.admin_add_user_to_group(
                UserPoolId=self.pool, Username=f"{self.name}-{number}", GroupName=self.group
            )
        make.user(self.pool, f"new-{self.letter}")
        request = {"Username": f"new-{self.letter}", "Password": TEMPORARY, "Permanent": False}
        idp.admin_set_user_password(UserPoolId=self.pool, **request)
        self.tokens = sign_in(idp, self.app, self.name)
        idp.forgot_password(ClientId=self.app, Username=self.name)

    @property
    def name(self) -> str:
        return f"ada-of-{self.letter}"

    @property
    def email(self) -> str:
        return f"ada@{self.letter}.example"

    @property
    def group(self) -> str:
        return f"group-of-{self.letter}"

    @property
    def app(self) -> str:
        return str(self.client["ClientId"])

    @property
    def marks(self) -> list[str]:
        """What only an answer about this pool would hold."""
        return [self.pool, self.app, self.sub, self.email, self.name, self.group]

    def session(self) -> str:
        """Of a sign-in that waits for a new password."""
        return str(attempt(self.make.server.idp, self.app, f"new-{self.letter}", TEMPORARY)["Session"])


def new_password(of: Estate) -> dict[str, Any]:
    responses = {"USERNAME": f"new-{of.letter}", "NEW_PASSWORD": "Chosen-Horse-9"}
    return {
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": of.session(),
        "ChallengeResponses": responses,
    }


# What a request needs beyond its required members, of the estate whose objects it names.
Needs = Callable[[Estate], dict[str, Any]]
FULLER: dict[str, Needs] = {
    "InitiateAuth": lambda of: {
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": of.tokens["RefreshToken"]},
    },
    "AdminInitiateAuth": lambda of: {
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": of.name, "PASSWORD": PASSWORD},
    },
    "RespondToAuthChallenge": new_password,
    "AdminRespondToAuthChallenge": new_password,
    "AdminSetUserPassword": lambda _: {"Password": PASSWORD, "Permanent": True},
    "AdminUpdateUserAttributes": lambda _: {"UserAttributes": [{"Name": "nickname", "Value": "x"}]},
    "AdminDeleteUserAttributes": lambda _: {"UserAttributeNames": ["nickname"]},
}
# The operations that, asked for pool A's own objects in the same way, answer well: what refuses is the crossing.
ANSWERING = {
    "AdminAddUserToGroup", "AdminDeleteUser", "AdminDeleteUserAttributes", "AdminDisableUser", "AdminEnableUser",
    "AdminGetUser", "AdminInitiateAuth", "AdminListGroupsForUser", "AdminRemoveUserFromGroup",
    "AdminRespondToAuthChallenge", "AdminSetUserPassword", "AdminUpdateUserAttributes", "AdminUserGlobalSignOut",
    "DeleteGroup", "DeleteUserPoolClient", "DescribeUserPoolClient", "GetGroup", "GetTokensFromRefreshToken",
    "InitiateAuth", "ListUserPoolClientSecrets", "ListUsersInGroup", "RespondToAuthChallenge", "UpdateGroup",
    "UpdateUserPoolClient", "AdminResetUserPassword", "ForgotPassword",
}  # fmt: skip
# Of these, what leaves the estate not as it was.
ENDING = {
    "AdminDeleteUser", "AdminDisableUser", "AdminRemoveUserFromGroup", "AdminRespondToAuthChallenge",
    "AdminSetUserPassword", "AdminResetUserPassword", "AdminUserGlobalSignOut", "DeleteGroup", "DeleteUserPoolClient",
    "RespondToAuthChallenge",
}  # fmt: skip


def crossing(operation: str, at: Estate, of: Estate, **names: str) -> dict[str, Any]:
    """A request to pool `at` that names objects of `of`."""
    # Where no pool is named, the client names it.
    client = of.app if "UserPoolId" in members(operation) else at.app
    values: dict[str, Any] = {
        "UserPoolId": at.pool,
        "ClientId": client,
        "AccessToken": at.tokens["AccessToken"],
        "Username": of.name,
        "GroupName": of.group,
        "RefreshToken": of.tokens["RefreshToken"],
        "Token": of.tokens["RefreshToken"],
        "ConfirmationCode": "000000",
        "Password": PASSWORD,
        "ClientSecretId": f"{of.app}--1",
    }
    fuller = FULLER[operation](of) if operation in FULLER else {}
    return minimal(operation, **{**values, **fuller, **names})


def asked(server: RunningServer, operation: str, request: dict[str, Any]) -> Answer:
    return call(server.url, operation, request)


@pytest.fixture(scope="module")
def estates(make: PoolFactory) -> tuple[Estate, Estate]:
    return Estate(make, "a"), Estate(make, "b")


CROSSED = [name for name in taking("UserPoolId", *NAMING) if name not in LAST] + [
    name for name in LAST if name in BUILT
]


def test_case_77_what_may_not_be_named_across_pools_may_be_named_within(make: PoolFactory) -> None:
    """The measure of the next test: the same requests for a pool's own objects are good."""
    answered, lasting = set(), Estate(make, "own")
    for operation in sorted(ANSWERING):
        own = Estate(make, "own") if operation in ENDING else lasting
        answer = asked(make.server, operation, crossing(operation, own, own))
        if answer.status == 200:
            answered.add(operation)
    assert answered == ANSWERING


@pytest.mark.parametrize("operation", CROSSED)
def test_case_77_pool_a_is_no_way_to_what_is_pool_bs(
    make: PoolFactory, estates: tuple[Estate, Estate], operation: str
) -> None:
    a, b = estates
    if operation in {"DeleteUserPool", *MAKING}:
        a = Estate(make, "spare")
    shape = MODEL.shapes[MODEL.operations[operation].input]
    names_something = bool(set(shape.required) & set(NAMING)) or operation in FULLER
    ways = [{}, {"Username": b.sub}, {"Username": b.email}] if "Username" in shape.members else [{}]
    for way in ways:
        request = crossing(operation, a, b, **way)
        before = rows(b.make.server, pool_id=b.pool)
        answer = asked(make.server, operation, request)
        assert answer.status < 500, answer.error
        assert changes(b.make.server, before, pool_id=b.pool) == []
        if operation in MAKING or not names_something:
            told = set(b.marks) - set(map(str, request.values()))
        else:
            assert answer.status == 400
            told = set(b.marks) - {*map(str, request.values()), *find_strings(request)}
        assert [mark for mark in told if mark.encode() in answer.body] == []


def find_strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in find_strings(item)]
    return [value] if isinstance(value, str) else []


def test_case_77_the_access_token_of_one_pool_acts_in_that_pool_only(make: PoolFactory) -> None:
    """The token alone says which pool is meant, so the same names in another one are left alone."""
    a, b = Estate(make, "x"), Estate(make, "y")
    before = rows(b.make.server, pool_id=b.pool)
    for operation in taking("AccessToken"):
        if operation not in LAST:
            asked(make.server, operation, crossing(operation, a, b))
    asked(make.server, "DeleteUser", {"AccessToken": a.tokens["AccessToken"]})
    assert changes(b.make.server, before, pool_id=b.pool) == []


# Pagination tokens

FORGED = [
    "1", "0", "-1", "A", "AAAA", "e30", "bnVsbA==", "' OR '1'='1", "1; DROP TABLE users", "../../x", "%00", "null",
    '{"offset":0}', "eyJvZmZzZXQiOjB9", "A" * 4096, "\u2028", "é",
]  # fmt: skip
LISTS = taking(*PAGING)
# These have a second page of what an estate holds.
LONG = {
    "AdminListGroupsForUser",
    "ListGroups",
    "ListUserPoolClients",
    "ListUserPools",
    "ListUsers",
    "ListUsersInGroup",
}


def paging_member(operation: str) -> str:
    return next(name for name in PAGING if name in members(operation))


def page(server: RunningServer, operation: str, of: Estate, token: str | None = None, **more: Any) -> Answer:
    names = dict.fromkeys(members(operation) & {"Limit", "MaxResults", "QueryLimit"}, 1)
    request = {**crossing(operation, of, of), **names, **more}
    if token is not None:
        request[paging_member(operation)] = token
    return asked(server, operation, request)


def next_token(server: RunningServer, operation: str, of: Estate, **more: Any) -> str | None:
    token = page(server, operation, of, **more).document.get(paging_member(operation))
    return None if token is None else str(token)


def refused(answer: Answer, operation: str = "") -> bool:
    """Whether a token was not taken. Operations that had no second page may have refused for another reason."""
    wanted = "InvalidParameter" if operation in LONG else answer.error[0]
    return answer.status == 400 and answer.error[0] == wanted


def test_case_76_every_list_that_is_long_gives_a_token_that_goes_on(
    make: PoolFactory, estates: tuple[Estate, Estate]
) -> None:
    going_on = set()
    for operation in LISTS:
        token = next_token(make.server, operation, estates[1])
        if token is not None and page(make.server, operation, estates[1], token).status == 200:
            going_on.add(operation)
    assert going_on >= LONG


@pytest.mark.parametrize("operation", LISTS)
def test_case_76_a_page_token_is_good_for_its_own_list_and_spelling_only(
    make: PoolFactory, estates: tuple[Estate, Estate], operation: str
) -> None:
    _, b = estates
    genuine = next_token(make.server, operation, b)
    forged = list(FORGED)
    forged += [str(next_token(make.server, other, b)) for other in LONG - {operation}]
    if genuine is not None:
        middle = len(genuine) // 2
        swapped = "A" if genuine[middle] != "A" else "B"
        forged += [
            genuine[:-1],
            genuine + "A",
            genuine + "=",
            genuine[:middle] + swapped + genuine[middle + 1 :],
        ]
        forged += [genuine.swapcase(), genuine[::-1], genuine + "\n", f" {genuine}"]
    said = {token: page(make.server, operation, b, token) for token in forged}
    assert {token for token, answer in said.items() if not refused(answer, operation)} == set()


@pytest.mark.parametrize("operation", sorted(LONG - {"ListUserPools"}))
def test_case_76_a_page_token_of_another_pool_is_refused(
    make: PoolFactory, estates: tuple[Estate, Estate], operation: str
) -> None:
    other = Estate(make, "c")
    token = next_token(make.server, operation, estates[1])
    assert refused(page(make.server, operation, other, token), operation)


def test_case_76_a_page_token_is_of_its_own_filter_group_and_user(
    make: PoolFactory, estates: tuple[Estate, Estate]
) -> None:
    _, b = estates
    lists: dict[str, list[dict[str, str]]] = {
        "ListUsers": [{}, {"Filter": 'username ^= "ada"'}, {"Filter": 'username ^= "a"'}],
        "ListUsersInGroup": [{}, {"GroupName": f"{b.group}1"}],
        "AdminListGroupsForUser": [{}, {"Username": f"{b.name}-0"}],
    }
    for operation, ways in lists.items():
        token = next_token(make.server, operation, b)
        assert page(make.server, operation, b, token).status == 200
        for way in ways[1:]:
            assert refused(page(make.server, operation, b, token, **way), operation)


def test_case_76_a_page_token_tells_nothing_of_what_it_names(
    make: PoolFactory, estates: tuple[Estate, Estate]
) -> None:
    _, b = estates
    for operation in LONG:
        token = str(next_token(make.server, operation, b))
        assert not any(mark in json.dumps(token) for mark in b.marks)
