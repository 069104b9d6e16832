"""Images that somebody uploads and browsers are shown: what they are, and that they do nothing (SECURITY.md case 14).

An SVG is a document that can run script. It is shown with `<img>` and served under a policy that runs nothing; that
it asks for nothing of the kind is checked here all the same.
"""

import re
from typing import Final
from xml.parsers import expat

from cenote.domain.errors import InvalidParameter

# What a file of each kind begins with.
SIGNATURES: Final = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "WEBP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "ICO": re.compile(rb"\x00\x00\x01\x00"),
}
SVG: Final = "SVG"
MEDIA_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "ICO": "image/x-icon",
    "SVG": "image/svg+xml",
}
# Every image leaves with this: even opened by its own address it loads and runs nothing.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Under this on every host of the installation; what follows names an image that never changes.
PATH: Final = "/_cenote/branding/"

NAMESPACE: Final = "http://www.w3.org/2000/svg"
FORBIDDEN_ELEMENTS: Final = frozenset(
    {
        "a",
        "audio",
        "embed",
        "foreignobject",
        "handler",
        "iframe",
        "listener",
        "object",
        "script",
        "video",
    }
)
LINKS: Final = frozenset({"href", "src"})
INNER_LINK: Final = re.compile(r"\s*(#|data:image/(png|jpeg|webp|gif)[;,])", re.IGNORECASE)
# A url() that is not a fragment of this document, or a rule that fetches one. Escapes could hide either.
OUTWARD_STYLE: Final = re.compile(r"url\(\s*[\"']?\s*(?!#|[\"'\s])|@import|expression\s*\(|\\", re.IGNORECASE)


class Active(Exception):
    """An SVG asks for more than to be drawn."""


def kind_of(content: bytes) -> str | None:
    """What the bytes are, by their own words: a key of MEDIA_TYPES, None for anything else."""
    for kind, signature in SIGNATURES.items():
        if signature.match(content):
            return kind
    return SVG if is_svg(content) else None


def is_svg(content: bytes) -> bool:
    """Whether this is an SVG document that only draws. InvalidParameter for one that does more."""
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return False
    reader = SvgReader()
    try:
        content.decode("utf-8")
        reader.read(content)
    except (expat.ExpatError, UnicodeDecodeError):
        return False
    except Active as error:
        raise InvalidParameter(f"The SVG image cannot contain {error}.") from None  # assumed
    return reader.is_svg


class SvgReader:
    """Walks a document once; Active at the first thing that is no drawing."""

    def __init__(self) -> None:
        self.is_svg = False
        self._depth = 0
        self._in_style = False
        self._style = ""

    def read(self, content: bytes) -> None:
        # A DOCTYPE ends the walk: there are no entities that could be expanded.
        parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.Parse(content, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        tag = local.lower()
        if self._depth == 0:
            self.is_svg = tag == "svg" and namespace == NAMESPACE
        self._depth += 1
        if tag in FORBIDDEN_ELEMENTS:
            raise Active(f"the element {tag}")
        self._in_style = tag == "style"
        self._style = ""
        for attribute, value in attributes.items():
            check_attribute(attribute.rpartition(" ")[2].lower(), value)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._in_style and OUTWARD_STYLE.search(self._style):
            raise Active("a style that loads something")
        self._in_style = False

    def _text(self, text: str) -> None:
        if self._in_style:
            self._style += text

    def _doctype(self, *_: object) -> None:
        raise Active("a DOCTYPE")

    def _instruction(self, *_: object) -> None:
        raise Active("a processing instruction")


def check_attribute(name: str, value: str) -> None:
    if name.startswith("on"):
        raise Active(f"the attribute {name}")
    if name in LINKS and not INNER_LINK.match(value):
        raise Active("a link to another document")
    # What an animation sets, it could set to a link.
    if name == "attributename" and value.rpartition(":")[2].strip().lower() in LINKS:
        raise Active("an animated link")
    if OUTWARD_STYLE.search(value) and not INNER_LINK.match(value):
        raise Active("a style that loads something")
