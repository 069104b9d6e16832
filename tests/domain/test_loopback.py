"""Which hosts and origins are this machine's."""

import pytest

from cenote.domain.loopback import is_loopback_host, is_loopback_origin

OWN = ["localhost", "LOCALHOST:9400", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:9400", "app.localhost:1"]
FOREIGN = [
    "", "evil.example", "evil.example:9400", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "0.0.0.0",
    "[2001:db8::1]:9400", "[::1].evil.example", "[::1", "localhost:evil", "localhost:80@evil.example", "notlocalhost",
    "evil.example#localhost", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("host", OWN)
def test_a_loopback_name_is_this_machines(host: str) -> None:
    assert is_loopback_host(host)
    assert is_loopback_origin(f"http://{host}")
    assert is_loopback_origin(f"https://{host}")


@pytest.mark.parametrize("host", FOREIGN)
def test_any_other_name_is_somebody_elses(host: str) -> None:
    assert not is_loopback_host(host)
    assert not is_loopback_origin(f"http://{host}")


@pytest.mark.parametrize(
    "origin", ["null", "", "localhost", "file://", "file://localhost", "chrome-extension://localhost", "*"]
)
def test_what_is_no_web_origin_is_not_this_machines(origin: str) -> None:
    assert not is_loopback_origin(origin)
