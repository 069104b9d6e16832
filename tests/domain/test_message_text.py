"""HTML read as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.message_text import as_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Your code is 123456", "Your code is 123456"),
        ("Your code is <b>123456</b>.", "Your code is 123456."),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one</p>\n\n\n<div>two</div>", "one\n\ntwo"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("<style>p { color: red }</style><script>alert(1)</script>seen", "seen"),
        ("<head><title>no</title></head><body>yes</body>", "yes"),
        ('<a href="https://x.example/?a=1&amp;b=2">here</a>.', "here https://x.example/?a=1&b=2 ."),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("  many \n\n  spaces ", "many spaces"),
        ("", ""),
    ],
)
def test_the_words_are_kept(html: str, text: str) -> None:
    assert as_text(html) == text


def test_the_addresses_of_links_are_left_out_on_request() -> None:
    assert as_text('<a href="https://x.example">here</a>', links=False) == "here"


@given(st.text())
def test_nothing_breaks_it(html: str) -> None:
    as_text(html)
