"""The errors of the operations around signing in that no test of a behaviour comes by: twins, and the same for many.

Which errors can occur at all, and which of AWS's cannot and why, stands in `tests/errors.py`.
"""

from dataclasses import dataclass
from typing import Any

import botocore
import pyotp
import pytest
from tests.calls import PASSWORD, refusal, sign_in
from tests.conftest import PoolFactory
from tests.errors import OCCUR
from tests.mfa import EMAIL, FIRST, Person, new_person
from tests.outbox import code_to
from tests.security.requests import MODEL, members, minimal

FLOWS = [
    f"ALLOW_{flow}"
    for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "ADMIN_USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH")
]  # fmt: skip
TEMPORARY = "Brief-Horse-1"
# What no name of the kind looks like, by the member that has it; an operation is given the first that it takes.
IMPOSSIBLE = {
    "UserPoolId": "nowhere",
    "ClientId": "no client!",
    "AccessToken": "no token!",
    "Session": "short",
}
WITH_TOKEN = sorted(operation for operation in OCCUR if "AccessToken" in members(operation))


def send(idp: Any, operation: str, **values: Any) -> Any:
    """The smallest request with these values, sent as it is."""
    return getattr(idp, botocore.xform_name(operation))(**minimal(operation, **values))


def lists(operation: str, error: str) -> bool:
    return f"{error}Exception" in MODEL.operations[operation].errors


@pytest.mark.parametrize("operation", sorted(OCCUR))
def test_what_breaks_a_rule_of_the_model_is_refused(idp: Any, operation: str) -> None:
    member = next(name for name in IMPOSSIBLE if name in members(operation))
    error, text = refusal(send, idp, operation, **{member: IMPOSSIBLE[member]})
    assert error == "InvalidParameter"
    if member != "Session":
        assert "failed to satisfy constraint" in text


@pytest.mark.parametrize("operation", WITH_TOKEN)
def test_the_token_of_who_was_deleted_is_nobodys(idp: Any, make: PoolFactory, operation: str) -> None:
    """UserNotFound where the model lists it, else as a token that was revoked."""
    pool = make.pool()
    make.user(pool, "ada")
    token = sign_in(idp, make.client(pool)["ClientId"], "ada")["AccessToken"]
    idp.admin_delete_user(UserPoolId=pool, Username="ada")
    error, text = refusal(send, idp, operation, AccessToken=token)
    if lists(operation, "UserNotFound"):
        assert (error, text) == ("UserNotFound", "User does not exist.")
    else:
        assert (error, text) == ("NotAuthorized", "Access Token has been revoked")


@pytest.mark.parametrize("operation", WITH_TOKEN)
def test_a_token_that_is_none_is_refused(idp: Any, operation: str) -> None:
    assert refusal(send, idp, operation, AccessToken="a.b.c") == ("NotAuthorized", "Invalid Access Token")


@pytest.mark.parametrize("step", ["associate", "verify"])
def test_no_app_is_set_up_through_a_client_that_is_gone(own: PoolFactory, step: str) -> None:
    person = new_person(own, "ON")
    session = person.begin()["Session"]
    offered = person.idp.associate_software_token(Session=session)
    code = pyotp.TOTP(offered["SecretCode"]).at(own.server.clock() // 1000)
    person.idp.delete_user_pool_client(UserPoolId=person.pool_id, ClientId=person.client_id)
    gone = ("ResourceNotFound", f"User pool client {person.client_id} does not exist.")
    if step == "associate":
        assert refusal(person.idp.associate_software_token, Session=session) == gone
    else:
        request = {"Session": offered["Session"], "UserCode": code}
        assert refusal(person.idp.verify_software_token, **request) == gone


# InitiateAuth and RespondToAuthChallenge, each beside its twin


@dataclass
class Side:
    """The one of two twins: an app's own calls, or those of an administrator."""

    idp: Any
    pool: str
    app: str
    admin: bool

    @property
    def names(self) -> dict[str, str]:
        return {"ClientId": self.app, **({"UserPoolId": self.pool} if self.admin else {})}

    def begin(self, name: str, password: str = PASSWORD, **parameters: str) -> dict[str, Any]:
        """A sign-in by password, or one of USER_AUTH where something is preferred."""
        call = self.idp.admin_initiate_auth if self.admin else self.idp.initiate_auth
        flow = "ADMIN_USER_PASSWORD_AUTH" if self.admin else "USER_PASSWORD_AUTH"
        if parameters:
            return dict(
                call(**self.names, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": name, **parameters})
            )
        given = {"USERNAME": name, "PASSWORD": password}
        return dict(call(**self.names, AuthFlow=flow, AuthParameters=given))

    def respond(
        self, asked: dict[str, Any], name: str = "ada", challenge: str = "", **responses: str
    ) -> dict[str, Any]:
        call = self.idp.admin_respond_to_auth_challenge if self.admin else self.idp.respond_to_auth_challenge
        return dict(
            call(
                **self.names,
                ChallengeName=challenge or asked["ChallengeName"],
                Session=asked["Session"],
                ChallengeResponses={"USERNAME": name, **responses},
            )
        )

    def reset(self, name: str = "ada") -> None:
        self.idp.admin_reset_user_password(UserPoolId=self.pool, Username=name)


@pytest.fixture(params=[False, True], ids=["app", "administrator"])
def admin(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def side(make: PoolFactory, admin: bool) -> Side:
    """Of a pool where codes by e-mail sign in, too, and somebody who can have one."""
    first = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}
    password = {"MinimumLength": 8, "PasswordHistorySize": 2}
    pool = make.pool(
        AutoVerifiedAttributes=["email"], Policies={"SignInPolicy": first, "PasswordPolicy": password}
    )
    app = make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="LEGACY")["ClientId"]
    make.user(pool, "ada", email="ada@errors.example", email_verified="true")
    return Side(make.server.idp, pool, app, admin)


def temporary(side: Side) -> dict[str, Any]:
    """NEW_PASSWORD_REQUIRED, asked of who has a temporary password."""
    side.idp.admin_set_user_password(
        UserPoolId=side.pool, Username="ada", Password=TEMPORARY, Permanent=False
    )
    return side.begin("ada", TEMPORARY)


def test_a_flow_that_the_client_has_not_is_refused(side: Side, make: PoolFactory) -> None:
    side.app = make.client(side.pool, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])["ClientId"]
    assert refusal(side.begin, "ada")[0] == "InvalidParameter"


def test_a_client_that_is_not_there_signs_nobody_in(side: Side) -> None:
    asked = side.begin("ada", PREFERRED_CHALLENGE="PASSWORD")
    side.app = "0" * 26
    missing = ("ResourceNotFound", f"User pool client {side.app} does not exist.")
    assert refusal(side.begin, "ada") == missing
    assert refusal(side.respond, asked, PASSWORD=PASSWORD) == missing


def test_a_wrong_password_is_refused(side: Side) -> None:
    wrong = ("NotAuthorized", "Incorrect username or password.")
    assert refusal(side.begin, "ada", "Wrong-Horse-9") == wrong
    asked = side.begin("ada", PREFERRED_CHALLENGE="PASSWORD")
    assert refusal(side.respond, asked, PASSWORD="Wrong-Horse-9") == wrong


def test_who_is_not_there_is_not_found(side: Side) -> None:
    assert refusal(side.begin, "nobody") == ("UserNotFound", "User does not exist.")


def test_who_has_not_confirmed_is_told_once_the_password_is_right(side: Side) -> None:
    side.idp.sign_up(ClientId=side.app, Username="new", Password=PASSWORD)
    unconfirmed = ("UserNotConfirmed", "User is not confirmed.")
    assert refusal(side.begin, "new") == unconfirmed
    asked = side.begin("new", PREFERRED_CHALLENGE="PASSWORD")
    assert refusal(side.respond, asked, "new", PASSWORD=PASSWORD) == unconfirmed


def test_a_password_that_was_reset_has_to_be_set_anew(side: Side) -> None:
    asked = side.begin("ada", PREFERRED_CHALLENGE="none")
    side.reset()
    reset = ("PasswordResetRequired", "Password reset required for the user")
    assert refusal(side.begin, "ada") == reset
    assert refusal(side.respond, asked, ANSWER="EMAIL_OTP") == reset


def test_so_many_codes_are_sent_and_no_more(side: Side) -> None:
    """Assumed; twenty an hour."""
    for _ in range(19):
        assert side.begin("ada", PREFERRED_CHALLENGE="EMAIL_OTP")["ChallengeName"] == "EMAIL_OTP"
    choices = [side.begin("ada", PREFERRED_CHALLENGE="none") for _ in range(2)]
    assert side.respond(choices[0], ANSWER="EMAIL_OTP")["ChallengeName"] == "EMAIL_OTP"
    assert refusal(side.respond, choices[1], ANSWER="EMAIL_OTP")[0] == "TooManyRequests"
    assert refusal(side.begin, "ada", PREFERRED_CHALLENGE="EMAIL_OTP")[0] == "TooManyRequests"


def test_a_wrong_code_is_told_as_one(side: Side) -> None:
    asked = side.begin("ada", PREFERRED_CHALLENGE="EMAIL_OTP")
    assert refusal(side.respond, asked, EMAIL_OTP_CODE="none")[0] == "CodeMismatch"


def test_a_challenge_that_there_is_not_is_none(side: Side) -> None:
    asked = side.begin("ada", PREFERRED_CHALLENGE="PASSWORD")
    assert refusal(side.respond, asked, challenge="ADMIN_NO_SRP_AUTH")[0] == "InvalidParameter"
    assert refusal(side.respond, asked) == ("InvalidParameter", "Missing required parameter PASSWORD")


def test_a_new_password_has_to_fit_the_policy_and_be_a_new_one(side: Side) -> None:
    asked = temporary(side)
    assert refusal(side.respond, asked, NEW_PASSWORD="short")[0] == "InvalidPassword"
    assert refusal(side.respond, asked, NEW_PASSWORD=PASSWORD)[0] == "PasswordHistoryPolicyViolation"
    assert side.respond(asked, NEW_PASSWORD="Third-Horse-3")["AuthenticationResult"]


@pytest.fixture
def guarded(own: PoolFactory, admin: bool) -> tuple[Side, Person]:
    """Somebody with an app that every sign-in asks for, and time that stands still."""
    own.server.clock.freeze()
    person = new_person(own)
    person.enrol(person.token())
    person.prefer(SoftwareTokenMfaSettings=FIRST)
    app = own.client(person.pool_id, ExplicitAuthFlows=FLOWS)["ClientId"]
    return Side(own.server.idp, person.pool_id, app, admin), person


def test_a_code_of_an_app_is_refused_where_it_was_used_or_is_wrong(guarded: tuple[Side, Person]) -> None:
    side, person = guarded
    asked = side.begin("ada")
    assert refusal(side.respond, asked, SOFTWARE_TOKEN_MFA_CODE=person.code())[0] == "ExpiredCode"
    assert refusal(side.respond, asked, SOFTWARE_TOKEN_MFA_CODE=person.wrong())[0] == "CodeMismatch"


def test_an_app_that_was_taken_away_answers_nothing(guarded: tuple[Side, Person]) -> None:
    side, person = guarded
    asked = side.begin("ada")
    side.idp.admin_delete_software_token(UserPoolId=side.pool, Username="ada")
    refused = refusal(side.respond, asked, SOFTWARE_TOKEN_MFA_CODE=person.next_code())
    assert refused == ("SoftwareTokenMFANotFound", "Software Token MFA does not exist for the user.")


def test_a_device_that_is_not_the_users_is_not_found(side: Side) -> None:
    side.idp.update_user_pool(UserPoolId=side.pool, DeviceConfiguration={})
    asked = side.begin("ada", PREFERRED_CHALLENGE="PASSWORD")
    unknown = f"eu-central-1_{'0' * 8}-0000-4000-8000-{'0' * 12}"
    refused = refusal(side.respond, asked, PASSWORD=PASSWORD, DEVICE_KEY=unknown)
    assert refused == ("ResourceNotFound", "Device does not exist.")


def test_an_address_that_somebody_else_signs_in_by_is_nobody_elses_factor(
    own: PoolFactory, admin: bool
) -> None:
    """Documented: AliasExistsException."""
    pool = own.pool(AliasAttributes=["email"])
    own.user(pool, "bob", email="bob@errors.example", email_verified="true")
    own.user(pool, "ada")
    side = Side(own.server.idp, pool, own.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"], admin)
    side.idp.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration="ON", **EMAIL)
    asked = side.respond(side.begin("ada"), EMAIL="bob@errors.example")
    code = code_to(own.server.url, "bob@errors.example")
    assert refusal(side.respond, asked, EMAIL_OTP_CODE=code)[0] == "AliasExists"
