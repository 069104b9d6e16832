"""Whether a user exists shows in nothing, where the client says so (PreventUserExistenceErrors)."""

import re
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.api.idp.test_srp import Client
from tests.calls import PASSWORD, attempt, outcome, refusal
from tests.conftest import PoolFactory

WRONG = ("NotAuthorized", "Incorrect username or password.")
UNKNOWN = ("UserNotFound", "User does not exist.")
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def client_of(make: PoolFactory, pool: str, **request: Any) -> str:
    return str(make.client(pool, PreventUserExistenceErrors="ENABLED", **request)["ClientId"])


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AliasAttributes=["email"])


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return client_of(make, pool)


@pytest.fixture
def ada(make: PoolFactory, pool: str) -> str:
    """The name of a user whom no other test fails to sign in as."""
    name = f"ada-{uuid.uuid4().hex[:8]}"
    make.user(pool, name, email=f"{name}@example.com", email_verified="true")
    return name


def shape(call: Any, **request: Any) -> Any:
    """What of an answer a caller can compare: status, header names, error and its text, member names."""
    try:
        answer = call(**request)
    except ClientError as error:
        answer = error.response
    meta = answer.pop("ResponseMetadata")
    headers = set(meta["HTTPHeaders"]) - {"date"}
    return meta["HTTPStatusCode"], headers, answer


def test_a_legacy_client_tells(idp: Any, make: PoolFactory, pool: str) -> None:
    app = make.client(pool, PreventUserExistenceErrors="LEGACY")["ClientId"]
    assert refusal(attempt, idp, app, "nobody") == UNKNOWN
    assert refusal(Client("nobody", PASSWORD, pool, app, client=idp).ask) == UNKNOWN


def test_a_client_that_says_nothing_is_legacy(idp: Any, make: PoolFactory, pool: str) -> None:
    assert refusal(attempt, idp, make.client(pool)["ClientId"], "nobody") == UNKNOWN  # documented


@pytest.mark.parametrize("name", ["nobody", "nobody@example.com", "+15550100"])
def test_case_37_an_unknown_user_gets_what_a_wrong_password_gets(
    idp: Any, pool: str, app: str, ada: str, name: str
) -> None:
    def shapes(who: str) -> list[Any]:
        parameters = {"USERNAME": who, "PASSWORD": "wrong"}
        return [
            shape(idp.initiate_auth, ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters),
            shape(
                idp.admin_initiate_auth,
                UserPoolId=pool,
                ClientId=app,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters=parameters,
            ),
        ]

    assert shapes(name) == shapes(ada)
    assert refusal(attempt, idp, app, name) == WRONG


def test_case_37_an_unknown_user_gets_a_believable_challenge(idp: Any, pool: str, app: str, ada: str) -> None:
    stranger = ada.replace("ada", "eve")
    known, unknown = (Client(name, PASSWORD, pool, app, client=idp) for name in (ada, stranger))
    assert set(known.ask()) == set(unknown.ask())
    for name in ("SALT", "SRP_B"):
        # Numbers are written without leading zeros.
        assert abs(len(known.asked[name]) - len(unknown.asked[name])) <= 4
    # The block holds the sub of a user who has one, and the same number of letters where nobody has.
    assert len(known.asked["SECRET_BLOCK"]) == len(unknown.asked["SECRET_BLOCK"])
    assert unknown.asked["USER_ID_FOR_SRP"] == unknown.asked["USERNAME"] == stranger
    assert refusal(unknown.answer) == WRONG
    known.password = "wrong"
    assert refusal(known.answer) == WRONG


def test_case_37_the_salt_of_an_unknown_user_stays(idp: Any, pool: str, app: str, ada: str) -> None:
    def asked(name: str) -> dict[str, str]:
        return Client(name, PASSWORD, pool, app, client=idp).ask()

    first, again = asked("nobody"), asked("NOBODY")
    assert first["SALT"] == again["SALT"]
    assert first["USER_ID_FOR_SRP"] == again["USER_ID_FOR_SRP"]
    assert first["SRP_B"] != again["SRP_B"]
    assert asked("somebody")["SALT"] != first["SALT"]
    assert asked(ada)["SALT"] == asked(ada)["SALT"]


def test_case_37_the_salt_of_an_unknown_user_is_another_in_another_pool(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    other = make.pool()
    there = Client("nobody", PASSWORD, other, client_of(make, other), client=idp).ask()
    assert there["SALT"] != Client("nobody", PASSWORD, pool, app, client=idp).ask()["SALT"]


@pytest.mark.parametrize("attribute", ["UsernameAttributes", "AliasAttributes"])
def test_case_37_who_signs_in_by_email_has_another_name(idp: Any, make: PoolFactory, attribute: str) -> None:
    """Documented: an internal user id in UUID format, the same at every try."""
    pool = make.pool(**{attribute: ["email"]})
    app = client_of(make, pool)
    first = Client("nobody@example.com", PASSWORD, pool, app, client=idp).ask()["USER_ID_FOR_SRP"]
    again = Client("Nobody@example.com", PASSWORD, pool, app, client=idp)
    assert again.ask()["USER_ID_FOR_SRP"] == first
    assert re.fullmatch(UUID, first)
    assert refusal(again.answer) == WRONG


def test_case_37_a_challenge_of_an_unknown_user_is_used_once_too(idp: Any, pool: str, app: str) -> None:
    unknown = Client("once", PASSWORD, pool, app, client=idp)
    unknown.ask()
    proof = unknown.proof()
    assert outcome(unknown.answer, proof) == WRONG[1]
    assert outcome(unknown.answer, proof) == "Invalid session for the user."


def test_case_37_whoever_comes_to_exist_in_between_does_not_sign_in(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    late = Client("latecomer", PASSWORD, pool, app, client=idp)
    late.ask()
    make.user(pool, "latecomer")
    assert refusal(late.answer) == WRONG


def test_case_37_a_disabled_user_looks_like_any_without_the_password(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "disabled")
    idp.admin_disable_user(UserPoolId=pool, Username="disabled")
    idp.sign_up(ClientId=app, Username="unconfirmed", Password=PASSWORD)
    for name in ("disabled", "unconfirmed", "nobody-else"):
        assert refusal(attempt, idp, app, name, "wrong") == WRONG
