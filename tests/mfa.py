"""A user with second factors, as tests of signing in need one; pyotp is their authenticator app."""

from dataclasses import dataclass
from typing import Any

import pyotp
from tests.calls import PASSWORD, attempt, sign_in
from tests.conftest import PoolFactory, RunningServer

SENDER = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}
TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": SENDER}}
EMAIL: dict[str, Any] = {"EmailMfaConfiguration": {}}
FIRST = {"Enabled": True, "PreferredMfa": True}
ON = {"Enabled": True, "PreferredMfa": False}
OFF = {"Enabled": False, "PreferredMfa": False}


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

    def require(self, mode: str, **factors: Any) -> None:
        """Sets the pool's MFA."""
        self.idp.set_user_pool_mfa_config(UserPoolId=self.pool_id, MfaConfiguration=mode, **factors)

    def shown(self) -> dict[str, Any]:
        """What AdminGetUser tells of the user's factors."""
        user = self.idp.admin_get_user(UserPoolId=self.pool_id, Username=self.name)
        return {name: user[name] for name in user if "MFA" in name or "Mfa" in name}

    def set_up(self, session: str) -> str:
        """Sets an app up within a sign-in; the `Session` that answers MFA_SETUP."""
        offered = self.idp.associate_software_token(Session=session)
        self.app = pyotp.TOTP(offered["SecretCode"])
        verified = self.idp.verify_software_token(Session=offered["Session"], UserCode=self.code())
        return str(verified["Session"])

    def finish_set_up(self, session: str) -> dict[str, Any]:
        return dict(
            self.idp.respond_to_auth_challenge(
                ClientId=self.client_id,
                ChallengeName="MFA_SETUP",
                Session=session,
                ChallengeResponses={"USERNAME": self.name},
            )
        )

    def token(self) -> str:
        """An access token of a sign-in by password alone."""
        return str(sign_in(self.idp, self.client_id, self.name)["AccessToken"])

    def change_password(self) -> None:
        """An administrator sets it anew, as it is."""
        self.idp.admin_set_user_password(
            UserPoolId=self.pool_id, Username=self.name, Password=PASSWORD, Permanent=True
        )

    def beside(self, name: str, make: PoolFactory) -> "Person":
        """Another user of the same pool, with the same password."""
        make.user(self.pool_id, name)
        return Person(self.server, self.pool_id, self.client_id, name)


def new_person(
    make: PoolFactory, mode: str = "OPTIONAL", *, name: str = "ada", factors: Any = TOTP, **attributes: str
) -> Person:
    """A confirmed user of a new pool with this MFA. Time stands still on the test's own server."""
    pool_id = make.pool()
    client_id = make.client(pool_id)["ClientId"]
    make.user(pool_id, name, **attributes)
    person = Person(make.server, pool_id, client_id, name)
    person.require(mode, **factors)
    return person
