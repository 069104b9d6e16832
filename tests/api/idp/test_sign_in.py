"""Signing in by password, through both doors. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import PASSWORD, attempt, claims_of, outcome, refusal, secret_hash, sign_in
from tests.conftest import PoolFactory

WRONG = ("NotAuthorized", "Incorrect username or password.")
ABSENT = "eu-central-1_Absent000"


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    pool = make.pool()
    make.user(pool, "ada")
    return pool


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def as_admin(
    idp: Any, pool: str, app: str, flow: str = "ADMIN_USER_PASSWORD_AUTH", **changes: str
) -> dict[str, Any]:
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD, **changes}
    return dict(
        idp.admin_initiate_auth(UserPoolId=pool, ClientId=app, AuthFlow=flow, AuthParameters=parameters)
    )


def test_a_right_password_gets_tokens(idp: Any, app: str) -> None:
    answer = attempt(idp, app, "ada")
    result = answer["AuthenticationResult"]
    assert set(result) == {"AccessToken", "ExpiresIn", "TokenType", "RefreshToken", "IdToken"}
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
    assert answer["ChallengeParameters"] == {}
    assert "ChallengeName" not in answer
    assert "Session" not in answer
    assert claims_of(result["AccessToken"])["username"] == "ada"
    assert claims_of(result["IdToken"])["cognito:username"] == "ada"


def test_a_wrong_password_gets_none(idp: Any, app: str) -> None:
    for password in (PASSWORD.lower(), PASSWORD[:-1], PASSWORD + "x", "x"):
        assert refusal(sign_in, idp, app, "ada", password) == WRONG


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_an_administrator_signs_a_user_in(idp: Any, pool: str, app: str, flow: str) -> None:
    assert as_admin(idp, pool, app, flow)["AuthenticationResult"]["AccessToken"]
    assert refusal(as_admin, idp, pool, app, flow, PASSWORD="wrong") == WRONG
    assert refusal(as_admin, idp, pool, app, flow, USERNAME="nobody") == (
        "UserNotFound",
        "User does not exist.",
    )


def test_case_77_a_client_of_another_pool_does_not_exist(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    other = make.pool()
    make.user(other, "ada")
    assert refusal(as_admin, idp, other, app) == (
        "ResourceNotFound",
        f"User pool client {app} does not exist.",
    )
    assert refusal(as_admin, idp, ABSENT, app) == ("ResourceNotFound", f"User pool {ABSENT} does not exist.")


def test_a_client_that_is_not_there_signs_nobody_in(idp: Any) -> None:
    missing = "0" * 26
    expected = ("ResourceNotFound", f"User pool client {missing} does not exist.")
    assert refusal(attempt, idp, missing, "ada") == expected
    request = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeResponses": {"USERNAME": "ada"}}
    assert refusal(idp.respond_to_auth_challenge, ClientId=missing, **request) == expected


@pytest.mark.parametrize("missing", ["USERNAME", "PASSWORD"])
def test_what_a_sign_in_needs_is_named(idp: Any, app: str, missing: str) -> None:
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD}
    del parameters[missing]
    expected = ("InvalidParameter", f"Missing required parameter {missing}")
    request = {"ClientId": app, "AuthFlow": "USER_PASSWORD_AUTH"}
    assert refusal(idp.initiate_auth, **request, AuthParameters=parameters) == expected
    parameters[missing] = ""
    assert refusal(idp.initiate_auth, **request, AuthParameters=parameters) == expected


FLOWS = {
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
    "USER_SRP_AUTH": "ALLOW_USER_SRP_AUTH",
    "REFRESH_TOKEN_AUTH": "ALLOW_REFRESH_TOKEN_AUTH",
}
ANYTHING = {"USERNAME": "ada", "PASSWORD": PASSWORD, "SRP_A": "abcdef", "REFRESH_TOKEN": "x.y"}


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_a_flow_that_the_client_does_not_allow_is_refused(
    idp: Any, make: PoolFactory, pool: str, flow: str
) -> None:
    others = [allowed for name, allowed in FLOWS.items() if name != flow]
    app = make.client(pool, ExplicitAuthFlows=others)["ClientId"]
    assert refusal(idp.initiate_auth, ClientId=app, AuthFlow=flow, AuthParameters=ANYTHING) == (
        "InvalidParameter",
        f"{flow} flow not enabled for this client",
    )


def test_an_admin_flow_that_the_client_does_not_allow_is_refused(
    idp: Any, make: PoolFactory, pool: str
) -> None:
    app = make.client(pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])["ClientId"]
    assert refusal(as_admin, idp, pool, app) == (
        "InvalidParameter",
        "ADMIN_USER_PASSWORD_AUTH flow not enabled for this client",
    )


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_what_is_for_administrators_is_not_for_users(idp: Any, app: str, flow: str) -> None:
    assert refusal(idp.initiate_auth, ClientId=app, AuthFlow=flow, AuthParameters=ANYTHING) == (
        "InvalidParameter",
        "Initiate Auth method not supported.",
    )


def test_a_flow_that_the_client_does_not_have_is_refused(idp: Any, app: str) -> None:
    assert refusal(idp.initiate_auth, ClientId=app, AuthFlow="CUSTOM_AUTH", AuthParameters=ANYTHING) == (
        "InvalidParameter",
        "CUSTOM_AUTH flow not enabled for this client",
    )


def test_every_name_of_a_user_signs_in(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["email", "phone_number", "preferred_username"])
    app = make.client(pool)["ClientId"]
    sub = make.user(
        pool, "ada", email="ada@example.com", email_verified="true", phone_number="+15550100",
        phone_number_verified="true", preferred_username="countess",
    )  # fmt: skip
    for name in ("ada", "ADA", "Ada@Example.com", "+15550100", "countess", sub, sub.upper()):
        assert claims_of(sign_in(idp, app, name)["AccessToken"])["sub"] == sub


def test_where_the_email_is_the_user_name_nothing_else_is(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UsernameAttributes=["email"])
    app = make.client(pool)["ClientId"]
    sub = make.user(pool, "ada@example.com")
    claims = claims_of(sign_in(idp, app, "ADA@example.com")["IdToken"])
    assert claims["cognito:username"] == claims["sub"] == sub
    assert claims["email"] == "ada@example.com"


def test_a_user_who_must_reset_is_told_so(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "reset", email="reset@example.com", email_verified="true")
    idp.admin_reset_user_password(UserPoolId=pool, Username="reset")
    expected = ("PasswordResetRequired", "Password reset required for the user")
    assert refusal(sign_in, idp, app, "reset") == expected
    assert refusal(sign_in, idp, app, "reset", "wrong") == expected
    parameters = {"USERNAME": "reset", "SRP_A": "abcdef"}
    request = {"ClientId": app, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters}
    assert refusal(idp.initiate_auth, **request) == expected


def test_an_unconfirmed_user_is_told_so_once_the_password_is_right(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    idp.sign_up(ClientId=app, Username="hasty", Password=PASSWORD)
    assert refusal(sign_in, idp, app, "hasty") == ("UserNotConfirmed", "User is not confirmed.")
    assert refusal(sign_in, idp, app, "hasty", "wrong") == WRONG
    idp.admin_confirm_sign_up(UserPoolId=pool, Username="hasty")
    assert sign_in(idp, app, "hasty")


# The secret of an app client


def test_a_client_with_a_secret_proves_that_it_knows_it(idp: Any, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, GenerateSecret=True)
    app = client["ClientId"]
    assert sign_in(idp, app, "ada", SECRET_HASH=secret_hash(client, "ada"))
    assert refusal(sign_in, idp, app, "ada") == (
        "NotAuthorized",
        f"Client {app} is configured with secret but SECRET_HASH was not received",
    )
    mismatch = ("NotAuthorized", f"Unable to verify secret hash for client {app}")
    other = {**client, "ClientSecret": "x" * 51}
    wrong = (secret_hash(client, "bob"), secret_hash(other, "ada"), "x", secret_hash(client, "ada") + "=")
    for given in wrong:
        assert refusal(sign_in, idp, app, "ada", SECRET_HASH=given) == mismatch
    # A wrong hash is told before anything of the user is.
    assert refusal(sign_in, idp, app, "nobody", SECRET_HASH="x") == mismatch


def test_the_hash_is_of_the_name_as_typed(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UsernameAttributes=["email"])
    client = make.client(pool, GenerateSecret=True)
    make.user(pool, "ada@example.com")
    name = "Ada@example.com"
    assert sign_in(idp, client["ClientId"], name, SECRET_HASH=secret_hash(client, name))


def test_a_secret_that_is_not_there_is_not_proved(idp: Any, app: str) -> None:
    # assumed text
    assert refusal(sign_in, idp, app, "ada", SECRET_HASH="x") == (
        "NotAuthorized",
        f"Unable to verify secret hash for client {app}",
    )


def test_case_82_either_of_two_secrets_is_good(idp: Any, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, GenerateSecret=True)
    app = client["ClientId"]
    second = idp.add_user_pool_client_secret(UserPoolId=pool, ClientId=app)["ClientSecretDescriptor"]
    newer = {**client, "ClientSecret": second["ClientSecretValue"]}
    for good in (client, newer):
        assert sign_in(idp, app, "ada", SECRET_HASH=secret_hash(good, "ada"))
    idp.delete_user_pool_client_secret(UserPoolId=pool, ClientId=app, ClientSecretId=second["ClientSecretId"])
    assert outcome(sign_in, idp, app, "ada", SECRET_HASH=secret_hash(newer, "ada")) == (
        f"Unable to verify secret hash for client {app}"
    )
    assert sign_in(idp, app, "ada", SECRET_HASH=secret_hash(client, "ada"))
