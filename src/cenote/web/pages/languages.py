"""The languages of the pages: gettext catalogs, read when first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).parent / "locales"
# By the tag that `lang` takes (documented in "Managed login localization"), with each language's name for itself.
NAMES: Final[Mapping[str, str]] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "pt-BR": "Português (Brasil)",
    "tr": "Türkçe",
    "zh-CN": "简体中文",
    "zh-TW": "繁體中文",
}
DEFAULT: Final = "en"
_BY_TAG: Final = {name.lower(): name for name in NAMES}
# What browsers say of those two by script or by language alone.
_ALSO: Final = {
    "pt": "pt-BR",
    "zh": "zh-CN",
    "zh-hans": "zh-CN",
    "zh-hant": "zh-TW",
    "zh-hk": "zh-TW",
    "in": "id",
}


@dataclass(frozen=True, slots=True)
class Texts:
    """One language: English texts lead to its own."""

    language: str
    catalog: Mapping[str, str]

    def __call__(self, text: str, /, **values: str) -> str:
        found = self.catalog.get(text, text)
        return found.format(**values) if values else found


class Languages:
    """All catalogs, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, Texts] = {}

    def __getitem__(self, language: str) -> Texts:
        if language not in self._read:
            self._read[language] = Texts(language, {} if language == DEFAULT else catalog(language))
        return self._read[language]


def catalog(language: str) -> dict[str, str]:
    from babel.messages.pofile import read_po  # noqa: PLC0415 (70 ms that English pages can spare)

    with (LOCALES / f"{language}.po").open("rb") as file:
        return {
            str(message.id): str(message.string)
            for message in read_po(file)
            if message.id and message.string and not message.fuzzy
        }


def matched(tag: str) -> str | None:
    """The language that a tag means, if it is one of ours: its own, or that of its first parts."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        name = "-".join(parts[:length])
        found = _BY_TAG.get(name) or _ALSO.get(name)
        if found is not None:
            return found
    return None


def chosen(asked: str | None, kept: str | None, accepted: str) -> str:
    """The language of a page: what the request asks for, what the browser chose before, what it accepts."""
    for tag in (*(asked or "").split(), kept or ""):
        found = matched(tag)
        if found is not None:
            return found
    for tag in preferred(accepted):
        found = matched(tag)
        if found is not None:
            return found
    return DEFAULT


def preferred(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, the most welcome first; what cannot be read counts for nothing."""
    weighed: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighed.append((weight, tag))
    return [tag for _, tag in sorted(weighed, key=lambda entry: -entry[0])]
