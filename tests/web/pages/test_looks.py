"""Looks as a browser draws them: a style that sets everything, and each class of the classic pages.

Images of what is shown are kept in .work/screenshots/brands.
"""

import secrets
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import App, oauth_app
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory
from tests.pictures import PNG
from tests.web.pages.accessibility import faults
from tests.web.pages.test_accessible import LOGO, POLICY, SIZES, SKY, at, know
from tests.web.pages.test_walk import SCREENSHOTS

from cenote.domain.ui_customizations import CLASSES

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: nobody looks at the pages."
)
NIGHT = SKY.replace(b"#dfe9ff", b"#14102b").replace(b"#f3e8ff", b"#2a1440")
BAND = SKY.replace(b"#dfe9ff", b"#3a1d6e").replace(b"#f3e8ff", b"#7a3cff")
KEY = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 100">'
    b'<rect width="160" height="100" rx="12" fill="#7a3cff"/>'
    b'<circle cx="60" cy="50" r="22" fill="#fff"/><rect x="78" y="44" width="56" height="12" fill="#fff"/></svg>'
)


def colors(light: dict[str, Any], dark: dict[str, Any]) -> dict[str, Any]:
    return {"lightMode": light, "darkMode": dark}


def outlined(background: str, edge: str) -> dict[str, str]:
    return {"backgroundColor": background, "borderColor": edge, "textColor": edge}


def strong(density: str, **logo: str) -> dict[str, Any]:
    """Settings that leave little as it was."""
    strip = {"logo": {"enabled": True, "location": "CENTER"}, "backgroundImage": {"enabled": True}}
    return {
        "categories": {
            "global": {
                "colorSchemeMode": "DYNAMIC",
                "pageHeader": {"enabled": True},
                "pageFooter": {"enabled": True},
                "spacingDensity": density,
            },
        },
        "componentClasses": {
            "buttons": {"borderRadius": 24},
            "input": {"borderRadius": 2},
            "optionControls": colors(
                {"selected": {"backgroundColor": "7a3cffff"}}, {"selected": {"backgroundColor": "c9b0ffff"}}
            ),
            "link": colors({"defaults": {"textColor": "5a1fd6ff"}}, {"defaults": {"textColor": "c9b0ffff"}}),
        },
        "components": {
            "form": {"borderRadius": 0, "logo": {"enabled": True, **logo}},
            "pageBackground": colors({"color": "e8e0ffff"}, {"color": "14102bff"}),
            "pageHeader": {**strip, **colors({"borderColor": "7a3cffff"}, {"borderColor": "c9b0ffff"})},
            "pageFooter": {"logo": {"enabled": True, "location": "END"}},
            "primaryButton": colors(
                {
                    "defaults": {"backgroundColor": "7a3cffff"},
                    "hover": {"backgroundColor": "b00020ff", "textColor": "ffffffff"},
                },
                {"defaults": {"backgroundColor": "c9b0ffff"}},
            ),
            "secondaryButton": colors(
                {"defaults": outlined("f4eeffff", "5a1fd6ff")}, {"defaults": outlined("241c3fff", "c9b0ffff")}
            ),
        },
    }


def image(category: str, mode: str, content: bytes) -> dict[str, Any]:
    return {"Category": category, "ColorMode": mode, "Extension": "SVG", "Bytes": content}


ASSETS = [
    image("FORM_LOGO", "DYNAMIC", LOGO),
    image("PAGE_HEADER_LOGO", "DYNAMIC", LOGO),
    image("PAGE_FOOTER_LOGO", "DYNAMIC", LOGO),
    image("PAGE_HEADER_BACKGROUND", "DYNAMIC", BAND),
    image("PAGE_BACKGROUND", "LIGHT", SKY),
    image("PAGE_BACKGROUND", "DARK", NIGHT),
    image("PASSWORD_GRAPHIC", "DYNAMIC", KEY),
]


def branded(make: PoolFactory, settings: dict[str, Any], **options: Any) -> App:
    app = oauth_app(make, **options)
    app.server.idp.create_managed_login_branding(
        UserPoolId=app.pool, ClientId=app.id, Settings=settings, Assets=ASSETS
    )
    return app


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("density", "logo"),
    [
        ("COMPACT", {"formInclusion": "OUT", "location": "START"}),
        ("SPACIOUS", {"position": "BOTTOM"}),
    ],
)
def test_a_strong_style_is_looked_at(
    chromium: Browser, make: PoolFactory, density: str, logo: dict[str, str], size: str, scheme: str
) -> None:
    app = branded(make, strong(density, **logo))
    context = chromium.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
    page, folder = context.new_page(), SCREENSHOTS / "brands"
    for path in ("/login", "/forgotPassword", "/signup", "/consent"):
        if path == "/consent":
            know(context, app)
        page.goto(at(app, path))
        if path == "/signup":
            page.locator(".languages summary").click()
        name = f"strong-{density.lower()}-{size}-{scheme}-{path[1:]}.png"
        page.screenshot(path=folder / name, full_page=True)
        assert not faults(page), path
    context.close()


def test_a_styles_buttons_change_under_the_pointer(chromium: Browser, make: PoolFactory) -> None:
    app = branded(make, strong("REGULAR"))
    page = chromium.new_page(color_scheme="light", reduced_motion="reduce")
    page.goto(at(app, "/login"))
    button = page.locator("button.primary")
    expect(button).to_have_css("background-color", "rgb(122, 60, 255)")
    button.hover()
    expect(button).to_have_css("background-color", "rgb(176, 0, 32)")
    page.close()


def test_density_moves_what_is_on_the_page(chromium: Browser, make: PoolFactory) -> None:
    heights = []
    for density in ("COMPACT", "REGULAR", "SPACIOUS"):
        page = chromium.new_page(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
        page.goto(at(branded(make, strong(density)), "/login"))
        heights.append(page.locator("main").bounding_box()["height"])  # type: ignore[index]
        page.close()
    assert heights == sorted(set(heights)), heights


# They wait for federation.
OF_PROVIDERS = {name for name in CLASSES if "idp" in name or "social" in name}
OURS = sorted(CLASSES - OF_PROVIDERS)
BASIC = [name for name in OURS if ":" not in name]
# What the documented style sheet sets, in values that our own has nowhere.
DRAWN = {
    "color": "rgb(1, 2, 3)",
    "background-color": "rgb(4, 5, 6)",
    "font-size": "17.5px",
    "font-weight": "350",
    "padding-top": "3.5px",
    "margin-top": "5.5px",
    "border-top-color": "rgb(7, 8, 9)",
    "border-top-width": "4px",
    "border-top-style": "dashed",
}
STATE = {
    "color": "rgb(10, 11, 12)",
    "background-color": "rgb(13, 14, 15)",
    "outline-color": "rgb(16, 17, 18)",
}


def rule(name: str, declared: dict[str, str]) -> str:
    # The API takes a border as a whole and sides of margins and paddings, not longhands of one side.
    whole = {"border-top": "4px dashed rgb(7, 8, 9)"} if "border-top-color" in declared else {}
    given = {key: value for key, value in declared.items() if not key.startswith("border-top-")} | whole
    return f"{name} {{ {'; '.join(f'{key}: {value}' for key, value in given.items())} }}"


@pytest.fixture(scope="module")
def classic(make: PoolFactory) -> App:
    """An app that has the classic look, with all that its pages can show."""
    app = oauth_app(make, pool=make.pool(Policies={"PasswordPolicy": {"MinimumLength": 12, **POLICY}}))
    idp = app.server.idp
    idp.create_user_pool_domain(UserPoolId=app.pool, Domain=f"classic-{secrets.token_hex(4)}")
    css = " ".join(
        [*(rule(name, DRAWN) for name in BASIC), *(rule(name, STATE) for name in OURS if ":" in name)]
    )
    idp.set_ui_customization(UserPoolId=app.pool, CSS=css, ImageFile=PNG)
    idp.create_terms(
        UserPoolId=app.pool, ClientId=app.id, TermsName="terms-of-use", TermsSource="LINK", Enforcement="NONE",
        Links={"cognito:default": "https://example.com/terms"},
    )  # fmt: skip
    return app


def ways_that_differ(page: Page, selector: str, declared: dict[str, str]) -> list[str]:
    """What is not as it was declared, at each element that the selector finds."""
    found = (
        "(all, names) => all.map((one) => names.map((name) => getComputedStyle(one).getPropertyValue(name)))"
    )
    drawn = page.locator(selector).evaluate_all(found, list(declared))
    assert drawn, f"{selector} is on no element"
    return [
        f"{name}: {seen}"
        for one in drawn
        for (name, expected), seen in zip(declared.items(), one, strict=True)
        if seen != expected
    ]


@pytest.mark.parametrize(
    ("path", "classes"),
    [
        ("/login", "background banner logo label inputField submitButton redirect"),
        ("/signup", "legalText passwordCheck-notValid inputField"),
        ("/forgotPassword", "textDescription"),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_each_classic_class_draws_what_it_is_on(
    chromium: Browser, classic: App, path: str, classes: str, size: str
) -> None:
    page = chromium.new_page(viewport=SIZES[size], reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(at(classic, path))
    page.evaluate("() => document.activeElement.blur()")
    for name in classes.split():
        assert not ways_that_differ(page, f".{name}-customizable", DRAWN), name
    page.close()


def test_the_classic_error_is_drawn_at_its_field_and_above_the_form(chromium: Browser, classic: App) -> None:
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(at(classic, "/login"))
    page.locator("#username").fill(classic.user)
    page.locator("#password").fill("Wrong-Horse-9")
    page.locator("button.primary").click()
    assert not ways_that_differ(page, ".wrong.errorMessage-customizable", DRAWN)
    page.locator("#password").fill("Wrong-Horse-9")
    page.context.clear_cookies()
    page.locator("button.primary").click()
    assert not ways_that_differ(page, ".message.errorMessage-customizable", DRAWN)
    page.close()


def test_a_rule_of_the_password_changes_its_classic_class(chromium: Browser, classic: App) -> None:
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(at(classic, "/signup"))
    met, unmet = (page.locator(f".passwordCheck-{kind}-customizable") for kind in ("valid", "notValid"))
    expect(unmet).to_have_count(5)
    page.locator("#password").fill("aB1")
    expect(met).to_have_count(3)
    expect(unmet).to_have_count(2)
    assert not ways_that_differ(page, ".passwordCheck-valid-customizable", DRAWN)
    page.locator("#password").fill("")
    expect(met).to_have_count(0)
    page.close()


def test_the_states_of_the_classic_classes_are_drawn(chromium: Browser, classic: App) -> None:
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(at(classic, "/login"))
    page.locator("#username").focus()
    assert not ways_that_differ(page, ".inputField-customizable:focus", STATE)
    page.locator("button.primary").hover()
    assert not ways_that_differ(page, ".submitButton-customizable:hover", {**STATE, "filter": "none"})
    page.close()


def test_no_classic_class_is_without_a_test_here() -> None:
    marks = test_each_classic_class_draws_what_it_is_on.pytestmark  # type: ignore[attr-defined]
    tried = {name for mark in marks for case in mark.args[1] for name in str(case[-1]).split()}
    tried |= {"errorMessage", "passwordCheck-valid"}
    assert {name.removeprefix(".").removesuffix("-customizable") for name in BASIC} <= tried
    assert {".submitButton-customizable:hover", ".inputField-customizable:focus"} == set(OURS) - set(BASIC)
