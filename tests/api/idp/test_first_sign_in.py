"""Signing in right after the sign-up was confirmed, with its `Session`. Documented at SignUp, ConfirmSignUp and
InitiateAuth and in "Automatic sign-in with OTPs", unless a test says otherwise.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, claims_of, outcome, pairs, refusal, secret_hash
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import code_to, wrong

FLOWS = ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
CODES = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}}
INVALID = ("NotAuthorized", "Invalid session for the user.")
EXPIRED = ("NotAuthorized", "Invalid session for the user, session is expired.")


@dataclass
class Signup:
    """One person's sign-up, step by step."""

    server: RunningServer
    app: str
    name: str

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    def sign_up(self, **request: Any) -> dict[str, Any]:
        request.setdefault("Password", PASSWORD)
        return dict(
            self.server.idp.sign_up(
                ClientId=self.app, Username=self.name, UserAttributes=pairs({"email": self.email}), **request
            )
        )

    def confirm(self, session: str | None, **request: Any) -> dict[str, Any]:
        if session is not None:
            request["Session"] = session
        request.setdefault("ConfirmationCode", code_to(self.server.url, self.email))
        return dict(self.server.idp.confirm_sign_up(ClientId=self.app, **{"Username": self.name, **request}))

    def confirmed(self) -> str:
        """The `Session` of a sign-up confirmed just now."""
        return str(self.confirm(self.sign_up()["Session"])["Session"])

    def sign_in(self, session: str, **parameters: str) -> dict[str, Any]:
        return dict(
            self.server.idp.initiate_auth(
                ClientId=self.app,
                AuthFlow="USER_AUTH",
                Session=session,
                AuthParameters={"USERNAME": self.name, **parameters},
            )
        )


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"], **CODES)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")["ClientId"])


def person(server: RunningServer, app: str) -> Signup:
    return Signup(server, app, f"user-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def ada(server: RunningServer, app: str) -> Signup:
    return person(server, app)


def test_the_confirmation_signs_in_without_another_factor(ada: Signup) -> None:
    """Recorded: the whole chain, in aws/aws-sdk-js-v3#6724."""
    done = ada.sign_in(ada.confirmed())
    assert "ChallengeName" not in done
    claims = claims_of(done["AuthenticationResult"]["IdToken"])
    assert (claims["cognito:username"], claims["email_verified"]) == (ada.name, True)
    assert "RefreshToken" in done["AuthenticationResult"]


def test_what_would_be_preferred_is_not_asked(ada: Signup) -> None:
    done = ada.sign_in(ada.confirmed(), PREFERRED_CHALLENGE="EMAIL_OTP")
    assert "AuthenticationResult" in done


def test_administrators_may_pass_it_on(server: RunningServer, pool: str, ada: Signup) -> None:
    done = server.idp.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=ada.app,
        AuthFlow="USER_AUTH",
        Session=ada.confirmed(),
        AuthParameters={"USERNAME": ada.name},
    )
    assert "AuthenticationResult" in done


def test_a_user_without_a_password_signs_up_and_in(ada: Signup) -> None:
    """Documented in "Passwordless sign-in with one-time passwords"."""
    signed_up = ada.server.idp.sign_up(
        ClientId=ada.app, Username=ada.name, UserAttributes=pairs({"email": ada.email})
    )
    session = ada.confirm(signed_up["Session"])["Session"]
    assert "AuthenticationResult" in ada.sign_in(session)
    asked = ada.server.idp.initiate_auth(
        ClientId=ada.app, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": ada.name}
    )
    assert asked["AvailableChallenges"] == ["EMAIL_OTP"]


def test_a_password_is_needed_where_codes_do_not_sign_in(server: RunningServer, make: PoolFactory) -> None:
    pool = make.pool(AutoVerifiedAttributes=["email"])
    someone = person(server, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    refused = refusal(server.idp.sign_up, ClientId=someone.app, Username=someone.name)
    assert refused[0] == "InvalidPassword"


def test_a_client_without_the_choice_gets_no_session(
    server: RunningServer, make: PoolFactory, pool: str
) -> None:
    """Recorded (aws/aws-sdk-js-v3#6724)."""
    someone = person(server, make.client(pool)["ClientId"])
    assert "Session" not in someone.sign_up()
    assert "Session" not in someone.confirm(None)


def test_the_confirmation_does_not_need_the_session_of_the_sign_up(ada: Signup) -> None:
    """Recorded: aws-amplify sends none, and signs in with what it gets."""
    ada.sign_up()
    assert "AuthenticationResult" in ada.sign_in(ada.confirm(None)["Session"])


def test_a_sign_up_alone_is_no_first_factor(server: RunningServer, pool: str, ada: Signup) -> None:
    session = ada.sign_up()["Session"]
    assert ada.sign_in(session)["ChallengeName"] == "SELECT_CHALLENGE"
    server.idp.admin_confirm_sign_up(UserPoolId=pool, Username=ada.name)
    asked = ada.sign_in(session)
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == (
        "SELECT_CHALLENGE",
        ["PASSWORD_SRP", "PASSWORD"],
    )


def test_a_pool_that_does_not_sign_in_by_code_asks_for_the_password(
    server: RunningServer, make: PoolFactory
) -> None:
    pool = make.pool(AutoVerifiedAttributes=["email"])
    someone = person(server, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    session = someone.confirmed()
    assert someone.sign_in(session)["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    done = someone.sign_in(session, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert "AuthenticationResult" in done


def test_a_client_with_a_secret_wants_its_hash(server: RunningServer, make: PoolFactory, pool: str) -> None:
    client = make.client(pool, ExplicitAuthFlows=FLOWS, GenerateSecret=True)
    someone = person(server, client["ClientId"])
    right = secret_hash(client, someone.name)
    session = someone.sign_up(SecretHash=right)["Session"]
    session = someone.confirm(session, SecretHash=right)["Session"]
    assert "SECRET_HASH was not received" in outcome(someone.sign_in, session)
    assert outcome(someone.sign_in, session, SECRET_HASH=right) == "ok"


def test_a_disabled_user_is_refused(server: RunningServer, pool: str, ada: Signup) -> None:
    session = ada.confirmed()
    server.idp.admin_disable_user(UserPoolId=pool, Username=ada.name)
    assert refusal(ada.sign_in, session) == ("NotAuthorized", "User is disabled.")


def test_case_57_a_user_made_again_is_another(server: RunningServer, pool: str, ada: Signup) -> None:
    session = ada.confirmed()
    server.idp.admin_delete_user(UserPoolId=pool, Username=ada.name)
    assert refusal(ada.sign_in, session) == INVALID
    ada.sign_up()
    assert refusal(ada.sign_in, session) == INVALID


def test_case_44_the_session_is_good_once(ada: Signup) -> None:
    session = ada.confirmed()
    assert outcome(ada.sign_in, session) == "ok"
    assert refusal(ada.sign_in, session) == INVALID


def test_case_44_of_fifty_sign_ins_at_once_one_wins(ada: Signup) -> None:
    session = ada.confirmed()
    outcomes = at_once(lambda _: outcome(ada.sign_in, session), 50)
    assert sorted(outcomes) == [INVALID[1]] * 49 + ["ok"]


def test_case_44_the_session_is_bound_to_user_client_and_pool(
    server: RunningServer, make: PoolFactory, pool: str, ada: Signup
) -> None:
    session = ada.confirmed()
    eve = person(server, ada.app)
    eve.confirmed()
    assert refusal(eve.sign_in, session) == INVALID
    other = make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"]
    assert refusal(Signup(server, other, ada.name).sign_in, session) == INVALID
    elsewhere = make.pool(AutoVerifiedAttributes=["email"], **CODES)
    twin = Signup(server, make.client(elsewhere, ExplicitAuthFlows=FLOWS)["ClientId"], ada.name)
    twin.confirmed()
    assert refusal(twin.sign_in, session) == INVALID


def test_case_44_neither_session_is_good_for_anything_else(ada: Signup) -> None:
    idp = ada.server.idp
    signed_up = ada.sign_up()["Session"]
    confirmed = ada.confirm(signed_up)["Session"]
    ways = [
        (challenge, session)
        for challenge in ("SELECT_CHALLENGE", "PASSWORD", "NEW_PASSWORD_REQUIRED")
        for session in (signed_up, confirmed)
    ]
    for challenge, session in ways:
        responses = {
            "USERNAME": ada.name,
            "ANSWER": "PASSWORD",
            "PASSWORD": PASSWORD,
            "NEW_PASSWORD": PASSWORD,
        }
        assert (
            refusal(
                idp.respond_to_auth_challenge, ClientId=ada.app, ChallengeName=challenge, Session=session,
                ChallengeResponses=responses,
            ) == INVALID
        )  # fmt: skip
    asked = idp.initiate_auth(ClientId=ada.app, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": ada.name})
    assert refusal(ada.sign_in, asked["Session"]) == INVALID
    assert outcome(ada.sign_in, confirmed) == "ok"


def test_case_44_another_sign_ups_session_confirms_nobody(ada: Signup) -> None:
    eve = person(ada.server, ada.app)
    theirs = eve.sign_up()["Session"]
    ada.sign_up()
    assert refusal(ada.confirm, theirs) == INVALID
    assert refusal(ada.confirm, theirs[:-2] + "AA") == INVALID
    assert refusal(eve.confirm, theirs, Username="nobody") == INVALID
    assert "Session" in ada.confirm(None)


def test_a_wrong_code_gives_no_session(ada: Signup) -> None:
    session = ada.sign_up()["Session"]
    code = code_to(ada.server.url, ada.email)
    assert refusal(ada.confirm, session, ConfirmationCode=wrong(code))[0] == "CodeMismatch"
    assert "Session" in ada.confirm(session)


def test_case_44_the_session_ends_with_the_clients_sessions(
    own: PoolFactory, own_server: RunningServer
) -> None:
    """An old sign-up can still be confirmed, and signs in then; that last part is assumed."""
    pool = own.pool(AutoVerifiedAttributes=["email"], **CODES)
    app = own.client(pool, ExplicitAuthFlows=FLOWS, AuthSessionValidity=4)["ClientId"]
    own_server.clock.freeze()
    ada, grace = person(own_server, app), person(own_server, app)
    confirmed, signed_up = ada.confirmed(), grace.sign_up()["Session"]
    own_server.clock.advance(minutes=4)
    assert refusal(ada.sign_in, confirmed) == EXPIRED
    assert "AuthenticationResult" in grace.sign_in(grace.confirm(signed_up)["Session"])
