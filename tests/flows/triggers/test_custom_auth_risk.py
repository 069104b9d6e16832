"""Threat protection of custom authentication, which has a mode of its own (CustomAuthMode; documented at
UserPoolAddOnsType and AdvancedSecurityAdditionalFlowsType). What it does then is what it does at any sign-in.
"""

from typing import Any

import pytest
from tests.calls import refusal
from tests.conftest import PoolFactory
from tests.flows.triggers.conftest import triggers
from tests.flows.triggers.test_custom_auth import ALL, FAILED, create, define, verify
from tests.functions import FunctionServer
from tests.protection import CAFE, HOME, PHONE, STRANGER, enter, from_, history, takeover

BLOCKED = ("NotAuthorized", "Request not allowed due to security reasons.")  # recorded
MODES = ("OFF", "AUDIT", "ENFORCED")


@pytest.fixture(autouse=True)
def asking(functions: FunctionServer) -> None:
    functions.answers.update(dict(zip(ALL, (define, create, verify), strict=True)))


def guarded(make: PoolFactory, custom: str, other: str = "OFF") -> tuple[str, str]:
    """A pool whose custom authentication is watched like this, and other sign-ins like that; and a client of it."""
    add_ons: dict[str, Any] = {"AdvancedSecurityMode": other}
    if custom != "OFF":  # a mode that the model does not know: it is off where nothing is said
        add_ons["AdvancedSecurityAdditionalFlows"] = {"CustomAuthMode": custom}
    pool = make.pool(UserPoolTier="PLUS", UserPoolAddOns=add_ons, **triggers(*ALL))
    make.user(pool, "ada")
    flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    return pool, str(make.client(pool, ExplicitAuthFlows=flows)["ClientId"])


def protect(idp: Any, pool: str, **parts: Any) -> None:
    idp.set_risk_configuration(UserPoolId=pool, **parts)


def ask(
    idp: Any, pool: str, app: str, address: str = HOME, program: str = PHONE, *, name: str = "ada"
) -> dict[str, Any]:
    return dict(
        idp.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=app,
            AuthFlow="CUSTOM_AUTH",
            AuthParameters={"USERNAME": name},
            **from_(address, program),
        )
    )


def answer(
    idp: Any, pool: str, app: str, asked: dict[str, Any], address: str, program: str = PHONE, given: str = "42"
) -> dict[str, Any]:  # fmt: skip
    return dict(
        idp.admin_respond_to_auth_challenge(
            UserPoolId=pool,
            ClientId=app,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", "ANSWER": given},
            **from_(address, program),
        )
    )


def come_in(idp: Any, pool: str, app: str, address: str = HOME, program: str = PHONE) -> dict[str, Any]:
    return answer(idp, pool, app, ask(idp, pool, app, address, program), address, program)


@pytest.mark.parametrize("other", MODES)
def test_enforced_a_stranger_is_blocked_and_that_is_written_down(
    idp: Any, make: PoolFactory, other: str
) -> None:
    """Whatever the mode of the other ways to sign in."""
    pool, app = guarded(make, "ENFORCED", other)
    protect(idp, pool, **takeover("BLOCK"))
    assert come_in(idp, pool, app)["AuthenticationResult"]
    assert refusal(come_in, idp, pool, app, CAFE, STRANGER) == BLOCKED
    event = history(idp, pool)[0]
    assert (event["EventType"], event["EventResponse"]) == ("SignIn", "Fail")
    assert event["EventRisk"]["RiskLevel"] == "High"
    assert event["EventRisk"]["RiskDecision"] == "Block"
    assert come_in(idp, pool, app)["AuthenticationResult"]


@pytest.mark.parametrize("other", ["OFF", "ENFORCED"])
def test_audited_a_stranger_is_let_in_and_that_is_written_down(
    idp: Any, make: PoolFactory, other: str
) -> None:
    pool, app = guarded(make, "AUDIT", other)
    protect(idp, pool, **takeover("BLOCK"))
    for place in ((HOME, PHONE), (CAFE, STRANGER)):
        assert come_in(idp, pool, app, *place)["AuthenticationResult"]
    risk = history(idp, pool)[0]["EventRisk"]
    assert (risk["RiskLevel"], risk["RiskDecision"]) == ("High", "NoRisk")


def test_off_nothing_is_judged_or_written_down_where_all_else_is(idp: Any, make: PoolFactory) -> None:
    pool, app = guarded(make, "OFF", "ENFORCED")
    protect(idp, pool, **takeover("BLOCK"))
    assert enter(idp, pool, app)["AuthenticationResult"]
    (before,) = history(idp, pool)
    assert come_in(idp, pool, app, CAFE, STRANGER)["AuthenticationResult"]
    assert [event["EventId"] for event in history(idp, pool)] == [before["EventId"]]
    assert refusal(enter, idp, pool, app, CAFE, STRANGER) == BLOCKED


def test_the_mode_of_custom_authentication_is_that_of_no_other_way(idp: Any, make: PoolFactory) -> None:
    pool, app = guarded(make, "ENFORCED", "OFF")
    protect(idp, pool, **takeover("BLOCK"))
    assert come_in(idp, pool, app)["AuthenticationResult"]
    assert enter(idp, pool, app, CAFE, STRANGER)["AuthenticationResult"]
    assert len(history(idp, pool)) == 1


def test_a_wrong_answer_is_written_down_once_the_sign_in_fails(idp: Any, make: PoolFactory) -> None:
    pool, app = guarded(make, "AUDIT")
    asked = ask(idp, pool, app)
    for _ in range(2):
        asked = answer(idp, pool, app, asked, HOME, given="41")
        assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert refusal(answer, idp, pool, app, asked, HOME, given="41") == FAILED
    assert history(idp, pool)[0]["EventResponse"] == "Fail"


# Address ranges


@pytest.mark.parametrize(("custom", "other"), [("ENFORCED", "OFF"), ("ENFORCED", "AUDIT")])
def test_a_blocked_address_signs_nobody_in(idp: Any, make: PoolFactory, custom: str, other: str) -> None:
    pool, app = guarded(make, custom, other)
    begun = ask(idp, pool, app, CAFE)
    protect(idp, pool, RiskExceptionConfiguration={"BlockedIPRangeList": ["203.0.113.0/24"]})
    assert refusal(ask, idp, pool, app, CAFE) == BLOCKED
    assert refusal(ask, idp, pool, app, CAFE, name="nobody") == BLOCKED
    assert refusal(answer, idp, pool, app, begun, CAFE) == BLOCKED
    assert answer(idp, pool, app, begun, HOME)["AuthenticationResult"]
    assert enter(idp, pool, app, CAFE)["AuthenticationResult"]


@pytest.mark.parametrize("custom", ["OFF", "AUDIT"])
def test_custom_authentication_is_no_way_round_a_block(idp: Any, make: PoolFactory, custom: str) -> None:
    """Stricter than the mode's name: an address is blocked wherever the pool enforces anything."""
    pool, app = guarded(make, custom, "ENFORCED")
    protect(idp, pool, RiskExceptionConfiguration={"BlockedIPRangeList": ["203.0.113.0/24"]})
    assert refusal(come_in, idp, pool, app, CAFE) == BLOCKED
    assert refusal(enter, idp, pool, app, CAFE) == BLOCKED
    assert come_in(idp, pool, app)["AuthenticationResult"]


@pytest.mark.parametrize("custom", ["OFF", "AUDIT"])
def test_a_blocked_address_is_let_be_where_nothing_is_enforced(
    idp: Any, make: PoolFactory, custom: str
) -> None:
    pool, app = guarded(make, custom, "AUDIT")
    protect(idp, pool, RiskExceptionConfiguration={"BlockedIPRangeList": ["203.0.113.0/24"]})
    assert come_in(idp, pool, app, CAFE)["AuthenticationResult"]


def test_a_skipped_address_is_never_a_risk(idp: Any, make: PoolFactory) -> None:
    pool, app = guarded(make, "ENFORCED")
    ranges = {"SkippedIPRangeList": ["203.0.113.0/24"]}
    protect(idp, pool, RiskExceptionConfiguration=ranges, **takeover("BLOCK"))
    assert come_in(idp, pool, app)["AuthenticationResult"]
    assert come_in(idp, pool, app, CAFE, STRANGER)["AuthenticationResult"]
    assert "RiskLevel" not in history(idp, pool)[0]["EventRisk"]
    assert refusal(come_in, idp, pool, app, "198.51.100.1", STRANGER) == BLOCKED
