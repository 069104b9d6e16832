"""Choice-based sign-in (USER_AUTH) with passwords, through both doors. Documented in the developer guide,
"Authentication flows" and "Manage authentication methods in AWS SDKs", unless a test says otherwise.
"""

from typing import Any

import pytest
from pycognito.aws_srp import AWSSRP
from tests.calls import PASSWORD, at_once, claims_of, outcome, refusal, secret_hash
from tests.conftest import PoolFactory, RunningServer

FLOWS = ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
BOTH = ["PASSWORD_SRP", "PASSWORD"]
WRONG = ("NotAuthorized", "Incorrect username or password.")
INVALID = ("NotAuthorized", "Invalid session for the user.")
EXPIRED = ("NotAuthorized", "Invalid session for the user, session is expired.")


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    made = make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")
    return str(made["ClientId"])


@pytest.fixture(scope="module")
def ada(make: PoolFactory, pool: str) -> str:
    make.user(pool, "ada")
    return "ada"


def begin(idp: Any, app: str, name: str, **parameters: str) -> dict[str, Any]:
    return dict(
        idp.initiate_auth(ClientId=app, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": name, **parameters})
    )


def respond(
    idp: Any, app: str, asked: dict[str, Any], challenge: str, name: str, **responses: str
) -> dict[str, Any]:
    """The answer to a challenge, with the `Session` of what was asked."""
    given = {} if asked.get("Session") is None else {"Session": asked["Session"]}
    responses = {"USERNAME": name, **responses}
    return dict(
        idp.respond_to_auth_challenge(
            ClientId=app, ChallengeName=challenge, ChallengeResponses=responses, **given
        )
    )


def test_a_sign_in_without_a_preference_is_asked_to_choose(idp: Any, app: str, ada: str) -> None:
    """Recorded (http4k/http4k#1595): the list in this order, and no parameters."""
    asked = begin(idp, app, ada)
    assert asked["ChallengeName"] == "SELECT_CHALLENGE"
    assert asked["AvailableChallenges"] == BOTH
    assert asked["ChallengeParameters"] == {}
    assert "AuthenticationResult" not in asked


def test_choosing_the_password_with_the_password_signs_in(idp: Any, app: str, ada: str) -> None:
    done = respond(
        idp, app, begin(idp, app, ada), "SELECT_CHALLENGE", ada, ANSWER="PASSWORD", PASSWORD=PASSWORD
    )
    assert claims_of(done["AuthenticationResult"]["IdToken"])["cognito:username"] == ada
    assert "AvailableChallenges" not in done


def test_choosing_the_password_without_it_is_asked_for_it(idp: Any, app: str, ada: str) -> None:
    asked = respond(idp, app, begin(idp, app, ada), "SELECT_CHALLENGE", ada, ANSWER="PASSWORD")
    assert asked["ChallengeName"] == "PASSWORD"
    assert asked["AvailableChallenges"] == BOTH
    assert "AuthenticationResult" in respond(idp, app, asked, "PASSWORD", ada, PASSWORD=PASSWORD)


@pytest.mark.parametrize("challenge", ["PASSWORD", "SELECT_CHALLENGE"])
def test_the_preferred_password_is_asked_for_on_its_own(idp: Any, app: str, ada: str, challenge: str) -> None:
    asked = begin(idp, app, ada, PREFERRED_CHALLENGE="PASSWORD")
    assert asked["ChallengeName"] == "PASSWORD"
    done = respond(idp, app, asked, challenge, ada, ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert "AuthenticationResult" in done


def test_the_preferred_password_that_came_along_signs_in(idp: Any, app: str, ada: str) -> None:
    done = begin(idp, app, ada, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert claims_of(done["AuthenticationResult"]["AccessToken"])["username"] == ada


def test_a_challenge_that_may_be_chosen_may_be_answered_at_once(idp: Any, app: str, ada: str) -> None:
    done = respond(idp, app, begin(idp, app, ada), "PASSWORD", ada, PASSWORD=PASSWORD)
    assert "AuthenticationResult" in done


class Srp:
    """pycognito's part of SRP, a step at a time."""

    def __init__(self, idp: Any, pool: str, app: str, name: str, password: str = PASSWORD) -> None:
        self.srp = AWSSRP(username=name, password=password, pool_id=pool, client_id=app, client=idp)
        self.begun = self.srp.get_auth_params()

    @property
    def a(self) -> str:
        return str(self.begun["SRP_A"])

    def proof(self, asked: dict[str, Any]) -> dict[str, str]:
        assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
        answer = dict(self.srp.process_challenge(asked["ChallengeParameters"], self.begun))
        answer.pop("USERNAME")
        return answer


@pytest.mark.parametrize("way", ["preferred", "selected", "answered"])
def test_srp_may_be_preferred_selected_or_answered(idp: Any, pool: str, app: str, ada: str, way: str) -> None:
    client = Srp(idp, pool, app, ada)
    if way == "preferred":
        asked = begin(idp, app, ada, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=client.a)
    elif way == "selected":
        asked = respond(
            idp, app, begin(idp, app, ada), "SELECT_CHALLENGE", ada, ANSWER="PASSWORD_SRP", SRP_A=client.a
        )
    else:
        asked = respond(idp, app, begin(idp, app, ada), "PASSWORD_SRP", ada, SRP_A=client.a)
    assert asked["AvailableChallenges"] == BOTH
    done = respond(idp, app, asked, "PASSWORD_VERIFIER", ada, **client.proof(asked))
    assert claims_of(done["AuthenticationResult"]["IdToken"])["cognito:username"] == ada


def test_srp_with_a_wrong_password_is_refused(idp: Any, pool: str, app: str, ada: str) -> None:
    client = Srp(idp, pool, app, ada, "Wrong-Horse-9")
    asked = begin(idp, app, ada, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=client.a)
    assert refusal(respond, idp, app, asked, "PASSWORD_VERIFIER", ada, **client.proof(asked)) == WRONG


def test_preferring_srp_without_srp_a_is_refused(idp: Any, app: str, ada: str) -> None:
    refused = refusal(begin, idp, app, ada, PREFERRED_CHALLENGE="PASSWORD_SRP")
    assert refused == ("InvalidParameter", "Missing required parameter SRP_A")


@pytest.mark.parametrize("preferred", ["EMAIL_OTP", "WEB_AUTHN", "SMS_OTP", "nonsense", "MFA_SETUP"])
def test_a_preferred_factor_that_the_user_may_not_use_is_not_asked(
    idp: Any, app: str, ada: str, preferred: str
) -> None:
    asked = begin(idp, app, ada, PREFERRED_CHALLENGE=preferred, PASSWORD=PASSWORD)
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == ("SELECT_CHALLENGE", BOTH)


def test_choosing_what_was_not_offered_is_refused_and_may_be_put_right(idp: Any, app: str, ada: str) -> None:
    """The text is assumed."""
    asked = begin(idp, app, ada)
    for answer in ("EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN_MFA", "SELECT_CHALLENGE"):
        refused = refusal(respond, idp, app, asked, "SELECT_CHALLENGE", ada, ANSWER=answer)
        assert refused == ("InvalidParameter", "Selected challenge is not available.")
    assert "AuthenticationResult" in respond(
        idp, app, asked, "SELECT_CHALLENGE", ada, ANSWER="PASSWORD", PASSWORD=PASSWORD
    )


def test_choosing_nothing_is_refused(idp: Any, app: str, ada: str) -> None:
    refused = refusal(respond, idp, app, begin(idp, app, ada), "SELECT_CHALLENGE", ada)
    assert refused == ("InvalidParameter", "Missing required parameter ANSWER")


def test_a_wrong_password_is_refused_on_every_way(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "grace")
    wrong = {"PASSWORD": "Wrong-Horse-9"}
    assert refusal(begin, idp, app, "grace", PREFERRED_CHALLENGE="PASSWORD", **wrong) == WRONG
    asked = begin(idp, app, "grace")
    assert refusal(respond, idp, app, asked, "SELECT_CHALLENGE", "grace", ANSWER="PASSWORD", **wrong) == WRONG
    asked = begin(idp, app, "grace", PREFERRED_CHALLENGE="PASSWORD")
    assert refusal(respond, idp, app, asked, "PASSWORD", "grace", **wrong) == WRONG


def test_a_client_without_the_flow_is_refused(idp: Any, make: PoolFactory, pool: str, ada: str) -> None:
    other = make.client(pool)["ClientId"]
    refused = ("InvalidParameter", "USER_AUTH flow not enabled for this client")
    assert refusal(begin, idp, other, ada) == refused
    assert (
        refusal(
            idp.admin_initiate_auth, UserPoolId=pool, ClientId=other, AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": ada},
        ) == refused
    )  # fmt: skip


def test_administrators_have_the_same_choice(idp: Any, pool: str, app: str, ada: str) -> None:
    asked = idp.admin_initiate_auth(
        UserPoolId=pool, ClientId=app, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": ada}
    )
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == ("SELECT_CHALLENGE", BOTH)
    done = idp.admin_respond_to_auth_challenge(
        UserPoolId=pool,
        ClientId=app,
        ChallengeName="SELECT_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": ada, "ANSWER": "PASSWORD", "PASSWORD": PASSWORD},
    )
    assert "AuthenticationResult" in done


def test_a_client_with_a_secret_wants_its_hash_at_every_step(
    idp: Any, make: PoolFactory, pool: str, ada: str
) -> None:
    client = make.client(pool, ExplicitAuthFlows=FLOWS, GenerateSecret=True)
    app, right = client["ClientId"], secret_hash(client, ada)
    missing = f"Client {app} is configured with secret but SECRET_HASH was not received"
    assert outcome(begin, idp, app, ada) == missing
    asked = begin(idp, app, ada, SECRET_HASH=right)
    chosen = {"ANSWER": "PASSWORD", "PASSWORD": PASSWORD}
    assert outcome(respond, idp, app, asked, "SELECT_CHALLENGE", ada, **chosen) == missing
    assert outcome(respond, idp, app, asked, "SELECT_CHALLENGE", ada, **chosen, SECRET_HASH=right) == "ok"


def test_a_pool_that_keeps_argon2id_hashes_offers_no_srp(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(UserPoolTags={"cenote:password-hash": "argon2id"})
    app = make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")["ClientId"]
    make.user(pool, "ada")
    assert begin(idp, app, "ada")["AvailableChallenges"] == ["PASSWORD"]
    assert begin(idp, app, "nobody")["AvailableChallenges"] == ["PASSWORD"]


def test_a_temporary_password_is_replaced_after_it_was_chosen(idp: Any, pool: str, app: str) -> None:
    idp.admin_create_user(
        UserPoolId=pool, Username="invited", TemporaryPassword="First-Horse-1", MessageAction="SUPPRESS"
    )
    asked = begin(idp, app, "invited", PREFERRED_CHALLENGE="PASSWORD", PASSWORD="First-Horse-1")
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AvailableChallenges" not in asked
    done = respond(idp, app, asked, "NEW_PASSWORD_REQUIRED", "invited", NEW_PASSWORD=PASSWORD)
    assert "AuthenticationResult" in done


def test_a_disabled_user_hears_so_only_after_the_password(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "gone")
    idp.admin_disable_user(UserPoolId=pool, Username="gone")
    assert begin(idp, app, "gone")["AvailableChallenges"] == BOTH
    refused = refusal(begin, idp, app, "gone", PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Wrong-Horse-9")
    assert refused == WRONG
    refused = refusal(begin, idp, app, "gone", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert refused == ("NotAuthorized", "User is disabled.")


def test_case_37_a_name_that_nobody_has_is_asked_as_a_user_is(
    idp: Any, pool: str, app: str, ada: str
) -> None:
    """Every answer has the same members, and the end is the same error."""
    real, pretended = (begin(idp, app, name) for name in (ada, "nobody"))
    assert {key: value for key, value in pretended.items() if key not in {"Session", "ResponseMetadata"}} == {
        key: value for key, value in real.items() if key not in {"Session", "ResponseMetadata"}
    }
    assert abs(len(real["Session"]) - len(pretended["Session"])) < 120
    wrong = {"ANSWER": "PASSWORD", "PASSWORD": "Wrong-Horse-9"}
    assert refusal(respond, idp, app, pretended, "SELECT_CHALLENGE", "nobody", **wrong) == WRONG
    asked = respond(idp, app, begin(idp, app, "nobody"), "SELECT_CHALLENGE", "nobody", ANSWER="PASSWORD")
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == ("PASSWORD", BOTH)
    assert refusal(respond, idp, app, asked, "PASSWORD", "nobody", PASSWORD=PASSWORD) == WRONG
    client = Srp(idp, pool, app, "nobody")
    asked = respond(idp, app, begin(idp, app, "nobody"), "PASSWORD_SRP", "nobody", SRP_A=client.a)
    assert refusal(respond, idp, app, asked, "PASSWORD_VERIFIER", "nobody", **client.proof(asked)) == WRONG


def test_a_client_that_reveals_users_says_that_there_is_none(idp: Any, make: PoolFactory, pool: str) -> None:
    app = make.client(pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="LEGACY")["ClientId"]
    assert refusal(begin, idp, app, "nobody") == ("UserNotFound", "User does not exist.")


def test_case_40_a_locked_user_is_locked_here_as_well(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "locked")
    for _ in range(5):
        asked = begin(idp, app, "locked")
        outcome(respond, idp, app, asked, "PASSWORD", "locked", PASSWORD="Wrong-Horse-9")
    asked = begin(idp, app, "locked")
    refused = refusal(respond, idp, app, asked, "PASSWORD", "locked", PASSWORD=PASSWORD)
    assert refused == ("NotAuthorized", "Password attempts exceeded")


def test_case_44_a_choice_is_bound_to_user_client_and_challenge(
    idp: Any, make: PoolFactory, pool: str, app: str, ada: str
) -> None:
    make.user(pool, "eve")
    chosen = {"ANSWER": "PASSWORD", "PASSWORD": PASSWORD}
    asked = begin(idp, app, ada)
    assert refusal(respond, idp, app, asked, "SELECT_CHALLENGE", "eve", **chosen) == INVALID
    other = make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"]
    assert refusal(respond, idp, other, asked, "SELECT_CHALLENGE", ada, **chosen) == INVALID
    assert refusal(respond, idp, app, asked, "NEW_PASSWORD_REQUIRED", ada, NEW_PASSWORD=PASSWORD) == INVALID
    preferred = begin(idp, app, ada, PREFERRED_CHALLENGE="PASSWORD")
    assert refusal(respond, idp, app, preferred, "PASSWORD_SRP", ada, SRP_A="1234") == INVALID
    assert refusal(respond, idp, app, preferred, "SELECT_CHALLENGE", ada, ANSWER="PASSWORD_SRP") == INVALID
    assert outcome(respond, idp, app, asked, "SELECT_CHALLENGE", ada, **chosen) == "ok"
    assert refusal(respond, idp, app, asked, "SELECT_CHALLENGE", ada, **chosen) == INVALID


def test_case_44_a_choice_expires_with_the_clients_sessions(
    own: PoolFactory, own_server: RunningServer
) -> None:
    pool = own.pool()
    app = own.client(pool, ExplicitAuthFlows=FLOWS, AuthSessionValidity=5)["ClientId"]
    own.user(pool, "ada")
    idp = own_server.idp
    own_server.clock.freeze()
    asked = begin(idp, app, "ada")
    own_server.clock.advance(minutes=5)
    refused = refusal(
        respond, idp, app, asked, "SELECT_CHALLENGE", "ada", ANSWER="PASSWORD", PASSWORD=PASSWORD
    )
    assert refused == EXPIRED


def test_case_44_of_fifty_answers_at_once_one_is_taken(idp: Any, app: str, ada: str) -> None:
    asked = begin(idp, app, ada)
    chosen = {"ANSWER": "PASSWORD", "PASSWORD": PASSWORD}
    outcomes = at_once(lambda _: outcome(respond, idp, app, asked, "SELECT_CHALLENGE", ada, **chosen), 50)
    assert sorted(outcomes) == [INVALID[1]] * 49 + ["ok"]
