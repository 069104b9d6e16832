"""A managed login style as CSS and pictures: every setting that these pages have a place for.

All that stands in the CSS is ours but colours and numbers, which `domain.branding` has held to their kind. Words choose
among what is written here; a word that is not known chooses what a style without it has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any, Final

from cenote.domain import branding, images
from cenote.domain.branding import Asset, BrandingStyle

DARK_SCHEME: Final = "(prefers-color-scheme: dark)"
LIGHT_SCHEME: Final = "(prefers-color-scheme: light)"
LIGHT, DARK, DYNAMIC = "LIGHT", "DARK", "DYNAMIC"
MODES: Final = ("lightMode", "darkMode")

# Each custom property of pages.css, and which setting it is (`*` stands for the mode).
COLORS: Final[Mapping[str, str]] = {
    "--accent": "components.primaryButton.*.defaults.backgroundColor",
    "--on-accent": "components.primaryButton.*.defaults.textColor",
    "--text": "components.pageText.*.headingColor",
    "--quiet": "components.pageText.*.bodyColor",
    "--description": "components.pageText.*.descriptionColor",
    "--page": "components.pageBackground.*.color",
    "--card": "components.form.*.backgroundColor",
    "--edge": "components.form.*.borderColor",
    "--line": "componentClasses.input.*.defaults.borderColor",
    "--field": "componentClasses.input.*.defaults.backgroundColor",
    "--label": "componentClasses.inputLabel.*.textColor",
    "--hint": "componentClasses.inputDescription.*.textColor",
    "--link": "componentClasses.link.*.defaults.textColor",
    "--focus": "componentClasses.focusState.*.borderColor",
    "--divider": "componentClasses.divider.*.borderColor",
    "--pending": "componentClasses.statusIndicator.*.pending.indicatorColor",
    "--error": "componentClasses.statusIndicator.*.error.indicatorColor",
    "--error-page": "componentClasses.statusIndicator.*.error.backgroundColor",
    "--error-edge": "componentClasses.statusIndicator.*.error.borderColor",
    "--good": "componentClasses.statusIndicator.*.success.indicatorColor",
    "--good-page": "componentClasses.statusIndicator.*.success.backgroundColor",
    "--good-edge": "componentClasses.statusIndicator.*.success.borderColor",
    "--warning": "componentClasses.statusIndicator.*.warning.indicatorColor",
    "--warning-page": "componentClasses.statusIndicator.*.warning.backgroundColor",
    "--warning-edge": "componentClasses.statusIndicator.*.warning.borderColor",
    "--alert-page": "components.alert.*.error.backgroundColor",
    "--alert-edge": "components.alert.*.error.borderColor",
}
BUTTON: Final = {"background": "backgroundColor", "border-color": "borderColor", "color": "textColor"}
FILLED: Final = {"background": "backgroundColor", "color": "textColor"}
ITEM: Final = {
    "background": "itemBackgroundColor",
    "border-color": "itemBorderColor",
    "color": "itemTextColor",
}
STRIP: Final = {"background-color": "background.color", "border-color": "borderColor"}
OPTION: Final = {"background": "backgroundColor", "border-color": "borderColor"}
CHOSEN: Final = {
    "background": "backgroundColor",
    "border-color": "backgroundColor",
    "color": "foregroundColor",
}
SECONDARY: Final = (".secondary", ".choice")
ITEMS: Final = (".languages a", ".languages button")
# What pages.css draws in another way where there is no style: selectors, the settings, which colour is which of them.
RULES: Final[tuple[tuple[tuple[str, ...], str, Mapping[str, str]], ...]] = (
    ((".primary:hover",), "components.primaryButton.*.hover", FILLED),
    ((".primary:active",), "components.primaryButton.*.active", FILLED),
    (SECONDARY, "components.secondaryButton.*.defaults", BUTTON),
    (tuple(f"{one}:hover" for one in SECONDARY), "components.secondaryButton.*.hover", BUTTON),
    (tuple(f"{one}:active" for one in SECONDARY), "components.secondaryButton.*.active", BUTTON),
    (("a:hover",), "componentClasses.link.*.hover", {"color": "textColor"}),
    ((".languages ul",), "componentClasses.dropDown.*.defaults", {"background": "itemBackgroundColor"}),
    (tuple(f"{one}:hover" for one in ITEMS), "componentClasses.dropDown.*.hover", ITEM),
    ((".check input",), "componentClasses.optionControls.*.defaults", OPTION),
    ((".check input:checked",), "componentClasses.optionControls.*.selected", CHOSEN),
    ((".strip.top",), "components.pageHeader.*", STRIP),
    ((".strip.bottom",), "components.pageFooter.*", STRIP),
)
# A button that changes colour needs no filter; a drop-down and a box to tick have a shape of their own in a style.
DRAWN: Final = (
    ".primary:hover,.primary:active{filter:none}"
    ".languages ul{padding:6px}"
    ".languages li>*{border:1px solid transparent;border-radius:inherit;text-decoration:none}"
    ".languages li{border-radius:max(0px,var(--drop-down-round) - 4px)}"
    ".check input{appearance:none;display:grid;place-items:center;border:1px solid;border-radius:4px}"
    '.check input:checked::before{content:"";width:16px;height:16px;background:currentColor;'
    "-webkit-mask:var(--i-tick) center/contain no-repeat;mask:var(--i-tick) center/contain no-repeat}"
)
ROUNDNESS: Final[Mapping[str, str]] = {
    "--round": "componentClasses.input.borderRadius",
    "--button-round": "componentClasses.buttons.borderRadius",
    "--drop-down-round": "componentClasses.dropDown.borderRadius",
    "--card-round": "components.form.borderRadius",
    "--alert-round": "components.alert.borderRadius",
}
# Images behind things: what is behind what, and the setting that turns it on.
BACKGROUNDS: Final = (
    ("PAGE_BACKGROUND", "body", "components.pageBackground.image.enabled"),
    ("FORM_BACKGROUND", ".card", "components.form.backgroundImage.enabled"),
    ("PAGE_HEADER_BACKGROUND", ".strip.top", "components.pageHeader.backgroundImage.enabled"),
    ("PAGE_FOOTER_BACKGROUND", ".strip.bottom", "components.pageFooter.backgroundImage.enabled"),
)
# What a page is about, and the picture that shows it in place of our own.
GRAPHICS: Final[Mapping[str, str]] = {
    "email": "EMAIL_GRAPHIC",
    "sms": "SMS_GRAPHIC",
    "app": "AUTH_APP_GRAPHIC",
    "password": "PASSWORD_GRAPHIC",
    "passkey": "PASSKEY_GRAPHIC",
}
ICONS: Final = ("ICO", "SVG")
PLACES: Final = {"START": "flex-start", "CENTER": "center", "END": "flex-end"}
# Space around and between, and the height of what a finger has to hit.
DENSITIES: Final = {
    "COMPACT": ":root{--pad:24px;--step:10px;--tall:44px}",
    "SPACIOUS": ":root{--pad:52px;--step:26px;--tall:56px}",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image's address; `dark` is the one where a browser prefers dark colours, if that is another."""

    light: str
    dark: str = ""


@dataclass(frozen=True, slots=True)
class Logo:
    """The form's logo: in its card or outside, above the form or below."""

    picture: Picture
    inside: bool = True
    below: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """The header or the footer of a page."""

    logo: Picture | None


@dataclass(frozen=True, slots=True)
class Icon:
    """`media` says in which colour scheme, if in one only."""

    address: str
    kind: str
    media: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """`style` is CSS that was written by us; all addresses are of images of this site.

    `graphics` are the pictures of GRAPHICS, None where pages show none, not even ours. The classic pages never named
    their app: a banner that their CSS draws was not made for a name on it.
    """

    style: str = ""
    logo: Logo | None = None
    icons: tuple[Icon, ...] = ()
    header: Strip | None = None
    footer: Strip | None = None
    graphics: Mapping[str, Picture] | None = field(default_factory=dict)
    languages: bool = True
    names_app: bool = True


@dataclass(frozen=True, slots=True)
class Images:
    """The addresses of a style's images, by category and colour mode, as a page of this colour scheme shows them."""

    addresses: Mapping[tuple[str, str], str]
    scheme: str

    def of(self, category: str) -> tuple[str, str]:
        """For light colours, and for dark ones: each stands in for the other."""
        both = self.addresses.get((category, DYNAMIC), "")
        light = self.addresses.get((category, LIGHT), both)
        dark = self.addresses.get((category, DARK), both)
        return light or dark, dark or light

    def picture(self, category: str) -> Picture | None:
        light, dark = self.of(category)
        if not light:
            return None
        if self.scheme == DYNAMIC:
            return Picture(light, dark if dark != light else "")
        return Picture(dark if self.scheme == DARK else light)


def styled(style: BrandingStyle, assets: Iterable[Asset]) -> Look:
    settings = style.settings
    scheme = value(settings, "categories.global.colorSchemeMode")
    addresses = {
        (asset.category, asset.color_mode): branding.address(style.pool_id, style.branding_id, asset)
        for asset in assets
    }
    found = Images(addresses, scheme)
    light, dark = (rules(settings, found, mode) for mode in MODES)
    sheets = {DARK: dark, DYNAMIC: f"{light}@media {DARK_SCHEME}{{{dark}}}"}
    return Look(
        style=DRAWN + sheets.get(scheme, light) + shape(settings),
        logo=logo(settings, found),
        icons=tuple(icons(settings, found)),
        header=strip(settings, found, "pageHeader", "PAGE_HEADER_LOGO"),
        footer=strip(settings, found, "pageFooter", "PAGE_FOOTER_LOGO"),
        graphics=graphics(found) if value(settings, "categories.form.displayGraphics") else None,
        languages=offers_languages(style),
    )


def value(settings: Mapping[str, Any], path: str, mode: str = "") -> Any:
    return reduce(getitem, path.replace("*", mode).split("."), settings)


def rules(settings: Mapping[str, Any], found: Images, mode: str) -> str:
    """The colours of one mode, and its backgrounds."""
    is_dark = mode == MODES[1]
    colors = [f"{name}:#{value(settings, path, mode)}" for name, path in COLORS.items()]
    lines = [f":root{{{';'.join(colors)};color-scheme:{'dark' if is_dark else 'light'}}}"]
    for selectors, path, parts in RULES:
        drawing = value(settings, path, mode)
        drawn = (f"{name}:#{value(drawing, part)}" for name, part in parts.items())
        lines.append(f"{','.join(selectors)}{{{';'.join(drawn)}}}")
    for category, selector, enabled in BACKGROUNDS:
        address = found.of(category)[is_dark]
        if address and value(settings, enabled):
            lines.append(f"{selector}{{background-image:url({address});background-size:cover}}")
    return "".join(lines)


def shape(settings: Mapping[str, Any]) -> str:
    """Corners, space, and where things stand."""
    corners = ";".join(f"{name}:{value(settings, path):g}px" for name, path in ROUNDNESS.items())
    form = "categories.form.location"
    logos = "".join(
        f"{selector}{{justify-content:{place(settings, f'components.{component}.logo.location')}}}"
        for selector, component in ((".place", "form"), (".top", "pageHeader"), (".bottom", "pageFooter"))
    )
    return (
        f":root{{{corners}}}{DENSITIES.get(value(settings, 'categories.global.spacingDensity'), '')}"
        f".stage{{align-items:{place(settings, f'{form}.horizontal')};"
        f"justify-content:{place(settings, f'{form}.vertical')}}}{logos}"
    )


def place(settings: Mapping[str, Any], path: str) -> str:
    return PLACES.get(value(settings, path), PLACES["CENTER"])


def logo(settings: Mapping[str, Any], found: Images) -> Logo | None:
    asked, picture = value(settings, "components.form.logo"), found.picture("FORM_LOGO")
    if picture is None or not asked["enabled"]:
        return None
    return Logo(picture, inside=asked["formInclusion"] != "OUT", below=asked["position"] == "BOTTOM")


def strip(settings: Mapping[str, Any], found: Images, name: str, category: str) -> Strip | None:
    if not value(settings, f"categories.global.{name}.enabled"):
        return None
    shown = value(settings, f"components.{name}.logo.enabled")
    return Strip(found.picture(category) if shown else None)


def icons(settings: Mapping[str, Any], found: Images) -> Iterable[Icon]:
    """Browsers take the last one that they can draw: SVG, where they can."""
    enabled = value(settings, "components.favicon.enabledTypes")
    for extension in ICONS:
        picture = found.picture(f"FAVICON_{extension}") if extension in enabled else None
        if picture is not None:
            kind = images.MEDIA_TYPES[extension]
            yield Icon(picture.light, kind, LIGHT_SCHEME if picture.dark else "")
            if picture.dark:
                yield Icon(picture.dark, kind, DARK_SCHEME)


def graphics(found: Images) -> Mapping[str, Picture]:
    pictures = ((name, found.picture(category)) for name, category in GRAPHICS.items())
    return {name: picture for name, picture in pictures if picture is not None}


def offers_languages(style: BrandingStyle) -> bool:
    """Unless the style itself says no: Cognito's default is `false` because it has no selector to show."""
    form = style.document.get("Settings", {}).get("categories", {}).get("form", {})
    return bool(form.get("languageSelector", {}).get("enabled", True))
