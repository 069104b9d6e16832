"""Where a request comes from, as far as it can be told."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cenote.domain import origins
from cenote.domain.errors import InvalidParameter
from cenote.domain.request import RequestFacts

FACTS = RequestFacts("id", None, "192.0.2.1", "Shop/3.1 Android", None, "InitiateAuth")


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def context(**members: object) -> str:
    return encoded({"payload": json.dumps({"contextData": members}), "version": "JS20171115"})


def test_a_device_is_its_kind_of_program_unless_it_names_itself() -> None:
    plain, update = origins.of(FACTS), origins.of(replace(FACTS, user_agent="Shop/3.2 Android"))
    assert plain == update
    assert (plain.device_name, plain.timezone) == ("Shop on Android", "")
    named = [
        origins.of(replace(FACTS, context=context(DeviceId=name, DeviceName="Pixel")))
        for name in ("a", "a", "b")
    ]
    assert named[0] == named[1]
    assert len({plain.device, named[0].device, named[2].device}) == 3
    # A device that calls itself by the name of a program is not that program.
    assert origins.of(replace(FACTS, context=context(DeviceId="Shop on Android"))).device != plain.device


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "====", encoded([]), encoded({}), encoded({"payload": 1}), encoded({"payload": "[]"}),
        encoded({"payload": json.dumps({"contextData": 7})}), encoded("[" * 5000), "A" * 20_000,
        base64.b64encode(b"[" * 9000).decode(),
    ],
)  # fmt: skip
def test_context_that_cannot_be_read_is_none(text: str) -> None:
    assert origins.context_of(text) == {}
    assert origins.of(replace(FACTS, context=text)) == origins.of(FACTS)


def test_what_context_says_is_kept_short_and_only_if_it_is_text() -> None:
    origin = origins.of(
        replace(FACTS, context=context(DeviceName="x" * 999, ClientTimezone="y" * 999, DeviceId=5))
    )
    assert (len(origin.device_name), len(origin.timezone)) == (256, 64)
    assert origin.device == origins.of(FACTS).device


@given(st.text(max_size=200))
def test_any_context_at_all_can_be_looked_at(text: str) -> None:
    assert isinstance(origins.context_of(text), dict)


def test_an_address_is_recognised_by_its_network() -> None:
    assert origins.network("192.0.2.1") == origins.network("::ffff:192.0.2.1") == "192.0.2.1"
    assert (
        origins.network("2001:db8:0:1::1") == origins.network("2001:db8:0:1:ffff::9") == "2001:db8:0:1::/64"
    )
    assert origins.network("2001:db8:0:2::1") != origins.network("2001:db8:0:1::1")
    assert origins.network("unix") == "unix"


@pytest.mark.parametrize(
    ("address", "ranges", "expected"),
    [
        ("192.0.2.1", ["192.0.2.0/24"], True),
        ("192.0.3.1", ["192.0.2.0/24"], False),
        ("192.0.2.1", ["192.0.2.1"], True),
        ("192.0.2.9", ["192.0.2.1/24"], True),  # host bits are not looked at
        ("::ffff:192.0.2.1", ["192.0.2.0/24"], True),
        ("2001:db8::1", ["192.0.2.0/24", "2001:db8::/32"], True),
        ("2001:db9::1", ["2001:db8::/32"], False),
        ("192.0.2.1", [], False),
        ("", ["0.0.0.0/0", "::/0"], False),
    ],
)
def test_an_address_is_within_a_range_or_not(address: str, ranges: list[str], expected: bool) -> None:
    assert origins.is_within(address, ranges) is expected


@pytest.mark.parametrize("text", ["", "x", "192.0.2.0/33", "192.0.2", "::/129"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        origins.check_range(text)
