"""Opaque strings that clients carry."""

import re
import string
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.sealed_tokens import (
    MAX_LENGTH,
    NONCE_SIZE,
    open_,
    open_block,
    open_refresh,
    open_session,
    seal,
    seal_block,
    seal_refresh,
    seal_session,
)

KEY = bytes(range(32))
NONCE = bytes(range(24))
payloads = st.binary(max_size=1500)
nonces = st.binary(min_size=NONCE_SIZE, max_size=NONCE_SIZE)
URL_SAFE = string.ascii_letters + string.digits + "-_"


@given(nonces, st.text(st.characters(exclude_categories=["Cs"]), max_size=60), payloads)
def test_what_is_sealed_opens_to_the_same_bytes(nonce: bytes, purpose: str, payload: bytes) -> None:
    assert open_(KEY, purpose, seal(KEY, nonce, purpose, payload)) == payload


@given(nonces, payloads)
def test_each_kind_opens_to_the_same_bytes(nonce: bytes, payload: bytes) -> None:
    assert open_session(KEY, seal_session(KEY, nonce, payload)) == payload
    assert open_refresh(KEY, seal_refresh(KEY, nonce, payload)) == payload
    assert open_block(KEY, seal_block(KEY, nonce, payload)) == payload


@given(nonces, payloads)
def test_the_texts_fit_the_model(nonce: bytes, payload: bytes) -> None:
    # documented: SessionType has 20 to 4096 characters, TokenModelType [A-Za-z0-9-_=.]+
    session = seal_session(KEY, nonce, payload)
    assert 20 <= len(session) <= MAX_LENGTH
    assert re.fullmatch(r"[A-Za-z0-9\-_=.]+", session)
    # recorded: clients decode SECRET_BLOCK with their standard base64, padding and all
    assert re.fullmatch(
        r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", seal_block(KEY, nonce, payload)
    )


def test_the_payload_cannot_be_read() -> None:
    block = seal(KEY, NONCE, "page", b"a" * 64)
    assert block != seal(KEY, bytes(24), "page", b"a" * 64)
    assert "YWFh" not in block


def test_another_purpose_does_not_open() -> None:
    assert open_(KEY, "page", seal(KEY, NONCE, "refresh", b"x")) is None


def test_case_44_a_session_is_nothing_as_a_secret_block_and_the_other_way_round() -> None:
    # 11 bytes of payload leave both encodings without padding, so that only the purpose tells them apart
    session, block = seal_session(KEY, NONCE, b"x" * 11), seal_block(KEY, NONCE, b"x" * 11)
    assert open_block(KEY, session.translate(str.maketrans("-_", "+/"))) is None
    assert open_session(KEY, block.translate(str.maketrans("+/", "-_"))) is None


def test_case_44_a_session_is_no_refresh_token_and_the_other_way_round() -> None:
    assert open_refresh(KEY, seal_session(KEY, NONCE, b"x")) is None
    assert open_session(KEY, seal_refresh(KEY, NONCE, b"x")) is None


def test_another_key_does_not_open() -> None:
    assert open_session(bytes(32), seal_session(KEY, NONCE, b"x")) is None


@given(payloads.flatmap(lambda payload: st.tuples(st.just(payload), st.integers(0, 54 + len(payload)))))
def test_case_76_a_token_with_any_character_changed_does_not_open(drawn: tuple[bytes, int]) -> None:
    payload, place = drawn
    token = seal(KEY, NONCE, "page", payload)
    place %= len(token)
    for other in URL_SAFE:
        if other != token[place]:
            assert open_(KEY, "page", token[:place] + other + token[place + 1 :]) is None


@given(payloads, st.text("=.-_+/ \n\0AZaz09é", min_size=1, max_size=4), st.booleans())
def test_a_token_with_anything_added_does_not_open(payload: bytes, extra: str, in_front: bool) -> None:
    session, block = seal_session(KEY, NONCE, payload), seal_block(KEY, NONCE, payload)
    assert open_session(KEY, extra + session if in_front else session + extra) is None
    assert open_block(KEY, extra + block if in_front else block + extra) is None


@given(payloads, st.integers(0, 2000))
def test_a_truncated_token_does_not_open(payload: bytes, length: int) -> None:
    session, block = seal_session(KEY, NONCE, payload), seal_block(KEY, NONCE, payload)
    assert open_session(KEY, session[: min(length, len(session) - 1)]) is None
    assert open_block(KEY, block[: min(length, len(block) - 1)]) is None


@given(st.one_of(st.text(max_size=200), st.text(URL_SAFE, max_size=200)))
def test_opening_rubbish_gives_nothing_and_never_fails(text: str) -> None:
    assert open_session(KEY, text) is None
    assert open_block(KEY, text) is None


def test_an_oversized_text_is_refused_before_any_work() -> None:
    huge = "A" * 10_000_000
    tracemalloc.start()
    try:
        assert open_session(KEY, huge) is None
        assert open_block(KEY, huge) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000


def test_what_could_not_be_opened_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="longer than"):
        seal_session(KEY, NONCE, bytes(3100))
    with pytest.raises(ValueError, match="longer than"):
        seal_block(KEY, NONCE, bytes(3100))


@pytest.mark.parametrize("size", [0, 12, 23, 25])
def test_a_nonce_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="24 bytes"):
        seal_session(KEY, bytes(size), b"")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal_session(bytes(size), NONCE, b"")
    with pytest.raises(ValueError, match="32 bytes"):
        open_session(bytes(size), seal_session(KEY, NONCE, b""))
