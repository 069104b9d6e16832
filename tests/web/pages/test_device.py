"""Device authorization (RFC 8628): the device's half and its user's, off unless a client's tag turns it on."""

import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.browser import PASSWORD, App, Browser, Page, claims, oauth_app, turned_on
from tests.conftest import PoolFactory, RunningServer
from tests.prover import Bound

from cenote.domain import device_codes as rules

GRANT = rules.GRANT_TYPE


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make), "device")


@pytest.fixture(autouse=True)
def forgotten(server: RunningServer) -> Iterator[None]:
    """All tests have one address: what it has spent is no test's but its own."""
    yield
    server.run(forget(server))


async def forget(server: RunningServer) -> None:
    async with server.app.store.transaction():
        await server.app.store.engine.run("DELETE FROM quotas WHERE action LIKE 'device code%'")


def begin(app: App, **form: str) -> dict[str, Any]:
    page = begun(app, **form)
    assert page.status == 200, page.text
    return dict(page.document)


def begun(app: App, **form: str) -> Page:
    sent = {"client_id": app.id, **form}
    if "ClientSecret" in app.client:
        sent.setdefault("client_secret", app.secret)
    return app.browser().post("/oauth2/device_authorization", sent)


def poll(app: App, device_code: str, **more: str | None) -> Page:
    return app.token(grant_type=GRANT, device_code=device_code, redirect_uri=None, **more)


def said(app: App, device_code: str) -> str:
    page = poll(app, device_code)
    assert page.status == 400, page.text
    return str(page.document["error"])


def opened(app: App, codes: dict[str, Any], browser: Browser, *, complete: bool = True) -> Page:
    """The page that the device's user opens."""
    address = urlsplit(codes["verification_uri_complete" if complete else "verification_uri"])
    browser.host = address.netloc
    return browser.get(f"{address.path}?{address.query}" if address.query else address.path)


def asked(app: App, codes: dict[str, Any], browser: Browser | None = None) -> tuple[Browser, Page]:
    """The consent page, for a user who has signed in before unless another browser is given."""
    browser = browser or app.signed_in()
    led = browser.fill(opened(app, codes, browser))
    assert led.location.startswith("/consent?"), led.text
    return browser, browser.get(led.location)


def allow(app: App, codes: dict[str, Any]) -> Browser:
    browser, page = asked(app, codes)
    done = browser.fill(page, choice="allow")
    assert (done.status, "Your device is connected" in done.text) == (200, True), done.text
    return browser


def test_a_device_is_given_its_two_codes(app: App) -> None:
    page = begun(app, scope="openid email")
    codes = page.document
    assert set(codes) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip
    assert (codes["expires_in"], codes["interval"]) == (900, 5)
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", codes["user_code"])
    assert len(codes["device_code"]) == 43
    assert codes["verification_uri"].endswith(f"/device?client_id={app.id}")
    assert codes["verification_uri_complete"] == f"{codes['verification_uri']}&user_code={codes['user_code']}"
    assert page.headers["cache-control"] == "no-store"


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


def test_a_device_gets_tokens_when_its_user_has_agreed(app: App) -> None:
    codes = begin(app, scope="openid email", resource="https://api.example.com")
    assert said(app, codes["device_code"]) == "authorization_pending"
    browser, page = asked(app, codes)
    assert codes["user_code"] in page.text
    assert "See your e-mail address" in page.text
    browser.fill(page, choice="allow")
    tokens = poll(app, codes["device_code"]).document
    assert list(tokens) == ["id_token", "access_token", "refresh_token", "expires_in", "token_type"]
    access = claims(tokens["access_token"])
    assert (access["sub"], access["scope"], access["aud"]) == (
        app.sub,
        "openid email",
        "https://api.example.com",
    )
    assert app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status == 200


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


def test_a_code_is_redeemed_once(app: App) -> None:
    codes = begin(app)
    allow(app, codes)
    assert poll(app, codes["device_code"]).status == 200
    assert said(app, codes["device_code"]) == "invalid_grant"


def test_case_20_of_fifty_polls_at_once_one_gets_the_tokens(app: App) -> None:
    codes = begin(app)
    allow(app, codes)
    with ThreadPoolExecutor(50) as pool:
        pages = list(pool.map(lambda _: poll(app, codes["device_code"]), range(50)))
    assert sorted(page.status for page in pages) == [200] + [400] * 49
    assert {page.document["error"] for page in pages if page.status == 400} == {"invalid_grant"}


def test_a_device_that_asks_too_often_is_told_to_slow_down(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "device")
    app.server.clock.freeze()
    code = begin(app)["device_code"]
    assert said(app, code) == "authorization_pending"
    app.server.clock.advance(seconds=3)
    assert said(app, code) == "slow_down"
    app.server.clock.advance(seconds=6)
    assert said(app, code) == "slow_down", "ten seconds from now on"
    app.server.clock.advance(seconds=15)
    assert said(app, code) == "authorization_pending"


def test_a_device_that_asked_too_often_still_hears_what_was_decided(app: App) -> None:
    codes = begin(app)
    assert [said(app, codes["device_code"]) for _ in range(2)] == ["authorization_pending", "slow_down"]
    allow(app, codes)
    assert poll(app, codes["device_code"]).status == 200


def test_of_fifty_questions_at_once_one_is_in_time(app: App) -> None:
    code = begin(app)["device_code"]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: said(app, code), range(50)))
    assert sorted(answers) == ["authorization_pending"] + ["slow_down"] * 49


def test_codes_are_over_after_a_quarter_of_an_hour(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "device")
    decided, waiting, late = begin(app), begin(app), begin(app)
    allow(app, decided)
    browser, page = asked(app, late)
    app.server.clock.advance(minutes=15)
    assert said(app, decided["device_code"]) == said(app, waiting["device_code"]) == "expired_token"
    assert browser.fill(page, choice="allow").status == 400
    other = app.signed_in()
    assert "This code is not right" in other.fill(opened(app, waiting, other)).text


@pytest.mark.parametrize("code", ["", "x", "A" * 43, "A" * 5000, "\ud7ff"])
def test_what_is_no_device_code_is_refused(app: App, code: str) -> None:
    assert said(app, code) == ("invalid_grant" if code else "invalid_request")


def test_case_16_a_device_code_is_its_clients(app: App, make: PoolFactory) -> None:
    elsewhere = turned_on(oauth_app(make), "device")
    beside = oauth_app(make, pool=app.pool)
    arn = app.server.idp.describe_user_pool(UserPoolId=app.pool)["UserPool"]["Arn"]
    app.server.idp.tag_resource(ResourceArn=arn, Tags={f"cenote:client:{beside.id}": "device"})
    codes = begin(app)
    allow(app, codes)
    assert said(beside, codes["device_code"]) == said(elsewhere, codes["device_code"]) == "invalid_grant"
    assert said(app, codes["user_code"]) == "invalid_grant", "nor is the other code one"
    assert poll(app, codes["device_code"]).status == 200


def test_a_user_code_is_its_pools(app: App, make: PoolFactory) -> None:
    elsewhere = turned_on(oauth_app(make), "device")
    browser = app.signed_in()
    page = opened(app, begin(elsewhere), browser, complete=True)
    assert "Connect a device" in page.text
    own = browser.get(f"/device?client_id={app.id}")
    assert "This code is not right" in browser.fill(own, user_code=begin(elsewhere)["user_code"]).text


def test_case_82_a_client_with_a_secret_has_to_show_it(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make, secret=True), "device")
    for secret in ("wrong", app.secret[:-1]):
        assert begun(app, client_secret=secret).document["error"] == "invalid_client"
    codes = begin(app)
    allow(app, codes)
    assert poll(app, codes["device_code"], client_secret="wrong").document["error"] == "invalid_client"
    assert poll(app, codes["device_code"]).status == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"resource": "no-address"}, "invalid_target"),
        ({"resource": "https://a.example/" + "x" * 600}, "invalid_request"),
        ({"client_id": "nobody"}, "invalid_client"),
    ],
)
def test_a_device_may_ask_for_what_an_app_may(app: App, form: dict[str, str], error: str) -> None:
    page = begun(app, **form)
    assert (page.status, page.document["error"]) == (400, error)


def test_a_device_that_asks_for_nothing_gets_all_that_its_client_may_have(app: App) -> None:
    codes = begin(app)
    allow(app, codes)
    scope = claims(poll(app, codes["device_code"]).document["access_token"])["scope"]
    assert scope.split() == ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"]


def test_guessing_user_codes_ends_soon_even_with_the_right_one(app: App) -> None:
    codes, browser = begin(app), app.signed_in()
    page = opened(app, codes, browser, complete=False)
    for _ in range(rules.MOST_TYPED):
        assert "This code is not right" in browser.fill(page, user_code="BCDF-GHJK").text
    for text in ("BCDF-GHJK", codes["user_code"]):
        assert "Attempt limit exceeded" in browser.fill(page, user_code=text).text


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


def test_one_address_asks_for_so_many_codes(app: App) -> None:
    for _ in range(rules.MOST_ASKED):
        assert begun(app).status == 200
    assert begun(app).document["error"] == "slow_down"


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


def test_case_7_a_client_without_oauth_has_no_devices(make: PoolFactory) -> None:
    pool = make.pool()
    client = make.client(pool)
    app = turned_on(App(make.server, pool, client, "", ""), "device")
    assert begun(app).document["error"] == "unauthorized_client"


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


def test_case_24_who_may_not_sign_in_any_more_gets_nothing(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    idp = app.server.idp
    codes = begin(app)
    allow(app, codes)
    idp.admin_disable_user(UserPoolId=app.pool, Username=app.user)
    assert said(app, codes["device_code"]) == "invalid_grant"
    idp.admin_enable_user(UserPoolId=app.pool, Username=app.user)
    assert said(app, codes["device_code"]) == "invalid_grant", "the session in which it was agreed is over"


def test_case_24_signing_out_takes_back_what_was_not_redeemed_yet(app: App) -> None:
    codes = begin(app)
    browser = allow(app, codes)
    browser.get("/logout", {"client_id": app.id, "logout_uri": "https://app.example.com/bye"})
    assert said(app, codes["device_code"]) == "invalid_grant"


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


def test_the_tokens_of_a_device_are_bound_to_its_key(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device dpop-required")
    client, codes = Bound(app), begin(app)
    allow(app, codes)
    assert said(app, codes["device_code"]) == "invalid_dpop_proof"
    form = {"grant_type": GRANT, "device_code": codes["device_code"], "redirect_uri": None}
    tokens = client.token(**form).document
    assert tokens["token_type"] == "DPoP"
    assert claims(tokens["access_token"])["cnf"] == {"jkt": client.prover.thumbprint}


def test_a_client_that_has_every_request_pushed_may_have_devices(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device par-required")
    codes = begin(app)
    allow(app, codes)
    assert poll(app, codes["device_code"]).status == 200


def test_case_7_without_the_tag_nothing_is_different(make: PoolFactory) -> None:
    app = oauth_app(make)
    assert begun(app).document["error"] == "unauthorized_client"
    assert said(app, "x") == "unsupported_grant_type"
    assert app.browser().get(f"/device?client_id={app.id}").status == 404
    ignored = app.signed_in().get("/oauth2/authorize", {**app.request(), "device_ticket": "x"})
    assert "code" in ignored.given
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert "device_authorization_endpoint" not in document
    assert GRANT not in document["grant_types_supported"]


def test_case_7_codes_of_a_client_that_lost_the_tag_are_no_use(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    codes = begin(app)
    browser, page = asked(app, codes)
    turned_on(app, "dpop")
    assert browser.fill(page, choice="allow").status == 400
    assert said(app, codes["device_code"]) == "unsupported_grant_type"


def test_discovery_names_the_endpoint_and_the_grant(app: App) -> None:
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert document["device_authorization_endpoint"].endswith("/oauth2/device_authorization")
    assert document["grant_types_supported"][-1] == GRANT


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
