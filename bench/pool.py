"""A user pool on a running server, made through its API: an app client and users who are signed in."""

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.load import Answer, Load, Script
from bench.machine import BenchError
from bench.srp import Client

PASSWORD = "Correct-1-horse"
# Emulators read the service from the scope. Cenote takes any credentials on loopback.
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64
)
Shape = TypeVar("Shape")


class Refused(BenchError):
    """The server answered with an error."""


def new_name() -> str:
    """One that nobody has, in no order: whoever comes next stands anywhere among those who are there."""
    return f"user-{secrets.token_hex(8)}"


def post(operation: str, body: dict[str, Any], *, signed: bool = False) -> bytes:
    content = msgspec.json.encode(body)
    head = (
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
        f"X-Amz-Target: AWSCognitoIdentityProviderService.{operation}\r\nContent-Length: {len(content)}\r\n"
    )
    if signed:
        head += f"X-Amz-Date: 20260101T000000Z\r\nAuthorization: {AUTHORIZATION}\r\n"
    return head.encode() + b"\r\n" + content


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def checked(answer: Answer, shape: type[Shape]) -> Shape:
    if answer.status != 200:
        raise Refused(f"{answer.status} {answer.body[:300].decode(errors='replace')}")
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.ValidationError as error:
        raise Refused(f"{error} in {answer.body[:300].decode(errors='replace')}") from None


def ask(address: tuple[str, int], request: bytes) -> Answer:
    answers: list[Answer] = []

    def script() -> Script:
        answers.append((yield request))

    with Load(address, 1) as load:
        load.run(iter([script()]), count=1)
    return answers[0]


def call(
    address: tuple[str, int], operation: str, body: dict[str, Any], *, signed: bool = True
) -> dict[str, Any]:
    """One operation on a connection of its own."""
    try:
        return checked(ask(address, post(operation, body, signed=signed)), dict[str, Any])
    except Refused as error:
        raise Refused(f"{operation}: {error}") from None


@dataclass(slots=True)
class Account:
    """A user and requests of theirs. The two tokens are there once they signed in."""

    client_id: str
    username: str
    password: str
    srp: Client
    access_token: str = ""
    id_token: str = ""
    refresh_token: str = ""

    @property
    def sign_up_request(self) -> bytes:
        email = {"Name": "email", "Value": f"{self.username}@example.com"}
        body = {"ClientId": self.client_id, "Username": self.username, "Password": self.password}
        return post("SignUp", {**body, "UserAttributes": [email]})

    @property
    def srp_request(self) -> bytes:
        return self._initiate("USER_SRP_AUTH", {"USERNAME": self.username, "SRP_A": self.srp.srp_a})

    def password_request(self, password: str) -> bytes:
        return self._initiate("USER_PASSWORD_AUTH", {"USERNAME": self.username, "PASSWORD": password})

    def refresh_request(self, token: str) -> bytes:
        return self._initiate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": token})

    def _initiate(self, flow: str, parameters: dict[str, str]) -> bytes:
        body = {"ClientId": self.client_id, "AuthFlow": flow, "AuthParameters": parameters}
        return post("InitiateAuth", body)


@dataclass(slots=True)
class Pool:
    pool_id: str
    client_id: str
    accounts: list[Account] = field(default_factory=list)
    srp: Client | None = None

    def new_account(self, password: str = PASSWORD) -> Account:
        if self.srp is None:
            self.srp = Client(self.pool_id, PASSWORD, secrets.randbits(256))
        return Account(self.client_id, new_name(), password, self.srp)


def create_pool(address: tuple[str, int], name: str) -> Pool:
    """A pool whose sign-ups have to confirm their e-mail address, so that each one sends a code."""
    created = call(address, "CreateUserPool", {"PoolName": name, "AutoVerifiedAttributes": ["email"]})
    pool_id = created["UserPool"]["Id"]
    flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    body = {"UserPoolId": pool_id, "ClientName": name, "ExplicitAuthFlows": flows}
    return Pool(pool_id, call(address, "CreateUserPoolClient", body)["UserPoolClient"]["ClientId"])


def add_account(address: tuple[str, int], pool: Pool) -> Account:
    """Sign a user up, confirm them, sign them in."""
    account = pool.new_account()
    results: list[dict[str, Any]] = []

    def script() -> Script:
        checked((yield account.sign_up_request), dict[str, Any])
        confirm = {"UserPoolId": pool.pool_id, "Username": account.username}
        checked((yield post("AdminConfirmSignUp", confirm, signed=True)), dict[str, Any])
        answer = checked((yield account.password_request(PASSWORD)), dict[str, Any])
        results.append(answer["AuthenticationResult"])

    with Load(address, 1) as load:
        load.run(iter([script()]), count=1)
    account.access_token, account.id_token = results[0]["AccessToken"], results[0]["IdToken"]
    account.refresh_token = results[0]["RefreshToken"]
    pool.accounts.append(account)
    return account


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def tokens_verify(address: tuple[str, int], pool: Pool) -> bool:
    """Whether a signed-in user's access and ID tokens verify under the key that the pool's JWKS has for each."""
    keys = checked(
        ask(address, get(f"/{pool.pool_id}/.well-known/jwks.json")), dict[str, list[dict[str, str]]]
    )
    account = pool.accounts[0]
    for token in (account.access_token, account.id_token):
        head, _, signature = token.rpartition(".")
        kid = msgspec.json.decode(unbase64url(head.partition(".")[0]))["kid"]
        try:
            jwk = next(key for key in keys["keys"] if key["kid"] == kid)
            e, n = (int.from_bytes(unbase64url(jwk[part]), "big") for part in ("e", "n"))
            verifier = rsa.RSAPublicNumbers(e, n).public_key()
            verifier.verify(unbase64url(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (StopIteration, InvalidSignature):
            return False
    return True
