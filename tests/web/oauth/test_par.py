"""Pushed authorization requests (RFC 9126); off unless a client's tag turns them on."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.browser import CALLBACK, PASSWORD, App, Browser, Page, claims, oauth_app, pkce, turned_on
from tests.conftest import PoolFactory
from tests.prover import Bound

URN = "urn:ietf:params:oauth:request_uri:"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make), "par")


@pytest.fixture(scope="module")
def confidential(make: PoolFactory) -> App:
    return turned_on(oauth_app(make, secret=True), "par-required")


def push(app: App, /, *, proof: str = "", **changes: str | None) -> Page:
    form = app.request(**changes)
    if "ClientSecret" in app.client:
        form.setdefault("client_secret", app.secret)
    return app.browser().post("/oauth2/par", form, **({"dpop": proof} if proof else {}))


def uri(app: App, **changes: str | None) -> str:
    page = push(app, proof="", **changes)
    assert page.status == 201, page.text
    return str(page.document["request_uri"])


def enter(
    app: App, request_uri: str, browser: Browser | None = None, more: dict[str, str] | None = None
) -> Page:
    query = {"client_id": app.id, "request_uri": request_uri, **(more or {})}
    return (browser or app.signed_in()).get("/oauth2/authorize", query)


def shows_a_problem(page: Page, code: str = "invalid_request_uri") -> None:
    assert (page.status, code in page.text) == (400, True), page.text


def test_a_pushed_request_leads_to_a_code_and_tokens(app: App) -> None:
    verifier, challenge = pkce()
    page = push(app, nonce="n-1", code_challenge=challenge, code_challenge_method="S256", state="s t/ä")
    assert page.status == 201
    assert page.document["expires_in"] == 60
    assert page.document["request_uri"].startswith(URN)
    assert page.headers["cache-control"] == "no-store"
    back = enter(app, page.document["request_uri"]).given
    assert back["state"] == "s t/ä"
    tokens = app.token(code=back["code"], code_verifier=verifier).document
    assert claims(tokens["id_token"])["nonce"] == "n-1"


def test_nothing_beside_it_counts(app: App) -> None:
    other = {
        "scope": "openid profile",
        "state": "another",
        "redirect_uri": "https://evil.example/",
        "nonce": "x",
    }
    page = enter(app, uri(app, scope="openid"), more=other)
    assert page.location.startswith(CALLBACK)
    assert page.given["state"] == "a state"
    tokens = app.token(code=page.given["code"]).document
    assert claims(tokens["access_token"])["scope"] == "openid"
    assert "nonce" not in claims(tokens["id_token"])


def test_the_request_cannot_be_read_off_the_address(app: App) -> None:
    assert "secret-state" not in uri(app, state="secret-state")


def test_a_request_counts_once(app: App) -> None:
    request_uri = uri(app)
    assert "code" in enter(app, request_uri).given
    shows_a_problem(enter(app, request_uri))


def test_of_fifty_uses_at_once_one_counts(app: App) -> None:
    request_uri, browser = uri(app), app.signed_in()
    with ThreadPoolExecutor(50) as pool:
        pages = list(
            pool.map(lambda _: enter(app, request_uri, Browser(app.server, jar=dict(browser.jar))), range(50))
        )
    assert sorted(page.status for page in pages) == [302] + [400] * 49


def test_a_request_is_good_for_a_minute(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "par")
    first, second = uri(app), uri(app)
    app.server.clock.advance(seconds=55)
    assert "code" in enter(app, first).given
    app.server.clock.advance(seconds=10)
    shows_a_problem(enter(app, second))


def test_a_request_is_its_clients(app: App, make: PoolFactory) -> None:
    beside = turned_on(oauth_app(make, pool=app.pool), "par")
    turned_on(app, "par")
    elsewhere = turned_on(oauth_app(make), "par")
    request_uri = uri(app)
    shows_a_problem(enter(beside, request_uri))
    shows_a_problem(enter(elsewhere, request_uri))
    assert "code" in enter(app, request_uri).given


@pytest.mark.parametrize("bent", ["", "x", URN, URN + "x", "https://evil.example/request", "urn:x"])
def test_what_was_not_handed_out_is_refused(app: App, bent: str) -> None:
    page = enter(app, bent)
    if bent:
        shows_a_problem(page)
    else:
        # A parameter without a value is as good as left out, and so nothing was pushed.
        shows_a_problem(page, "redirect_missing" if "redirect_missing" in page.text else "redirect_mismatch")


def test_another_letter_is_refused(app: App) -> None:
    good = uri(app)
    other = "A" if good[-20] != "A" else "B"
    shows_a_problem(enter(app, good[:-20] + other + good[-19:]))
    shows_a_problem(enter(app, good + "="))
    assert "code" in enter(app, good).given


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "pigeon"}, "invalid_request"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"resource": "no-address"}, "invalid_target"),
        ({"identity_provider": "Google"}, "invalid_request"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"request_uri": URN + "x"}, "invalid_request"),
        ({"state": "s" * 5000}, "invalid_request"),
        ({"state": "s" * 3500}, "invalid_request"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_secret": "one it does not have"}, "invalid_client"),
    ],
)
def test_case_7_all_that_authorize_refuses_is_refused_when_it_is_pushed(
    app: App, changes: dict[str, str | None], error: str
) -> None:
    page = push(app, proof="", **changes)
    assert (page.status, page.document["error"]) == (400, error), page.text


def test_case_8_a_parameter_is_pushed_once(app: App) -> None:
    form = [*app.request().items(), ("scope", "openid")]
    assert app.browser().post("/oauth2/par", form).document["error"] == "invalid_request"


def test_case_7_what_changed_since_is_seen_at_authorize(make: PoolFactory) -> None:
    other = "https://app.example.com/other"
    app = turned_on(oauth_app(make, CallbackURLs=[CALLBACK, other]), "par")
    scoped, leading = uri(app), uri(app, redirect_uri=other)
    app.server.idp.update_user_pool_client(
        UserPoolId=app.pool,
        ClientId=app.id,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[CALLBACK],
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        SupportedIdentityProviders=["COGNITO"],
    )
    assert enter(app, scoped).given["error"] == "invalid_scope"
    shows_a_problem(enter(app, leading), "redirect_mismatch")


@pytest.mark.parametrize("secret", [None, "wrong"])
def test_case_82_a_client_with_a_secret_has_to_show_it(confidential: App, secret: str | None) -> None:
    form = confidential.request()
    if secret is not None:
        form["client_secret"] = secret
    page = confidential.browser().post("/oauth2/par", form)
    assert (page.status, page.document["error"]) == (400, "invalid_client")
    assert push(confidential).status == 201


def test_the_secret_may_come_in_the_header_and_is_not_in_the_request(confidential: App) -> None:
    form = confidential.request(client_id=None)
    page = confidential.browser().post("/oauth2/par", form, authorization=confidential.basic)
    assert page.status == 201
    assert "code" in enter(confidential, page.document["request_uri"]).given


def test_a_client_that_takes_pushed_requests_alone_is_told_so(confidential: App) -> None:
    browser = confidential.signed_in()
    answer = browser.get("/oauth2/authorize", confidential.request())
    assert answer.given["error"] == "invalid_request"
    assert answer.given["error_description"] == "the client has to push its requests"
    for path in ("/login", "/selectAccount", "/consent", "/signup", "/forgotPassword"):
        assert browser.get(path, confidential.request()).given["error"] == "invalid_request", path
    assert "code" in enter(confidential, uri(confidential), browser).given


def test_what_was_pushed_opens_no_page_by_itself(confidential: App) -> None:
    """It would be used without being used up."""
    query = {"client_id": confidential.id, "request_uri": uri(confidential)}
    shows_a_problem(confidential.signed_in().get("/login", query))


def test_what_a_page_carries_opens_the_pages_alone(confidential: App) -> None:
    led = enter(confidential, uri(confidential), confidential.browser())
    query = parse_qs(urlsplit(led.location).query)
    shows_a_problem(enter(confidential, query["request_uri"][0]))


def test_what_a_page_carries_cannot_be_pushed_again(confidential: App) -> None:
    """It would never be over."""
    led = enter(confidential, uri(confidential), confidential.browser())
    carried = parse_qs(urlsplit(led.location).query)["request_uri"][0]
    refused = push(confidential, request_uri=carried)
    assert (refused.status, refused.document["error"]) == (400, "invalid_request")


def test_case_8_a_request_is_named_once(app: App) -> None:
    first, second = uri(app), uri(app)
    path = f"/oauth2/authorize?client_id={app.id}&request_uri={first}&request_uri={second}"
    shows_a_problem(app.signed_in().get(path), "invalid_request")
    assert "code" in enter(app, first).given, "and neither is used up"


def test_a_client_that_may_push_need_not(app: App) -> None:
    assert "code" in app.signed_in().get("/oauth2/authorize", app.request()).given


def test_a_pushed_request_survives_every_page(confidential: App) -> None:
    browser = confidential.browser()
    nonce = "n" * 40
    led = enter(confidential, uri(confidential, prompt="login consent", nonce=nonce), browser)
    assert led.location.startswith("/login?client_id=")
    assert nonce not in led.location
    wrong = browser.fill(browser.get(led.location), username=confidential.user, password="Wrong-Horse-9")
    assert wrong.status == 400
    led = browser.fill(wrong, username=confidential.user, password=PASSWORD)
    while "code" not in led.given:
        page = browser.get(led.location)
        assert page.status == 200, led.location
        led = browser.fill(page, choice="allow" if "consent" in led.location else "later")
    assert led.location.startswith(CALLBACK)
    tokens = confidential.token(code=led.given["code"]).document
    assert claims(tokens["id_token"])["nonce"] == nonce


def test_every_link_of_a_page_carries_it_on(confidential: App) -> None:
    browser = confidential.browser()
    page = browser.get(enter(confidential, uri(confidential), browser).location)
    for path in ("/signup?", "/forgotPassword?", "/login?"):
        assert f"{path}client_id={confidential.id}&amp;request_uri=urn" in page.text, path
    query = urlsplit(enter(confidential, uri(confidential), browser).location).query
    for path in ("/signup", "/forgotPassword", "/confirm"):
        assert browser.get(f"{path}?{query}").status == 200, path
    assert browser.get(f"/login?{query}&lang=de").status == 200


def test_the_pages_are_in_the_language_that_was_pushed_until_another_is_chosen(app: App) -> None:
    browser = app.browser()
    led = enter(app, uri(app, lang="de"), browser)
    page = browser.get(led.location)
    assert 'lang="de"' in page.text
    again = browser.get(led.location.replace("lang=de", "lang=fr"))
    assert '<html lang="fr">' in again.text
    refused = browser.fill(again, username=app.user, password="Wrong-Horse-9")
    assert '<html lang="fr">' in refused.text


def test_what_the_pages_carry_is_over_with_their_forms(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "par")
    browser = app.browser()
    led = enter(app, uri(app), browser)
    app.server.clock.advance(minutes=59)
    assert browser.get(led.location).status == 200
    app.server.clock.advance(minutes=2)
    shows_a_problem(browser.get(led.location))


def test_the_key_that_pushing_proves_is_the_codes(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "par dpop")
    client, other = Bound(app), Bound(app)
    client.ask_nonce()
    page = push(app, proof=client.proof("/oauth2/par"))
    assert (page.status, bool(page.headers["dpop-nonce"])) == (201, True)
    code = enter(app, page.document["request_uri"]).given["code"]
    assert other.token(code=code).document["error"] == "invalid_grant"
    assert client.token(code=code).status == 200
    clash = push(app, proof=client.proof("/oauth2/par"), dpop_jkt=other.prover.thumbprint)
    assert clash.document["error"] == "invalid_request"
    bad = push(app, proof=client.proof("/oauth2/token"))
    assert bad.document["error"] == "invalid_dpop_proof"


def test_case_7_without_the_tag_nothing_is_pushed_or_read(make: PoolFactory) -> None:
    app = oauth_app(make)
    assert push(app).document["error"] == "unauthorized_client"
    answer = app.signed_in().get("/oauth2/authorize", {**app.request(), "request_uri": URN + "x"})
    assert answer.given["error"] == "request_uri_not_supported"
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert not {name for name in document if "pushed" in name}


def test_discovery_names_the_endpoint(app: App) -> None:
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert document["pushed_authorization_request_endpoint"].endswith("/oauth2/par")
    assert document["require_pushed_authorization_requests"] is False
