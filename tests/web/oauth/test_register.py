"""Dynamic client registration (RFC 7591) at the endpoint, and what a registered client may then do."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.browser import CALLBACK, App, Browser, Page, claims, oauth_app, pkce
from tests.calls import refusal
from tests.conftest import PoolFactory, RunningServer

from cenote.domain import clients, registration
from cenote.domain.oauth import OAuthError
from cenote.domain.request import RequestFacts
from cenote.domain.token_changes import is_scope
from cenote.flows import registration as flow

SCOPE = "aws.cognito/dcr/register"
ON = {"OpenDcrEnabled": True, "AllowedScopes": ["api/read", "aws.cognito.signin.user.admin"]}


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests come from one address."""
    monkeypatch.setattr(registration, "MOST_OPEN", 1000)


@pytest.fixture(scope="module")
def one(make: PoolFactory) -> App:
    return pool_with(make, **ON)


def pool_with(make: PoolFactory, **configuration: Any) -> App:
    """A pool that lets apps register, with a domain, and a client that holds the scope for it."""
    pool = make.pool(DcrConfiguration=configuration)
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")]
    idp = make.server.idp
    idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="api", Scopes=scopes)
    idp.create_user_pool_domain(UserPoolId=pool, Domain=f"d-{secrets.token_hex(5)}")
    return oauth_app(
        make,
        pool=pool,
        secret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read", SCOPE],
    )


def site(app: App) -> Browser:
    """A browser at the pool's own domain."""
    pool = app.server.idp.describe_user_pool(UserPoolId=app.pool)["UserPool"]
    return Browser(app.server, host=f"{pool['Domain']}.auth.localhost")


def initial(app: App, scope: str = SCOPE) -> str:
    page = app.token(grant_type="client_credentials", redirect_uri=None, scope=scope)
    return str(page.document["access_token"])


def post(app: App, metadata: Any = None, token: str | None = None, **headers: str) -> Page:
    given = {"redirect_uris": [CALLBACK]} if metadata is None else metadata
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    sent = {"content_type": "application/json", **headers}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    return site(app).send("POST", "/oauth2/register", body, **sent)


def refused(page: Page, status: int, error: str) -> None:
    assert (page.status, page.document["error"]) == (status, error), page.text


def as_app(app: App, document: dict[str, Any]) -> App:
    """The registered client as a relying party of the pool's user."""
    client = {"ClientId": document["client_id"]}
    if "client_secret" in document:
        client["ClientSecret"] = document["client_secret"]
    return App(app.server, app.pool, client, app.user, app.sub)


def described(app: App, client_id: str) -> Any:
    asked = {"UserPoolId": app.pool, "ClientId": client_id}
    return app.server.idp.describe_user_pool_client(**asked)["UserPoolClient"]


def test_an_app_registers_without_a_token_where_that_is_on(one: App) -> None:
    page = post(one, {"redirect_uris": [CALLBACK], "client_name": "Agent", "unknown": {"is": "ignored"}})
    assert page.status == 201, page.text
    given = page.document
    assert set(given) == {
        "client_id",
        "client_id_issued_at",
        "client_secret",
        "client_secret_expires_at",
        "client_name",
        "redirect_uris",
        "grant_types",
        "response_types",
        "token_endpoint_auth_method",
        "scope",
    }
    assert given["client_secret_expires_at"] == 0
    assert given["scope"] == "openid email phone profile api/read"
    assert page.headers["cache-control"] == "no-store"


def test_what_was_registered_is_a_client_of_the_pool(one: App) -> None:
    """ClientType is documented at UserPoolClientType."""
    given = post(one, token=initial(one)).document
    client = described(one, given["client_id"])
    assert (client["ClientType"], client["ClientSecret"]) == ("DCR", given["client_secret"])
    assert (client["CallbackURLs"], client["AllowedOAuthFlows"]) == ([CALLBACK], ["code"])
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert "Registration" not in client
    assert described(one, one.id)["ClientType"] == "REGULAR"


def test_the_configuration_is_described_kept_and_replaced(make: PoolFactory) -> None:
    """Documented at UpdateUserPool: left out, it is kept; given, all of it is replaced."""
    idp, pool = make.server.idp, make.pool(DcrConfiguration={"OpenDcrEnabled": True, "OpenDcrGrantTypes": []})

    def shown() -> Any:
        return idp.describe_user_pool(UserPoolId=pool)["UserPool"]["DcrConfiguration"]

    assert (shown()["EnableStatus"], shown()["OpenDcrGrantTypes"]) == ("Enabled", [])
    idp.update_user_pool(UserPoolId=pool)
    assert shown()["OpenDcrEnabled"] is True
    idp.update_user_pool(UserPoolId=pool, DcrConfiguration={"EnableStatus": "Disabled"})
    assert (shown()["EnableStatus"], shown()["OpenDcrEnabled"]) == ("Disabled", False)
    assert refusal(make.pool, UserPoolTier="LITE", DcrConfiguration={})[0] == "FeatureUnavailableInTier"


def test_clients_are_listed_by_their_type_page_by_page(make: PoolFactory) -> None:
    """Documented at ListUserPoolClients: a page may be empty while another follows."""
    app = pool_with(make, OpenDcrEnabled=True)
    registered = {post(app).document["client_id"] for _ in range(3)}
    found: dict[str, set[str]] = {}
    for kind in ("REGULAR", "DCR"):
        request = {"UserPoolId": app.pool, "ClientType": kind, "MaxResults": 1}
        while True:
            answer = app.server.idp.list_user_pool_clients(**request)
            found.setdefault(kind, set()).update(each["ClientId"] for each in answer["UserPoolClients"])
            if "NextToken" not in answer:
                break
            request["NextToken"] = answer["NextToken"]
    assert found == {"REGULAR": {app.id}, "DCR": registered}


def test_secrets_of_registered_clients_are_not_managed(one: App) -> None:
    """Documented at ClientType."""
    given, idp = post(one).document, one.server.idp
    asked = {"UserPoolId": one.pool, "ClientId": given["client_id"]}
    for operation in (idp.add_user_pool_client_secret, idp.list_user_pool_client_secrets):
        assert refusal(operation, **asked)[0] == "InvalidParameter"
    gone = refusal(idp.delete_user_pool_client_secret, **asked, ClientSecretId=f"{given['client_id']}--1")
    assert gone[0] == "InvalidParameter"


def test_a_registered_client_never_holds_the_scope_for_registering(one: App) -> None:
    given = post(one).document
    asked = {"UserPoolId": one.pool, "ClientId": given["client_id"], "AllowedOAuthScopes": [SCOPE]}
    assert refusal(one.server.idp.update_user_pool_client, **asked)[0] == "InvalidParameter"
    refused(post(one, {"redirect_uris": [CALLBACK], "scope": SCOPE}), 400, "invalid_client_metadata")


def test_a_user_signs_in_at_a_registered_client_with_pkce(one: App) -> None:
    """Authenticated registration, without a secret; no consent is asked for."""
    metadata = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    given = post(one, metadata, initial(one)).document
    assert "client_secret" not in given
    app, (verifier, challenge) = as_app(one, given), pkce()
    browser = app.browser()
    page = browser.get(
        "/oauth2/authorize", app.request(code_challenge=challenge, code_challenge_method="S256")
    )
    page = browser.fill(browser.get(page.location), username=app.user, password="Correct-Horse-9")
    assert page.status == 303, page.text
    tokens = app.token(code=page.given["code"], code_verifier=verifier).document
    assert claims(tokens["id_token"])["sub"] == one.sub
    again = app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], redirect_uri=None)
    assert again.status == 200


def test_case_86_what_anybody_registered_gets_nothing_before_its_user_consents(one: App) -> None:
    app = as_app(one, post(one).document)
    browser = one_signed_in(one)
    assert browser.get("/oauth2/authorize", app.request(prompt="none")).given["error"] == "consent_required"
    page = browser.get("/oauth2/authorize", app.request())
    assert page.location.startswith("/consent?")
    page = browser.get(page.location)
    assert "https://app.example.com<" in page.text  # whatever the app calls itself
    denied = browser.fill(page, choice="deny")
    assert denied.given["error"] == "access_denied"
    allowed = browser.fill(page, choice="allow")
    assert app.token(code=allowed.given["code"]).status == 200


def one_signed_in(one: App) -> Browser:
    """A browser in which the user has signed in at an app of the operator's."""
    settings: dict[str, Any] = {"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"]}
    operators = oauth_app(PoolFactory(one.server), pool=one.pool, with_user=False, **settings)
    return App(one.server, one.pool, operators.client, one.user, one.sub).signed_in()


def test_signing_in_by_the_api_is_not_for_registered_clients(one: App) -> None:
    """Its tokens would have a scope that nobody allowed."""
    metadata = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    client_id, idp = post(one, metadata).document["client_id"], one.server.idp
    parameters = {"USERNAME": one.user, "PASSWORD": "Correct-Horse-9"}
    for name in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH"):
        asked = {"ClientId": client_id, "AuthFlow": name, "AuthParameters": {**parameters, "SRP_A": "2"}}
        assert refusal(idp.initiate_auth, **asked)[0] == "InvalidParameter"


def test_a_registered_client_gets_a_token_for_itself(one: App) -> None:
    metadata = {"grant_types": ["client_credentials"], "scope": "api/read"}
    given = post(one, metadata, initial(one)).document
    assert (given["grant_types"], given["redirect_uris"]) == (["client_credentials"], [])
    page = as_app(one, given).token(grant_type="client_credentials", redirect_uri=None)
    assert claims(page.document["access_token"])["scope"] == "api/read"
    refused(post(one, metadata), 400, "invalid_client_metadata")  # open registration permits code alone


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"[" * 5000, b'{"redirect_uris": "\xff"}'])
def test_what_is_no_json_object_is_refused(one: App, body: bytes) -> None:
    refused(post(one, body), 400, "invalid_client_metadata")


def test_case_4_and_86_bad_redirect_uris_are_refused(one: App) -> None:
    for uri in ("javascript:alert(1)", "http://app.example.com/", "https://a@evil.example/"):
        refused(post(one, {"redirect_uris": [uri]}, initial(one)), 400, "invalid_redirect_uri")


def test_a_form_is_no_metadata(one: App) -> None:
    page = post(one, b"redirect_uris=x", content_type="application/x-www-form-urlencoded")
    refused(page, 400, "invalid_request")


def test_registration_that_is_off_or_not_configured_is_refused(make: PoolFactory) -> None:
    refused(post(pool_with(make, EnableStatus="Disabled", OpenDcrEnabled=True)), 403, "access_denied")
    off = pool_with(make, OpenDcrGrantTypes=[], OpenDcrEnabled=True, AuthenticatedGrantTypes=[])
    refused(post(off), 403, "access_denied")
    refused(post(off, token=initial(off)), 403, "access_denied")


def test_open_registration_is_off_until_it_is_turned_on(make: PoolFactory) -> None:
    app = pool_with(make)
    page = post(app)
    refused(page, 401, "invalid_token")
    assert page.headers["www-authenticate"].startswith("Bearer")
    assert post(app, token=initial(app)).status == 201


def test_a_token_needs_the_scope_and_a_bad_one_does_not_count_as_none(one: App, make: PoolFactory) -> None:
    page = post(one, token=initial(one, "api/read"))
    refused(page, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in page.headers["www-authenticate"]
    for token in ("x", initial(one)[:-4] + "AAAA"):
        refused(post(one, token=token), 401, "invalid_token")
    for header in (one.basic, "Bearer", "Bearer "):
        refused(post(one, authorization=header), 401, "invalid_token")


def test_case_77_another_pools_token_registers_nothing(one: App, make: PoolFactory) -> None:
    refused(post(one, token=initial(pool_with(make, **ON))), 401, "invalid_token")


def test_case_30_an_id_token_registers_nothing(one: App) -> None:
    asked: dict[str, Any] = {"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid", SCOPE]}
    app = oauth_app(PoolFactory(one.server), pool=one.pool, **asked)
    tokens = app.tokens(scope=f"openid {SCOPE}")
    refused(post(one, token=tokens["id_token"]), 401, "invalid_token")
    assert post(one, token=tokens["access_token"]).status == 201
    one.server.idp.admin_user_global_sign_out(UserPoolId=one.pool, Username=app.user)
    refused(post(one, token=tokens["access_token"]), 401, "invalid_token")


def test_a_client_that_lost_the_scope_or_is_gone_registers_nothing(make: PoolFactory) -> None:
    app = pool_with(make)
    token = initial(app)
    asked = {"UserPoolId": app.pool, "ClientId": app.id}
    flows = {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["client_credentials"]}
    app.server.idp.update_user_pool_client(**asked, **flows, AllowedOAuthScopes=["api/read"])
    refused(post(app, token=token), 403, "insufficient_scope")
    app.server.idp.delete_user_pool_client(**asked)
    refused(post(app, token=token), 401, "invalid_token")


def test_a_token_expires(own_server: RunningServer) -> None:
    app = pool_with(PoolFactory(own_server))
    token = initial(app)
    own_server.clock.advance(hours=2)
    refused(post(app, token=token), 401, "invalid_token")


def test_discovery_tells_where_to_register(one: App, make: PoolFactory) -> None:
    """Documented: `registration_endpoint` while it is on. Without a domain the query names the pool."""
    url = one.server.app.settings.base_url
    path = "/.well-known/openid-configuration"
    found = one.browser().get(f"/{one.pool}{path}").document
    assert found["registration_endpoint"] == found["token_endpoint"].replace("token", "register")
    without = make.pool(DcrConfiguration={"OpenDcrEnabled": True})
    found = one.browser().get(f"/{without}{path}").document
    assert found["registration_endpoint"] == f"{url}/oauth2/register?user_pool_id={without}"
    assert "registration_endpoint" not in one.browser().get(f"/{make.pool()}{path}").document


def test_on_the_base_host_the_query_or_the_token_names_the_pool(one: App) -> None:
    def sent(query: str, **headers: str) -> Page:
        body = json.dumps({"redirect_uris": [CALLBACK]}).encode()
        sent = {"content_type": "application/json", **headers}
        return one.browser().send("POST", f"/oauth2/register{query}", body, **sent)

    assert sent(f"?user_pool_id={one.pool}").status == 201
    assert sent("", authorization=f"Bearer {initial(one)}").status == 201
    refused(sent(""), 400, "invalid_request")
    refused(sent("?user_pool_id=eu-central-1_nothing00"), 400, "invalid_request")
    refused(sent(f"?user_pool_id={one.pool}&user_pool_id={one.pool}"), 400, "invalid_request")


def test_case_77_a_pools_own_host_registers_in_no_other(one: App, make: PoolFactory) -> None:
    closed = pool_with(make)
    body = json.dumps({"redirect_uris": [CALLBACK]}).encode()
    page = site(closed).send(
        "POST", f"/oauth2/register?user_pool_id={one.pool}", body, content_type="application/json"
    )
    refused(page, 401, "invalid_token")


def test_pages_of_every_origin_may_register_without_cookies(one: App) -> None:
    asked = site(one).send("OPTIONS", "/oauth2/register", None, origin="https://app.example.com")
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, "*")
    assert "authorization" in asked.headers["access-control-allow-headers"]
    page = post(one, origin="https://app.example.com")
    assert page.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in page.headers
    assert site(one).get("/oauth2/register").status == 405


def test_open_registration_is_limited_by_address(make: PoolFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 50 at once, as many as the limit register; with a token nobody is counted."""
    monkeypatch.setattr(registration, "MOST_OPEN", 7)
    app = pool_with(make, OpenDcrEnabled=True)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: post(app), range(50)))
    assert sorted(page.status for page in answers) == [201] * 7 + [429] * 43
    assert post(app, token=initial(app)).status == 201


def test_all_addresses_of_one_ipv6_site_share_the_limit(
    make: PoolFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "MOST_OPEN", 2)
    app = pool_with(make, OpenDcrEnabled=True)

    async def from_address(address: str) -> None:
        server = app.server.app
        facts = RequestFacts("", None, address, "", None, "register")
        pool = await server.store.pools.get(app.pool)
        await flow.register(server.context(facts), pool, {"redirect_uris": [CALLBACK]}, None)

    for address in ("2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:2::1"):
        app.server.run(from_address(address))
    with pytest.raises(OAuthError):
        app.server.run(from_address("2001:db8:1:1::3"))


def test_a_limit_is_over_after_its_time(own_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "MOST_OPEN", 1)
    app = pool_with(PoolFactory(own_server), OpenDcrEnabled=True)
    assert [post(app).status for _ in range(2)] == [201, 429]
    own_server.clock.advance(hours=1, seconds=1)
    assert post(app).status == 201


def test_a_pool_has_room_for_so_many_clients(make: PoolFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documented: registered clients count toward the quota. Of 50 at once none gets beyond it."""
    app = pool_with(make, OpenDcrEnabled=True)
    monkeypatch.setattr(registration, "MOST_CLIENTS", 6)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: post(app), range(50)))
    assert sorted(page.status for page in answers) == [201] * 5 + [403] * 45
    listed = app.server.idp.list_user_pool_clients(UserPoolId=app.pool, MaxResults=60)["UserPoolClients"]
    assert len(listed) == 6
    # What anybody registers leaves room for the operator, whose own limit is higher.
    monkeypatch.setattr(clients, "MOST", 7)
    assert make.client(app.pool)
    assert refusal(make.client, app.pool)[0] == "LimitExceeded"


def test_a_function_does_not_give_the_scope_for_registering() -> None:
    assert not is_scope(SCOPE)
    assert is_scope("api/read")
