"""What a derived token may be (RFC 8693)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import token_exchange
from cenote.domain.errors import NotAuthorized
from cenote.domain.oauth import OAuthError

SCOPES = st.lists(st.sampled_from(["openid", "email", "api/read", "api/write"]), unique=True)


@given(SCOPES, SCOPES, st.none() | SCOPES)
def test_scopes_never_exceed_subject_client_or_request(
    held: list[str], allowed: list[str], requested: list[str] | None
) -> None:
    try:
        scopes = set(token_exchange.narrowed(requested, held, allowed))
    except OAuthError as error:
        assert error.code == "invalid_scope"
        assert requested
        assert set(requested).isdisjoint(set(held) & set(allowed))
        return
    assert scopes <= set(held) & set(allowed)
    assert requested is None or scopes <= set(requested)


@pytest.mark.parametrize(("own", "now", "seconds"), [(3600, 1000, 1000), (300, 1000, 300), (3600, 1999, 1)])
def test_a_lifetime_ends_with_the_subjects(own: int, now: int, seconds: int) -> None:
    assert token_exchange.lifetime({"exp": 2000}, own, now=now) == seconds


def actor(name: str) -> dict[str, Any]:
    return {"token_use": "access", "sub": name, "client_id": name}


def test_actors_are_nested_newest_outermost() -> None:
    first = token_exchange.acting({}, actor("a"))
    second = token_exchange.acting({"act": first}, actor("b"))
    assert second == {"sub": "b", "client_id": "b", "act": {"sub": "a", "client_id": "a"}}
    assert token_exchange.acting({"act": second}, None) == second
    assert token_exchange.acting({}, None) is None


def test_may_act_has_to_match_whole() -> None:
    party = {"sub": "a", "iss": "here"}
    token_exchange.check_may_act({}, party)
    token_exchange.check_may_act({"may_act": {"sub": "a", "iss": "here"}}, party)
    for named in ({"sub": "a", "iss": "elsewhere"}, {"sub": "a", "more": 1}, {}, None, "a"):
        with pytest.raises(NotAuthorized):
            token_exchange.check_may_act({"may_act": named}, party)
