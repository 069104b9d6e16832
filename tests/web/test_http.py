"""Forms are read and written as the standard library does it, which takes five times as long."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cenote.web.http import MOST_FIELDS, Malformed, parameters, written


@given(st.text("ab1.~_-%2BCcFf3+&=; ", max_size=60))
@example("a=%C3%A4&a=b&&c&=d&e=%2B+%2b")
@example("a=%FF")
@example("a=%")
def test_a_form_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        expected = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(Malformed):
            parameters(text.encode())
        return
    found = parameters(text.encode())
    first: dict[str, str] = {}
    for name, value in expected:
        if value:
            first.setdefault(name, value)
    assert found == first


@pytest.mark.parametrize("text", ["a=ä", "ä=a"])
def test_letters_beyond_ascii_are_no_form(text: str) -> None:
    with pytest.raises(Malformed):
        parameters(text.encode())


def test_a_form_has_so_many_fields() -> None:
    assert parameters(b"&".join(b"a%d=b" % number for number in range(MOST_FIELDS)))
    with pytest.raises(Malformed):
        parameters(b"&".join(b"a%d=b" % number for number in range(MOST_FIELDS + 1)))


@given(
    st.dictionaries(
        st.sampled_from(["code", "state", "iss"]), st.text(st.characters(codec="utf-8"), max_size=40)
    )
)
@example({"state": "a b&c=d/ä€~._-+\n"})
def test_fields_are_written_as_the_standard_library_writes_them(fields: dict[str, str]) -> None:
    assert written(fields.items()) == urlencode(fields)
