"""ConfirmSignUp, ResendConfirmationCode, AdminConfirmSignUp. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, attributes_of, outcome, pairs, refusal, secret_hash, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import code_to, messages_to, newest_to, wrong

MISMATCH = ("CodeMismatch", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCode", "Invalid code provided, please request a code again.")
TOO_MANY = ("LimitExceeded", "Attempt limit exceeded, please try after some time.")
NOBODY = ("UserNotFound", "Username/client id combination not found.")
CONFIRMED = ("NotAuthorized", "User cannot be confirmed. Current status is CONFIRMED")


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def signed_up(idp: Any, app: str, name: str, **attributes: str) -> None:
    attributes.setdefault("email", f"{name}@example.com")
    idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=pairs(attributes))


def confirm(idp: Any, app: str, name: str, code: str, **request: Any) -> None:
    idp.confirm_sign_up(ClientId=app, Username=name, ConfirmationCode=code, **request)


def test_the_code_confirms_the_user_and_the_address(
    server: RunningServer, idp: Any, pool: str, app: str
) -> None:
    signed_up(idp, app, "ada")
    confirm(idp, app, "ada", code_to(server.url, "ada@example.com"))
    seen = idp.admin_get_user(UserPoolId=pool, Username="ada")
    assert seen["UserStatus"] == "CONFIRMED"
    assert attributes_of(seen)["email_verified"] == "true"
    assert sign_in(idp, app, "ada")["AccessToken"]


def test_another_code_does_not(server: RunningServer, idp: Any, pool: str, app: str) -> None:
    signed_up(idp, app, "guessed")
    code = code_to(server.url, "guessed@example.com")
    full_width = "".join(chr(0xFF10 + int(digit)) for digit in code)
    for guess in (wrong(code), code + "0", code[:-1], full_width, "x"):
        assert refusal(confirm, idp, app, "guessed", guess) == MISMATCH
    assert idp.admin_get_user(UserPoolId=pool, Username="guessed")["UserStatus"] == "UNCONFIRMED"


def test_case_41_five_guesses_are_all_a_code_is_good_for(server: RunningServer, idp: Any, app: str) -> None:
    signed_up(idp, app, "five")
    code = code_to(server.url, "five@example.com")
    assert [refusal(confirm, idp, app, "five", wrong(code)) for _ in range(5)] == [MISMATCH] * 5
    assert refusal(confirm, idp, app, "five", code) == TOO_MANY


def test_case_41_new_codes_do_not_buy_guesses_without_end(server: RunningServer, idp: Any, app: str) -> None:
    signed_up(idp, app, "many")
    guesses = []
    for _ in range(5):
        code = code_to(server.url, "many@example.com")
        guesses += [refusal(confirm, idp, app, "many", wrong(code)) for _ in range(4)]
        idp.resend_confirmation_code(ClientId=app, Username="many")
    assert guesses == [MISMATCH] * 15 + [TOO_MANY] * 5


def test_case_41_of_fifty_guesses_at_once_no_more_are_looked_at(
    server: RunningServer, idp: Any, app: str
) -> None:
    signed_up(idp, app, "stormed")
    code = code_to(server.url, "stormed@example.com")
    answers = at_once(lambda _: refusal(confirm, idp, app, "stormed", wrong(code)), 50)
    assert answers.count(MISMATCH) == 5
    assert answers.count(TOO_MANY) == 45


def test_case_47_of_fifty_right_codes_at_once_one_confirms(server: RunningServer, idp: Any, app: str) -> None:
    signed_up(idp, app, "once")
    code = code_to(server.url, "once@example.com")
    answers = at_once(lambda _: outcome(confirm, idp, app, "once", code), 50)
    assert sorted(answers) == [CONFIRMED[1]] * 49 + ["ok"]


def test_case_44_a_code_is_its_users_alone(
    server: RunningServer, idp: Any, make: PoolFactory, app: str
) -> None:
    signed_up(idp, app, "one")
    signed_up(idp, app, "other")
    code = code_to(server.url, "one@example.com")
    assert refusal(confirm, idp, app, "other", code) == MISMATCH
    elsewhere = make.client(make.pool(AutoVerifiedAttributes=["email"]))["ClientId"]
    signed_up(idp, elsewhere, "one")
    assert refusal(confirm, idp, elsewhere, "one", code) == MISMATCH


def test_case_49_a_code_is_over_after_a_day(own_server: RunningServer, own: PoolFactory) -> None:
    idp = own_server.idp
    app = own.client(own.pool(AutoVerifiedAttributes=["email"]))["ClientId"]
    for name in ("slow", "late"):
        signed_up(idp, app, name)
    codes = {name: code_to(own_server.url, f"{name}@example.com") for name in ("slow", "late")}
    own_server.clock.advance(hours=23, minutes=59)
    confirm(idp, app, "slow", codes["slow"])
    own_server.clock.advance(minutes=2)
    assert refusal(confirm, idp, app, "late", codes["late"]) == EXPIRED


def test_case_49_only_the_newest_code_is_good(server: RunningServer, idp: Any, app: str) -> None:
    signed_up(idp, app, "anew")
    first = code_to(server.url, "anew@example.com")
    answer = idp.resend_confirmation_code(ClientId=app, Username="anew")
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    second = code_to(server.url, "anew@example.com")
    assert len(messages_to(server.url, "anew@example.com")) == 2
    if first != second:
        assert refusal(confirm, idp, app, "anew", first) == MISMATCH
    confirm(idp, app, "anew", second)


def test_case_49_a_code_is_kept_hashed(own_server: RunningServer, own: PoolFactory) -> None:
    app = own.client(own.pool(AutoVerifiedAttributes=["email"]))["ClientId"]
    signed_up(own_server.idp, app, "hashed")
    code = code_to(own_server.url, "hashed@example.com")
    engine = own_server.app.store.engine
    for table in ("codes", "messages", "quotas"):
        rows = own_server.run(engine.all(f"SELECT * FROM {table}"))
        assert code not in repr(rows)
        assert code.encode() not in b"".join(
            value for row in rows for value in row if isinstance(value, bytes)
        )


def test_who_is_confirmed_cannot_be_again(server: RunningServer, idp: Any, app: str) -> None:
    signed_up(idp, app, "twice")
    code = code_to(server.url, "twice@example.com")
    confirm(idp, app, "twice", code)
    assert refusal(confirm, idp, app, "twice", code) == CONFIRMED
    refused = refusal(idp.resend_confirmation_code, ClientId=app, Username="twice")
    assert refused == ("InvalidParameter", "User is already confirmed.")


def test_a_disabled_user_confirms_nothing(server: RunningServer, idp: Any, pool: str, app: str) -> None:
    signed_up(idp, app, "off")
    idp.admin_disable_user(UserPoolId=pool, Username="off")
    code = code_to(server.url, "off@example.com")
    assert refusal(confirm, idp, app, "off", code) == ("NotAuthorized", "User is disabled.")
    assert refusal(idp.resend_confirmation_code, ClientId=app, Username="off")[0] == "NotAuthorized"


def test_a_code_verifies_the_address_it_was_sent_to_and_no_other(
    server: RunningServer, idp: Any, pool: str, app: str
) -> None:
    signed_up(idp, app, "moved")
    code = code_to(server.url, "moved@example.com")
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="moved", UserAttributes=pairs({"email": "elsewhere@example.com"})
    )
    confirm(idp, app, "moved", code)
    seen = idp.admin_get_user(UserPoolId=pool, Username="moved")
    assert seen["UserStatus"] == "CONFIRMED"
    assert attributes_of(seen)["email_verified"] == "false"


def test_an_alias_of_somebody_else_is_told_to_who_has_its_code(
    server: RunningServer, idp: Any, make: PoolFactory
) -> None:
    pool = make.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "jie", email="shared@example.com", email_verified="true")
    signed_up(idp, app, "shirley", email="shared@example.com")
    code = code_to(server.url, "shared@example.com")
    taken = ("AliasExists", "An account with the given email already exists.")
    assert refusal(confirm, idp, app, "shirley", wrong(code)) == MISMATCH
    assert refusal(confirm, idp, app, "shirley", code) == taken
    assert idp.admin_get_user(UserPoolId=pool, Username="shared@example.com")["Username"] == "jie"
    confirm(idp, app, "shirley", code, ForceAliasCreation=True)
    assert idp.admin_get_user(UserPoolId=pool, Username="shared@example.com")["Username"] == "shirley"
    assert attributes_of(idp.admin_get_user(UserPoolId=pool, Username="jie"))["email_verified"] == "false"


def test_a_confirmed_alias_signs_in(server: RunningServer, idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    signed_up(idp, app, "aliased")
    assert outcome(sign_in, idp, app, "aliased@example.com") == "User does not exist."
    confirm(idp, app, "aliased", code_to(server.url, "aliased@example.com"))
    assert sign_in(idp, app, "aliased@example.com")["AccessToken"]


def test_without_the_setting_an_unknown_name_is_called_one(idp: Any, app: str) -> None:
    assert refusal(confirm, idp, app, "nobody", "123456") == NOBODY
    assert refusal(idp.resend_confirmation_code, ClientId=app, Username="nobody") == NOBODY


def test_case_37_with_the_setting_an_unknown_name_is_treated_like_a_user(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str
) -> None:
    """Documented for ResendConfirmationCode; the confirming answers are assumed to go with it."""
    app = make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    signed_up(idp, app, "real")
    resend = idp.resend_confirmation_code
    assert refusal(confirm, idp, app, "unreal", "123456") == EXPIRED
    answers = [resend(ClientId=app, Username=name) for name in ("real", "unreal", "unreal")]
    details = [answer["CodeDeliveryDetails"] for answer in answers]
    assert {tuple(sorted(detail)) for detail in details} == {
        ("AttributeName", "DeliveryMedium", "Destination")
    }
    assert {(detail["AttributeName"], detail["DeliveryMedium"]) for detail in details} == {("email", "EMAIL")}
    assert details[1] == details[2]
    code = code_to(server.url, "real@example.com")
    guesses = {
        name: [refusal(confirm, idp, app, name, wrong(code)) for _ in range(6)] for name in ("real", "unreal")
    }
    assert guesses["real"] == guesses["unreal"] == [MISMATCH] * 5 + [TOO_MANY]
    headers = [set(answer["ResponseMetadata"]["HTTPHeaders"]) for answer in answers]
    assert headers[0] == headers[1]


def test_case_37_with_the_setting_who_needs_no_code_is_not_told_apart(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str
) -> None:
    """Documented for disabled users, recorded in aws-amplify/amplify-js#14762 for confirmed ones."""
    app = make.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    make.user(pool, "settled", email="settled@example.com", email_verified="true")
    signed_up(idp, app, "barred")
    idp.admin_disable_user(UserPoolId=pool, Username="barred")
    before = len(messages_to(server.url, "barred@example.com"))
    for name in ("settled", "barred"):
        details = idp.resend_confirmation_code(ClientId=app, Username=name)["CodeDeliveryDetails"]
        assert details["DeliveryMedium"] == "EMAIL"
    assert messages_to(server.url, "settled@example.com") == []
    assert len(messages_to(server.url, "barred@example.com")) == before


def test_case_81_codes_are_sent_five_times_an_hour(own_server: RunningServer, own: PoolFactory) -> None:
    idp = own_server.idp
    pool = own.pool(AutoVerifiedAttributes=["email"])
    app = own.client(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    signed_up(idp, app, "flooded")
    for name in ("flooded", "unknown"):
        answers = [outcome(idp.resend_confirmation_code, ClientId=app, Username=name) for _ in range(6)]
        assert answers == ["ok"] * 5 + [TOO_MANY[1]]
    assert len(messages_to(own_server.url, "flooded@example.com")) == 6
    own_server.clock.advance(minutes=61)
    idp.resend_confirmation_code(ClientId=app, Username="flooded")


def test_codes_are_not_sent_again_where_none_are_sent(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    idp.sign_up(ClientId=app, Username="silent", Password=PASSWORD)
    refused = ("InvalidParameter", "Cannot resend codes. Auto verification not turned on.")
    assert refusal(idp.resend_confirmation_code, ClientId=app, Username="silent") == refused
    assert refusal(confirm, idp, app, "silent", "123456") == EXPIRED


def test_a_code_has_nowhere_to_go_without_an_address(idp: Any, app: str) -> None:
    """The text is assumed."""
    idp.sign_up(ClientId=app, Username="bare", Password=PASSWORD)
    assert refusal(idp.resend_confirmation_code, ClientId=app, Username="bare")[0] == "InvalidParameter"


def test_a_client_with_a_secret_proves_it(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    signed_up(idp, app, "sealed")
    client = make.client(pool, GenerateSecret=True)
    code = code_to(server.url, "sealed@example.com")
    calls = ((confirm, (idp, client["ClientId"], "sealed", code)),)
    for call, arguments in calls:
        assert refusal(call, *arguments)[0] == "NotAuthorized"
    request = {"ClientId": client["ClientId"], "Username": "sealed"}
    assert refusal(idp.resend_confirmation_code, **request)[0] == "NotAuthorized"
    idp.resend_confirmation_code(**request, SecretHash=secret_hash(client, "sealed"))
    newest = code_to(server.url, "sealed@example.com")
    confirm(idp, client["ClientId"], "sealed", newest, SecretHash=secret_hash(client, "sealed"))


def test_an_unknown_client_confirms_nobody(idp: Any) -> None:
    absent = "0" * 26
    assert refusal(confirm, idp, absent, "ada", "123456")[0] == "ResourceNotFound"
    assert refusal(idp.resend_confirmation_code, ClientId=absent, Username="ada")[0] == "ResourceNotFound"


def test_an_administrator_confirms_without_a_code_and_verifies_nothing(
    server: RunningServer, idp: Any, pool: str, app: str
) -> None:
    signed_up(idp, app, "vouched")
    idp.admin_confirm_sign_up(UserPoolId=pool, Username="vouched")
    seen = idp.admin_get_user(UserPoolId=pool, Username="vouched")
    assert seen["UserStatus"] == "CONFIRMED"
    assert attributes_of(seen)["email_verified"] == "false"
    assert sign_in(idp, app, "vouched")["AccessToken"]
    assert refusal(idp.admin_confirm_sign_up, UserPoolId=pool, Username="vouched") == CONFIRMED
    code = code_to(server.url, "vouched@example.com")
    assert refusal(confirm, idp, app, "vouched", code) == CONFIRMED


def test_an_administrator_confirms_nobody_who_is_not_there(idp: Any, pool: str) -> None:
    refused = refusal(idp.admin_confirm_sign_up, UserPoolId=pool, Username="nobody")
    assert refused == ("UserNotFound", "User does not exist.")
    absent = refusal(idp.admin_confirm_sign_up, UserPoolId="eu-central-1_Absent000", Username="nobody")
    assert absent[0] == "ResourceNotFound"


def test_the_pools_own_words_are_sent(server: RunningServer, idp: Any, make: PoolFactory) -> None:
    pool = make.pool(
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            "EmailSubject": "Welcome to Larkspur",
            "EmailMessage": "<p>Type <b>{####}</b> to begin.</p>",
        },
    )
    signed_up(idp, make.client(pool)["ClientId"], "worded")
    message = newest_to(server.url, "worded@example.com")
    assert message["subject"] == "Welcome to Larkspur"
    assert message["body"] == f"<p>Type <b>{message['code']}</b> to begin.</p>"
