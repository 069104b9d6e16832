"""Signing in by SRP, with pycognito in the client's part. Texts are recorded unless a test says otherwise."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from pycognito.aws_srp import AWSSRP
from tests.calls import PASSWORD, at_once, claims_of, outcome, refusal
from tests.conftest import PoolFactory, RunningServer

from cenote.domain.aws_dates import format_date

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
WRONG = "Incorrect username or password."
INVALID = ("NotAuthorized", "Invalid session for the user.")


class Client(AWSSRP):  # type: ignore[misc]
    """pycognito, a step at a time."""

    asked: dict[str, str]
    dated: str | None = None

    def ask(self) -> dict[str, str]:
        answer = self.client.initiate_auth(
            AuthFlow="USER_SRP_AUTH", ClientId=self.client_id, AuthParameters=self.get_auth_params()
        )
        assert answer["ChallengeName"] == "PASSWORD_VERIFIER"
        self.asked = answer["ChallengeParameters"]
        return self.asked

    def proof(self) -> dict[str, str]:
        return dict(self.process_challenge(self.asked, self.get_auth_params()))

    def answer(self, responses: dict[str, str] | None = None, **request: Any) -> dict[str, Any]:
        return dict(
            self.client.respond_to_auth_challenge(
                ClientId=self.client_id,
                ChallengeName="PASSWORD_VERIFIER",
                ChallengeResponses=responses or self.proof(),
                **request,
            )
        )

    def get_cognito_formatted_timestamp(self, moment: Any) -> str:
        return self.dated or str(AWSSRP.get_cognito_formatted_timestamp(moment))


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    pool = make.pool()
    make.user(pool, "Ada")
    return pool


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture
def ada(idp: Any, pool: str, app: str) -> Client:
    return Client("Ada", PASSWORD, pool, app, client=idp)


def wrong(client: Client) -> str:
    return outcome(client.authenticate_user)


def test_a_client_that_knows_the_password_signs_in(ada: Client) -> None:
    asked = ada.ask()
    assert set(asked) == {"SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP"}
    tokens = ada.answer()["AuthenticationResult"]
    assert claims_of(tokens["AccessToken"])["username"] == "Ada"
    assert tokens["RefreshToken"]


def test_one_that_does_not_is_refused(idp: Any, pool: str, app: str) -> None:
    for password in (PASSWORD.lower(), PASSWORD + " ", ""):
        assert wrong(Client("Ada", password, pool, app, client=idp)) == WRONG


def test_the_stored_name_is_what_is_proved_whatever_was_typed(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "Grace", email="g@example.com", email_verified="true")
    for typed in ("grace", "GRACE", "G@example.com"):
        client = Client(typed, PASSWORD, pool, app, client=idp)
        asked = client.ask()
        assert asked["USERNAME"] == asked["USER_ID_FOR_SRP"] == "Grace"
        assert client.answer()["AuthenticationResult"]


def test_where_the_email_is_the_user_name_the_sub_is_proved(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UsernameAttributes=["email"])
    app = make.client(pool)["ClientId"]
    sub = make.user(pool, "ada@example.com")
    client = Client("ada@example.com", PASSWORD, pool, app, client=idp)
    assert client.ask()["USER_ID_FOR_SRP"] == sub
    # amazon-cognito-identity-js answers with the name that was typed, pycognito with the one it was told
    assert client.answer({**client.proof(), "USERNAME": "ADA@example.com"})["AuthenticationResult"]


def test_a_client_with_a_secret_signs_in(idp: Any, make: PoolFactory, pool: str) -> None:
    made = make.client(pool, GenerateSecret=True)
    app, secret = made["ClientId"], made["ClientSecret"]
    client = Client("ada", PASSWORD, pool, app, client=idp, client_secret=secret)
    client.ask()
    proof = client.proof()
    without = {name: value for name, value in proof.items() if name != "SECRET_HASH"}
    assert refusal(client.answer, without)[1].endswith(
        "configured with secret but SECRET_HASH was not received"
    )
    assert refusal(client.answer, {**proof, "SECRET_HASH": "x"}) == (
        "NotAuthorized",
        f"Unable to verify secret hash for client {app}",
    )
    assert client.answer(proof)["AuthenticationResult"]


def test_an_administrator_may_carry_the_exchange(idp: Any, pool: str, app: str, ada: Client) -> None:
    answer = idp.admin_initiate_auth(
        UserPoolId=pool, ClientId=app, AuthFlow="USER_SRP_AUTH", AuthParameters=ada.get_auth_params()
    )
    ada.asked = answer["ChallengeParameters"]
    request = {"UserPoolId": pool, "ClientId": app, "ChallengeName": "PASSWORD_VERIFIER"}
    answer = idp.admin_respond_to_auth_challenge(**request, ChallengeResponses=ada.proof())
    assert answer["AuthenticationResult"]["AccessToken"]


@pytest.mark.parametrize(
    "number", ["0", "00", f"{N:x}", f"{2 * N:x}", f"{N + 2:x}", "-2", "x", "f" * 10_000, "0x12", "1 2", "٣"]
)
def test_a_number_that_no_client_makes_is_refused(idp: Any, app: str, number: str) -> None:
    parameters = {"USERNAME": "ada", "SRP_A": number}
    refused = refusal(idp.initiate_auth, ClientId=app, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters)
    # assumed text
    assert refused == ("InvalidParameter", "SRP_A is not a number that a client could have made.")


def test_a_number_is_needed(idp: Any, app: str) -> None:
    parameters = {"USERNAME": "ada"}
    refused = refusal(idp.initiate_auth, ClientId=app, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters)
    assert refused == ("InvalidParameter", "Missing required parameter SRP_A")


@pytest.mark.parametrize(
    "member", ["USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"]
)
def test_every_part_of_the_proof_is_needed(ada: Client, member: str) -> None:
    ada.ask()
    proof = ada.proof()
    del proof[member]
    assert refusal(ada.answer, proof) == ("InvalidParameter", f"Missing required parameter {member}")


@pytest.mark.parametrize("change", ["signature", "timestamp", "not base64", "empty"])
def test_a_proof_that_was_changed_is_none(ada: Client, change: str) -> None:
    ada.ask()
    proof = ada.proof()
    signature = bytearray(base64.b64decode(proof["PASSWORD_CLAIM_SIGNATURE"]))
    signature[0] ^= 1
    changed = {
        "signature": {"PASSWORD_CLAIM_SIGNATURE": base64.b64encode(bytes(signature)).decode()},
        "timestamp": {"TIMESTAMP": format_date(1_000_000_000_000)},
        "not base64": {"PASSWORD_CLAIM_SIGNATURE": "ü" * 44},
        "empty": {"PASSWORD_CLAIM_SIGNATURE": "="},
    }[change]
    assert outcome(ada.answer, {**proof, **changed}) == WRONG


def test_a_proof_is_of_now(own: PoolFactory) -> None:
    server = own.server
    server.clock.freeze()
    pool = own.pool()
    app = own.client(pool)["ClientId"]
    own.user(pool, "ada")
    minute = 60_000

    def dated(text: str) -> str:
        client = Client("ada", PASSWORD, pool, app, client=server.idp)
        client.ask()
        client.dated = text
        return outcome(client.answer)

    now = server.clock() // 1000 * 1000
    assert dated(format_date(now)) == "ok"
    assert dated(format_date(now - 4 * minute)) == "ok"
    assert dated(format_date(now + 4 * minute)) == "ok"
    assert dated(format_date(now - 6 * minute)) == WRONG
    assert dated(format_date(now + 6 * minute)) == WRONG
    for text in ("now", "2026-11-02T12:00:00Z", format_date(now).replace("UTC", "GMT")):
        server.clock.advance(hours=1)
        assert dated(text) == WRONG


def test_a_challenge_is_answered_once_even_rightly(ada: Client) -> None:
    ada.ask()
    proof = ada.proof()
    assert outcome(ada.answer, proof) == "ok"
    assert refusal(ada.answer, proof) == INVALID


def test_a_wrong_answer_uses_the_challenge_up(ada: Client) -> None:
    ada.ask()
    proof = ada.proof()
    assert (
        outcome(ada.answer, {**proof, "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(b"x" * 32).decode()})
        == WRONG
    )
    assert refusal(ada.answer, proof) == INVALID


def test_case_44_of_many_right_answers_at_once_one_signs_in(ada: Client) -> None:
    ada.ask()
    proof = ada.proof()
    results = at_once(lambda _: outcome(ada.answer, proof), 50)
    assert sorted(results) == sorted([INVALID[1]] * 49 + ["ok"])


@pytest.fixture
def elsewhere(idp: Any, make: PoolFactory, pool: str) -> Iterator[dict[str, Client]]:
    """Clients to whom a challenge of Ada's through the first client is nothing."""
    other = make.pool()
    make.user(other, "Ada")
    make.user(pool, f"Bob-{other}")
    yield {
        "another client": Client("Ada", PASSWORD, pool, make.client(pool)["ClientId"], client=idp),
        "another pool": Client("Ada", PASSWORD, other, make.client(other)["ClientId"], client=idp),
    }


@pytest.mark.parametrize("place", ["another client", "another pool"])
def test_case_44_a_challenge_is_of_its_client_and_pool(
    ada: Client, elsewhere: dict[str, Client], place: str
) -> None:
    ada.ask()
    other = elsewhere[place]
    other.asked = ada.asked
    assert refusal(other.answer, ada.proof()) == INVALID
    assert refusal(other.answer, other.proof()) == INVALID
    assert outcome(ada.answer) == "ok"


def test_case_44_a_challenge_is_of_its_user(
    idp: Any, make: PoolFactory, pool: str, app: str, ada: Client
) -> None:
    make.user(pool, "mallory")
    ada.ask()
    proof = ada.proof()
    assert refusal(ada.answer, {**proof, "USERNAME": "mallory"}) == INVALID
    mallory = Client("mallory", PASSWORD, pool, app, client=idp)
    mallory.ask()
    # Mallory's own proof under Ada's name, and Ada's challenge signed with Mallory's exchange.
    assert refusal(mallory.answer, {**mallory.proof(), "USERNAME": "Ada"}) == INVALID
    mallory.asked = {**mallory.asked, "SECRET_BLOCK": ada.asked["SECRET_BLOCK"], "USERNAME": "Ada"}
    assert outcome(mallory.answer) == WRONG


def test_case_44_a_challenge_answers_no_other(idp: Any, app: str, ada: Client) -> None:
    ada.ask()
    session = ada.asked["SECRET_BLOCK"].replace("+", "-").replace("/", "_").rstrip("=")
    for text in (ada.asked["SECRET_BLOCK"], session):
        request = {"ClientId": app, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": text}
        responses = {"USERNAME": "Ada", "NEW_PASSWORD": PASSWORD + "2"}
        assert refusal(idp.respond_to_auth_challenge, **request, ChallengeResponses=responses) == INVALID


def test_a_challenge_that_was_tampered_with_is_none(ada: Client) -> None:
    ada.ask()
    proof, block = ada.proof(), ada.asked["SECRET_BLOCK"]
    raw = bytearray(base64.b64decode(block))
    raw[40] ^= 1
    for changed in (base64.b64encode(bytes(raw)).decode(), block[:-4], block + "AAAA", block + "=", "x"):
        assert refusal(ada.answer, {**proof, "PASSWORD_CLAIM_SECRET_BLOCK": changed}) == INVALID


def test_a_challenge_is_good_for_minutes(own: PoolFactory) -> None:
    server = own.server
    server.clock.freeze()
    pool = own.pool()
    app = own.client(pool, AuthSessionValidity=4)["ClientId"]
    own.user(pool, "ada")
    client = Client("ada", PASSWORD, pool, app, client=server.idp)
    for wait, expected in ((4 * 60_000 - 1, "ok"), (4 * 60_000, INVALID[1])):
        client.ask()
        server.clock.advance(ms=wait)
        client.dated = format_date(server.clock())
        assert outcome(client.answer) == expected


def test_case_48_a_password_changed_in_between_is_good_no_more(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "changing")
    old, new = (
        Client("changing", password, pool, app, client=idp) for password in (PASSWORD, PASSWORD + "2")
    )
    old.ask()
    idp.admin_set_user_password(UserPoolId=pool, Username="changing", Password=PASSWORD + "2", Permanent=True)
    assert outcome(old.answer) == WRONG
    assert outcome(new.authenticate_user) == "ok"


@pytest.mark.parametrize("deed", ["admin_disable_user", "admin_delete_user"])
def test_whoever_is_gone_in_between_does_not_sign_in(
    idp: Any, make: PoolFactory, pool: str, app: str, deed: str
) -> None:
    make.user(pool, deed)
    client = Client(deed, PASSWORD, pool, app, client=idp)
    client.ask()
    getattr(idp, deed)(UserPoolId=pool, Username=deed)
    expected = {"admin_disable_user": "User is disabled.", "admin_delete_user": INVALID[1]}[deed]
    assert outcome(client.answer) == expected


def test_an_unconfirmed_user_is_told_so_after_the_proof(idp: Any, pool: str, app: str) -> None:
    idp.sign_up(ClientId=app, Username="unconfirmed", Password=PASSWORD)
    assert wrong(Client("unconfirmed", PASSWORD, pool, app, client=idp)) == "User is not confirmed."
    assert wrong(Client("unconfirmed", "wrong", pool, app, client=idp)) == WRONG


def test_a_sign_in_takes_three_modular_powers(
    ada: Client, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each job of cryptography takes a turn of its own: one to ask, one of two powers to check, one of two
    signatures."""
    turns: list[str] = []
    run = type(server.app.work).run

    async def counted(self: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        turns.append(job.__name__)
        return await run(self, job, *args, **kwargs)

    monkeypatch.setattr(type(server.app.work), "run", counted)
    ada.ask()
    ada.answer()
    assert turns == ["challenge", "shared_key", "signed"]
