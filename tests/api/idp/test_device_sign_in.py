"""Signing in with a device: what it proves, and what it is no way around.

pycognito computes the proofs; expectations are documented in "Working with user devices in your user pool" unless a
test says otherwise.
"""

import base64
import re
from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, claims_of, outcome, refresh, refusal, sign_in
from tests.conftest import PoolFactory
from tests.devices import TRACKED, Phone, unconfirmed

# The library asks the time in a way that newer Pythons deprecate.

WRONG = "Incorrect username or password."
INVALID = ("NotAuthorized", "Invalid session for the user.")
NO_DEVICE = ("ResourceNotFound", "Device does not exist.")
NO_SESSION = ("InvalidParameter", "Missing required parameter Session")


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(**TRACKED)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture
def phone(make: PoolFactory, pool: str, app: str, request: pytest.FixtureRequest) -> Phone:
    """A remembered device of a user of the test's own."""
    phone = unconfirmed(make, pool, app, f"u{abs(hash(request.node.name)):x}")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    return phone


# A new device


def test_a_sign_in_without_a_device_gets_the_key_of_a_new_one(make: PoolFactory, pool: str, app: str) -> None:
    phone = unconfirmed(make, pool, app, "new-device")
    tokens = phone.prove_password()["AuthenticationResult"]
    new = tokens["NewDeviceMetadata"]
    assert re.fullmatch(r"eu-central-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", new["DeviceKey"])
    # recorded: the CLI's examples
    assert re.fullmatch(r"-[0-9A-Za-z]{8}", new["DeviceGroupKey"])
    assert claims_of(tokens["AccessToken"])["device_key"] == new["DeviceKey"]
    assert "device_key" not in claims_of(tokens["IdToken"])


def test_every_way_to_sign_in_gives_one(make: PoolFactory, pool: str, app: str, idp: Any) -> None:
    make.user(pool, "ways")
    plain = sign_in(idp, app, "ways")["NewDeviceMetadata"]
    request = {"UserPoolId": pool, "ClientId": app, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH"}
    named = {"USERNAME": "ways", "PASSWORD": PASSWORD}
    answer = idp.admin_initiate_auth(**request, AuthParameters=named)
    admin = answer["AuthenticationResult"]["NewDeviceMetadata"]
    assert plain["DeviceKey"] != admin["DeviceKey"]
    assert plain["DeviceGroupKey"] == admin["DeviceGroupKey"]


def test_a_pool_that_tracks_no_devices_gives_none_and_ignores_what_is_named(
    make: PoolFactory, idp: Any
) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    make.user(pool, "ada")
    tokens = sign_in(idp, app, "ada", DEVICE_KEY="eu-central-1_0")
    assert "NewDeviceMetadata" not in tokens
    assert "device_key" not in claims_of(tokens["AccessToken"])
    assert refresh(idp, app, tokens["RefreshToken"])["AccessToken"]


def test_a_pool_that_tracks_no_devices_looks_none_up(
    make: PoolFactory, idp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    make.user(pool, "ada")
    looked: list[str] = []
    engine = make.server.app.store.engine
    one = type(engine).one

    async def counted(self: Any, sql: str, *params: Any) -> Any:
        looked.append(sql)
        return await one(self, sql, *params)

    monkeypatch.setattr(type(engine), "one", counted)
    sign_in(idp, app, "ada", DEVICE_KEY="eu-central-1_0")
    assert looked
    assert not [sql for sql in looked if "devices" in sql]


# A remembered device


def test_a_remembered_device_proves_itself_and_gets_no_new_key(phone: Phone) -> None:
    asked = phone.prove_password()
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert "AuthenticationResult" not in asked
    verifying = phone.begin(asked["Session"])
    parameters = verifying["ChallengeParameters"]
    assert set(parameters) == {"SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "DEVICE_KEY"}
    assert (parameters["USERNAME"], parameters["DEVICE_KEY"]) == (phone.name, phone.key)
    tokens = phone.prove(verifying)["AuthenticationResult"]
    assert "NewDeviceMetadata" not in tokens
    assert claims_of(tokens["AccessToken"])["device_key"] == phone.key


def test_a_device_is_asked_after_a_plain_password_too(phone: Phone, idp: Any) -> None:
    phone.srp()
    request = {"ClientId": phone.client_id, "AuthFlow": "USER_PASSWORD_AUTH"}
    named = {"USERNAME": phone.name, "PASSWORD": PASSWORD, "DEVICE_KEY": phone.key}
    asked = idp.initiate_auth(**request, AuthParameters=named)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert phone.prove(phone.begin(asked["Session"]))["AuthenticationResult"]


def test_an_administrator_may_carry_the_devices_proof(phone: Phone, idp: Any) -> None:
    phone.srp()
    request = {"UserPoolId": phone.pool_id, "ClientId": phone.client_id}
    named = {"USERNAME": phone.name, "PASSWORD": PASSWORD, "DEVICE_KEY": phone.key}
    asked = idp.admin_initiate_auth(**request, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=named)
    half = {"USERNAME": phone.name, **phone.half()}
    asked = idp.admin_respond_to_auth_challenge(
        **request, ChallengeName="DEVICE_SRP_AUTH", Session=asked["Session"], ChallengeResponses=half
    )
    answer = idp.admin_respond_to_auth_challenge(
        **request, ChallengeName="DEVICE_PASSWORD_VERIFIER", ChallengeResponses=phone.proof(asked)
    )
    assert answer["AuthenticationResult"]["AccessToken"]


def test_a_wrong_device_secret_is_refused(phone: Phone) -> None:
    phone.secret = "another"
    asked = phone.begin(phone.prove_password()["Session"])
    assert refusal(phone.prove, asked) == ("NotAuthorized", WRONG)


def test_wrong_device_proofs_are_counted_like_wrong_passwords(own: PoolFactory) -> None:
    own.server.clock.freeze()
    pool = own.pool(**TRACKED)
    phone = unconfirmed(own, pool, str(own.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    waiting = []
    for _ in range(6):
        asked = phone.begin(phone.prove_password()["Session"])
        waiting.append((phone.exchange, asked))
    outcomes = []
    for exchange, asked in waiting:
        phone.exchange = exchange
        exchange.device_password = "wrong"
        outcomes.append(outcome(phone.prove, asked))
    assert outcomes == [WRONG] * 5 + ["Password attempts exceeded"]


@pytest.mark.parametrize("change", ["signature", "timestamp", "not base64"])
def test_a_device_proof_that_was_changed_is_none(phone: Phone, change: str) -> None:
    asked = phone.begin(phone.prove_password()["Session"])
    proof = phone.proof(asked)
    changed = {
        "signature": {"PASSWORD_CLAIM_SIGNATURE": base64.b64encode(b"x" * 32).decode()},
        "timestamp": {"TIMESTAMP": "Sun Nov 1 12:00:00 UTC 2020"},
        "not base64": {"PASSWORD_CLAIM_SIGNATURE": "ü" * 44},
    }[change]
    assert outcome(phone.respond, "DEVICE_PASSWORD_VERIFIER", {**proof, **changed}) == WRONG
    # and it has used the challenge up
    assert refusal(phone.respond, "DEVICE_PASSWORD_VERIFIER", proof) == INVALID


@pytest.mark.parametrize("number", ["0", "x", "-2", "f" * 10_000])
def test_a_number_that_no_device_makes_is_refused_and_uses_nothing_up(phone: Phone, number: str) -> None:
    session = phone.prove_password()["Session"]
    responses = {**phone.half(), "SRP_A": number}
    assert refusal(phone.respond, "DEVICE_SRP_AUTH", responses, Session=session)[0] == "InvalidParameter"
    assert phone.prove(phone.begin(session))["AuthenticationResult"]


@pytest.mark.parametrize("member", ["DEVICE_KEY", "SRP_A"])
def test_both_members_of_the_first_half_are_needed(phone: Phone, member: str) -> None:
    session = phone.prove_password()["Session"]
    responses = phone.half()
    del responses[member]
    refused = refusal(phone.respond, "DEVICE_SRP_AUTH", responses, Session=session)
    assert refused == ("InvalidParameter", f"Missing required parameter {member}")


@pytest.mark.parametrize(
    "member", ["DEVICE_KEY", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"]
)
def test_every_part_of_the_devices_proof_is_needed(phone: Phone, member: str) -> None:
    asked = phone.begin(phone.prove_password()["Session"])
    proof = phone.proof(asked)
    del proof[member]
    refused = refusal(phone.respond, "DEVICE_PASSWORD_VERIFIER", proof)
    assert refused == ("InvalidParameter", f"Missing required parameter {member}")


# One answer, of one sign-in


def test_case_44_of_many_right_halves_at_once_one_goes_on(phone: Phone) -> None:
    session = phone.prove_password()["Session"]
    results = at_once(lambda _: outcome(phone.begin, session), 50)
    assert sorted(results) == sorted([INVALID[1]] * 49 + ["ok"])


def test_case_44_of_many_right_device_proofs_at_once_one_signs_in(phone: Phone) -> None:
    asked = phone.begin(phone.prove_password()["Session"])
    proof = phone.proof(asked)
    results = at_once(lambda _: outcome(phone.respond, "DEVICE_PASSWORD_VERIFIER", proof), 50)
    assert sorted(results) == sorted([INVALID[1]] * 49 + ["ok"])


def test_case_44_a_devices_challenge_is_of_its_user_client_and_kind(
    make: PoolFactory, phone: Phone, idp: Any
) -> None:
    make.user(phone.pool_id, f"mallory-{phone.name}")
    session = phone.prove_password()["Session"]
    mallory = {**phone.half(), "USERNAME": f"mallory-{phone.name}"}
    assert refusal(phone.respond, "DEVICE_SRP_AUTH", mallory, Session=session) == INVALID
    for challenge in ("PASSWORD_VERIFIER", "SOFTWARE_TOKEN_MFA", "DEVICE_PASSWORD_VERIFIER"):
        responses = {**phone.half(), "PASSWORD_CLAIM_SECRET_BLOCK": session}
        assert refusal(phone.respond, challenge, responses, Session=session) == INVALID
    own_client, phone.client_id = phone.client_id, make.client(phone.pool_id)["ClientId"]
    assert refusal(phone.begin, session) == INVALID
    phone.client_id = own_client
    asked = phone.begin(session)
    proof = phone.proof(asked)
    assert refusal(phone.respond, "PASSWORD_VERIFIER", proof) == INVALID
    phone.client_id = make.client(phone.pool_id)["ClientId"]
    assert refusal(phone.respond, "DEVICE_PASSWORD_VERIFIER", proof) == INVALID


def test_case_44_a_devices_challenge_ends_in_time(own: PoolFactory) -> None:
    own.server.clock.freeze()
    pool = own.pool(**TRACKED)
    phone = unconfirmed(own, pool, str(own.client(pool)["ClientId"]), "ada")
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    session = phone.prove_password()["Session"]
    own.server.clock.advance(minutes=3)
    assert refusal(phone.begin, session) == (
        "NotAuthorized",
        "Invalid session for the user, session is expired.",
    )
    assert refusal(phone.begin, None) == (
        "NotAuthorized",
        "Invalid session for the user, session is expired.",
    )


def test_case_77_another_users_device_is_none_and_says_nothing_of_its_owner(
    make: PoolFactory, phone: Phone
) -> None:
    bob = unconfirmed(make, phone.pool_id, phone.client_id, f"bob-{phone.name}")
    bob.key, bob.group, bob.secret = phone.key, phone.group, phone.secret
    assert refusal(bob.prove_password) == NO_DEVICE
    bob.key = "eu-central-1_00000000-0000-4000-8000-000000000000"
    assert refusal(bob.prove_password) == NO_DEVICE


def test_case_77_the_same_users_device_of_another_pool_is_none(make: PoolFactory, phone: Phone) -> None:
    other = make.pool(**TRACKED)
    twin = unconfirmed(make, other, str(make.client(other)["ClientId"]), phone.name)
    twin.key, twin.group, twin.secret = phone.key, phone.group, phone.secret
    assert refusal(twin.prove_password) == NO_DEVICE


def test_another_of_the_users_devices_cannot_answer_for_the_one_that_was_named(phone: Phone) -> None:
    other = Phone(phone.idp, phone.pool_id, phone.client_id, phone.name)
    other.confirm(other.prove_password()["AuthenticationResult"])
    session = phone.prove_password()["Session"]
    responses = {**phone.half(), "DEVICE_KEY": other.key}
    assert refusal(phone.respond, "DEVICE_SRP_AUTH", responses, Session=session) == INVALID
    asked = phone.begin(session)
    proof = {**phone.proof(asked), "DEVICE_KEY": other.key}
    assert refusal(phone.respond, "DEVICE_PASSWORD_VERIFIER", proof) == INVALID


# Without a Session


def test_a_client_that_reuses_the_passwords_number_needs_no_session(phone: Phone) -> None:
    """As pycognito: its A is the same in both exchanges, and only who made it can complete either."""
    phone.prove_password()
    assert phone.prove(phone.begin(None))["AuthenticationResult"]["AccessToken"]


def test_case_45_without_a_session_nobody_goes_on_who_did_not_prove_the_password(phone: Phone) -> None:
    thief = Phone(
        phone.idp, phone.pool_id, phone.client_id, phone.name, "wrong", phone.key, phone.group, phone.secret
    )
    thief.srp()
    # No sign-in waits at all.
    assert refusal(thief.begin, None) == NO_SESSION
    # The password was not proved with this number.
    assert refusal(thief.prove_password) == ("NotAuthorized", WRONG)
    assert refusal(thief.begin, None) == NO_SESSION
    # The owner's sign-in waits, and the thief has the device's secret, but not the number.
    phone.prove_password()
    assert refusal(thief.begin, None) == NO_SESSION


def test_case_45_the_owners_number_is_no_use_without_what_is_behind_it(phone: Phone) -> None:
    phone.prove_password()
    thief = Phone(
        phone.idp, phone.pool_id, phone.client_id, phone.name, "wrong", phone.key, phone.group, phone.secret
    )
    thief.srp()
    thief.exchange.large_a_value = phone.exchange.large_a_value
    asked = thief.begin(None)
    assert refusal(thief.prove, asked) == ("NotAuthorized", WRONG)


def test_case_44_a_sign_in_that_waits_is_answered_once_with_a_session_or_without(phone: Phone) -> None:
    session = phone.prove_password()["Session"]
    phone.begin(None)
    assert refusal(phone.begin, None) == INVALID
    assert refusal(phone.begin, session) == INVALID


def test_a_plain_password_leaves_nothing_to_go_on_with_without_a_session(phone: Phone, idp: Any) -> None:
    phone.srp()
    named = {"USERNAME": phone.name, "PASSWORD": PASSWORD, "DEVICE_KEY": phone.key, **phone.half()}
    idp.initiate_auth(ClientId=phone.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=named)
    assert refusal(phone.begin, None) == NO_SESSION


def test_case_45_a_device_is_no_first_factor(phone: Phone) -> None:
    for flow in ("USER_SRP_AUTH",):
        srp = phone.srp()
        asked = phone.idp.initiate_auth(
            AuthFlow=flow, ClientId=phone.client_id, AuthParameters=srp.get_auth_params()
        )
        block = asked["ChallengeParameters"]["SECRET_BLOCK"]
        as_session = block.replace("+", "-").replace("/", "_").rstrip("=")
        for session in (block, as_session):
            assert refusal(phone.begin, session) == INVALID
        assert refusal(phone.begin, None) == NO_SESSION
        # The password's challenge answered with the device's proof.
        proof = phone.exchange.process_device_challenge(
            {**asked["ChallengeParameters"], "USERNAME": phone.name}
        )
        assert outcome(phone.respond, "PASSWORD_VERIFIER", dict(proof)) == WRONG
