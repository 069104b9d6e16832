"""What somebody tries on the pages who is not their user: each page is tried, also one that comes to be later."""

import re
from urllib.parse import urlsplit

import pyotp
import pytest
from tests.browser import PASSWORD, App, Browser, Page, forms, oauth_app
from tests.conftest import PoolFactory
from tests.outbox import newest_to

from cenote.flows.risk_notices import FEEDBACK_PATH
from cenote.flows.verification import CONFIRM_PATH
from cenote.web.router import PAGES

# Where a client's own request is answered: a foreign page may lead there, as it may link to it.
OF_CLIENTS = {"/oauth2/authorize"}
# What the links of mails carry, of which a foreign page knows no token and no code.
LINKS = {
    CONFIRM_PATH: {"user_name": "mallory", "confirmation_code": "123456"},
    FEEDBACK_PATH: {
        "user_name": "mallory",
        "event_id": "x",
        "feedback_token": "x",
        "feedback_value": "Valid",
    },
}
POSTED = sorted(path for path, methods in PAGES.items() if "POST" in methods and path not in OF_CLIENTS)
SHOWN = sorted(path for path, methods in PAGES.items() if "GET" in methods)
# As much of what any form has as a foreign page can know.
GUESSED = {
    "username": "mallory",
    "password": PASSWORD,
    "answer": "{}",
    "choice": "continue",
    "attribute.email": "mallory@example.com",
    "session": "A" * 80,
    "remember": "yes",
}


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def query(app: App, path: str) -> dict[str, str]:
    if path in LINKS:
        return {"client_id": app.id, **LINKS[path]}
    return {"client_id": app.id} if path == "/logout" else app.request()


def is_signed_in(app: App, browser: Browser) -> bool:
    return "code" in browser.get("/oauth2/authorize", app.request(prompt="none")).given


@pytest.mark.parametrize("choice", ["continue", "allow", "skip", "resend"])
@pytest.mark.parametrize("path", POSTED)
def test_case_51_a_foreign_form_does_nothing_on_any_page(app: App, path: str, choice: str) -> None:
    browser = app.signed_in()
    browser.get("/login", app.request())
    before = dict(browser.jar)
    address = f"{path}?{'&'.join(f'{name}={value}' for name, value in query(app, path).items())}"
    page = browser.post(address.replace(" ", "%20"), {**GUESSED, "choice": choice})
    assert "location" not in page.headers
    assert not any(name not in before for name in browser.jar)
    assert is_signed_in(app, browser)


@pytest.mark.parametrize("path", SHOWN)
def test_case_51_looking_at_a_page_changes_nothing(app: App, path: str) -> None:
    browser = app.signed_in()
    browser.get(path, query(app, path))
    assert is_signed_in(app, browser)


@pytest.mark.parametrize("path", SHOWN)
def test_case_13_no_page_is_framed_kept_or_told_to_others(app: App, path: str) -> None:
    page = app.signed_in().get(path, query(app, path))
    headers = page.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    if page.body:
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"


PARAMETERS = (
    "state",
    "login_hint",
    "lang",
    "ui_locales",
    "scope",
    "prompt",
    "extra",
    "redirect_uri",
    "client_id",
)
MARK = "\"'><img src=x onerror=alert(1)>"


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("path", SHOWN)
def test_case_9_nothing_in_a_request_becomes_part_of_a_page(app: App, path: str, name: str) -> None:
    page = app.signed_in().get(path, {**query(app, path), name: MARK})
    assert "<img" not in page.text
    assert "\n" not in page.headers.get("location", "")


@pytest.mark.parametrize("typed", ["username", "attribute.email"])
def test_case_9_nothing_that_is_typed_becomes_part_of_a_page(app: App, typed: str) -> None:
    browser = app.browser()
    for path in ("/login", "/signup", "/forgotPassword"):
        page = browser.get(path, app.request())
        answer = browser.post(forms(page)[0].action, {**forms(page)[0].fields, **GUESSED, typed: MARK})
        assert "<img" not in answer.text


AWAY = (
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "https:evil.example",
)
LEADING = ("redirect_uri", "logout_uri", "post_logout_redirect_uri", "return_to", "next", "continue", "url")


@pytest.mark.parametrize("name", LEADING)
@pytest.mark.parametrize("path", SHOWN)
def test_case_5_no_parameter_of_any_page_leads_away(app: App, path: str, name: str) -> None:
    for uri in AWAY:
        page = app.signed_in().get(path, {**query(app, path), name: uri})
        target = urlsplit(page.headers.get("location", ""))
        assert target.hostname in {None, "app.example.com"}
        addresses = re.findall(r'(?:href|action|src)="([^"]*)"', page.text)
        assert all(one.startswith(("/", "data:,")) and not one.startswith(("//", "/\\")) for one in addresses)


def test_case_77_a_form_of_one_pool_is_none_in_another(app: App, make: PoolFactory) -> None:
    """Both are on the base host, and the browser is the same."""
    other, browser = oauth_app(make), app.browser()
    page = browser.get("/login", app.request())
    beside = forms(browser.get("/login", other.request()))[0]
    moved = {**beside.fields, "form": forms(page)[0].fields["form"]}
    answer = browser.post(beside.action, {**moved, "username": other.user, "password": PASSWORD})
    assert (answer.status, "no longer valid" in answer.text) == (400, True)


def test_case_50_a_browser_that_was_prepared_signs_nobody_in_to_it(app: App) -> None:
    """Somebody has planted their cookies before: the session that begins is a new one, which they do not have."""
    mallory = app.signed_in()
    victim = Browser(app.server, jar=dict(mallory.jar))
    page = victim.get("/login", app.request(prompt="login"))
    assert "code" in victim.fill(page, username=app.user, password=PASSWORD).given
    name = next(name for name in victim.jar if name.startswith("cenote-eu-"))
    assert victim.jar[name] != mallory.jar[name]


def guess(browser: Browser, page: Page, code: str, times: int) -> Page:
    for _ in range(times):
        page = browser.fill(page, answer=code)
    return page


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "000001"


def test_case_41_codes_of_a_sign_up_are_guessed_no_oftener_here_than_at_the_api(make: PoolFactory) -> None:
    app = oauth_app(make, pool=make.pool(AutoVerifiedAttributes=["email"]), with_user=False)
    browser, idp = app.browser(), app.server.idp
    email = f"{app.id}@example.com"
    page = browser.fill(
        browser.get("/signup", app.request()), username="ada", password=PASSWORD, attribute__email=email
    )
    code = newest_to(app.server.url, email)["code"]
    tries = 0
    while "Too many tries." not in page.text:
        page, tries = guess(browser, page, wrong(code), 1), tries + 1
        assert tries < 30
    assert "Too many tries." in guess(browser, page, code, 1).text
    with pytest.raises(idp.exceptions.LimitExceededException):
        idp.confirm_sign_up(ClientId=app.id, Username="ada", ConfirmationCode=code)


def test_case_41_codes_of_an_authenticator_app_are_guessed_a_few_times(own: PoolFactory) -> None:
    pool = own.pool()
    own.server.idp.set_user_pool_mfa_config(
        UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON"
    )
    app = oauth_app(own, pool=pool)
    browser, clock = app.browser(), own.server.clock
    clock.freeze()

    def asked() -> Page:
        return browser.fill(
            browser.get("/login", app.request(prompt="login")), username=app.user, password=PASSWORD
        )

    page = asked()
    totp = pyotp.TOTP(page.text.partition('class="secret">')[2].partition("<")[0])
    assert "code" in browser.fill(page, answer=totp.at(clock() // 1000)).given
    clock.advance(seconds=60)
    page = guess(browser, asked(), wrong(totp.at(clock() // 1000)), 5)
    # The question is over, whatever is answered to it.
    last = browser.fill(page, answer=totp.at(clock() // 1000), username=app.user, password="")
    assert "location" not in last.headers


def test_case_37_confirming_looks_the_same_for_nobody(make: PoolFactory) -> None:
    app = oauth_app(
        make, pool=make.pool(AutoVerifiedAttributes=["email"]), PreventUserExistenceErrors="ENABLED"
    )
    app.server.idp.sign_up(
        ClientId=app.id,
        Username="waiting",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "waiting@example.com"}],
    )
    seen = set()
    for name in ("waiting", "nobody-at-all"):
        browser = app.browser()
        page = browser.get("/confirm", app.request(login_hint=name))
        answer = browser.fill(page, answer="000000")
        again = browser.fill(answer, 1)
        texts = [
            re.sub(
                r'(value|href|action)="[^"]*"|nonce="\w+"|(?<=hidden="true">)[A-Z]',
                "",
                one.text.replace(name, "NAME"),
            )
            for one in (page, answer, again)
        ]
        marks = [re.sub(r"\w\*+@\w\*+", "SOMEWHERE", text) for text in texts]
        seen.add((page.status, answer.status, again.status, *marks))
    assert len(seen) == 1
