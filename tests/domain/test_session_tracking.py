"""Session ids on the wire."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.session_tracking import session_id_of, wire_id


@given(st.uuids(allow_nil=True))
def test_a_session_id_goes_to_the_wire_and_back(session: uuid.UUID) -> None:
    wire = wire_id(str(session))
    assert re.fullmatch(r"tkn[a-z0-9]{25}", wire)  # documented at SessionIdType
    assert session_id_of(wire) == str(session)


@pytest.mark.parametrize(
    "wire",
    ["", "tkn", "tkn" + "0" * 24, "tkn" + "0" * 26, "sso" + "0" * 25, "tkn" + "z" * 25, "tkn" + "A" * 25],
)
def test_what_could_be_no_session_of_ours_is_none(wire: str) -> None:
    assert session_id_of(wire) is None
