"""Two processes on one PostgreSQL, as an operator runs them: whichever is asked, the answer is the same."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from tests.calls import PASSWORD, at_once, attempt, claims_of, outcome, sign_in
from tests.conftest import free_port
from tests.post_office import PostOffice, post_office
from tests.postgres import PostgresServer
from tests.process import Process, access_key, cenote, serving
from tests.security.raw import kids

WRONG = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@dataclass
class Nodes:
    """Two of them, each with a data directory of its own and the same keys."""

    first: Process
    second: Process
    office: PostOffice
    command: list[str]
    pool: str = ""
    app: str = ""

    def idp(self, turn: int) -> Any:
        return (self.first, self.second)[turn % 2].idp()

    def code(self, to: str) -> str:
        """What was mailed to an address."""
        while (mail := self.office.next()).recipients != [to]:
            pass
        return re.findall(r"\d{6}", mail.mail.get_body().get_content())[0]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def nodes(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder: Path = tmp_path_factory.mktemp("nodes")
    database, key = postgres_server.create_database(), folder / "first" / "master.key"
    try:
        with post_office() as office:
            shared = ["--database", database, "--public-url", "http://cenote.example"]
            key_pair = access_key("--data", str(folder / "first"), "--database", database)
            mail = {"CENOTE_SMTP_URL": f"smtp://127.0.0.1:{office.port}"}
            with serving(folder / "first", free_port(), *shared, **mail) as first:
                more = {**mail, "CENOTE_MASTER_KEY_FILE": str(key)}
                with serving(folder / "second", free_port(), *shared, **more) as second:
                    first.key = second.key = key_pair
                    command = ["--data", str(folder / "first"), "--database", database]
                    found = Nodes(first, second, office, command)
                    pool = first.idp().create_user_pool(PoolName="p", AutoVerifiedAttributes=["email"])
                    found.pool = pool["UserPool"]["Id"]
                    # Made on one node, known to the other at once.
                    request = {"ClientName": "c", "ExplicitAuthFlows": FLOWS}
                    client = second.idp().create_user_pool_client(UserPoolId=found.pool, **request)
                    found.app = client["UserPoolClient"]["ClientId"]
                    yield found
    finally:
        postgres_server.drop_database(database)


def sign_up(idp: Any, app: str, name: str) -> str:
    mail = [{"Name": "email", "Value": f"{name}@nodes.example"}]
    return outcome(idp.sign_up, ClientId=app, Username=name, Password=PASSWORD, UserAttributes=mail)


def test_a_sign_up_on_one_node_is_confirmed_on_the_other_and_signs_in_on_both(nodes: Nodes) -> None:
    assert sign_up(nodes.idp(0), nodes.app, "ada") == "ok"
    code = nodes.code("ada@nodes.example")
    nodes.idp(1).confirm_sign_up(ClientId=nodes.app, Username="ada", ConfirmationCode=code)
    for turn in range(2):
        tokens = sign_in(nodes.idp(turn), nodes.app, "ada")
        assert claims_of(tokens["AccessToken"])["iss"] == f"http://cenote.example/{nodes.pool}"
        other = nodes.idp(turn + 1)
        assert other.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ada"
        request = {"RefreshToken": tokens["RefreshToken"], "ClientId": nodes.app}
        assert other.get_tokens_from_refresh_token(**request)["AuthenticationResult"]


def test_of_many_sign_ups_for_one_name_on_two_nodes_one_is_made(nodes: Nodes) -> None:
    said = Counter(at_once(lambda turn: sign_up(nodes.idp(turn), nodes.app, "grace"), 20))
    assert said == {"ok": 1, "User already exists": 19}


def test_every_message_is_delivered_once_by_one_of_the_nodes(nodes: Nodes) -> None:
    names = [f"mailed-{number:02}" for number in range(30)]
    said = at_once(lambda turn: sign_up(nodes.idp(turn), nodes.app, names[turn]), len(names))
    assert set(said) == {"ok"}
    received: Counter[str] = Counter()
    while sum(name.startswith("mailed-") for name in received) < len(names):
        received[nodes.office.next().recipients[0]] += 1
    assert sign_up(nodes.idp(0), nodes.app, "last") == "ok"
    while (to := nodes.office.next().recipients[0]) != "last@nodes.example":
        received[to] += 1
    assert {count for to, count in received.items() if to.startswith("mailed-")} == {1}


def test_case_39_wrong_passwords_on_two_nodes_add_to_one_count(nodes: Nodes) -> None:
    made = {"UserPoolId": nodes.pool, "Username": "edith"}
    nodes.idp(0).admin_create_user(**made, MessageAction="SUPPRESS")
    nodes.idp(1).admin_set_user_password(**made, Password=PASSWORD, Permanent=True)
    clients = [nodes.idp(turn) for turn in range(2)]
    guesses = at_once(lambda turn: outcome(sign_in, clients[turn % 2], nodes.app, "edith", "wrong"), 100)
    said = Counter(guesses)
    assert 5 <= said[WRONG] <= 10
    assert said[WRONG] + said[LOCKED] == 100
    assert {outcome(sign_in, client, nodes.app, "edith") for client in clients} == {LOCKED}


def test_case_44_a_challenge_asked_by_one_node_is_answered_once_at_either(nodes: Nodes) -> None:
    made = {"UserPoolId": nodes.pool, "Username": "joan"}
    nodes.idp(0).admin_create_user(**made, MessageAction="SUPPRESS", TemporaryPassword="Temporary-1")
    session = attempt(nodes.idp(0), nodes.app, "joan", "Temporary-1")["Session"]
    clients = [nodes.idp(turn) for turn in range(2)]

    def answer(turn: int) -> str:
        responses = {"USERNAME": "joan", "NEW_PASSWORD": f"Chosen-Horse-{turn}"}
        request = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeResponses": responses}
        respond = clients[turn % 2].respond_to_auth_challenge
        return outcome(respond, ClientId=nodes.app, Session=session, **request)

    assert Counter(at_once(answer, 30)) == {"ok": 1, "Invalid session for the user.": 29}


def test_case_35_signing_keys_rotated_once_are_rotated_on_every_node(nodes: Nodes) -> None:
    made = {"UserPoolId": nodes.pool, "Username": "mary"}
    nodes.idp(0).admin_create_user(**made, MessageAction="SUPPRESS")
    nodes.idp(0).admin_set_user_password(**made, Password=PASSWORD, Permanent=True)
    old = sign_in(nodes.idp(1), nodes.app, "mary")
    before = kids(nodes.first.url, nodes.pool)
    assert kids(nodes.second.url, nodes.pool) == before
    rotated = cenote("keys", "rotate-signing", nodes.pool, *nodes.command)
    assert rotated.returncode == 0, rotated.stderr
    after = kids(nodes.first.url, nodes.pool)
    assert kids(nodes.second.url, nodes.pool) == after
    assert set(before) < set(after)
    for turn in range(2):
        new = sign_in(nodes.idp(turn), nodes.app, "mary")
        assert nodes.idp(turn + 1).get_user(AccessToken=new["AccessToken"])["Username"] == "mary"
        assert nodes.idp(turn).get_user(AccessToken=old["AccessToken"])["Username"] == "mary"


def test_case_35_of_many_that_need_keys_of_the_curve_first_one_node_makes_them(nodes: Nodes) -> None:
    pool = nodes.idp(0).create_user_pool(PoolName="curve")["UserPool"]
    made = {"UserPoolId": pool["Id"], "Username": "mary"}
    nodes.idp(0).admin_create_user(**made, MessageAction="SUPPRESS")
    nodes.idp(0).admin_set_user_password(**made, Password=PASSWORD, Permanent=True)
    request = {"UserPoolId": pool["Id"], "ClientName": "c", "ExplicitAuthFlows": FLOWS}
    app = nodes.idp(0).create_user_pool_client(**request)["UserPoolClient"]["ClientId"]
    nodes.idp(1).tag_resource(ResourceArn=pool["Arn"], Tags={f"cenote:client:{app}": "es256"})
    clients = (nodes.first.idp(), nodes.second.idp())
    signed = at_once(lambda turn: sign_in(clients[turn % 2], app, "mary")["AccessToken"], 30)
    published = kids(nodes.first.url, pool["Id"])
    assert len(published) == 4
    assert kids(nodes.second.url, pool["Id"]) == published
    assert {pyjwt.get_unverified_header(token)["alg"] for token in signed} == {"ES256"}
    assert {pyjwt.get_unverified_header(token)["kid"] for token in signed} <= set(published)
    for turn, token in enumerate(signed):
        assert clients[turn % 2].get_user(AccessToken=token)["Username"] == "mary"


def test_case_35_the_master_key_is_rotated_under_running_nodes(nodes: Nodes) -> None:
    rotated = cenote("keys", "rotate", *nodes.command)
    assert rotated.returncode == 0, rotated.stderr
    for turn in range(2):
        pool = nodes.idp(turn).create_user_pool(PoolName="new")["UserPool"]["Id"]
        client = nodes.idp(turn + 1).create_user_pool_client(
            UserPoolId=pool, ClientName="c", GenerateSecret=True
        )
        described = nodes.idp(turn).describe_user_pool_client(
            UserPoolId=pool, ClientId=client["UserPoolClient"]["ClientId"]
        )
        assert described["UserPoolClient"]["ClientSecret"] == client["UserPoolClient"]["ClientSecret"]
        assert kids(nodes.first.url, pool) == kids(nodes.second.url, pool)


def test_a_node_with_another_master_key_refuses_to_start(nodes: Nodes, tmp_path: Path) -> None:
    database = nodes.command[-1]
    refused = pytest.raises(AssertionError, match=r"start Cenote with the\s+master key")
    with refused, serving(tmp_path / "stranger", free_port(), "--database", database):
        pass
