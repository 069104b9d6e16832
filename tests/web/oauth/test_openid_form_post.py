"""The requirements of the OpenID "Form Post OP" profile (OAuth 2.0 Form Post Response Mode)."""

import pytest
from tests.browser import CALLBACK, App, forms, oauth_app
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
