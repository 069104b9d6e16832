"""What a pool or a client changes in the look of its pages: a managed login style, or the classic CSS and logo.

A style's colours become the custom properties that `pages.css` draws with. Classic CSS was parsed and written anew when
it was uploaded; nothing else of what is uploaded ever stands in a page (decision 18).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cenote.domain import branding, images
from cenote.domain.branding import Asset, BrandingStyle
from cenote.flows.context import Context
from cenote.store import Store
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Answer

FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
PREFIX: Final = images.PATH
DARK_SCHEME: Final = "(prefers-color-scheme: dark)"
LIGHT, DARK, DYNAMIC = "LIGHT", "DARK", "DYNAMIC"

# Each custom property of the stylesheet, and where a style's Settings have its colour (below `lightMode`, `darkMode`).
COLORS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "--accent": ("components", "primaryButton", ("defaults", "backgroundColor")),
    "--on-accent": ("components", "primaryButton", ("defaults", "textColor")),
    "--text": ("components", "pageText", ("headingColor",)),
    "--quiet": ("components", "pageText", ("bodyColor",)),
    "--page": ("components", "pageBackground", ("color",)),
    "--card": ("components", "form", ("backgroundColor",)),
    "--edge": ("components", "form", ("borderColor",)),
    "--line": ("componentClasses", "input", ("defaults", "borderColor")),
    "--field": ("componentClasses", "input", ("defaults", "backgroundColor")),
    "--label": ("componentClasses", "inputLabel", ("textColor",)),
    "--link": ("componentClasses", "link", ("defaults", "textColor")),
    "--focus": ("componentClasses", "focusState", ("borderColor",)),
    "--error": ("componentClasses", "statusIndicator", ("error", "indicatorColor")),
    "--error-page": ("componentClasses", "statusIndicator", ("error", "backgroundColor")),
    "--good": ("componentClasses", "statusIndicator", ("success", "indicatorColor")),
    "--good-page": ("componentClasses", "statusIndicator", ("success", "backgroundColor")),
}
ROUNDNESS: Final = {
    "--round": ("componentClasses", "input"),
    "--button-round": ("componentClasses", "buttons"),
    "--card-round": ("components", "form"),
}
PLACES: Final = {"START": "flex-start", "CENTER": "center", "END": "flex-end"}


@dataclass(frozen=True, slots=True)
class Look:
    """`style` is CSS that was written by us; `logo` and `favicon` are addresses of images of this site.

    `dark_logo` is the logo where a browser prefers dark colours. The classic pages never named their app: a banner that
    their CSS draws was not made for a name on it.
    """

    style: str = ""
    logo: str = ""
    dark_logo: str = ""
    favicon: str = ""
    names_app: bool = True


PLAIN: Final = Look()


async def of(ctx: Context, pool: Pool, client: Client) -> Look:
    """The client's style if it has one of its own; else the classic look of the client, or of all clients."""
    style = await ctx.store.branding.find_of_client(pool.pool_id, client.client_id)
    if style is not None and not style.document["UseCognitoProvidedValues"]:
        return styled(style, await ctx.store.branding.assets(pool.pool_id, style.branding_id))
    classic = await ctx.store.ui_customizations.for_client(pool.pool_id, client.client_id)
    if classic is None:
        return PLAIN
    return Look(style=classic.style or "", logo=classic.image_path or "", names_app=not classic.style)


def styled(style: BrandingStyle, assets: Iterable[Asset]) -> Look:
    settings = style.settings
    addresses = {
        (asset.category, asset.color_mode): branding.address(style.pool_id, style.branding_id, asset)
        for asset in assets
    }
    found = Images(addresses)
    scheme = settings["categories"]["global"]["colorSchemeMode"]
    form = settings["components"]["form"]
    logo = found.of("FORM_LOGO") if form["logo"]["enabled"] else ("", "")
    light, dark = rules(settings, found, "lightMode", 0), rules(settings, found, "darkMode", 1)
    sheets = {LIGHT: light, DARK: dark, DYNAMIC: f"{light}@media {DARK_SCHEME}{{{dark}}}"}
    return Look(
        style=sheets[scheme] + shape(settings),
        logo=logo[1] if scheme == DARK else logo[0],
        dark_logo=logo[1] if scheme == DYNAMIC else "",
        favicon=found.of("FAVICON_SVG")[0] or found.of("FAVICON_ICO")[0],
    )


@dataclass(frozen=True, slots=True)
class Images:
    """The addresses of a style's images, by category and colour mode."""

    addresses: Mapping[tuple[str, str], str]

    def of(self, category: str) -> tuple[str, str]:
        """For light colours, and for dark ones: each stands in for the other."""
        both = self.addresses.get((category, DYNAMIC), "")
        light = self.addresses.get((category, LIGHT), both)
        dark = self.addresses.get((category, DARK), both)
        return light or dark, dark or light


def rules(settings: Mapping[str, Any], found: Images, mode: str, which: int) -> str:
    """The colours of one mode, and its backgrounds."""
    properties = []
    for name, (part, component, path) in COLORS.items():
        value = settings[part][component][mode]
        for step in path:
            value = value[step]
        properties.append(f"{name}:#{value}")
    lines = [f":root{{{';'.join(properties)};color-scheme:{'dark' if which else 'light'}}}"]
    components = settings["components"]
    for category, selector, enabled in (
        ("PAGE_BACKGROUND", "body", components["pageBackground"]["image"]["enabled"]),
        ("FORM_BACKGROUND", ".card", components["form"]["backgroundImage"]["enabled"]),
    ):
        address = found.of(category)[which]
        if enabled and address:
            lines.append(f"{selector}{{background-image:url({address});background-size:cover}}")
    return "".join(lines)


def shape(settings: Mapping[str, Any]) -> str:
    """Corners, and where the form stands."""
    corners = ";".join(
        f"{name}:{settings[part][component]['borderRadius']:g}px"
        for name, (part, component) in ROUNDNESS.items()
    )
    place = settings["categories"]["form"]["location"]
    across, down = PLACES[place["horizontal"]], PLACES[place["vertical"]]
    return f":root{{{corners}}}body{{align-items:{across};justify-content:{down}}}"


async def image(store: Store, path: str) -> Answer:
    """An image by its address, which names one content for ever. It draws, and does nothing else (case 14)."""
    pool_id, _, rest = path.removeprefix(PREFIX).partition("/")
    owner, _, image_id = rest.partition("/")
    found = await store.branding.asset(pool_id, owner, image_id)
    if found is None:
        found = await store.ui_customizations.image(pool_id, owner, image_id)
    if found is None:
        return Answer(404, b"Not found\n", [(b"content-type", b"text/plain")])
    kind, content = found
    headers = [
        (b"content-type", images.MEDIA_TYPES[kind].encode()),
        (b"content-security-policy", images.POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-site"),
        FOR_EVER,
    ]
    return Answer(200, content, headers, cacheable=True)
