"""What many documents say alike is in memory once."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cenote.store import documents
from cenote.store.documents import Documents

PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
VALUES = st.recursive(PLAIN, lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts), max_leaves=8)


@given(st.lists(st.dictionaries(st.sampled_from(["Policies", "Schema", "Name"]), VALUES), max_size=6))
def test_every_document_is_read_as_it_was_written(written: list[dict[str, Any]]) -> None:
    read = Documents().read
    assert [read(json.dumps(document)) for document in written] == written


def test_members_that_read_alike_are_one_object_and_others_are_not() -> None:
    read = Documents().read
    one = read('{"Name":"one","Schema":[{"Name":"sub"}]}')
    same = read('{"Name":"two","Schema":[{"Name":"sub"}]}')
    other = read('{"Name":"one","Schema":[{"Name":"email"}]}')
    assert one["Schema"] is same["Schema"]
    assert other["Schema"] == [{"Name": "email"}]
    assert (one["Name"], same["Name"]) == ("one", "two")


def test_of_ever_new_members_only_so_many_are_kept(monkeypatch: Any) -> None:
    monkeypatch.setattr(documents, "_LIMIT", 3)
    kept = Documents()
    for number in range(10):
        assert kept.read(f'{{"Schema":[{number}]}}') == {"Schema": [number]}
    assert len(kept._shared) == 3
