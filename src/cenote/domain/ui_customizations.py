"""The classic pages' look: CSS of Cognito's own classes, and a logo.

Somebody's CSS never reaches a page as it is. It is parsed, each rule is held against the documented classes and
against properties and values that only colour and measure, and what is left is written anew (SECURITY.md case 14).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cenote.domain import images
from cenote.domain.errors import InvalidParameter

# The ClientId under which a look of all clients is kept (documented).
ALL: Final = "ALL"
# Documented in "Customizing hosted UI (classic) branding": which classes, which files, how large.
CLASSES: Final = frozenset(
    {
        ".background-customizable",
        ".banner-customizable",
        ".errorMessage-customizable",
        ".idpButton-customizable",
        ".idpButton-customizable:hover",
        ".idpDescription-customizable",
        ".inputField-customizable",
        ".inputField-customizable:focus",
        ".label-customizable",
        ".legalText-customizable",
        ".logo-customizable",
        ".passwordCheck-notValid-customizable",
        ".passwordCheck-valid-customizable",
        ".redirect-customizable",
        ".socialButton-customizable",
        ".submitButton-customizable",
        ".submitButton-customizable:hover",
        ".textDescription-customizable",
    }
)
IMAGES: Final = frozenset({"PNG", "JPEG"})
LARGEST_IMAGE: Final = 100 * 1024
SIDES: Final = ("top", "right", "bottom", "left")
# The documented ones and their next of kin. None of them can load, cover, move or hide what a page says.
PROPERTIES: Final = frozenset(
    {
        *("background", "background-color", "border", "border-color", "border-radius", "border-style"),
        *("border-width", "box-shadow", "box-sizing", "color", "display", "font-size", "font-style"),
        *("font-weight", "height", "letter-spacing", "line-height", "margin", "max-height", "max-width"),
        *("outline", "outline-color", "padding", "text-align", "text-decoration", "text-transform", "width"),
        *(f"{name}-{side}" for name in ("margin", "padding", "border") for side in SIDES),
    }
)
DISPLAYS: Final = frozenset({"block", "inline", "inline-block"})  # the first two are documented
FUNCTIONS: Final = frozenset({"rgb", "rgba", "hsl", "hsla", "linear-gradient"})
BETWEEN: Final = frozenset({",", "/"})
TIGHT: Final = BETWEEN | {" "}  # beside these nothing runs together
NAME: Final = re.compile(r"-{0,2}[A-Za-z][A-Za-z-]{0,39}", re.ASCII)
HASH: Final = re.compile(r"[0-9A-Fa-f]{3,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class UICustomization:
    """What was set for one client, or for all (`client_id` ALL).

    `css` is as it was given and `style` what pages show of it; `image_id` is a digest of the logo, whose bytes stay in
    the store.
    """

    pool_id: str
    client_id: str
    css: str | None
    style: str | None
    image_id: str | None
    image_extension: str | None
    version: str
    created_at: int
    updated_at: int

    @property
    def image_path(self) -> str | None:
        """Where browsers find the logo, on every host of this installation."""
        if self.image_id is None:
            return None
        return f"{images.PATH}{self.pool_id}/{self.client_id}/{self.image_id}"


def version_of(moment: int) -> str:
    """CSSVersion: the time in UTC, as `20250115191928` (recorded)."""
    return datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y%m%d%H%M%S")


def checked_image(content: bytes) -> str:
    """The kind of a logo; InvalidParameter for one that is none. Texts are assumed."""
    if len(content) > LARGEST_IMAGE:
        raise InvalidParameter(f"The image file is larger than {LARGEST_IMAGE} bytes.")
    kind = images.kind_of(content)
    if kind not in IMAGES:
        raise InvalidParameter("The image file must be a PNG or JPEG file.")
    return kind


def image_id(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def rewritten(css: str) -> str:
    """The CSS, parsed and written anew; InvalidParameter for whatever is not allowed. Texts are assumed."""
    import tinycss2  # noqa: PLC0415 (15 ms that a start can spare)

    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "\n".join(rule(node) for node in rules)


def rule(node: Any) -> str:
    if node.type != "qualified-rule":
        refuse(f"@{node.at_keyword}" if node.type == "at-rule" else "what is no rule")
    chosen = selectors(node.prelude)
    import tinycss2  # noqa: PLC0415

    found = tinycss2.parse_declaration_list(node.content, skip_comments=True, skip_whitespace=True)
    return f"{', '.join(chosen)} {{ {' '.join(declaration(entry) for entry in found)} }}"


def selectors(prelude: Iterable[Any]) -> Sequence[str]:
    """The classes that a rule is for."""
    written = ""
    for token in prelude:
        if token.type == "whitespace":
            written += " "
        elif token.type in {"ident", "literal"}:
            written += token.value
        elif token.type != "comment":
            refuse("a selector that is no class")
    chosen = [name.strip() for name in written.split(",")]
    for name in chosen:
        if name not in CLASSES:
            refuse(f"the selector {name}")
    return chosen


def declaration(node: Any) -> str:
    if node.type != "declaration":
        refuse("what is no property")
    name = node.lower_name
    if name not in PROPERTIES:
        refuse(f"the property {node.name}")
    value = parts(node.value, name)
    if not value:
        refuse(f"no value for {name}")
    if name == "display" and value not in DISPLAYS:
        refuse(f"display: {value}")
    return f"{name}: {value}{' !important' if node.important else ''};"


def parts(tokens: Iterable[Any], name: str) -> str:
    """A value. A space keeps apart what was two parts and would be read as one: `a.0` is `a` and `0`, never `a0`."""
    text = ""
    for token in tokens:
        part = written(token, name)
        text += part if not text or text[-1] in TIGHT or part in TIGHT else f" {part}"
    return " ".join(text.split())


def written(token: Any, name: str) -> str:
    """One part of a value, in letters that mean nothing else anywhere."""
    kind = token.type
    if kind in {"comment", "whitespace"}:
        return " "
    if kind == "literal" and token.value in BETWEEN:
        return str(token.value)
    if kind == "ident" and NAME.fullmatch(token.value):
        return str(token.value)
    if kind == "hash" and HASH.fullmatch(token.value):
        return f"#{token.value}"
    if kind == "number":
        return f"{token.value:g}"
    if kind == "percentage":
        return f"{token.value:g}%"
    if kind == "dimension" and NAME.fullmatch(token.unit):
        return f"{token.value:g}{token.unit}"
    if kind == "function" and token.lower_name in FUNCTIONS:
        return f"{token.lower_name}({parts(token.arguments, name)})"
    return refuse(f"the value of {name}")


def refuse(what: str) -> str:
    raise InvalidParameter(f"The CSS cannot contain {what}.")
