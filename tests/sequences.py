"""A world for sequences of sign-in calls: an application without sockets, people with factors, what is true of them.

Nothing here looks at how the engine decides. `Person` is what a user has, as whoever made them knows it; `Asked` is one
`Session` with what was truly shown on the way to it.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyotp
from gmpy2 import mpz, powmod
from tests.conftest import Clock
from tests.wire.asgi import a_scope, call

from cenote.domain.aws_dates import format_date
from cenote.server.app import Application
from cenote.server.settings import Settings

FLOWS = [
    f"ALLOW_{flow}"
    for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "ADMIN_USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH")
]  # fmt: skip
APPS = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
STRICT, LAX = "strict", "lax"
"""A pool that insists on a second factor or a remembered device, and one where users may turn it on."""
KINDS: Mapping[str, str] = {
    "app": STRICT,
    "other": STRICT,
    "bare": STRICT,
    "invited": STRICT,
    "device": STRICT,
    "barred": STRICT,
    "plain": LAX,
    "careful": LAX,
    "asked": LAX,
    "unconfirmed": LAX,
    "disabled": LAX,
    "codes": LAX,
}
"""Every kind of user, and their pool. `asked` was invited, too; `codes` has no password; `careful` turned an app on."""
WITH_APP = {"app", "other", "device", "barred", "careful"}


class Refused(Exception):
    """An AWS error: its code less `Exception`, and its text."""

    def __init__(self, code: str, text: str | None) -> None:
        super().__init__(code, text)
        self.code = code.removesuffix("Exception")


@dataclass
class Person:
    """A user as they truly are. `app` is their authenticator's secret, `app_on` whether they turned it on.

    `version` counts their passwords, -1 for none; `used` is the last half-minute whose code of the app was taken.
    """

    kind: str
    pool: str
    name: str
    password: str
    version: int = 0
    enabled: bool = True
    confirmed: bool = True
    temporary: bool = False
    email: str = ""
    app: str = ""
    app_on: bool = False
    used: int = 0
    device: tuple[str, str, str] | None = None
    """Key, group and secret of a remembered device."""

    @property
    def strict(self) -> bool:
        return KINDS[self.kind] == STRICT

    @property
    def has_password(self) -> bool:
        return self.version >= 0

    def code(self, now: int, steps: int = 0) -> str:
        """What their app shows; nothing useful without one."""
        return str(pyotp.TOTP(self.app).at(now // 1000 + 30 * steps)) if self.app else "000000"

    def step_of(self, code: str, now: int) -> int | None:
        """The half-minute that a code of theirs is good for, if it is good now."""
        steps = [step for step in (-1, 0, 1) if self.app and self.code(now, step) == code]
        fresh = [now // 30_000 + step for step in steps if now // 30_000 + step > self.used]
        return max(fresh, default=None)


@dataclass(frozen=True)
class Fact:
    """Something truly shown: what, and of which state of its user (a password's number, an app's secret)."""

    what: str
    of: object = None


@dataclass
class Asked:
    """One `Session` (or SECRET_BLOCK) as it was handed out.

    `facts` is what was shown on the way here, `code` what was mailed for it, `offered` the secret that came with it.
    """

    person: Person
    client: str
    challenge: str
    text: str
    at: int
    facts: frozenset[Fact]
    parameters: dict[str, str] = field(default_factory=dict)
    code: str = ""
    offered: str = ""
    device_key: str = ""
    wrong: int = 0
    spent: bool = False


class Srp:
    """A client's side of SRP-6a as Cognito has it, on a secret exponent that never changes: we need no secrecy."""

    N = mpz(
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
    a = int.from_bytes(hashlib.sha256(b"of a client in tests").digest(), "big")
    A = powmod(2, a, N)

    @staticmethod
    def padded(number: Any) -> bytes:
        raw = mpz(number).to_bytes((mpz(number).bit_length() + 7) // 8 or 1, "big")
        return b"\0" + raw if raw[0] & 0x80 else raw

    @classmethod
    def hashed(cls, *numbers: Any) -> int:
        return int.from_bytes(
            hashlib.sha256(b"".join(cls.padded(number) for number in numbers)).digest(), "big"
        )

    @classmethod
    def x(cls, salt: bytes, group: str, name: str, secret: str) -> int:
        inner = hashlib.sha256(f"{group}{name}:{secret}".encode()).digest()
        salted = cls.padded(int.from_bytes(salt, "big")) + inner
        return int.from_bytes(hashlib.sha256(salted).digest(), "big")

    @classmethod
    def verifier(cls, salt: bytes, group: str, name: str, secret: str) -> dict[str, str]:
        number = cls.padded(powmod(2, cls.x(salt, group, name, secret), cls.N))
        return {"PasswordVerifier": encoded(number), "Salt": encoded(salt)}

    @classmethod
    def proof(
        cls, asked: Mapping[str, str], block: str, now: int, *, group: str, name: str, secret: str
    ) -> dict[str, str]:
        """The answer to a verifier challenge."""
        salt = int(asked["SALT"], 16).to_bytes((len(asked["SALT"]) + 1) // 2, "big")
        b, k = (
            mpz(asked["SRP_B"], 16),
            int.from_bytes(hashlib.sha256(cls.padded(cls.N) + b"\2").digest(), "big"),
        )
        x, u = cls.x(salt, group, name, secret), cls.hashed(cls.A, b)
        shared = powmod(b - k * powmod(2, x, cls.N), cls.a + u * x, cls.N)
        extracted = hmac.digest(cls.padded(u), cls.padded(shared), "sha256")
        key = hmac.digest(extracted, b"Caldera Derived Key\1", "sha256")[:16]
        dated = format_date(now)
        message = f"{group}{name}".encode() + base64.b64decode(block) + dated.encode()
        return {
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": encoded(hmac.digest(key, message, "sha256")),
            "TIMESTAMP": dated,
        }


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class World:
    """The application in this thread, two pools with two clients each, and the people of the sequence that runs."""

    def __init__(self, settings: Settings) -> None:
        self.clock = Clock()
        self.clock.freeze()
        self.app = Application(settings, clock=self.clock, conforming=True)
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.app.start())
        self.pools: dict[str, str] = {}
        self.clients: dict[str, list[str]] = {}
        self.people: dict[str, Person] = {}
        self.count = 0
        self._make(STRICT, DeviceConfiguration={"ChallengeRequiredOnNewDevice": True})
        first = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}
        self._make(LAX, AutoVerifiedAttributes=["email"], Policies={"SignInPolicy": first})

    def close(self) -> None:
        self.loop.run_until_complete(self.app.stop())
        self.loop.close()

    def _make(self, name: str, **request: Any) -> None:
        pool = self.pools[name] = self.call("CreateUserPool", PoolName=name, **request)["UserPool"]["Id"]
        made = [
            self.call("CreateUserPoolClient", UserPoolId=pool, ClientName="app", ExplicitAuthFlows=FLOWS)
            for _ in range(2)
        ]
        self.clients[name] = [client["UserPoolClient"]["ClientId"] for client in made]
        mode = "ON" if name == STRICT else "OPTIONAL"
        self.call("SetUserPoolMfaConfig", UserPoolId=pool, MfaConfiguration=mode, **APPS)

    def call(self, operation: str, /, **request: Any) -> Any:
        """One call of the API, a millisecond after the one before; `Refused` for an error."""
        self.clock.advance(ms=1)
        body = json.dumps(request).encode()
        answer = self.loop.run_until_complete(call(self.app.dispatcher, a_scope(operation), body))
        if answer.status != 200:
            assert answer.status == 400, (operation, answer.json)
            raise Refused(*answer.error)
        return answer.json if answer.body else {}

    def mailed(self, person: Person) -> str:
        """The code that was sent to them last."""
        listed = self.app.store.messages.list_(to=person.email, limit=1)
        (message,) = self.loop.run_until_complete(listed)
        return str(message.code)

    # People

    def begin(self) -> None:
        """A new sequence: nobody of the last one is known."""
        self.people.clear()
        self.clock.advance(minutes=30)

    def person(self, kind: str) -> Person:
        """The one of this kind in this sequence, made when first spoken of."""
        if kind not in self.people:
            self.count += 1
            self.people[kind] = self._born(kind, f"{kind}-{self.count}")
        return self.people[kind]

    def _born(self, kind: str, name: str) -> Person:
        person = Person(kind, self.pools[KINDS[kind]], name, f"Horse-of-{name}-9")
        contact = {"email": f"{name}@example.com", "email_verified": "true"} if KINDS[kind] == LAX else {}
        person.email = contact.get("email", "")
        if kind == "unconfirmed":
            client = self.clients[LAX][0]
            self.call("SignUp", ClientId=client, Username=name, Password=person.password)
            person.confirmed = False
            return person
        if kind == "codes":
            client, attributes = self.clients[LAX][0], [{"Name": "email", "Value": person.email}]
            self.call("SignUp", ClientId=client, Username=name, UserAttributes=attributes)
            self.call("ConfirmSignUp", ClientId=client, Username=name, ConfirmationCode=self.mailed(person))
            person.version, person.password = -1, "there is none, Horse-9"
            return person
        self.call(
            "AdminCreateUser",
            UserPoolId=person.pool,
            Username=name,
            MessageAction="SUPPRESS",
            TemporaryPassword=person.password,
            UserAttributes=[{"Name": key, "Value": value} for key, value in contact.items()],
        )
        if kind in {"invited", "asked"}:
            person.temporary = True
            return person
        self.set_password(person, person.password)
        if kind in WITH_APP:
            self._gets_app(person)
        if kind in {"barred", "disabled"}:
            self.enable(person, on=False)
        return person

    def _gets_app(self, person: Person) -> None:
        """Through a sign-in by password, as such a user does; with `device`, their device is confirmed on the way."""
        client = self.clients[KINDS[person.kind]][0]
        answer = self.call("InitiateAuth", **self.by_password(person, client))
        if "Session" in answer:
            offered = self.call("AssociateSoftwareToken", Session=answer["Session"])
            person.app = offered["SecretCode"]
            code = person.code(self.clock())
            verified = self.call("VerifySoftwareToken", Session=offered["Session"], UserCode=code)
            responses = {"USERNAME": person.name}
            answer = self.call(
                "RespondToAuthChallenge",
                ClientId=client,
                ChallengeName="MFA_SETUP",
                Session=verified["Session"],
                ChallengeResponses=responses,
            )
        else:
            token = answer["AuthenticationResult"]["AccessToken"]
            person.app = self.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"]
            self.call("VerifySoftwareToken", AccessToken=token, UserCode=person.code(self.clock()))
        person.used = self.clock() // 30_000
        self.prefer_app(person)
        if person.kind == "device":
            self._gets_device(person, answer["AuthenticationResult"])
        self.clock.advance(seconds=30)

    def _gets_device(self, person: Person, tokens: dict[str, Any]) -> None:
        new, secret = tokens["NewDeviceMetadata"], f"kept by {person.name}"
        key, group = new["DeviceKey"], new["DeviceGroupKey"]
        verifier = Srp.verifier(b"salt of a device", group, key, secret)
        self.call(
            "ConfirmDevice",
            AccessToken=tokens["AccessToken"],
            DeviceKey=key,
            DeviceSecretVerifierConfig=verifier,
        )
        person.device = (key, group, secret)

    # What administrators do

    def set_password(self, person: Person, password: str, *, permanent: bool = True) -> None:
        self.call(
            "AdminSetUserPassword",
            UserPoolId=person.pool,
            Username=person.name,
            Password=password,
            Permanent=permanent,
        )
        person.password, person.version = password, max(person.version, 0) + 1
        person.confirmed, person.temporary = permanent, not permanent

    def enable(self, person: Person, *, on: bool) -> None:
        operation = "AdminEnableUser" if on else "AdminDisableUser"
        self.call(operation, UserPoolId=person.pool, Username=person.name)
        person.enabled = on

    def forget_device(self, person: Person) -> None:
        if person.device is not None:
            key = person.device[0]
            self.call("AdminForgetDevice", UserPoolId=person.pool, Username=person.name, DeviceKey=key)
            person.device = None

    def prefer_app(self, person: Person) -> None:
        """Turns their app on, if they have one."""
        if person.app:
            self.call(
                "AdminSetUserMFAPreference",
                UserPoolId=person.pool,
                Username=person.name,
                SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
            )
            person.app_on = True

    # Requests

    def by_password(self, person: Person, client: str, **parameters: str) -> dict[str, Any]:
        given = {"USERNAME": person.name, "PASSWORD": person.password, **parameters}
        return {"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": given}
