"""No sequence of calls yields tokens without every factor (SECURITY.md cases 44, 45 and 48), against the real engine.

In any order, replayed, for another user, through another client, with another's codes, while administrators change
things. Zitadel CVE-2025-64103, Casdoor CVE-2026-9091, Kratos CVE-2024-45042. `tests/attacker.py` judges every answer.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tests.attacker import Attacker
from tests.conftest import settings_for
from tests.sequences import KINDS, LAX, STRICT, Person, Refused, World

CHALLENGES = (
    "SELECT_CHALLENGE", "PASSWORD", "PASSWORD_SRP", "PASSWORD_VERIFIER", "EMAIL_OTP", "NEW_PASSWORD_REQUIRED",
    "SOFTWARE_TOKEN_MFA", "SMS_MFA", "SELECT_MFA_TYPE", "MFA_SETUP", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER",
)  # fmt: skip
BEGINNINGS = (
    "USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "USER_AUTH/PASSWORD",
    "USER_AUTH/PASSWORD_SRP", "USER_AUTH/EMAIL_OTP",
)  # fmt: skip
DEEDS = (
    "disable",
    "enable",
    "enable",
    "password",
    "password",
    "temporary password",
    "forget device",
    "prefer app",
)
CASTS = (
    ("app", "other", "bare"),
    ("device", "app", "plain"),
    ("invited", "bare", "asked"),
    ("careful", "plain", "codes"),
    ("asked", "unconfirmed", "careful"),
    ("barred", "disabled", "device"),
)
"""Who appears in a sequence."""

WHO = st.integers(0, 2)
WHICH = st.integers(0, 7)
LATER = st.sampled_from([0, 0, 0, 0, 2, 30, 240])
ADMIN = st.booleans()


def move(name: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(arguments))


BEGIN = move(
    "begin",
    who=WHO,
    client=st.sampled_from([0, 0, 1]),
    how=st.sampled_from(BEGINNINGS),
    # The right thing as often as all the others.
    whose=st.sampled_from(["owner", "owner", "owner", "nobody", 0, 1, 2]),
    device=st.sampled_from(["owner", "owner", "nobody", 0, 1, 2]),
    admin=ADMIN,
    further=st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5]),
)
GO_ON = move("go_on", which=WHICH, further=st.integers(0, 5), later=LATER)
MOVES = st.one_of(
    BEGIN,
    BEGIN,
    BEGIN,
    GO_ON,
    GO_ON,
    move("in_anothers_name", which=WHICH, named=WHO, admin=ADMIN),
    move(
        "through_another_client", which=WHICH, client=st.sampled_from(["the other", STRICT, LAX]), admin=ADMIN
    ),
    move("with_what_another_has", which=WHICH, whose=st.just("nobody") | WHO),
    move("as_if_asked_something_else", which=WHICH, challenge=st.sampled_from(CHALLENGES)),
    move("with_a_code_that_was_used", which=WHICH),
    move("guess", which=WHICH, times=st.sampled_from([1, 3, 5, 6]), later=st.sampled_from([0, 2, 2, 30])),
    move("begin_again", which=WHICH),
    move("associate", which=WHICH),
    move("verify", which=WHICH, other=WHICH, wrong=ADMIN, times=st.sampled_from([1, 1, 6])),
    move("new_app", which=WHICH),
    move("administer", which=WHICH, who=WHO, deed=st.sampled_from(DEEDS)),
    move("administer", which=WHICH, who=WHO, deed=st.sampled_from(DEEDS)),
    move("wait", seconds=st.sampled_from([1, 30, 170])),
)


class Sequence:
    """The moves of a sequence. Refusals are what is expected of most."""

    def __init__(self, world: World, cast: tuple[str, ...]) -> None:
        world.begin()
        self.world = world
        self.attacker = Attacker(world)
        self.cast = cast

    def person(self, number: int) -> Person:
        return self.world.person(self.cast[number])

    def whose(self, who: int | str, owner: Person) -> Person | None:
        if isinstance(who, int):
            return self.person(who)
        return owner if who == "owner" else None

    def begin(
        self, who: int, client: int, how: str, whose: int | str, device: int | str, admin: bool, further: int
    ) -> None:
        """A sign-in, and some calls of an honest user's, so that there is something to steal."""
        person = self.person(who)
        ids = self.world.clients[KINDS[person.kind]]
        password, named = self.whose(whose, person), self.whose(device, person)
        with contextlib.suppress(Refused):
            self.attacker.begin(person, ids[client], how, password, named, admin=admin)
            self.attacker.finish(further)

    def go_on(self, which: int, further: int, later: int) -> None:
        """What an honest user does, from an earlier point of theirs."""
        if asked := self.attacker.earlier(which):
            self.world.clock.advance(seconds=later)
            with contextlib.suppress(Refused):
                before = len(self.attacker.tokens)
                self.attacker.go_on(asked)
                if len(self.attacker.tokens) == before:
                    self.attacker.finish(further)

    def in_anothers_name(self, which: int, named: int, admin: bool) -> None:
        self.twist(which, named=self.person(named), admin=admin)

    def through_another_client(self, which: int, client: str, admin: bool) -> None:
        ids = self.world.clients
        if asked := self.attacker.earlier(which):
            pool = KINDS[asked.person.kind] if client == "the other" else client
            self.twist(which, client=next(one for one in ids[pool] if one != asked.client), admin=admin)

    def with_what_another_has(self, which: int, whose: int | str) -> None:
        self.twist(which, whose=None if isinstance(whose, str) else self.person(whose))

    def as_if_asked_something_else(self, which: int, challenge: str) -> None:
        self.twist(which, challenge=challenge)

    def with_a_code_that_was_used(self, which: int) -> None:
        self.twist(which, stale=True)

    def twist(self, which: int, **changes: Any) -> None:
        """An answer that is right but for this. If it were taken, all that comes after it would be right."""
        asked = self.attacker.earlier(which)
        if asked is None:
            return
        right = {
            "challenge": asked.challenge,
            "named": asked.person,
            "client": asked.client,
            "whose": asked.person,
        }
        with contextlib.suppress(Refused):
            before = len(self.attacker.tokens)
            self.attacker.answer(asked, **{**right, **changes})
            if len(self.attacker.tokens) == before:
                self.attacker.finish()

    def guess(self, which: int, times: int, later: int) -> None:
        """Wrong answers, and then the right one."""
        asked = self.attacker.earlier(which)
        if asked is None:
            return
        for _ in range(times):
            with contextlib.suppress(Refused):
                self.attacker.answer(asked, asked.challenge, asked.person, asked.client, None)
        self.world.clock.advance(seconds=later)
        with contextlib.suppress(Refused):
            self.attacker.go_on(asked)

    def begin_again(self, which: int) -> None:
        if asked := self.attacker.earlier(which):
            with contextlib.suppress(Refused):
                self.attacker.smuggle(asked)

    def associate(self, which: int) -> None:
        if asked := self.attacker.set_up(which):
            with contextlib.suppress(Refused):
                self.attacker.associate(asked)

    def verify(self, which: int, other: int, wrong: bool, times: int) -> None:
        """With the code of the secret that came with this `Session`, or with another."""
        asked, source = self.attacker.set_up(which), self.attacker.set_up(other)
        if asked is None or source is None:
            return
        secret = source.offered or asked.person.app
        code = str(pyotp.TOTP(secret).at(self.world.clock() // 1000)) if secret and not wrong else "000001"
        for _ in range(times):
            with contextlib.suppress(Refused):
                self.attacker.verify(asked, code)

    def new_app(self, which: int) -> None:
        if self.attacker.tokens:
            person, token = self.attacker.tokens[-1 - which % len(self.attacker.tokens)]
            with contextlib.suppress(Refused):
                self.attacker.new_app(person, token)

    def administer(self, which: int, who: int, deed: str) -> None:
        """Something happens to who is signing in just now, or to whom that number names."""
        asked = self.attacker.earlier(which)
        person = asked.person if asked else self.person(who)
        match deed:
            case "disable" | "enable":
                self.world.enable(person, on=deed == "enable")
            case "password" | "temporary password":
                fresh = f"Set-Horse-of-{person.name}-{person.version}"
                self.world.set_password(person, fresh, permanent=deed == "password")
            case "forget device":
                self.world.forget_device(person)
            case "prefer app":
                self.world.prefer_app(person)

    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    one = World(settings_for(tmp_path_factory.mktemp("world")))
    yield one
    one.close()


@pytest.mark.parametrize("cast", CASTS, ids=" ".join)
def test_case_45_no_sequence_of_calls_yields_tokens_without_every_factor(
    world: World, cast: tuple[str, ...]
) -> None:
    signed_in: list[Person] = []

    @seed(CASTS.index(cast))
    @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(MOVES, min_size=25, max_size=40))
    def any_order(moves: list[tuple[str, dict[str, Any]]]) -> None:
        sequence = Sequence(world, cast)
        for name, arguments in moves:
            getattr(sequence, name)(**arguments)
        signed_in.extend(person for person, _ in sequence.attacker.tokens)

    any_order()
    assert signed_in, "nothing was proved: nobody ever signed in"


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("how", sorted(set(BEGINNINGS)))
def test_who_has_everything_signs_in(world: World, kind: str, how: str) -> None:
    """What the test above must not pass by refusing everything."""
    world.begin()
    attacker = Attacker(world)
    person = world.person(kind)
    preferred = "code" if how.endswith("EMAIL_OTP") else "password"
    has = {"codes": {"code"}, "asked": {"password"}, "careful": {"password"}, "plain": {"password", "code"}}
    barred = kind in {"barred", "disabled", "unconfirmed"}
    try:
        attacker.begin(person, world.clients[KINDS[kind]][0], how, person, person, admin=False)
        attacker.finish()
    except Refused as refused:
        assert barred or preferred not in has.get(kind, {"password"}), refused
    else:
        assert not barred
