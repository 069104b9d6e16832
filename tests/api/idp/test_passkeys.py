"""Registering passkeys, with an authenticator in software. Documented at the operations and in "Passwordless sign-in
with WebAuthn passkeys"; texts are assumed unless a test says otherwise.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from tests.authenticator import PRESENT, Authenticator, data, text
from tests.calls import at_once, claims_of, outcome, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer

RP = "auth.example.com"
ORIGIN = f"https://{RP}"
FLOWS = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
PASSKEYS = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}}
NOT_FOUND = "WebAuthnChallengeNotFound"


@dataclass
class Person:
    """A signed-in user and their authenticator."""

    idp: Any
    app: str
    name: str
    token: str

    def start(self, **request: Any) -> dict[str, Any]:
        answer = self.idp.start_web_authn_registration(AccessToken=self.token, **request)
        return dict(answer["CredentialCreationOptions"])

    def complete(self, credential: Any) -> None:
        self.idp.complete_web_authn_registration(AccessToken=self.token, Credential=credential)

    def register(self, device: Authenticator | None = None, **changes: Any) -> Authenticator:
        device = device or Authenticator()
        self.complete(device.make(self.start(), ORIGIN, **changes))
        return device

    def listed(self, **request: Any) -> list[dict[str, Any]]:
        return list(self.idp.list_web_authn_credentials(AccessToken=self.token, **request)["Credentials"])


def passkey_pool(make: PoolFactory, configuration: dict[str, Any] | None = None, **request: Any) -> str:
    pool = make.pool(**PASSKEYS, **request)
    make.server.idp.set_user_pool_mfa_config(
        UserPoolId=pool, WebAuthnConfiguration=configuration or {"RelyingPartyId": RP}
    )
    return pool


def person(make: PoolFactory, pool: str, app: str) -> Person:
    name = f"user-{uuid.uuid4().hex[:8]}"
    make.user(pool, name)
    idp = make.server.idp
    return Person(idp, app, name, sign_in(idp, app, name)["AccessToken"])


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return passkey_pool(make)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])


@pytest.fixture
def ada(make: PoolFactory, pool: str, app: str) -> Person:
    return person(make, pool, app)


def test_a_browser_is_told_what_to_make(ada: Person) -> None:
    """Shown at StartWebAuthnRegistration, member by member; the user's handle is their sub."""
    options = ada.start()
    assert len(data(options.pop("challenge"))) >= 16
    user = options.pop("user")
    assert (user["name"], user["displayName"]) == (ada.name, ada.name)
    assert data(user["id"]).decode() == claims_of(ada.token)["sub"]
    assert options == {
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
        "excludeCredentials": [],
        "pubKeyCredParams": [{"alg": -7, "type": "public-key"}, {"alg": -257, "type": "public-key"}],
        "rp": {"id": RP, "name": RP},
        "timeout": 60000,
    }


@pytest.mark.parametrize("attestation", ["none", "packed"])
@pytest.mark.parametrize("algorithm", [-7, -257])
def test_a_passkey_is_registered_and_listed(ada: Person, attestation: str, algorithm: int) -> None:
    device = ada.register(Authenticator(algorithm), attestation=attestation)
    [listed] = ada.listed()
    assert listed.pop("CreatedAt").year >= 2026
    assert listed == {
        "CredentialId": device.id,
        "FriendlyCredentialName": "Platform passkey",
        "RelyingPartyId": RP,
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["internal", "hybrid"],
    }


def test_a_roaming_authenticator_is_called_so(ada: Person) -> None:
    """Shown at ListWebAuthnCredentials."""
    device = Authenticator()
    credential = device.make(ada.start(), ORIGIN) | {"authenticatorAttachment": "cross-platform"}
    ada.complete(credential)
    assert ada.listed()[0]["FriendlyCredentialName"] == "Roaming passkey"


def test_a_device_that_has_one_is_not_asked_for_another(ada: Person) -> None:
    device = ada.register()
    excluded = ada.start()["excludeCredentials"]
    assert excluded == [{"type": "public-key", "id": device.id, "transports": ["internal", "hybrid"]}]


def test_lists_go_on_where_a_page_ends(ada: Person) -> None:
    devices = {ada.register().id for _ in range(3)}
    first = ada.idp.list_web_authn_credentials(AccessToken=ada.token, MaxResults=2)
    rest = ada.idp.list_web_authn_credentials(
        AccessToken=ada.token, MaxResults=2, NextToken=first["NextToken"]
    )
    assert "NextToken" not in rest
    found = [credential["CredentialId"] for credential in first["Credentials"] + rest["Credentials"]]
    assert (len(found), set(found)) == (3, devices)


def test_case_76_a_forged_page_is_refused(make: PoolFactory, pool: str, ada: Person) -> None:
    eve = person(make, pool, ada.app)
    for _ in range(2):
        ada.register()
    token = ada.idp.list_web_authn_credentials(AccessToken=ada.token, MaxResults=1)["NextToken"]
    assert refusal(eve.listed, NextToken=token)[0] == "InvalidParameter"
    assert refusal(eve.listed, NextToken="x" * 40)[0] == "InvalidParameter"


def test_a_passkey_is_deleted(ada: Person) -> None:
    device, other = ada.register(), ada.register()
    ada.idp.delete_web_authn_credential(AccessToken=ada.token, CredentialId=device.id)
    assert [listed["CredentialId"] for listed in ada.listed()] == [other.id]
    for gone in (device.id, "", "\0", "é", "x" * 5000):
        refused = refusal(ada.idp.delete_web_authn_credential, AccessToken=ada.token, CredentialId=gone)
        assert refused[0] == "ResourceNotFound"


def test_case_46_nobody_deletes_or_sees_anothers_passkey(make: PoolFactory, pool: str, ada: Person) -> None:
    device, eve = ada.register(), person(make, pool, ada.app)
    refused = refusal(eve.idp.delete_web_authn_credential, AccessToken=eve.token, CredentialId=device.id)
    assert refused[0] == "ResourceNotFound"
    assert eve.listed() == []
    assert len(ada.listed()) == 1


def test_passkeys_go_with_their_user(
    make: PoolFactory, server: RunningServer, pool: str, ada: Person
) -> None:
    device = ada.register()
    server.idp.admin_delete_user(UserPoolId=pool, Username=ada.name)
    eve = person(make, pool, ada.app)
    eve.register(device)
    assert len(eve.listed()) == 1


def test_a_user_may_have_twenty(ada: Person) -> None:
    for _ in range(19):
        ada.register()
    started = [(Authenticator(), ada.start()) for _ in range(5)]
    made = [device.make(options, ORIGIN) for device, options in started]
    outcomes = at_once(lambda index: outcome(ada.complete, made[index]), 5)
    assert sorted(outcomes) == ["A user can have at most 20 passkeys."] * 4 + ["ok"]
    assert refusal(ada.start)[0] == "LimitExceeded"


# What is refused


def test_case_46_a_challenge_is_used_once(ada: Person) -> None:
    options = ada.start()
    ada.complete(Authenticator().make(options, ORIGIN))
    assert refusal(ada.complete, Authenticator().make(options, ORIGIN))[0] == NOT_FOUND
    assert len(ada.listed()) == 1


def test_case_46_of_fifty_registrations_of_one_challenge_one_wins(ada: Person) -> None:
    options = ada.start()
    made = [Authenticator().make(options, ORIGIN) for _ in range(50)]
    outcomes = at_once(lambda index: outcome(ada.complete, made[index]), 50)
    assert outcomes.count("ok") == 1
    assert len(ada.listed()) == 1


@pytest.mark.parametrize("challenge", ["", "AAAA", text(b"x" * 200), None, 7])
def test_case_46_a_challenge_of_somebody_elses_making_is_refused(ada: Person, challenge: Any) -> None:
    credential = Authenticator().make(ada.start(), ORIGIN, challenge=challenge)
    assert refusal(ada.complete, credential)[0] == NOT_FOUND


def test_case_46_a_challenge_is_its_users(make: PoolFactory, pool: str, ada: Person) -> None:
    eve = person(make, pool, ada.app)
    assert refusal(eve.complete, Authenticator().make(ada.start(), ORIGIN))[0] == NOT_FOUND


def test_case_46_a_challenge_is_its_clients(make: PoolFactory, pool: str, ada: Person) -> None:
    other = make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"]
    elsewhere = Person(ada.idp, other, ada.name, sign_in(ada.idp, other, ada.name)["AccessToken"])
    refused = refusal(elsewhere.complete, Authenticator().make(ada.start(), ORIGIN))
    assert refused[0] == "WebAuthnClientMismatch"


def test_case_46_a_challenge_expires(own: PoolFactory, own_server: RunningServer) -> None:
    pool = passkey_pool(own)
    ada = person(own, pool, own.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    own_server.clock.freeze()
    options = ada.start()
    own_server.clock.advance(minutes=5)
    assert refusal(ada.complete, Authenticator().make(options, ORIGIN))[0] == NOT_FOUND


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.auth.example.com",
        "https://evilauth.example.com",
        "https://auth.example.com.evil.example",
        "https://example.com",
        "https://auth.example.com:8443",
        "https://auth.example.com/",
        "https://AUTH.example.com",
        "http://auth.example.com",
        "https://user@auth.example.com",
        "http://localhost:3000",
        "null",
        "",
    ],
)
def test_case_46_another_origin_is_refused(ada: Person, origin: str) -> None:
    assert refusal(ada.complete, Authenticator().make(ada.start(), origin))[0] == "WebAuthnOriginNotAllowed"


@pytest.mark.parametrize("origin", [None, 7, ["https://auth.example.com"], {}])
def test_case_46_an_origin_that_is_none_is_refused(ada: Person, origin: Any) -> None:
    credential = Authenticator().make(ada.start(), origin)
    assert refusal(ada.complete, credential)[0] == "WebAuthnOriginNotAllowed"


def test_case_46_a_page_in_anothers_frame_is_refused(ada: Person) -> None:
    credential = Authenticator().make(ada.start(), ORIGIN, crossOrigin=True)
    assert refusal(ada.complete, credential)[0] == "WebAuthnOriginNotAllowed"


def test_case_46_another_relying_partys_credential_is_refused(ada: Person) -> None:
    credential = Authenticator().make(ada.start(), ORIGIN, rp_id="example.com")
    assert refusal(ada.complete, credential)[0] == "WebAuthnRelyingPartyMismatch"


def test_case_46_a_registration_begun_for_another_relying_party_is_refused(make: PoolFactory) -> None:
    pool = passkey_pool(make)
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    credential = Authenticator().make(ada.start(), ORIGIN)
    ada.idp.set_user_pool_mfa_config(
        UserPoolId=pool, WebAuthnConfiguration={"RelyingPartyId": "new.example.com"}
    )
    assert refusal(ada.complete, credential)[0] == "WebAuthnRelyingPartyMismatch"


def test_case_46_an_assertion_is_no_registration(ada: Person) -> None:
    credential = Authenticator().make(ada.start(), ORIGIN, type="webauthn.get")
    assert refusal(ada.complete, credential)[0] == "WebAuthnCredentialNotSupported"


def test_case_46_a_wrong_attestation_is_refused(ada: Person) -> None:
    forged = Authenticator().sign(b"something else")
    credential = Authenticator().make(ada.start(), ORIGIN, attestation="packed", signature=forged)
    assert refusal(ada.complete, credential)[0] == "WebAuthnCredentialNotSupported"


def test_case_46_an_attestation_of_another_id_is_refused(ada: Person) -> None:
    credential = Authenticator().make(ada.start(), ORIGIN, attested_id=b"another" * 4)
    assert refusal(ada.complete, credential)[0] == "InvalidParameter"


def test_case_46_user_presence_is_always_required(ada: Person) -> None:
    credential = Authenticator().make(ada.start(), ORIGIN, flags=0)
    assert refusal(ada.complete, credential)[0] == "WebAuthnCredentialNotSupported"


def test_case_46_user_verification_is_required_where_the_pool_says_so(make: PoolFactory, ada: Person) -> None:
    ada.register(flags=PRESENT)
    pool = passkey_pool(make, {"RelyingPartyId": RP, "UserVerification": "required"})
    eve = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    assert eve.start()["authenticatorSelection"]["userVerification"] == "required"
    credential = Authenticator().make(eve.start(), ORIGIN, flags=PRESENT)
    assert refusal(eve.complete, credential)[0] == "WebAuthnCredentialNotSupported"
    eve.register()


def test_an_algorithm_that_was_not_asked_for_is_refused(ada: Person) -> None:
    device = Authenticator()
    device.algorithm = -35
    refused = refusal(ada.complete, device.make(ada.start(), ORIGIN))
    assert refused[0] == "WebAuthnCredentialNotSupported"


def test_case_46_a_credential_id_is_one_users(make: PoolFactory, pool: str, ada: Person) -> None:
    device, eve = ada.register(), person(make, pool, ada.app)
    twin = Authenticator(credential_id=device.credential_id)
    refused = ("InvalidParameter", "The passkey is registered already.")
    assert refusal(eve.complete, twin.make(eve.start(), ORIGIN)) == refused
    assert refusal(ada.complete, device.make(ada.start(), ORIGIN)) == refused


@pytest.mark.parametrize(
    "credential",
    [
        {},
        [],
        "text",
        7,
        {"response": {}},
        {"response": {"clientDataJSON": "!!!"}},
        {"response": {"clientDataJSON": text(b"[1]")}},
        {"response": {"clientDataJSON": text(b"\xff\xfe")}},
    ],
)
def test_what_is_no_credential_is_refused(ada: Person, credential: Any) -> None:
    assert refusal(ada.complete, credential)[0] == "InvalidParameter"


@pytest.mark.parametrize("damaged", ["attestationObject", "rawId", "type", "id"])
@pytest.mark.parametrize("value", [None, "", 7, text(b"\xa0"), "AAAA", {}, "public-key2"])
def test_a_damaged_credential_is_refused(ada: Person, damaged: str, value: Any) -> None:
    credential = Authenticator().make(ada.start(), ORIGIN)
    (credential["response"] if damaged == "attestationObject" else credential)[damaged] = value
    assert refusal(ada.complete, credential)[0] in {"InvalidParameter", "WebAuthnCredentialNotSupported"}
    assert ada.listed() == []


def test_passkeys_need_to_be_allowed_by_the_pool(make: PoolFactory) -> None:
    """The text is recorded."""
    pool = make.pool()
    ada = person(make, pool, make.client(pool)["ClientId"])
    assert refusal(ada.start) == ("WebAuthnNotEnabled", "WebAuthn not enabled for this pool.")
    assert refusal(ada.complete, {})[0] == "WebAuthnNotEnabled"


def test_passkeys_need_a_relying_party(make: PoolFactory) -> None:
    pool = make.pool(**PASSKEYS)
    ada = person(make, pool, make.client(pool)["ClientId"])
    assert refusal(ada.start)[0] == "WebAuthnConfigurationMissing"


def test_a_token_that_is_none_gets_nothing(server: RunningServer) -> None:
    idp = server.idp
    for call, request in (
        (idp.start_web_authn_registration, {}),
        (idp.complete_web_authn_registration, {"Credential": {}}),
        (idp.list_web_authn_credentials, {}),
        (idp.delete_web_authn_credential, {"CredentialId": "x"}),
        (idp.get_user_auth_factors, {}),
    ):
        assert refusal(call, AccessToken="x.y.z", **request) == ("NotAuthorized", "Invalid Access Token")
