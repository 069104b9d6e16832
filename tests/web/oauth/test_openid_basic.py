"""The requirements of the OpenID "Basic OP" certification profile, each under the name of its conformance test.

They are documented by OpenID Connect Core 1.0; where Cognito documents something else, a test says so. The "Form
Post OP" profile is all of these once more with `response_mode=form_post`, so that each runs in both modes; what is of
that mode alone stands in test_openid_form_post.py.
"""

import base64
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest
from tests.browser import CALLBACK, PASSWORD, App, Browser, Page, claims, forms, oauth_app, pkce
from tests.conftest import PoolFactory

MODES = ("query", "form_post")


class Hearing(Browser):
    """A browser whose app hears by form what others hear by redirect: what is posted to it reads like a redirect."""

    def send(self, method: str, path: str, body: bytes | None, **headers: str) -> Page:
        page = super().send(method, path, body, **headers)
        mine = [form for form in forms(page) if form.action == CALLBACK] if page.body else []
        if not mine:
            # No answer for the app goes any other way.
            assert not page.headers.get("location", "").startswith(CALLBACK)
            return page
        (form,) = mine
        assert (page.status, "location" in page.headers) == (200, False)
        location = f"{form.action}?{urlencode(form.fields)}"
        return replace(page, status=302, headers={**page.headers, "location": location})


@dataclass
class InMode(App):
    """An app that asks for its answers in a response mode."""

    mode: str

    def request(self, **changes: str | None) -> dict[str, str]:
        return super().request(**{"response_mode": self.mode, **changes})

    def browser(self) -> Browser:
        return Hearing(self.server) if self.mode == "form_post" else super().browser()


def in_mode(make: PoolFactory, mode: str) -> InMode:
    app = oauth_app(make, secret=True)
    return InMode(app.server, app.pool, app.client, app.user, app.sub, mode)


@pytest.fixture(scope="module", params=MODES)
def app(make: PoolFactory, request: pytest.FixtureRequest) -> InMode:
    return in_mode(make, request.param)


@pytest.fixture(params=MODES)
def timed(own: PoolFactory, request: pytest.FixtureRequest) -> InMode:
    """One whose server has a clock of its own."""
    return in_mode(own, request.param)


def signed_in_again(app: App, browser: Browser, **changes: str) -> int:
    """The time of the sign-in that a request insists on, after one of a known user that it does not take."""
    page = browser.get("/oauth2/authorize", app.request(**changes))
    assert page.location.startswith("/login?")
    answer = browser.fill(browser.get(page.location), username=app.user, password=PASSWORD)
    return int(claims(app.token(code=answer.given["code"]).document["id_token"])["auth_time"])


def test_oidcc_response_type_missing(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(response_type=None))
    assert (page.given["error"], page.given["state"]) == ("invalid_request", "a state")


def test_oidcc_idtoken_signature_and_claims(app: App) -> None:
    given = claims(app.tokens(nonce="a nonce")["id_token"])
    assert given["iss"] == app.server.app.deployment.issuer(app.pool)
    assert (given["aud"], given["sub"], given["nonce"]) == (app.id, app.sub, "a nonce")
    assert given["iat"] < given["exp"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(app: App) -> None:
    assert "nonce" not in claims(app.tokens()["id_token"])


def test_oidcc_userinfo_get(app: App) -> None:
    token = app.tokens()["access_token"]
    page = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}")
    assert (page.status, page.document["sub"]) == (200, app.sub)


def test_oidcc_userinfo_post_header(app: App) -> None:
    token = app.tokens()["access_token"]
    page = app.browser().post("/oauth2/userInfo", {}, authorization=f"Bearer {token}")
    assert (page.status, page.document["sub"]) == (200, app.sub)


def test_oidcc_userinfo_post_body_is_refused_since_cognito_reads_the_header_alone(app: App) -> None:
    page = app.browser().post("/oauth2/userInfo", {"access_token": app.tokens()["access_token"]})
    assert page.status == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_oidcc_userinfo_refuses_what_is_no_token(app: App, token: str) -> None:
    page = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}")
    assert page.status in {400, 401}
    assert page.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("scope", "shown", "hidden"),
    [
        ("openid email", "email", "phone_number"),
        ("openid phone", "phone_number", "email"),
    ],
)
def test_oidcc_scope(app: App, scope: str, shown: str, hidden: str) -> None:
    token = app.tokens(scope=scope)["access_token"]
    given = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}").document
    assert shown in given
    assert hidden not in given


def test_oidcc_scope_profile_opens_every_attribute_that_the_client_may_read_as_cognito_documents(
    app: App,
) -> None:
    token = app.tokens(scope="openid profile")["access_token"]
    given = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}").document
    assert {"given_name", "email", "phone_number"} <= set(given)


def test_oidcc_scope_email_verified_is_a_string_as_cognito_documents(app: App) -> None:
    token = app.tokens(scope="openid email")["access_token"]
    given = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}").document
    assert given["email_verified"] == "true"


def test_oidcc_scope_address_is_refused_since_cognito_has_no_such_scope(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(scope="openid address"))
    assert page.given["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "more",
    [
        {"display": "page"},
        {"display": "popup"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
        {"login_hint": "bob@example.com"},
        {"extra": "foobar"},
        {"claims": '{"id_token":{"name":{"essential":true}}}'},
    ],
    ids=[
        "oidcc-display-page",
        "oidcc-display-popup",
        "oidcc-ui-locales",
        "oidcc-claims-locales",
        "oidcc-ensure-request-with-acr-values-succeeds",
        "oidcc-login-hint",
        "oidcc-ensure-request-with-unknown-parameter-succeeds",
        "oidcc-claims-essential (ignored: discovery says so)",
    ],
)
def test_a_request_with_what_is_optional_succeeds(app: App, more: dict[str, str]) -> None:
    assert "code" in app.signed_in().get("/oauth2/authorize", {**app.request(), **more}).given


def test_oidcc_ensure_other_scope_order_succeeds(app: App) -> None:
    assert app.code(scope="email openid")


def test_oidcc_prompt_login(timed: InMode) -> None:
    """The user signs in twice, and the second ID token tells of the second sign-in."""
    browser, clock = timed.signed_in(), timed.server.clock
    first = int(claims(timed.tokens(browser)["id_token"])["auth_time"])
    clock.advance(seconds=2)
    assert claims(timed.tokens(browser)["id_token"])["auth_time"] == first
    second = signed_in_again(timed, browser, prompt="login")
    assert first + 2 <= second <= clock() // 1000


def test_oidcc_prompt_none_not_logged_in(app: App) -> None:
    page = app.browser().get("/oauth2/authorize", app.request(prompt="none"))
    assert (page.given["error"], page.given["state"]) == ("login_required", "a state")


def test_oidcc_prompt_none_logged_in(app: App) -> None:
    browser = app.signed_in()
    first = claims(app.tokens(browser)["id_token"])
    second = claims(app.tokens(browser, prompt="none")["id_token"])
    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])


def test_oidcc_max_age_1(timed: InMode) -> None:
    """A sign-in that is older than a second does not do; the new one says when it was."""
    browser, clock = timed.signed_in(), timed.server.clock
    clock.freeze()
    first = int(claims(timed.tokens(browser)["id_token"])["auth_time"])
    clock.advance(seconds=2)
    second = signed_in_again(timed, browser, max_age="1")
    assert second == clock() // 1000 >= first + 2
    # Just now, it does.
    assert claims(timed.tokens(browser, max_age="1")["id_token"])["auth_time"] == second


def test_oidcc_max_age_0_is_a_sign_in_each_time(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(max_age="0"))
    assert page.location.startswith("/login?")


def test_oidcc_max_age_10000(app: App) -> None:
    browser = app.signed_in()
    first = claims(app.tokens(browser, max_age="10000")["id_token"])
    second = claims(app.tokens(browser, max_age="10000")["id_token"])
    assert first["auth_time"] == second["auth_time"]


def test_oidcc_id_token_hint(app: App) -> None:
    browser = app.signed_in()
    hint = app.tokens(browser)["id_token"]
    page = browser.get("/oauth2/authorize", {**app.request(prompt="none"), "id_token_hint": hint})
    assert "code" in page.given


def test_oidcc_id_token_hint_of_somebody_else_needs_a_sign_in(app: App, make: PoolFactory) -> None:
    make.user(app.pool, "somebody-else")
    hint = app.tokens()["id_token"]
    browser = app.signed_in(user="somebody-else")
    silent = browser.get("/oauth2/authorize", {**app.request(prompt="none"), "id_token_hint": hint})
    assert silent.given["error"] == "login_required"
    shown = browser.get("/oauth2/authorize", {**app.request(), "id_token_hint": hint})
    assert shown.location.startswith("/login?")


def test_oidcc_id_token_hint_that_is_none_is_refused(app: App) -> None:
    browser = app.signed_in()
    for hint in ("x", app.tokens(browser)["access_token"]):
        page = browser.get("/oauth2/authorize", {**app.request(), "id_token_hint": hint})
        assert page.given["error"] == "invalid_request"


def test_oidcc_unsigned_request_object_is_refused(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", {**app.request(), "request": "e30.e30."})
    assert page.given["error"] == "request_not_supported"


def test_oidcc_request_uri_unsigned_is_not_read_and_discovery_says_so(app: App) -> None:
    """Nothing is fetched from an address in a request (case 70); what stands beside it counts."""
    request = {**app.request(), "request_uri": "https://rp.example/request.jwt"}
    page = app.signed_in().get("/oauth2/authorize", request)
    told = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert told["request_uri_parameter_supported"] is False
    assert page.given.get("error") == "request_uri_not_supported"


def test_oidcc_ensure_registered_redirect_uri(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(redirect_uri=f"{CALLBACK}/other"))
    assert (page.status, "location" in page.headers) == (400, False)


def test_oidcc_server_client_secret_post_and_basic(app: App) -> None:
    assert app.token(code=app.code()).status == 200
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": app.code()}
    assert app.browser().post("/oauth2/token", form, authorization=app.basic).status == 200


def test_oidcc_codereuse(app: App) -> None:
    code = app.code()
    assert app.token(code=code).status == 200
    again = app.token(code=code)
    assert (again.status, again.document["error"]) == (400, "invalid_grant")


def test_oidcc_codereuse_30seconds_ends_the_tokens_of_the_first_use(app: App) -> None:
    code = app.code()
    token = app.token(code=code).document["access_token"]
    app.token(code=code)
    page = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}")
    assert page.status == 401


def test_oidcc_refresh_token(app: App) -> None:
    first = app.tokens()
    page = app.token(grant_type="refresh_token", redirect_uri=None, refresh_token=first["refresh_token"])
    assert page.status == 200
    old, new = claims(first["id_token"]), claims(page.document["id_token"])
    assert [old[name] for name in ("iss", "sub", "aud", "auth_time")] == [
        new[name] for name in ("iss", "sub", "aud", "auth_time")
    ]


def test_case_68_state_nonce_and_challenge_are_kept_as_they_were_given(app: App) -> None:
    state, nonce = "=&+%20 ünï/?#'\"<>", "n+%/=&? ü"
    verifier, challenge = pkce()
    page = app.signed_in().get(
        "/oauth2/authorize",
        app.request(state=state, nonce=nonce, code_challenge=challenge, code_challenge_method="S256"),
    )
    assert page.given["state"] == state
    wrong = app.token(code=page.given["code"], code_verifier=pkce()[0])
    assert wrong.document["error"] == "invalid_grant"
    code = app.code(nonce=nonce, code_challenge=challenge, code_challenge_method="S256")
    given = app.token(code=code, code_verifier=verifier).document
    assert claims(given["id_token"])["nonce"] == nonce


def test_oidcc_server(app: App) -> None:
    """What its verify() steps look at, in one flow."""
    nonce = "n-0S6_WzA2Mj"
    given = app.tokens(nonce=nonce, scope="openid email")
    assert (given["token_type"], given["expires_in"] > 0) == ("Bearer", True)
    told = claims(given["id_token"])
    assert (told["iss"], told["aud"], told["sub"], told["nonce"]) == (
        app.server.app.deployment.issuer(app.pool),
        app.id,
        app.sub,
        nonce,
    )
    assert told["iat"] <= told["exp"]
    assert "auth_time" in told


def test_oidcc_scope_all(app: App) -> None:
    token = app.tokens(scope="openid email phone profile")["access_token"]
    given = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {token}").document
    assert {"sub", "email", "phone_number", "given_name"} <= set(given)


def test_oidcc_ensure_post_request_succeeds(app: App) -> None:
    """OpenID Connect Core 3.1.2.1: an authorize request may be posted, by who is known here and by who is not."""
    assert "code" in app.signed_in().post("/oauth2/authorize", app.request()).given
    browser = app.browser()
    page = browser.get(browser.post("/oauth2/authorize", app.request()).location)
    assert "code" in browser.fill(page, username=app.user, password=PASSWORD).given


def test_oidcc_ensure_request_with_valid_pkce_succeeds(app: App) -> None:
    verifier, challenge = pkce()
    code = app.code(code_challenge=challenge, code_challenge_method="S256")
    assert app.token(code=code, code_verifier=verifier).status == 200


def test_oidcc_ensure_request_object_with_redirect_uri_is_refused_before_it_is_read(app: App) -> None:
    body = base64.urlsafe_b64encode(b'{"redirect_uri":"https://evil.example/"}').decode().rstrip("=")
    page = app.signed_in().get(
        "/oauth2/authorize", {**app.request(), "request": f"eyJhbGciOiJub25lIn0.{body}."}
    )
    assert page.location.startswith(f"{CALLBACK}?")
    assert page.given["error"] == "request_not_supported"
