"""Ids in the shapes of AWS's."""

import re
import uuid
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import identifiers as ids
from cenote.domain.errors import InvalidParameter

SIXTEEN = st.binary(min_size=16, max_size=16)
SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@given(SIXTEEN)
def test_a_user_pool_id_is_its_region_and_nine_letters_and_digits(random: bytes) -> None:
    # documented: UserPoolIdType is [\w-]+_[0-9a-zA-Z]+, nine letters and digits in every example
    pool_id = ids.new_user_pool_id("eu-west-1", random)
    assert re.fullmatch(r"eu-west-1_[0-9A-Za-z]{9}", pool_id)
    assert ids.wanted_user_pool_id(pool_id, "eu-west-1") == pool_id
    assert ids.region_of(pool_id) == "eu-west-1"
    assert ids.pool_name(pool_id) == pool_id[-9:]


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_a_client_has_an_id_of_26_and_a_secret_of_51_lower_case_characters(one: bytes, other: bytes) -> None:
    assert re.fullmatch(r"[a-z0-9]{26}", ids.new_client_id(one))
    assert re.fullmatch(r"[a-z0-9]{51}", ids.new_client_secret(other))


@given(SIXTEEN)
def test_a_uuid_is_of_version_4(random: bytes) -> None:
    assert SHAPE.fullmatch(ids.new_uuid(random))
    assert uuid.UUID(ids.new_uuid(random)).version == 4


@given(SIXTEEN)
def test_an_identity_id_is_its_region_and_a_uuid(random: bytes) -> None:
    region, _, rest = ids.new_identity_id("us-east-1", random).partition(":")
    assert region == "us-east-1"
    assert SHAPE.fullmatch(rest)


@given(SIXTEEN)
def test_a_code_has_six_digits(random: bytes) -> None:
    assert re.fullmatch(r"[0-9]{6}", ids.new_code(random))


def test_case_49_codes_are_spread_evenly() -> None:
    codes = [ids.new_code(number.to_bytes(16, "big")) for number in range(10_000)]
    assert len({code[:4] for code in codes}) == 10_000
    for place in range(4):
        assert set(Counter(code[place] for code in codes).values()) == {1_000}


@given(
    st.text(
        "abcdefghij",
        min_size=2,
        max_size=10,
    ),
    st.integers(1, 60),
    st.data(),
)
def test_drawing_picks_only_from_its_alphabet(alphabet: str, length: int, data: st.DataObject) -> None:
    size = ids.random_size(len(alphabet), length)
    drawn = ids.draw(data.draw(st.binary(min_size=size, max_size=size)), alphabet, length)
    assert len(drawn) == length
    assert set(drawn) <= set(alphabet)


def test_drawing_uses_all_of_its_randomness() -> None:
    assert ids.draw(bytes(16), "0123456789", 6) != ids.draw(bytes(15) + b"\1", "0123456789", 6)
    assert ids.draw(bytes(16), "0123456789", 6) != ids.draw(b"\1" + bytes(15), "0123456789", 6)


def test_too_few_random_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        ids.new_client_secret(bytes(40))
    with pytest.raises(ValueError, match="16"):
        ids.new_uuid(bytes(15))


@given(st.binary(min_size=16, max_size=16))
def test_a_uuid_is_what_the_library_makes_of_the_same_bytes(random: bytes) -> None:
    assert ids.new_uuid(random) == str(uuid.UUID(bytes=random, version=4))
    ordered = uuid.UUID(ids.new_ordered_uuid(1_700_000_000_000, random))
    assert (ordered.version, ordered.variant) == (7, uuid.RFC_4122)
    assert ordered.int >> 80 == 1_700_000_000_000


@pytest.mark.parametrize("wanted", ["eu-west-1_test", "eu-west-1_0", "eu-west-1_" + "a" * 45])
def test_a_wanted_pool_id_of_the_right_form_and_region_is_taken(wanted: str) -> None:
    assert ids.wanted_user_pool_id(wanted, "eu-west-1") == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "test",
        "eu-west-1_",
        "_test",
        "us-east-1_test",
        "eu-west-1_te-st",
        # recorded: clients split at every `_` and hash the second part
        "eu-west-1_te_st",
        "eu-west-1_te st",
        "eu-west-1_test\n",
        "eu-west-1_tést",
        "eu-west-1_../x",
        "eu-west-1_" + "a" * 46,
    ],
)
def test_any_other_wanted_pool_id_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidParameter, match="cenote:id"):
        ids.wanted_user_pool_id(wanted, "eu-west-1")


def test_a_wanted_identity_pool_id_is_taken_if_it_is_a_uuid_in_the_region() -> None:
    wanted = "eu-west-1:00000000-0000-0000-0000-000000000001"
    assert ids.wanted_identity_pool_id(wanted, "eu-west-1") == wanted
    for other in ("eu-west-1:x", wanted + "0", "us-east-1" + wanted[9:], wanted.replace("0", "A")):
        with pytest.raises(InvalidParameter, match="cenote:id"):
            ids.wanted_identity_pool_id(other, "eu-west-1")


def test_arns_carry_region_and_account() -> None:
    # documented in the Service Authorization Reference
    assert (
        ids.user_pool_arn("123456789012", "eu-west-1_test")
        == "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_test"
    )
    assert (
        ids.identity_pool_arn("123456789012", "cn-north-1:00000000-0000-0000-0000-000000000001")
        == "arn:aws-cn:cognito-identity:cn-north-1:123456789012:identitypool/"
        "cn-north-1:00000000-0000-0000-0000-000000000001"
    )
    assert ids.user_pool_arn("1", "us-gov-west-1_x").startswith("arn:aws-us-gov:")


@given(st.integers(0, 2**48 - 2), st.binary(min_size=16, max_size=16))
def test_an_ordered_uuid_is_of_version_7_and_sorts_by_time(now: int, random: bytes) -> None:
    made = ids.new_ordered_uuid(now, random)
    assert uuid.UUID(made).version == 7
    assert made < ids.new_ordered_uuid(now + 1, bytes(16))
