"""Device authorization (RFC 8628), the user's half: the code typed in, and what is asked and refused then."""

import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.browser import PASSWORD, App, Browser, claims, oauth_app, turned_on
from tests.conftest import PoolFactory, RunningServer
from tests.device_flow import allow, asked, begin, forget, opened, poll, said

from cenote.domain import device_codes as rules


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make), "device")


@pytest.fixture(autouse=True)
def forgotten(server: RunningServer) -> Iterator[None]:
    """All tests have one address: what it has spent is no test's but its own."""
    yield
    server.run(forget(server))


def test_the_address_is_short_where_the_pool_has_a_domain(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    app.server.idp.create_user_pool_domain(Domain=f"tv-{app.id[:8]}", UserPoolId=app.pool)
    codes = begin(app)
    assert urlsplit(codes["verification_uri"]).path == "/device"
    assert urlsplit(codes["verification_uri"]).query == ""
    assert codes["verification_uri"].startswith(f"http://tv-{app.id[:8]}.auth.")
    browser = app.signed_in()
    page = opened(app, codes, browser, complete=False)
    assert "Connect a device" in page.text
    assert '<p class="app">' not in page.text, "which app it is, only the code says"
    led = browser.fill(page, user_code=codes["user_code"].lower().replace("-", ""))
    consent = browser.get(led.location)
    assert "Allow app?" in consent.text
    assert "connected" in browser.fill(consent, choice="allow").text
    assert poll(app, codes["device_code"]).status == 200


def test_a_user_who_is_unknown_here_signs_in_first_and_is_asked_then(app: App) -> None:
    codes, browser = begin(app), app.browser()
    led = browser.fill(opened(app, codes, browser))
    assert led.location.startswith(f"/login?client_id={app.id}&device_ticket=")
    wrong = browser.fill(browser.get(led.location), username=app.user, password="Wrong-Horse-9")
    assert (wrong.status, said(app, codes["device_code"])) == (400, "authorization_pending")
    led = browser.fill(wrong, username=app.user, password=PASSWORD)
    assert urlsplit(led.location).path == "/consent", "signing in is not yet agreeing"
    page = browser.get(led.location)
    assert codes["user_code"] in page.text
    assert "connected" in browser.fill(page, choice="allow").text
    assert poll(app, codes["device_code"]).status == 200


def test_a_user_may_be_another_than_the_one_who_is_known_here(app: App, make: PoolFactory) -> None:
    other = oauth_app(make, pool=app.pool)
    codes, browser = begin(app), app.signed_in()
    led = browser.fill(opened(app, codes, browser))
    chooser = browser.get(led.location.replace("/consent?", "/login?"))
    assert "Choose an account" in chooser.text
    page = browser.get(led.location.replace("/consent?", "/selectAccount?"))
    assert codes["device_code"] not in page.text
    form = browser.fill(page, 0, choice="other")
    led = browser.fill(form, username=other.user, password=PASSWORD)
    browser.fill(browser.get(led.location), choice="allow")
    assert claims(poll(app, codes["device_code"]).document["access_token"])["sub"] == other.sub


def test_a_user_may_say_no(app: App) -> None:
    codes = begin(app)
    browser, page = asked(app, codes)
    done = browser.fill(page, choice="deny")
    assert (done.status, "Your device was not connected" in done.text) == (200, True)
    assert [said(app, codes["device_code"]) for _ in range(2)] == ["access_denied"] * 2
    assert browser.fill(page, choice="allow").status == 400, "it is decided"
    assert said(app, codes["device_code"]) == "access_denied"


def test_a_user_code_is_its_pools(app: App, make: PoolFactory) -> None:
    elsewhere = turned_on(oauth_app(make), "device")
    browser = app.signed_in()
    page = opened(app, begin(elsewhere), browser, complete=True)
    assert "Connect a device" in page.text
    own = browser.get(f"/device?client_id={app.id}")
    assert "This code is not right" in browser.fill(own, user_code=begin(elsewhere)["user_code"]).text


def test_guessing_user_codes_ends_soon_even_with_the_right_one(app: App) -> None:
    codes, browser = begin(app), app.signed_in()
    page = opened(app, codes, browser, complete=False)
    for _ in range(rules.MOST_TYPED):
        assert "This code is not right" in browser.fill(page, user_code="BCDF-GHJK").text
    for text in ("BCDF-GHJK", codes["user_code"]):
        assert "Too many tries." in browser.fill(page, user_code=text).text


def test_of_fifty_guesses_at_once_no_more_count_than_may(app: App) -> None:
    browser = app.signed_in()
    page = opened(app, begin(app), browser, complete=False)
    jar = dict(browser.jar)
    with ThreadPoolExecutor(50) as pool:
        texts = list(
            pool.map(
                lambda _: Browser(app.server, browser.host, dict(jar)).fill(page, user_code="BCDF-GHJK").text,
                range(50),
            )
        )
    assert sum("This code is not right" in text for text in texts) == rules.MOST_TYPED


def test_case_51_opening_an_address_decides_nothing(app: App) -> None:
    codes, browser = begin(app), app.signed_in()
    page = opened(app, codes, browser)
    assert f'value="{codes["user_code"]}"' in page.text
    led = browser.fill(page)
    for path in ("/consent", "/login", "/selectAccount", "/passkeys/add"):
        browser.get(led.location.replace("/consent", path))
    assert said(app, codes["device_code"]) == "authorization_pending"


def test_case_51_no_foreign_page_types_or_agrees(app: App) -> None:
    codes, browser = begin(app), app.signed_in()
    page = opened(app, codes, browser)
    assert (
        "no longer valid"
        in browser.post(f"/device?client_id={app.id}", {"user_code": codes["user_code"]}).text
    )
    other = app.signed_in()
    other.host = browser.host
    assert "no longer valid" in other.fill(page).text, "the form of another browser"
    led = browser.fill(page)
    browser.post(led.location, {"choice": "allow"})
    consent = browser.get(led.location)
    other.fill(consent, choice="allow")
    assert said(app, codes["device_code"]) == "authorization_pending"
    assert "connected" in browser.fill(consent, choice="allow").text


def test_a_link_to_the_middle_is_of_no_use_to_another_browser(app: App) -> None:
    """Else whoever begins could send somebody straight to the sign-in, past the code on the device."""
    codes, browser = begin(app), app.browser()
    led = browser.fill(opened(app, codes, browser))
    assert browser.get(led.location).status == 200
    victim = app.signed_in()
    victim.host = browser.host
    for location in (led.location, led.location.replace("/login", "/consent")):
        assert victim.get(location).status == 400


def test_a_ticket_is_its_clients_and_no_longer_good_than_its_code(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "device")
    beside = oauth_app(own, pool=app.pool)
    arn = app.server.idp.describe_user_pool(UserPoolId=app.pool)["UserPool"]["Arn"]
    app.server.idp.tag_resource(ResourceArn=arn, Tags={f"cenote:client:{beside.id}": "device"})
    browser = app.signed_in()
    led = browser.fill(opened(app, begin(app), browser))
    assert browser.get(led.location).status == 200
    other = browser.get(led.location.replace(app.id, beside.id))
    assert (other.status, "expired_token" in other.text) == (400, True)
    app.server.clock.advance(minutes=15)
    over = browser.get(led.location)
    assert (over.status, "This request is over" in over.text) == (400, True)


def test_a_code_that_was_decided_or_whose_client_lost_the_tag_is_not_asked_about(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    app.server.idp.create_user_pool_domain(Domain=f"box-{app.id[:8]}", UserPoolId=app.pool)
    beside = oauth_app(make, pool=app.pool, with_user=False)
    arn = app.server.idp.describe_user_pool(UserPoolId=app.pool)["UserPool"]["Arn"]
    app.server.idp.tag_resource(ResourceArn=arn, Tags={f"cenote:client:{beside.id}": "device"})
    decided, waiting = begin(app), begin(app)
    allow(app, decided)
    browser = app.signed_in()
    assert "This code is not right" in browser.fill(opened(app, decided, browser)).text
    turned_on(app, "dpop")
    assert "This code is not right" in browser.fill(opened(app, waiting, browser)).text


@pytest.mark.parametrize("bent", ["x", "A" * 200, ""])
def test_a_bent_ticket_is_refused(app: App, bent: str) -> None:
    page = app.signed_in().get(f"/consent?client_id={app.id}&device_ticket={bent}")
    assert page.status == 400


def test_a_ticket_is_no_authorize_request(app: App) -> None:
    codes, browser = begin(app), app.signed_in()
    led = browser.fill(opened(app, codes, browser))
    page = browser.get(led.location.replace("/consent", "/oauth2/authorize"))
    assert page.status == 400
    assert said(app, codes["device_code"]) == "authorization_pending"


def test_a_scope_that_was_taken_away_meanwhile_is_not_granted(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    codes = begin(app, scope="openid email")
    browser, page = asked(app, codes)
    app.server.idp.update_user_pool_client(
        UserPoolId=app.pool,
        ClientId=app.id,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=["https://app.example.com/callback"],
        SupportedIdentityProviders=["COGNITO"],
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
    )
    refused = browser.fill(page, choice="allow")
    assert (refused.status, "invalid_scope" in refused.text) == (400, True)
    assert said(app, codes["device_code"]) == "authorization_pending"


def test_the_page_is_in_the_language_that_is_chosen_and_stays_so(app: App) -> None:
    codes, browser = begin(app), app.browser()
    page = opened(app, codes, browser)
    link = re.search(r'href="(/device\?[^"]*lang=de)"', page.text)
    assert link is not None
    german = browser.get(link[1].replace("&amp;", "&"))
    assert "Gerät verbinden" in german.text
    assert dict(parse_qsl(urlsplit(link[1].replace("&amp;", "&")).query))["user_code"] == codes["user_code"]
    wrong = browser.fill(german, user_code="BCDF-GHJK")
    assert "Dieser Code stimmt nicht" in wrong.text
    again = re.search(r'href="(/device\?[^"]*lang=fr)"', wrong.text)
    assert again is not None
    led = browser.fill(wrong, user_code=codes["user_code"])
    assert "Anmelden" in browser.get(led.location).text


def test_a_wrong_code_stays_to_be_corrected(app: App) -> None:
    page = app.browser().get("/device", {"client_id": app.id})
    browser = app.signed_in()
    browser.jar |= {name: value.partition(";")[0] for name, value in (c.split("=", 1) for c in page.cookies)}
    assert 'value="BCDF-GHJJ"' in browser.fill(page, user_code="BCDF-GHJJ").text


@pytest.mark.parametrize("text", ['"><b>', "<b>x</b>", "x" * 17])
def test_case_9_what_stands_in_the_address_is_shown_escaped_or_not_at_all(app: App, text: str) -> None:
    page = app.browser().get("/device", {"client_id": app.id, "user_code": text})
    shown = html.escape(text, quote=False).replace('"', "&#34;") if len(text) <= 16 else ""
    assert (page.status, "<b>" in page.text) == (200, False)
    assert f'type="text" value="{shown}"' in page.text
