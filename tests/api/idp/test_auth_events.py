"""The history of a user's account, and feedback on it. Behaviour is documented; texts are assumed."""

import re
from typing import Any

import pytest
from tests.calls import PASSWORD, claims_of, refusal, sign_in
from tests.conftest import PoolFactory
from tests.protection import CAFE, HOME, STRANGER, enter, gathered, history, mail_to, protected, takeover

from cenote.server.jobs import swept

ABSENT = "eu-central-1_Absent000"
OFF = ("UserPoolAddOnNotEnabled", "User pool add-ons are not enabled for this user pool.")
NO_EVENT = ("ResourceNotFound", "Authentication event does not exist.")
BAD_TOKEN = ("NotAuthorized", "Invalid feedback token.")
BLOCKED = ("NotAuthorized", "Request not allowed due to security reasons.")
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def pool(make: PoolFactory) -> str:
    pool = protected(make, AutoVerifiedAttributes=["email"])
    make.user(pool, "ada", email=f"{pool}@example.com", email_verified="true")
    return pool


@pytest.fixture
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def test_a_sign_in_is_written_down_with_where_it_came_from(idp: Any, pool: str, app: str) -> None:
    context = gathered(DeviceId="a1", DeviceName="Ada's phone", ClientTimezone="02:00")
    tokens = enter(idp, pool, app, encoded=context)["AuthenticationResult"]
    (event,) = history(idp, pool)
    assert event["EventType"] == "SignIn"
    assert event["EventResponse"] == "Pass"
    assert event["EventRisk"] == {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False}
    assert event["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Success"}]
    assert event["EventContextData"] == {
        "IpAddress": HOME,
        "DeviceName": "Ada's phone",
        "Timezone": "02:00",
        "City": "unknown",
        "Country": "unknown",
    }
    assert "EventFeedback" not in event
    # The tokens' event_id is the id of the event they came of.
    assert event["EventId"] == claims_of(tokens["AccessToken"])["event_id"]


def test_a_wrong_password_is_written_down_as_failed(idp: Any, pool: str, app: str) -> None:
    assert refusal(enter, idp, pool, app, password="Wrong-Horse-1")[0] == "NotAuthorized"
    (event,) = history(idp, pool)
    assert event["EventResponse"] == "Fail"
    assert event["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Failure"}]


def test_a_sign_in_that_the_account_forbids_is_written_down_as_failed(idp: Any, pool: str, app: str) -> None:
    idp.admin_disable_user(UserPoolId=pool, Username="ada")
    assert refusal(enter, idp, pool, app) == ("NotAuthorized", "User is disabled.")
    assert [event["EventResponse"] for event in history(idp, pool)] == ["Fail"]


def test_other_deeds_are_written_down_too(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    def code(to: str) -> str:
        return str(mail_to(make.server, to)[-1].code)

    mail = f"eve-{pool}@example.com"
    request = {"ClientId": app, "Username": "eve"}
    idp.sign_up(**request, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": mail}])
    idp.resend_confirmation_code(**request)
    idp.confirm_sign_up(**request, ConfirmationCode=code(mail))
    idp.forgot_password(**request)
    new = "Another-Horse-1"
    idp.confirm_forgot_password(**request, ConfirmationCode=code(mail), Password=new)
    token = sign_in(idp, app, "eve", new)["AccessToken"]
    idp.change_password(AccessToken=token, PreviousPassword=new, ProposedPassword=PASSWORD)
    kinds = [event["EventType"] for event in reversed(history(idp, pool, "eve"))]
    assert kinds == ["SignUp", "ResendCode", "ForgotPassword", "PasswordChange", "SignIn", "PasswordChange"]


def test_history_is_listed_newest_first_page_by_page(idp: Any, pool: str, app: str) -> None:
    made = [claims_of(enter(idp, pool, app)["AuthenticationResult"]["IdToken"])["event_id"] for _ in range(5)]
    request = {"UserPoolId": pool, "Username": "ADA"}
    first = idp.admin_list_user_auth_events(**request, MaxResults=2)
    second = idp.admin_list_user_auth_events(**request, MaxResults=3, NextToken=first["NextToken"])
    assert "NextToken" not in second
    listed = [event["EventId"] for answer in (first, second) for event in answer["AuthEvents"]]
    assert listed == made[::-1]
    everything = idp.admin_list_user_auth_events(**request, MaxResults=0)["AuthEvents"]
    assert len(everything) == 5
    token = {"NextToken": first["NextToken"] + "x"}
    assert refusal(idp.admin_list_user_auth_events, **request, **token)[0] == "InvalidParameter"


def test_a_users_history_goes_with_them(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    enter(idp, pool, app)
    idp.admin_delete_user(UserPoolId=pool, Username="ada")
    make.user(pool, "ada")
    assert history(idp, pool) == []


def test_history_goes_back_two_years(own: PoolFactory) -> None:
    idp, server = own.server.idp, own.server
    pool = protected(own)
    own.user(pool, "ada")
    app = own.client(pool)["ClientId"]
    enter(idp, pool, app)
    server.clock.advance(days=2 * 365 - 1)
    server.run(swept(server.app))
    assert len(history(idp, pool)) == 1
    server.clock.advance(days=2)
    server.run(swept(server.app))
    assert history(idp, pool) == []


# Feedback


def test_an_administrators_feedback_is_shown(idp: Any, pool: str, app: str) -> None:
    enter(idp, pool, app)
    event = history(idp, pool)[0]["EventId"]
    request = {"UserPoolId": pool, "Username": "ada", "EventId": event}
    for value in ("Invalid", "Valid"):
        idp.admin_update_auth_event_feedback(**request, FeedbackValue=value)
        feedback = history(idp, pool)[0]["EventFeedback"]
        assert (feedback["FeedbackValue"], feedback["Provider"]) == (value, "Admin")
        assert feedback["FeedbackDate"]


def test_a_sign_in_called_valid_makes_its_place_known_and_one_called_invalid_unknown(
    idp: Any, pool: str, app: str
) -> None:
    enter(idp, pool, app)
    idp.set_risk_configuration(UserPoolId=pool, **takeover("BLOCK"))
    assert refusal(enter, idp, pool, app, CAFE, STRANGER) == BLOCKED
    request = {"UserPoolId": pool, "Username": "ada", "EventId": history(idp, pool)[0]["EventId"]}
    idp.admin_update_auth_event_feedback(**request, FeedbackValue="Valid")
    assert enter(idp, pool, app, CAFE, STRANGER)["AuthenticationResult"]
    for event in history(idp, pool)[:2]:
        request["EventId"] = event["EventId"]
        idp.admin_update_auth_event_feedback(**request, FeedbackValue="Invalid")
    assert refusal(enter, idp, pool, app, CAFE, STRANGER) == BLOCKED


@pytest.fixture
def mailed(idp: Any, make: PoolFactory, pool: str, app: str) -> dict[str, str]:
    """What a reader of a notice sends to UpdateAuthEventFeedback."""
    words = {"Subject": "New place", "TextBody": "{event-id} {feedback-token}"}
    idp.set_risk_configuration(UserPoolId=pool, **takeover("BLOCK", notify=True, BlockEmail=words))
    enter(idp, pool, app)
    assert refusal(enter, idp, pool, app, CAFE) == BLOCKED
    event, token = mail_to(make.server, f"{pool}@example.com")[-1].body.split()
    assert re.fullmatch(r"[A-Za-z0-9-_=.]+", token)  # documented at TokenModelType
    return {"UserPoolId": pool, "Username": "ada", "EventId": event, "FeedbackToken": token}


def test_the_reader_of_the_mail_says_whether_it_was_them(
    idp: Any, pool: str, app: str, mailed: dict[str, str]
) -> None:
    idp.update_auth_event_feedback(**mailed, FeedbackValue="Valid")
    feedback = history(idp, pool)[0]["EventFeedback"]
    assert (feedback["FeedbackValue"], feedback["Provider"]) == ("Valid", "User")
    assert enter(idp, pool, app, CAFE)["AuthenticationResult"]


def test_case_47_a_token_is_of_its_event_and_user(
    idp: Any, make: PoolFactory, pool: str, app: str, mailed: dict[str, str]
) -> None:
    make.user(pool, "eve")
    enter(idp, pool, app, name="eve")
    other = history(idp, pool)[1]["EventId"]
    token = mailed["FeedbackToken"]
    for changes in (
        {"EventId": other},
        {"EventId": NOWHERE},
        {"Username": "eve"},
        {"Username": "nobody"},
        {"FeedbackToken": token[:-1]},
        {"FeedbackToken": "x"},
        {"Username": "eve", "EventId": history(idp, pool, "eve")[0]["EventId"]},
    ):
        request = {**mailed, **changes, "FeedbackValue": "Valid"}
        assert refusal(idp.update_auth_event_feedback, **request) == BAD_TOKEN
    stranger = protected(make)
    make.user(stranger, "ada")
    request = {**mailed, "UserPoolId": stranger, "FeedbackValue": "Valid"}
    assert refusal(idp.update_auth_event_feedback, **request) == BAD_TOKEN
    assert "EventFeedback" not in history(idp, pool)[0]


def test_what_is_not_there_has_no_history(idp: Any, make: PoolFactory, pool: str) -> None:
    plain = make.pool()
    make.user(plain, "ada")
    feedback = {"EventId": NOWHERE, "FeedbackValue": "Valid"}
    calls: list[tuple[Any, dict[str, str]]] = [
        (idp.admin_list_user_auth_events, {}),
        (idp.admin_update_auth_event_feedback, feedback),
        (idp.update_auth_event_feedback, {**feedback, "FeedbackToken": "x"}),
    ]
    for call, more in calls:
        ada = {"Username": "ada", **more}
        assert refusal(call, UserPoolId=ABSENT, **ada)[0] == "ResourceNotFound"
        assert refusal(call, UserPoolId=plain, **ada) == OFF
    for call, more in calls[:2]:
        request = {"UserPoolId": pool, "Username": "nobody", **more}
        assert refusal(call, **request) == ("UserNotFound", "User does not exist.")
    request = {"UserPoolId": pool, "Username": "ada", **feedback}
    assert refusal(idp.admin_update_auth_event_feedback, **request) == NO_EVENT
