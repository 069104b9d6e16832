"""The app client document. Texts and defaults are recorded unless a test says otherwise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import clients, pools
from cenote.domain.errors import (
    CognitoError,
    FeatureUnavailableInTier,
    InvalidOAuthFlow,
    InvalidParameter,
    ScopeDoesNotExist,
)

POOL = pools.created({"PoolName": "p", "Schema": [{"Name": "tier", "AttributeDataType": "String"}]})
OAUTH: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "CallbackURLs": ["https://example.com/cb"],
}


def created(
    request: dict[str, Any] | None = None, *, confidential: bool = False, **more: Any
) -> dict[str, Any]:
    request = {**(request or {}), **more}
    return clients.created(
        POOL, {"ClientName": "c", **request}, pool_id="eu-west-1_a", confidential=confidential
    )


def updated(before: dict[str, Any], **request: Any) -> dict[str, Any]:
    return clients.updated(POOL, before, request, pool_id="eu-west-1_a", confidential=False)


def refusal(
    request: dict[str, Any] | None = None, *, error: type[CognitoError] = InvalidParameter, **more: Any
) -> str:
    with pytest.raises(CognitoError) as refused:
        created(request, **more)
    assert type(refused.value) is error
    return refused.value.message


def test_a_client_of_a_name_alone_shows_every_default() -> None:
    """What AWS leaves out of such an answer is left out."""
    assert created() == {
        "ClientName": "c",
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
    }


def test_what_was_asked_for_is_shown() -> None:
    asked: dict[str, Any] = {
        **OAUTH,
        "LogoutURLs": ["myapp://out"],
        "DefaultRedirectURI": "https://example.com/cb",
        "ReadAttributes": ["email", "email_verified", "custom:tier"],
        "WriteAttributes": ["email", "custom:tier"],
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        "SupportedIdentityProviders": ["COGNITO"],
        "AccessTokenValidity": 5,
        "IdTokenValidity": 10,
        "RefreshTokenValidity": 2,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": False,
        "AuthSessionValidity": 15,
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 9},
    }
    document = created(**asked)
    assert {name: document[name] for name in asked} == asked


def test_what_an_update_leaves_out_goes_back_to_its_default() -> None:
    assert updated(created(**OAUTH, ReadAttributes=["email"], AuthSessionValidity=9)) == created()
    assert updated(created(), ClientName="d")["ClientName"] == "d"


def test_rotation_has_no_grace_period_unless_it_is_given() -> None:
    assert created(RefreshTokenRotation={"Feature": "DISABLED"})["RefreshTokenRotation"] == {
        "Feature": "DISABLED",
        "RetryGracePeriodSeconds": 0,
    }


def test_an_empty_list_of_permissions_is_none() -> None:
    assert created(ReadAttributes=[], WriteAttributes=[], CallbackURLs=[]) == created()


# Token lifetimes


def test_tokens_live_an_hour_and_refresh_tokens_thirty_days_by_default() -> None:
    assert clients.lifetimes(created()) == (3600, 3600, 30 * 86400)


@pytest.mark.parametrize(
    ("unit", "value", "seconds"),
    [("seconds", 300, 300), ("minutes", 5, 300), ("hours", 2, 7200), ("days", 1, 86400)],
)
def test_a_lifetime_is_counted_in_its_unit(unit: str, value: int, seconds: int) -> None:
    document = created(AccessTokenValidity=value, TokenValidityUnits={"AccessToken": unit})
    assert clients.lifetimes(document).access == seconds


def test_without_units_access_and_id_tokens_are_hours_and_refresh_tokens_days() -> None:
    document = created(AccessTokenValidity=2, IdTokenValidity=3, RefreshTokenValidity=4)
    assert clients.lifetimes(document) == (7200, 10800, 4 * 86400)


def test_a_refresh_token_validity_of_zero_is_the_default() -> None:
    """Documented."""
    assert created(RefreshTokenValidity=0)["RefreshTokenValidity"] == 30


@pytest.mark.parametrize(
    ("token", "unit", "value"),
    [
        ("AccessToken", "seconds", 299),
        ("AccessToken", "hours", 25),
        ("IdToken", "minutes", 4),
        ("IdToken", "days", 2),
        ("RefreshToken", "minutes", 59),
        ("RefreshToken", "days", 3651),
    ],
)
def test_a_lifetime_out_of_range_is_refused(token: str, unit: str, value: int) -> None:
    text = refusal({f"{token}Validity": value, "TokenValidityUnits": {token: unit}})
    assert text == "Invalid range for token validity."


def test_no_token_outlives_the_refresh_token() -> None:
    assert (
        refusal(AccessTokenValidity=2, RefreshTokenValidity=1, TokenValidityUnits={"RefreshToken": "hours"})
        == "Access and Id Token expiration times must be less than or equal to refresh token expiration times."
    )


# Flows, permissions, providers


def test_a_client_without_flows_has_srp_custom_and_refresh() -> None:
    """Documented at CreateUserPoolClient."""
    assert set(clients.auth_flows(created())) == {
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_CUSTOM_AUTH",
    }
    assert clients.auth_flows(created(ExplicitAuthFlows=["ALLOW_USER_AUTH"])) == ("ALLOW_USER_AUTH",)


def test_old_and_new_flow_names_do_not_mix() -> None:
    assert refusal(ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"]) == (
        "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."
    )


@pytest.mark.parametrize("kind", ["DELEGATION", "IMPERSONATION"])
def test_token_exchange_is_not_of_the_lite_tier(kind: str) -> None:
    """Documented: of the Essentials and Plus plans."""
    flow = f"ALLOW_TOKEN_EXCHANGE_{kind}"
    assert created(ExplicitAuthFlows=[flow])["ExplicitAuthFlows"] == [flow]
    with pytest.raises(FeatureUnavailableInTier):
        clients.check_tier({"UserPoolTier": "LITE"}, {"ExplicitAuthFlows": [flow]})


@pytest.mark.parametrize("name", ["sub", "email_verified", "phone_number_verified", "custom:nope"])
def test_case_55_no_client_is_given_what_no_client_may_write(name: str) -> None:
    assert refusal(WriteAttributes=["email", name]) == (
        "Invalid write attributes specified while creating a client"
    )
    with pytest.raises(
        InvalidParameter, match=r"^Invalid write attributes specified while updating a client$"
    ):
        updated(created(), WriteAttributes=[name])


def test_a_client_reads_attributes_that_there_are() -> None:
    assert (
        refusal(ReadAttributes=["custom:nope"]) == "Invalid read attributes specified while creating a client"
    )


def test_an_identity_provider_must_exist() -> None:
    assert refusal(SupportedIdentityProviders=["COGNITO", "Google"]) == (
        "The provider Google does not exist for User Pool eu-west-1_a."
    )


def test_only_a_confidential_client_passes_user_context_on() -> None:
    assert refusal(EnablePropagateAdditionalUserContextData=True) == (
        "Client Secret is required to set EnablePropagateAdditionalUserContextData as true"
    )
    created(confidential=True, EnablePropagateAdditionalUserContextData=True)


def test_analytics_are_refused() -> None:
    """Cenote's own text."""
    assert "Pinpoint" in refusal(AnalyticsConfiguration={"UserDataShared": True})


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/cb?x=1",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:9000/",
        "myapp://callback",
        "com.example.app:/cb",
    ],
)
@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
def test_a_browser_may_be_sent_to_https_to_this_machine_and_to_apps(member: str, url: str) -> None:
    assert created({member: [url]})[member] == [url]


@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "DATA:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://example.com/x",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
    ],
)
def test_case_4_no_browser_is_sent_to_a_scheme_that_runs_code(member: str, url: str) -> None:
    refusal({member: [url]})


@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://example.com/cb", "http://example.com/cb cannot use the HTTP protocol."),
        ("HTTP://example.com/cb", "HTTP://example.com/cb cannot use the HTTP protocol."),
        ("http://localhost.example.com", "http://localhost.example.com cannot use the HTTP protocol."),
        ("http://127.0.0.1.example.com", "http://127.0.0.1.example.com cannot use the HTTP protocol."),
        ("https://example.com/#x", "https://example.com/#x cannot use fragment"),
        # assumed from here on
        ("https://good.com@evil.com/", "https://good.com@evil.com/ is not a valid URL."),
        ("https://evil.com\\@good.com/", "https://evil.com\\@good.com/ is not a valid URL."),
        ("https://evil.com\\good.com/", "https://evil.com\\good.com/ is not a valid URL."),
        ("https://evil.com\t.good.com/", "https://evil.com\t.good.com/ is not a valid URL."),
        ("https://good.com/\x7f", "https://good.com/\x7f is not a valid URL."),
        ("https:/example.com", "https:/example.com is not a valid URL."),
        ("https://", "https:// is not a valid URL."),
        ("https://example.com:port/", "https://example.com:port/ is not a valid URL."),
        ("//example.com/cb", "//example.com/cb is not a valid URL."),
        ("/cb", "/cb is not a valid URL."),
        ("example.com", "example.com is not a valid URL."),
    ],
)
def test_case_86_a_url_that_is_not_plain_is_refused(member: str, url: str, text: str) -> None:
    assert refusal({member: [url]}) == text


@given(st.text(max_size=60))
def test_checking_a_url_never_breaks(url: str) -> None:
    try:
        clients.check_url(url)
    except InvalidParameter:
        return
    assert url.partition(":")[0].lower() not in clients.DANGEROUS_SCHEMES


def test_the_default_redirect_is_one_of_the_callbacks() -> None:
    assert refusal(DefaultRedirectURI="https://example.com/") == (
        "The default redirect URI https://example.com/ is not in the callback URIs list."
    )


# OAuth


def test_oauth_needs_flows_and_scopes() -> None:
    text = "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."
    assert refusal({**OAUTH, "AllowedOAuthFlows": []}) == text
    assert refusal({**OAUTH, "AllowedOAuthScopes": []}) == text


def test_flows_that_redirect_need_somewhere_to_go() -> None:
    assert refusal({**OAUTH, "CallbackURLs": []}, error=InvalidOAuthFlow) == (
        "CallbackUrls can not be empty when code flow or implicit flow is selected"
    )


@pytest.mark.parametrize("scope", ["Cognito", "OPENID", "api/read"])
def test_case_86_a_scope_must_exist(scope: str) -> None:
    text = refusal({**OAUTH, "AllowedOAuthScopes": ["openid", scope]}, error=ScopeDoesNotExist)
    assert text == f"Invalid scope requested: {scope}"


def test_case_86_client_credentials_stand_alone_with_a_secret_and_without_a_users_scopes() -> None:
    assert refusal(error=InvalidOAuthFlow, AllowedOAuthFlows=["client_credentials", "code"]) == (
        "client_credentials flow can not be selected along with code flow or implicit flow."
    )
    assert refusal(error=InvalidOAuthFlow, AllowedOAuthFlows=["client_credentials"]) == (
        "client_credentials flow can not be selected if client does not have a client secret."
    )
    assert (
        refusal(
            error=InvalidOAuthFlow,
            confidential=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=["openid"],
        )
        == "openid is not supported with client_credentials flow"
    )
