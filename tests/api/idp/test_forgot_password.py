"""ForgotPassword, ConfirmForgotPassword, AdminResetUserPassword. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, outcome, pairs, refresh, refusal, secret_hash, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import code_to, messages_to, newest_to, wrong

NEW = "New-Correct-Horse-10"
MISMATCH = ("CodeMismatch", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCode", "Invalid code provided, please request a code again.")
TOO_MANY = ("LimitExceeded", "Attempt limit exceeded, please try after some time.")
NOBODY = ("UserNotFound", "Username/client id combination not found.")
UNREACHABLE = (
    "InvalidParameter",
    "Cannot reset password for the user as there is no registered/verified email or phone_number",
)
NOT_NOW = ("NotAuthorized", "User password cannot be reset in the current state.")


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture(scope="module")
def discreet(make: PoolFactory, pool: str) -> str:
    """A client of the same pool that does not tell who is a user."""
    return str(make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"])


def user(make: PoolFactory, pool: str, name: str) -> str:
    return make.user(pool, name, email=f"{name}@example.com", email_verified="true")


def forgot(idp: Any, app: str, name: str, **request: Any) -> dict[str, Any]:
    return dict(idp.forgot_password(ClientId=app, Username=name, **request)["CodeDeliveryDetails"])


def confirm(idp: Any, app: str, name: str, code: str, password: str = NEW, **request: Any) -> None:
    idp.confirm_forgot_password(
        ClientId=app, Username=name, ConfirmationCode=code, Password=password, **request
    )


def test_the_code_buys_a_new_password(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "ada")
    assert forgot(idp, app, "ada") == {
        "Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email",
    }  # fmt: skip
    message = newest_to(server.url, "ada@example.com")
    assert message["subject"] == "Your password reset code"
    confirm(idp, app, "ada", message["code"])
    assert sign_in(idp, app, "ada", NEW)["AccessToken"]
    assert outcome(sign_in, idp, app, "ada") == "Incorrect username or password."


def test_until_then_the_old_password_stays_good(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    user(make, pool, "patient")
    forgot(idp, app, "patient")
    assert sign_in(idp, app, "patient")["AccessToken"]


def test_case_48_a_reset_needs_its_code(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "guarded")
    assert refusal(confirm, idp, app, "guarded", "123456") == EXPIRED
    forgot(idp, app, "guarded")
    code = code_to(server.url, "guarded@example.com")
    assert refusal(confirm, idp, app, "guarded", wrong(code)) == MISMATCH
    assert outcome(sign_in, idp, app, "guarded", NEW) == "Incorrect username or password."
    confirm(idp, app, "guarded", code)
    assert refusal(confirm, idp, app, "guarded", code) == EXPIRED


def test_case_48_a_reset_ends_every_session(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "left-open")
    tokens = sign_in(idp, app, "left-open")
    forgot(idp, app, "left-open")
    confirm(idp, app, "left-open", code_to(server.url, "left-open@example.com"))
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "Access Token has been revoked"
    assert outcome(refresh, idp, app, tokens["RefreshToken"]) == "Refresh Token has been revoked"


def test_case_44_a_code_is_for_one_thing_and_one_user(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "one")
    user(make, pool, "two")
    forgot(idp, app, "one")
    forgot(idp, app, "two")
    one, two = (code_to(server.url, f"{name}@example.com") for name in ("one", "two"))
    if one != two:
        assert refusal(confirm, idp, app, "two", one) == MISMATCH
    idp.sign_up(
        ClientId=app,
        Username="three",
        Password=PASSWORD,
        UserAttributes=pairs({"email": "three@example.com"}),
    )
    assert refusal(confirm, idp, app, "three", code_to(server.url, "three@example.com")) == EXPIRED


def test_case_47_of_fifty_right_codes_at_once_one_sets_its_password(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "raced")
    forgot(idp, app, "raced")
    code = code_to(server.url, "raced@example.com")
    answers = at_once(lambda index: outcome(confirm, idp, app, "raced", code, f"{NEW}{index:02}"), 50)
    assert answers.count("ok") == 1
    winner = f"{NEW}{answers.index('ok'):02}"
    assert sign_in(idp, app, "raced", winner)["AccessToken"]
    assert set(answers) <= {"ok", EXPIRED[1], TOO_MANY[1]}


def test_case_41_guesses_are_few(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "stormed")
    forgot(idp, app, "stormed")
    code = code_to(server.url, "stormed@example.com")
    answers = at_once(lambda _: refusal(confirm, idp, app, "stormed", wrong(code)), 50)
    assert answers.count(MISMATCH) == 5
    assert answers.count(TOO_MANY) == 45
    assert refusal(confirm, idp, app, "stormed", code) == TOO_MANY


def test_case_49_a_code_is_over_after_an_hour(own_server: RunningServer, own: PoolFactory) -> None:
    idp = own_server.idp
    pool = own.pool()
    app = own.client(pool)["ClientId"]
    user(own, pool, "slow")
    forgot(idp, app, "slow")
    code = code_to(own_server.url, "slow@example.com")
    own_server.clock.advance(minutes=61)
    assert refusal(confirm, idp, app, "slow", code) == EXPIRED


def test_case_49_only_the_newest_code_is_good(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "again")
    forgot(idp, app, "again")
    first = code_to(server.url, "again@example.com")
    forgot(idp, app, "again")
    second = code_to(server.url, "again@example.com")
    if first != second:
        assert refusal(confirm, idp, app, "again", first) == MISMATCH
    confirm(idp, app, "again", second)


def test_a_new_password_conforms_and_is_new(server: RunningServer, idp: Any, make: PoolFactory) -> None:
    pool = make.pool(
        Policies={"PasswordPolicy": {"MinimumLength": 8, "RequireNumbers": True, "PasswordHistorySize": 2}}
    )
    app = make.client(pool)["ClientId"]
    user(make, pool, "picky")
    forgot(idp, app, "picky")
    code = code_to(server.url, "picky@example.com")
    assert refusal(confirm, idp, app, "picky", code, "no-number") == (
        "InvalidPassword",
        "Password does not conform to policy: Password must have numeric characters",
    )
    assert refusal(confirm, idp, app, "picky", code, PASSWORD)[0] == "PasswordHistoryPolicyViolation"
    confirm(idp, app, "picky", code)  # neither refusal used it up


def test_the_phone_number_comes_first_where_nothing_else_is_said(
    server: RunningServer, idp: Any, make: PoolFactory
) -> None:
    """Documented at AccountRecoverySetting."""
    both = {"email_verified": "true", "phone_number": "+15550111", "phone_number_verified": "true"}
    mail_first = [{"Priority": 1, "Name": "verified_email"}, {"Priority": 2, "Name": "verified_phone_number"}]
    for setting, medium in (({}, "SMS"), ({"RecoveryMechanisms": mail_first}, "EMAIL")):
        pool = make.pool(AccountRecoverySetting=setting) if setting else make.pool()
        make.user(pool, "reached", email="reached@example.com", **both)
        app = make.client(pool)["ClientId"]
        assert forgot(idp, app, "reached")["DeliveryMedium"] == medium


def test_only_administrators_reset_where_the_pool_says_so(idp: Any, make: PoolFactory) -> None:
    """The text is assumed."""
    pool = make.pool(AccountRecoverySetting={"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]})
    user(make, pool, "dependent")
    for setting in ("LEGACY", "ENABLED"):
        app = make.client(pool, PreventUserExistenceErrors=setting)["ClientId"]
        refused = refusal(forgot, idp, app, "dependent")
        assert refused == ("NotAuthorized", "Contact administrator to reset password.")


def test_without_the_setting_the_reason_is_told(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "unverified", email="unverified@example.com")
    assert refusal(forgot, idp, app, "unverified") == UNREACHABLE
    idp.sign_up(
        ClientId=app, Username="new", Password=PASSWORD, UserAttributes=pairs({"email": "new@example.com"})
    )
    assert refusal(forgot, idp, app, "new") == UNREACHABLE  # recorded in aws/aws-sdk-net#1984
    user(make, pool, "disabled")
    idp.admin_disable_user(UserPoolId=pool, Username="disabled")
    assert refusal(forgot, idp, app, "disabled") == ("NotAuthorized", "User is disabled.")
    assert refusal(confirm, idp, app, "disabled", "123456") == ("NotAuthorized", "User is disabled.")
    idp.admin_create_user(
        UserPoolId=pool,
        Username="invited",
        MessageAction="SUPPRESS",
        UserAttributes=pairs({"email": "invited@example.com", "email_verified": "true"}),
    )
    assert refusal(forgot, idp, app, "invited") == NOT_NOW
    assert refusal(forgot, idp, app, "nobody") == NOBODY
    assert refusal(confirm, idp, app, "nobody", "123456") == NOBODY


def test_case_37_with_the_setting_everybody_is_answered_alike(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, discreet: str
) -> None:
    """Documented: a simulated delivery for who is not there, is disabled or cannot be reached (for who did not
    confirm yet, also recorded in aws-amplify/amplify-js#7253), CodeMismatch for a guess then, ExpiredCode for one
    that no code was asked for."""
    user(make, pool, "real")
    user(make, pool, "turned-off")
    idp.admin_disable_user(UserPoolId=pool, Username="turned-off")
    make.user(pool, "adrift", email="adrift@example.com")
    names = ("real", "turned-off", "adrift", "nobody", "nobody@example.com")
    assert {refusal(confirm, idp, discreet, name, "123456") for name in names} == {EXPIRED}
    for name in names:
        details = [forgot(idp, discreet, name) for _ in range(2)]
        assert details[0] == details[1]
        assert (details[0]["DeliveryMedium"], details[0]["AttributeName"]) == ("EMAIL", "email")
        assert len(details[0]["Destination"]) == len("a***@e***")
    code = code_to(server.url, "real@example.com")
    for name in names:
        guesses = [refusal(confirm, idp, discreet, name, wrong(code)) for _ in range(6)]
        assert guesses == [MISMATCH] * 5 + [TOO_MANY]
    for name in ("turned-off", "adrift", "nobody"):
        assert messages_to(server.url, f"{name}@example.com") == []


def test_case_37_a_weak_password_is_refused_before_anybody_is_looked_for(
    idp: Any, app: str, discreet: str
) -> None:
    for client in (app, discreet):
        assert refusal(confirm, idp, client, "nobody", "123456", "weak")[0] == "InvalidPassword"


def test_case_81_codes_are_sent_ten_times_an_hour(own_server: RunningServer, own: PoolFactory) -> None:
    """Documented in "Quotas in Amazon Cognito" as 5-20, depending on risk."""
    idp = own_server.idp
    pool = own.pool()
    app = own.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    user(own, pool, "flooded")
    for name in ("flooded", "nobody"):
        answers = [outcome(forgot, idp, app, name) for _ in range(11)]
        assert answers == ["ok"] * 10 + [TOO_MANY[1]]
    assert len(messages_to(own_server.url, "flooded@example.com")) == 10
    own_server.clock.advance(minutes=61)
    forgot(idp, app, "flooded")


def test_a_client_with_a_secret_proves_it(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str
) -> None:
    user(make, pool, "sealed")
    client = make.client(pool, GenerateSecret=True)
    app, proof = client["ClientId"], secret_hash(client, "sealed")
    assert refusal(forgot, idp, app, "sealed")[0] == "NotAuthorized"
    assert refusal(forgot, idp, app, "sealed", SecretHash="wrong")[0] == "NotAuthorized"
    forgot(idp, app, "sealed", SecretHash=proof)
    code = code_to(server.url, "sealed@example.com")
    assert refusal(confirm, idp, app, "sealed", code)[0] == "NotAuthorized"
    confirm(idp, app, "sealed", code, SecretHash=proof)


def test_an_unknown_client_resets_nothing(idp: Any) -> None:
    assert refusal(forgot, idp, "0" * 26, "ada")[0] == "ResourceNotFound"
    assert refusal(confirm, idp, "0" * 26, "ada", "123456")[0] == "ResourceNotFound"


def test_a_reset_confirms_who_had_not_confirmed_yet(
    server: RunningServer, idp: Any, pool: str, app: str
) -> None:
    """Assumed: their address was verified by an administrator, so the code proves what a sign-up's would have."""
    idp.sign_up(
        ClientId=app,
        Username="shortcut",
        Password=PASSWORD,
        UserAttributes=pairs({"email": "shortcut@example.com"}),
    )
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="shortcut", UserAttributes=pairs({"email_verified": "true"})
    )
    forgot(idp, app, "shortcut")
    confirm(idp, app, "shortcut", code_to(server.url, "shortcut@example.com"))
    assert idp.admin_get_user(UserPoolId=pool, Username="shortcut")["UserStatus"] == "CONFIRMED"


def test_an_administrators_reset_ends_the_password_and_the_sessions(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    user(make, pool, "reset")
    tokens = sign_in(idp, app, "reset")
    idp.admin_reset_user_password(UserPoolId=pool, Username="reset")
    assert idp.admin_get_user(UserPoolId=pool, Username="reset")["UserStatus"] == "RESET_REQUIRED"
    assert refusal(sign_in, idp, app, "reset")[0] == "PasswordResetRequired"
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "Access Token has been revoked"
    confirm(idp, app, "reset", code_to(server.url, "reset@example.com"))
    assert idp.admin_get_user(UserPoolId=pool, Username="reset")["UserStatus"] == "CONFIRMED"
    assert sign_in(idp, app, "reset", NEW)["AccessToken"]


def test_an_administrator_resets_no_password_that_cannot_be(idp: Any, make: PoolFactory, pool: str) -> None:
    reset = idp.admin_reset_user_password
    assert refusal(reset, UserPoolId=pool, Username="absent") == ("UserNotFound", "User does not exist.")
    assert refusal(reset, UserPoolId="eu-central-1_Absent000", Username="x")[0] == "ResourceNotFound"
    make.user(pool, "no-way", email="no-way@example.com")
    assert refusal(reset, UserPoolId=pool, Username="no-way") == UNREACHABLE
    idp.admin_create_user(UserPoolId=pool, Username="fresh", MessageAction="SUPPRESS")
    assert refusal(reset, UserPoolId=pool, Username="fresh") == NOT_NOW
    user(make, pool, "gone")
    idp.admin_disable_user(UserPoolId=pool, Username="gone")
    assert refusal(reset, UserPoolId=pool, Username="gone") == ("NotAuthorized", "User is disabled.")
