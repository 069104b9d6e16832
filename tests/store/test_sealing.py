"""What is sealed opens only unchanged, with its key, in its own row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.store.sealing import Sealer, Unsealable

KEY = bytes(range(32))
SEALER = Sealer(KEY)


@given(plaintext=st.binary(max_size=200), table=st.text(max_size=20), row=st.text(max_size=60))
def test_what_was_sealed_opens(plaintext: bytes, table: str, row: str) -> None:
    sealed = SEALER.seal(plaintext, table=table, row=row)
    assert Sealer(KEY).open(sealed, table=table, row=row) == plaintext


def test_the_plaintext_is_not_to_be_seen() -> None:
    sealed = SEALER.seal(b"correct horse", table="users", row="a")
    assert b"horse" not in sealed
    assert len(sealed) == len(b"correct horse") + 33


def test_the_same_is_never_sealed_the_same_twice() -> None:
    assert len({SEALER.seal(b"secret", table="users", row="a") for _ in range(100)}) == 100


def test_any_changed_bit_is_noticed() -> None:
    sealed = SEALER.seal(b"secret", table="users", row="a")
    for position in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[position] ^= 1 << bit
            with pytest.raises(Unsealable):
                SEALER.open(bytes(changed), table="users", row="a")


def test_anything_cut_off_or_added_is_noticed() -> None:
    sealed = SEALER.seal(b"secret", table="users", row="a")
    for length in range(len(sealed)):
        with pytest.raises(Unsealable):
            SEALER.open(sealed[:length], table="users", row="a")
    with pytest.raises(Unsealable):
        SEALER.open(sealed + b"\0", table="users", row="a")


@pytest.mark.parametrize(
    ("table", "row"), [("users", "b"), ("clients", "a"), ("user", "sa"), ("usersa", ""), ("", "usersa")]
)
def test_bytes_moved_to_another_row_are_noticed(table: str, row: str) -> None:
    sealed = SEALER.seal(b"secret", table="users", row="a")
    with pytest.raises(Unsealable):
        SEALER.open(sealed, table=table, row=row)


def test_another_key_opens_nothing() -> None:
    sealed = SEALER.seal(b"secret", table="users", row="a")
    with pytest.raises(Unsealable):
        Sealer(bytes(32)).open(sealed, table="users", row="a")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(bytes(length))


def test_secrets_derived_for_different_purposes_have_nothing_in_common() -> None:
    derived = [SEALER.derive(purpose) for purpose in ("codes", "sessions", "seal", "code")]
    assert len({*derived, KEY}) == 5
    assert {len(secret) for secret in derived} == {32}


def test_a_derived_secret_is_the_same_in_every_process() -> None:
    assert Sealer(KEY).derive("codes") == SEALER.derive("codes") == SEALER.derive("codes")
    assert Sealer(bytes(32)).derive("codes") != SEALER.derive("codes")


def test_errors_hold_no_secret() -> None:
    """Case 84."""
    with pytest.raises(Unsealable) as raised:
        SEALER.open(SEALER.seal(b"hunter2", table="users", row="a"), table="users", row="b")
    assert "hunter2" not in repr(raised.value)
    assert raised.value.__cause__ is None
