"""GetUserAttributeVerificationCode and VerifyUserAttribute. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import at_once, attributes_of, outcome, pairs, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import code_to, messages_to, newest_to, wrong

MISMATCH = ("CodeMismatch", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCode", "Invalid code provided, please request a code again.")
TOO_MANY = ("LimitExceeded", "Attempt limit exceeded, please try after some time.")


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def signed_in(idp: Any, make: PoolFactory, pool: str, app: str, name: str, **attributes: str) -> str:
    """A new user's access token."""
    make.user(pool, name, **({"email": f"{name}@example.com"} | attributes))
    return str(sign_in(idp, app, name)["AccessToken"])


def ask(idp: Any, token: str, name: str = "email") -> dict[str, Any]:
    answer = idp.get_user_attribute_verification_code(AccessToken=token, AttributeName=name)
    return dict(answer["CodeDeliveryDetails"])


def verify(idp: Any, token: str, code: str, name: str = "email") -> None:
    idp.verify_user_attribute(AccessToken=token, AttributeName=name, Code=code)


def test_a_code_verifies_the_address(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "ada")
    assert ask(idp, token) == {
        "Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email",
    }  # fmt: skip
    verify(idp, token, code_to(server.url, "ada@example.com"))
    assert attributes_of(idp.get_user(AccessToken=token))["email_verified"] == "true"


def test_a_code_verifies_the_phone_number(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "grace", phone_number="+15550123")
    assert ask(idp, token, "phone_number")["Destination"] == "+****0123"
    code = code_to(server.url, "+15550123")
    verify(idp, token, code, "phone_number")
    seen = attributes_of(idp.get_user(AccessToken=token))
    assert seen["phone_number_verified"] == "true"
    assert "email_verified" not in seen


def test_case_44_a_code_for_one_attribute_is_none_for_the_other(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "both", phone_number="+15550124")
    ask(idp, token)
    code = code_to(server.url, "both@example.com")
    assert refusal(verify, idp, token, code, "phone_number") == EXPIRED
    other = signed_in(idp, make, pool, app, "stranger")
    assert refusal(verify, idp, other, code) == EXPIRED


def test_another_code_does_not_verify(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "wrong")
    assert refusal(verify, idp, token, "123456") == EXPIRED
    ask(idp, token)
    code = code_to(server.url, "wrong@example.com")
    assert [refusal(verify, idp, token, wrong(code)) for _ in range(6)] == [MISMATCH] * 5 + [TOO_MANY]
    assert refusal(verify, idp, token, code) == TOO_MANY
    assert "email_verified" not in attributes_of(idp.get_user(AccessToken=token))


def test_case_47_of_many_right_codes_at_once_one_verifies(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "raced")
    ask(idp, token)
    code = code_to(server.url, "raced@example.com")
    answers = at_once(lambda _: outcome(verify, idp, token, code), 50)
    assert answers.count("ok") == 1
    assert set(answers) <= {"ok", EXPIRED[1], TOO_MANY[1]}


def test_case_55_a_code_verifies_the_address_it_was_sent_to_and_no_later_one(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "moved")
    ask(idp, token)
    code = code_to(server.url, "moved@example.com")
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="moved", UserAttributes=pairs({"email": "elsewhere@example.com"})
    )
    assert refusal(verify, idp, token, code) == EXPIRED
    assert attributes_of(idp.get_user(AccessToken=token))["email"] == "elsewhere@example.com"


def test_case_49_a_code_is_over_after_a_day(own_server: RunningServer, own: PoolFactory) -> None:
    idp = own_server.idp
    pool = own.pool()
    app = own.client(pool, AccessTokenValidity=24)["ClientId"]
    token = signed_in(idp, own, pool, app, "slow")
    ask(idp, token)
    own_server.clock.advance(hours=23, minutes=59)
    early = code_to(own_server.url, "slow@example.com")
    own_server.clock.advance(minutes=2)
    token = sign_in(idp, app, "slow")["AccessToken"]
    assert refusal(verify, idp, token, early) == EXPIRED


def test_case_81_codes_are_sent_five_times_an_hour(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "flooded")
    answers = [outcome(ask, idp, token) for _ in range(6)]
    assert answers == ["ok"] * 5 + [TOO_MANY[1]]
    assert len(messages_to(server.url, "flooded@example.com")) == 5


def test_an_alias_of_somebody_else_cannot_be_verified(
    server: RunningServer, idp: Any, make: PoolFactory
) -> None:
    pool = make.pool(AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "first", email="wanted@example.com", email_verified="true")
    token = signed_in(idp, make, pool, app, "second", email="wanted@example.com")
    ask(idp, token)
    refused = refusal(verify, idp, token, code_to(server.url, "wanted@example.com"))
    assert refused == ("AliasExists", "An account with the given email already exists.")


def test_only_what_messages_go_to_can_be_verified(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    """The texts are assumed."""
    token = signed_in(idp, make, pool, app, "odd", given_name="Odd")
    assert refusal(ask, idp, token, "given_name")[0] == "InvalidParameter"
    assert refusal(verify, idp, token, "123456", "given_name")[0] == "InvalidParameter"
    assert refusal(ask, idp, token, "phone_number")[0] == "InvalidParameter"


def test_it_takes_a_good_access_token(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    token = signed_in(idp, make, pool, app, "over")
    ask(idp, token)
    code = code_to(server.url, "over@example.com")
    idp.global_sign_out(AccessToken=token)
    revoked = ("NotAuthorized", "Access Token has been revoked")
    assert refusal(ask, idp, token) == revoked
    assert refusal(verify, idp, token, code) == revoked
    assert refusal(ask, idp, "not.a.token")[0] == "NotAuthorized"
    token = sign_in(idp, app, "over")["AccessToken"]
    idp.admin_delete_user(UserPoolId=pool, Username="over")
    assert refusal(ask, idp, token) == ("UserNotFound", "User does not exist.")
    assert refusal(verify, idp, token, code) == ("UserNotFound", "User does not exist.")


def test_a_new_address_that_waits_for_its_code_is_sent_another(
    server: RunningServer, idp: Any, make: PoolFactory
) -> None:
    """Documented at UserAttributeUpdateSettings: the old value stays until the new one is verified."""
    pool = make.pool(
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    app = make.client(pool)["ClientId"]
    token = signed_in(idp, make, pool, app, "mover", email_verified="true")
    idp.update_user_attributes(AccessToken=token, UserAttributes=pairs({"email": "new-home@example.com"}))
    assert attributes_of(idp.get_user(AccessToken=token))["email"] == "mover@example.com"
    assert ask(idp, token)["Destination"] == "n***@e***"
    assert len(messages_to(server.url, "new-home@example.com")) == 2
    assert messages_to(server.url, "mover@example.com") == []
    verify(idp, token, newest_to(server.url, "new-home@example.com")["code"])
    seen = attributes_of(idp.get_user(AccessToken=token))
    assert (seen["email"], seen["email_verified"]) == ("new-home@example.com", "true")
