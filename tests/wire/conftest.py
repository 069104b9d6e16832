"""Fixtures of the wire's tests."""

import pytest

from .signing import Now


@pytest.fixture
def now() -> Now:
    return Now()
