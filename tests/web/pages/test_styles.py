"""A managed login style acts: no setting and no image that is stored is without effect, but for those named here."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from tests.pictures import ICO, PNG

from cenote import shapes
from cenote.domain import branding
from cenote.domain.branding import BrandingStyle
from cenote.domain.branding_defaults import SETTINGS
from cenote.web.pages import rendering, styles
from cenote.web.pages.languages import DEFAULT
from cenote.web.pages.rendering import Rendering
from cenote.web.pages.styles import Look

FEDERATION: Final = "waits for federation: there is no button of a provider yet"
RESERVED: Final = "reserved by AWS (documented at CreateManagedLoginBranding), and no part of these pages"
# Settings that are kept and shown by the API, and have no place on these pages.
NO_PLACE: Final[Mapping[str, str]] = {
    "categories.auth.authMethodOrder": FEDERATION,
    "categories.auth.federation": FEDERATION,
    "componentClasses.idpButtons": FEDERATION,
    "components.idpButton": FEDERATION,
    "categories.form.instructions": RESERVED + ": what to do is always said",
    "categories.form.sessionTimerDisplay": RESERVED,
    "categories.signUp.acceptanceElements": RESERVED + ": CreateTerms links what is accepted",
    "components.phoneNumberSelector": "a number is typed with its country code: there is no selector",
    "components.primaryButton.lightMode.disabled": "no button is ever disabled",
    "components.primaryButton.darkMode.disabled": "no button is ever disabled",
    "componentClasses.input.lightMode.placeholderColor": "labels stand above their field: nothing is written in it",
    "componentClasses.input.darkMode.placeholderColor": "labels stand above their field: nothing is written in it",
    "componentClasses.dropDown.lightMode.match": "nothing is typed into the list of languages, so nothing matches",
    "componentClasses.dropDown.darkMode.match": "nothing is typed into the list of languages, so nothing matches",
}
OTHER: Final = {
    "DYNAMIC": "DARK",
    "REGULAR": "COMPACT",
    "CENTER": "END",
    "START": "END",
    "IN": "OUT",
    "TOP": "BOTTOM",
}
# What every page is given.
FRAME: Final[dict[str, Any]] = {
    "query": "",
    "form": "",
    "session": "",
    "faulty": None,
    "app": "App",
    "languages_query": "/login?",
    "languages_form": "",
    "notice": "",
}
CODE = {"username": "ada", "destination": "a***", "remember": False, "resends": False, "several": True}
PAGES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("signed_out.html", {}),
    ("code.html", {"challenge": "EMAIL_OTP", **CODE}),
    ("code.html", {"challenge": "SMS_MFA", **CODE}),
    ("code.html", {"challenge": "SOFTWARE_TOKEN_MFA", **CODE}),
    ("password.html", {"username": "ada", "several": True}),
    ("passkey.html", {"username": "ada", "several": True, "options": "{}"}),
)
HERE = Path(rendering.__file__).parent


def leaves(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}{name}.")
        else:
            yield path + name, value


LEAVES: Final = dict(leaves(SETTINGS))
MODEL: Final = json.loads(Path(shapes.__file__).with_name("cognito_idp.json").read_text())
CATEGORIES: Final[list[str]] = MODEL["shapes"]["AssetCategoryType"]["enum"]


def changed(settings: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    after = deepcopy(settings)
    *steps, last = path.split(".")
    place = after
    for step in steps:
        place = place.setdefault(step, {})
    place[last] = value
    return after


def all_on() -> dict[str, Any]:
    """All settings, each that turns something on turned on."""
    settings = deepcopy(SETTINGS)
    for path, value in LEAVES.items():
        if isinstance(value, bool):
            settings = changed(settings, path, True)
    return changed(settings, "categories.global.colorSchemeMode", "DYNAMIC")


def image(category: str, mode: str) -> dict[str, Any]:
    kind, content = ("ICO", ICO) if category == "FAVICON_ICO" else ("PNG", PNG)
    if category == "FAVICON_SVG":
        kind, content = "SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    return {"Category": category, "ColorMode": mode, "Extension": kind, "Bytes": content}


def look(settings: dict[str, Any], without: str = "") -> Look:
    """The look of a style with these settings and an image of every category but one."""
    branding.checked(settings)
    given = [
        image(category, mode) for category in CATEGORIES if category != without for mode in ("LIGHT", "DARK")
    ]
    assets = [asset for asset, _ in branding.assets(given)]
    return styles.styled(BrandingStyle("p", "b", "c", {"Settings": settings}, 0, 0), assets)


@pytest.fixture(scope="module")
def templates() -> Rendering:
    return Rendering()


def shown(templates: Rendering, seen: Look) -> list[bytes]:
    """Every page that a style could change, its style in it."""
    texts = templates.languages[DEFAULT]
    return [templates.page(name, texts, nonce="n", look=seen, **FRAME, **more) for name, more in PAGES]


@pytest.mark.parametrize("path", LEAVES)
def test_every_setting_changes_the_pages(templates: Rendering, path: str) -> None:
    before = all_on()
    value = dict(leaves(before))[path]
    if isinstance(value, bool):
        other: Any = not value
    elif isinstance(value, float):
        other = value + 1
    elif isinstance(value, list | dict):
        other = type(value)()
    elif branding.COLOR.fullmatch(value):
        other = "12345678"
    else:
        other = OTHER.get(value, "OTHER")
    after = changed(before, path, other)
    same = shown(templates, look(before)) == shown(templates, look(after))
    reason = next((reason for prefix, reason in NO_PLACE.items() if f"{path}.".startswith(f"{prefix}.")), "")
    assert same is bool(reason), f"{path}: {reason or 'stored, and nothing reads it'}"


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_image_is_shown(templates: Rendering, category: str) -> None:
    pages = b"".join(shown(templates, look(all_on())))
    given = branding.assets([image(category, mode) for mode in ("LIGHT", "DARK")])
    addresses = [branding.address("p", "b", asset).encode() for asset, _ in given]
    expected = category != "IDP_BUTTON_ICON"  # waits for federation
    assert [address in pages for address in addresses] == [expected, expected]
    without = b"".join(shown(templates, look(all_on(), without=category)))
    assert not any(address in without for address in addresses)


def test_whatever_a_style_sets_is_used_by_the_stylesheet() -> None:
    sheet = (HERE / "pages.css").read_text()
    set_ = set(re.findall(r"--[\w-]+(?=:)", look(all_on()).style + "".join(styles.DENSITIES.values())))
    assert {"--accent", "--pending", "--drop-down-round", "--tall"} <= set_
    assert not {name for name in set_ if f"var({name})" not in sheet + styles.DRAWN}


def test_whatever_a_style_draws_is_on_a_page() -> None:
    html = "".join(file.read_text() for file in (HERE / "templates").iterdir())
    classes = set(re.findall(r"(?<=\.)[a-z][\w-]*(?=[\s:.,{])", look(all_on()).style))
    assert {"primary", "strip", "stage", "place", "languages"} <= classes
    assert not {name for name in classes if not re.search(rf'class="[^"]*\b{name}\b', html)}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, value in LEAVES.items()
        if isinstance(value, str) and not branding.COLOR.fullmatch(value)
    ],
)
def test_a_word_that_is_not_known_breaks_no_page(templates: Rendering, path: str) -> None:
    pages = shown(templates, look(changed(all_on(), path, "MIDDLE.of/the-road")))
    assert not any(b"MIDDLE" in page for page in pages)


def test_case_14_what_a_style_writes_is_ours_but_for_colours_and_numbers() -> None:
    """Every declaration of the sheet, whatever the settings are: no letter of a setting that is a word is in it."""
    for declaration in re.findall(r"(?<=[{;])(--[\w-]+|[a-z-]+):([^;{}]*)(?=[;}])", look(all_on()).style):
        name, value = declaration
        known = r"#[0-9a-fA-F]{6,8}|[0-9.]+px|url\(/_cenote/branding/p/b/[0-9a-f]{32}\)"
        known += r"|flex-start|center|flex-end|cover|light|dark"
        assert re.fullmatch(known, value) or f"{name}:{value}" in styles.DRAWN, declaration


def test_icons_are_of_the_types_that_are_enabled() -> None:
    for enabled, kinds in (
        (["ICO", "SVG"], ["image/x-icon"] * 2 + ["image/svg+xml"] * 2),
        (["SVG"], ["image/svg+xml"] * 2),
        (["ICO"], ["image/x-icon"] * 2),
        ([], []),
    ):
        seen = look(changed(all_on(), "components.favicon.enabledTypes", enabled))
        assert [icon.kind for icon in seen.icons] == kinds


@pytest.mark.parametrize("scheme", ["LIGHT", "DARK", "DYNAMIC"])
def test_a_picture_is_the_one_of_the_colour_scheme(scheme: str) -> None:
    seen = look(changed(all_on(), "categories.global.colorSchemeMode", scheme))
    light, dark = (
        branding.address("p", "b", branding.assets([image("PAGE_HEADER_LOGO", mode)])[0][0])
        for mode in ("LIGHT", "DARK")
    )
    assert seen.header is not None
    expected = {"LIGHT": (light, ""), "DARK": (dark, ""), "DYNAMIC": (light, dark)}
    assert seen.header.logo == styles.Picture(*expected[scheme])


def test_languages_are_offered_unless_the_style_itself_says_no() -> None:
    assert look({}).languages
    path = "categories.form.languageSelector.enabled"
    assert look(changed({}, path, True)).languages
    assert not look(changed({}, path, False)).languages


@pytest.mark.parametrize(
    ("name", "values", "graphic"),
    [
        ("reset_password.html", {"destination": "+*******0100", "policy": {}}, "SMS_GRAPHIC"),
        ("reset_password.html", {"destination": "a***@e***", "policy": {}}, "EMAIL_GRAPHIC"),
        ("confirm.html", {"destination": "+*******0100"}, "SMS_GRAPHIC"),
        ("confirm.html", {"destination": "a***@e***"}, "EMAIL_GRAPHIC"),
        ("confirm.html", {"destination": ""}, None),
        (
            "set_up_app.html",
            {"qr": "", "uri": "", "secret": "", "remember": False, "several": True},
            "AUTH_APP_GRAPHIC",
        ),
    ],
)
def test_a_page_shows_the_graphic_of_what_it_is_about(
    templates: Rendering, name: str, values: dict[str, Any], graphic: str | None
) -> None:
    seen, given = (
        look(all_on()),
        {category: branding.assets([image(category, "LIGHT")]) for category in CATEGORIES},
    )
    texts = templates.languages[DEFAULT]
    page = templates.page(
        name, texts, nonce="n", look=seen, **{**FRAME, "username": "ada", **values}
    ).decode()
    body = page.partition("</style>")[2]
    shown_ = {
        category
        for category, ((asset, _),) in given.items()
        if category.endswith("_GRAPHIC") and branding.address("p", "b", asset) in body
    }
    assert shown_ == ({graphic} if graphic else set())


@pytest.mark.parametrize("without", ["", "PAGE_HEADER_LOGO", "FORM_LOGO"])
@pytest.mark.parametrize(
    ("inclusion", "position"), [("IN", "TOP"), ("IN", "BOTTOM"), ("OUT", "TOP"), ("OUT", "BOTTOM")]
)
def test_each_logo_is_shown_once_and_the_apps_name_said_once(
    templates: Rendering, without: str, inclusion: str, position: str
) -> None:
    settings = changed(all_on(), "components.form.logo.formInclusion", inclusion)
    settings = changed(settings, "components.form.logo.position", position)
    for page in map(bytes.decode, shown(templates, look(settings, without=without))):
        logos = {"PAGE_HEADER_LOGO", "FORM_LOGO", "PAGE_FOOTER_LOGO"} - {without}
        images = re.findall(r'<img class="(logo-customizable|strip-logo)" src="[^"]+" alt="([^"]*)"', page)
        assert len(images) == len(logos)
        named = [alt for _, alt in images if alt] + re.findall(r"</span>(App)</p>", page)
        # Where the form has no logo it has the app's name, and the header's logo is beside it.
        assert named == (["App"] * 2 if without == "FORM_LOGO" else ["App"])
        if without != "FORM_LOGO":
            form = page.partition("<main")[2].partition("</main>")[0]
            assert ("logo-customizable" in form) is (inclusion == "IN")
            assert (page.index("logo-customizable") > page.index("<h1>")) is (position == "BOTTOM")


def test_without_graphics_no_page_has_any(templates: Rendering) -> None:
    """Neither the style's nor our own."""
    for graphics, expected in ((True, True), (False, False)):
        pages = shown(templates, look(changed(all_on(), "categories.form.displayGraphics", graphics)))
        for page in pages:
            assert (b'class="graphic"' in page or b'class="glyph' in page) is expected


def test_a_page_with_a_style_stays_light(templates: Rendering) -> None:
    weight = len(shown(templates, look(all_on()))[1])
    weight += sum(len((HERE / name).read_bytes()) for name in rendering.FILES)
    assert weight < 45_000, weight
