"""What a pool lets apps register (RFC 7591), and what comes of their metadata."""

from typing import Any

import pytest

from cenote.domain import clients, pools, registration
from cenote.domain.errors import FeatureUnavailableInTier, InvalidParameter
from cenote.domain.oauth import OAuthError

URI = "https://app.example.com/callback"
CUSTOM = frozenset({"api/read", "api/write"})


def pool(**configuration: Any) -> dict[str, Any]:
    return pools.created({"PoolName": "p", "DcrConfiguration": configuration})


def registered(
    metadata: dict[str, Any] | None = None, *, authenticated: bool = True, **configuration: Any
) -> registration.Registration:
    given = {"redirect_uris": [URI], **(metadata or {})}
    return registration.registered(pool(**configuration), given, authenticated=authenticated, custom=CUSTOM)


def refused(
    metadata: dict[str, Any] | None = None, *, error: str = "invalid_client_metadata", **more: Any
) -> None:
    with pytest.raises(OAuthError) as raised:
        registered(metadata, **more)
    assert raised.value.code == error


def test_a_configuration_shows_every_default() -> None:
    """Documented defaults; that they are echoed is assumed."""
    assert pool()["DcrConfiguration"] == {
        "EnableStatus": "Enabled",
        "OpenDcrEnabled": False,
        "AuthenticatedGrantTypes": ["code", "client_credentials"],
        "OpenDcrGrantTypes": ["code"],
    }
    assert "DcrConfiguration" not in pools.created({"PoolName": "p"})


def test_an_update_keeps_the_configuration_or_replaces_all_of_it() -> None:
    """Documented at UpdateUserPool."""
    before = pool(OpenDcrEnabled=True, AllowedScopes=["api/read"], EnableStatus="Disabled")
    assert pools.updated(before, {})["DcrConfiguration"] == before["DcrConfiguration"]
    after = pools.updated(before, {"DcrConfiguration": {"OpenDcrGrantTypes": []}})["DcrConfiguration"]
    assert (after["EnableStatus"], after["OpenDcrEnabled"], after["OpenDcrGrantTypes"]) == (
        "Enabled",
        False,
        [],
    )
    assert "AllowedScopes" not in after


def test_the_lite_tier_has_no_registration() -> None:
    """Documented; the text is assumed."""
    with pytest.raises(FeatureUnavailableInTier):
        pools.created({"PoolName": "p", "UserPoolTier": "LITE", "DcrConfiguration": {}})
    with pytest.raises(FeatureUnavailableInTier):
        pools.updated(pool(), {"UserPoolTier": "LITE"})
    off = {"EnableStatus": "Disabled"}
    assert pools.updated(pool(), {"UserPoolTier": "LITE", "DcrConfiguration": off})["UserPoolTier"] == "LITE"


def test_metadata_of_nothing_but_a_redirect_uri_gets_the_defaults() -> None:
    """RFC 7591 2: authorization_code, code, client_secret_basic."""
    one = registered()
    assert one.confidential
    assert one.metadata == {
        "client_name": "Registered client",
        "redirect_uris": [URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid email phone profile",
    }
    assert one.settings["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]


def test_a_client_without_a_secret_and_one_for_itself() -> None:
    assert not registered({"token_endpoint_auth_method": "none"}).confidential
    machine = registered({"grant_types": ["client_credentials"]}, AllowedScopes=["api/read"])
    assert machine.settings["AllowedOAuthFlows"] == ["client_credentials"]
    assert machine.settings["CallbackURLs"] == []
    assert (machine.metadata["scope"], machine.metadata["response_types"]) == ("api/read", [])


@pytest.mark.parametrize(
    "metadata",
    [
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["authorization_code", "client_credentials"]},
        {"grant_types": "authorization_code"},
        {"grant_types": [1]},
        {"response_types": ["token"]},
        {"response_types": ["code", "token"]},
        {"response_types": []},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": 1},
        {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"},
        {"grant_types": ["client_credentials"], "response_types": ["code"]},
        {"client_name": "n" * 129},
        {"client_name": ["n"]},
        {"scope": "api/read"},
        {"scope": "openid nothing"},
        {"scope": "aws.cognito.signin.user.admin"},
        {"scope": ""},
        {"scope": ["openid"]},
    ],
)
def test_metadata_that_cannot_be_registered_is_refused(metadata: dict[str, Any]) -> None:
    refused(metadata)


def test_case_86_grant_types_are_those_of_the_configuration() -> None:
    """Documented: by the kind of registration; an empty list rejects it, and `implicit` is accepted and ignored."""
    machine = {"grant_types": ["client_credentials"]}
    refused(machine, authenticated=False, AllowedScopes=["api/read"])
    refused(machine, AuthenticatedGrantTypes=["code"], AllowedScopes=["api/read"])
    refused(AuthenticatedGrantTypes=["client_credentials"])
    refused({"grant_types": ["implicit"]}, AuthenticatedGrantTypes=["implicit"])
    refused(error="access_denied", AuthenticatedGrantTypes=[])
    refused(error="access_denied", authenticated=False, OpenDcrGrantTypes=[])
    both = {"OpenDcrGrantTypes": ["code", "client_credentials"], "AllowedScopes": ["api/read"]}
    assert registered(machine, authenticated=False, **both).metadata["grant_types"] == ["client_credentials"]


def test_case_86_scopes_are_those_of_the_configuration_that_exist() -> None:
    """Documented: the OIDC scopes, those listed, and never the one for registering."""
    listed = ["api/read", "api/gone", "aws.cognito/dcr/register", "aws.cognito.signin.user.admin"]
    assert registered(AllowedScopes=listed).metadata["scope"] == "openid email phone profile api/read"
    asked = {"scope": "openid aws.cognito.signin.user.admin"}
    assert registered(asked, AllowedScopes=listed).metadata["scope"] == asked["scope"]
    for scope in ("api/write", "api/gone", "aws.cognito/dcr/register"):
        refused({"scope": scope}, AllowedScopes=listed)
    machine = {"grant_types": ["client_credentials"]}
    refused(machine)
    refused({**machine, "scope": "openid"}, AllowedScopes=listed)
    refused({**machine, "scope": "aws.cognito.signin.user.admin"}, AllowedScopes=listed)


@pytest.mark.parametrize(
    "uris",
    [
        None,
        [],
        URI,
        [1],
        ["javascript:alert(1)"],
        ["JavaScript:alert(1)"],
        ["data:text/html,x"],
        ["http://app.example.com/"],
        ["https://good@evil.example/"],
        ["https:\\\\evil.example"],
        ["https://app.example.com/#x"],
        ["//app.example.com/"],
        ["https://app.example.com/a b"],
        ["https://app.example.com/\u3000"],
        ["https://app.example.com/\u202e"],
        ["https://app.example.com/" + "a" * 1024],
        [URI, "javascript:alert(1)"],
        [f"https://app.example.com/{number}" for number in range(101)],
    ],
)
def test_cases_2_4_and_86_redirect_uris_are_as_strict_as_an_operators(uris: Any) -> None:
    refused({"redirect_uris": uris}, error="invalid_redirect_uri")


@pytest.mark.parametrize("uri", ["http://localhost:3000/cb", "http://127.0.0.1/cb", "com.example.app://cb"])
def test_apps_of_this_machine_and_of_phones_can_register(uri: str) -> None:
    assert registered({"redirect_uris": [uri, uri]}).metadata["redirect_uris"] == [uri]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("My App", "My App"),
        ("Code (my-server) <b>", "Code -my-server- -b-"),
        (" a \n b ", "a b"),
        ("日本", "--"),
    ],
)
def test_names_are_what_aws_can_hold(name: str, kept: str) -> None:
    assert registered({"client_name": name}).metadata["client_name"] == kept


def test_only_what_an_operator_makes_can_hold_the_scope_for_registering() -> None:
    """Documented at ClientType: registered clients can't hold it."""
    asked = {
        "ClientName": "c",
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["aws.cognito/dcr/register"],
    }
    made = clients.created(pool(), asked, pool_id="p", confidential=True)
    assert made["AllowedOAuthScopes"] == asked["AllowedOAuthScopes"]
    of_itself = {**made, "Registration": clients.AUTHENTICATED}
    with pytest.raises(InvalidParameter):
        clients.updated(pool(), of_itself, asked, pool_id="p", confidential=True)
    kept = clients.updated(pool(), of_itself, {"ClientName": "c"}, pool_id="p", confidential=True)
    assert clients.is_registered(kept)
