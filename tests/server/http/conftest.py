"""Times that are over at once."""

import pytest

from cenote.server.http import connections, listeners


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for is over at once."""
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "WRITE_SECONDS", "LINGER_SECONDS"):
        monkeypatch.setattr(connections, name, 0.2)
    monkeypatch.setattr(listeners, "LOOK_SECONDS", 0.05)
