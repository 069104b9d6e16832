"""Session ids on the wire."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.session_tracking import Kind, named, wire_id


@given(st.uuids(allow_nil=True), st.sampled_from(Kind))
def test_a_session_id_goes_to_the_wire_and_back(session: uuid.UUID, kind: Kind) -> None:
    wire = wire_id(str(session), kind)
    assert re.fullmatch(r"(tkn|sso)[a-z0-9]{25}", wire)  # documented at SessionIdType
    assert named(wire) == (kind, str(session))


@pytest.mark.parametrize(
    "wire",
    ["", "tkn", "tkn" + "0" * 24, "tkn" + "0" * 26, "api" + "0" * 25, "tkn" + "z" * 25, "sso" + "A" * 25],
)
def test_what_could_be_no_session_of_ours_is_none(wire: str) -> None:
    assert named(wire) is None
