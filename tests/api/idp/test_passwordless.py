"""Signing in with one-time codes and nothing else. Documented in "Passwordless sign-in with one-time passwords" and at
InitiateAuth, unless a test says otherwise.
"""

import uuid
from typing import Any

import pytest
from tests.api.idp.test_user_auth import FLOWS, INVALID, WRONG, begin, respond
from tests.calls import PASSWORD, at_once, attributes_of, claims_of, outcome, refusal
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import code_to, messages_to, wrong

FACTORS = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}}
MISMATCH = "CodeMismatch"


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"], **FACTORS)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    made = make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")
    return str(made["ClientId"])


@pytest.fixture
def ada(make: PoolFactory, pool: str) -> str:
    """Somebody with a password and a verified address, whose name is the local part of it."""
    name = f"ada-{uuid.uuid4().hex[:8]}"
    make.user(pool, name, email=f"{name}@example.com", email_verified="true")
    return name


def sent(server: RunningServer, name: str) -> str:
    return code_to(server.url, f"{name}@example.com")


def ask(idp: Any, app: str, name: str) -> dict[str, Any]:
    asked = begin(idp, app, name, PREFERRED_CHALLENGE="EMAIL_OTP")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    return asked


def prove(idp: Any, app: str, name: str, asked: dict[str, Any], code: str) -> dict[str, Any]:
    return respond(idp, app, asked, "EMAIL_OTP", name, EMAIL_OTP_CODE=code)


def test_a_code_signs_in(server: RunningServer, app: str, ada: str) -> None:
    asked = ask(server.idp, app, ada)
    assert asked["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]
    assert asked["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
        "CODE_DELIVERY_DESTINATION": "a***@e***",
    }
    done = prove(server.idp, app, ada, asked, sent(server, ada))
    assert claims_of(done["AuthenticationResult"]["IdToken"])["cognito:username"] == ada


@pytest.mark.parametrize("way", ["SELECT_CHALLENGE", "EMAIL_OTP"])
def test_it_may_be_selected(server: RunningServer, app: str, ada: str, way: str) -> None:
    """The code is sent when it is chosen, not before."""
    chosen = begin(server.idp, app, ada)
    assert messages_to(server.url, f"{ada}@example.com") == []
    asked = respond(server.idp, app, chosen, way, ada, ANSWER="EMAIL_OTP")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert "AuthenticationResult" in prove(server.idp, app, ada, asked, sent(server, ada))


def test_a_code_by_sms_goes_to_the_verified_number(
    server: RunningServer, make: PoolFactory, pool: str, app: str
) -> None:
    number = f"+1555{uuid.uuid4().int % 10**7:07}"
    name = f"grace-{uuid.uuid4().hex[:8]}"
    make.user(pool, name, phone_number=number, phone_number_verified="true")
    asked = begin(server.idp, app, name, PREFERRED_CHALLENGE="SMS_OTP")
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == (
        "SMS_OTP",
        ["PASSWORD_SRP", "PASSWORD", "SMS_OTP"],
    )
    code = code_to(server.url, number)
    assert "AuthenticationResult" in respond(server.idp, app, asked, "SMS_OTP", name, SMS_OTP_CODE=code)


def test_an_unverified_address_gets_no_code(
    server: RunningServer, make: PoolFactory, pool: str, app: str
) -> None:
    name = f"eve-{uuid.uuid4().hex[:8]}"
    make.user(pool, name, email=f"{name}@example.com")
    asked = begin(server.idp, app, name, PREFERRED_CHALLENGE="EMAIL_OTP")
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == (
        "SELECT_CHALLENGE",
        ["PASSWORD_SRP", "PASSWORD"],
    )
    assert messages_to(server.url, f"{name}@example.com") == []


def test_a_wrong_code_may_be_tried_again_a_few_times(server: RunningServer, app: str, ada: str) -> None:
    asked = ask(server.idp, app, ada)
    code = sent(server, ada)
    assert refusal(prove, server.idp, app, ada, asked, wrong(code))[0] == MISMATCH
    assert "AuthenticationResult" in prove(server.idp, app, ada, asked, code)


def test_case_41_guesses_at_one_code_are_few(server: RunningServer, app: str, ada: str) -> None:
    asked = ask(server.idp, app, ada)
    code = sent(server, ada)
    guesses = [(int(code) + step) % 1_000_000 for step in range(1, 31)]
    outcomes = at_once(
        lambda index: refusal(prove, server.idp, app, ada, asked, f"{guesses[index]:06}")[0], 30
    )
    assert outcomes.count(MISMATCH) <= 5
    assert refusal(prove, server.idp, app, ada, asked, code)[0] == "NotAuthorized"


def test_case_44_a_code_is_good_for_its_own_challenge_once(server: RunningServer, app: str, ada: str) -> None:
    idp = server.idp
    first = ask(idp, app, ada)
    earlier = sent(server, ada)
    second = ask(idp, app, ada)
    if earlier != sent(server, ada):
        assert refusal(prove, idp, app, ada, second, earlier)[0] == MISMATCH
    assert outcome(prove, idp, app, ada, first, earlier) == "ok"
    assert refusal(prove, idp, app, ada, first, earlier) == INVALID


def test_case_44_of_fifty_right_answers_at_once_one_is_taken(
    server: RunningServer, app: str, ada: str
) -> None:
    asked = ask(server.idp, app, ada)
    code = sent(server, ada)
    outcomes = at_once(lambda _: outcome(prove, server.idp, app, ada, asked, code), 50)
    assert outcomes.count("ok") == 1


def test_case_44_a_code_is_its_users(
    server: RunningServer, make: PoolFactory, pool: str, app: str, ada: str
) -> None:
    eve = f"eve-{uuid.uuid4().hex[:8]}"
    make.user(pool, eve, email=f"{eve}@example.com", email_verified="true")
    asked, theirs = ask(server.idp, app, ada), ask(server.idp, app, eve)
    mine, code = sent(server, ada), sent(server, eve)
    assert refusal(prove, server.idp, app, eve, asked, code) == INVALID
    if mine != code:
        assert refusal(prove, server.idp, app, ada, asked, code)[0] == MISMATCH
    assert outcome(prove, server.idp, app, eve, theirs, code) == "ok"


def test_case_45_a_sign_up_that_nobody_confirmed_is_no_way_in(
    server: RunningServer, pool: str, app: str
) -> None:
    """Its address is not verified, so no code goes there; the password is right, and the user is not confirmed."""
    name = f"new-{uuid.uuid4().hex[:8]}"
    attributes = [{"Name": "email", "Value": f"{name}@example.com"}]
    server.idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=attributes)
    assert begin(server.idp, app, name)["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    refused = refusal(begin, server.idp, app, name, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert refused == ("UserNotConfirmed", "User is not confirmed.")
    shown = server.idp.admin_get_user(UserPoolId=pool, Username=name)
    assert attributes_of(shown)["email_verified"] == "false"


def test_case_37_a_name_that_nobody_has_is_sent_a_code_as_a_users_is(
    server: RunningServer, app: str, ada: str
) -> None:
    """Answers have the same members, a wrong code the same error as often; the destination stays the same."""
    idp = server.idp
    real = ask(idp, app, ada)
    name = f"ada-{uuid.uuid4().hex[:8]}"
    pretended, again = ask(idp, app, name), ask(idp, app, name)
    assert pretended.keys() == real.keys()
    assert pretended["ChallengeParameters"].keys() == real["ChallengeParameters"].keys()
    assert pretended["ChallengeParameters"] == again["ChallengeParameters"]
    for asked, who in ((real, ada), (pretended, name)):
        answers = [refusal(prove, idp, app, who, asked, "000000") for _ in range(6)]
        assert {error for error, _ in answers[:5]} <= {MISMATCH, "NotAuthorized"}
        assert answers[5][0] == "NotAuthorized"


def test_case_37_nobody_may_have_no_password_as_somebody_may(server: RunningServer, app: str) -> None:
    lists = {tuple(begin(server.idp, app, f"nobody-{index}")["AvailableChallenges"]) for index in range(60)}
    assert ("EMAIL_OTP",) in {tuple(name for name in offers if name != "SMS_OTP") for offers in lists}
    assert any("PASSWORD" in offers for offers in lists)
    assert all("EMAIL_OTP" in offers for offers in lists)


def test_a_password_that_is_not_there_is_wrong(server: RunningServer, pool: str, app: str) -> None:
    """Who signed up without one cannot be signed in by any."""
    name = f"free-{uuid.uuid4().hex[:8]}"
    attributes = [{"Name": "email", "Value": f"{name}@example.com"}]
    server.idp.sign_up(ClientId=app, Username=name, UserAttributes=attributes)
    server.idp.admin_confirm_sign_up(UserPoolId=pool, Username=name)
    password_app = server.idp.create_user_pool_client(
        UserPoolId=pool, ClientName="p", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    for password in ("Correct-Horse-9", "x"):
        refused = refusal(
            server.idp.initiate_auth,
            ClientId=password_app,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        assert refused == WRONG


def made(
    server: RunningServer, pool: str, name: str, verified: str = "true", **request: Any
) -> dict[str, Any]:
    """Whom an administrator makes, and their invitation, if any, under `mail`."""
    address = f"{name}@example.com"
    attributes = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": verified}]
    user = server.idp.admin_create_user(
        UserPoolId=pool, Username=name, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"], **request
    )["User"]
    return {**user, "mail": messages_to(server.url, address)}


def test_whom_an_administrator_makes_without_a_password_needs_none(
    server: RunningServer, pool: str, app: str
) -> None:
    """Documented at AdminCreateUser: no password where codes do; the status is that of who has none to change."""
    name = f"guest-{uuid.uuid4().hex[:8]}"
    user = made(server, pool, name)
    (mail,) = user["mail"]
    assert user["UserStatus"] == "CONFIRMED"
    assert mail["code"] is None
    assert name in mail["body"]
    assert "password" not in mail["subject"] + mail["body"]
    asked = ask(server.idp, app, name)
    assert asked["AvailableChallenges"] == ["EMAIL_OTP"]
    done = prove(server.idp, app, name, asked, sent(server, name))
    assert claims_of(done["AuthenticationResult"]["IdToken"])["cognito:username"] == name


def test_who_is_given_a_password_has_to_change_it(server: RunningServer, pool: str, app: str) -> None:
    name = f"guest-{uuid.uuid4().hex[:8]}"
    assert made(server, pool, name, TemporaryPassword=PASSWORD)["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    step = begin(server.idp, app, name, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert step["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_whom_no_code_can_reach_gets_a_password(server: RunningServer, pool: str) -> None:
    user = made(server, pool, f"guest-{uuid.uuid4().hex[:8]}", verified="false")
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert user["mail"][0]["code"] in user["mail"][0]["body"].replace("&amp;", "&")


def test_an_invitation_without_a_password_has_the_pools_words_if_they_speak_of_none(
    server: RunningServer, make: PoolFactory
) -> None:
    template = {
        "EmailSubject": "Come in",
        "EmailMessage": "{username}: {####}",
        "SMSMessage": "{username} {####}",
    }
    pool = make.pool(
        AutoVerifiedAttributes=["email"], AdminCreateUserConfig={"InviteMessageTemplate": template}, **FACTORS
    )
    first, second = (f"guest-{uuid.uuid4().hex[:8]}" for _ in range(2))
    (mail,) = made(server, pool, first)["mail"]
    assert mail["subject"] == "Come in"
    assert "{" not in mail["body"]
    (mail,) = made(server, pool, second, TemporaryPassword=PASSWORD)["mail"]
    assert (mail["subject"], mail["body"]) == ("Come in", f"{second}: {PASSWORD}")


def test_nobody_made_without_a_password_is_invited_again(server: RunningServer, pool: str) -> None:
    """Documented: RESEND is for who still has a temporary password."""
    name = f"guest-{uuid.uuid4().hex[:8]}"
    made(server, pool, name)
    refused = refusal(server.idp.admin_create_user, UserPoolId=pool, Username=name, MessageAction="RESEND")
    assert refused[0] == "UnsupportedUserState"
