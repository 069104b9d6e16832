"""UserMigration: somebody whom the pool does not know signs in, as another directory knows them. Documented."""

from pathlib import Path
from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, attempt, attributes_of, outcome, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.flows.triggers.conftest import triggers
from tests.functions import FunctionServer, Refusal, answering, refusing
from tests.outbox import code_to

WEAK = "old"
WRONG = ("NotAuthorized", "Incorrect username or password.")


def directory(event: Any) -> Any:
    """Knows everybody, by a password that no policy would take."""
    if event["triggerSource"] == "UserMigration_Authentication" and event["request"]["password"] != WEAK:
        raise Refusal("Bad password")
    name = event["userName"].partition("@")[0]
    event["response"] = {
        "userAttributes": {"email": f"{name}@example.com", "email_verified": "true"},
        "finalUserStatus": "CONFIRMED",
        "messageAction": "SUPPRESS",
    }
    return event


@pytest.fixture
def functions(functions: FunctionServer) -> FunctionServer:
    functions.answers["UserMigration"] = directory
    return functions


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AliasAttributes=["email"], **triggers("UserMigration"))


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture(scope="module")
def hiding(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"])


def failed(app: str) -> tuple[str, str]:
    """recorded"""
    return "UserNotFound", f"Exception migrating user in app client {app}"


def test_somebody_who_did_not_exist_signs_in_and_is_known_from_then_on(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    result = sign_in(idp, app, "ada", WEAK)
    assert idp.get_user(AccessToken=result["AccessToken"])["Username"] == "ada"
    user = idp.admin_get_user(UserPoolId=pool, Username="ada@example.com")
    assert user["UserStatus"] == "CONFIRMED"
    assert attributes_of(user)["email_verified"] == "true"
    assert functions.event("UserMigration") == {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": app},
        "triggerSource": "UserMigration_Authentication",
        "request": {"password": WEAK, "validationData": None},
        "response": {
            "userAttributes": None,
            "finalUserStatus": None,
            "messageAction": None,
            "desiredDeliveryMediums": None,
            "forceAliasCreation": None,
            "enableSMSMFA": None,
        },
    }
    sign_in(idp, app, "ada", WEAK)
    assert refusal(sign_in, idp, app, "ada", "wrong") == WRONG
    assert len(functions.calls) == 1


def test_a_pool_that_makes_user_names_keeps_the_address_that_was_typed(
    idp: Any, make: PoolFactory, functions: FunctionServer
) -> None:
    pool = make.pool(UsernameAttributes=["email"], **triggers("UserMigration"))
    app = make.client(pool)["ClientId"]
    sign_in(idp, app, "bea@example.com", WEAK)
    user = idp.admin_get_user(UserPoolId=pool, Username="bea@example.com")
    assert user["Username"] == attributes_of(user)["sub"]


def test_the_function_may_give_another_user_name(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    attributes = {"username": "carl-2", "email": "carl@example.com", "email_verified": "true"}
    functions.answers["UserMigration"] = answering(userAttributes=attributes, finalUserStatus="CONFIRMED")
    sign_in(idp, app, "carl@example.com", WEAK)
    assert idp.admin_get_user(UserPoolId=pool, Username="carl@example.com")["Username"] == "carl-2"


def test_without_confirmed_the_password_has_to_be_reset(
    idp: Any, pool: str, app: str, functions: FunctionServer
) -> None:
    functions.answers["UserMigration"] = answering(userAttributes={"email": "dan@example.com"})
    assert refusal(attempt, idp, app, "dan", WEAK) == (
        "PasswordResetRequired",
        "Password reset required for the user",
    )
    assert idp.admin_get_user(UserPoolId=pool, Username="dan")["UserStatus"] == "RESET_REQUIRED"


def test_a_forgotten_password_brings_the_user_too(
    idp: Any, server: RunningServer, app: str, functions: FunctionServer
) -> None:
    idp.forgot_password(ClientId=app, Username="eve", ClientMetadata={"a": "b"})
    event = functions.event("UserMigration")
    assert event["triggerSource"] == "UserMigration_ForgotPassword"
    assert event["request"] == {"validationData": None, "clientMetadata": {"a": "b"}}
    code = code_to(server.url, "eve@example.com")
    idp.confirm_forgot_password(ClientId=app, Username="eve", ConfirmationCode=code, Password=PASSWORD)
    assert sign_in(idp, app, "eve")["AccessToken"]


def test_somebody_whom_the_function_refuses_is_not_made(
    idp: Any, pool: str, app: str, hiding: str, functions: FunctionServer
) -> None:
    assert refusal(attempt, idp, app, "finn", "wrong") == failed(app)
    assert refusal(attempt, idp, hiding, "finn2", "wrong") == WRONG
    for name in ("finn", "finn2"):
        assert refusal(idp.admin_get_user, UserPoolId=pool, Username=name)[0] == "UserNotFound"
    functions.answers["UserMigration"] = refusing("who?")
    assert refusal(idp.forgot_password, ClientId=app, Username="finn") == failed(app)
    assert idp.forgot_password(ClientId=hiding, Username="finn")["CodeDeliveryDetails"]


@pytest.mark.parametrize("name", ["app", "hiding"])
def test_case_39_nobody_guesses_at_the_other_directory_through_this_one(
    idp: Any, app: str, hiding: str, functions: FunctionServer, name: str
) -> None:
    client = {"app": app, "hiding": hiding}[name]
    said = [outcome(attempt, idp, client, f"gil-{name}", "wrong") for _ in range(6)]
    assert said[-1] == "Password attempts exceeded"
    calls = len(functions.calls)
    assert outcome(attempt, idp, client, f"gil-{name}", WEAK) == "Password attempts exceeded"
    assert len(functions.calls) == calls


def test_of_many_first_sign_ins_at_once_each_finds_the_one_user(
    tmp_path: Path, functions: FunctionServer
) -> None:
    # Where a function may take a minute: here it matters what came of it, not how fast this machine is.
    settings = settings_for(
        tmp_path / "data", functions=functions.targets("UserMigration"), function_timeout=60
    )
    with running(settings) as patient:
        idp, make = patient.idp, PoolFactory(patient)
        pool = make.pool(AliasAttributes=["email"], **triggers("UserMigration"))
        app = str(make.client(pool)["ClientId"])
        assert at_once(lambda _: outcome(attempt, idp, app, "hal", WEAK), 8) == ["ok"] * 8
        users = idp.list_users(UserPoolId=pool, Filter='username = "hal"')["Users"]
        assert len(users) == 1


@pytest.mark.parametrize(
    "response",
    [
        {"userAttributes": {"email": "not an address"}},
        {"userAttributes": {"custom:unknown": "x"}},
        {"userAttributes": {"email": 5}},
        {"userAttributes": {"email": "ida@example.com"}, "finalUserStatus": "UNCONFIRMED"},
        {"userAttributes": {"email": "ida@example.com"}, "enableSMSMFA": True},
    ],
)
def test_a_bad_answer_makes_nobody(
    idp: Any, pool: str, app: str, functions: FunctionServer, response: Any
) -> None:
    functions.answers["UserMigration"] = answering(**response)
    expected = ("InvalidLambdaResponse", "Unrecognizable lambda output")
    assert refusal(attempt, idp, app, "ida", WEAK) == expected
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="ida")[0] == "UserNotFound"


def test_no_attributes_mean_that_the_function_knows_nobody(
    idp: Any, app: str, functions: FunctionServer
) -> None:
    functions.answers["UserMigration"] = lambda event: event
    assert refusal(attempt, idp, app, "jim", WEAK) == failed(app)


def test_no_answer_in_time_makes_nobody_and_tells_nothing_where_names_are_hidden(
    idp: Any, app: str, hiding: str, functions: FunctionServer
) -> None:
    functions.answers["UserMigration"] = functions.hang
    assert refusal(attempt, idp, app, "kim", WEAK)[0] == "UnexpectedLambda"
    assert refusal(attempt, idp, hiding, "kim", WEAK) == WRONG


def test_somebody_elses_alias_is_theirs_unless_the_function_says_otherwise(
    idp: Any, make: PoolFactory, pool: str, app: str, functions: FunctionServer
) -> None:
    make.user(pool, "lea", email="shared@example.com", email_verified="true")
    shared = {"email": "shared@example.com", "email_verified": "true"}
    functions.answers["UserMigration"] = answering(userAttributes=shared, finalUserStatus="CONFIRMED")
    assert refusal(attempt, idp, app, "mia", WEAK) == failed(app)
    functions.answers["UserMigration"] = answering(
        userAttributes=shared, finalUserStatus="CONFIRMED", forceAliasCreation=True
    )
    sign_in(idp, app, "mia", WEAK)
    assert idp.admin_get_user(UserPoolId=pool, Username="shared@example.com")["Username"] == "mia"


def test_srp_migrates_nobody(idp: Any, app: str, functions: FunctionServer) -> None:
    """documented: the password has to be sent"""
    request = {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "nik", "SRP_A": "2"}}
    assert refusal(idp.initiate_auth, ClientId=app, **request)[0] == "UserNotFound"
    assert functions.calls == []
