"""A hundred guesses at once, spread over worker processes: counters and gates are the database's (39 to 41, 44)."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.api.idp.test_srp import Client
from tests.calls import PASSWORD
from tests.conftest import free_port
from tests.outbox import code_to, wrong
from tests.process import Process, serving
from tests.security.raw import Answer, call

FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
WRONG = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
MISMATCH = "Invalid verification code provided, please try again."
TOO_MANY = "Attempt limit exceeded, please try after some time."


@dataclass
class Site:
    """A pool on a server of two processes; each call comes over a connection of its own."""

    process: Process
    pool: str
    app: str

    def call(self, operation: str, **request: Any) -> Answer:
        return call(self.process.url, operation, {"ClientId": self.app, **request})

    def said(self, operation: str, **request: Any) -> str:
        answer = self.call(operation, **request)
        return "ok" if answer.status == 200 else answer.error[1]

    def sign_in(self, name: str, password: str) -> str:
        parameters = {"USERNAME": name, "PASSWORD": password}
        return self.said("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)

    def admin_sign_in(self, name: str, password: str) -> str:
        parameters = {"USERNAME": name, "PASSWORD": password}
        request = {"UserPoolId": self.pool, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH"}
        return self.said("AdminInitiateAuth", **request, AuthParameters=parameters)

    def user(self, name: str, password: str = PASSWORD, *, permanent: bool = True) -> None:
        idp = self.process.idp()
        attributes = {"email": f"{name}@example.com", "email_verified": "true"}
        idp.admin_create_user(
            UserPoolId=self.pool,
            Username=name,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        idp.admin_set_user_password(
            UserPoolId=self.pool, Username=name, Password=password, Permanent=permanent
        )

    def code(self, name: str) -> str:
        return code_to(self.process.url, f"{name}@example.com")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("guessed")
    with serving(folder / "data", free_port(), "--workers", "2") as process:
        idp = process.idp()
        pool = idp.create_user_pool(
            PoolName="p", AliasAttributes=["email"], AutoVerifiedAttributes=["email"]
        )["UserPool"]["Id"]
        app = idp.create_user_pool_client(UserPoolId=pool, ClientName="c", ExplicitAuthFlows=FLOWS)
        yield Site(process, pool, app["UserPoolClient"]["ClientId"])


def at_once(guess: Callable[[int], str], times: int = 100) -> Counter[str]:
    """What so many guesses in parallel get, counted."""
    with ThreadPoolExecutor(32) as threads:
        return Counter(threads.map(guess, range(times)))


def few(said: Counter[str]) -> bool:
    """Whether the cap is far below a hundred: five, and one for each lock that ends while the test runs."""
    return 5 <= said[WRONG] <= 10 and said[WRONG] + said[LOCKED] == said.total()


def test_case_39_of_a_hundred_passwords_at_once_a_few_are_judged(site: Site) -> None:
    site.user("ada")
    assert few(at_once(lambda n: site.sign_in("ada", f"Guess-{n:04}")))
    assert site.sign_in("ada", PASSWORD) == LOCKED


def test_case_39_every_spelling_and_every_door_adds_to_one_count(site: Site) -> None:
    site.user("grace")
    spellings = ("grace", "GRACE", "Grace@Example.com", "grace@example.com")
    doors = (site.sign_in, site.admin_sign_in)
    assert few(at_once(lambda n: doors[n % 2](spellings[n // 2 % 4], f"Guess-{n:04}")))
    # Case 40: and the lock holds for all of them.
    assert {door(name, PASSWORD) for door in doors for name in spellings} == {LOCKED}


def test_case_39_a_right_password_among_a_hundred_wrong_ones_is_not_found_by_force(site: Site) -> None:
    """It is judged among the first few or not at all, and once locked it is not told from a wrong one."""
    site.user("edith")
    for number in range(5):
        site.sign_in("edith", f"Guess-{number:04}")
    said = at_once(lambda n: site.sign_in("edith", PASSWORD if n == 0 else f"Guess-{n:04}"))
    assert said["ok"] <= 1
    assert said[LOCKED] > 85


def test_case_39_a_name_that_nobody_has_is_counted_in_all_processes_too(site: Site) -> None:
    hiding = site.process.idp().create_user_pool_client(
        UserPoolId=site.pool,
        ClientName="hiding",
        ExplicitAuthFlows=FLOWS,
        PreventUserExistenceErrors="ENABLED",
    )["UserPoolClient"]["ClientId"]
    at = Site(site.process, site.pool, hiding)
    assert few(at_once(lambda n: at.sign_in("NoBody"[: 6 - n % 2] + "y" * (n % 2), f"Guess-{n:04}")))


def test_case_40_a_locked_user_is_locked_out_of_every_way_in(site: Site) -> None:
    site.user("joan")
    parameters = {"USERNAME": "joan", "PASSWORD": PASSWORD}
    tokens = site.call("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters).document
    access = tokens["AuthenticationResult"]["AccessToken"]

    def change(n: int) -> str:
        request = {"AccessToken": access, "PreviousPassword": f"Guess-{n:04}", "ProposedPassword": PASSWORD}
        return site.said("ChangePassword", **request)

    said = at_once(change)
    assert 5 <= said[WRONG] <= 10
    assert said[WRONG] + said[TOO_MANY] == 100
    assert {door("joan", PASSWORD) for door in (site.sign_in, site.admin_sign_in)} == {LOCKED}
    request = {"AccessToken": access, "PreviousPassword": PASSWORD, "ProposedPassword": "Another-Horse-1"}
    assert site.said("ChangePassword", **request) == TOO_MANY


@pytest.mark.parametrize("purpose", ["reset", "sign-up", "attribute"])
def test_case_41_of_a_hundred_codes_at_once_five_are_looked_at(site: Site, purpose: str) -> None:
    name = f"code-{purpose}"
    guess: Callable[[str], str]
    if purpose == "sign-up":
        mail = [{"Name": "email", "Value": f"{name}@example.com"}]
        site.call("SignUp", Username=name, Password=PASSWORD, UserAttributes=mail)

        def guess(code: str) -> str:
            return site.said("ConfirmSignUp", Username=name, ConfirmationCode=code)
    elif purpose == "reset":
        site.user(name)
        site.call("ForgotPassword", Username=name)

        def guess(code: str) -> str:
            request = {"ConfirmationCode": code, "Password": "Another-Horse-1"}
            return site.said("ConfirmForgotPassword", Username=name, **request)
    else:
        site.user(name)
        parameters = {"USERNAME": name, "PASSWORD": PASSWORD}
        tokens = site.call("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters).document
        access = tokens["AuthenticationResult"]["AccessToken"]
        site.call("GetUserAttributeVerificationCode", AccessToken=access, AttributeName="email")

        def guess(code: str) -> str:
            return site.said("VerifyUserAttribute", AccessToken=access, AttributeName="email", Code=code)

    right = site.code(name)
    bad = wrong(right)
    said = at_once(lambda _: guess(bad))
    assert said == {MISMATCH: 5, TOO_MANY: 95}
    assert guess(right) == TOO_MANY


def test_case_41_new_codes_do_not_buy_new_guesses_without_end(site: Site) -> None:
    site.user("mary")

    def guesses(code: str) -> int:
        request = {"Username": "mary", "ConfirmationCode": code, "Password": "Another-Horse-1"}
        return at_once(lambda _: site.said("ConfirmForgotPassword", **request), 5)[MISMATCH]

    looked_at = 0
    for _ in range(8):
        site.call("ForgotPassword", Username="mary")
        looked_at += guesses(wrong(site.code("mary")))
    assert looked_at == 20  # documented: 5 to 20 an hour


def test_case_44_a_session_answers_once_whichever_process_is_asked(site: Site) -> None:
    site.user("rosalind", "Temporary-1", permanent=False)
    parameters = {"USERNAME": "rosalind", "PASSWORD": "Temporary-1"}
    asked = site.call("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters).document

    def answer(n: int) -> str:
        responses = {"USERNAME": "rosalind", "NEW_PASSWORD": f"Chosen-Horse-{n}"}
        request = {"ChallengeName": asked["ChallengeName"], "Session": asked["Session"]}
        return site.said("RespondToAuthChallenge", **request, ChallengeResponses=responses)

    assert at_once(answer, 50) == {"ok": 1, "Invalid session for the user.": 49}
    assert Counter(site.sign_in("rosalind", f"Chosen-Horse-{n}") for n in range(4))["ok"] <= 1


def test_case_44_a_proof_by_srp_signs_in_once_whichever_process_is_asked(site: Site) -> None:
    site.user("dorothy")
    client = Client("dorothy", PASSWORD, site.pool, site.app, client=site.process.idp())
    client.ask()
    responses = client.proof()

    def answer(_: int) -> str:
        request = {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}
        return site.said("RespondToAuthChallenge", **request)

    assert at_once(answer, 50) == {"ok": 1, "Invalid session for the user.": 49}


def test_case_44_a_code_sets_one_password_whichever_process_is_asked(site: Site) -> None:
    site.user("barbara")
    site.call("ForgotPassword", Username="barbara")
    code = site.code("barbara")

    def answer(n: int) -> str:
        request = {"ConfirmationCode": code, "Password": f"Chosen-Horse-{n}"}
        return site.said("ConfirmForgotPassword", Username="barbara", **request)

    said = at_once(answer, 50)
    assert said["ok"] == 1
    assert set(said) <= {"ok", TOO_MANY, "Invalid code provided, please request a code again."}
