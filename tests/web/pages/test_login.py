"""Signing in on the pages."""

from typing import Any

import pytest
from tests.browser import CALLBACK, PASSWORD, App, Browser, Page, oauth_app
from tests.conftest import PoolFactory
from tests.outbox import newest_to


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def opened(app: App, browser: Browser, **changes: str | None) -> Page:
    """The page that an authorize request leads to."""
    page = browser.get("/oauth2/authorize", app.request(**changes))
    assert page.location.startswith("/login?")
    return browser.get(page.location)


def test_a_user_signs_in_and_goes_back_with_a_code(app: App) -> None:
    browser = app.browser()
    page = browser.fill(opened(app, browser), username=app.user, password=PASSWORD)
    assert page.status == 303
    assert page.location.startswith(f"{CALLBACK}?code=")
    assert app.token(code=page.given["code"]).status == 200


def test_a_wrong_password_shows_the_page_again_with_the_name(app: App) -> None:
    browser = app.browser()
    page = browser.fill(opened(app, browser), username=app.user, password="Wrong-Horse-9")
    assert page.status == 400
    assert "Incorrect username or password." in page.text
    assert f'value="{app.user}"' in page.text
    assert "Wrong-Horse-9" not in page.text
    again = browser.fill(page, username=app.user, password=PASSWORD)
    assert again.status == 303


def test_case_37_a_name_that_nobody_has_looks_like_a_wrong_password(make: PoolFactory) -> None:
    app = oauth_app(make, PreventUserExistenceErrors="ENABLED")
    texts = []
    for name in (app.user, "nobody-at-all"):
        browser = app.browser()
        page = browser.fill(opened(app, browser), username=name, password="Wrong-Horse-9")
        texts.append((page.status, page.text.replace(name, "NAME").count("Incorrect username or password.")))
    assert texts[0] == texts[1] == (400, 1)


def test_case_40_a_locked_user_is_locked_here_too(make: PoolFactory) -> None:
    app = oauth_app(make)
    idp = app.server.idp
    for _ in range(6):
        with pytest.raises(idp.exceptions.NotAuthorizedException):
            idp.initiate_auth(
                ClientId=app.id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": app.user, "PASSWORD": "Wrong-Horse-9"},
            )
    browser = app.browser()
    page = browser.fill(opened(app, browser), username=app.user, password=PASSWORD)
    assert (page.status, "Too many tries." in page.text) == (400, True)


def test_case_51_a_form_without_its_browsers_cookie_does_nothing(app: App) -> None:
    browser = app.browser()
    page = opened(app, browser)
    browser.jar.clear()
    answer = browser.fill(page, username=app.user, password=PASSWORD)
    assert (answer.status, "no longer valid" in answer.text) == (400, True)
    assert not any(name.startswith("cenote-eu-") for name in browser.jar)


def test_case_50_a_form_of_another_browser_does_nothing(app: App) -> None:
    mine, theirs = app.browser(), app.browser()
    opened(app, theirs)
    answer = theirs.fill(opened(app, mine), username=app.user, password=PASSWORD)
    assert (answer.status, "no longer valid" in answer.text) == (400, True)


@pytest.mark.parametrize("form", ["", "forged", "A" * 200])
def test_case_51_a_forged_form_does_nothing(app: App, form: str) -> None:
    browser = app.browser()
    answer = browser.fill(opened(app, browser), username=app.user, password=PASSWORD, form=form)
    assert (answer.status, "no longer valid" in answer.text) == (400, True)


def test_a_form_for_one_client_is_none_for_another(app: App, make: PoolFactory) -> None:
    beside = oauth_app(make, pool=app.pool)
    browser = app.browser()
    page = opened(app, browser)
    moved = Page(200, {}, page.text.replace(app.id, beside.id).encode())
    answer = browser.fill(moved, username=app.user, password=PASSWORD)
    assert (answer.status, "no longer valid" in answer.text) == (400, True)


def test_a_form_is_good_for_an_hour(own: PoolFactory) -> None:
    app = oauth_app(own)
    browser = app.browser()
    page = opened(app, browser)
    app.server.clock.advance(minutes=60)
    assert browser.fill(page, username=app.user, password=PASSWORD).status == 400


def test_case_50_each_sign_in_begins_a_session_of_its_own(app: App) -> None:
    browser = app.browser()
    cookies = []
    for _ in range(2):
        page = browser.get("/oauth2/authorize", app.request(prompt="login"))
        assert browser.fill(browser.get(page.location), username=app.user, password=PASSWORD).status == 303
        cookies.append(next(value for name, value in browser.jar.items() if name.startswith("cenote-eu-")))
    assert cookies[0] != cookies[1]


def test_case_11_posted_credentials_are_answered_with_303(app: App) -> None:
    """A 307 would have the browser post them to the app, and some did with 302."""
    browser = app.browser()
    done = browser.fill(opened(app, browser), username=app.user, password=PASSWORD)
    assert (done.status, done.location.startswith(f"{CALLBACK}?code=")) == (303, True)
    assert PASSWORD not in done.location + done.text
    # Each step of a longer way, which carries none on.
    asked = browser.fill(opened(app, browser, prompt="login consent"), username=app.user, password=PASSWORD)
    assert (asked.status, asked.location.startswith("/consent?")) == (303, True)
    assert PASSWORD not in asked.location + asked.text
    assert browser.fill(browser.get(asked.location), choice="allow").status == 303
    assert browser.fill(browser.get("/selectAccount", app.request()), choice="continue").status == 303
    # Wrong ones lead nowhere.
    wrong = browser.fill(opened(app, app.browser()), username=app.user, password="Wrong-Horse-9")
    assert (wrong.status, "location" in wrong.headers) == (400, False)


def test_case_11_a_posted_code_is_answered_with_303(make: PoolFactory) -> None:
    factors = ["PASSWORD", "EMAIL_OTP"]
    pool = make.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}})
    app = oauth_app(make, pool=pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    browser = app.browser()
    asked = browser.fill(browser.fill(opened(app, browser), username=app.user), answer="EMAIL_OTP")
    code = newest_to(app.server.url, f"{app.user}@example.com")["code"]
    done = browser.fill(asked, answer=code)
    assert (done.status, done.location.startswith(f"{CALLBACK}?code=")) == (303, True)
    assert f"={code}" not in done.location


def test_case_52_cookies_are_for_this_host_and_no_script(app: App) -> None:
    browser = app.browser()
    first = opened(app, browser)
    then = browser.fill(first, username=app.user, password=PASSWORD)
    assert first.cookies
    for cookie in (*first.cookies, *then.cookies):
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


def test_a_known_user_is_asked_whether_to_go_on(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/login", app.request())
    assert f"Continue as {app.user}@example.com" in page.text
    gone = browser.fill(page, choice="continue")
    assert gone.location.startswith(f"{CALLBACK}?code=")
    other = browser.fill(page, choice="other")
    assert 'name="password"' in other.text


def test_going_on_wants_a_session_as_fresh_as_the_client_does(own: PoolFactory) -> None:
    app = oauth_app(own)
    browser = app.signed_in()
    page = browser.get("/selectAccount", app.request(max_age="60"))
    app.server.clock.advance(seconds=60)
    answer = browser.fill(page, choice="continue")
    assert (answer.status, 'name="password"' in answer.text) == (200, True)


def test_case_51_going_on_wants_this_browsers_form(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/selectAccount", app.request())
    answer = browser.fill(page, choice="continue", form="forged")
    assert (answer.status, "location" in answer.headers) == (400, False)


def test_case_9_a_hint_is_shown_as_text(app: App) -> None:
    browser = app.browser()
    page = opened(app, browser, login_hint='"><script>alert(1)</script>')
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_case_14_a_page_runs_only_its_own_script(app: App) -> None:
    page = opened(app, app.browser())
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert page.text.count("<script") == page.text.count(f'<script nonce="{nonce}"') == 1
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_the_pages_files_may_be_kept_and_nothing_else_is_there(app: App) -> None:
    browser = app.browser()
    page = opened(app, browser)
    address = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style = browser.get(address)
    assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style.headers["cache-control"]
    for name in ("rendering.py", "../router.py", "%2e%2e/router.py", ""):
        assert browser.get(f"/assets/{name}").status == 404
    weight = len(page.body) + len(style.body) + len(browser.get("/assets/pages.js").body)
    assert weight < 60_000


def test_a_bad_request_shows_an_error_with_a_reference(app: App) -> None:
    page = app.browser().get("/login", app.request(redirect_uri="https://evil.example/"))
    assert page.status == 400
    assert "redirect_mismatch" in page.text
    assert "Reference" in page.text


@pytest.mark.parametrize(
    ("query", "header", "title"),
    [
        ({"lang": "de"}, "fr", "Anmelden"),
        ({}, "fr-CH, fr;q=0.9, en;q=0.8", "Se connecter"),
        ({}, "xx, ko;q=0.5, de;q=0.4", "로그인"),
        ({"lang": "xx"}, "", "Sign in"),
        ({"ui_locales": "xx ja"}, "", "サインイン"),
    ],
)
def test_a_page_speaks_the_language_that_is_asked_for(
    app: App, query: dict[str, str], header: str, title: str
) -> None:
    page = app.browser().get("/login", app.request(**query), accept_language=header)
    assert f"<h1>{title}</h1>" in page.text


def test_a_chosen_language_is_kept(app: App) -> None:
    browser = app.browser()
    browser.get("/login", app.request(lang="zh-TW"))
    assert "<h1>登入</h1>" in browser.get("/login", app.request()).text


def test_a_temporary_password_is_replaced(app: App) -> None:
    idp: Any = app.server.idp
    idp.admin_create_user(
        UserPoolId=app.pool, Username="invited", TemporaryPassword="First-Horse-9", MessageAction="SUPPRESS"
    )
    browser = app.browser()
    page = browser.fill(opened(app, browser), username="invited", password="First-Horse-9")
    assert "Choose a new password" in page.text
    weak = browser.fill(page, answer="weak")
    assert (weak.status, "This password is too short." in weak.text) == (400, True)
    assert browser.fill(weak, answer="Second-Horse-9").status == 303
