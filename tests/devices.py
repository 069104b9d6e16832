"""A device of a user for tests: pycognito's own computations, a step at a time."""

import base64
import os
from dataclasses import dataclass, field
from typing import Any

from pycognito import aws_srp
from pycognito.aws_srp import AWSSRP
from tests.calls import PASSWORD
from tests.conftest import PoolFactory

TRACKED: dict[str, Any] = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True}}
OPT_IN: dict[str, Any] = {
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
}


def verifier_config() -> dict[str, str]:
    """A DeviceSecretVerifierConfig that fits where nobody will prove anything by it."""
    return {
        "PasswordVerifier": base64.b64encode(b"\x05" * 300).decode(),
        "Salt": base64.b64encode(os.urandom(16)).decode(),
    }


@dataclass
class Phone:
    """Somebody's device, before and after it is confirmed."""

    idp: Any
    pool_id: str
    client_id: str
    name: str = "ada"
    password: str = PASSWORD
    key: str = ""
    group: str = ""
    secret: str = ""
    exchange: Any = field(default=None, repr=False)

    def srp(self) -> AWSSRP:
        """A new exchange, for the password and, if there is a device, for that."""
        known = {"device_key": self.key, "device_group_key": self.group, "device_password": self.secret}
        self.exchange = AWSSRP(
            self.name,
            self.password,
            self.pool_id,
            self.client_id,
            client=self.idp,
            **(known if self.key else {}),
        )
        return self.exchange

    def prove_password(self, **more: str) -> dict[str, Any]:
        """The answer to the proof of the password: tokens, or what is asked next."""
        srp = self.srp()
        asked = self.idp.initiate_auth(
            AuthFlow="USER_SRP_AUTH", ClientId=self.client_id, AuthParameters=srp.get_auth_params()
        )
        responses = srp.process_challenge(asked["ChallengeParameters"], srp.get_auth_params())
        return self.respond("PASSWORD_VERIFIER", {**responses, **more})

    def confirm(self, tokens: dict[str, Any], device_name: str = "Ada's phone") -> dict[str, Any]:
        """Confirms the device whose key came with the tokens."""
        new = tokens["NewDeviceMetadata"]
        self.key, self.group = new["DeviceKey"], new["DeviceGroupKey"]
        self.secret, config = aws_srp.generate_hash_device(self.group, self.key)
        return dict(
            self.idp.confirm_device(
                AccessToken=tokens["AccessToken"],
                DeviceKey=self.key,
                DeviceName=device_name,
                DeviceSecretVerifierConfig=config,
            )
        )

    def respond(self, challenge: str, responses: dict[str, str], **request: Any) -> dict[str, Any]:
        return dict(
            self.idp.respond_to_auth_challenge(
                ClientId=self.client_id,
                ChallengeName=challenge,
                ChallengeResponses={"USERNAME": self.name, **responses},
                **request,
            )
        )

    def half(self) -> dict[str, str]:
        """The answer to DEVICE_SRP_AUTH, with the A of the password's exchange, as pycognito sends it."""
        return {"DEVICE_KEY": self.key, "SRP_A": aws_srp.long_to_hex(self.exchange.large_a_value)}

    def begin(self, session: str | None) -> dict[str, Any]:
        """Answers DEVICE_SRP_AUTH; what is asked next."""
        named = {} if session is None else {"Session": session}
        answer = self.respond("DEVICE_SRP_AUTH", self.half(), **named)
        assert answer["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        return answer

    def proof(self, asked: dict[str, Any]) -> dict[str, str]:
        return dict(self.exchange.process_device_challenge(asked["ChallengeParameters"]))

    def prove(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self.respond("DEVICE_PASSWORD_VERIFIER", self.proof(asked))

    def sign_in(self) -> dict[str, Any]:
        """The tokens of a sign-in in which the device proves itself."""
        asked = self.prove_password()
        assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
        return dict(self.prove(self.begin(asked["Session"]))["AuthenticationResult"])


def unconfirmed(make: PoolFactory, pool: str, app: str, name: str) -> Phone:
    """A new user, and a device of theirs that the pool does not know yet."""
    make.user(pool, name)
    return Phone(make.server.idp, pool, app, name)
