"""Threat protection watches who exists and shows it to nobody (cases 37 and 38)."""

from typing import Any

import pytest
from tests.conftest import PoolFactory
from tests.protection import compromised, takeover
from tests.security.test_existence import ALL, STATES, Ask, Place, comparable, nobody
from tests.security.test_same_work import STEPS, counting

PROTECTED: dict[str, Any] = {"UserPoolTier": "PLUS", "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}


def configured(place: Place) -> Place:
    settings = {**takeover("BLOCK"), **compromised()}
    place.server.idp.set_risk_configuration(UserPoolId=place.pool, **settings)
    return place


@pytest.fixture(scope="module")
def place(make: PoolFactory) -> Place:
    return configured(Place(make, **PROTECTED))


@pytest.mark.parametrize(("ask", "operation"), ALL)
def test_case_37_whoever_is_asked_for_the_answer_is_nobodys_in_a_protected_pool(
    place: Place, ask: Ask, operation: str
) -> None:
    names = [STATES["unconfirmed"]] if operation == "ConfirmSignUp" else list(STATES.values())
    for name in names:
        stranger = nobody()
        for _ in range(2):
            known, unknown = ask(place, name), ask(place, stranger)
            assert comparable(known, name) == comparable(unknown, stranger)
            assert unknown.status != 500


@pytest.mark.parametrize("name", STEPS)
def test_case_38_a_name_that_nobody_has_costs_the_same_work_in_a_protected_pool(
    own: PoolFactory, name: str
) -> None:
    step = STEPS[name]
    with counting(own, **PROTECTED) as (place, work):
        configured(place)
        work.of(step(place, nobody()))  # the changed settings are read once
        unknown = work.of(step(place, nobody()))
        costs = {state: work.of(step(place, somebody)) for state, somebody in STATES.items()}
        assert costs == dict.fromkeys(STATES, unknown)
