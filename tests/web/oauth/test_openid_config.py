"""The requirements of the OpenID "Config OP" certification profile (OpenID Connect Discovery 1.0)."""

import base64
import json
from typing import Any

import pytest
from tests.browser import App, oauth_app
from tests.conftest import PoolFactory


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


@pytest.fixture(scope="module")
def document(app: App) -> dict[str, Any]:
    page = app.browser().get(f"/{app.pool}/.well-known/openid-configuration")
    assert (page.status, page.headers["content-type"]) == (200, "application/json")
    return dict(page.document)


def test_oidcc_discovery_endpoint_verification_has_every_required_member(document: dict[str, Any]) -> None:
    required = {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    }
    assert required <= set(document)
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "openid" in document["scopes_supported"]


def test_oidcc_discovery_issuer_is_that_of_the_tokens(app: App, document: dict[str, Any]) -> None:
    given = app.signed_in().get("/oauth2/authorize", app.request()).given
    assert document["issuer"] == given["iss"]
    assert document["authorization_response_iss_parameter_supported"] is True


def test_oidcc_discovery_says_what_is_not_supported(document: dict[str, Any]) -> None:
    assert document["claims_parameter_supported"] is False
    assert document["request_parameter_supported"] is False
    assert document["request_uri_parameter_supported"] is False  # left out would mean true


def test_the_languages_of_the_pages_are_listed(document: dict[str, Any]) -> None:
    assert {"en", "ko", "ja", "pt-BR", "zh-CN", "zh-TW"} <= set(document["ui_locales_supported"])
    assert len(document["ui_locales_supported"]) == 12


def test_oidcc_discovery_jwks_holds_the_key_of_a_token_and_no_private_member(app: App) -> None:
    keys = app.browser().get(f"/{app.pool}/.well-known/jwks.json").document["keys"]
    head = app.tokens()["id_token"].split(".")[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert header["kid"] in {key["kid"] for key in keys}
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {name for key in keys for name in key}


def test_oidcc_discovery_of_an_unknown_pool_is_not_found(app: App) -> None:
    assert app.browser().get("/local_nobody/.well-known/openid-configuration").status == 404


def test_oidcc_idtoken_unsigned_is_not_offered(document: dict[str, Any]) -> None:
    assert "none" not in document["id_token_signing_alg_values_supported"]


def test_oidcc_discovery_endpoints_are_absolute_and_speak_the_issuers_scheme(
    document: dict[str, Any],
) -> None:
    scheme = document["issuer"].partition("://")[0]
    endpoints = {name: url for name, url in document.items() if name.endswith(("_endpoint", "_uri"))}
    assert len(endpoints) >= 6
    assert all(url.startswith(f"{scheme}://") for url in endpoints.values()), endpoints
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert set(document["response_types_supported"]) >= {"code"}
    assert set(document["grant_types_supported"]) >= {"authorization_code"}
