"""Strict pools: the safer behaviour where Cognito's own is laxer, by one tag. The laxer one is tested beside it."""

import pytest
from tests.browser import App, oauth_app, pkce
from tests.conftest import PoolFactory

BYE = "https://app.example.com/bye"


@pytest.fixture(scope="module")
def strict(make: PoolFactory) -> App:
    pool = make.pool(UserPoolTags={"cenote:oauth": "strict"})
    return oauth_app(make, pool=pool, AllowedOAuthFlows=["code", "implicit"])


@pytest.fixture(scope="module")
def plain(make: PoolFactory) -> App:
    return oauth_app(make, AllowedOAuthFlows=["code", "implicit"])


def test_a_code_needs_pkce(strict: App, plain: App) -> None:
    assert "code" in plain.signed_in().get("/oauth2/authorize", plain.request()).given
    browser = strict.signed_in()
    refused = browser.get("/oauth2/authorize", strict.request()).given
    assert (refused["error"], refused["error_description"]) == (
        "invalid_request",
        "code_challenge is missing",
    )
    verifier, challenge = pkce()
    code = strict.code(browser, code_challenge=challenge, code_challenge_method="S256")
    assert strict.token(code=code).document["error"] == "invalid_grant"
    assert strict.token(code=code, code_verifier=verifier).status == 200


def test_the_implicit_grant_is_refused(strict: App, plain: App) -> None:
    request = {"response_type": "token"}
    assert "access_token" in plain.signed_in().get("/oauth2/authorize", plain.request(**request)).given
    answer = strict.signed_in().get("/oauth2/authorize", strict.request(**request))
    assert answer.given["error"] == "unauthorized_client"


def test_discovery_lists_no_implicit_grant(strict: App, plain: App) -> None:
    def listed(app: App) -> tuple[list[str], bool]:
        document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
        return document["response_types_supported"], "implicit" in document["grant_types_supported"]

    assert listed(plain) == (["code", "token"], True)
    assert listed(strict) == (["code"], False)


def test_refresh_tokens_rotate(strict: App, plain: App) -> None:
    token = plain.tokens()["refresh_token"]
    assert "refresh_token" not in plain.token(grant_type="refresh_token", refresh_token=token).document
    verifier, challenge = pkce()
    code = strict.code(code_challenge=challenge, code_challenge_method="S256")
    first = strict.token(code=code, code_verifier=verifier).document["refresh_token"]
    second = strict.token(grant_type="refresh_token", refresh_token=first).document["refresh_token"]
    reused = strict.token(grant_type="refresh_token", refresh_token=first)
    assert (reused.status, reused.document["error"]) == (400, "invalid_grant")
    ended = strict.token(grant_type="refresh_token", refresh_token=second)
    assert ended.document["error"] == "invalid_grant"


def test_signing_out_by_a_link_asks_first(strict: App, plain: App) -> None:
    query = {"logout_uri": BYE}
    left = plain.signed_in().get("/logout", {"client_id": plain.id, **query})
    assert left.location == BYE
    browser = strict.signed_in()
    page = browser.get("/logout", {"client_id": strict.id, **query})
    assert (page.status, "Sign out?" in page.text) == (200, True)
    assert browser.fill(page).location == BYE


@pytest.mark.parametrize("value", ["", "lax", "strict lax"])
def test_a_tag_with_another_value_is_refused(make: PoolFactory, value: str) -> None:
    with pytest.raises(make.server.idp.exceptions.InvalidParameterException, match="cenote:oauth"):
        make.pool(UserPoolTags={"cenote:oauth": value})
