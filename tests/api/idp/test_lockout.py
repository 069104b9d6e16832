"""Wrong passwords lock a user out, on every way in. Times are documented in "Lockout behavior"."""

from typing import Any

import pytest
from tests.api.idp.test_srp import Client
from tests.calls import PASSWORD, at_once, outcome, refresh, sign_in
from tests.conftest import PoolFactory

WRONG = "Incorrect username or password."
LOCKED = "Password attempts exceeded"


@pytest.fixture
def pool(own: PoolFactory) -> str:
    """A pool of a server whose time stands still."""
    own.server.clock.freeze()
    return own.pool(AliasAttributes=["email", "preferred_username"])


@pytest.fixture
def app(own: PoolFactory, pool: str) -> str:
    return str(own.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"])


@pytest.fixture
def idp(own: PoolFactory) -> Any:
    return own.server.idp


def fail(idp: Any, app: str, name: str, times: int) -> list[str]:
    return [outcome(sign_in, idp, app, name, "wrong") for _ in range(times)]


def test_five_failures_lock_for_a_second_and_a_right_password_starts_anew(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    assert fail(idp, app, "ada", 4) == [WRONG] * 4
    assert outcome(sign_in, idp, app, "ada") == "ok"
    assert fail(idp, app, "ada", 6) == [WRONG] * 5 + [LOCKED]
    assert outcome(sign_in, idp, app, "ada") == LOCKED
    own.server.clock.advance(ms=999)
    assert outcome(sign_in, idp, app, "ada") == LOCKED
    own.server.clock.advance(ms=1)
    assert outcome(sign_in, idp, app, "ada") == "ok"
    assert fail(idp, app, "ada", 4) == [WRONG] * 4


def test_each_failure_more_doubles_the_lock_up_to_a_quarter_of_an_hour(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    fail(idp, app, "ada", 4)
    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        assert fail(idp, app, "ada", 3) == [WRONG, LOCKED, LOCKED]
        own.server.clock.advance(ms=seconds * 1000 - 1)
        assert outcome(sign_in, idp, app, "ada") == LOCKED
        own.server.clock.advance(ms=1)
    assert outcome(sign_in, idp, app, "ada") == "ok"


def test_a_quarter_of_an_hour_without_a_failure_forgets_them(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    fail(idp, app, "ada", 4)
    own.server.clock.advance(minutes=15)
    assert fail(idp, app, "ada", 5) == [WRONG] * 5
    own.server.clock.advance(minutes=15, seconds=1)
    assert fail(idp, app, "ada", 5) == [WRONG] * 5


def test_case_39_of_a_hundred_guesses_at_once_five_are_judged(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    guesses = at_once(lambda n: outcome(sign_in, idp, app, "ada", f"guess-{n}"), 100)
    assert sorted(guesses) == sorted([WRONG] * 5 + [LOCKED] * 95)


def test_case_39_a_right_guess_among_a_hundred_is_no_likelier_than_five(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    fail(idp, app, "ada", 5)
    guesses = at_once(lambda n: outcome(sign_in, idp, app, "ada", PASSWORD if n == 50 else "wrong"), 100)
    assert guesses == [LOCKED] * 100


def test_case_39_all_spellings_share_one_counter(idp: Any, own: PoolFactory, pool: str, app: str) -> None:
    sub = own.user(pool, "ada", email="ada@example.com", email_verified="true", preferred_username="countess")
    spellings = ("ada", "ADA", "Ada@Example.com", "countess", sub)
    assert [fail(idp, app, name, 1) for name in spellings] == [[WRONG]] * 5
    for name in spellings:
        assert outcome(sign_in, idp, app, name) == LOCKED


def test_case_39_the_flows_share_one_counter(idp: Any, own: PoolFactory, pool: str, app: str) -> None:
    own.user(pool, "ada")
    token = sign_in(idp, app, "ada")["AccessToken"]

    def by_srp(password: str) -> str:
        return outcome(Client("ada", password, pool, app, client=idp).authenticate_user)

    def by_admin(password: str) -> str:
        parameters = {"USERNAME": "ada", "PASSWORD": password}
        request = {"UserPoolId": pool, "ClientId": app, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH"}
        return outcome(idp.admin_initiate_auth, **request, AuthParameters=parameters)

    def by_change(password: str) -> str:
        return outcome(
            idp.change_password, AccessToken=token, PreviousPassword=password, ProposedPassword=PASSWORD
        )

    own.server.clock.freeze(own.server.clock() // 1000 * 1000)
    ways = (by_srp, by_admin, by_change)
    assert [way("wrong") for way in (*ways, by_srp)] == [WRONG] * 4
    assert fail(idp, app, "ada", 1) == [WRONG]
    # Case 40: and the lock holds on each.
    assert [way(PASSWORD) for way in (by_srp, by_admin)] == [LOCKED] * 2
    assert by_change(PASSWORD) == "Attempt limit exceeded, please try after some time."
    own.server.clock.advance(seconds=1)
    assert [way(PASSWORD) for way in ways] == ["ok"] * 3


def test_case_39_of_a_hundred_srp_proofs_at_once_five_are_judged(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    clients = [Client("ada", "wrong", pool, app, client=idp) for _ in range(100)]
    at_once(lambda n: clients[n].ask(), 100)
    proofs = at_once(lambda n: outcome(clients[n].answer), 100)
    assert sorted(proofs) == sorted([WRONG] * 5 + [LOCKED] * 95)


def test_case_40_a_challenge_from_before_the_lock_does_not_get_around_it(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    client = Client("ada", PASSWORD, pool, app, client=idp)
    client.ask()
    fail(idp, app, "ada", 5)
    assert outcome(client.answer) == LOCKED


def test_case_40_a_lock_is_about_passwords_and_leaves_sessions_alone(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    """Documented: sign-ins are locked. Otherwise whoever knows a name could end its sessions from outside."""
    own.user(pool, "ada")
    tokens = sign_in(idp, app, "ada")
    assert fail(idp, app, "ada", 6)[-1] == LOCKED
    assert refresh(idp, app, tokens["RefreshToken"])["AccessToken"]
    assert idp.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ada"


def test_a_lock_is_of_one_user_in_one_pool(idp: Any, own: PoolFactory, pool: str, app: str) -> None:
    other = own.pool()
    elsewhere = own.client(other)["ClientId"]
    for where, name in ((pool, "ada"), (pool, "bob"), (other, "ada")):
        own.user(where, name)
    assert fail(idp, app, "ada", 6)[-1] == LOCKED
    assert outcome(sign_in, idp, app, "bob") == "ok"
    assert outcome(sign_in, idp, elsewhere, "ada") == "ok"


def test_case_37_a_name_that_nobody_has_is_locked_like_any(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    for _ in range(3):
        known, unknown = (fail(idp, app, name, 6) for name in ("ada", "nobody"))
        assert known == unknown
        own.server.clock.advance(seconds=1)
    assert fail(idp, app, "NOBODY", 1) == fail(idp, app, "ADA", 1)


def test_what_says_nothing_of_the_password_does_not_count(
    idp: Any, own: PoolFactory, pool: str, app: str
) -> None:
    own.user(pool, "ada")
    for _ in range(10):
        outcome(sign_in, idp, app, "ada", "")
        outcome(sign_in, idp, app, "ada", "wrong", SECRET_HASH="x")
        client = Client("ada", PASSWORD, pool, app, client=idp)
        client.ask()
        outcome(client.answer, {**client.proof(), "PASSWORD_CLAIM_SECRET_BLOCK": "x"})
    assert outcome(sign_in, idp, app, "ada") == "ok"
