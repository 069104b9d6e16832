"""The NEW_PASSWORD_REQUIRED challenge. Texts are recorded unless a test says otherwise."""

import json
from typing import Any

import pytest
from pycognito.aws_srp import AWSSRP
from tests.calls import PASSWORD, at_once, attempt, attributes_of, claims_of, outcome, pairs, refusal, sign_in
from tests.conftest import PoolFactory

TEMPORARY = "Temporary-1"
INVALID = ("NotAuthorized", "Invalid session for the user.")
EXPIRED = "Invalid session for the user, session is expired."
CHALLENGE = "NEW_PASSWORD_REQUIRED"


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(
        AliasAttributes=["email"],
        Schema=[
            {"Name": "email", "Required": True, "Mutable": True},
            {"Name": "given_name", "Required": True, "Mutable": True},
            {"Name": "locale", "Mutable": False},
        ],
    )


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def invite(idp: Any, pool: str, name: str, **attributes: str) -> None:
    idp.admin_create_user(
        UserPoolId=pool, Username=name, MessageAction="SUPPRESS", TemporaryPassword=TEMPORARY,
        UserAttributes=pairs(attributes),
    )  # fmt: skip


def answer(idp: Any, app: str, session: str, name: str, **responses: str) -> dict[str, Any]:
    responses = {"USERNAME": name, "NEW_PASSWORD": PASSWORD, **responses}
    return dict(
        idp.respond_to_auth_challenge(
            ClientId=app, ChallengeName=CHALLENGE, Session=session, ChallengeResponses=responses
        )
    )


WHOLE = {"email": "whole@example.com", "given_name": "Ada"}


def test_the_challenge_says_what_is_known_and_what_is_missing(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "Asked", email="asked@example.com", email_verified="true")
    asked = attempt(idp, app, "asked", TEMPORARY)
    assert asked["ChallengeName"] == CHALLENGE
    assert 20 <= len(asked["Session"]) <= 4096
    parameters = asked["ChallengeParameters"]
    assert set(parameters) == {"USER_ID_FOR_SRP", "requiredAttributes", "userAttributes"}
    assert parameters["USER_ID_FOR_SRP"] == "Asked"
    assert json.loads(parameters["requiredAttributes"]) == ["userAttributes.given_name"]
    assert json.loads(parameters["userAttributes"]) == {
        "email": "asked@example.com",
        "email_verified": "true",
    }
    assert "AuthenticationResult" not in asked


def test_a_new_password_confirms_and_signs_in(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "happy", **WHOLE)
    session = attempt(idp, app, "happy", TEMPORARY)["Session"]
    result = answer(idp, app, session, "happy")["AuthenticationResult"]
    assert claims_of(result["AccessToken"])["username"] == "happy"
    assert idp.admin_get_user(UserPoolId=pool, Username="happy")["UserStatus"] == "CONFIRMED"
    assert sign_in(idp, app, "happy")
    assert outcome(attempt, idp, app, "happy", TEMPORARY) == "Incorrect username or password."


def test_missing_attributes_come_with_the_answer_and_into_the_token(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "adding")
    session = attempt(idp, app, "adding", TEMPORARY)["Session"]
    given = {"userAttributes.email": "adding@example.com"}
    assert refusal(answer, idp, app, session, "adding", **given) == (
        "InvalidParameter",
        "Invalid attributes given, given_name is missing",
    )
    given |= {"userAttributes.given_name": "Ada", "userAttributes.locale": "en"}
    result = answer(idp, app, session, "adding", **given)["AuthenticationResult"]
    claims = claims_of(result["IdToken"])
    assert (claims["email"], claims["email_verified"]) == ("adding@example.com", False)
    assert (claims["given_name"], claims["locale"]) == ("Ada", "en")
    assert attributes_of(idp.admin_get_user(UserPoolId=pool, Username="adding"))["locale"] == "en"


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"email": "whole@example.com"}, "NotAuthorized", "Cannot modify an already provided email"),
        ({"email": "other@example.com"}, "NotAuthorized", "Cannot modify an already provided email"),
        ({"given_name": "Eve"}, "NotAuthorized", "Cannot modify an already provided given_name"),
        ({"email_verified": "true"}, "NotAuthorized", "A client attempted to write unauthorized attribute"),
        ({"locale": "de"}, "InvalidParameter", "user.locale: Attribute cannot be updated.\n"),
        ({"phone_number": "1"}, "InvalidParameter", "Invalid phone number format."),
        ({"phone_number": "+15550199"}, "NotAuthorized", "Cannot modify an already provided phone_number"),
        (
            {"custom:none": "x"},
            "InvalidParameter",
            "Attributes did not conform to the schema: custom:none: Attribute does not exist in the schema.\n",
        ),
    ],
)
def test_case_55_the_answer_changes_nothing_that_it_must_not(
    idp: Any, pool: str, app: str, given: dict[str, str], code: str, text: str
) -> None:
    name = f"unchanged-{abs(hash(str(given)))}"
    known = {**WHOLE, "locale": "en"}
    if given.get("phone_number") == "+15550199":
        known["phone_number"] = "+15550100"
    invite(idp, pool, name, **known)
    session = attempt(idp, app, name, TEMPORARY)["Session"]
    responses = {f"userAttributes.{key}": value for key, value in given.items()}
    assert refusal(answer, idp, app, session, name, **responses) == (code, text)
    user = idp.admin_get_user(UserPoolId=pool, Username=name)
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert {key: attributes_of(user)[key] for key in known} == known
    # Nothing was used up: the same session still works.
    assert answer(idp, app, session, name)["AuthenticationResult"]


def test_a_client_that_may_not_write_an_attribute_cannot_give_it(
    idp: Any, make: PoolFactory, pool: str
) -> None:
    app = make.client(pool, WriteAttributes=["email", "given_name"])["ClientId"]
    invite(idp, pool, "narrow", **WHOLE)
    session = attempt(idp, app, "narrow", TEMPORARY)["Session"]
    assert refusal(answer, idp, app, session, "narrow", **{"userAttributes.nickname": "x"}) == (
        "NotAuthorized",
        "A client attempted to write unauthorized attribute",
    )


def test_a_refused_password_leaves_the_session_usable(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "retry", **WHOLE)
    session = attempt(idp, app, "retry", TEMPORARY)["Session"]
    assert refusal(answer, idp, app, session, "retry", NEW_PASSWORD="short") == (
        "InvalidPassword",
        "Password does not conform to policy: Password not long enough",
    )
    assert refusal(answer, idp, app, session, "retry", NEW_PASSWORD="A1-" + "x" * 254)[0] == "InvalidPassword"
    assert refusal(answer, idp, app, session, "retry", NEW_PASSWORD="") == (
        "InvalidParameter",
        "Missing required parameter NEW_PASSWORD",
    )
    assert answer(idp, app, session, "retry")["AuthenticationResult"]


def test_an_answer_needs_its_session(idp: Any, app: str) -> None:
    request = {"ClientId": app, "ChallengeName": CHALLENGE}
    responses = {"USERNAME": "ada", "NEW_PASSWORD": PASSWORD}
    assert refusal(idp.respond_to_auth_challenge, **request, ChallengeResponses=responses) == (
        "InvalidParameter",
        "Missing required parameter Session",
    )
    assert refusal(answer, idp, app, "A" * 100, "ada") == INVALID


def test_case_44_a_session_is_used_once(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "once", **WHOLE)
    session = attempt(idp, app, "once", TEMPORARY)["Session"]
    results = at_once(lambda n: outcome(answer, idp, app, session, "once", NEW_PASSWORD=f"{PASSWORD}{n}"), 50)
    assert sorted(results) == sorted([INVALID[1]] * 49 + ["ok"])
    winner = results.index("ok")
    assert sign_in(idp, app, "once", f"{PASSWORD}{winner}")


def test_case_44_a_session_is_of_its_user_client_and_pool(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    for name in ("bound", "other"):
        invite(idp, pool, name, **WHOLE)
    elsewhere = make.pool()
    invite(idp, elsewhere, "bound")
    session = attempt(idp, app, "bound", TEMPORARY)["Session"]
    assert refusal(answer, idp, app, session, "other") == INVALID
    assert refusal(answer, idp, make.client(pool)["ClientId"], session, "bound") == INVALID
    assert refusal(answer, idp, make.client(elsewhere)["ClientId"], session, "bound") == INVALID
    admin = {"ChallengeName": CHALLENGE, "Session": session}
    responses = {"USERNAME": "bound", "NEW_PASSWORD": PASSWORD}
    assert (
        refusal(
            idp.admin_respond_to_auth_challenge,
            UserPoolId=elsewhere,
            ClientId=make.client(elsewhere)["ClientId"],
            ChallengeResponses=responses,
            **admin,
        )
        == INVALID
    )
    assert idp.admin_respond_to_auth_challenge(
        UserPoolId=pool, ClientId=app, ChallengeResponses=responses, **admin
    )["AuthenticationResult"]


def test_case_44_a_tampered_session_is_none(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "tamper", **WHOLE)
    session = attempt(idp, app, "tamper", TEMPORARY)["Session"]
    flipped = session[:50] + ("A" if session[50] != "A" else "B") + session[51:]
    for changed in (flipped, session[:-1], session + "A", session + "=", session[::-1]):
        assert refusal(answer, idp, app, changed, "tamper") == INVALID


def test_case_44_a_session_answers_its_own_challenge_only(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "crossed", **WHOLE)
    session = attempt(idp, app, "crossed", TEMPORARY)["Session"]
    responses = {
        "USERNAME": "crossed", "PASSWORD_CLAIM_SECRET_BLOCK": session, "PASSWORD_CLAIM_SIGNATURE": "x",
        "TIMESTAMP": "x", "PASSWORD": TEMPORARY,
    }  # fmt: skip
    request = {"ClientId": app, "ChallengeResponses": responses, "Session": session}
    assert refusal(idp.respond_to_auth_challenge, ChallengeName="PASSWORD_VERIFIER", **request) == INVALID
    for name in (
        "PASSWORD",
        "SMS_MFA",
        "SOFTWARE_TOKEN_MFA",
        "CUSTOM_CHALLENGE",
        "SELECT_CHALLENGE",
        "MFA_SETUP",
    ):
        assert refusal(idp.respond_to_auth_challenge, ChallengeName=name, **request) in (
            INVALID,
            ("InvalidParameter", f"{name} is not a challenge that Cenote asks yet."),
        )


def test_a_session_ends(own: PoolFactory) -> None:
    server = own.server
    server.clock.freeze()
    pool = own.pool()
    app = own.client(pool, AuthSessionValidity=5)["ClientId"]
    for name, wait, expected in (("in-time", 5 * 60_000 - 1, "ok"), ("late", 5 * 60_000, EXPIRED)):
        invite(server.idp, pool, name)
        session = attempt(server.idp, app, name, TEMPORARY)["Session"]
        server.clock.advance(ms=wait)
        assert outcome(answer, server.idp, app, session, name) == expected


@pytest.mark.parametrize("permanent", [True, False])
def test_case_44_a_session_ends_with_the_password_it_proved(
    idp: Any, pool: str, app: str, permanent: bool
) -> None:
    name = f"replaced-{permanent}"
    invite(idp, pool, name, **WHOLE)
    session = attempt(idp, app, name, TEMPORARY)["Session"]
    idp.admin_set_user_password(
        UserPoolId=pool, Username=name, Password="Another-Temp-1", Permanent=permanent
    )
    assert refusal(answer, idp, app, session, name) == INVALID
    assert outcome(attempt, idp, app, name, "Another-Temp-1") == "ok"


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ("admin_disable_user", ("NotAuthorized", "User is disabled.")),
        ("admin_delete_user", INVALID),
    ],
)
def test_whoever_is_gone_meanwhile_sets_no_password(
    idp: Any, pool: str, app: str, deed: str, expected: tuple[str, str]
) -> None:
    invite(idp, pool, deed, **WHOLE)
    session = attempt(idp, app, deed, TEMPORARY)["Session"]
    getattr(idp, deed)(UserPoolId=pool, Username=deed)
    assert refusal(answer, idp, app, session, deed) == expected
    if deed == "admin_disable_user":
        idp.admin_enable_user(UserPoolId=pool, Username=deed)
        assert outcome(attempt, idp, app, deed, PASSWORD) == "Incorrect username or password."


def test_an_address_of_somebody_else_is_no_answer(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UsernameAttributes=["email", "phone_number"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "taken@example.com")
    invite(idp, pool, "+15550177")
    session = attempt(idp, app, "+15550177", TEMPORARY)["Session"]
    responses = {"userAttributes.email": "Taken@example.com"}
    assert refusal(answer, idp, app, session, "+15550177", **responses) == (
        "AliasExists",
        "An account with the given email already exists.",
    )
    responses = {"userAttributes.email": "free@example.com"}
    assert answer(idp, app, session, "+15550177", **responses)["AuthenticationResult"]
    assert sign_in(idp, app, "free@example.com")


def test_pycognito_sets_a_new_password(idp: Any, pool: str, app: str) -> None:
    invite(idp, pool, "py", **WHOLE)
    client = AWSSRP("py", TEMPORARY, pool, app, client=idp)
    assert client.set_new_password_challenge(PASSWORD)["AuthenticationResult"]
    assert AWSSRP("py", PASSWORD, pool, app, client=idp).authenticate_user()["AuthenticationResult"]
