"""Setting up a second factor on the pages, whatever the pool offers: the engine decides, the pages lead through."""

from typing import Any

import pyotp
import pytest
from tests.browser import CALLBACK, PASSWORD, App, Browser, Page, forms, oauth_app
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, SMS, TOTP
from tests.outbox import newest_to, wrong

NUMBER = "+12065550123"


def app_of(make: PoolFactory, *, by: Any = (), **factors: Any) -> App:
    """A pool that insists on a second factor, of which its user has none yet."""
    pool = make.pool(
        AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
        **({"AliasAttributes": list(by)} if by else {}),
    )
    idp = make.server.idp
    idp.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration="ON", **factors)
    app = oauth_app(make, pool=pool, with_user=False)
    app.user = "ada"
    make.user(pool, "ada")
    return app


def passed(browser: Browser, app: App, **changes: str) -> Page:
    """The page after the password."""
    page = browser.get("/login", app.request(**changes))
    return browser.fill(page, username=app.user, password=PASSWORD)


def title(page: Page) -> str:
    return page.text.partition("<h1>")[2].partition("</h1>")[0]


def attributes(app: App) -> dict[str, str]:
    user = app.server.idp.admin_get_user(UserPoolId=app.pool, Username=app.user)
    return {entry["Name"]: entry["Value"] for entry in user["UserAttributes"]}


@pytest.mark.parametrize(
    ("factors", "to", "name", "heading"),
    [
        (EMAIL, "ada@new.example", "email", "Set up codes by e-mail"),
        (SMS, NUMBER, "phone_number", "Set up codes by text message"),
    ],
)
def test_a_pool_with_one_way_to_send_codes_leads_straight_there(
    make: PoolFactory, factors: dict[str, Any], to: str, name: str, heading: str
) -> None:
    app = app_of(make, **factors)
    browser = app.browser()
    asked = passed(browser, app)
    assert title(asked) == heading
    sent = browser.fill(asked, answer=to)
    assert (sent.status, title(sent)) == (200, "Enter your code")
    code = newest_to(app.server.url, to)["code"]
    refused = browser.fill(sent, answer=wrong(code))
    assert (refused.status, name in attributes(app)) == (400, False)
    done = browser.fill(refused, answer=code)
    assert done.location.startswith(f"{CALLBACK}?code=")
    assert (attributes(app)[name], attributes(app)[f"{name}_verified"]) == (to, "true")
    # The next sign-in asks for a code that goes there.
    again = passed(browser, app, prompt="login")
    assert title(again) == "Enter your code"
    assert "code" in browser.fill(again, answer=newest_to(app.server.url, to)["code"]).given


def test_who_may_choose_chooses_and_may_choose_again(make: PoolFactory) -> None:
    app = app_of(make, **TOTP, **EMAIL, **SMS)
    browser = app.browser()
    choice = passed(browser, app)
    assert title(choice) == "Set up a second step"
    offered = [part.partition('"')[0] for part in choice.text.split('name="answer" value="')[1:]]
    assert offered == ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SMS_MFA"]
    phone = browser.fill(choice, answer="SMS_MFA")
    assert title(phone) == "Set up codes by text message"
    back = browser.fill(phone, 1, choice="other")
    assert title(back) == "Set up a second step"
    by_app = browser.fill(back, answer="SOFTWARE_TOKEN_MFA")
    assert title(by_app) == "Set up an authenticator app"
    mail = browser.fill(browser.fill(by_app, 1, choice="other"), answer="EMAIL_OTP")
    to = f"ada@{app.id}.example"
    sent = browser.fill(mail, answer=to)
    assert "code" in browser.fill(sent, answer=newest_to(app.server.url, to)["code"]).given


def test_an_authenticator_app_is_set_up_where_it_was_chosen(own: PoolFactory) -> None:
    app = app_of(own, **TOTP, **EMAIL)
    browser, clock = app.browser(), own.server.clock
    clock.freeze()
    page = browser.fill(passed(browser, app), answer="SOFTWARE_TOKEN_MFA")
    secret = page.text.partition('class="secret">')[2].partition("<")[0]
    assert f"secret={secret}&amp;issuer=" in page.text
    refused = browser.fill(page, answer=wrong(pyotp.TOTP(secret).at(clock() // 1000)))
    assert (refused.status, title(refused)) == (400, "Set up an authenticator app")
    assert secret in refused.text
    assert "code" in browser.fill(refused, answer=pyotp.TOTP(secret).at(clock() // 1000)).given


@pytest.mark.parametrize(
    ("factors", "typed", "said"),
    [
        (EMAIL, "", "Fill in this field, please."),
        (EMAIL, "not an address", "This is not an e-mail address."),
        (SMS, "0206 5550123", "A phone number begins with + and the country code."),
        (SMS, "   ", "Fill in this field, please."),
    ],
)
def test_what_cannot_be_sent_to_is_said_at_its_field_and_typed_again(
    make: PoolFactory, factors: dict[str, Any], typed: str, said: str
) -> None:
    app = app_of(make, **factors)
    browser = app.browser()
    page = browser.fill(passed(browser, app), answer=typed)
    assert (page.status, said in page.text) == (400, True)
    field = page.text.partition('id="answer"')[2].partition("</div>")[0]
    assert 'aria-invalid="true"' in field
    good = NUMBER if factors is SMS else "ada@later.example"
    assert title(browser.fill(page, answer=good)) == "Enter your code"


def test_a_number_may_be_written_as_people_write_it(make: PoolFactory) -> None:
    app = app_of(make, **SMS)
    browser = app.browser()
    sent = browser.fill(passed(browser, app), answer=" +1 (206) 555-0124 ")
    code = newest_to(app.server.url, "+12065550124")["code"]
    assert "code" in browser.fill(sent, answer=code).given
    assert attributes(app)["phone_number"] == "+12065550124"


@pytest.mark.parametrize("answer", ["SMS_MFA", "WEB_AUTHN", "", "x"])
def test_case_45_what_is_not_offered_is_not_set_up(make: PoolFactory, answer: str) -> None:
    app = app_of(make, **TOTP, **EMAIL)
    browser = app.browser()
    page = browser.fill(passed(browser, app), answer=answer)
    assert title(page) == "Set up a second step"


def test_case_45_an_address_of_somebody_else_is_no_second_factor(make: PoolFactory) -> None:
    app = app_of(make, by=["email"], **EMAIL)
    taken = "grace@taken.example"
    make.user(app.pool, "grace", email=taken, email_verified="true")
    browser = app.browser()
    sent = browser.fill(passed(browser, app), answer=taken)
    answer = browser.fill(sent, answer=newest_to(app.server.url, taken)["code"])
    assert (answer.status, "There is an account with this e-mail address already." in answer.text) == (
        400,
        True,
    )
    assert "email" not in attributes(app)


def test_case_47_a_phone_number_is_taken_from_the_pages_only(make: PoolFactory) -> None:
    """At the API it is added to the user, and the sign-in begun again (documented at RespondToAuthChallenge)."""
    app = app_of(make, **SMS, **TOTP)
    idp = app.server.idp
    app.server.idp.update_user_pool_client(
        UserPoolId=app.pool, ClientId=app.id, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    asked = idp.initiate_auth(
        ClientId=app.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": app.user, "PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "MFA_SETUP"
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.respond_to_auth_challenge(
            ClientId=app.id,
            ChallengeName="MFA_SETUP",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": app.user, "PHONE_NUMBER": NUMBER},
        )


def test_a_form_of_one_factor_is_bound_to_its_session(make: PoolFactory) -> None:
    app = app_of(make, **EMAIL)
    mine, theirs = app.browser(), app.browser()
    page, other = passed(mine, app), passed(theirs, app)
    moved = mine.fill(page, session=forms(other)[0].fields["session"], answer="ada@new.example")
    assert (moved.status, "no longer valid" in moved.text) == (400, True)
