"""What an access token must be, for every operation that a user calls with one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.calls import PASSWORD, claims_of, outcome, pairs, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer

from cenote.domain import jwt as own_jwt

INVALID = ("NotAuthorized", "Invalid Access Token")
# Everything that takes an access token, and what it needs besides.
OPERATIONS: dict[str, dict[str, Any]] = {
    "get_user": {},
    "delete_user": {},
    "update_user_attributes": {"UserAttributes": pairs({"nickname": "x"})},
    "delete_user_attributes": {"UserAttributeNames": ["nickname"]},
    "change_password": {"PreviousPassword": PASSWORD, "ProposedPassword": PASSWORD},
    "global_sign_out": {},
    "get_user_attribute_verification_code": {"AttributeName": "email"},
    "verify_user_attribute": {"AttributeName": "email", "Code": "000000"},
}


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    pool = make.pool()
    make.user(pool, "ada", email="ada@example.com")
    return pool


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture(scope="module")
def tokens(idp: Any, app: str) -> dict[str, Any]:
    return sign_in(idp, app, "ada")


@pytest.fixture(params=sorted(OPERATIONS))
def call(idp: Any, request: pytest.FixtureRequest) -> Callable[[str], Any]:
    operation = getattr(idp, request.param)
    return lambda token: operation(AccessToken=token, **OPERATIONS[request.param])


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_case_30_an_id_token_is_no_access_token(call: Any, tokens: dict[str, Any]) -> None:
    assert refusal(call, tokens["IdToken"]) == INVALID


def test_case_30_a_refresh_token_is_no_access_token(call: Any, tokens: dict[str, Any]) -> None:
    assert refusal(call, tokens["RefreshToken"]) == INVALID


def test_case_26_a_revoked_access_token_is_refused_everywhere(idp: Any, app: str, call: Any) -> None:
    ended = sign_in(idp, app, "ada")
    idp.revoke_token(Token=ended["RefreshToken"], ClientId=app)
    assert refusal(call, ended["AccessToken"]) == ("NotAuthorized", "Access Token has been revoked")


def test_an_access_token_of_a_deleted_user_is_refused(
    idp: Any, make: PoolFactory, pool: str, app: str, call: Any
) -> None:
    make.user(pool, "brief")
    token = sign_in(idp, app, "brief")["AccessToken"]
    idp.admin_delete_user(UserPoolId=pool, Username="brief")
    assert refusal(call, token) in (
        ("UserNotFound", "User does not exist."),
        ("NotAuthorized", "Access Token has been revoked"),  # GlobalSignOut has no UserNotFound
    )


@pytest.fixture
def key(server: RunningServer, pool: str) -> Any:
    """The pool's own signing key for access tokens."""

    async def found() -> Any:
        return await server.app.signing.of(await server.app.store.pools.get(pool))

    return server.run(found()).access_key


def resigned(key: Any, token: str, **changes: Any) -> str:
    """A token with other claims, signed with the pool's own key; None takes a claim away."""
    claims = {name: value for name, value in {**claims_of(token), **changes}.items() if value is not None}
    return own_jwt.sign(claims, key)


def test_what_is_signed_with_the_pools_key_is_good(idp: Any, key: Any, tokens: dict[str, Any]) -> None:
    """The measure of the tests below: only what they change is wrong."""
    assert idp.get_user(AccessToken=resigned(key, tokens["AccessToken"]))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"token_use": "id"}, INVALID[1]),
        ({"token_use": None}, INVALID[1]),
        ({"iss": "https://evil.example/{pool}"}, INVALID[1]),
        ({"exp": 1}, "Access Token has expired"),
        ({"exp": None}, INVALID[1]),
        ({"scope": "openid email"}, "Access Token does not have required scopes"),
        ({"scope": None}, "Access Token does not have required scopes"),
        ({"scope": "aws.cognito.signin.user.administrator"}, "Access Token does not have required scopes"),
        ({"origin_jti": "00000000-0000-4000-8000-000000000000"}, "Access Token has been revoked"),
    ],
)
def test_case_30_each_claim_is_looked_at(
    idp: Any, pool: str, key: Any, tokens: dict[str, Any], changes: dict[str, Any], text: str
) -> None:
    changes = {k: v.format(pool=pool) if isinstance(v, str) else v for k, v in changes.items()}
    assert outcome(idp.get_user, AccessToken=resigned(key, tokens["AccessToken"], **changes)) == text


def test_case_30_a_session_of_one_user_shows_no_other(
    idp: Any, make: PoolFactory, pool: str, key: Any, tokens: dict[str, Any]
) -> None:
    other = make.user(pool, "eve")
    assert outcome(idp.get_user, AccessToken=resigned(key, tokens["AccessToken"], sub=other)) != "ok"


def test_case_30_a_token_of_one_pool_is_nothing_to_another(
    idp: Any, make: PoolFactory, pool: str, key: Any, tokens: dict[str, Any]
) -> None:
    other = make.pool()
    issuer = claims_of(tokens["AccessToken"])["iss"].replace(pool, other)
    assert refusal(idp.get_user, AccessToken=resigned(key, tokens["AccessToken"], iss=issuer)) == INVALID


def test_case_27_a_token_that_is_not_signed_by_the_pool_is_refused(idp: Any, tokens: dict[str, Any]) -> None:
    token = tokens["AccessToken"]
    header, claims = jwt.get_unverified_header(token), claims_of(token)
    _, payload, signature = token.split(".")
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    foreign = jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": header["kid"]})
    for alg in ("none", "None", "nOnE", "HS256", "ES256", "PS256", ""):
        changed = encoded({**header, "alg": alg})
        assert refusal(idp.get_user, AccessToken=f"{changed}.{payload}.{signature}") == INVALID
        assert refusal(idp.get_user, AccessToken=f"{changed}.{payload}.") == INVALID
    assert refusal(idp.get_user, AccessToken=foreign) == INVALID
    changed = encoded({**claims, "username": "eve"})
    assert refusal(idp.get_user, AccessToken=f"{token.split('.')[0]}.{changed}.{signature}") == INVALID


def test_case_27_the_public_key_is_no_secret_to_sign_with(idp: Any, key: Any, tokens: dict[str, Any]) -> None:
    pem = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {**jwt.get_unverified_header(tokens["AccessToken"]), "alg": "HS256"}
    signed = f"{encoded(header)}.{tokens['AccessToken'].split('.')[1]}"
    forged = f"{signed}.{encoded(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"
    assert refusal(idp.get_user, AccessToken=forged) == INVALID


@pytest.mark.parametrize("change", ["cut", "padded", "doubled", "unused bits", "spaced"])
def test_case_32_a_token_has_one_spelling(idp: Any, tokens: dict[str, Any], change: str) -> None:
    token = tokens["AccessToken"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 256 bytes end in four bits that mean nothing.
    last = letters[letters.index(token[-1]) ^ 1]
    changed = {
        "cut": token[:-1],
        "padded": token + "==",
        "doubled": token + "." + token.split(".")[2],
        "unused bits": token[:-1] + last,
        "spaced": token.replace(".", "..", 1),
    }[change]
    assert refusal(idp.get_user, AccessToken=changed) == INVALID
