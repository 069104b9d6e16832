"""SignUp: who may, under which name, with which attributes. Texts are recorded unless a test says otherwise."""

import uuid
from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, attributes_of, outcome, pairs, refusal, secret_hash, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import messages_to, newest_to


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def sign_up(idp: Any, app: str, name: str, password: str = PASSWORD, **attributes: str) -> dict[str, Any]:
    return dict(idp.sign_up(ClientId=app, Username=name, Password=password, UserAttributes=pairs(attributes)))


def test_a_new_user_is_there_unconfirmed_and_gets_a_code(
    server: RunningServer, idp: Any, pool: str, app: str
) -> None:
    answer = sign_up(idp, app, "ada", email="ada@example.com")
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email",
    }  # fmt: skip
    assert str(uuid.UUID(answer["UserSub"])) == answer["UserSub"]
    assert "Session" not in answer
    seen = idp.admin_get_user(UserPoolId=pool, Username="ada")
    assert seen["UserStatus"] == "UNCONFIRMED"
    assert attributes_of(seen) == {
        "sub": answer["UserSub"], "email": "ada@example.com", "email_verified": "false",
    }  # fmt: skip
    message = newest_to(server.url, "ada@example.com")
    assert message["medium"] == "EMAIL"
    assert message["subject"] == "Your verification code"
    assert message["body"] == f"Your verification code is {message['code']}"
    assert len(message["code"]) == 6
    assert message["code"].isdigit()


def test_an_unconfirmed_user_cannot_sign_in(idp: Any, app: str) -> None:
    sign_up(idp, app, "too-early", email="too-early@example.com")
    assert outcome(sign_in, idp, app, "too-early") == "User is not confirmed."
    assert outcome(sign_in, idp, app, "too-early", "Wrong-Horse-9") == "Incorrect username or password."


def test_nothing_is_sent_where_the_pool_verifies_nothing(
    server: RunningServer, idp: Any, make: PoolFactory
) -> None:
    app = make.client(make.pool())["ClientId"]
    assert "CodeDeliveryDetails" not in sign_up(idp, app, "quiet", email="quiet@example.com")
    assert messages_to(server.url, "quiet@example.com") == []


def test_a_phone_number_gets_the_code_where_both_are_verified(
    server: RunningServer, idp: Any, make: PoolFactory
) -> None:
    pool = make.pool(
        AutoVerifiedAttributes=["email", "phone_number"],
        SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
    )
    app = make.client(pool)["ClientId"]
    answer = sign_up(idp, app, "both", email="both@example.com", phone_number="+15550199")
    assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "SMS"
    assert newest_to(server.url, "+15550199")["subject"] == ""
    assert messages_to(server.url, "both@example.com") == []


def test_a_user_name_is_taken_once_in_any_case(idp: Any, app: str) -> None:
    """Also where PreventUserExistenceErrors is on: see the next test."""
    sign_up(idp, app, "taken", email="taken@example.com")
    for name in ("taken", "TAKEN"):
        again = refusal(sign_up, idp, app, name, email="other@example.com")
        assert again == ("UsernameExists", "User already exists")


def test_case_37_sign_up_tells_of_a_user_name_but_never_of_an_alias(
    server: RunningServer, idp: Any, make: PoolFactory
) -> None:
    """Documented in "Managing user existence error responses", for both settings: SignUp answers
    UsernameExistsException, and only ConfirmSignUp tells that an alias is taken, to who has its code."""
    pool = make.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    make.user(pool, "jie", email="jie@example.com", email_verified="true")
    for setting in ("LEGACY", "ENABLED"):
        app = make.client(pool, PreventUserExistenceErrors=setting)["ClientId"]
        again = refusal(sign_up, idp, app, "jie", email="x@example.com")
        assert again == ("UsernameExists", "User already exists")
        shirley = sign_up(idp, app, f"shirley-{setting}", email="jie@example.com")
        nobody = sign_up(idp, app, f"free-{setting}", email="jo@example.com")
        assert shirley["CodeDeliveryDetails"] == nobody["CodeDeliveryDetails"]


def test_of_many_sign_ups_at_once_under_one_name_one_wins(idp: Any, app: str) -> None:
    outcomes = at_once(
        lambda index: outcome(sign_up, idp, app, "racer", email=f"racer{index}@example.com"), 20
    )
    assert sorted(outcomes) == ["User already exists"] * 19 + ["ok"]


def test_names_that_differ_in_case_are_two_where_the_pool_says_so(idp: Any, make: PoolFactory) -> None:
    app = make.client(make.pool(UsernameConfiguration={"CaseSensitive": True}))["ClientId"]
    assert sign_up(idp, app, "Ada")["UserSub"] != sign_up(idp, app, "ada")["UserSub"]


def test_with_an_e_mail_as_user_name_the_name_is_the_sub(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])
    app = make.client(pool)["ClientId"]
    sub = sign_up(idp, app, "Eve@Example.com")["UserSub"]
    seen = idp.admin_get_user(UserPoolId=pool, Username="eve@example.com")
    assert seen["Username"] == sub
    assert attributes_of(seen)["email"] == "Eve@Example.com"
    again = refusal(sign_up, idp, app, "eve@example.com")
    assert again == ("UsernameExists", "An account with the given email already exists.")
    assert refusal(sign_up, idp, app, "eve") == ("InvalidParameter", "Username should be an email.")


def test_a_name_may_not_look_like_an_alias(idp: Any, make: PoolFactory) -> None:
    app = make.client(make.pool(AliasAttributes=["email"]))["ClientId"]
    code, text = refusal(sign_up, idp, app, "ada@example.com")
    assert code == "InvalidParameter"
    assert text.startswith("Username cannot be of email format")


def test_a_preferred_user_name_that_signs_in_waits_for_the_confirmation(idp: Any, make: PoolFactory) -> None:
    app = make.client(make.pool(AliasAttributes=["preferred_username"]))["ClientId"]
    code, text = refusal(sign_up, idp, app, "ada", preferred_username="countess")
    assert code == "InvalidParameter"
    assert text.startswith("Preferred username cannot be provided for unconfirmed account")
    plain = make.client(make.pool())["ClientId"]
    sign_up(idp, plain, "ada", preferred_username="countess")


def test_a_password_conforms_to_the_policy(idp: Any, app: str) -> None:
    for password, reason in (
        ("Short-1", "Password not long enough"),
        ("correct-horse-9", "Password must have uppercase characters"),
        ("Correct-Horse-", "Password must have numeric characters"),
    ):
        refused = refusal(sign_up, idp, app, "weak", password)
        assert refused == ("InvalidPassword", f"Password did not conform with policy: {reason}")
    refused = refusal(idp.sign_up, ClientId=app, Username="weak")
    assert refused[0] == "InvalidPassword"  # assumed: no pool lets people in without a password yet


def test_case_53_a_password_is_taken_as_it_was_sent(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    password = "Pä55-" + "x" * 250 + "y"
    assert len(password) == 256
    sign_up(idp, app, "long", password)
    idp.admin_confirm_sign_up(UserPoolId=pool, Username="long")
    assert sign_in(idp, app, "long", password)["AccessToken"]
    assert outcome(sign_in, idp, app, "long", password[:-1]) == "Incorrect username or password."


def test_required_attributes_are_required(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(Schema=[{"Name": "email", "Required": True, "Mutable": True}])
    app = make.client(pool)["ClientId"]
    code, text = refusal(sign_up, idp, app, "bare")
    assert code == "InvalidParameter"
    assert text == "Attributes did not conform to the schema: email: The attribute is required\n"
    sign_up(idp, app, "bare", email="bare@example.com")


def test_attributes_keep_to_the_schema(idp: Any, app: str) -> None:
    assert refusal(sign_up, idp, app, "odd", email="not an address")[0] == "InvalidParameter"
    assert refusal(sign_up, idp, app, "odd", **{"custom:none": "x"})[0] == "InvalidParameter"


def test_case_55_nobody_signs_up_verified_or_with_what_the_client_may_not_write(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    refused = ("NotAuthorized", "A client attempted to write unauthorized attribute")
    assert refusal(sign_up, idp, app, "sly", email="sly@example.com", email_verified="true") == refused
    narrow = make.client(pool, WriteAttributes=["email"])["ClientId"]
    assert refusal(sign_up, idp, narrow, "sly", given_name="Sly") == refused
    sign_up(idp, narrow, "sly", email="sly@example.com")


def test_only_administrators_make_users_where_the_pool_says_so(idp: Any, make: PoolFactory) -> None:
    app = make.client(make.pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}))["ClientId"]
    assert refusal(sign_up, idp, app, "uninvited") == (
        "NotAuthorized",
        "SignUp is not permitted for this user pool",
    )


def test_a_client_with_a_secret_proves_it(idp: Any, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, GenerateSecret=True)
    app = client["ClientId"]
    assert refusal(sign_up, idp, app, "hashed") == (
        "NotAuthorized",
        f"Client {app} is configured with secret but SECRET_HASH was not received",
    )
    request = {"ClientId": app, "Username": "hashed", "Password": PASSWORD}
    wrong = refusal(idp.sign_up, **request, SecretHash=secret_hash(client, "somebody-else"))
    assert wrong == ("NotAuthorized", f"Unable to verify secret hash for client {app}")
    idp.sign_up(**request, SecretHash=secret_hash(client, "hashed"))


def test_an_unknown_client_signs_nobody_up(idp: Any) -> None:
    absent = "0" * 26
    assert refusal(sign_up, idp, absent, "lost") == (
        "ResourceNotFound",
        f"User pool client {absent} does not exist.",
    )


def test_what_triggers_would_read_is_taken(idp: Any, app: str) -> None:
    idp.sign_up(
        ClientId=app,
        Username="told",
        Password=PASSWORD,
        ValidationData=[{"Name": "invite", "Value": "42"}],
        ClientMetadata={"campaign": "spring"},
        UserContextData={"IpAddress": "192.0.2.1"},
    )


def test_a_refused_sign_up_leaves_nothing_behind(
    server: RunningServer, idp: Any, make: PoolFactory, app: str
) -> None:
    sign_up(idp, app, "first", email="first@example.com")
    refusal(sign_up, idp, app, "first", email="second@example.com")
    assert messages_to(server.url, "second@example.com") == []
