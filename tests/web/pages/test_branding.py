"""The look of the pages: managed login styles, classic CSS and logos, and what none of them can do."""

import base64
import secrets
from typing import Any

import pytest
from tests.browser import App, Browser, Page, oauth_app
from tests.conftest import PoolFactory

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'


@pytest.fixture
def app(make: PoolFactory) -> App:
    return oauth_app(make)


def shown(app: App) -> Page:
    return app.browser().get("/login", app.request())


def style(app: App, **request: Any) -> None:
    app.server.idp.create_managed_login_branding(UserPoolId=app.pool, ClientId=app.id, **request)


def test_without_a_style_a_page_has_the_stylesheets_look(app: App) -> None:
    assert "<style" not in shown(app).text


def test_a_styles_colours_and_corners_are_those_of_the_page(app: App) -> None:
    settings = {
        "components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "ff8800ff"}}}},
        "componentClasses": {"buttons": {"borderRadius": 3}},
        "categories": {"form": {"location": {"horizontal": "START", "vertical": "END"}}},
    }
    style(app, Settings=settings)
    text = shown(app).text
    assert "--accent:#ff8800ff" in text
    assert "--button-round:3px" in text
    assert "align-items:flex-start;justify-content:flex-end" in text
    assert "prefers-color-scheme: dark" not in text.partition("<style")[2].partition("</style>")[0]


@pytest.mark.parametrize(("mode", "light", "dark"), [("LIGHT", 1, 0), ("DARK", 0, 1), ("DYNAMIC", 1, 1)])
def test_a_style_is_light_dark_or_both(app: App, mode: str, light: int, dark: int) -> None:
    style(app, Settings={"categories": {"global": {"colorSchemeMode": mode}}})
    sheet = shown(app).text.partition("<style")[2].partition("</style>")[0]
    assert (sheet.count("color-scheme:light"), sheet.count("color-scheme:dark")) == (light, dark)


def test_a_styles_logo_background_and_icon_are_shown(app: App) -> None:
    style(
        app,
        Settings={"components": {"form": {"logo": {"enabled": True}}}},
        Assets=[
            {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": PNG},
            {"Category": "PAGE_BACKGROUND", "ColorMode": "LIGHT", "Extension": "SVG", "Bytes": SVG},
            {"Category": "FAVICON_SVG", "ColorMode": "DYNAMIC", "Extension": "SVG", "Bytes": SVG},
        ],
    )
    page = shown(app)
    logo = page.text.partition('class="logo-customizable" src="')[2].partition('"')[0]
    background = page.text.partition("background-image:url(")[2].partition(")")[0]
    icon = page.text.partition('rel="icon" href="')[2].partition('"')[0]
    for address, kind, content in (
        (logo, "image/png", PNG),
        (background, "image/svg+xml", SVG),
        (icon, "image/svg+xml", SVG),
    ):
        image = app.browser().get(address)
        assert (image.status, image.headers["content-type"], image.body) == (200, kind, content)
        assert "immutable" in image.headers["cache-control"]


def test_case_14_an_image_runs_nothing_even_by_its_own_address(app: App) -> None:
    style(app, Assets=[{"Category": "FAVICON_SVG", "ColorMode": "LIGHT", "Extension": "SVG", "Bytes": SVG}])
    icon = shown(app).text.partition('rel="icon" href="')[2].partition('"')[0]
    image = app.browser().get(icon)
    assert (
        image.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert image.headers["x-content-type-options"] == "nosniff"


def test_another_clients_style_is_not_shown(app: App, make: PoolFactory) -> None:
    beside = oauth_app(make, pool=app.pool)
    style(app, Settings={"componentClasses": {"buttons": {"borderRadius": 3}}})
    assert "<style" not in shown(beside).text


def test_the_classic_css_and_logo_are_shown_for_one_client_or_all(app: App, make: PoolFactory) -> None:
    beside, idp = oauth_app(make, pool=app.pool), app.server.idp
    idp.create_user_pool_domain(UserPoolId=app.pool, Domain=f"look-{secrets.token_hex(4)}")
    idp.set_ui_customization(UserPoolId=app.pool, CSS=".label-customizable { color: #112233; }")
    idp.set_ui_customization(
        UserPoolId=app.pool,
        ClientId=app.id,
        CSS=".submitButton-customizable { background-color: #445566; }",
        ImageFile=PNG,
    )
    mine, theirs = shown(app).text, shown(beside).text
    assert ".submitButton-customizable { background-color: #445566; }" in mine
    assert ".label-customizable { color: #112233; }" in theirs
    logo = mine.partition('class="logo-customizable" src="')[2].partition('"')[0]
    assert app.browser().get(logo).body == PNG
    assert "logo-customizable" not in theirs


def test_the_domains_version_chooses_between_a_style_and_the_classic_look(app: App) -> None:
    name = f"look-{secrets.token_hex(4)}"
    app.server.idp.create_user_pool_domain(UserPoolId=app.pool, Domain=name)
    app.server.idp.set_ui_customization(UserPoolId=app.pool, CSS=".label-customizable { color: #112233; }")
    style(app, Settings={"componentClasses": {"buttons": {"borderRadius": 3}}})

    def looks(host: str) -> tuple[bool, bool]:
        text = Browser(app.server, host).get("/login", app.request()).text
        return "--button-round:3px" in text, ".label-customizable { color: #112233; }" in text

    assert looks(f"{name}.auth.localhost") == (False, True)
    app.server.idp.update_user_pool_domain(UserPoolId=app.pool, Domain=name, ManagedLoginVersion=2)
    assert looks(f"{name}.auth.localhost") == (True, False)
    assert looks("") == (True, False)


def test_each_domain_of_a_pool_has_the_look_of_its_own_version(app: App) -> None:
    name = f"look-{secrets.token_hex(4)}"
    app.server.idp.create_user_pool_domain(UserPoolId=app.pool, Domain=name, ManagedLoginVersion=2)
    app.server.idp.create_user_pool_domain(
        UserPoolId=app.pool,
        Domain=f"{name}.example.com",
        CustomDomainConfig={"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1f2e3d4c"},
    )
    app.server.idp.set_ui_customization(UserPoolId=app.pool, CSS=".label-customizable { color: #112233; }")
    managed = Browser(app.server, f"{name}.auth.localhost").get("/login", app.request()).text
    classic = Browser(app.server, f"{name}.example.com").get("/login", app.request()).text
    assert "<style" not in managed  # no style was made for the client
    assert ".label-customizable { color: #112233; }" in classic


@pytest.mark.parametrize(
    "path", ["", "x", "x/y/z", "../../etc/passwd", "eu-central-1_nobody000/a/b", "%00/a/b", "a/b/c/d"]
)
def test_an_image_that_is_not_there_is_not_found(app: App, path: str) -> None:
    assert app.browser().get(f"/_cenote/branding/{path}").status == 404


def test_the_sign_up_page_links_to_the_terms_in_its_language(app: App) -> None:
    app.server.idp.create_terms(
        UserPoolId=app.pool,
        ClientId=app.id,
        TermsName="terms-of-use",
        TermsSource="LINK",
        Enforcement="NONE",
        Links={"cognito:default": "https://example.com/terms", "cognito:german": "https://example.com/agb"},
    )
    english = app.browser().get("/signup", app.request()).text
    german = app.browser().get("/signup", app.request(lang="de")).text
    assert 'href="https://example.com/terms"' in english
    assert 'href="https://example.com/agb"' in german
    assert "Nutzungsbedingungen" in german
