"""Sign-ins beyond the password alone, on Cenote: choice-based, with an authenticator app, and refresh with rotation.

Without targets: what they cost beside the plain ones. An app's code is good once, so each user signs in once.
"""

import base64
import hmac
import itertools
import struct
import time
from collections.abc import Iterator

from bench.cryptography_alone import Crypto
from bench.load import Script
from bench.pool import PASSWORD, Account, Pool, add_account, call, checked, post

SIGN_IN = Crypto(signatures=2, of_generator=1)
REFRESH = Crypto(signatures=2)
STEP_SECONDS = 30
FLOWS = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
Address = tuple[str, int]


def choice_based(address: Address, accounts: int) -> Iterator[Script]:
    """USER_AUTH with the password at once."""
    pool, client_id = prepared(address, accounts, "choice")

    def script(account: Account) -> Script:
        parameters = {"USERNAME": account.username, "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD}
        body = {"ClientId": client_id, "AuthFlow": "USER_AUTH", "AuthParameters": parameters}
        signed_in(checked((yield post("InitiateAuth", body)), dict))

    return (script(account) for account in itertools.cycle(pool.accounts))


def with_app(address: Address, accounts: int) -> Iterator[Script]:
    """USER_PASSWORD_AUTH, then the code of an authenticator app: two requests."""
    pool, client_id = prepared(address, accounts, "app")
    token = {"SoftwareTokenMfaConfiguration": {"Enabled": True}, "MfaConfiguration": "OPTIONAL"}
    call(address, "SetUserPoolMfaConfig", {"UserPoolId": pool.pool_id, **token})
    secrets = {account.username: set_up(address, account) for account in pool.accounts}

    def script(account: Account) -> Script:
        parameters = {"USERNAME": account.username, "PASSWORD": PASSWORD}
        body = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        asked = checked((yield post("InitiateAuth", body)), dict)
        # The step after the one that setting up used: a client's clock may be that much ahead.
        code = code_of(secrets[account.username], int(time.time()) // STEP_SECONDS + 1)
        answer = {
            "ClientId": client_id,
            "ChallengeName": "SOFTWARE_TOKEN_MFA",
            "Session": asked["Session"],
            "ChallengeResponses": {"USERNAME": account.username, "SOFTWARE_TOKEN_MFA_CODE": code},
        }
        signed_in(checked((yield post("RespondToAuthChallenge", answer)), dict))

    return (script(account) for account in pool.accounts)


def rotating(address: Address, accounts: int) -> Iterator[Script]:
    """GetTokensFromRefreshToken, each time with the token that the last one gave."""
    rotation = {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}
    pool, client_id = prepared(address, accounts, "rotating", **rotation)
    newest = {}
    for account in pool.accounts:
        parameters = {"USERNAME": account.username, "PASSWORD": PASSWORD}
        body = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        newest[account.username] = call(address, "InitiateAuth", body)["AuthenticationResult"]["RefreshToken"]

    def script(account: Account) -> Script:
        body = {"ClientId": client_id, "RefreshToken": newest[account.username]}
        answer = checked((yield post("GetTokensFromRefreshToken", body)), dict)
        signed_in(answer)
        newest[account.username] = answer["AuthenticationResult"]["RefreshToken"]

    return (script(account) for account in itertools.cycle(pool.accounts))


def signed_in(answer: dict) -> None:  # type: ignore[type-arg]
    if not answer["AuthenticationResult"]["AccessToken"]:
        raise ValueError("an empty access token")


def prepared(address: Address, accounts: int, name: str, **client: object) -> tuple[Pool, str]:
    """A pool with so many users, and a client of it for the flows measured here."""
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    created = call(
        address,
        "CreateUserPool",
        {"PoolName": name, "AutoVerifiedAttributes": ["email"], "Policies": factors},
    )
    pool_id = created["UserPool"]["Id"]
    plain = {"UserPoolId": pool_id, "ClientName": "plain", "ExplicitAuthFlows": FLOWS}
    pool = Pool(pool_id, call(address, "CreateUserPoolClient", plain)["UserPoolClient"]["ClientId"])
    for _ in range(accounts):
        add_account(address, pool)
    made = call(address, "CreateUserPoolClient", {**plain, "ClientName": name, **client})
    return pool, str(made["UserPoolClient"]["ClientId"])


def set_up(address: Address, account: Account) -> bytes:
    """Gives the user an authenticator app and makes it the preferred factor; its secret."""
    token = {"AccessToken": account.access_token}
    text = call(address, "AssociateSoftwareToken", token)["SecretCode"]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    code = code_of(secret, int(time.time()) // STEP_SECONDS)
    call(address, "VerifySoftwareToken", {**token, "UserCode": code})
    preferred = {"SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    call(address, "SetUserMFAPreference", {**token, **preferred})
    return secret


def code_of(secret: bytes, step: int) -> str:
    """RFC 6238, six digits."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
