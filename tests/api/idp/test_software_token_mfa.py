"""Authenticator apps, from their set-up to the sign-in, with pyotp as the app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
from tests.calls import attempt, attributes_of, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer

TOTP_ONLY = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


@dataclass
class Person:
    """A user of a pool with MFA, and the clock that their app goes by."""

    server: RunningServer
    pool_id: str
    client_id: str
    name: str = "ada"
    app: Any = None

    @property
    def idp(self) -> Any:
        return self.server.idp

    def code(self, *, steps: int = 0) -> str:
        return str(self.app.at(self.server.clock() // 1000 + 30 * steps))

    def wrong(self) -> str:
        good = {self.code(steps=steps) for steps in range(-3, 4)}
        return next(code for code in (f"{number:06}" for number in range(10)) if code not in good)

    def next_code(self) -> str:
        """A code that was not used yet: half a minute goes by."""
        self.server.clock.advance(seconds=30)
        return self.code()

    def enrol(self, access_token: str, **names: str) -> None:
        secret = self.idp.associate_software_token(AccessToken=access_token)["SecretCode"]
        self.app = pyotp.TOTP(secret)
        answer = self.idp.verify_software_token(AccessToken=access_token, UserCode=self.code(), **names)
        assert answer["Status"] == "SUCCESS"

    def prefer(self, **settings: dict[str, bool]) -> None:
        self.idp.admin_set_user_mfa_preference(UserPoolId=self.pool_id, Username=self.name, **settings)

    def begin(self) -> dict[str, Any]:
        return attempt(self.idp, self.client_id, self.name)

    def answer(self, session: str, code: str, challenge: str = "SOFTWARE_TOKEN_MFA") -> dict[str, Any]:
        return dict(
            self.idp.respond_to_auth_challenge(
                ClientId=self.client_id,
                ChallengeName=challenge,
                Session=session,
                ChallengeResponses={"USERNAME": self.name, f"{challenge}_CODE": code},
            )
        )


@pytest.fixture
def person(own: PoolFactory) -> Person:
    pool_id = own.pool()
    client_id = own.client(pool_id)["ClientId"]
    own.user(pool_id, "ada")
    own.server.idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OPTIONAL", **TOTP_ONLY)
    own.server.clock.freeze()
    return Person(own.server, pool_id, client_id)


def test_a_user_sets_an_app_up_and_signs_in_with_it(person: Person) -> None:
    person.enrol(sign_in(person.idp, person.client_id, "ada")["AccessToken"], FriendlyDeviceName="Phone")
    person.prefer(SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = person.begin()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert asked["ChallengeParameters"] == {"FRIENDLY_DEVICE_NAME": "Phone", "USER_ID_FOR_SRP": "ada"}
    tokens = person.answer(asked["Session"], person.next_code())["AuthenticationResult"]
    user = person.idp.get_user(AccessToken=tokens["AccessToken"])
    assert user["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"


def test_where_mfa_is_required_the_app_is_set_up_while_signing_in(person: Person) -> None:
    person.idp.set_user_pool_mfa_config(UserPoolId=person.pool_id, MfaConfiguration="ON", **TOTP_ONLY)
    asked = person.begin()
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert asked["ChallengeParameters"] == {
        "MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]',
        "USER_ID_FOR_SRP": "ada",
    }
    offered = person.idp.associate_software_token(Session=asked["Session"])
    person.app = pyotp.TOTP(offered["SecretCode"])
    verified = person.idp.verify_software_token(Session=offered["Session"], UserCode=person.code())
    done = person.idp.respond_to_auth_challenge(
        ClientId=person.client_id,
        ChallengeName="MFA_SETUP",
        Session=verified["Session"],
        ChallengeResponses={"USERNAME": "ada"},
    )
    assert attributes_of(person.idp.get_user(AccessToken=done["AuthenticationResult"]["AccessToken"]))["sub"]
    again = person.begin()
    assert again["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert person.answer(again["Session"], person.next_code())["AuthenticationResult"]["IdToken"]
