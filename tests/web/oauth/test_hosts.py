"""Hosts: a pool's prefix, a name of its own, and the base host; what a Host header never does (SECURITY.md case 73)."""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.browser import PASSWORD, App, Browser, oauth_app
from tests.conftest import PoolFactory, running, settings_for

from cenote.flows.browser_sessions import cookie_name
from cenote.web import http
from cenote.web.pages import forms

CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1f2e3d4c"}


@dataclass
class Named:
    """An app whose pool has a prefix and a name of its own."""

    app: App
    prefix: str
    own: str

    @property
    def prefix_host(self) -> str:
        return f"{self.prefix}.auth.localhost:{self.app.server.app.settings.port}"

    def at(self, host: str) -> Browser:
        return Browser(self.app.server, host)


@pytest.fixture(scope="module")
def named(make: PoolFactory) -> Named:
    app = oauth_app(make)
    prefix = f"shop-{secrets.token_hex(4)}"
    own = f"login.{prefix}.example"
    idp = app.server.idp
    idp.create_user_pool_domain(UserPoolId=app.pool, Domain=prefix)
    idp.create_user_pool_domain(UserPoolId=app.pool, Domain=own, CustomDomainConfig=CERTIFICATE)
    return Named(app, prefix, own)


def test_a_user_signs_in_at_the_prefix_and_at_the_pools_own_name(named: Named) -> None:
    app = named.app
    for host in (named.prefix_host, named.own, named.own.upper()):
        browser = named.at(host)
        page = browser.get(browser.get("/oauth2/authorize", app.request()).location)
        back = browser.fill(page, username=app.user, password=PASSWORD)
        form = {
            "grant_type": "authorization_code",
            "client_id": app.id,
            "redirect_uri": app.request()["redirect_uri"],
            "code": back.given["code"],
        }
        assert browser.post("/oauth2/token", form).status == 200


def test_case_77_a_pools_host_knows_no_other_pools_clients(named: Named, make: PoolFactory) -> None:
    other = oauth_app(make)
    browser = named.at(named.prefix_host)
    assert browser.get("/oauth2/authorize", other.request()).status == 400
    form = {
        "grant_type": "refresh_token",
        "client_id": other.id,
        "refresh_token": other.tokens()["refresh_token"],
    }
    assert browser.post("/oauth2/token", form).document["error"] == "invalid_client"
    token = other.tokens()["access_token"]
    assert browser.get("/oauth2/userInfo", authorization=f"Bearer {token}").status == 401


def test_discovery_names_the_host_that_applies(make: PoolFactory) -> None:
    app = oauth_app(make)
    idp, base = app.server.idp, app.server.app.settings.base_url
    path = f"/{app.pool}/.well-known/openid-configuration"
    prefix = f"shop-{secrets.token_hex(4)}"

    def endpoint() -> str:
        document = app.browser().get(path).document
        assert document["issuer"] == f"{base}/{app.pool}"
        assert document["jwks_uri"].startswith(f"{base}/")
        return str(document["token_endpoint"]).removesuffix("/oauth2/token")

    assert endpoint() == base
    idp.create_user_pool_domain(UserPoolId=app.pool, Domain=prefix)
    assert endpoint() == f"http://{prefix}.auth.localhost:{urlsplit(base).port}"
    idp.create_user_pool_domain(
        UserPoolId=app.pool, Domain=f"login.{prefix}.example", CustomDomainConfig=CERTIFICATE
    )
    assert endpoint() == f"http://login.{prefix}.example:{urlsplit(base).port}"
    idp.delete_user_pool_domain(UserPoolId=app.pool, Domain=f"login.{prefix}.example")
    idp.delete_user_pool_domain(UserPoolId=app.pool, Domain=prefix)
    assert endpoint() == base


def test_a_prefix_is_no_name_of_its_own_and_the_other_way_round(named: Named, make: PoolFactory) -> None:
    other = oauth_app(make)
    # Neither host is the pool's, so each is the base host, where the client id says which pool it is.
    for host in (named.prefix, f"{named.own}.auth.localhost"):
        assert named.at(host).get("/oauth2/authorize", other.request()).status == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:80", "x_forwarded_host": "evil.example"},
        {"x_forwarded_host": "evil.example", "x_forwarded_proto": "https", "x_forwarded_port": "443"},
        {"forwarded": "host=evil.example;proto=https;for=1.2.3.4"},
        {"x_original_host": "evil.example", "x_forwarded_prefix": "/evil"},
        {"host": "localhost\t.evil.example"},
        {"host": "[::1]evil.example"},
        {"host": ""},
    ],
)
def test_case_73_no_header_reaches_a_url_a_cookie_or_the_issuer(
    named: Named, headers: dict[str, str]
) -> None:
    app = named.app
    browser = app.browser()
    authorize = browser.get("/oauth2/authorize", app.request(), **headers)
    if authorize.status == 400 and not authorize.body:
        return  # the server's own parser took it for no request at all
    assert authorize.location.startswith("/login?")
    page = browser.get(authorize.location, **headers)
    metadata = browser.get(f"/{app.pool}/.well-known/openid-configuration", **headers)
    code = app.signed_in().get("/oauth2/authorize", app.request(), **headers)
    for answer in (authorize, page, metadata, code):
        everything = answer.text + "".join(answer.headers.values()) + "".join(answer.cookies)
        assert "evil" not in everything
    assert code.given["iss"] == app.server.app.deployment.issuer(app.pool)


def test_case_73_the_scheme_of_cookies_is_the_public_urls(make: PoolFactory) -> None:
    app = oauth_app(make)
    page = app.browser().get("/login", app.request(), x_forwarded_proto="https")
    assert page.cookies
    assert all("secure" not in cookie.lower() for cookie in page.cookies)


def test_case_52_under_https_cookies_are_secure_and_bound_to_their_host() -> None:
    assert cookie_name("eu-central-1_a", secure=True) == "__Host-cenote-eu-central-1_a"
    assert forms.cookie_name(secure=True) == "__Host-cenote-browser"
    cookie = http.cookie("__Host-x", "v", secure=True, max_age=1)
    assert {part.strip() for part in cookie.split(";")} == {
        "__Host-x=v",
        "HttpOnly",
        "Max-Age=1",
        "Path=/",
        "SameSite=Lax",
        "Secure",
    }


def test_case_52_every_cookie_of_an_https_server_has_the_prefix(tmp_path: Path) -> None:
    """By HTTP behind something that ends TLS: the scheme is the public URL's."""
    settings = settings_for(tmp_path / "data", public_url="https://login.example.com")
    with running(settings) as server:
        make = PoolFactory(server)
        pool = make.pool(DeviceConfiguration={"DeviceOnlyRememberedOnUserPrompt": False})
        app = oauth_app(make, pool=pool)
        browser = Browser(server, "login.example.com")
        page = browser.get("/login", app.request(lang="de"))
        done = browser.fill(page, username=app.user, password=PASSWORD)
        assert "code" in done.given
        cookies = (*page.cookies, *done.cookies)
        assert {cookie.partition("=")[0] for cookie in cookies} == {
            "__Host-cenote-browser",
            "__Host-cenote-lang",
            f"__Host-cenote-{pool}",
            f"__Host-cenote-device-{pool}",
        }
        # What a browser wants to see of a name with the prefix.
        assert all("; Secure" in cookie and "; Path=/;" in cookie for cookie in cookies)
        assert '<html lang="de">' in browser.get("/login", app.request()).text
        # A page of another host below could have planted the plain name.
        browser.jar.pop("__Host-cenote-lang")
        browser.jar["cenote-lang"] = "fr"
        assert '<html lang="en">' in browser.get("/login", app.request()).text
        gone = browser.get("/logout", {"client_id": app.id, "logout_uri": "https://app.example.com/bye"})
        assert all(cookie.startswith("__Host-") for cookie in gone.cookies)


def test_each_pool_has_a_session_of_its_own_on_the_base_host(make: PoolFactory) -> None:
    one, other = oauth_app(make), oauth_app(make)
    browser = other.signed_in(one.signed_in())
    for app in (one, other):
        assert "code" in browser.get("/oauth2/authorize", app.request(prompt="none")).given
    beside = replace(browser, jar=dict(browser.jar))
    beside.get("/logout", {"client_id": one.id, "logout_uri": "https://app.example.com/bye"})
    assert beside.get("/oauth2/authorize", one.request(prompt="none")).given["error"] == "login_required"
    assert "code" in beside.get("/oauth2/authorize", other.request(prompt="none")).given
