"""Two nodes that share one PostgreSQL: what one knows of refresh tokens and of codes, the other does (21 to 24, 42)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.calls import at_once, claims_of, outcome, refresh, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.mfa import FIRST, Person, new_person

REVOKED = "Refresh Token has been revoked"
ACCESS_REVOKED = "Access Token has been revoked"
REUSED = "Refresh token has been reused"
TRIES = 50

Nodes = tuple[RunningServer, RunningServer]


@pytest.fixture(scope="module")
def nodes(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    data: Path = tmp_path_factory.mktemp("key")
    shared = {"database": postgres_url, "public_url": "http://cenote.example.com"}
    with (
        running(settings_for(data, **shared)) as one,
        running(settings_for(data, **shared)) as other,
    ):
        yield one, other


@pytest.fixture(scope="module")
def own(nodes: Nodes) -> PoolFactory:
    return PoolFactory(nodes[0])


@pytest.fixture
def pool(own: PoolFactory) -> str:
    pool = own.pool()
    own.user(pool, "ada", email="ada@example.com", email_verified="true")
    return pool


def rotating(own: PoolFactory, pool: str, grace: int = 0) -> str:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    return str(own.client(pool, ExplicitAuthFlows=flows, RefreshTokenRotation=rotation)["ClientId"])


def exchange(node: RunningServer, app: str, token: str) -> dict[str, Any]:
    answer = node.idp.get_tokens_from_refresh_token(RefreshToken=token, ClientId=app)
    return dict(answer["AuthenticationResult"])


def test_case_21_a_token_used_on_one_node_and_again_on_the_other_ends_the_family(
    nodes: Nodes, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool)
    first = sign_in(nodes[0].idp, app, "ada")
    second = exchange(nodes[0], app, first["RefreshToken"])
    assert refusal(exchange, nodes[1], app, first["RefreshToken"]) == ("RefreshTokenReuse", REUSED)
    for node in nodes:
        assert outcome(exchange, node, app, second["RefreshToken"]) == REVOKED
        assert outcome(node.idp.get_user, AccessToken=second["AccessToken"]) == ACCESS_REVOKED


def test_case_22_of_fifty_uses_on_two_nodes_one_rotates_and_the_family_ends(
    nodes: Nodes, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool)
    token = sign_in(nodes[0].idp, app, "ada")["RefreshToken"]
    counted = Counter(at_once(lambda turn: outcome(exchange, nodes[turn % 2], app, token), TRIES))
    assert counted == {"ok": 1, REUSED: 1, REVOKED: TRIES - 2}


def test_case_22_no_clock_that_is_behind_makes_a_reuse_a_retry(
    nodes: Nodes, own: PoolFactory, pool: str
) -> None:
    """Nor a request that took its time before it waited for another's rotation."""
    app = rotating(own, pool)
    token = sign_in(nodes[1].idp, app, "ada")["RefreshToken"]
    nodes[0].clock.advance(seconds=5)
    try:
        assert exchange(nodes[0], app, token)
    finally:
        nodes[0].clock.advance(seconds=-5)
    assert refusal(exchange, nodes[1], app, token) == ("RefreshTokenReuse", REUSED)


def test_case_22_of_fifty_retries_on_two_nodes_all_go_on_from_one_place(
    nodes: Nodes, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool, grace=60)
    token = sign_in(nodes[0].idp, app, "ada")["RefreshToken"]
    results = at_once(lambda turn: exchange(nodes[turn % 2], app, token), TRIES)
    origin = claims_of(results[0]["AccessToken"])["origin_jti"]
    found = nodes[1].run(nodes[1].app.store.sessions.find(pool, origin))
    assert found[0].generation == 1
    assert exchange(nodes[1], app, results[TRIES - 2]["RefreshToken"])


def test_case_23_no_node_takes_one_clients_token_for_another(
    nodes: Nodes, own: PoolFactory, pool: str
) -> None:
    app, sibling = rotating(own, pool), rotating(own, pool)
    token = sign_in(nodes[0].idp, app, "ada")["RefreshToken"]
    said = at_once(lambda turn: outcome(exchange, nodes[turn % 2], sibling, token), TRIES)
    assert set(said) == {"Invalid Refresh Token"}
    assert exchange(nodes[1], app, token)  # and none of it was a use


DEEDS: dict[str, dict[str, Any]] = {
    "admin_disable_user": {},
    "admin_delete_user": {},
    "admin_user_global_sign_out": {},
    "admin_reset_user_password": {},
    "admin_set_user_password": {"Password": "Another-Horse-1", "Permanent": True},
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("rotates", [True, False])
def test_case_24_of_fifty_refreshes_beside_what_ends_access_none_leaves_a_good_token(
    nodes: Nodes, own: PoolFactory, pool: str, deed: str, rotates: bool
) -> None:
    app = rotating(own, pool, grace=60) if rotates else str(own.client(pool)["ClientId"])
    tokens = sign_in(nodes[0].idp, app, "ada")

    def either(turn: int) -> dict[str, Any] | None:
        idp = nodes[turn % 2].idp
        if turn == TRIES // 3:
            getattr(idp, deed)(UserPoolId=pool, Username="ada", **DEEDS[deed])
            return None
        try:
            if rotates:
                return exchange(nodes[turn % 2], app, tokens["RefreshToken"])
            return refresh(idp, app, tokens["RefreshToken"])
        except idp.exceptions.NotAuthorizedException:
            return None

    results = [result for result in at_once(either, TRIES) if result is not None]
    for node in nodes:
        assert outcome(exchange, node, app, tokens["RefreshToken"]) != "ok"
        for result in results:
            assert outcome(node.idp.get_user, AccessToken=result["AccessToken"]) != "ok"
            if rotates:
                assert outcome(exchange, node, app, result["RefreshToken"]) != "ok"


def test_case_24_a_client_deleted_on_one_node_refreshes_on_no_other(
    nodes: Nodes, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool)
    tokens = sign_in(nodes[1].idp, app, "ada")
    nodes[0].idp.delete_user_pool_client(UserPoolId=pool, ClientId=app)
    for node in nodes:
        assert refusal(exchange, node, app, tokens["RefreshToken"])[0] == "ResourceNotFound"
        assert outcome(node.idp.get_user, AccessToken=tokens["AccessToken"]) == ACCESS_REVOKED


def test_of_fifty_sign_ins_on_two_nodes_no_more_sessions_stay_than_may(
    nodes: Nodes, own: PoolFactory, pool: str
) -> None:
    app = rotating(own, pool)
    nodes[0].idp.set_user_pool_session_configuration(
        UserPoolId=pool, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 4}
    )
    at_once(lambda turn: sign_in(nodes[turn % 2].idp, app, "ada"), TRIES)
    listed = nodes[1].idp.admin_list_user_sessions(UserPoolId=pool, Username="ada")["Sessions"]
    assert len(listed) == 4


def test_case_42_of_fifty_uses_of_one_code_on_two_nodes_one_signs_in(nodes: Nodes, own: PoolFactory) -> None:
    """Many are found right before the first of them is written down; RFC 6238 5.2."""
    ada = new_person(own)
    ada.enrol(ada.token())
    ada.prefer(SoftwareTokenMfaSettings=FIRST)
    elsewhere = Person(nodes[1], ada.pool_id, ada.client_id, ada.name, ada.app)
    sessions, code = [ada.begin()["Session"] for _ in range(TRIES)], ada.code(steps=1)
    results = at_once(lambda n: outcome((ada, elsewhere)[n % 2].answer, sessions[n], code), TRIES)
    assert results.count("ok") == 1
