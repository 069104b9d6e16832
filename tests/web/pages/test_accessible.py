"""The pages for everybody: a keyboard, a screen reader, a finger, long words, no script, no motion.

The walk in test_walk.py looks at every page with axe-core; here are the pages beside it and what axe-core cannot see.
Images of what is shown in each language are kept in .work/screenshots/languages.
"""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.api.idp.test_passkeys import FLOWS, passkey_pool
from tests.browser import CALLBACK, PASSWORD, App, oauth_app
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory
from tests.web.pages.accessibility import faults
from tests.web.pages.test_walk import SCREENSHOTS

from cenote.web.pages.languages import NAMES

SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 800}}
KNOWN = ("/selectAccount", "/consent", "/logout")
PATHS = ("/login", "/signup", "/confirm", "/forgotPassword", *KNOWN)
POLICY = dict.fromkeys(("RequireLowercase", "RequireUppercase", "RequireNumbers", "RequireSymbols"), True)
REQUIRED = ("given_name", "family_name", "birthdate", "address", "preferred_username")

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: nobody looks at the pages."
)


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


@pytest.fixture(scope="module")
def wordy(make: PoolFactory) -> App:
    """A pool that asks for much, with terms, and a client with a long name."""
    pool = make.pool(
        AliasAttributes=["email", "phone_number"],
        AutoVerifiedAttributes=["email"],
        Policies={"PasswordPolicy": {"MinimumLength": 12, **POLICY}},
        Schema=[{"Name": name, "Required": True, "AttributeDataType": "String"} for name in REQUIRED],
    )
    app = oauth_app(make, pool=pool, with_user=False, ClientName="app")
    make.server.idp.update_user_pool_client(
        UserPoolId=pool, ClientId=app.id, ClientName="W" * 60, CallbackURLs=[CALLBACK],
        AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"], AllowedOAuthScopes=["openid", "email"],
        SupportedIdentityProviders=["COGNITO"],
    )  # fmt: skip
    for terms in ("terms-of-use", "privacy-policy"):
        make.server.idp.create_terms(
            UserPoolId=pool, ClientId=app.id, TermsName=terms, TermsSource="LINK", Enforcement="NONE",
            Links={"cognito:default": f"https://example.com/{terms}"},
        )  # fmt: skip
    return app


def at(app: App, path: str, **changes: str | None) -> str:
    query = {"client_id": app.id} if path == "/logout" else app.request(**changes)
    return f"{origin(app)}{path}?{urlencode(query)}"


def origin(app: App) -> str:
    return f"http://localhost:{app.server.app.settings.port}"


def know(context: BrowserContext, app: App) -> None:
    context.add_cookies(
        [{"name": name, "value": value, "url": origin(app)} for name, value in app.signed_in().jar.items()]
    )


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.id"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_serious_fault(chromium: Browser, app: App, size: str, scheme: str) -> None:
    context = chromium.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for path in PATHS:
        if path in KNOWN:
            know(context, app)
        page.goto(at(app, path))
        assert not faults(page), path
    context.close()


@pytest.mark.parametrize("language", NAMES)
def test_every_language_fits_on_a_phone(chromium: Browser, wordy: App, language: str) -> None:
    context = chromium.new_context(viewport=SIZES["phone"])  # type: ignore[arg-type]
    page, folder = context.new_page(), SCREENSHOTS / "languages"
    page.goto(at(wordy, "/signup", lang=language))
    assert page.locator("html").get_attribute("lang") == language
    page.locator("#username").fill("ada")
    page.locator("#password").fill("short")
    page.evaluate("() => document.querySelector('main form').submit()")
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator(".languages summary").click()
    page.screenshot(path=folder / f"{language}-sign-up.png", full_page=True)
    assert not faults(page)
    page.goto(at(wordy, "/login"))
    page.screenshot(path=folder / f"{language}-sign-in.png", full_page=True)
    assert not faults(page)
    context.close()


@pytest.mark.parametrize(
    ("path", "typed", "field"),
    [
        ("/login", {"username": "ada", "password": "Wrong-Horse-9"}, "password"),
        ("/signup", {"username": "ada", "password": "short"}, "password"),
        ("/signup", {"username": "USER", "password": PASSWORD}, "username"),
        ("/forgotPassword", {"username": "nobody"}, "username"),
    ],
)
def test_an_error_is_where_the_focus_is(
    chromium: Browser, app: App, path: str, typed: dict[str, str], field: str
) -> None:
    page = chromium.new_page()
    page.goto(at(app, path))
    for name, value in typed.items():
        page.locator(f"#{name}").fill(app.user if value == "USER" else value)
    page.locator("button[type=submit]").first.click()
    wrong = page.locator(f"#{field}")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    assert "error" in (wrong.get_attribute("aria-describedby") or "").split()
    expect(page.locator("#error")).to_have_attribute("role", "alert")
    assert not faults(page)
    page.close()


def test_an_error_of_no_field_has_the_focus_itself(chromium: Browser, app: App) -> None:
    page = chromium.new_page()
    page.goto(at(app, "/login"))
    page.locator("#username").fill(app.user)
    page.locator("#password").fill(PASSWORD)
    page.context.clear_cookies()
    page.locator("button.primary").click()
    expect(page.locator("#error")).to_be_focused()
    page.close()


def test_a_keyboard_is_enough(chromium: Browser, make: PoolFactory, callback: str) -> None:
    app = oauth_app(make, CallbackURLs=[callback])
    page = chromium.new_page()
    page.goto(at(app, "/login", redirect_uri=callback))
    assert focused(page) == "username"
    page.keyboard.type(app.user)
    page.keyboard.press("Tab")
    assert focused(page) == "password"
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # shows it
    assert page.locator("#password").get_attribute("type") == "text"
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{callback}?code=**")
    page.close()


def test_nothing_moves_for_who_wants_it_still(chromium: Browser, app: App) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(at(app, "/login"))
    moving = (
        "() => [...document.querySelectorAll('*')].map((one) => getComputedStyle(one).transitionDuration)"
    )
    assert set(page.evaluate(moving)) == {"0s"}
    context.close()


def test_without_scripts_a_user_signs_in_and_reads_the_policy(
    chromium: Browser, make: PoolFactory, callback: str
) -> None:
    app = oauth_app(make, CallbackURLs=[callback])
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(app, "/signup", redirect_uri=callback))
    expect(page.locator("#policy li").first).to_have_text("At least 8 characters")
    page.goto(at(app, "/login", redirect_uri=callback))
    page.get_by_label("User name").fill(app.user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{callback}?code=**")
    # What needs a script is not offered without one.
    choosing = oauth_app(make, pool=passkey_pool(make), ExplicitAuthFlows=FLOWS)
    page.goto(at(choosing, "/login"))
    expect(page.get_by_role("button")).to_have_text(["Next"])
    context.close()


def test_the_policy_is_ticked_off_as_one_types(chromium: Browser, wordy: App) -> None:
    page = chromium.new_page()
    page.goto(at(wordy, "/signup"))
    met = page.locator("#policy .met")
    for typed, count in (("a", 1), ("aB", 2), ("aB1", 3), ("aB1!", 4), ("aB1!aaaaaaaa", 5), ("", 0)):
        page.locator("#password").fill(typed)
        expect(met).to_have_count(count)
    page.close()


LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32">'
    b'<rect width="120" height="32" rx="8" fill="#7a3cff"/>'
    b'<circle cx="16" cy="16" r="8" fill="#fff"/></svg>'
)
SKY = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><defs><linearGradient id="g">'
    b'<stop stop-color="#dfe9ff"/>'
    b'<stop offset="1" stop-color="#f3e8ff"/></linearGradient></defs><rect fill="url(#g)" width="16" height="9"/></svg>'
)


@pytest.mark.parametrize("look", ["style", "classic"])
@pytest.mark.parametrize("size", SIZES)
def test_a_brand_is_looked_at(chromium: Browser, make: PoolFactory, look: str, size: str) -> None:
    app = oauth_app(make)
    idp = app.server.idp
    if look == "style":
        colors = {"lightMode": {"defaults": {"backgroundColor": "7a3cffff"}}}
        idp.create_managed_login_branding(
            UserPoolId=app.pool,
            ClientId=app.id,
            Settings={
                "components": {
                    "primaryButton": colors,
                    "form": {"logo": {"enabled": True}},
                    "pageBackground": {"image": {"enabled": True}},
                },
                "categories": {"form": {"location": {"horizontal": "START", "vertical": "CENTER"}}},
            },
            Assets=[
                {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "SVG", "Bytes": LOGO},
                {"Category": "PAGE_BACKGROUND", "ColorMode": "LIGHT", "Extension": "SVG", "Bytes": SKY},
            ],
        )
    else:
        idp.create_user_pool_domain(UserPoolId=app.pool, Domain=f"brand-{app.user}")
        css = (
            ".banner-customizable { background-color: #241f31; padding: 20px; } .submitButton-customizable "
            "{ background-color: #a51d2d; } .submitButton-customizable:hover { background-color: #8a1825; }"
        )
        idp.set_ui_customization(UserPoolId=app.pool, CSS=css)
    context = chromium.new_context(viewport=SIZES[size], color_scheme="light")  # type: ignore[arg-type]
    page, folder = context.new_page(), SCREENSHOTS / "brands"
    for path in ("/login", "/signup", "/consent"):
        if path == "/consent":
            know(context, app)
        page.goto(at(app, path))
        page.screenshot(path=folder / f"{look}-{size}-{path[1:]}.png", full_page=True)
        assert not faults(page), path
    context.close()
