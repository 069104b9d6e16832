"""What is wrong is said where it is wrong, in the user's language, and nothing else has to be done again."""

from typing import Any

import pytest
from tests.api.idp.test_passkeys import FLOWS, passkey_pool
from tests.browser import CALLBACK, PASSWORD, App, Browser, Page, oauth_app
from tests.conftest import PoolFactory
from tests.mfa import EMAIL
from tests.outbox import newest_to
from tests.web.pages.test_mfa_setup import app_of, passed, title

WRONG = "Incorrect username or password."


def said_at(page: Page, field: str) -> str:
    """The error that stands below a field; empty where it stands elsewhere."""
    rest = page.text.partition(f'id="{field}"')[2].partition('class="field"')[0]
    return rest.partition('role="alert">')[2].partition("</p>")[0] if 'aria-invalid="true"' in rest else ""


def said_above(page: Page) -> str:
    head = page.text.partition("<h1>")[2].partition("<form")[0]
    return head.partition('role="alert" tabindex="-1" autofocus>')[2].partition("</p>")[0]


@pytest.fixture(scope="module")
def choosing(make: PoolFactory) -> App:
    return oauth_app(make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS)


def at_password(app: App, browser: Browser, user: str = "") -> Page:
    login = browser.get("/login", app.request())
    choice = browser.fill(login, username=user or app.user)
    return browser.fill(choice, answer="PASSWORD") if title(choice) != "Enter your password" else choice


def offered(app: App, name: str) -> str:
    """The page that asks who has this name how to sign in."""
    browser = app.browser()
    return browser.fill(browser.get("/login", app.request()), username=name).text


def test_a_wrong_password_among_choices_stays_on_its_page(choosing: App) -> None:
    browser = choosing.browser()
    page = at_password(choosing, browser)
    wrong = browser.fill(page, answer="Wrong-Horse-9")
    assert (wrong.status, title(wrong)) == (400, "Enter your password")
    assert said_at(wrong, "password") == WRONG
    assert said_above(wrong) == ""
    twice = browser.fill(wrong, answer="Wrong-Horse-8")
    assert (title(twice), said_at(twice, "password")) == ("Enter your password", WRONG)
    done = browser.fill(twice, answer=PASSWORD)
    assert done.headers.get("location", "").startswith((CALLBACK, "/passkeys/add?"))


def test_case_39_guesses_on_that_page_count_like_any_other(make: PoolFactory) -> None:
    app = oauth_app(make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS)
    browser = app.browser()
    page = at_password(app, browser)
    for _ in range(6):
        page = browser.fill(page, answer="Wrong-Horse-9")
    assert said_at(page, "password") == "Too many tries. Please wait a moment."
    assert "location" not in browser.fill(page, answer=PASSWORD).headers


def test_case_37_a_name_that_nobody_has_stays_there_too(make: PoolFactory) -> None:
    app = oauth_app(
        make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED"
    )
    seen = set()
    # Some of those whom nobody is called have no password, as some users have none (decision 11).
    nobody = next(
        name
        for name in (f"nobody-{number}" for number in range(100))
        if 'value="PASSWORD"' in offered(app, name) or "Enter your password" in offered(app, name)
    )
    for name in (app.user, nobody):
        browser = app.browser()
        wrong = browser.fill(at_password(app, browser, name), answer="Wrong-Horse-9")
        seen.add((wrong.status, title(wrong), said_at(wrong, "password")))
    assert seen == {(400, "Enter your password", WRONG)}


def test_a_passkey_that_did_not_do_leads_back_to_the_choice(choosing: App) -> None:
    browser = choosing.browser()
    page = at_password(choosing, browser)
    answer = browser.fill(page, answer=PASSWORD)
    assert "location" in answer.headers
    unknown = browser.fill(browser.get("/login", choosing.request(prompt="login")), username=choosing.user)
    refused = browser.fill(unknown, answer="SOMETHING")
    assert (refused.status, title(refused)) == (400, "How do you want to sign in?")
    assert said_above(refused) == "This way of signing in is not available."


def test_who_has_to_set_a_new_password_is_led_there_from_any_question(make: PoolFactory) -> None:
    app = oauth_app(
        make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED"
    )
    browser = app.browser()
    page = at_password(app, browser)
    app.server.idp.admin_reset_user_password(UserPoolId=app.pool, Username=app.user)
    answer = browser.fill(page, answer=PASSWORD)
    assert title(answer) in {"Forgot your password?", "Enter your password"}


def schema(*names: str, **limits: Any) -> list[dict[str, Any]]:
    return [{"Name": name, "Required": True, "AttributeDataType": "String", **limits} for name in names]


@pytest.fixture(scope="module")
def picky(make: PoolFactory) -> App:
    limits = {"StringAttributeConstraints": {"MinLength": "3", "MaxLength": "5"}}
    pool = make.pool(
        Schema=schema("nickname", **limits) + schema("email", "phone_number"),
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
    )
    return oauth_app(make, pool=pool, with_user=False)


GOOD = {
    "username": "ada",
    "attribute__email": "ada@example.com",
    "attribute__phone_number": "+12065550100",
    "attribute__nickname": "Ada",
}


@pytest.mark.parametrize(
    ("typed", "field", "english", "german"),
    [
        (
            {"attribute__nickname": ""},
            "attribute-3",
            "Fill in this field, please.",
            "Bitte füllen Sie dieses Feld aus.",
        ),
        (
            {"attribute__nickname": "A"},
            "attribute-3",
            "Please enter at least 3 characters.",
            "Bitte geben Sie mindestens 3 Zeichen ein.",
        ),
        (
            {"attribute__nickname": "Adaaaa"},
            "attribute-3",
            "Please enter at most 5 characters.",
            "Bitte geben Sie höchstens 5 Zeichen ein.",
        ),
        (
            {"attribute__email": "ada"},
            "attribute-1",
            "This is not an e-mail address.",
            "Das ist keine gültige E-Mail-Adresse.",
        ),
        (
            {"attribute__phone_number": "0206"},
            "attribute-2",
            "A phone number begins with + and the country code.",
            "Die Telefonnummer muss mit + und der Landesvorwahl beginnen.",
        ),
        ({"username": "ada l"}, "username", "Please leave out spaces.", "Bitte lassen Sie Leerzeichen weg."),
        (
            {"username": "ada@example.com"},
            "username",
            "Please choose a user name that is not an e-mail address.",
            "Bitte wählen Sie einen Benutzernamen, der keine E-Mail-Adresse ist.",
        ),
        ({"password": "short"}, "password", "This password is too short.", "Das Passwort ist zu kurz."),
    ],
)
def test_each_error_of_a_sign_up_stands_at_its_field_in_every_language(
    picky: App, typed: dict[str, str], field: str, english: str, german: str
) -> None:
    browser = picky.browser()
    for language, said in (("en", english), ("de", german)):
        page = browser.get("/signup", picky.request(lang=language))
        answer = browser.fill(page, **{**GOOD, "password": PASSWORD, **typed})
        assert (answer.status, said_at(answer, field), said_above(answer)) == (400, said, "")
        # What was right stands there still.
        assert 'value="+12065550100"' in answer.text or field == "attribute-2"


def test_a_sign_up_takes_a_number_as_people_write_it(make: PoolFactory) -> None:
    app = oauth_app(make, pool=make.pool(Schema=schema("phone_number")), with_user=False)
    browser = app.browser()
    page = browser.get("/signup", app.request())
    browser.fill(page, username="ada", password=PASSWORD, attribute__phone_number="+1 (206) 555-0199")
    user = app.server.idp.admin_get_user(UserPoolId=app.pool, Username="ada")
    assert {"Name": "phone_number", "Value": "+12065550199"} in user["UserAttributes"]


def test_who_signs_in_by_number_may_write_it_as_people_do(make: PoolFactory) -> None:
    app = oauth_app(make, pool=make.pool(UsernameAttributes=["phone_number"]), with_user=False)
    make.user(app.pool, "+12065550177")
    browser = app.browser()
    page = browser.get("/login", app.request())
    assert "code" in browser.fill(page, username="+1 206-555-0177", password=PASSWORD).given


def test_what_is_missing_beside_a_new_password_is_said_at_its_field_and_kept(make: PoolFactory) -> None:
    app = oauth_app(
        make, pool=make.pool(Schema=schema("nickname", "given_name")), with_user=False, ClientName="app"
    )
    app.server.idp.admin_create_user(
        UserPoolId=app.pool, Username="ada", TemporaryPassword="First-Horse-9", MessageAction="SUPPRESS"
    )
    browser = app.browser()
    page = browser.fill(
        browser.get("/login", app.request(lang="de")), username="ada", password="First-Horse-9"
    )
    assert title(page) == "Neues Passwort wählen"
    typed = {"attribute__nickname": "Countess", "answer": PASSWORD}
    lacking = browser.fill(page, **typed)
    assert "Bitte füllen Sie dieses Feld aus." in lacking.text
    assert lacking.text.count('aria-invalid="true"') == 1
    assert 'value="Countess"' in lacking.text
    weak = browser.fill(lacking, **{**typed, "answer": "short", "attribute__given_name": "Ada"})
    assert said_at(weak, "password") == "Das Passwort ist zu kurz."
    assert 'value="Ada"' in weak.text
    done = browser.fill(weak, **{**typed, "attribute__given_name": "Ada"})
    assert done.location.startswith(CALLBACK)


def test_a_form_that_is_no_longer_valid_is_about_no_field(choosing: App) -> None:
    for path in ("/login", "/signup", "/forgotPassword", "/confirm"):
        browser = choosing.browser()
        page = browser.fill(browser.get(path, choosing.request()), form="x", username="ada", answer="1")
        assert said_above(page) == "This page is no longer valid. Please try again.", path
        assert 'aria-invalid="true"' not in page.text


def test_who_waits_for_a_code_in_vain_has_another_sent_or_chooses_anew(make: PoolFactory) -> None:
    factors = ["PASSWORD", "EMAIL_OTP"]
    pool = make.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}})
    app = oauth_app(make, pool=pool, ExplicitAuthFlows=FLOWS)
    browser, to = app.browser(), f"{app.user}@example.com"
    choice = browser.fill(browser.get("/login", app.request()), username=app.user)
    asked = browser.fill(choice, answer="EMAIL_OTP")
    first = newest_to(app.server.url, to)["code"]
    again = browser.fill(asked, 1, choice="resend")
    assert (again.status, title(again)) == (200, "Enter your code")
    assert "We sent you a new code." in again.text
    newest = newest_to(app.server.url, to)["code"]
    if first != newest:
        assert browser.fill(again, answer=first).status == 400
    back = browser.fill(again, 2, choice="other")
    assert title(back) == "How do you want to sign in?"
    password = browser.fill(back, answer="PASSWORD")
    assert title(browser.fill(password, 1, choice="other")) == "How do you want to sign in?"
    assert "code" in browser.fill(again, answer=newest).given


def test_case_81_no_more_codes_are_sent_than_the_engine_sends(own: PoolFactory) -> None:
    factors = ["PASSWORD", "EMAIL_OTP"]
    pool = own.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}})
    app = oauth_app(own, pool=pool, ExplicitAuthFlows=FLOWS)
    browser = app.browser()
    choice = browser.fill(browser.get("/login", app.request()), username=app.user)
    page, sent = browser.fill(choice, answer="EMAIL_OTP"), 1
    while title(page) == "Enter your code":
        page, sent = browser.fill(page, 1, choice="resend"), sent + 1
        assert sent < 50
    assert (page.status, "Too many tries." in page.text) == (400, True)


def test_a_second_factor_offers_no_way_around_it(own: PoolFactory) -> None:
    """Its question is the engine's alone: neither another code nor another way is to be had for it here."""
    app = app_of(own, **EMAIL)
    browser, to = app.browser(), "ada@second.example"
    browser.fill(browser.fill(passed(browser, app), answer=to), answer=newest_to(app.server.url, to)["code"])
    page = passed(browser, app, prompt="login")
    assert title(page) == "Enter your code"
    assert 'value="resend"' not in page.text
    assert 'value="other"' not in page.text
    for choice in ("resend", "other"):
        answer = browser.fill(page, answer="", choice=choice)
        assert (answer.status, title(answer)) == (400, "Enter your code")
