"""Choosing a language on a page that only a form leads to: the page says it anew, and nothing begins again."""

import pyotp
import pytest
from tests.api.idp.test_passkeys import FLOWS, ORIGIN, Person, passkey_pool
from tests.browser import PASSWORD, App, Browser, Page, forms, oauth_app
from tests.calls import sign_in
from tests.conftest import PoolFactory
from tests.mfa import EMAIL, TOTP
from tests.outbox import newest_to
from tests.web.pages.test_mfa_setup import app_of, passed, title
from tests.web.pages.test_usernameless import options


def spoken(browser: Browser, page: Page, language: str) -> Page:
    """The page after its language was chosen; the choice stands in its last form."""
    answer = browser.fill(page, len(forms(page)) - 1, lang=language)
    assert answer.status == 200
    assert f'<html lang="{language}">' in answer.text
    return answer


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make, pool=make.pool(AutoVerifiedAttributes=["email"]))


def test_a_sign_up_goes_on_where_it_was(app: App) -> None:
    browser, email = app.browser(), "grace@example.com"
    form = browser.get("/signup", app.request(lang="en"))
    asked = browser.fill(form, username="grace", password=PASSWORD, attribute__email=email)
    code = newest_to(app.server.url, email)["code"]
    german = spoken(browser, asked, "de")
    assert title(german) == "Konto bestätigen"
    wrong = browser.fill(german, answer="000000")
    # It was chosen for the whole way, though the app had asked for another.
    assert '<html lang="de">' in wrong.text
    korean = spoken(browser, wrong, "ko")
    done = browser.fill(korean, answer=code)
    assert (done.status, '<html lang="ko">' in done.text) == (200, True)
    assert browser.jar["cenote-lang"] == "ko"


def test_a_forgotten_password_is_reset_with_the_same_code(app: App) -> None:
    browser = app.browser()
    asked = browser.fill(browser.get("/forgotPassword", app.request()), username=app.user)
    code = newest_to(app.server.url, f"{app.user}@example.com")["code"]
    french = spoken(browser, asked, "fr")
    done = browser.fill(french, answer=code, password="Better-Horse-10")
    assert "Se connecter" in done.text


def test_every_question_is_asked_again_as_it_was(own: PoolFactory) -> None:
    app = app_of(own, **TOTP, **EMAIL)
    browser, clock = app.browser(), own.server.clock
    clock.freeze()
    choice = spoken(browser, passed(browser, app), "de")
    assert title(choice) == "Zweiten Schritt einrichten"
    mail = spoken(browser, browser.fill(choice, answer="EMAIL_OTP"), "it")
    assert title(mail) == "Configura i codici via e-mail"
    by_app = browser.fill(browser.fill(mail, 1, choice="other"), answer="SOFTWARE_TOKEN_MFA")
    secret = by_app.text.partition('class="secret">')[2].partition("<")[0]
    turkish = spoken(browser, by_app, "tr")
    assert secret in turkish.text
    totp = pyotp.TOTP(secret)
    assert "code" in browser.fill(turkish, answer=totp.at(clock() // 1000)).given
    clock.advance(seconds=30)
    asked = spoken(browser, passed(browser, app, prompt="login"), "ja")
    assert "code" in browser.fill(asked, answer=totp.at(clock() // 1000)).given


def test_a_choice_a_password_and_a_passkey_are_too(make: PoolFactory) -> None:
    app = oauth_app(make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS)
    token = sign_in(app.server.idp, app.id, app.user)["AccessToken"]
    device = Person(app.server.idp, app.id, app.user, token).register()
    browser = app.browser()
    choice = spoken(browser, browser.fill(browser.get("/login", app.request()), username=app.user), "de")
    assert title(choice) == "Wie möchten Sie sich anmelden?"
    password = spoken(browser, browser.fill(choice, answer="PASSWORD"), "es")
    assert "code" in browser.fill(password, answer=PASSWORD).given
    again = browser.fill(browser.get("/login", app.request(prompt="login")), username=app.user)
    passkey = spoken(browser, browser.fill(again, answer="WEB_AUTHN"), "fr")
    assert "code" in browser.fill(passkey, answer=device.get(options(passkey), ORIGIN)).given


def test_a_temporary_password_is_replaced_in_another_language(app: App) -> None:
    app.server.idp.admin_create_user(
        UserPoolId=app.pool, Username="guest", TemporaryPassword="First-Horse-9", MessageAction="SUPPRESS"
    )
    browser = app.browser()
    page = browser.fill(browser.get("/login", app.request()), username="guest", password="First-Horse-9")
    assert "code" in browser.fill(spoken(browser, page, "id"), answer=PASSWORD).given


def test_errors_of_pages_with_an_address_lead_back_to_it(app: App) -> None:
    browser = app.browser()
    page = browser.fill(browser.get("/signup", app.request()), username="x", password="short")
    assert 'href="/signup?' in page.text.partition('class="languages"')[2]


@pytest.mark.parametrize("language", ["xx", "<script>", "../de", "x\r\nset-cookie: y=z"])
def test_case_9_a_language_that_is_none_changes_nothing(app: App, language: str) -> None:
    browser = app.browser()
    asked = browser.fill(browser.get("/forgotPassword", app.request()), username=app.user)
    answer = browser.fill(asked, len(forms(asked)) - 1, lang=language)
    assert '<html lang="en">' in answer.text
    assert browser.jar["cenote-lang"] == "en"


def test_case_51_a_language_needs_the_pages_form(app: App) -> None:
    browser = app.browser()
    asked = browser.fill(browser.get("/forgotPassword", app.request()), username=app.user)
    answer = browser.fill(asked, len(forms(asked)) - 1, lang="de", form="forged")
    assert (answer.status, "nicht mehr gültig" in answer.text) == (400, True)


def test_what_follows_knows_that_the_sign_in_was_done(make: PoolFactory) -> None:
    """The request says `login`, and its way goes on though its language is no longer the one in it."""
    app = oauth_app(make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS)
    token = sign_in(app.server.idp, app.id, app.user)["AccessToken"]
    Person(app.server.idp, app.id, app.user, token).register()
    browser = app.signed_in()
    begun = browser.get("/login", app.request(prompt="login consent", lang="en", ui_locales="fr"))
    password = browser.fill(browser.fill(begun, username=app.user), answer="PASSWORD")
    led = browser.fill(spoken(browser, password, "de"), answer=PASSWORD)
    assert led.location.startswith("/consent?")
    consent = browser.get(led.location)
    assert title(consent).startswith("Zugriff für")
    assert "code" in browser.fill(consent, choice="allow").given
