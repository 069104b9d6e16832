"""Every operation around signing in has a test of its success and of each error that can occur."""

import pytest
from tests.errors import ANSWERED, NEVER, OCCUR, listed


@pytest.mark.parametrize("operation", OCCUR)
def test_every_error_of_the_model_occurs_or_is_known_not_to(operation: str) -> None:
    assert OCCUR[operation] <= listed(operation)
    assert listed(operation) - OCCUR[operation] <= NEVER.keys()


@pytest.mark.whole_run
def test_whatever_can_occur_did_in_this_run() -> None:
    """Only of a run of all that is in `api/idp` and `flows`, at its end: see conftest.py."""
    expected = {(operation, error) for operation in OCCUR for error in {"ok", *OCCUR[operation]}}
    assert sorted(expected - ANSWERED) == []
