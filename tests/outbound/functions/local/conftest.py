"""A machine for functions; what runs on it ends with the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.local_functions import PYTHON_CLIENT, Machine


@pytest_asyncio.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    if not PYTHON_CLIENT:
        pytest.skip("awslambdaric is not installed, as it needs Linux: no function is run.")
    one = Machine(tmp_path)
    yield one
    await one.close()
