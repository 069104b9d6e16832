"""The CSS of classic pages, parsed and written anew. What is allowed is documented; texts are assumed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cenote.domain import ui_customizations as rules
from cenote.domain.errors import InvalidParameter

# The template that Cognito's console gives, in its documented classes and properties.
TEMPLATE = """
.logo-customizable { max-width: 60%; max-height: 30%; }
.banner-customizable { padding: 25px 0px 25px 0px; background-color: lightgray; }
.label-customizable { font-weight: 400; }
.textDescription-customizable { padding-top: 10px; padding-bottom: 10px; display: block; font-size: 16px; }
.idpDescription-customizable { padding-top: 10px; display: block; font-size: 16px; }
.legalText-customizable { color: #747474; font-size: 11px; }
.submitButton-customizable { font-size: 14px; font-weight: bold; margin: 20px 0px 10px 0px; height: 40px;
  width: 100%; color: #fff; background-color: #337ab7; }
.submitButton-customizable:hover { color: #fff; background-color: #286090; }
.errorMessage-customizable { padding: 5px; background: #F5F5F5; border: 2px solid #D64958; color: #D64958; }
.inputField-customizable { width: 100%; height: 34px; color: #555; border: 1px solid #ccc; }
.inputField-customizable:focus { border-color: #66afe9; outline: 0; }
.idpButton-customizable { text-align: center; margin-bottom: 15px; border-color: #46b8da; }
.idpButton-customizable:hover { color: #fff; background-color: #31b0d5; }
.socialButton-customizable { height: 40px; text-align: left; width: 100%; margin-bottom: 15px; }
.redirect-customizable { text-align: center; }
.passwordCheck-notValid-customizable { color: #DF3312; }
.passwordCheck-valid-customizable { color: #19BF00; }
.background-customizable { background-color: #fff; }
"""


def test_the_documented_template_is_written_rule_by_rule() -> None:
    written = rules.rewritten(TEMPLATE)
    assert len(written.splitlines()) == 18
    assert "\n.submitButton-customizable:hover { color: #fff; background-color: #286090; }\n" in written
    assert ".banner-customizable { padding: 25px 0px 25px 0px; background-color: lightgray; }" in written


def test_what_is_written_is_written_the_same_again() -> None:
    once = rules.rewritten(TEMPLATE)
    assert rules.rewritten(once) == once


@pytest.mark.parametrize(
    "value", ["linear-gradient(135deg, #2c5aa0, #1e3a6f)", "rgba(0, 0, 0, 0.5)", "RED", "0 0 -4px #fff !important"]
)  # fmt: skip
def test_colours_and_measures_are_kept(value: str) -> None:
    written = rules.rewritten(f".banner-customizable {{ background: {value} }}")
    assert written == f".banner-customizable {{ background: {value}; }}"


@pytest.mark.parametrize(
    "css",
    [
        "body { color: red }",
        ".other { color: red }",
        ".banner-customizable .label-customizable { color: red }",
        ".banner-customizable, script { color: red }",
        ".banner-customizable:hover { color: red }",
        ".banner-customizable::before { color: red }",
        ".banner-customizable[x] { color: red }",
        "* { color: red }",
        "@import 'https://evil.example/a.css';",
        "@media print { .banner-customizable { color: red } }",
        "@supports (color: red) { .banner-customizable { color: red } }",
        "@page { margin: 0 }",
        "@font-face { src: url(https://evil.example/a) }",
        ".banner-customizable { position: fixed }",
        ".banner-customizable { content: 'x' }",
        ".banner-customizable { behavior: url(a.htc) }",
        ".banner-customizable { -moz-binding: url(a.xml) }",
        ".banner-customizable { --x: 1 }",
        ".banner-customizable { background: url(https://evil.example/a) }",
        ".banner-customizable { background: url('https://evil.example/a') }",
        r".banner-customizable { background: u\72l(https://evil.example/a) }",
        ".banner-customizable { background: image-set('https://evil.example/a' 1x) }",
        ".banner-customizable { width: expression(alert(1)) }",
        ".banner-customizable { color: var(--x) }",
        ".banner-customizable { color: attr(x) }",
        ".banner-customizable { color: 'red' }",
        ".banner-customizable { display: none }",
        ".banner-customizable { color: }",
        ".banner-customizable { color: red; .label-customizable { color: red } }",
        ".banner-customizable { color: </style><script>alert(1)</script> }",
        "</style><script>alert(1)</script>",
        "}",
    ],
)
def test_case_14_css_that_is_more_than_colours_and_measures_is_refused(css: str) -> None:
    with pytest.raises(InvalidParameter, match="The CSS cannot contain"):
        rules.rewritten(css)


@pytest.mark.parametrize(
    "css",
    [
        ".banner-customizable { color: red",
        "<!-- .banner-customizable { color: red } -->",
        "/* a */ .banner-customizable/* b */{ color: red /* c */ }",
    ],
)
def test_what_browsers_read_over_is_read_over(css: str) -> None:
    assert rules.rewritten(css) == ".banner-customizable { color: red; }"


@example("a.0")
@example("\\-")
@example("1.5.5")
@example("#1a-b")
@example("rgb(1 2.5.5)")
@given(st.text(alphabet=st.sampled_from(list("aurlexp.:;{}()<>/*\\@'\"#-!0% ,\n")), max_size=60))
def test_case_14_no_text_makes_css_that_leaves_its_rule(text: str) -> None:
    for css in (text, f".banner-customizable {{ color: {text} }}", f".banner-customizable {{ {text} }}"):
        try:
            written = rules.rewritten(css)
        except InvalidParameter:
            continue
        assert not set("<>@\\'\"*") & set(written)
        assert "url(" not in written
        assert rules.rewritten(written) == written


def test_the_version_is_the_time_in_utc() -> None:
    assert rules.version_of(1_736_968_768_500) == "20250115191928"  # recorded form
