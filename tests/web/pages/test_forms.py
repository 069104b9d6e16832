"""Forms of the pages beside the sign-in: what they refuse, and what a forged one never does."""

from typing import Any

import pytest
from tests.browser import CALLBACK, PASSWORD, App, Page, forms, oauth_app
from tests.conftest import PoolFactory
from tests.outbox import newest_to


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make, pool=make.pool(AutoVerifiedAttributes=["email"]))


def stale(page: Page) -> bool:
    return page.status == 400 and "no longer valid" in page.text


def test_case_51_no_form_works_without_its_token(app: App) -> None:
    """SECURITY.md case 51: sign-up, confirmation, reset, consent and the challenges."""
    browser = app.signed_in()
    query = browser.get("/oauth2/authorize", app.request(prompt="login")).location.partition("?")[2]
    fields = {"username": "mallory", "password": PASSWORD, "attribute.email": "m@example.com", "answer": "1"}
    for path in ("/signup", "/confirm", "/forgotPassword", "/confirmforgotPassword", "/mfa"):
        assert stale(browser.post(f"{path}?{query}", fields)), path
    consent = browser.post(f"/consent?{query}", {"choice": "allow"})
    assert (consent.status, "location" in consent.headers) == (400, False)
    idp = app.server.idp
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(UserPoolId=app.pool, Username="mallory")


def test_a_form_for_one_page_is_none_for_another(app: App) -> None:
    browser = app.browser()
    page = browser.get("/forgotPassword", app.request())
    token = forms(page)[0].fields["form"]
    query = forms(page)[0].action.partition("?")[2]
    fields = {"form": token, "username": "mallory", "password": PASSWORD}
    assert stale(browser.post(f"/signup?{query}", fields))
    assert stale(browser.post(f"/login?{query}", fields))


def test_somebody_signs_up_confirms_and_is_known_to_the_api(app: App) -> None:
    browser = app.browser()
    page = browser.fill(
        browser.get("/signup", app.request()),
        username="ada",
        password=PASSWORD,
        attribute__email="ada@example.com",
    )
    assert "Confirm your account" in page.text
    wrong = browser.fill(page, answer="000000")
    assert wrong.status == 400
    again = browser.fill(wrong, 1, choice="resend")
    assert "We sent you a new code." in again.text
    done = browser.fill(again, answer=newest_to(app.server.url, "ada@example.com")["code"])
    assert "Your account is ready." in done.text
    user: Any = app.server.idp.admin_get_user(UserPoolId=app.pool, Username="ada")
    assert user["UserStatus"] == "CONFIRMED"


def test_case_55_a_sign_up_sets_no_attribute_that_the_form_does_not_ask_for(app: App) -> None:
    browser = app.browser()
    browser.fill(
        browser.get("/signup", app.request()),
        username="eve",
        password=PASSWORD,
        attribute__email="eve@example.com",
        attribute__email_verified="true",
        attribute__given_name="Eve",
    )
    attributes = app.server.idp.admin_get_user(UserPoolId=app.pool, Username="eve")["UserAttributes"]
    assert {entry["Name"] for entry in attributes} <= {"sub", "email", "email_verified"}
    assert {"Name": "email_verified", "Value": "true"} not in attributes


def test_a_pool_that_only_administrators_add_to_lets_nobody_sign_up(make: PoolFactory) -> None:
    app = oauth_app(make, pool=make.pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}))
    browser = app.browser()
    login = browser.get("/login", app.request())
    assert "/signup?" not in login.text
    assert browser.get("/signup", app.request()).status == 400


def test_case_37_a_forgotten_password_looks_the_same_for_nobody(make: PoolFactory) -> None:
    app = oauth_app(make, PreventUserExistenceErrors="ENABLED")
    pages = []
    for name in (app.user, "nobody-at-all"):
        browser = app.browser()
        page = browser.fill(browser.get("/forgotPassword", app.request()), username=name)
        pages.append((page.status, "We sent a code to" in page.text, page.text.count("<input")))
    assert pages[0] == pages[1] == (200, True, 7)


def test_case_48_a_reset_needs_its_code_and_ends_other_sessions(app: App, make: PoolFactory) -> None:
    one = oauth_app(make, pool=app.pool)
    before, browser = one.signed_in(), one.browser()
    asked = browser.fill(browser.get("/forgotPassword", one.request()), username=one.user)
    wrong = browser.fill(asked, answer="000000", password="Better-Horse-10")
    assert wrong.status == 400
    assert "code" in before.get("/oauth2/authorize", one.request()).given
    code = newest_to(one.server.url, f"{one.user}@example.com")["code"]
    assert "Your password was changed." in browser.fill(wrong, answer=code, password="Better-Horse-10").text
    assert before.get("/oauth2/authorize", one.request()).location.startswith("/login?")


def test_consent_is_given_or_not(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/consent", app.request(prompt="consent", scope="openid email"))
    assert "See your e-mail address" in page.text
    assert "code" in browser.fill(page, choice="allow").given
    denied = browser.fill(page, choice="deny")
    assert denied.location.startswith(f"{CALLBACK}?error=access_denied")


def test_a_sign_in_that_ends_in_consent_leads_there(app: App) -> None:
    browser = app.browser()
    page = browser.get("/login", app.request(prompt="consent"))
    assert browser.fill(page, username=app.user, password=PASSWORD).location.startswith("/consent?")


def test_case_45_a_code_cannot_be_skipped_on_the_pages(make: PoolFactory) -> None:
    """With MFA on, the password alone leads to a question, and no other page goes on from there."""
    pool = make.pool()
    make.server.idp.set_user_pool_mfa_config(
        UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON"
    )
    app = oauth_app(make, pool=pool)
    browser = app.browser()
    page = browser.fill(browser.get("/login", app.request()), username=app.user, password=PASSWORD)
    assert "Set up an authenticator app" in page.text
    for path in ("/oauth2/authorize", "/selectAccount", "/consent", "/passkeys/add"):
        answer = browser.get(path, app.request())
        assert "code" not in (answer.given if "location" in answer.headers else {})
    wrong = browser.fill(page, answer="000000")
    assert (wrong.status, "Set up an authenticator app" in wrong.text) == (400, True)
    swapped = browser.fill(page, answer="000000", session="A" * 80)
    assert stale(swapped)


def test_signing_out_by_form_wants_this_browsers_form(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/logout", {"client_id": app.id})
    assert "Sign out?" in page.text
    forged = browser.fill(page, form="forged")
    assert "Sign out?" in forged.text
    assert "You are signed out" in browser.fill(page).text
    assert browser.get("/oauth2/authorize", app.request()).location.startswith("/login?")


def test_an_address_that_is_always_blocked_is_blocked_on_the_pages_too(make: PoolFactory) -> None:
    pool = make.pool(UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"})
    app = oauth_app(make, pool=pool)
    app.server.idp.set_risk_configuration(
        UserPoolId=pool, RiskExceptionConfiguration={"BlockedIPRangeList": ["127.0.0.0/8"]}
    )
    browser = app.browser()
    page = browser.fill(browser.get("/login", app.request()), username=app.user, password=PASSWORD)
    assert (page.status, "not allowed due to security reasons" in page.text) == (400, True)


def test_the_endpoints_are_counted(app: App) -> None:
    app.browser().get("/login", app.request())
    app.token(code="x")
    metrics = app.browser().get("/metrics").text
    assert 'cenote_requests_total{error="",operation="/login"}' in metrics
    assert 'cenote_requests_total{error="400",operation="/oauth2/token"}' in metrics


@pytest.mark.parametrize(
    ("path", "name", "length"),
    [
        ("/login", "username", 129),
        ("/login", "password", 257),
        ("/login", "form", 4097),
        ("/signup", "password", 257),
        ("/signup", "attribute.email", 2049),
        ("/forgotPassword", "username", 60_000),
        ("/mfa", "session", 4097),
    ],
)
def test_case_54_what_is_longer_than_anybody_types_is_refused_before_it_costs_anything(
    app: App, path: str, name: str, length: int
) -> None:
    browser = app.browser()
    query = browser.get("/oauth2/authorize", app.request()).location.partition("?")[2]
    page = browser.post(f"{path}?{query}", {"username": "ada", name: "x" * length})
    assert (page.status, "invalid_request" in page.text) == (400, True)


def test_a_password_of_256_characters_is_taken_as_it_is(app: App) -> None:
    password = "Aa1!" * 64
    app.server.idp.admin_set_user_password(
        UserPoolId=app.pool, Username=app.user, Password=password, Permanent=True
    )
    browser = app.browser()
    wrong = browser.fill(
        browser.get("/login", app.request()), username=app.user, password=password[:-1] + "?"
    )
    assert wrong.status == 400
    assert browser.fill(wrong, username=app.user, password=password).status == 303
    app.server.idp.admin_set_user_password(
        UserPoolId=app.pool, Username=app.user, Password=PASSWORD, Permanent=True
    )


def test_what_a_sign_up_lacks_is_said_at_its_field(make: PoolFactory) -> None:
    required = [
        {"Name": name, "Required": True, "AttributeDataType": "String"} for name in ("given_name", "email")
    ]
    app = oauth_app(make, pool=make.pool(Schema=required), with_user=False)
    browser = app.browser()
    page = browser.get("/signup", app.request(lang="de"))
    answer = browser.fill(page, username="ada", password=PASSWORD, attribute__email="ada@example.com")
    assert (answer.status, "Bitte füllen Sie dieses Feld aus." in answer.text) == (400, True)
    field = answer.text.partition('id="attribute-2"')[2].partition(">")[0]
    assert 'name="attribute.given_name"' in field
    assert 'aria-describedby="error" aria-invalid="true"' in field
    assert 'value="ada@example.com"' in answer.text


@pytest.mark.parametrize(("language", "first"), [("en", "given_name"), ("ja", "family_name")])
def test_names_are_asked_for_in_the_order_of_the_language(
    make: PoolFactory, language: str, first: str
) -> None:
    names = ("given_name", "family_name")
    required = [{"Name": name, "Required": True, "AttributeDataType": "String"} for name in names]
    app = oauth_app(make, pool=make.pool(Schema=required), with_user=False)
    text = app.browser().get("/signup", app.request(lang=language)).text
    assert min(names, key=lambda name: text.index(f"attribute.{name}")) == first


@pytest.mark.parametrize("path", ["/mfa", "/resendcode", "/confirmforgotPassword"])
def test_a_page_that_follows_another_leads_to_the_beginning_when_asked_for_by_itself(
    app: App, path: str
) -> None:
    page = app.browser().get(path, app.request())
    assert page.status == 302
    assert page.location.startswith("/login?")
    bad = app.browser().get(path, app.request(redirect_uri="https://evil.example/"))
    assert (bad.status, "location" in bad.headers) == (400, False)
