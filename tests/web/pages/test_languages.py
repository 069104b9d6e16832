"""The texts of the pages: none is missing in any language."""

import re
from pathlib import Path

import pytest

from cenote.domain import passwords
from cenote.domain.errors import InvalidPassword
from cenote.domain.passwords import Wording
from cenote.web.pages import challenges, consent, fields, languages, mfa_setup, problem, sign_up

PAGES = Path(languages.__file__).parent
CALL = re.compile(r"""_\(\s*("[^"]+"|'[^']+')""")
# What handlers say: `error="…"`, `notice="…"`, STALE and its like.
SAID = re.compile(r'(?:error|missing|notice|[A-Z_]+: Final) ?= ?"([A-Z][^"]+[.?])"')


def used() -> set[str]:
    """Every text that a page can show in English."""
    found = set()
    for template in (PAGES / "templates").glob("*.html"):
        found |= {match[1:-1] for match in CALL.findall(template.read_text())}
    for module in PAGES.glob("*.py"):
        found |= set(SAID.findall(module.read_text()))
    for texts in (challenges.FACTORS, consent.SCOPES, problem.SENTENCES, fields.LABELS, sign_up.TERMS):
        found |= set(texts.values())
    found |= {text for _, text in languages.SHAPES} | {
        contact.title for contact in mfa_setup.CONTACTS.values()
    }
    found.add(languages.UNSPOKEN)
    # What English has a sentence of its own for, the other languages have one for as well.
    return (found | set(languages.PLAIN_ENGLISH)) - {""}


@pytest.mark.parametrize("language", [name for name in languages.NAMES if name != "en"])
def test_every_text_is_there_with_its_blanks(language: str) -> None:
    catalog = languages.catalog(language)
    assert used() <= set(catalog), used() - set(catalog)
    for text, own in catalog.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", own)), text
        # Punctuation is the language's own.
        assert not (language in {"ja", "zh-CN", "zh-TW"} and own.endswith(("?", ".", ":"))), own
        assert not (language == "fr" and re.search(r"[^\u00a0\u202f][?!:]", own)), own
    for text, plain in languages.PLAIN_ENGLISH.items():
        assert plain.endswith(".")
        assert catalog[text].endswith((".", "。")), text


def test_each_language_has_a_catalog_and_each_catalog_a_language() -> None:
    assert {path.stem for path in languages.LOCALES.glob("*.po")} == set(languages.NAMES) - {"en"}


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de-AT", "de"), ("PT", "pt-BR"), ("zh-Hant-HK", "zh-TW"), ("zh_CN", "zh-CN"), ("xx", None), ("", None)],
)
def test_a_tag_means_a_language_by_its_first_parts(tag: str, language: str | None) -> None:
    assert languages.matched(tag) == language


@pytest.mark.parametrize("header", [";;;", "q=1", "de;q=x", "*" * 10_000, ",,,", "de;q=-1"])
def test_an_accept_language_that_says_nothing_is_english(header: str) -> None:
    assert languages.chosen(None, None, header) == "en"


@pytest.mark.parametrize("language", [name for name in languages.NAMES if name != "en"])
@pytest.mark.parametrize("wording", [Wording.SET, Wording.REPLACE])
def test_what_a_password_lacks_is_said_in_every_language(language: str, wording: Wording) -> None:
    catalog = languages.catalog(language)
    policy = {
        "MinimumLength": 8,
        **dict.fromkeys(("RequireLowercase", "RequireUppercase", "RequireNumbers", "RequireSymbols"), True),
    }
    for password in ("short", "AAAAAAA1!", "aaaaaaa1!", "AAAAaaaa!", "AAAAaaaa1"):
        with pytest.raises(InvalidPassword) as refused:
            passwords.check(password, policy, wording)
        assert refused.value.message in catalog
