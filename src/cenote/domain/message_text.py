"""A message's HTML as plain text: for the text part of a mail, and for people who read the outbox."""

import re
from html.parser import HTMLParser
from typing import Final

_BREAKS: Final = frozenset(
    {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"}
)
_UNREAD: Final = frozenset({"style", "script", "head", "title"})


class _Reader(HTMLParser):
    def __init__(self, *, links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._links = links
        self.parts: list[str] = []
        self._unread = 0
        self._link: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag == "a" and self._links:
            self._link = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in _BREAKS and tag != "br":
            self.parts.append("\n")
        elif tag == "a" and self._link:
            self.parts.append(f" {self._link} ")
            self._link = None

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(re.sub(r"\s+", " ", data))


def as_text(html: str, *, links: bool = True) -> str:
    """The words of a piece of HTML, a line each paragraph; with `links`, their addresses behind their words."""
    reader = _Reader(links=links)
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
