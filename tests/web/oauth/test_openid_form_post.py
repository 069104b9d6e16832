"""The requirements of the OpenID "Form Post OP" profile (OAuth 2.0 Form Post Response Mode)."""

import pytest
from tests.browser import CALLBACK, PASSWORD, App, Browser, claims, forms, oauth_app, pkce
from tests.conftest import PoolFactory


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def test_oidcc_form_post_a_code_is_posted_to_the_redirect_uri(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(response_mode="form_post"))
    assert (page.status, "location" in page.headers) == (200, False)
    (form,) = forms(page)
    assert (form.action, form.fields["state"]) == (CALLBACK, "a state")
    assert app.token(code=form.fields["code"]).status == 200


def test_oidcc_form_post_an_error_is_posted_too(app: App) -> None:
    page = app.browser().get("/oauth2/authorize", app.request(response_mode="form_post", prompt="none"))
    (form,) = forms(page)
    assert (form.action, form.fields["error"]) == (CALLBACK, "login_required")


def test_oidcc_form_post_nothing_in_it_can_run_and_nobody_keeps_it(app: App) -> None:
    state = "\"><script>alert('x')</script>"
    page = app.signed_in().get("/oauth2/authorize", app.request(response_mode="form_post", state=state))
    (form,) = forms(page)
    assert form.fields["state"] == state
    assert "<script>alert" not in page.text
    assert "no-store" in page.headers["cache-control"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


# The profile is the Basic one over again, in this mode: what an answer carries, and what goes on with it.
def posted(app: App, browser: Browser | None = None, /, **changes: str | None) -> dict[str, str]:
    """The fields of the form that an authorize request leads to, which goes nowhere else."""
    request = app.request(response_mode="form_post", **changes)
    page = (browser or app.signed_in()).get("/oauth2/authorize", request)
    assert "location" not in page.headers
    (form,) = forms(page)
    assert form.action == CALLBACK
    return form.fields


def test_oidcc_form_post_server_state_nonce_and_issuer(app: App) -> None:
    fields = posted(app, nonce="n-1", state="=&+%20 ü")
    assert (fields["state"], fields["iss"]) == ("=&+%20 ü", app.server.app.deployment.issuer(app.pool))
    tokens = app.token(code=fields["code"]).document
    assert claims(tokens["id_token"])["nonce"] == "n-1"


def test_oidcc_form_post_after_a_sign_in_on_the_pages(app: App) -> None:
    browser = app.browser()
    page = browser.get(browser.get("/oauth2/authorize", app.request(response_mode="form_post")).location)
    answer = browser.fill(page, username=app.user, password=PASSWORD)
    assert (answer.status, "location" in answer.headers) == (200, False)
    assert app.token(code=forms(answer)[0].fields["code"]).status == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "openid unknown"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"max_age": "x"}, "invalid_request"),
        # And what is wrong before anybody has looked at the mode.
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"nonce": "n" * 513}, "invalid_request"),
    ],
)
def test_oidcc_form_post_every_error_is_posted(app: App, changes: dict[str, str | None], error: str) -> None:
    fields = posted(app, **changes)
    assert (fields["error"], fields["state"]) == (error, "a state")


def test_an_error_of_a_mode_that_is_none_goes_by_redirect(app: App) -> None:
    page = app.signed_in().get("/oauth2/authorize", app.request(response_mode="form_posts"))
    assert (page.status, page.given["error"]) == (302, "invalid_request")


def test_oidcc_form_post_max_age_and_prompt_none(app: App) -> None:
    assert "code" in posted(app, max_age="10000")
    assert "code" in posted(app, prompt="none")
    assert posted(app, app.browser(), prompt="none")["error"] == "login_required"


def test_oidcc_form_post_codereuse(app: App) -> None:
    code = posted(app)["code"]
    assert app.token(code=code).status == 200
    assert app.token(code=code).document["error"] == "invalid_grant"


def test_oidcc_form_post_with_pkce(app: App) -> None:
    verifier, challenge = pkce()
    code = posted(app, code_challenge=challenge, code_challenge_method="S256")["code"]
    assert app.token(code=code, code_verifier=verifier).status == 200
    assert app.token(code=posted(app)["code"], code_verifier=verifier).status == 400


def test_oidcc_form_post_to_an_address_that_is_not_registered_posts_nothing(app: App) -> None:
    request = app.request(response_mode="form_post", redirect_uri="https://evil.example/")
    page = app.signed_in().get("/oauth2/authorize", request)
    assert (page.status, forms(page)) == (400, [])
