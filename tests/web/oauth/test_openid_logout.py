"""The requirements of the OpenID "RP-Initiated Logout OP" profile, each under the name of its conformance test."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.browser import App, Browser, claims, oauth_app
from tests.conftest import PoolFactory

BYE = "https://app.example.com/bye"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def is_signed_in(app: App, browser: Browser) -> bool:
    return "code" in browser.get("/oauth2/authorize", app.request(prompt="none")).given


def test_oidcc_rp_initiated_logout(app: App) -> None:
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s&1"}
    page = browser.get("/logout", query)
    assert (page.status, page.location) == (302, f"{BYE}?state=s%261")
    assert not is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_no_state(app: App) -> None:
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    page = browser.get("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE})
    assert page.location == BYE


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/logout", {"id_token_hint": app.tokens(browser)["id_token"]})
    assert (page.status, "location" in page.headers) == (200, False)
    assert not is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_no_id_token_hint_asks_the_user(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/logout", {"client_id": app.id, "post_logout_redirect_uri": BYE})
    assert (page.status, "location" in page.headers) == (200, False)
    assert is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_no_params_shows_an_error(app: App) -> None:
    browser = app.signed_in()
    assert browser.get("/logout").status == 400
    assert is_signed_in(app, browser)


@pytest.mark.parametrize("uri", ["https://evil.example/", f"{BYE}?foo=bar", f"{BYE}/"])
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(app: App, uri: str) -> None:
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    page = browser.get("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": uri})
    assert (page.status, "location" in page.headers) == (400, False)
    assert is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(app: App) -> None:
    """The query may make no difference to where the address leads; it is another address all the same."""
    browser = app.signed_in()
    query = {"id_token_hint": app.tokens(browser)["id_token"], "state": "s"}
    for added in ("?foo=bar", "?", "&foo=bar", "#x"):
        page = browser.get("/logout", {**query, "post_logout_redirect_uri": f"{BYE}{added}"})
        assert (page.status, "location" in page.headers) == (400, False)
    assert is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(app: App) -> None:
    browser = app.signed_in()
    head, body, signature = app.tokens(browser)["id_token"].split(".")
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]
    query = {"id_token_hint": f"{head}.{body}.{changed}", "post_logout_redirect_uri": BYE}
    page = browser.get("/logout", query)
    assert (page.status, "location" in page.headers) == (400, False)
    assert is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(app: App) -> None:
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert document["end_session_endpoint"].endswith("/logout")


def test_oidcc_rp_initiated_logout_bad_id_token_hint(app: App) -> None:
    """A token with the right claims that somebody else has signed."""
    browser = app.signed_in()
    told = claims(app.tokens(browser)["id_token"])
    forged = jwt.encode(told, rsa.generate_private_key(65537, 2048), algorithm="RS256", headers={"kid": "x"})
    page = browser.get("/logout", {"id_token_hint": forged, "post_logout_redirect_uri": BYE})
    assert (page.status, "location" in page.headers) == (400, False)
    assert is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_only_state_shows_an_error(app: App) -> None:
    browser = app.signed_in()
    page = browser.get("/logout", {"state": "a state"})
    assert (page.status, "location" in page.headers) == (400, False)
    assert is_signed_in(app, browser)


def test_oidcc_rp_initiated_logout_may_be_posted(app: App) -> None:
    """RP-Initiated Logout 1.0, 2: with GET and with POST."""
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    page = browser.post("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s"})
    assert (page.status, page.location) == (303, f"{BYE}?state=s")
    assert not is_signed_in(app, browser)
