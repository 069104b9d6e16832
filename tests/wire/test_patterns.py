"""Java patterns in Python: the same verdicts, in linear time."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.wire.model import load_model
from cenote.wire.patterns import _LINEAR, _translate, matcher

PATTERNS = sorted(
    {
        shape.pattern
        for name in ("cognito_idp", "cognito_identity")
        for shape in load_model(name).shapes.values()
        if shape.pattern
    }
)
VISIBLE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
# What patterns of the model treat in a way of its own: marks of templates, separators, line ends, odd alphabets.
TELLING = "{}#@_ .:-/*\n\r\u0085\u2028\u00a0\u0301aZ9é漢٣€¡\x00\x7f\ue000"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_of_the_models_translates(pattern: str) -> None:
    assert matcher(pattern)("\x00\ue000") in {True, False}


@given(st.text())
def test_unicode_classes_follow_general_categories(text: str) -> None:
    visible = bool(text) and all(unicodedata.category(char)[0] in "LMSNP" for char in text)
    assert matcher(VISIBLE)(text) == visible


@pytest.mark.parametrize("letter", "LMNPSZC")
def test_each_class_holds_exactly_its_category_among_the_first_characters(letter: str) -> None:
    matches = matcher(rf"[\p{{{letter}}}]")
    for point in range(0x2100):
        assert matches(chr(point)) == (unicodedata.category(chr(point))[0] == letter), hex(point)


@pytest.mark.parametrize(
    ("pattern", "text", "verdict"),
    [
        (r"[\w+]+", "abc_1+", True),
        (r"[\w+]+", "é", False),  # \w is ASCII in Java
        (r"[\S]+", "pass word", False),
        (r"[\S]+", "pass\u00a0word", True),  # \s is ASCII in Java
        (r"[0-9]+", "٣", False),
        (r"[\w-]+_[0-9a-zA-Z]+", "eu-west-1_Abc123XYZ", True),
        (r"[\w-]+_[0-9a-zA-Z]+", "eu-west-1_Abc123XYZ\n", False),
        (r"^[\w\- ]+$", "name\n", False),  # `$` does not let a line end through when the whole must match
        (r".*\{####\}.*", "code {####}", True),
        (r".*\{####\}.*", "code\u2028{####}", False),  # `.` stops at every line end in Java
        (r"(?s).*", "any\nthing", True),
        (r"^[0-9A-Za-z\.\-_]*(?<!\.)$", "a.b.", False),
        (r"[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+", "Log", True),
        (r"[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+", "_Log", False),
    ],
)
def test_java_semantics(pattern: str, text: str, verdict: bool) -> None:
    assert matcher(pattern)(text) is verdict


@pytest.mark.parametrize("pattern", sorted(_LINEAR))
@given(text=st.text(alphabet="{}#@ax \n\x00é", max_size=30))
def test_a_linear_form_gives_the_verdicts_of_the_pattern_it_stands_for(pattern: str, text: str) -> None:
    plain = re.compile(_translate(pattern), re.ASCII).fullmatch
    # Only `é` is not ASCII here, and a letter like `ª` that stands for it.
    assert matcher(pattern)(text) == (plain(text.replace("é", "ª")) is not None)


@pytest.mark.parametrize("pattern", sorted(_LINEAR))
def test_a_linear_form_stands_for_a_pattern_that_is_in_use(pattern: str) -> None:
    assert pattern in PATTERNS


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_can_be_made_slow(pattern: str) -> None:
    matches = matcher(pattern)
    for unit in (
        "{####}",
        "{##",
        "##}",
        "@",
        "a@",
        "a",
        "a_",
        "_",
        "arn:a:",
        "a-",
        "0",
        ":a",
        "{##a##}",
        ".",
        "é",
    ):
        for end in ("\x00", " ", "!", "\u2028", ""):
            text = unit * (100_000 // len(unit)) + end
            # Backtracking over this would not end within a person's life.
            assert isinstance(matches(text), bool)


@pytest.mark.parametrize("pattern", [r"[a[b]]", r"\p{Greek}", r"\P{L}", r"[a&&b]", "é", r"\Qa\E"])
def test_syntax_that_would_not_mean_the_same_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|class|translation"):
        matcher(pattern)


@given(st.sampled_from(PATTERNS), st.text(alphabet=st.one_of(st.sampled_from(TELLING), st.characters())))
def test_any_text_gets_a_verdict(pattern: str, text: str) -> None:
    assert matcher(pattern)(text) in {True, False}
