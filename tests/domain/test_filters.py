"""The Filter of ListUsers."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cenote.domain.errors import InvalidParameter
from cenote.domain.filters import SEARCHABLE, Filter, Operator, parse_filter

UNREADABLE = "Error while parsing filter."


def refusal(text: str) -> str:
    with pytest.raises(InvalidParameter) as refused:
        parse_filter(text)
    return refused.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # documented examples
        ('family_name = "Reddy"', Filter("family_name", "=", "Reddy")),
        ('given_name ^= "Jon"', Filter("given_name", "^=", "Jon")),
        ('phone_number ^= "+1312"', Filter("phone_number", "^=", "+1312")),
        # recorded: a user list of aws-sdk-js-v3 issue 6645, and one without spaces
        ('email ^= "mark.mercurio10@"', Filter("email", "^=", "mark.mercurio10@")),
        ('cognito:user_status="CONFIRMED"', Filter("cognito:user_status", "=", "CONFIRMED")),
        # assumed
        ('  name  =  ""  ', Filter("name", "=", "")),
        (r'name = "say \"hi\" \\ "', Filter("name", "=", r'say "hi" \ ')),
        ('name = "a = b ^= c"', Filter("name", "=", "a = b ^= c")),
    ],
)
def test_a_filter_is_read(text: str, expected: Filter) -> None:
    assert parse_filter(text) == expected


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_an_empty_filter_is_none(text: str) -> None:
    # documented at ListUsers
    assert parse_filter(text) is None


@pytest.mark.parametrize("attribute", sorted(SEARCHABLE))
def test_every_searchable_attribute_is_taken(attribute: str) -> None:
    assert parse_filter(f'{attribute} = "x"') == Filter(attribute, "=", "x")


def test_only_user_name_and_status_mind_case() -> None:
    # documented
    minding = {name for name in SEARCHABLE if Filter(name, "=", "x").case_sensitive}
    assert minding == {"username", "status"}


@pytest.mark.parametrize(
    "text",
    [
        # recorded: aws-sdk-php issues 1088 and 1961, aws-sdk-js issue 3147
        "foo",
        r"phone_number ^= \"+4474\"",
        '''email ^= "".\\"@gmail.com"''',
        # recorded by moto
        "username=",
        # assumed
        "username = ada",
        "username = 'ada'",
        'username "ada"',
        'username == "ada"',
        'username != "ada"',
        'username ^ = "ada"',
        'username = "ada',
        'username = ada"',
        'username = "ada"x',
        '= "ada"',
        '"username" = "ada"',
        'username = "a" and email = "b"',
        'username = "a" email = "b"',
        'username = "a\\"',
        'username = "a\\n"',
        "username = \u201cada\u201d",
        "()" * 100,
    ],
)
def test_case_80_what_has_another_form_is_refused(text: str) -> None:
    assert refusal(text) == UNREADABLE


@pytest.mark.parametrize(
    "attribute", ["custom:tenant", "address", "USERNAME", "Enabled", "password", "user_id", "_"]
)
def test_an_attribute_that_cannot_be_searched_is_refused(attribute: str) -> None:
    assert refusal(f'{attribute} = "x"') == f"Invalid search attribute: {attribute}"


VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)


@given(st.sampled_from(sorted(SEARCHABLE)), st.sampled_from(["=", "^="]), VALUES)
@example("username", "=", "'; DROP TABLE users; --")
@example("username", "^=", '" or "1" = "1')
@example("email", "=", "%_*?[a-z]\\")
def test_case_80_any_value_survives_being_quoted(attribute: str, operator: Operator, value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_filter(f'{attribute} {operator} "{quoted}"') == Filter(attribute, operator, value)


@given(st.one_of(st.text(), st.text('usernam=^"\\ :x', max_size=40)))
def test_case_80_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_filter(text)
    except InvalidParameter:
        return
    assert found is None or found.attribute in SEARCHABLE


@pytest.mark.parametrize("unit", ["a", " ", "(", '"', "\\", '\\"', "a = ", 'a="', "^=", "a:"])
def test_case_80_the_longest_filter_is_refused_at_once(unit: str) -> None:
    # The model allows 256 characters. Of a thousand times as many, anything worse than linear would not end.
    for text in (unit * 256_000, 'username = "' + unit * 256_000):
        with pytest.raises(InvalidParameter):
            parse_filter(text + "!")
