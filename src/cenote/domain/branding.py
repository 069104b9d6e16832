"""A style of the managed login pages: AWS's Settings document, and images.

What a style does not say is said by `branding_defaults`. Pages put its values into a stylesheet, so each is held here
to the kind that the default at its place has. Texts are assumed: AWS documents none.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cenote.domain import images
from cenote.domain.branding_defaults import SETTINGS
from cenote.domain.errors import InvalidParameter

Document: TypeAlias = Mapping[str, Any]

COLOR: Final = re.compile(r"[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?", re.ASCII)
WORD: Final = re.compile(r"[\w .:/-]{1,256}")
MOST_ITEMS: Final = 100
# No page draws corners rounder than this, in pixels.
ROUNDEST: Final = 1000
# Documented at AssetType: the bytes of one image.
LARGEST_ASSET: Final = 1_000_000
# Documented at CreateManagedLoginBranding: how many images one style has.
MOST_ASSETS: Final = 40
# What stands under the name of a provider in `idpButton.custom`, where the default has nothing.
BUTTON: Final = SETTINGS["components"]["idpButton"]["standard"]
# What only one kind of file can be.
EXTENSIONS: Final = {"FAVICON_ICO": {"ICO"}, "FAVICON_SVG": {"SVG"}}
IMAGES: Final = frozenset({"JPEG", "PNG", "SVG", "WEBP"})


@dataclass(frozen=True, slots=True)
class Asset:
    """An image of a style, less its bytes. Its id tells one content from another, so that browsers may keep it."""

    category: str
    color_mode: str
    resource_id: str
    asset_id: str
    extension: str


@dataclass(frozen=True, slots=True)
class BrandingStyle:
    """A client's style; `document` has AWS's UseCognitoProvidedValues and, if any were given, Settings."""

    pool_id: str
    branding_id: str
    client_id: str
    document: Document
    created_at: int
    updated_at: int

    @property
    def settings(self) -> dict[str, Any]:
        """All settings, the defaults among them."""
        return merged(SETTINGS, self.document.get("Settings", {}))


def created(request: Document) -> dict[str, Any]:
    """The document of a new style. One that asks for nothing has AWS's own values (recorded)."""
    check_choice(request)
    document: dict[str, Any] = {"UseCognitoProvidedValues": is_default(request)}
    if "Settings" in request:
        document["Settings"] = checked(request["Settings"])
    return document


def updated(document: Document, request: Document) -> dict[str, Any]:
    """What the request does not speak of stays (documented); AWS's own values replace everything."""
    check_choice(request)
    if request.get("UseCognitoProvidedValues"):
        return {"UseCognitoProvidedValues": True}
    after = {**document}
    if "Settings" in request:
        after["Settings"] = merged(document.get("Settings", {}), checked(request["Settings"]))
    if "UseCognitoProvidedValues" in request or not is_default(request):
        after["UseCognitoProvidedValues"] = False
    return after


def is_default(request: Document) -> bool:
    return "Settings" not in request and not request.get("Assets")


def check_choice(request: Document) -> None:
    if request.get("UseCognitoProvidedValues") and not is_default(request):  # documented rule
        raise InvalidParameter("Settings and Assets cannot be given with UseCognitoProvidedValues.")


def merged(below: Document, above: Document) -> dict[str, Any]:
    """`above` over `below`, object by object; a list or a value replaces the other."""
    both = dict(below)
    for name, value in above.items():
        known = both.get(name)
        both[name] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both


def checked(settings: Any) -> dict[str, Any]:
    """The settings, if each has the place and the kind that AWS's document gives it; InvalidParameter otherwise."""
    if not isinstance(settings, dict):
        raise InvalidParameter("Settings must be a JSON object.")
    check_object(settings, SETTINGS, "Settings")
    return settings


def check_object(given: Document, model: Document, path: str) -> None:
    for name, value in given.items():
        if name not in model:
            raise InvalidParameter(f"{path}: {name} is not known.")
        check(value, model[name], f"{path}.{name}")


def check(value: Any, model: Any, path: str) -> None:
    """One setting against the default at its place."""
    if isinstance(model, dict):
        right = isinstance(value, dict)
        if right:
            check_object(value, model or dict.fromkeys(value, BUTTON), path)
    elif isinstance(model, bool):
        right = isinstance(value, bool)
    elif isinstance(model, float):
        right = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= ROUNDEST
    elif isinstance(model, list):
        right = isinstance(value, list) and len(value) <= MOST_ITEMS and all(map(is_plain, value))
    else:
        pattern = COLOR if COLOR.fullmatch(model) else WORD
        right = isinstance(value, str) and pattern.fullmatch(value) is not None
    if not right:
        raise InvalidParameter(f"{path} has a value that is not allowed.")


def is_plain(value: Any) -> bool:
    """What a list holds: words, and small objects and lists of words."""
    if isinstance(value, dict):
        return all(isinstance(entry, str) and WORD.fullmatch(entry) for entry in value.values())
    if isinstance(value, list):
        return len(value) <= MOST_ITEMS and all(
            isinstance(entry, dict) and is_plain(entry) for entry in value
        )
    return isinstance(value, str) and WORD.fullmatch(value) is not None


def assets(given: Iterable[Document]) -> Sequence[tuple[Asset, bytes]]:
    """The images of a request, checked; InvalidParameter for one that is not what it says it is."""
    found: dict[tuple[str, str, str], tuple[Asset, bytes]] = {}
    for entry in given:
        content, extension, category = entry.get("Bytes", b""), entry["Extension"], entry["Category"]
        if extension not in EXTENSIONS.get(category, IMAGES):
            raise InvalidParameter(f"An image of the category {category} cannot be of the type {extension}.")
        if len(content) > LARGEST_ASSET:
            raise InvalidParameter(f"The image for {category} is larger than {LARGEST_ASSET} bytes.")
        if images.kind_of(content) != extension:
            raise InvalidParameter(f"The image for {category} is not of the type {extension}.")
        place = (category, entry["ColorMode"], entry.get("ResourceId", ""))
        if place in found:
            raise InvalidParameter(f"There is more than one image for {category} {place[1]}.")
        found[place] = (Asset(*place, digest(place, content), extension), content)
    return list(found.values())


def digest(place: tuple[str, str, str], content: bytes) -> str:
    return hashlib.sha256("\0".join(place).encode() + b"\0" + content).hexdigest()[:32]


def address(pool_id: str, branding_id: str, asset: Asset) -> str:
    """Where browsers find an image, on every host of this installation."""
    return f"{images.PATH}{pool_id}/{branding_id}/{asset.asset_id}"
