"""Signing in with a passkey, with an authenticator in software. Documented in "Passwordless sign-in with WebAuthn
passkeys" and at InitiateAuth and RespondToAuthChallenge, unless a test says otherwise.
"""

import json
from typing import Any

import pytest
from tests.api.idp.test_passkeys import FLOWS, ORIGIN, RP, Person, passkey_pool, person
from tests.api.idp.test_user_auth import EXPIRED, INVALID, WRONG, begin, respond
from tests.authenticator import PRESENT, Authenticator, data, text
from tests.calls import at_once, claims_of, outcome, refusal, secret_hash, sign_in
from tests.conftest import PoolFactory, RunningServer

ALL = ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return passkey_pool(make)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    made = make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")
    return str(made["ClientId"])


@pytest.fixture
def ada(make: PoolFactory, pool: str, app: str) -> Person:
    return person(make, pool, app)


def ask(ada: Person) -> dict[str, Any]:
    asked = begin(ada.idp, ada.app, ada.name, PREFERRED_CHALLENGE="WEB_AUTHN")
    assert asked["ChallengeName"] == "WEB_AUTHN"
    return asked


def options(asked: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]))


def prove(ada: Person, asked: dict[str, Any], credential: str) -> dict[str, Any]:
    return respond(ada.idp, ada.app, asked, "WEB_AUTHN", ada.name, CREDENTIAL=credential)


def sign(ada: Person, device: Authenticator, origin: str = ORIGIN, **changes: Any) -> dict[str, Any]:
    """A whole sign-in, with what is wrong about it."""
    asked = ask(ada)
    return prove(ada, asked, device.get(options(asked), origin, **changes))


@pytest.mark.parametrize("algorithm", [-7, -257])
def test_a_passkey_signs_in(ada: Person, algorithm: int) -> None:
    device = ada.register(Authenticator(algorithm))
    asked = ask(ada)
    assert asked["AvailableChallenges"] == ALL
    shown = options(asked)
    assert len(data(shown.pop("challenge"))) == 32
    assert shown == {
        "timeout": 180000,
        "rpId": RP,
        "allowCredentials": [{"type": "public-key", "id": device.id, "transports": ["internal", "hybrid"]}],
        "userVerification": "preferred",
    }
    done = prove(ada, asked, device.get(options(asked), ORIGIN))
    assert claims_of(done["AuthenticationResult"]["IdToken"])["cognito:username"] == ada.name
    assert "RefreshToken" in done["AuthenticationResult"]


@pytest.mark.parametrize("way", ["selected", "answered"])
def test_it_may_be_selected(ada: Person, way: str) -> None:
    device = ada.register()
    chosen = begin(ada.idp, ada.app, ada.name)
    asked = respond(ada.idp, ada.app, chosen, "SELECT_CHALLENGE", ada.name, ANSWER="WEB_AUTHN")
    credential = device.get(options(asked), ORIGIN)
    if way == "answered":
        assert "AuthenticationResult" in prove(ada, asked, credential)
    else:
        done = respond(
            ada.idp, ada.app, asked, "SELECT_CHALLENGE", ada.name, ANSWER="WEB_AUTHN", CREDENTIAL=credential
        )
        assert "AuthenticationResult" in done


def test_administrators_pass_it_on(server: RunningServer, pool: str, ada: Person) -> None:
    device = ada.register()
    asked = server.idp.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=ada.app,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": ada.name, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
    )
    done = server.idp.admin_respond_to_auth_challenge(
        UserPoolId=pool,
        ClientId=ada.app,
        ChallengeName="WEB_AUTHN",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": ada.name, "CREDENTIAL": device.get(options(asked), ORIGIN)},
    )
    assert "AuthenticationResult" in done


def test_a_client_with_a_secret_wants_its_hash(make: PoolFactory, pool: str, ada: Person) -> None:
    device = ada.register()
    client = make.client(pool, ExplicitAuthFlows=FLOWS, GenerateSecret=True)
    right = secret_hash(client, ada.name)
    asked = begin(ada.idp, client["ClientId"], ada.name, PREFERRED_CHALLENGE="WEB_AUTHN", SECRET_HASH=right)
    credential = device.get(options(asked), ORIGIN)
    refused = outcome(
        respond, ada.idp, client["ClientId"], asked, "WEB_AUTHN", ada.name, CREDENTIAL=credential
    )
    assert "SECRET_HASH was not received" in refused
    proved = {"CREDENTIAL": credential, "SECRET_HASH": right}
    assert outcome(respond, ada.idp, client["ClientId"], asked, "WEB_AUTHN", ada.name, **proved) == "ok"


def test_one_of_several_is_enough_and_a_deleted_one_is_none(ada: Person) -> None:
    old, new = ada.register(), ada.register()
    assert "AuthenticationResult" in sign(ada, old)
    ada.idp.delete_web_authn_credential(AccessToken=ada.token, CredentialId=old.id)
    assert refusal(sign, ada, old) == WRONG
    assert "AuthenticationResult" in sign(ada, new)


def test_who_has_none_is_not_asked_for_one(ada: Person) -> None:
    asked = begin(ada.idp, ada.app, ada.name, PREFERRED_CHALLENGE="WEB_AUTHN")
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == ("SELECT_CHALLENGE", ALL[:2])


def test_a_passkey_of_an_earlier_relying_party_is_none(make: PoolFactory) -> None:
    """Documented: after a change users register again."""
    pool = passkey_pool(make)
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = ada.register()
    asked = ask(ada)
    moved = {"RelyingPartyId": "new.example.com"}
    ada.idp.set_user_pool_mfa_config(UserPoolId=pool, WebAuthnConfiguration=moved)
    assert begin(ada.idp, ada.app, ada.name)["AvailableChallenges"] == ALL[:2]
    assert ada.start()["excludeCredentials"] == []
    assert refusal(prove, ada, asked, device.get(options(asked), ORIGIN)) == WRONG


# Case 46: each refusal


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.auth.example.com",
        "https://evilauth.example.com",
        "https://auth.example.com.evil.example",
        "https://example.com",
        "https://auth.example.com:8443",
        "http://auth.example.com",
        "https://good@auth.example.com",
        "http://localhost:3000",
        "null",
        "",
    ],
)
def test_case_46_another_origin_is_refused(ada: Person, origin: str) -> None:
    assert refusal(sign, ada, ada.register(), origin) == WRONG


def test_case_46_a_page_in_anothers_frame_is_refused(ada: Person) -> None:
    assert refusal(sign, ada, ada.register(), crossOrigin=True) == WRONG


def test_case_46_another_relying_party_is_refused(ada: Person) -> None:
    assert refusal(sign, ada, ada.register(), rp_id="example.com") == WRONG


def test_case_46_a_registration_is_no_assertion(ada: Person) -> None:
    assert refusal(sign, ada, ada.register(), type="webauthn.create") == WRONG


@pytest.mark.parametrize("challenge", ["", text(b"x" * 32), None, 7])
def test_case_46_another_challenge_is_refused(ada: Person, challenge: Any) -> None:
    assert refusal(sign, ada, ada.register(), challenge=challenge) == WRONG


def test_case_46_an_answer_to_an_earlier_challenge_is_refused(ada: Person) -> None:
    device = ada.register()
    earlier = device.get(options(ask(ada)), ORIGIN)
    assert refusal(prove, ada, ask(ada), earlier) == WRONG


def test_case_46_a_wrong_signature_is_refused(ada: Person) -> None:
    device = ada.register()
    assert refusal(sign, ada, device, signature=Authenticator().sign(b"x")) == WRONG
    assert refusal(sign, ada, device, signature=b"\x00") == WRONG
    thief = Authenticator(credential_id=device.credential_id, handle=device.handle)
    assert refusal(sign, ada, thief) == WRONG


def test_case_46_anothers_passkey_is_refused(make: PoolFactory, pool: str, ada: Person) -> None:
    ada.register()
    eve = person(make, pool, ada.app)
    theirs = eve.register()
    assert refusal(sign, ada, theirs) == WRONG
    theirs.handle = None
    assert refusal(sign, ada, theirs) == WRONG
    assert "AuthenticationResult" in sign(eve, theirs)


def test_case_46_another_users_handle_is_refused(ada: Person) -> None:
    device = ada.register()
    assert refusal(sign, ada, device, handle=text(b"somebody else")) == WRONG
    device.handle = None
    assert "AuthenticationResult" in sign(ada, device)


def test_case_46_user_presence_is_always_required(ada: Person) -> None:
    assert refusal(sign, ada, ada.register(), flags=0) == WRONG


def test_case_46_user_verification_is_required_where_the_pool_says_so(make: PoolFactory, ada: Person) -> None:
    assert "AuthenticationResult" in sign(ada, ada.register(), flags=PRESENT)
    pool = passkey_pool(make, {"RelyingPartyId": RP, "UserVerification": "required"})
    eve = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = eve.register()
    assert options(ask(eve))["userVerification"] == "required"
    assert refusal(sign, eve, device, flags=PRESENT) == WRONG
    assert "AuthenticationResult" in sign(eve, device)


def test_case_46_the_signature_counter_has_to_grow(ada: Person) -> None:
    device = ada.register()
    device.count = 7
    assert "AuthenticationResult" in sign(ada, device)  # with 8
    for stale in (6, 7):
        device.count = stale - 1
        assert refusal(sign, ada, device) == WRONG
    device.count = 7
    assert refusal(sign, ada, device) == WRONG
    device.count = 8
    assert "AuthenticationResult" in sign(ada, device)


def test_an_authenticator_without_a_counter_shows_zero_for_ever(ada: Person) -> None:
    device = ada.register()
    for _ in range(2):
        device.count = -1
        assert "AuthenticationResult" in sign(ada, device)
    device.count = 4
    assert "AuthenticationResult" in sign(ada, device)
    device.count = -1
    assert refusal(sign, ada, device) == WRONG


def test_case_46_of_two_assertions_with_one_count_one_is_taken(ada: Person) -> None:
    device = ada.register()
    tickets = [ask(ada) for _ in range(50)]
    proofs = []
    for asked in tickets:
        device.count = 20
        proofs.append(device.get(options(asked), ORIGIN))
    outcomes = at_once(lambda index: outcome(prove, ada, tickets[index], proofs[index]), 50)
    assert outcomes.count("ok") == 1


def test_case_44_a_challenge_is_answered_once(ada: Person) -> None:
    device = ada.register()
    asked = ask(ada)
    credential = device.get(options(asked), ORIGIN)
    assert outcome(prove, ada, asked, credential) == "ok"
    assert refusal(prove, ada, asked, credential)[0] == "NotAuthorized"
    assert refusal(prove, ada, asked, device.get(options(asked), ORIGIN)) == INVALID


def test_case_44_of_fifty_answers_at_once_one_is_taken(ada: Person) -> None:
    device = ada.register()
    asked = ask(ada)
    proofs = [device.get(options(asked), ORIGIN) for _ in range(50)]
    outcomes = at_once(lambda index: outcome(prove, ada, asked, proofs[index]), 50)
    assert outcomes.count("ok") == 1


def test_case_44_a_challenge_is_bound_to_user_and_client(make: PoolFactory, pool: str, ada: Person) -> None:
    device = ada.register()
    asked = ask(ada)
    credential = device.get(options(asked), ORIGIN)
    eve = person(make, pool, ada.app)
    assert refusal(prove, eve, asked, credential) == INVALID
    other = make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"]
    elsewhere = Person(ada.idp, other, ada.name, ada.token)
    assert refusal(prove, elsewhere, asked, credential) == INVALID
    assert refusal(respond, ada.idp, ada.app, asked, "PASSWORD", ada.name, PASSWORD="x") == INVALID
    assert outcome(prove, ada, asked, credential) == "ok"


def test_case_44_a_challenge_expires(own: PoolFactory, own_server: RunningServer) -> None:
    pool = passkey_pool(own)
    ada = person(own, pool, own.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = ada.register()
    own_server.clock.freeze()
    asked = ask(ada)
    own_server.clock.advance(minutes=3)
    assert refusal(prove, ada, asked, device.get(options(asked), ORIGIN)) == EXPIRED


def test_case_40_a_locked_user_is_locked_here_as_well(ada: Person) -> None:
    device = ada.register()
    for _ in range(5):
        outcome(sign_in, ada.idp, ada.app, ada.name, "Wrong-Horse-9")
    assert refusal(sign, ada, device) == ("NotAuthorized", "Password attempts exceeded")


def test_a_disabled_user_is_refused(server: RunningServer, pool: str, ada: Person) -> None:
    device = ada.register()
    server.idp.admin_disable_user(UserPoolId=pool, Username=ada.name)
    assert refusal(sign, ada, device) == ("NotAuthorized", "User is disabled.")


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "[]", "7", '{"id": 7}', "{", '"x"', "null", '{"id": ""}', r'{"id": "\ud800"}', "[" * 100_000],
)
def test_what_is_no_credential_is_refused_and_may_be_put_right(ada: Person, credential: str) -> None:
    """The text is assumed."""
    device = ada.register()
    asked = ask(ada)
    assert refusal(prove, ada, asked, credential)[0] == "InvalidParameter"
    assert outcome(prove, ada, asked, device.get(options(asked), ORIGIN)) == "ok"


@pytest.mark.parametrize("member", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
@pytest.mark.parametrize("value", [7, "", "AAAA", "!!!", {}, text(b"\xff" * 400)])
def test_a_damaged_credential_is_refused(
    make: PoolFactory, pool: str, app: str, member: str, value: Any
) -> None:
    ada = person(make, pool, app)
    device = ada.register()
    asked = ask(ada)
    credential = json.loads(device.get(options(asked), ORIGIN))
    credential["response"][member] = value
    assert refusal(prove, ada, asked, json.dumps(credential)) == WRONG


# Names that nobody has


def test_case_37_nobody_has_a_passkey_as_somebody_would(
    make: PoolFactory, pool: str, app: str, ada: Person
) -> None:
    """One in four such names; the same credential at every try, and a new challenge."""
    ada.register()
    device, found = Authenticator(), 0
    real = ask(ada)
    for index in range(40):
        nobody = Person(ada.idp, app, f"nobody-{index}", "")
        asked = begin(ada.idp, app, nobody.name, PREFERRED_CHALLENGE="WEB_AUTHN")
        if asked["ChallengeName"] != "WEB_AUTHN":
            assert asked["AvailableChallenges"] == ALL[:2]
            continue
        found += 1
        again = ask(nobody)
        first, second = options(asked), options(again)
        assert first.pop("challenge") != second.pop("challenge")
        assert first == second
        assert first.keys() | {"challenge"} == options(real).keys()
        assert asked.keys() == real.keys()
        [descriptor] = first["allowCredentials"]
        device.credential_id = data(descriptor["id"])
        assert refusal(prove, nobody, asked, device.get(options(asked), ORIGIN)) == WRONG
        if found == 1:
            assert refusal(prove, nobody, again, "{}")[0] == "InvalidParameter"
    assert 0 < found < 40


# Relying parties and origins


@pytest.fixture(scope="module")
def local(make: PoolFactory) -> str:
    return passkey_pool(make, {"RelyingPartyId": "localhost"})


def test_on_localhost_any_port_will_do(make: PoolFactory, local: str) -> None:
    ada = person(make, local, make.client(local, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = Authenticator()
    ada.complete(device.make(ada.start(), "http://localhost:5173"))
    for origin in (
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:8443",
        "https://localhost",
    ):
        assert "AuthenticationResult" in sign(ada, device, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.example",
        "http://evil.localhost:80",
        "http://127.0.0.1:3000",
        "http://localhost:3000/",
        "http://localhost:",
        "ftp://localhost",
        "http://localhost@evil.example",
    ],
)
def test_case_46_what_only_looks_like_localhost_is_refused(
    make: PoolFactory, local: str, origin: str
) -> None:
    ada = person(make, local, make.client(local, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = Authenticator()
    ada.complete(device.make(ada.start(), "http://localhost"))
    assert refusal(sign, ada, device, origin) == WRONG
    assert refusal(ada.complete, Authenticator().make(ada.start(), origin))[0] == "WebAuthnOriginNotAllowed"


def test_a_pool_may_name_further_origins_one_by_one(make: PoolFactory) -> None:
    """Cenote's own: an app on a subdomain, or an Android app by its key."""
    android = "android:apk-key-hash:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
    pool = passkey_pool(make, UserPoolTags={"cenote:passkey-origins": f"https://app.{RP} {android}"})
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    device = ada.register()
    for origin in (ORIGIN, f"https://app.{RP}", android):
        assert "AuthenticationResult" in sign(ada, device, origin)
    for origin in (f"https://other.{RP}", f"https://app.{RP} {android}", f"https://app.{RP}:1"):
        assert refusal(sign, ada, device, origin) == WRONG
