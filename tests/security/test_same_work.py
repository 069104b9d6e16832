"""Who does not exist costs what somebody does: the same powers, hashes, statements and commits (case 38).

Counted where they leave the house, so that no clock decides.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import argon2.low_level
import pytest
from tests.calls import PASSWORD
from tests.conftest import PoolFactory, RunningServer
from tests.security.raw import Answer
from tests.security.test_existence import STATES, Place, nobody

from cenote.domain import srp
from cenote.server import jobs, log_export

Step = Callable[[Place, str], Callable[[], Answer]]


def is_for_a_request() -> bool:
    """Whether this runs for somebody who waits: not in a task of the jobs, which look for work now and then."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # in a thread of its own, as hashes and powers are
        return True
    code = None if task is None else getattr(task.get_coro(), "cr_code", None)
    return code is None or code.co_filename not in {jobs.__file__, log_export.__file__}


class Counting:
    """Counts what the server does that takes time."""

    def __init__(self, server: RunningServer, patch: pytest.MonkeyPatch) -> None:
        self.counts: Counter[str] = Counter()
        self.on = False
        engine = server.app.store.engine
        for name in ("one", "all", "run", "many"):
            patch.setattr(engine, name, self.counted(f"statement {name}", getattr(engine, name)))
        patch.setattr(engine, "transaction", self.counted("transaction", engine.transaction))
        for name in ("powmod", "_power_of_g"):
            patch.setattr(srp, name, self.counted("power", getattr(srp, name)))
        for name in ("hash_secret", "verify_secret"):
            patch.setattr(argon2.low_level, name, self.counted("hash", getattr(argon2.low_level, name)))

    def counted(self, what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **options: Any) -> Any:
            if self.on and is_for_a_request():
                self.counts[what] += 1
            return function(*args, **options)

        return counting

    def of(self, call: Callable[[], Answer]) -> dict[str, int]:
        """What one call costs."""
        self.counts.clear()
        self.on = True
        answer = call()
        self.on = False
        assert answer.status in {200, 400}
        return dict(self.counts)


@contextmanager
def counting(own: PoolFactory, **pool: Any) -> Iterator[tuple[Place, Counting]]:
    own.server.clock.freeze()
    place = Place(own, **pool)
    with pytest.MonkeyPatch.context() as patch:
        yield place, Counting(own.server, patch)


def by(operation: str, **request: Any) -> Step:
    return lambda place, name: lambda: place.call(operation, Username=name, **request)


def after(first: str, operation: str, **request: Any) -> Step:
    """Only the second call is looked at."""

    def step(place: Place, name: str) -> Callable[[], Answer]:
        place.call(first, Username=name)
        return by(operation, **request)(place, name)

    return step


def proof(place: Place, name: str) -> Callable[[], Answer]:
    request = place.wrong_proof(name)
    return lambda: place.call("RespondToAuthChallenge", **request)


STEPS: dict[str, Step] = {
    "sign-in by password": lambda place, name: lambda: place.initiate("USER_PASSWORD_AUTH", name),
    "sign-in by SRP": lambda place, name: lambda: place.initiate("USER_SRP_AUTH", name),
    "proof by SRP": proof,
    "ForgotPassword": by("ForgotPassword"),
    "ConfirmForgotPassword": after(
        "ForgotPassword", "ConfirmForgotPassword", ConfirmationCode="000000", Password=PASSWORD
    ),
    "ResendConfirmationCode": by("ResendConfirmationCode"),
}
# What each of them must at least cost, so that a count of nothing proves nothing.
LEAST: dict[str, dict[str, int]] = {
    "sign-in by password": {"power": 1, "transaction": 1},
    "sign-in by SRP": {"power": 1},
    "proof by SRP": {"power": 2, "transaction": 1},
    "ForgotPassword": {"transaction": 1},
    "ConfirmForgotPassword": {"transaction": 1},
    "ResendConfirmationCode": {"transaction": 1},
}


@pytest.mark.parametrize("name", STEPS)
def test_case_38_a_name_that_nobody_has_costs_the_work_of_one_that_somebody_has(
    own: PoolFactory, name: str
) -> None:
    step = STEPS[name]
    with counting(own) as (place, work):
        unknown = work.of(step(place, nobody()))
        assert {key: unknown[key] for key in LEAST[name]} == LEAST[name]
        costs = {state: work.of(step(place, somebody)) for state, somebody in STATES.items()}
        assert costs == dict.fromkeys(STATES, unknown)


def test_case_38_a_code_for_who_signed_up_is_guessed_at_with_the_work_of_any(own: PoolFactory) -> None:
    step = after("ResendConfirmationCode", "ConfirmSignUp", ConfirmationCode="000000")
    with counting(own) as (place, work):
        assert work.of(step(place, STATES["unconfirmed"])) == work.of(step(place, nobody()))


def test_case_38_a_password_hash_is_paid_for_everybody(own: PoolFactory) -> None:
    step = STEPS["sign-in by password"]
    with counting(own, UserPoolTags={"cenote:password-hash": "argon2id"}) as (place, work):
        unknown = work.of(step(place, nobody()))
        assert unknown["hash"] == 1
        costs = {state: work.of(step(place, somebody)) for state, somebody in STATES.items()}
        assert costs == dict.fromkeys(STATES, unknown)


def test_case_38_the_lock_costs_the_same(own: PoolFactory) -> None:
    step = STEPS["sign-in by password"]
    with counting(own) as (place, work):
        stranger = nobody()
        known = [work.of(step(place, STATES["confirmed"])) for _ in range(8)]
        assert known == [work.of(step(place, stranger)) for _ in range(8)]


@pytest.mark.parametrize("name", STEPS)
def test_case_38_an_address_that_nobody_has_costs_the_work_of_one_that_somebody_has(
    own: PoolFactory, name: str
) -> None:
    step = STEPS[name]
    with counting(own, AliasAttributes=["email"]) as (place, work):
        known = work.of(step(place, f"{STATES['confirmed']}@example.com"))
        assert known == work.of(step(place, f"{nobody()}@example.com"))


def test_case_38_signing_up_with_an_address_of_somebodys_costs_the_work_of_a_new_one(
    own: PoolFactory,
) -> None:
    """Documented: that an alias is taken shows to who can read what is sent to it, at ConfirmSignUp."""
    with counting(own, AliasAttributes=["email"]) as (place, work):

        def sign_up(address: str) -> Callable[[], Answer]:
            mail = [{"Name": "email", "Value": address}]
            return by("SignUp", Password=PASSWORD, UserAttributes=mail)(place, nobody())

        taken = work.of(sign_up(f"{STATES['confirmed']}@example.com"))
        assert taken == work.of(sign_up(f"{nobody()}@example.com"))
        assert taken["power"] == 1
