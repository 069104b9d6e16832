"""Setting up e-mail as second factor while signing in, as Amplify does: MFA_SETUP answered with an address."""

from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, attempt, outcome, refusal
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, SMS, TOTP, Person, new_person
from tests.outbox import code_to, messages_to, wrong

ADDRESS = "ada@example.com"


@pytest.fixture
def person(own: PoolFactory) -> Person:
    """A user without any factor, in a pool that insists on one."""
    return new_person(own, "ON", factors={**EMAIL, **TOTP})


def give(person: Person, session: str, email: str, name: str = "") -> dict[str, Any]:
    return dict(
        person.idp.respond_to_auth_challenge(
            ClientId=person.client_id,
            ChallengeName="MFA_SETUP",
            Session=session,
            ChallengeResponses={"USERNAME": name or person.name, "EMAIL": email},
        )
    )


def held(person: Person) -> dict[str, str]:
    user = person.idp.admin_get_user(UserPoolId=person.pool_id, Username=person.name)
    return {pair["Name"]: pair["Value"] for pair in user["UserAttributes"] if "email" in pair["Name"]}


def test_the_code_makes_the_address_the_users(person: Person) -> None:
    asked = person.begin()
    assert (asked["ChallengeName"], asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == (
        "MFA_SETUP",
        '["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]',
    )
    then = give(person, asked["Session"], ADDRESS)
    assert then["ChallengeName"] == "EMAIL_OTP"
    assert then["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"
    assert held(person) == {}  # nothing is anybody's before it is proved
    done = person.answer(then["Session"], code_to(person.server.url, ADDRESS), "EMAIL_OTP")
    assert done["AuthenticationResult"]["AccessToken"]
    assert held(person) == {"email": ADDRESS, "email_verified": "true"}
    assert person.begin()["ChallengeName"] == "EMAIL_OTP"


def test_case_45_without_the_code_there_is_no_factor_and_no_token(person: Person) -> None:
    then = give(person, person.begin()["Session"], ADDRESS)
    good = code_to(person.server.url, ADDRESS)
    assert refusal(person.answer, then["Session"], wrong(good), "EMAIL_OTP")[0] == "CodeMismatch"
    assert held(person) == {}
    assert person.begin()["ChallengeName"] == "MFA_SETUP"
    assert person.answer(then["Session"], good, "EMAIL_OTP")["AuthenticationResult"]


def test_case_44_each_step_is_taken_once(person: Person) -> None:
    asked = person.begin()
    then = give(person, asked["Session"], ADDRESS)
    assert refusal(give, person, asked["Session"], "other@example.com")[0] == "NotAuthorized"
    code = code_to(person.server.url, ADDRESS)
    results = at_once(lambda _: outcome(person.answer, then["Session"], code, "EMAIL_OTP"), 50)
    assert results.count("ok") == 1


def test_case_44_a_session_is_its_users(person: Person, own: PoolFactory) -> None:
    other = person.beside("bob", own)
    session = person.begin()["Session"]
    assert refusal(give, person, session, ADDRESS, "bob")[0] == "NotAuthorized"
    then = give(person, session, ADDRESS)
    code = code_to(person.server.url, ADDRESS)
    assert refusal(other.answer, then["Session"], code, "EMAIL_OTP")[0] == "NotAuthorized"


def test_an_address_that_came_meanwhile_stays(person: Person) -> None:
    then = give(person, person.begin()["Session"], ADDRESS)
    code = code_to(person.server.url, ADDRESS)
    given = [{"Name": "email", "Value": "set@example.com"}]
    person.idp.admin_update_user_attributes(UserPoolId=person.pool_id, Username="ada", UserAttributes=given)
    assert refusal(person.answer, then["Session"], code, "EMAIL_OTP")[0] == "CodeMismatch"
    assert held(person)["email"] == "set@example.com"


@pytest.mark.parametrize("email", ["nonsense", "a@b@c", "", "a@example.com\r\nBcc: b@example.com"])
def test_what_is_no_address_is_refused_and_uses_nothing_up(person: Person, email: str) -> None:
    session = person.begin()["Session"]
    assert refusal(give, person, session, email)[0] == "InvalidParameter"
    assert give(person, session, ADDRESS)["ChallengeName"] == "EMAIL_OTP"
    assert len(messages_to(person.server.url, ADDRESS)) == 1


def test_where_email_is_no_factor_it_is_not_set_up(own: PoolFactory) -> None:
    for factors in (TOTP, SMS):
        person = new_person(own, "ON", factors=factors)
        assert refusal(give, person, person.begin()["Session"], ADDRESS)[0] == "InvalidParameter"


def test_a_client_that_may_not_write_it_does_not_set_it_up(own: PoolFactory) -> None:
    person = new_person(own, "ON", factors=EMAIL)
    client = own.client(person.pool_id, WriteAttributes=["name"])["ClientId"]
    session = attempt(person.idp, client, "ada", PASSWORD)["Session"]
    person.client_id = client
    assert refusal(give, person, session, ADDRESS)[0] == "NotAuthorized"


def test_nobody_sets_up_what_somebody_else_signs_in_by(own: PoolFactory) -> None:
    """Documented: AliasExistsException. Told only to who has read the mail there."""
    pool = own.pool(AliasAttributes=["email"])
    own.user(pool, "bob", email=ADDRESS, email_verified="true")
    own.user(pool, "ada")
    person = Person(own.server, pool, own.client(pool)["ClientId"])
    person.require("ON", **EMAIL)
    then = give(person, person.begin()["Session"], ADDRESS)
    code = code_to(own.server.url, ADDRESS)
    assert refusal(person.answer, then["Session"], code, "EMAIL_OTP")[0] == "AliasExists"
    assert held(person) == {}
