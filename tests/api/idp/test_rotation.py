"""Refresh tokens that rotate. Texts are recorded unless a test says otherwise."""

from collections import Counter
from typing import Any

import pytest
from tests.calls import at_once, claims_of, outcome, refresh, refusal, sign_in
from tests.conftest import PoolFactory

REVOKED = "Refresh Token has been revoked"
ACCESS_REVOKED = "Access Token has been revoked"
REUSED = ("RefreshTokenReuse", "Refresh token has been reused")  # assumed text


@pytest.fixture
def pool(own: PoolFactory) -> str:
    """A pool of a server whose time stands still."""
    own.server.clock.freeze()
    pool = own.pool()
    own.user(pool, "ada")
    return pool


@pytest.fixture
def idp(own: PoolFactory) -> Any:
    return own.server.idp


def rotating(own: PoolFactory, pool: str, grace: int = 0) -> str:
    """A client whose refresh tokens rotate."""
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
    return str(own.client(pool, ExplicitAuthFlows=flows, RefreshTokenRotation=rotation)["ClientId"])


def exchange(idp: Any, app: str, token: str) -> dict[str, Any]:
    return dict(idp.get_tokens_from_refresh_token(RefreshToken=token, ClientId=app)["AuthenticationResult"])


def test_each_refresh_gives_the_next_token_and_ends_the_last(idp: Any, own: PoolFactory, pool: str) -> None:
    app = rotating(own, pool)
    first = sign_in(idp, app, "ada")
    second = exchange(idp, app, first["RefreshToken"])
    assert second["RefreshToken"] != first["RefreshToken"]
    third = exchange(idp, app, second["RefreshToken"])
    sessions = {claims_of(tokens["AccessToken"])["origin_jti"] for tokens in (first, second, third)}
    assert len(sessions) == 1
    assert idp.get_user(AccessToken=first["AccessToken"])


def test_the_older_way_to_refresh_is_refused(idp: Any, own: PoolFactory, pool: str) -> None:
    """Documented: with rotation, REFRESH_TOKEN_AUTH can't be used."""
    app = rotating(own, pool)
    token = sign_in(idp, app, "ada")["RefreshToken"]
    assert refusal(refresh, idp, app, token)[0] == "InvalidParameter"
    assert exchange(idp, app, token)


def test_case_21_a_token_used_again_ends_the_whole_family(idp: Any, own: PoolFactory, pool: str) -> None:
    app = rotating(own, pool)
    first = sign_in(idp, app, "ada")
    second = exchange(idp, app, first["RefreshToken"])
    assert refusal(exchange, idp, app, first["RefreshToken"]) == REUSED
    for tokens in (first, second):
        assert outcome(exchange, idp, app, tokens["RefreshToken"]) == REVOKED
        assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == ACCESS_REVOKED
    # Another session of the same user goes on.
    assert exchange(idp, app, sign_in(idp, app, "ada")["RefreshToken"])


def test_within_the_grace_period_a_retry_gets_its_answer(idp: Any, own: PoolFactory, pool: str) -> None:
    app = rotating(own, pool, grace=10)
    first = sign_in(idp, app, "ada")["RefreshToken"]
    second = exchange(idp, app, first)["RefreshToken"]
    own.server.clock.advance(seconds=10, ms=-1)
    again = exchange(idp, app, first)["RefreshToken"]
    # Both answers go on from the same place.
    third = exchange(idp, app, again)["RefreshToken"]
    assert exchange(idp, app, second)
    assert exchange(idp, app, third)


def test_case_21_a_token_used_after_the_grace_period_ends_the_family(
    idp: Any, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool, grace=10)
    first = sign_in(idp, app, "ada")["RefreshToken"]
    second = exchange(idp, app, first)
    own.server.clock.advance(seconds=10)
    assert refusal(exchange, idp, app, first) == REUSED
    assert outcome(exchange, idp, app, second["RefreshToken"]) == REVOKED
    assert outcome(idp.get_user, AccessToken=second["AccessToken"]) == ACCESS_REVOKED


def test_case_21_a_token_older_than_the_last_has_no_grace(idp: Any, own: PoolFactory, pool: str) -> None:
    app = rotating(own, pool, grace=60)
    first = sign_in(idp, app, "ada")["RefreshToken"]
    second = exchange(idp, app, first)["RefreshToken"]
    third = exchange(idp, app, second)["RefreshToken"]
    assert refusal(exchange, idp, app, first) == REUSED
    assert outcome(exchange, idp, app, third) == REVOKED


def test_case_22_of_many_uses_at_once_one_rotates_and_the_family_ends(
    idp: Any, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool)
    token = sign_in(idp, app, "ada")["RefreshToken"]
    results = at_once(lambda _: outcome(exchange, idp, app, token), 50)
    counted = Counter(results)
    assert counted["ok"] == 1
    assert counted[REUSED[1]] == 1
    assert counted[REVOKED] == 48


def test_case_22_of_many_retries_at_once_all_get_the_same_next_token(
    idp: Any, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool, grace=10)
    token = sign_in(idp, app, "ada")["RefreshToken"]
    results = at_once(lambda _: exchange(idp, app, token), 50)
    access = claims_of(results[0]["AccessToken"])
    session = own.server.run(own.server.app.store.sessions.find(pool, access["origin_jti"]))[0]
    assert session.generation == 1
    assert exchange(idp, app, results[7]["RefreshToken"])


def test_a_rotated_token_ends_with_the_first_ones_time(idp: Any, own: PoolFactory, pool: str) -> None:
    """Documented: a new refresh token is good for what is left of the original's time."""
    app = rotating(own, pool)
    first = sign_in(idp, app, "ada")["RefreshToken"]
    own.server.clock.advance(days=29)
    second = exchange(idp, app, first)["RefreshToken"]
    own.server.clock.advance(days=1)
    assert outcome(exchange, idp, app, second) == "Refresh Token has expired"


def test_a_rotated_token_is_revoked_like_any(idp: Any, own: PoolFactory, pool: str) -> None:
    app = rotating(own, pool)
    first = sign_in(idp, app, "ada")["RefreshToken"]
    second = exchange(idp, app, first)
    # Whoever has only the old one may still end the session.
    idp.revoke_token(Token=first, ClientId=app)
    assert outcome(exchange, idp, app, second["RefreshToken"]) == REVOKED
    assert outcome(idp.get_user, AccessToken=second["AccessToken"]) == ACCESS_REVOKED


def test_rotation_turned_off_leaves_the_newest_token_good_and_no_other(
    idp: Any, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool)
    first = sign_in(idp, app, "ada")["RefreshToken"]
    second = exchange(idp, app, first)["RefreshToken"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    idp.update_user_pool_client(UserPoolId=pool, ClientId=app, ExplicitAuthFlows=flows)
    assert "RefreshToken" not in refresh(idp, app, second)
    assert outcome(refresh, idp, app, first) == REVOKED
    assert outcome(refresh, idp, app, second) == REVOKED


def test_rotation_turned_on_rotates_what_was_issued_before(idp: Any, own: PoolFactory, pool: str) -> None:
    app = own.client(pool)["ClientId"]
    first = sign_in(idp, app, "ada")["RefreshToken"]
    refresh(idp, app, first)
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    idp.update_user_pool_client(
        UserPoolId=pool, ClientId=app, ExplicitAuthFlows=flows, RefreshTokenRotation=rotation
    )
    second = exchange(idp, app, first)["RefreshToken"]
    assert exchange(idp, app, second)["RefreshToken"]
    assert refusal(exchange, idp, app, first) == REUSED
