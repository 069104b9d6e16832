"""Writes the pages: Jinja2 templates, the stylesheet and the script, the texts of a language.

Made at the first request for a page. Whatever is filled in is escaped.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

import jinja2

from cenote.web.http import Answer
from cenote.web.pages.languages import NAMES, Languages, Texts

HERE: Final = Path(__file__).parent
# Served with their digest in the address, so that browsers may keep them for ever.
FILES: Final = {"pages.css": b"text/css; charset=utf-8", "pages.js": b"text/javascript; charset=utf-8"}
FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")


class Rendering:
    """The templates of one process."""

    def __init__(self) -> None:
        self.languages = Languages()
        self._files = {name: (HERE / name).read_bytes() for name in FILES}
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["asset"] = self.address
        self._environment.globals["LANGUAGES"] = NAMES

    def address(self, name: str) -> str:
        return f"/assets/{name}?v={hashlib.sha256(self._files[name]).hexdigest()[:12]}"

    def page(self, template: str, texts: Texts, *, nonce: str, **values: Any) -> bytes:
        page = self._environment.get_template(template)
        return page.render(_=texts, language=texts.language, nonce=nonce, **values).encode()

    def file(self, name: str) -> Answer | None:
        """A file that the pages refer to."""
        content = self._files.get(name)
        if content is None:
            return None
        headers = [(b"content-type", FILES[name]), FOR_EVER, (b"x-content-type-options", b"nosniff")]
        return Answer(200, content, headers, cacheable=True)

    @staticmethod
    def qr_code(text: str) -> str:
        """A QR code as SVG, black modules on nothing."""
        import segno  # noqa: PLC0415 (100 ms that other pages can spare)

        code = segno.make(text, error="m", micro=False)
        return str(code.svg_inline(scale=1, border=0, dark="#000", omitsize=True))
